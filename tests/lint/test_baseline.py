"""The baseline: known findings are left out, new ones never, wherever lines move to."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from .running import ROOT, Govern, report
from .running import team as charter

TWO = charter("roles: [head, desk, night]")


def written(tmp_path: Path) -> dict[str, Any]:
    """The baseline file, held against the published schema."""
    document: dict[str, Any] = json.loads((tmp_path / "known.json").read_text("utf-8"))
    schema = json.loads((ROOT / "schemas/lint-baseline.v1.json").read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(document)
    return document


@pytest.fixture
def team(tmp_path: Path, govern: Govern) -> Path:
    """A charter whose two findings are in a baseline."""
    file = tmp_path / "team.yaml"
    file.write_text(TWO, "utf-8")
    assert 0 == govern("lint", "team.yaml", "--write-baseline", "known.json").code
    return file


def test_only_new_findings(govern: Govern, team: Path, tmp_path: Path) -> None:
    """What the baseline has is counted and passes; a finding that it does not have fails."""
    assert 2 == len(written(tmp_path)["findings"])
    ran = govern("lint", "team.yaml", "--baseline", "known.json")
    assert (0, "no findings, 2 in the baseline in 1 charter.\n") == (ran.code, ran.out)
    text = TWO.replace("approvals:\n", "approvals:\n  new: {roles: [head], if_no_answer: [{after: 4h, then: deny}]}\n")
    team.write_text(text, "utf-8")
    document = report(govern("lint", "team.yaml", "--baseline", "known.json", "--format", "json"))
    assert ["gate-unused"] == [finding["rule"] for finding in document["findings"]]
    assert {"file": "known.json", "known": 2, "gone": 0} == document["baseline"]
    assert 1 == govern("lint", "team.yaml", "--baseline", "known.json").code


@pytest.mark.parametrize("seed", range(20))
def test_lines_may_move(govern: Govern, team: Path, seed: int) -> None:
    """Blank lines, comments and indentation before a finding do not make it new."""
    rng = random.Random(seed)
    lines = TWO.splitlines()
    for _ in range(rng.randint(1, 6)):
        lines.insert(rng.randint(0, len(lines)), rng.choice(["", "# moved", "  # moved"]))
    team.write_text("\n".join(lines).replace("roles: [head, desk", "roles:   [head,  desk") + "\n", "utf-8")
    ran = govern("lint", "team.yaml", "--baseline", "known.json")
    assert (0, "") == (ran.code, ran.err), ran.out


def test_one_more_of_the_same_is_new(govern: Govern, tmp_path: Path) -> None:
    """Equal findings on equal lines are counted: the second of two is new where the baseline has one."""
    head = """tools:
  pay:
    tier: reversible
    approval: {ask: lead}
    input: {type: object, properties: {n: {type: number}}}
    rules:
"""
    same = "      - id: {0}\n        when: has(args.n) && args.n > {1}\n        then: deny\n"
    file = tmp_path / "pay.yaml"
    file.write_text(charter(head + same.format("a", 5)), "utf-8")
    assert 0 == govern("lint", "pay.yaml", "--write-baseline", "known.json").code
    file.write_text(charter(head + same.format("a", 5) + same.format("b", 5)), "utf-8")
    document = report(govern("lint", "pay.yaml", "--baseline", "known.json", "--format", "json"))
    assert [("guard-loosens", 11)] == [
        (finding["rule"], finding["line"]) for finding in document["findings"] if finding["rule"] == "guard-loosens"
    ]


def test_another_slip_on_the_same_line_is_new(govern: Govern, team: Path) -> None:
    """A line that changed is looked at again."""
    team.write_text(TWO.replace("[head, desk, night]", "[head, desk, night, late]"), "utf-8")
    document = report(govern("lint", "team.yaml", "--baseline", "known.json", "--format", "json"))
    assert 3 == len(document["findings"])
    assert 2 == document["baseline"]["gone"]


def test_what_is_gone_is_counted(govern: Govern, team: Path) -> None:
    """Entries that no longer occur in the files looked at are said, and dropped by writing again."""
    team.write_text(charter("roles: [head]"), "utf-8")
    ran = govern("lint", "team.yaml", "--baseline", "known.json")
    assert 0 == ran.code
    assert "2 of the baseline found no more; --write-baseline drops them." in ran.out
    other = govern("lint", "clean.yaml", "--baseline", "known.json")
    assert "found no more" not in other.out


def test_the_same_from_every_folder(
    govern: Govern, team: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Names are seen from the baseline's folder; the bytes are the same for the same findings."""
    first = (tmp_path / "known.json").read_bytes()
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")
    assert 0 == govern("lint", "../team.yaml", "--baseline", "../known.json").code
    assert 0 == govern("lint", str(team), "--write-baseline", "../known.json").code
    assert first == (tmp_path / "known.json").read_bytes()


