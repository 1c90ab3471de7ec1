"""`govern decide` with what is said beside the arguments: facts, a time, a first call, a deployment."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from .running import ROOT, Ran, govern

WHOLE = ROOT / "tests" / "charter" / "whole"
CLOCK = """govern: 1
agent: desk
version: 1
purpose: Works in office hours.
owner: clerk
roles: [clerk]
approvals: {clerk: {roles: [clerk], if_no_answer: [{after: 8h, then: deny}]}}
tools:
  wire:
    tier: irreversible
    autonomous: {because: Tried.}
    rules:
      - {id: at-work, only_if: hour(at) >= 9 && hour(at) < 17, otherwise: deny}
      - {id: workdays, only_if: "!(weekday(at) in ['saturday', 'sunday'])", otherwise: {approval: clerk}}
"""
DEPLOYMENT = """govern: 1
deployment: production
roles: {clerk: {people: [ann@example.com]}}
mode: enforce
time_zone: %s
"""
REFUND = '{"order_id": "7", "customer_id": "C1", "amount": 20}'
FACTS = '{"customer": {"id": "C1"}, "order": {"customer_id": "C1", "status": "paid", "total": 80}}'


def decide(*more: str | Path, charter: Path = WHOLE / "charter.yaml", tool: str = "refund", args: str = REFUND) -> Ran:
    return govern("decide", "--policy", charter, "--tool", tool, "--args", args, *more)


def verdict(*more: str | Path, charter: Path, tool: str = "wire") -> tuple[str, list[str]]:
    """Effect and rules."""
    ran = decide(*more, "--format", "json", charter=charter, tool=tool, args="{}")
    assert (0, "") == (ran.exit_code, ran.err)
    return ran.json["effect"], ran.json["rules"]


@pytest.fixture
def clock(tmp_path: Path) -> Path:
    path = tmp_path / "charter.yaml"
    path.write_text(CLOCK, "utf-8")
    return path


def zoned(folder: Path, zone: str, more: str = "") -> Path:
    path = folder / "deployment.yaml"
    path.write_text(DEPLOYMENT % zone + more, "utf-8")
    return path


# --- facts and the first call -------------------------------------------------------------------------------


def test_what_is_known_decides() -> None:
    """Each piece that is left out is named as unknown, and the verdict is as strict or stricter."""
    known = decide("--facts", FACTS, "--first")
    assert known.out.startswith("approval: refund")
    assert "unknown" not in known.out
    for more, unknown in (
        (("--first",), ("order.total", "customer.id")),
        (("--facts", FACTS), ("exceeded('once')", "tainted('session')")),
        ((), ("order.total", "exceeded('once')")),
    ):
        ran = decide(*more)
        assert (0, "") == (ran.exit_code, ran.err)
        assert ran.out.startswith("deny: refund")
        for name in unknown:
            assert name in ran.out


@pytest.mark.parametrize(
    ("option", "text"),
    [
        ("--facts", "[]"),
        ("--facts", "{"),
        ("--facts", ""),
        ("--facts", '{"order": {}, "order": {}}'),
        ("--facts", '{"ordr": {}}'),
        ("--facts", '{"order": {"stat": "paid"}}'),
        ("--facts", '{"order": {"status": "payd"}}'),
        ("--facts", '{"order": 1}'),
        ("--at", "tomorrow"),
        ("--at", ""),
        ("--at", "2026-11-23T14:00:00"),
    ],
)
def test_what_cannot_be_meant_is_a_wrong_command_line(option: str, text: str) -> None:
    """Exit 2, no verdict, and the option is named."""
    ran = decide(option, text)
    assert (2, "") == (ran.exit_code, ran.out)
    assert ran.err.startswith(f"error: {option}: ")


def test_hostile_words_are_harmless_in_messages() -> None:
    """No escape sequence of a fact's name reaches the terminal."""
    for facts in ('{"\\u001b[2J": {}}', '{"order": {"\\u001b[2J": 1}}', '{"order": {"status": "\\u001b[2J"}}'):
        ran = decide("--facts", facts)
        assert 2 == ran.exit_code
        assert "\x1b" not in ran.err


