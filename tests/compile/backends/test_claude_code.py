"""The export for Claude Code is never looser than the charter, and says wherever it is stricter."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.shipped import shipped

from govern.charter.load import load, load_text
from govern.charter.model import Kind
from govern.compile.backends import backend, page
from govern.compile.backends.claude_code import BUILT_IN, command, gaps_of, named, spelled
from govern.compile.backends.claude_code_hook import MOST_BYTES, Answer, Decision, answer
from govern.compile.lower import lower
from govern.errors import AuthorError
from govern.policy.engine import Engine
from govern.policy.model import Effect, Fatigue, Policy
from govern.policy.probes import NOON, probes

from .claude_code_rules import DENY, RUN, STRICTNESS, Hooked, settled

SHIPPED = shipped("charters/*/*.yaml", "samples/*/charter.yaml")
HEAD = """
govern: 1
agent: dev
version: 1
purpose: Code.
owner: lead
roles: [lead]
approvals:
  lead: {roles: [lead], if_no_answer: [{after: 4h, then: deny}]}
  me: {confirm: session.person, if_no_answer: [{after: 15m, then: deny}]}
  both: {confirm: session.person, needs_session_user: true, if_no_answer: [{after: 15m, then: deny}]}
"""
PLAIN = f"""{HEAD}
tools:
  Bash:
    tier: reversible
    input: {{type: object, required: [command], properties: {{command: {{type: string}}, timeout: {{type: number}}}}}}
    rules:
      - id: only-git
        only_if: args.command.startsWith('git ') && !args.command.contains(';')
        otherwise: deny
        because: Nothing but git.
  Read:
    tier: read_only
    rules:
      - {{id: inside, only_if: "within(args.file_path, '/srv')", otherwise: deny, because: Only our files.}}
  github/get_issue: {{tier: read_only}}
  github/late:
    tier: reversible
    rules:
      - {{id: by-day, only_if: "hour(at) >= 9 && hour(at) < 18", otherwise: deny, because: Somebody is there then.}}
never:
  - {{tools: ["*delete*"], because: Nothing is deleted.}}
"""
GATED = f"""{HEAD}
facts:
  person: {{from: session, fields: {{id: string}}}}
tools:
  mail/send: {{tier: irreversible, external: true, approval: {{ask: me}}}}
  mail/forward: {{tier: irreversible, external: true, approval: {{ask: lead}}}}
  mail/sign: {{tier: irreversible, external: true, approval: {{ask: both}}}}
  mail/own: {{tier: irreversible, approval: {{ask: me, unless: "args.to == person.id"}}}}
  mail/read: {{tier: read_only, hide: [result.body]}}
  mail/delete_all: {{tier: irreversible, approval: {{ask: me}}}}
limits:
  - {{id: few, tools: [mail/send], max: 2, within: trace, otherwise: deny}}
never:
  - {{tools: ["*/delete_*"], because: Nothing is deleted.}}
