"""`govern suggest`: what is printed, written and refused, and every exit code."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from .running import SAMPLES, govern
from .test_contracts import problems, undescribed

STORIES = sorted(path.parent for path in SAMPLES.glob("*/charter.yaml"))
CHARTER = """\
govern: 1
agent: desk
version: 3   # grows
purpose: Answers people.
owner: lead
roles: [lead]
approvals: {lead: {roles: [lead], if_no_answer: [{after: 4h, then: deny}]}}

tools:
  get_order: {tier: read_only}   # the first
rules:
  - id: own
    tools: ["*"]
    only_if: args.id == '1'
    otherwise: deny
    because: Only the first.
never:
  - {tools: ["delete_*"], because: Nothing is deleted.}
"""


def call(tool: str, args: Any, number: int, **other: Any) -> str:
    """A call as a line of a canonical log."""
    event = {"event_id": f"e{number}", "trace_id": f"t{number % 3}", "agent": "desk", "type": "tool_call", "tool": tool}
    return json.dumps({**event, "ts": f"2026-11-{16 + number % 5:02}T10:00:00Z", "args": args, **other}) + "\n"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a charter and a log, and the current one."""
    (tmp_path / "charter.yaml").write_text(CHARTER)
    log = [call("add_note", {"id": "1", "text": f"secret words {number}"}, number) for number in range(4)]
    log += [
        call("delete_order", {"id": "1"}, 10),
        call("get_held", {"other": 2}, 11),
        call("get_order", {"id": "1"}, 12),
    ]
    log += [call("refund", {"id": "1" if number else "2", "amount": 12.5}, 20 + number) for number in range(3)]
    (tmp_path / "log.jsonl").write_text("".join(log))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def suggested(*more: str | Path, stdin: bytes = b"") -> Any:
    ran = govern("suggest", "log.jsonl", "--charter", "charter.yaml", *more, "--format", "json", stdin=stdin)
    assert 1 == ran.exit_code, ran.err
    return ran.json


def test_classes(place: Path) -> None:
    """Suggested; named by `never`; held by a rule that denies every call; with which rule, and where."""
    found = suggested()
    assert ["refund", "add_note"] == [each["tool"] for each in found["suggestions"]]
    assert {"get_held": ["own"], "delete_order": ["never:delete_*"]} == {
        each["tool"]: [one["rule"] for one in each["by"]] for each in found["held"]
    }
    assert {"charter.yaml:12:9", "charter.yaml:18:14"} == {one["at"] for each in found["held"] for one in each["by"]}
    assert (4, 10, 0) == (found["unmapped"], found["judged"], found["not_judged"])


def test_what_the_charter_would_have_said(place: Path) -> None:
    """The log is judged again with the stanza in it: a rule that denies some calls only is shown with them."""
    refund = suggested()["suggestions"][0]
    said = refund["with_it"]
    assert (0, 2, 1, 0, 0) == tuple(said[key] for key in ("allow", "approval", "deny", "undecidable", "invalid_input"))
    assert [("own", 1)] == [(each["rule"], each["calls"]) for each in said["held"]]
    assert ("irreversible", "lead") == (refund["tier"], refund["gate"])


def test_no_value_is_told(place: Path) -> None:
    """Not in any output; where values are asked for, only those of closed sets, for which there is evidence."""
    for more in ([], ["--patch"], ["--format", "json"], ["--show-values"]):
        ran = govern("suggest", "log.jsonl", "--charter", "charter.yaml", *more)
        assert "secret words" not in ran.out + ran.err
        assert "12.5" not in ran.out + ran.err


def test_values_where_they_are_asked_for(place: Path) -> None:
    """A closed set of few values that were seen again and again; never of a secret."""
    calls = [{"id": "1", "mode": mode, "token": "k1"} for mode in ("fast", "slow") * 15]
    (place / "log.jsonl").write_text("".join(call("add_note", args, at) for at, args in enumerate(calls)))
    (silent,), (told,) = suggested()["suggestions"], suggested("--show-values")["suggestions"]
    assert ["args.token"] == told["secret"]
    assert [{"type": "string"}, {"enum": ["fast", "slow"]}, {"type": "string"}] == [
        silent["input"]["properties"]["mode"], told["input"]["properties"]["mode"],
        told["input"]["properties"]["token"],
    ]  # fmt: skip