def test_exit_codes_of_verdicts() -> None:
    assert 10 == decide("--facts", FACTS, "--first", "--exit-verdict").exit_code
    assert 11 == decide("--exit-verdict").exit_code
    assert 0 == decide("--exit-verdict", tool="ping", args="{}").exit_code


# --- the time -----------------------------------------------------------------------------------------------


def test_local_time_needs_a_deployment(clock: Path) -> None:
    """Without a time, or without a zone, nobody knows the hour: what asks for it applies."""
    nobody_knows = ("deny", ["at-work"])
    noon = ("--at", "2026-11-23T12:00:00Z")
    assert nobody_knows == verdict(charter=clock)
    assert nobody_knows == verdict(*noon, charter=clock)
    deployment = zoned(clock.parent, "Europe/Berlin")
    assert nobody_knows == verdict("--deployment", deployment, charter=clock)
    assert ("allow", []) == verdict(*noon, "--deployment", deployment, charter=clock)


@pytest.mark.parametrize(
    ("zone", "at", "expected"),
    [
        ("Europe/Berlin", "2026-11-23T08:00:00Z", ("allow", [])),
        ("Europe/Berlin", "2026-11-23T07:59:59Z", ("deny", ["at-work"])),
        ("Europe/Berlin", "2026-07-23T07:00:00Z", ("allow", [])),  # summer time
        ("Europe/Berlin", "2026-07-23T15:00:00Z", ("deny", ["at-work"])),
        ("Asia/Kolkata", "2026-11-23T03:30:00Z", ("allow", [])),
        ("Asia/Kolkata", "2026-11-23T03:29:00Z", ("deny", ["at-work"])),
        ("UTC", "2026-11-21T12:00:00Z", ("approval", ["workdays"])),
        ("Pacific/Auckland", "2026-11-22T21:00:00Z", ("allow", [])),  # Monday there, Sunday in Greenwich
        ("Pacific/Auckland", "2026-11-20T21:00:00Z", ("approval", ["workdays"])),  # Saturday there
        ("Pacific/Auckland", "2026-11-23T10:00:00+13:00", ("allow", [])),
    ],
)
def test_hours_and_days_are_those_of_the_deployment(
    zone: str, at: str, expected: tuple[str, list[str]], clock: Path
) -> None:
    deployment = zoned(clock.parent, zone)
    assert expected == verdict("--at", at, "--deployment", deployment, charter=clock)


# --- deployments --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["", "govern: 1\n", DEPLOYMENT % "Europe/Berlinn", CLOCK])
def test_what_is_no_deployment_judges_nothing(text: str, clock: Path) -> None:
    path = clock.parent / "deployment.yaml"
    path.write_text(text, "utf-8")
    ran = decide("--deployment", path, charter=clock, tool="wire", args="{}")
    assert (3, "") == (ran.exit_code, ran.out)
    assert "no deployment file" in ran.err
    assert 3 == decide("--deployment", clock.parent / "gone.yaml", charter=clock, tool="wire", args="{}").exit_code


def test_a_deployment_on_standard_input(clock: Path) -> None:
    """It is read once; its minimums stand in the current folder."""
    stdin = (DEPLOYMENT % "UTC").encode()
    command = ("decide", "--policy", clock, "--tool", "wire", "--args", "{}", "--deployment", "-")
    ran = govern(*command, "--at", "2026-11-23T12:00:00Z", stdin=stdin)
    assert (0, "") == (ran.exit_code, ran.err)
    assert ran.out.startswith("allow: wire")