def test_errors_of_loading_are_never_known(govern: Govern, team: Path, tmp_path: Path) -> None:
    """They fail while a baseline is written, are not in it, and would not be left out if somebody put them there."""
    ran = govern("lint", "team.yaml", "error.yaml", "--write-baseline", "known.json")
    assert 1 == ran.code
    assert {"team.yaml"} == {entry["file"] for entry in written(tmp_path)["findings"]}
    assert 1 == govern("lint", "team.yaml", "error.yaml", "--baseline", "known.json").code


def _changed(document: dict[str, Any], **change: Any) -> str:
    return json.dumps({**document, "findings": [{**document["findings"][0], **change}]})


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        (lambda _: "", "not JSON"),
        (lambda _: "[" * 100_000, "not JSON"),
        (lambda _: "[]", "names no schema"),
        (lambda _: '{"findings": []}', "names no schema"),
        (lambda given: json.dumps({**given, "schema": "govern/lint-baseline/v2"}), "`govern/lint-baseline/v2`"),
        (lambda given: json.dumps({**given, "findings": {}}), "no list `findings`"),
        (lambda given: json.dumps({**given, "findings": [1]}), "`findings[0]`"),
        (lambda given: _changed(given, occurrence=True), "no valid `occurrence`"),
        (lambda given: _changed(given, rule=None), "no valid `rule`"),
        (lambda given: _changed(given, message="anything"), "was edited"),
    ],
)
def test_a_broken_baseline(govern: Govern, team: Path, tmp_path: Path, broken: Any, says: str) -> None:
    """It is an error that says what is wrong; nothing is judged as if there were none."""
    (tmp_path / "known.json").write_text(broken(written(tmp_path)), "utf-8")
    ran = govern("lint", "team.yaml", "--baseline", "known.json")
    assert (3, "") == (ran.code, ran.out)
    assert says in ran.err
    assert "known.json" in ran.err


def test_a_missing_baseline(govern: Govern, team: Path) -> None:
    """A baseline that is not there is an error, not an empty one."""
    ran = govern("lint", "team.yaml", "--baseline", "none.json")
    assert (3, "") == (ran.code, ran.out)
    assert "there is no baseline `none.json`" in ran.err
    assert 3 == govern("lint", "team.yaml", "--baseline", ".").code


@pytest.mark.parametrize("file", ["team.yaml", "notes.txt"])
def test_no_other_file_is_overwritten(govern: Govern, team: Path, tmp_path: Path, file: str) -> None:
    """A file that is no baseline was named by mistake."""
    (tmp_path / "notes.txt").write_text("mine", "utf-8")
    before = (tmp_path / file).read_bytes()
    assert 2 == govern("lint", "team.yaml", "--write-baseline", file).code
    assert before == (tmp_path / file).read_bytes()


def test_where_it_cannot_be_written(govern: Govern, team: Path) -> None:
    """The environment's failure has its own exit code."""
    ran = govern("lint", "team.yaml", "--write-baseline", "none/known.json")
    assert 4 == ran.code
    assert "none/known.json" in ran.err


@pytest.mark.parametrize("more", [["--baseline", "known.json"], ["--fix"], ["--diff"]])
def test_what_does_not_go_together(govern: Govern, team: Path, tmp_path: Path, more: list[str]) -> None:
    before = (tmp_path / "known.json").read_bytes()
    assert 2 == govern("lint", "team.yaml", "--write-baseline", "known.json", *more).code
    assert before == (tmp_path / "known.json").read_bytes()