def test_one_that_cannot_be_written(place: Path) -> None:
    """A charter between braces without a gate has no sure place for one: what needs it is refused, the rest stands."""
    (place / "charter.yaml").write_text(
        "{govern: 1, agent: desk, version: 1, purpose: Tries., owner: r, roles: [r],\n"
        " tools: {get_order: {tier: read_only}}}\n"
    )
    found = suggested()
    assert ["add_note", "get_held"] == sorted(each["tool"] for each in found["suggestions"])
    assert ["delete_order", "refund"] == sorted(each["tool"] for each in found["refused"])
    assert all("no sure place" in each["reason"] for each in found["refused"])


def test_patch(place: Path) -> None:
    """`git apply` and `patch -p1` take it; the result loads, lints without errors, maps the tools, and every comment
    is where it was; a second round has no suggestion left."""
    ran = govern("suggest", "log.jsonl", "--charter", "charter.yaml", "--patch")
    assert 1 == ran.exit_code
    assert "2 stanzas for charter.yaml" in ran.err
    (place / "x.diff").write_text(ran.out)
    subprocess.run(["patch", "-p1", "--dry-run", "-i", "x.diff"], check=True, capture_output=True)
    subprocess.run(["git", "apply", "x.diff"], check=True, capture_output=True)
    text = (place / "charter.yaml").read_text()
    assert "version: 4   # grows" in text
    assert "get_order: {tier: read_only}   # the first\n" in text
    assert 0 == govern("lint", "charter.yaml", "--fail-on", "error").exit_code
    assert [] == suggested()["suggestions"]


@pytest.mark.parametrize("name", ["./charter.yaml", "PLACE/charter.yaml", "sub/../charter.yaml"])
def test_patch_is_from_here(place: Path, name: str) -> None:
    """However the charter is named."""
    (place / "sub").mkdir()
    ran = govern("suggest", "log.jsonl", "--charter", name.replace("PLACE", str(place)), "--patch")
    assert ran.out.startswith("--- a/charter.yaml\n+++ b/charter.yaml\n")


def test_in_place_is_the_patch(place: Path) -> None:
    patch = govern("suggest", "log.jsonl", "--charter", "charter.yaml", "--patch").out
    (place / "x.diff").write_text(patch)
    shutil.copy("charter.yaml", "other.yaml")
    assert 1 == govern("suggest", "log.jsonl", "--charter", "charter.yaml", "--in-place").exit_code
    subprocess.run(["patch", "other.yaml", "x.diff"], check=True, capture_output=True)
    assert (place / "other.yaml").read_bytes() == (place / "charter.yaml").read_bytes()


def test_byte_order_mark_and_line_breaks_stay(place: Path) -> None:
    """Windows' line breaks and the mark before the first one: the patch applies, and in place they stay."""
    data = b"\xef\xbb\xbf" + CHARTER.replace("\n", "\r\n").encode()
    (place / "charter.yaml").write_bytes(data)
    ran = govern("suggest", "log.jsonl", "--charter", "charter.yaml", "--patch")
    (place / "x.diff").write_bytes(ran.out.encode())
    subprocess.run(["git", "apply", "--check", "x.diff"], check=True, capture_output=True)
    govern("suggest", "log.jsonl", "--charter", "charter.yaml", "--in-place")
    after = (place / "charter.yaml").read_bytes()
    assert after.startswith(b"\xef\xbb\xbfgovern")
    assert after.count(b"\n") == after.count(b"\r\n") > data.count(b"\n")


