"""`govern shadow-report`: what it shows, in every format, and what it leaves masked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from .running import SAMPLES, SUPPORT, govern

STORY = [SUPPORT / "log.jsonl", "--charter", SUPPORT / "charter.yaml"]
CHARTER = """\
govern: 1
agent: desk
version: 1
purpose: Test.
owner: lead
roles: [lead]
approvals:
  lead: {roles: [lead], if_no_answer: [{after: 1h, then: deny}]}
tools:
  pay:
    tier: irreversible
    approval: {ask: lead}
    secret: [args.token]
    input: {type: object, properties: {token: {type: string}, amount: {type: number}}}
"""


def log(folder: Path, *calls: dict[str, object]) -> Path:
    path = folder / "log.jsonl"
    base = {"type": "tool_call", "agent": "desk", "writer_id": "w"}
    rows = [
        {"event_id": f"e{place}", "trace_id": f"t{place // 3}", "wseq": place, **base, **call}
        for place, call in enumerate(calls)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


@pytest.fixture
def charter(tmp_path: Path) -> Path:
    path = tmp_path / "charter.yaml"
    path.write_text(CHARTER, "utf-8")
    return path


def test_a_terminal_shows_what_to_decide() -> None:
    """Shapes and neighbours of unmapped actions, held calls with their rule, the busiest hours, days to sign off."""
    found = govern("shadow-report", *STORY)
    assert 1 == found.exit_code
    for said in (
        "search_customers: arguments in 4 calls, 1 error result",
        "before it: get_ticket 4×",
        "Their values are not shown",
        "one such call of",
        "busiest hour",
        "5 business days covered, 0 signed off of 5 that are asked for",
        "New in the last seven days: cannot be said",
    ):
        assert said in found.out, said
    assert "Their values are not shown" not in govern("shadow-report", *STORY, "--show-values").out


@pytest.mark.parametrize("format", ["text", "json", "html", "md"])
def test_every_format_goes_into_a_file(format: str, tmp_path: Path) -> None:
    """The same as on standard output; a folder that is not there is the environment's fault."""
    shown = govern("shadow-report", *STORY, "--format", format, "--fail-on", "nothing")
    target = tmp_path / "report"
    kept = govern("shadow-report", *STORY, "--format", format, "--fail-on", "nothing", "-o", target)
    assert (0, 0, "") == (shown.exit_code, kept.exit_code, kept.out)
    if format != "text":  # which is as wide as the terminal
        assert shown.out == target.read_text("utf-8")
    assert len(target.read_text("utf-8")) > 500
    assert 4 == govern("shadow-report", *STORY, "--format", format, "-o", tmp_path / "no" / "x").exit_code


@pytest.mark.parametrize("format", ["text", "json", "html", "md"])
def test_secrets_are_masked_in_every_format(format: str, charter: Path, tmp_path: Path) -> None:
    """What the charter calls secret, and what has its name in an unmapped action, whatever was asked for; other values
    of unmapped actions are shown where they were asked for, and not else."""
    path = log(
        tmp_path,
        {"tool": "pay", "args": {"token": "s3cr3t-a", "amount": 12}},
        {"tool": "wipe", "args": {"token": "s3cr3t-b", "where": "pl4in", "deep": {"Token": ["s3cr3t-c"]}}},
    )
    for values in ([], ["--show-values"]):
        found = govern("shadow-report", path, "--charter", charter, "--format", format, *values)
        assert 1 == found.exit_code
        assert "s3cr3t" not in found.out
        assert "wipe" in found.out
        if format != "md":  # which has no samples of arguments
            assert bool(values) is ("pl4in" in found.out)


@pytest.mark.parametrize("format", ["text", "html", "md"])
def test_hostile_logs_stay_text(format: str, charter: Path, tmp_path: Path) -> None:
    """Names, argument names, values, traces: no escape sequence and no tag leaves the report."""
    bad = "<script>alert(1)</script>\x1b[31m\u202e|`*_"
    call = {"tool": bad, "args": {bad: bad, "list": [{bad: 1}]}, "trace_id": bad}
    path = log(tmp_path, call, {"tool": "pay", "args": {"token": "x", bad: bad}, "trace_id": bad}, call)
    found = govern("shadow-report", path, "--charter", charter, "--format", format, "--show-values")
    assert 1 == found.exit_code
    assert "\x1b" not in found.out
    assert "\u202e" not in found.out
    if format != "text":
        assert "<script>alert" not in found.out