"""


def policy_of(text: str) -> Policy:
    loaded = load_text(text, "x.yaml")
    assert loaded.charter is not None, loaded.findings
    return lower(loaded.charter)


def shipped() -> list[Policy]:
    found = [load(path).charter for path in SHIPPED]
    return [lower(each) for each in found if each is not None and each.kind is Kind.CHARTER]


def settings_of(policy: Policy, *, tighter: bool = True) -> dict[str, Any]:
    made = backend("claude-code").export(policy, tighter=tighter, zone="Europe/Berlin")
    return json.loads(made.files["settings.json"])


def event(tool: str, args: Any, **more: Any) -> bytes:
    document = {
        "session_id": "s", "transcript_path": "/t", "cwd": "/srv", "permission_mode": "default",
        "hook_event_name": "PreToolUse", "tool_name": tool, "tool_input": args, "tool_use_id": "toolu_1",
    }  # fmt: skip
    return json.dumps({**document, **more}).encode()


def asked(policy: Policy, tool: str, args: Any, *, ask_person: bool = False, **more: Any) -> Answer:
    return answer(Engine(policy, "Europe/Berlin"), event(tool, args, **more), now_ns=NOON, ask_person=ask_person)


def test_a_shipped_charter_is_never_looser_in_claude_code_and_stricter_only_where_a_gap_says_so() -> None:
    """Every probe of every tool: with the hook, and where the hook did not run."""
    equal = stricter = unhooked = 0
    for policy in shipped():
        engine, settings = Engine(policy, "Europe/Berlin"), settings_of(policy)
        gaps = {gap.where.partition(": ")[0] for gap in gaps_of(policy)}
        for tool in policy.tools:
            called = spelled(tool)
            assert called is not None
            for probe in probes(engine, tool, most=60):
                effect = engine.decide_value(tool, probe.args, given=probe.given).effect
                now = probe.given.get("at", NOON)
                said = answer(engine, event(called, probe.args), now_ns=now, ask_person=True)
                result = STRICTNESS[settled(settings, called, Hooked(0, said.text))]
                assert result >= effect, (policy.agent, tool, probe)
                if result > effect:
                    assert tool in gaps, (policy.agent, tool, probe)
                    stricter += 1
                else:
                    equal += 1
                assert STRICTNESS[settled(settings, called, None)] >= effect
                assert DENY == settled(settings, called, Hooked(2))
                unhooked += 1
    assert equal > 1_000
    assert stricter > 500
    assert unhooked == equal + stricter


def test_what_it_can_express_is_exported_exactly() -> None:
    """Conditions on arguments and the time, schemas, `never`: the same verdict for every probe, without a gap."""
    policy = policy_of(PLAIN)
    engine = Engine(policy, "Europe/Berlin")
    export = backend("claude-code").export(policy, tighter=False, zone="Europe/Berlin")
    assert () == export.gaps
    settings = json.loads(export.files["settings.json"])
    seen: list[Effect] = []
    for tool in policy.tools:
        for probe in probes(engine, tool):
            if "at" not in probe.given and any(
                "at" == read.path[0] for c in policy.tools[tool].conditions for read in c.reads
            ):
                continue  # a hook always knows what time it is
            effect = engine.decide_value(tool, probe.args, given=probe.given).effect
            said = answer(engine, event(str(spelled(tool)), probe.args), now_ns=probe.given.get("at", NOON))
            assert STRICTNESS[settled(settings, str(spelled(tool)), Hooked(0, said.text))] == effect, probe
            seen.append(effect)
    assert len(seen) > 30
    assert {Effect.ALLOW, Effect.DENY} == {*seen}


def test_the_rules_hold_without_the_hook() -> None:
    """Only what is allowed whatever it is called with is allowed by name; what is not mapped is taken away."""
    rules = settings_of(policy_of(PLAIN), tighter=False)["permissions"]
    assert ["mcp__github__get_issue"] == rules["allow"]
    assert "dontAsk" == rules["defaultMode"]
    assert sorted({*BUILT_IN} - {"Bash", "Read"}) == rules["deny"]
    rules = settings_of(policy_of(GATED))["permissions"]
    assert [] == rules["allow"]
    assert {"mcp__mail__delete_all", "mcp__mail__read", *BUILT_IN} == {*rules["deny"]}


def test_a_tool_that_is_not_mapped_is_denied() -> None:
    policy = policy_of(PLAIN)
    for tool in (
        "Write",
        "mcp__github__other",
        "mcp__github__get_issue__x",
        "github/get_issue",
        "get_issue",
        "bash",
        "",
    ):
        said = asked(policy, tool, {})
        assert (Decision.DENY, None) == (said.decision, said.tool), tool


def test_without_leave_to_be_stricter_every_gap_is_an_error() -> None:
    with pytest.raises(AuthorError) as raised:
        backend("claude-code").export(policy_of(GATED), tighter=False)
    for part in (
        "mail/send, mail/own: `approval: me`", "mail/forward: `approval: lead`", "mail/sign: `approval: both`",
        "mail/own: `args.to == person.id`", "mail/read: `hide: result.body`", "mail/send: few: `exceeded('few')`",
    ):  # fmt: skip
        assert part in raised.value.message
    assert "mail/delete_all" not in raised.value.message  # denied by the charter itself


@pytest.mark.parametrize(
    ("tool", "mode", "ask_person", "expected"),
    [
        ("mcp__mail__send", "default", True, Decision.DENY),  # the limit: nobody knows how many there were
        ("mcp__mail__own", "default", True, Decision.ASK),
        ("mcp__mail__own", "default", False, Decision.DENY),
        ("mcp__mail__own", "acceptEdits", True, Decision.DENY),
        ("mcp__mail__own", "auto", True, Decision.DENY),
        ("mcp__mail__own", "bypassPermissions", True, Decision.DENY),
        ("mcp__mail__own", "dontAsk", True, Decision.DENY),
        ("mcp__mail__own", None, True, Decision.DENY),
        ("mcp__mail__forward", "default", True, Decision.DENY),  # the person at the terminal is no lead
        ("mcp__mail__sign", "default", True, Decision.DENY),  # nor known
        ("mcp__mail__read", "default", True, Decision.DENY),  # its result would be seen whole
        ("mcp__mail__delete_all", "default", True, Decision.DENY),
    ],
)  # fmt: skip
def test_who_is_asked(tool: str, mode: str | None, ask_person: bool, expected: Decision) -> None:
    said = asked(policy_of(GATED), tool, {"to": "x"}, ask_person=ask_person, permission_mode=mode)
    assert expected == said.decision
    assert said.reason


def test_a_gate_that_wants_somebody_else_too_is_denied() -> None:
    """No charter writes one; a policy could."""
    policy = policy_of(GATED)
    for more in ({"roles": ("lead",)}, {"quorum": 2}, {"fatigue": Fatigue(1, None, None)}):
        gates = {**policy.gates, "me": replace(policy.gates["me"], **more)}
        said = asked(replace(policy, gates=gates), "mcp__mail__own", {"to": "x"}, ask_person=True)
        assert Decision.DENY == said.decision, more


def test_a_reason_says_what_decided_and_no_value_of_the_call() -> None:
    policy = policy_of(PLAIN)
    said = asked(policy, "Bash", {"command": "curl secret-value"})
    assert "denied (`only-git`: Nothing but git.)" == said.reason
    assert "secret-value" not in asked(policy, "Bash", {"command": ["secret-value"]}).text


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"", "no one reading: syntax"),
        (b"\xff\xfe{}", "no one reading: encoding"),
        (b"null", "no `PreToolUse` event"),
        (b"[]", "no `PreToolUse` event"),
        (event("Read", {}, hook_event_name="PostToolUse"), "no `PreToolUse` event"),
        (event("Read", None), "names no tool, or has no arguments"),
        (event("Read", "{}"), "names no tool, or has no arguments"),
        (event("Read", {}, tool_name=7), "names no tool, or has no arguments"),
        (b'{"hook_event_name": "PreToolUse", "tool_name": "X", "tool_name": "Read"}', "duplicate_key"),
        (b'{"hook_event_name": "PreToolUse", "tool_name": "Read", "tool_input": {"a": 1, "A": 2}}', "case_twins"),
        (b'{"hook_event_name": "PreToolUse", "tool_name": "Read", "tool_input": {"a": NaN}}', "number"),
        (b"[" * 5000, "no one reading"),
        (b" " * (MOST_BYTES + 1), "larger than"),
    ],
)  # fmt: skip
def test_what_has_no_one_reading_is_denied(raw: bytes, expected: str) -> None:
    said = answer(Engine(policy_of(PLAIN)), raw, now_ns=NOON, ask_person=True)
    assert Decision.DENY == said.decision
    assert expected in said.reason
    assert "deny" == json.loads(said.text)["hookSpecificOutput"]["permissionDecision"]


def test_names_that_cannot_be_told_apart_are_denied() -> None:
    policy = policy_of(f"""{HEAD}