def test_newer(place: Path) -> None:
    """What a newer version maps is shown with its tier and not suggested; an older one is refused."""
    (place / "newer.yaml").write_text(
        CHARTER.replace("version: 3", "version: 7").replace("tools:\n", "tools:\n  add_note: {tier: reversible}\n", 1)
    )
    found = suggested("--newer", "newer.yaml")
    assert [("add_note", 7, "reversible")] == [(e["tool"], e["version"], e["tier"]) for e in found["in_newer"]]
    assert ["refund"] == [each["tool"] for each in found["suggestions"]]
    ran = govern("suggest", "log.jsonl", "--charter", "newer.yaml", "--newer", "charter.yaml")
    assert (2, True) == (ran.exit_code, "an older one" in ran.err)


def test_newer_of_a_git_revision(place: Path) -> None:
    def git(*words: str) -> None:
        who = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", *who, *words], check=True, capture_output=True)

    git("init", "-q", ".")
    (place / "charter.yaml").write_text(
        CHARTER.replace("version: 3", "version: 4").replace(
            "tools:\n", "tools:\n  refund: {tier: irreversible, approval: {ask: lead}}\n", 1
        )
    )
    git("add", "charter.yaml")
    git("commit", "-qm", "newer")
    (place / "charter.yaml").write_text(CHARTER)
    assert ["refund"] == [each["tool"] for each in suggested("--newer", "HEAD:charter.yaml")["in_newer"]]
    assert 2 == govern("suggest", "log.jsonl", "--charter", "HEAD:charter.yaml").exit_code


@pytest.mark.parametrize(
    ("answers", "code", "tools"),
    [
        ("a\na\n", 1, ["refund", "add_note"]),
        ("s\na\n", 1, ["add_note"]),
        ("a\nq\n", 1, ["refund"]),
        ("q\n", 1, []),
        ("s\ns\n", 1, []),
        ("what\n?\nskip\nACCEPT\n", 1, ["add_note"]),
        ("a\n", 3, []),
        ("", 3, []),
    ],
)
def test_interactive(place: Path, answers: str, code: int, tools: list[str]) -> None:
    """What was accepted is written; where the answers end early, nothing is."""
    ran = govern("suggest", "log.jsonl", "--charter", "charter.yaml", "--interactive", stdin=answers.encode())
    assert code == ran.exit_code, ran.err
    text = (place / "charter.yaml").read_text()
    assert tools == [tool for tool in ("refund", "add_note") if f"  {tool}:" in text]
    assert bool(tools) == (text != CHARTER)
    assert 0 == govern("lint", "charter.yaml", "--fail-on", "error").exit_code


def test_interactive_tightens(place: Path) -> None:
    """A tighter input, then a stricter tier, judged again; the patch alone is on standard output."""
    ran = govern("suggest", "log.jsonl", "--charter", "charter.yaml", "--interactive", "--patch", stdin=b"s\nt\nt\na\n")
    assert ran.out.startswith("--- a/charter.yaml")
    assert "+    tier: irreversible" in ran.out
    assert "maxLength: 20" in ran.out
    assert "[a]ccept" in ran.err
    assert CHARTER == (place / "charter.yaml").read_text()
    assert "add_note\n  with it, of 4 calls: 4 asked" in ran.err


def test_tightened_until_a_rule_denies_it(place: Path) -> None:
    """A rule about a tier denies what was made stricter: that is said before it is written."""
    rule = '  - {id: none, tiers: [irreversible], tools: [add_*], when: "has(args.id)", then: deny, because: No.}\n'
    (place / "charter.yaml").write_text(CHARTER.replace("never:\n", f"{rule}never:\n"))
    answers = b"s\nt\nt\na\n"
    ran = govern("suggest", "log.jsonl", "--charter", "charter.yaml", "--interactive", "--patch", stdin=answers)
    assert "add_note\n  every call that was seen is denied: none (charter.yaml:17:10)" in ran.err