def test_as_recorded(charter: Path, tmp_path: Path) -> None:
    """Each call by the policy whose digest it carries; without one it is not judged, and the exit code says so."""
    bundles = tmp_path / "bundles"
    bundles.mkdir()
    assert 0 == govern("compile", charter, "-o", bundles / "one.bundle").exit_code
    asks = "  pay:\n    tier: irreversible\n    approval: {ask: lead}\n"
    looser = CHARTER.replace("version: 1\n", "version: 2\n").replace(asks, "  pay:\n    tier: read_only\n")
    charter.write_text(looser, "utf-8")
    assert 0 == govern("compile", charter, "-o", bundles / "two.bundle").exit_code
    one, two = (
        json.loads((bundles / f"{name}.bundle").read_text("utf-8"))["manifest"]["policy_digest"]
        for name in ("one", "two")
    )
    call = {"tool": "pay", "args": {"token": "x"}}
    path = log(tmp_path, {**call, "policy_digest": one}, {**call, "policy_digest": two}, {**call, "policy_digest": two})
    line = ["shadow-report", path, "--charter", "as-recorded", "--bundles", bundles, "--format", "json"]
    found = govern(*line)
    assert (0, True) == (found.exit_code, found.json["as_recorded"])
    assert {"allow": 2, "approval": 1, "deny": 0, "undecidable": 0} == found.json["verdicts"]
    assert 2 == len(found.json["policies"])

    path = log(tmp_path, {**call, "policy_digest": one}, call, {**call, "policy_digest": "sha256:" + "0" * 64})
    found = govern(*line)
    assert (3, 1, 2) == (found.exit_code, found.json["judged"], found.json["not_judged"])
    assert {None, "sha256:" + "0" * 64} == {row["policy_digest"] for row in found.json["without_charter"]}
    assert all(row["fix"] for row in found.json["unjudged"])
    assert 0 == govern(*line, "--allow-undecidable", "2").exit_code
    assert "not judged" in govern(*line[:-2]).out


@pytest.mark.parametrize("engine", ["calls", "sql"])
def test_as_recorded_by_the_check_of_a_call(charter: Path, tmp_path: Path, engine: str) -> None:
    """A call that carries no digest was judged by the policy of the first check of its span, in whatever order the log
    has them; a check of another span says nothing of it."""
    bundles = tmp_path / "bundles"
    bundles.mkdir()
    assert 0 == govern("compile", charter, "-o", bundles / "one.bundle").exit_code
    own = json.loads((bundles / "one.bundle").read_text("utf-8"))["manifest"]["policy_digest"]
    common = {"trace_id": "t", "agent": "desk", "tool": "pay", "writer_id": "w"}
    other = "sha256:" + "0" * 64
    rows = [
        {"type": "policy_check", "span_id": "a", "ts_ns": 30, "policy_digest": other},
        {"type": "policy_check", "span_id": "a", "ts_ns": 20, "policy_digest": own},
        {"type": "tool_call", "span_id": "a", "ts_ns": 10, "args": {"token": "x"}},
        {"type": "tool_call", "span_id": "b", "ts_ns": 40, "args": {"token": "x"}},
        {"type": "tool_call", "ts_ns": 50, "args": {"token": "x"}},
        {"type": "tool_call", "span_id": "a", "ts_ns": 60, "args": {"token": "x"}, "policy_digest": other},
    ]
    path = tmp_path / "checked.jsonl"
    lines = ({"event_id": f"e{place}", "wseq": place, **common, **row} for place, row in enumerate(rows))
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    store = tmp_path / "store"
    assert 0 == govern("import", path, "-o", store).exit_code
    line = ["shadow-report", store, "--charter", "as-recorded", "--bundles", bundles, "--format", "json"]
    found = govern(*line, "--engine", engine)
    assert (3, 1, 3) == (found.exit_code, found.json["judged"], found.json["not_judged"])
    assert 1 == found.json["verdicts"]["approval"]
    calls = {row["policy_digest"]: row["calls"] for row in found.json["without_charter"]}
    assert {None: 2, other: 1} == calls


def test_as_recorded_needs_bundles(tmp_path: Path) -> None:
    """And bundles are for nothing else."""
    path = SUPPORT / "log.jsonl"
    assert 2 == govern("shadow-report", path, "--charter", "as-recorded").exit_code
    assert 2 == govern("shadow-report", *STORY, "--bundles", tmp_path).exit_code
    line = ("shadow-report", path, "--charter", "as-recorded", "--bundles")
    assert 3 == govern(*line, tmp_path).exit_code
    assert 3 == govern(*line, tmp_path / "gone").exit_code
    assert 2 == govern(*line, tmp_path, "--as-of", "2026-11-23T14:00:00Z").exit_code


def test_sign_offs_need_a_deployment(tmp_path: Path) -> None:
    assert 2 == govern("shadow-report", *STORY, "--audit", tmp_path).exit_code