def test_minimums_bind_in_decisions(tmp_path: Path) -> None:
    """A base that only the deployment names makes its charters stricter; so does it for a folder of them."""
    (tmp_path / "charter.yaml").write_text(CLOCK, "utf-8")
    shutil.copyfile(WHOLE / "org.yaml", tmp_path / "org.yaml")
    deployment = zoned(tmp_path, "UTC", "minimums: [org.yaml]\n")
    text = (tmp_path / "org.yaml").read_text("utf-8").replace('"delete_*"', '"wi*"')
    (tmp_path / "org.yaml").write_text(text, "utf-8")
    at = ("--at", "2026-11-23T12:00:00Z")
    (tmp_path / "other").mkdir()
    loose = zoned(tmp_path / "other", "UTC")
    for charter in (tmp_path / "charter.yaml", tmp_path):
        assert ("allow", []) == verdict(*at, "--deployment", loose, charter=charter)
        assert ("deny", ["never:wi*"]) == verdict(*at, "--deployment", deployment, charter=charter)


def test_a_bundle_decides_for_the_deployment_it_was_compiled_for(tmp_path: Path) -> None:
    """And for no other: neither another file, nor the same with other minimums, nor none at all when compiled."""
    (tmp_path / "charter.yaml").write_text(CLOCK, "utf-8")
    shutil.copyfile(WHOLE / "org.yaml", tmp_path / "org.yaml")
    deployment = zoned(tmp_path, "UTC", "minimums: [org.yaml]\n")
    bundle, plain = tmp_path / "a.bundle", tmp_path / "b.bundle"
    compiled = govern("compile", tmp_path / "charter.yaml", "-o", bundle, "--deployment", deployment)
    assert (0, "") == (compiled.exit_code, compiled.err)
    assert 0 == govern("compile", tmp_path / "charter.yaml", "-o", plain).exit_code
    assert json.loads(bundle.read_bytes())["policy"] != json.loads(plain.read_bytes())["policy"]
    at = ("--at", "2026-11-23T12:00:00Z")
    good = verdict(*at, "--deployment", deployment, charter=bundle)
    assert verdict(*at, "--deployment", deployment, charter=tmp_path / "charter.yaml") == good

    def refused(path: Path, words: str) -> None:
        ran = decide("--deployment", deployment, charter=path, tool="wire", args="{}")
        assert (3, "") == (ran.exit_code, ran.out)
        assert words in ran.err
        assert "compile the charter again with `--deployment`" in ran.err

    refused(plain, "not compiled for this deployment")
    base = (tmp_path / "org.yaml").read_text("utf-8")
    (tmp_path / "org.yaml").write_text(base.replace("max: 100", "max: 1"), "utf-8")
    refused(bundle, "minimums as they are now")
    (tmp_path / "org.yaml").write_text(base, "utf-8")
    assert good == verdict(*at, "--deployment", deployment, charter=bundle)
    zoned(tmp_path, "Europe/Berlin", "minimums: [org.yaml]\n")
    refused(bundle, "not compiled for this deployment")


RAISED = """\
govern: 1
agent: a
version: 1
purpose: Tests.
owner: head
roles: [head]
approvals: {lead: {roles: [head], if_no_answer: [{after: 4h, then: deny}]}}
tools:
  run: {tier: reversible, input: {type: object, required: [m], properties: {m: {type: string}}}APPROVAL}
rules:
  - {id: wipes, tools: [run], when: "args.m == 'wipe'", then: {tier: irreversibleGATE}}
"""


@pytest.mark.parametrize(
    ("approval", "gate", "effect"),
    [
        ("", "", "deny"),
        ("", ", approval: lead", "approval"),
        (", approval: {ask: lead}", "", "approval"),
        (", autonomous: {because: Of no weight.}", "", "allow"),
    ],
)
def test_a_call_raised_to_irreversible_needs_somebodys_word(
    approval: str, gate: str, effect: str, tmp_path: Path
) -> None:
    """The tool's gate, the rule's, or a reason why nobody is asked; without any it is denied."""
    charter = tmp_path / "a.yaml"
    charter.write_text(RAISED.replace("APPROVAL", approval).replace("GATE", gate), "utf-8")
    call = ("decide", "--policy", charter, "--tool", "run", "--format", "json", "--args")
    assert effect == govern(*call, '{"m": "wipe"}').json["effect"]
    assert ("approval" if "ask" in approval else "allow") == govern(*call, '{"m": "list"}').json["effect"]