HOSTILE = [
    "a\nb", "a\n  evil: {tier: read_only}", "x: y", "# no", "a" * 10_000, "näme", "get_\u202ex", "", "- a", "{a}", "*",
    "get_\x1b[31mred", "a b", "a\u2028b", "`x`", "\\x", "<script>alert(1)</script>", "𝔤𝔢𝔱",
]  # fmt: skip
QUOTED = [
    "true",
    "null",
    "no",
    "on",
    "y",
    "123",
    "1.5",
    "0x1f",
    "1e3",
    "2026-11-23",
    ".inf",
    "-",
    "---",
    "...",
    "0o7",
    "~a",
]


def test_hostile_names(place: Path) -> None:
    """Refused with a reason, shown harmless, and never written into the file."""
    (place / "log.jsonl").write_text(
        "".join(call(name, {"id": "1"}, at) for at, name in enumerate([*HOSTILE, "add_a"]))
    )
    ran = govern("suggest", "log.jsonl", "--charter", "charter.yaml")
    assert 1 == ran.exit_code, ran.err
    assert "\x1b" not in ran.out
    assert all(line.isprintable() for line in ran.out.split("\n"))
    assert max(map(len, ran.out.splitlines())) < 1_000
    patch = govern("suggest", "log.jsonl", "--charter", "charter.yaml", "--patch").out
    added = [line[1:].strip() for line in patch.splitlines() if line.startswith("+") and not line.startswith("+++")]
    names = [line for line in added if line.endswith(":") and line != "input:"]
    assert ["add_a:"] == names
    refused = {each["tool"]: each["reason"] for each in suggested()["refused"]}
    assert {name for name in HOSTILE if name} <= refused.keys()
    assert all(
        "no tool's name" in each or "10,000 characters" in each or "has no name" in each for each in refused.values()
    )


def test_names_that_need_quotes(place: Path) -> None:
    """What YAML would take for something else than a name is written so that it is that name."""
    names = [name for name in QUOTED if name != "~a"]
    (place / "log.jsonl").write_text("".join(call(name, {"id": "1"}, at) for at, name in enumerate(names)))
    assert set(names) == {each["tool"] for each in suggested()["suggestions"]}
    assert 1 == govern("suggest", "log.jsonl", "--charter", "charter.yaml", "--in-place").exit_code
    assert 0 == govern("lint", "charter.yaml", "--fail-on", "error").exit_code
    report = govern("shadow-report", "log.jsonl", "--charter", "charter.yaml", "--format", "json").json
    assert [] == report["unmapped"]


def test_hostile_traces_and_arguments(place: Path) -> None:
    """Ids of traces and names of arguments that are no plain words stand in no line that is written."""
    evil = "govern: ignore[tool-without-schema] x\n  evil: {tier: read_only}"
    log = [call("add_note", {"id": "1", evil: 1, "# x": {evil: 2}}, at, trace_id=evil) for at in range(3)]
    (place / "log.jsonl").write_text("".join(log))
    for more in ([], ["--patch"]):
        assert "evil" not in govern("suggest", "log.jsonl", "--charter", "charter.yaml", *more).out
    govern("suggest", "log.jsonl", "--charter", "charter.yaml", "--in-place")
    assert "evil" not in (place / "charter.yaml").read_text()
    assert 0 == govern("lint", "charter.yaml", "--fail-on", "error").exit_code


def test_malformed_arguments_are_no_rule(place: Path) -> None:
    """A tool of which every call had malformed arguments is denied for these, and held by nothing: it is suggested,
    without input."""
    (place / "log.jsonl").write_text("".join(call("add_a", "{", at) for at in range(3)))
    (found,) = suggested()["suggestions"]
    assert (None, 3, 3) == (found["input"], found["with_it"]["deny"], found["with_it"]["invalid_input"])
    assert "its input; no arguments of it could be looked at" in found["decide"]


def test_standard_input(place: Path) -> None:
    """A log that comes through a pipe is judged twice all the same, and called by its own name."""
    data = (place / "log.jsonl").read_bytes()
    ran = govern("suggest", "-", "--charter", "charter.yaml", "--format", "json", stdin=data)
    assert suggested()["suggestions"] == ran.json["suggestions"]
    assert ["-"] == [each["path"] for each in ran.json["files"]]