def test_what_the_log_lacks_is_said_with_what_closes_it(charter: Path, tmp_path: Path) -> None:
    path = log(tmp_path, {"tool": "pay"}, {"tool": "other", "agent": "someone", "args": {}})
    found = govern("shadow-report", path, "--charter", charter, "--format", "json")
    rows = {row["lacks"]: (row["calls"], row["tools"]) for row in found.json["unjudged"]}
    assert {"a charter for the agent `someone`": (1, ["other"])}.items() <= rows.items()
    assert 3 == found.exit_code


def test_samples_are_new_to_nobody() -> None:
    """Every sample covers five days: what is new cannot be said, and the report says that."""
    for story in sorted(SAMPLES.glob("*/charter.yaml")):
        found = govern("shadow-report", story.parent / "log.jsonl", "--charter", story, "--format", "json")
        assert (None, []) == (found.json["appeared"]["since"], found.json["appeared"]["rows"])
        assert found.json["appeared"]["why_not"]


OWN = """\
govern: 1
agent: desk
version: 1
purpose: Looks things up.
owner: lead
roles: [lead]
facts: {customer: {from: session, fields: {id: {type: string}}}}
tools:
  look: {tier: read_only, input: {properties: {who: {type: string}}}}
rules:
  - {id: own, tools: [look], only_if: "args.who == customer.id", otherwise: deny, because: Only their own.}
"""


@pytest.mark.parametrize("engine", ["calls", "sql"])
@pytest.mark.parametrize(
    ("facts", "allowed"),
    [
        ({"s": {"customer": {"id": "c1"}}}, 1),
        ({"t": {"customer": {"id": "c1"}}}, 1),
        ({"s": {"customer": {"id": "c1"}}, "t": {"customer": {"id": "c1"}}}, 1),
        ({"s": {"customer": {"id": "c1"}}, "t": {"customer": {"id": "c2"}}}, 0),
        ({"s": {"customer": {"id": "c2"}}, "t": {"customer": {"id": "c1"}}}, 0),
        ({"s": {"customer": {"id": "c1"}}, "t": {}}, 1),
    ],
)
def test_facts_that_contradict_each_other(tmp_path: Path, engine: str, facts: dict[str, Any], allowed: int) -> None:
    """What is said of a session and of a trace in it counts where it is the same; a contradiction allows nothing."""
    charter, store = tmp_path / "desk.yaml", tmp_path / "store"
    charter.write_text(OWN, "utf-8")
    (tmp_path / "facts.json").write_text(json.dumps(facts), "utf-8")
    path = log(tmp_path, {"tool": "look", "args": {"who": "c1"}, "trace_id": "t", "session_id": "s"})
    assert 0 == govern("import", path, "-o", store).exit_code
    line = ["shadow-report", store, "--charter", charter, "--session-facts", tmp_path / "facts.json"]
    found = govern(*line, "--engine", engine, "--format", "json").json
    assert allowed == found["verdicts"]["allow"]
    assert 1 - allowed == found["verdicts"]["deny"]


def test_who_is_asked_where_the_person_served_confirms(tmp_path: Path) -> None:
    """A gate without roles asks the person served, and the report names them."""
    charter = tmp_path / "desk.yaml"
    asks = "approvals: {own: {confirm: session.person, if_no_answer: [{after: 1h, then: deny}]}}"
    charter.write_text(
        f"govern: 1\nagent: desk\nversion: 1\npurpose: Pays.\nowner: lead\nroles: [lead]\n{asks}\n"
        "tools: {pay: {tier: irreversible, approval: {ask: own}, input: {type: object}}}\n", "utf-8",
    )  # fmt: skip
    found = govern(
        "shadow-report", log(tmp_path, {"tool": "pay", "args": {}}), "--charter", charter, "--format", "json"
    )
    assert ["the person served"] == [row["role"] for row in found.json["approvals"]]


@pytest.mark.parametrize(("agent", "hint"), [("other", "its `agent` is the name"), (None, "with --agent")])
def test_calls_that_nobody_judges(charter: Path, tmp_path: Path, agent: str | None, hint: str) -> None:
    """The hint is one that helps: `--agent` names only what the log leaves unnamed. A log with times has times."""
    both = tmp_path / "folder"
    both.mkdir()
    for name in ("desk", "third"):  # of two charters none is for a log that names nobody
        (both / f"{name}.yaml").write_text(CHARTER.replace("agent: desk", f"agent: {name}"), "utf-8")
    path = log(tmp_path, {"tool": "pay", "args": {"token": "x"}, "agent": agent})
    found = govern("shadow-report", path, "--charter", both)
    assert 3 == found.exit_code
    assert hint in found.out
    assert "no call was judged" in found.out
    assert "the log has no times" not in found.out.splitlines()[0]