tools:
  a__b/c: {{tier: read_only}}
  a/b__c: {{tier: read_only}}
  mcp__x__y: {{tier: read_only}}
  x/y: {{tier: read_only}}
  un.safe/z: {{tier: read_only}}
  fine: {{tier: read_only}}
""")
    assert {"fine": "fine"} == named(policy)
    for tool in ("mcp__a__b__c", "mcp__x__y"):
        assert Decision.DENY == asked(policy, tool, {}).decision
    assert Decision.ALLOW == asked(policy, "fine", {}).decision
    assert 5 == len(backend("claude-code").export(policy, tighter=True).gaps)
    assert RUN == settled(settings_of(policy), "fine", None)
    assert DENY == settled(settings_of(policy), "mcp__x__y", None)


def test_the_command_names_the_policy_and_blocks_when_it_fails() -> None:
    policy = policy_of(PLAIN)
    text = command(policy, "Europe/Berlin")
    assert f"--digest {policy.digest}" in text
    assert text.endswith(" || exit 2")
    assert "'a b; c'" in command(policy, "a b; c")


def test_the_page_names_every_kind_of_gap() -> None:
    text = page("claude-code")
    for part in (
        "roles",
        "confirm: session.person",
        "facts",
        "after_reading",
        "show_only_if",
        "hide",
        "output",
        "records",
        "on_instructions",
    ):
        assert part in text, part


def test_the_export_is_the_same_each_time() -> None:
    policy = policy_of(GATED)
    one, other = (backend("claude-code").export(policy, tighter=True) for _ in range(2))
    assert one == other
    assert Path("settings.json") == Path(next(iter(one.files)))