def test_exit_codes(place: Path) -> None:
    """0 where nothing is unmapped, 3 where not everything was judged, also with suggestions."""
    (place / "fine.jsonl").write_text(call("get_order", {"id": "1"}, 1))
    (place / "other.jsonl").write_text(call("get_order", {"id": "1"}, 1, agent="else"))
    (place / "bad.jsonl").write_bytes((place / "log.jsonl").read_bytes() + b"{\n")
    (place / "broken.yaml").write_text("govern: 1\n")

    def code(log: str, charter: str = "charter.yaml", *more: str) -> int:
        return govern("suggest", log, "--charter", charter, *more).exit_code

    assert [0, 3, 3, 3, 3] == [code(log) for log in ("fine.jsonl", "other.jsonl", "bad.jsonl", "gone.jsonl", "x*")]
    assert 1 == code("bad.jsonl", "charter.yaml", "--allow-bad", "1")
    assert 3 == code("log.jsonl", "broken.yaml")


@pytest.mark.parametrize(
    "more",
    [
        ["--patch", "--in-place"],
        ["--patch", "--format", "json"],
        ["--gate", "nobody"],
        ["--newer", "log.jsonl:"],
        ["--memory-limit", "1"],
    ],
    ids=" ".join,
)
def test_wrong_command_line(place: Path, more: list[str]) -> None:
    assert 2 == govern("suggest", "log.jsonl", "--charter", "charter.yaml", *more).exit_code


def test_a_charter_with_lint_errors_is_left_alone(place: Path) -> None:
    """What would be added could not be told from what is wrong: that is mended first."""
    text = CHARTER + "scenarios:\n  - {instruction: Delete it, call: {delete_order: {id: '2'}}, expect: allow}\n"
    (place / "charter.yaml").write_text(text)
    ran = govern("suggest", "log.jsonl", "--charter", "charter.yaml", "--in-place")
    assert (3, text) == (ran.exit_code, (place / "charter.yaml").read_text())
    assert "as it is" in ran.err


def test_a_scenario_that_waits_for_the_tool(place: Path) -> None:
    """A scenario that expects more than a denial of a tool that nobody mapped is an error, and mapping it the mend."""
    text = CHARTER + "scenarios:\n  - {instruction: Note it, call: {add_note: {id: '1', text: x}}, expect: allow}\n"
    (place / "charter.yaml").write_text(text)
    assert 1 == govern("lint", "charter.yaml", "--fail-on", "error").exit_code
    govern("suggest", "log.jsonl", "--charter", "charter.yaml", "--in-place")
    assert 0 == govern("lint", "charter.yaml", "--fail-on", "error").exit_code


def test_a_scenario_that_denies_is_a_decision(place: Path) -> None:
    text = CHARTER + "scenarios:\n  - {instruction: Refund it, call: {refund: {id: '1'}}, expect: deny}\n"
    (place / "charter.yaml").write_text(text)
    found = suggested()
    assert ["add_note"] == [each["tool"] for each in found["suggestions"]]
    held = next(each for each in found["held"] if each["tool"] == "refund")
    assert ["scenario"] == [each["rule"] for each in held["by"]]


def test_bundle(place: Path) -> None:
    """A bundle can be suggested for, as a patch of the charter that it was compiled from; it cannot be edited."""
    assert 0 == govern("compile", "charter.yaml", "-o", "desk.bundle").exit_code
    ran = govern("suggest", "log.jsonl", "--charter", "desk.bundle", "--patch")
    assert ran.out == govern("suggest", "log.jsonl", "--charter", "charter.yaml", "--patch").out
    assert 2 == govern("suggest", "log.jsonl", "--charter", "desk.bundle", "--in-place").exit_code


@pytest.mark.parametrize("story", STORIES, ids=lambda path: path.name)
def test_samples(story: Path, tmp_path: Path) -> None:
    """On the stories: the contract holds, the result lints without errors and is in canonical form, and afterwards
    only what is held is left."""
    for file in story.iterdir():
        shutil.copy(file, tmp_path)
    charter, log = tmp_path / "charter.yaml", tmp_path / "log.jsonl"
    document = govern("suggest", log, "--charter", charter, "--format", "json").json
    assert [] == problems("suggest", document)
    assert [] == undescribed("suggest", document)
    govern("suggest", log, "--charter", charter, "--in-place")
    assert 0 == govern("lint", charter, "--fail-on", "error").exit_code
    assert 0 == govern("fmt", "--check", charter).exit_code
    after = govern("suggest", log, "--charter", charter, "--format", "json").json
    assert [[], len(document["held"])] == [after["suggestions"], len(after["held"])]
    report = govern("shadow-report", log, "--charter", charter, "--format", "json").json
    assert {each["tool"] for each in document["held"]} == {each["tool"] for each in report["unmapped"]}


def test_engines_agree(place: Path) -> None:
    """From a log, and from a store by either engine: the same suggestions."""
    assert 0 == govern("import", "log.jsonl", "-o", "store").exit_code
    line = ["suggest", "store", "--charter", "charter.yaml", "--patch"]
    expected = govern("suggest", "log.jsonl", "--charter", "charter.yaml", "--patch").out
    assert [expected, expected] == [govern(*line, "--engine", engine).out for engine in ("calls", "sql")]


def test_a_deployment_holds_too(place: Path) -> None:
    """What a minimum of the deployment denies is held, with the place in its file."""
    (place / "floor.yaml").write_text(
        "govern: 1\nbase: floor\nversion: 1\npurpose: Tries.\nowner: lead\nroles: [lead]\n"
        "never: [{tools: [refund], because: Not here.}]\n"
    )
    (place / "deployment.yaml").write_text(
        "govern: 1\ndeployment: here\nroles: {lead: {people: [ann@example.org]}}\nmode: enforce\n"
        "time_zone: UTC\nminimums: [floor.yaml]\n"
    )
    found = suggested("--deployment", "deployment.yaml")
    assert ["add_note"] == [each["tool"] for each in found["suggestions"]]
    by = next(each["by"] for each in found["held"] if each["tool"] == "refund")
    assert [("never:refund", "Not here.", True)] == [
        (each["rule"], each["because"], each["at"].startswith("floor.yaml:7:")) for each in by
    ]


def test_events_without_the_agents_name(place: Path) -> None:
    """They are the one charter's: a tool that was seen with and without the name is one suggestion, of all calls."""
    log = [call("add_note", {"id": "1"}, at, agent=None if at % 2 else "desk") for at in range(5)]
    (place / "log.jsonl").write_text("".join(log))
    found = suggested()["suggestions"]
    assert [("add_note", 5, 5)] == [(each["tool"], each["calls"], each["with_it"]["allow"]) for each in found]


def test_a_library_describes_the_tool(place: Path) -> None:
    """Its entry is taken: what it says is not said again, and it never makes the tier looser than the guess."""
    (place / "library.yaml").write_text(
        "govern: 1\nlibrary: notes\nversion: 1\npurpose: Tries.\ntools:\n"
        "  add_note: {tier: reversible, input: {type: object, additionalProperties: true}}\n"
        "  refund: {tier: reversible}\n"
    )
    (place / "charter.yaml").write_text(CHARTER.replace("roles: [lead]\n", "roles: [lead]\nuses: [library.yaml]\n", 1))
    found = {each["tool"]: each for each in suggested()["suggestions"]}
    note = found["add_note"]
    assert ("notes", None, True) == (note["library"], note["input"], note["stanza"].endswith("\n  add_note: {}\n"))
    assert ("irreversible", "lead") == (found["refund"]["tier"], found["refund"]["gate"])
    govern("suggest", "log.jsonl", "--charter", "charter.yaml", "--in-place")
    assert 0 == govern("lint", "charter.yaml", "--fail-on", "error").exit_code


def test_help() -> None:
    ran = govern("suggest", "--help")
    assert 0 == ran.exit_code
    assert "govern suggest logs/ --charter charters/desk.yaml --patch | git apply" in ran.out
