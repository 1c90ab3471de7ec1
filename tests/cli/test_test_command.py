"""`govern test`: what is run, what is shown, and the exit code of everything that can come of it."""

from __future__ import annotations

import json
import shutil
from copy import deepcopy
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest

from .running import ROOT, Ran, govern

DESK = ROOT / "tests" / "scenario" / "desk"
EXAMPLES = ROOT / "src" / "govern" / "charter" / "examples"
HEAD = "govern: 1\ntests: refunds\ncharter: refunds.yaml\n"
GOOD = "  - {name: reading, tags: [read], call: {get_order: {}}, expect: allow}\n"
BAD = "  - {name: wiring, call: {wire: {amount: 5}}, expect: allow}\n"
SKIPPED = "  - {name: later, skip: no account yet, call: {wire: {}}, expect: allow}\n"


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A folder with the charter alone."""
    shutil.copy(DESK / "refunds.yaml", tmp_path / "refunds.yaml")
    return tmp_path


def suite(desk: Path, *cases: str, name: str = "some.test.yaml", head: str = HEAD) -> Path:
    path = desk / name
    path.write_text(head + "cases:\n" + "".join(cases), "utf-8")
    return path


# -- what is run, and the exit code ----------------------------------------------------------------------


def test_all_pass(desk: Path) -> None:
    done = govern("test", suite(desk, GOOD))
    assert (0, "") == (done.exit_code, done.err)
    assert done.out.endswith("1 test: 1 passed.\n")


def test_one_fails(desk: Path) -> None:
    """What was expected and what came, and the value of every part of what decided."""
    done = govern("test", suite(desk, GOOD, BAD))
    assert 1 == done.exit_code
    assert "failed: wiring\n" in done.out
    assert "some.test.yaml:6:55" in done.out
    assert "expected  allow\n" in done.out
    assert "got       approval (lead, finance)\n" in done.out
    assert "rule both: approval by `finance` where true or unknown; decides" in done.out
    assert "--facts" not in done.out
    assert done.out.endswith("2 tests: 1 passed, 1 failed.\n")


def test_skipped_ones_are_counted_and_shown(desk: Path) -> None:
    done = govern("test", suite(desk, GOOD, SKIPPED))
    assert 0 == done.exit_code
    assert "skipped: later (no account yet)\n" in done.out
    assert done.out.endswith("2 tests: 1 passed, 1 skipped.\n")


def test_all_skipped_is_not_green(desk: Path) -> None:
    done = govern("test", suite(desk, SKIPPED))
    assert 3 == done.exit_code
    assert "nothing was tested" in done.out


@pytest.mark.parametrize("options", [["--tag", "none"], ["--filter", "nothing"], ["--filter", "w?r"]])
def test_a_filter_that_matches_none(desk: Path, options: list[str]) -> None:
    done = govern("test", suite(desk, GOOD, BAD), *options)
    assert 3 == done.exit_code
    assert "0 tests run; 2 not chosen; nothing was tested." in done.out


@pytest.mark.parametrize(
    ("options", "names"),
    [
        (["--tag", "read"], {"reading"}),
        (["--tag", "read", "--tag", "other"], {"reading"}),
        (["--filter", "READ"], {"reading"}),
        (["--filter", "*ing"], {"reading", "wiring"}),
        (["--filter", "w*", "--filter", "re"], {"reading", "wiring"}),
        (["--filter", "w*", "--tag", "read"], set()),
    ],
)
def test_choosing(desk: Path, options: list[str], names: set[str]) -> None:
    done = govern("test", suite(desk, GOOD, BAD), "--format", "json", *options)
    assert names == {each["name"] for each in done.json["results"]}
    assert 2 - len(names) == done.json["not_chosen"]


def test_a_charter_without_tests(desk: Path) -> None:
    done = govern("test", desk / "refunds.yaml")
    assert 3 == done.exit_code
    assert "no tests" in done.out


def test_a_charter_with_the_suite_that_is_called_like_it(desk: Path) -> None:
    suite(desk, GOOD, name="refunds.test.yaml")
    suite(desk, BAD, name="other.test.yaml")
    assert 0 == govern("test", desk / "refunds.yaml").exit_code
    assert 1 == govern("test", desk).exit_code


def test_a_folder(desk: Path) -> None:
    """Charters and suites; deployment files, bases and libraries are left to those that name them."""
    for name in ("charter.yaml", "base.yaml", "root.yaml", "library.yaml", "deployment.yaml", "mail.yaml"):
        shutil.copy(EXAMPLES / name, desk / name)
    shutil.copy(EXAMPLES / "suite.test.yaml", desk / "suite.test.yaml")
    done = govern("test", desk, "--format", "json")
    assert 0 == done.exit_code, done.out
    assert {"charter.yaml", "suite.test.yaml"} == {Path(each["file"]).name for each in done.json["files"]}
    assert {"mail.yaml", "refunds.yaml"} == {Path(each).name for each in done.json["without_tests"]}


def test_this_folder_where_none_is_named(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    suite(desk, GOOD)
    monkeypatch.chdir(desk)
    assert 0 == govern("test").exit_code


def test_a_file_once(desk: Path) -> None:
    path = suite(desk, GOOD)
    done = govern("test", path, desk, path, "--format", "json")
    assert 1 == done.json["tests"]


def test_an_empty_folder(tmp_path: Path) -> None:
    done = govern("test", tmp_path)
    assert 3 == done.exit_code
    assert "no `.yaml` file" in done.out


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (b"", "file-empty"),
        (b"# nothing\n", "file-empty"),
        (b"\xff\xfe\x00", "file-encoding"),
        (b"govern: 1\ntests: a\ncases: [{name", "yaml-syntax"),
        (b"a" * 3_000_000, "file-too-large"),
        (b"govern: 1\ntests: a\x07\n", "control-character"),
        (b"[" * 200, "yaml-too-deep"),
        (b"govern: 2\ntests: a\n", "unsupported-language"),
        (b"govern: 1\ntests: a\ncharter: none.yaml\ncases: [{name: a, call: {b: {}}, expect: allow}]\n", "broken-part"),
    ],
    ids=lambda each: str(each)[:24],
)
def test_a_suite_that_cannot_be_read(desk: Path, data: bytes, rule: str) -> None:
    """Exit 3, whatever else passed, with the finding; never a traceback."""
    bad = desk / "bad.test.yaml"
    bad.write_bytes(data)
    done = govern("test", suite(desk, GOOD), bad)
    assert 3 == done.exit_code
    assert f"[{rule}]" in done.out
    assert "1 file could not be read" in done.out
    assert 1 == govern("test", suite(desk, GOOD), bad, "--format", "json").json["not_judged"]


def test_nothing_there(desk: Path) -> None:
    assert 3 == govern("test", desk / "none.test.yaml").exit_code
    assert 3 == govern("test", desk / "none.yaml").exit_code


def test_a_charter_that_does_not_load(desk: Path) -> None:
    """Neither the charter's own tests nor a suite of it are passed over."""
    (desk / "refunds.yaml").write_text("govern: 1\nagent: a\n", "utf-8")
    done = govern("test", desk / "refunds.yaml", suite(desk, GOOD))
    assert 3 == done.exit_code
    assert "2 files could not be read" in done.out


def test_a_base_has_no_tests() -> None:
    done = govern("test", EXAMPLES / "root.yaml")
    assert 3 == done.exit_code
    assert "grants nothing" in done.out


def test_failed_and_not_judged_are_both_shown(desk: Path) -> None:
    """3 wins over 1, and the document has both."""
    (desk / "bad.test.yaml").write_text("govern: 1\n", "utf-8")
    done = govern("test", suite(desk, BAD), desk / "bad.test.yaml", "--format", "json")
    assert (3, 1, 1) == (done.exit_code, done.json["failed"], done.json["not_judged"])


# -- options ---------------------------------------------------------------------------------------------


def test_another_charter(desk: Path) -> None:
    """A suite against a looser charter fails where it was tight."""
    text = (desk / "refunds.yaml").read_text("utf-8")
    looser = text.replace(
        '- {id: both, when: "true", then: {approval: finance}}', '- {id: both, when: "false", then: deny}'
    )
    assert looser != text
    (desk / "looser.yaml").write_text(looser, "utf-8")
    tight = "  - {name: wiring, call: {wire: {amount: 5}}, expect: {approval: [lead, finance]}}\n"
    assert 0 == govern("test", suite(desk, tight)).exit_code
    assert 1 == govern("test", suite(desk, tight), "--charter", desk / "looser.yaml").exit_code


def test_another_charter_is_for_suites(desk: Path) -> None:
    done = govern("test", desk / "refunds.yaml", "--charter", desk / "refunds.yaml")
    assert 2 == done.exit_code
    assert "is no suite" in done.err


def test_a_deployment(desk: Path) -> None:
    """Its minimums apply, and its time zone is known."""
    (desk / "refunds.yaml").write_text(
        (desk / "refunds.yaml").read_text("utf-8").replace('when: "true"', 'when: "hour(at) == 15"'), "utf-8"
    )
    expect = "{verdict: approval, gates: [lead]}"
    case = f'  - {{name: a, at: "2026-11-23T14:00:00Z", call: {{wire: {{amount: 5}}}}, expect: {expect}}}\n'
    assert 1 == govern("test", suite(desk, case)).exit_code
    deployment = desk / "deployment.yaml"
    text = "govern: 1\ndeployment: d\nroles: {lead: {people: [a]}}\nmode: enforce\ntime_zone: %s\n"
    deployment.write_text(text % "UTC", "utf-8")
    assert 0 == govern("test", suite(desk, case), "--deployment", deployment).exit_code
    deployment.write_text(text % "Europe/Berlin", "utf-8")
    assert 1 == govern("test", suite(desk, case), "--deployment", deployment).exit_code
    assert 3 == govern("test", suite(desk, case), "--deployment", desk / "none.yaml").exit_code


@pytest.mark.parametrize("form", ["text", "json", "junit"])
def test_a_report_in_a_file(desk: Path, form: str) -> None:
    """What would stand on the terminal, and nothing of it there; the exit code stays."""
    shown = govern("test", suite(desk, GOOD, BAD), "--format", form)
    done = govern("test", suite(desk, GOOD, BAD), "--format", form, "-o", desk / "report")
    assert (1, "") == (done.exit_code, done.out)
    assert shown.out == (desk / "report").read_text("utf-8")


def test_a_report_that_cannot_be_written(desk: Path) -> None:
    assert 4 == govern("test", suite(desk, GOOD), "-o", desk / "none" / "report").exit_code


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (["--fail-under", "ninety"], "percentage"),
        (["--fail-under", "101"], "percentage"),
        (["--min-score", "-1"], "percentage"),
        (["--coverage-format", "lcov"], "--coverage-output"),
        (["--from-logs", "x"], "--new"),
        (["--new", "x.yaml", "--coverage"], "--new"),
        (["--new", "x.yaml", "--tag", "a"], "--new"),
    ],
)
def test_options_that_are_wrong(desk: Path, options: list[str], word: str) -> None:
    done = govern("test", *options) if "--new" in options else govern("test", suite(desk, GOOD), *options)
    assert 2 == done.exit_code
    assert word in done.err


def test_coverage(desk: Path) -> None:
    """Shown, in the document, and a least that is compared exactly."""
    path = suite(desk, GOOD)
    done = govern("test", path, "--coverage")
    assert 0 == done.exit_code
    assert "coverage " in done.out
    percent = govern("test", path, "--coverage", "--format", "json").json["coverage"]["whole"]["percent"]
    assert 0 < percent < 90
    assert 0 == govern("test", path, "--fail-under", str(percent)).exit_code
    assert 1 == govern("test", path, "--fail-under", str(percent + 1)).exit_code
    assert 3 == govern("test", suite(desk, SKIPPED), "--fail-under", "0").exit_code


@pytest.mark.parametrize("least", [("--fail-under", "0"), ("--min-score", "0")])
def test_a_share_says_nothing_of_a_charter_without_tests(desk: Path, least: tuple[str, str]) -> None:
    """A charter beside it that nobody tests is not judged: no share of the others stands for it. A suite that tests a
    charter of its folder, called otherwise, is enough."""
    suite(desk, GOOD)
    assert 0 == govern("test", desk, *least).exit_code
    text = (desk / "refunds.yaml").read_text("utf-8").partition("\nscenarios:")[0]
    (desk / "alone.yaml").write_text(text.replace("agent: ", "agent: another-", 1) + "\n", "utf-8")
    assert 0 == govern("test", desk).exit_code
    done = govern("test", desk, *least)
    assert 3 == done.exit_code
    assert "no tests" in done.out


@pytest.mark.parametrize(("form", "begins"), [("text", "coverage"), ("lcov", "TN:"), ("html", "<!doctype html>")])
def test_coverage_in_a_file(desk: Path, form: str, begins: str) -> None:
    done = govern("test", suite(desk, GOOD), "--coverage-format", form, "--coverage-output", desk / "coverage")
    assert 0 == done.exit_code
    assert "\ncoverage" not in done.out
    assert (desk / "coverage").read_text("utf-8").lower().startswith(begins.lower())


def test_mutants(desk: Path) -> None:
    """Survivors are listed; a least score is asked for; failing tests are told, and nothing is tried."""
    charter = desk / "small.yaml"
    charter.write_text(
        "govern: 1\nagent: a\nversion: 1\npurpose: P.\nowner: lead\nroles: [lead]\n"
        "tools:\n  look: {tier: read_only, input: {properties: {n: {type: number}}},"
        " rules: [{id: small, only_if: args.n <= 5, otherwise: deny}]}\n",
        "utf-8",
    )
    head = HEAD.replace("refunds.yaml", "small.yaml")
    path = suite(desk, "  - {name: a, call: {look: {n: 1}}, expect: allow}\n", head=head)
    done = govern("test", path, "--mutate", "--format", "json")
    assert 0 == done.exit_code
    assert done.json["mutants"]["survived"]
    assert 1 == govern("test", path, "--min-score", "100").exit_code
    assert 0 == govern("test", path, "--min-score", "0").exit_code
    failing = suite(desk, "  - {name: a, call: {look: {n: 1}}, expect: deny}\n", head=head)
    told = govern("test", failing, "--mutate")
    assert 1 == told.exit_code
    assert "No change was tried" in told.out
    assert govern("test", failing, "--mutate", "--format", "json").json["mutants"] is None


# -- new suites ------------------------------------------------------------------------------------------


def test_a_new_suite_waits_for_people(desk: Path) -> None:
    """It loads, every case is skipped, and so it is not green until somebody confirms one; confirmed, all pass."""
    made = desk / "refunds.test.yaml"
    done = govern("test", "--new", desk / "refunds.yaml", "-o", made)
    assert (0, "") == (done.exit_code, done.out)
    assert "to confirm" in done.err
    assert 3 == govern("test", made).exit_code
    lines = [line for line in made.read_text("utf-8").splitlines() if "skip:" not in line]
    made.write_text("\n".join(lines) + "\n", "utf-8")
    confirmed = govern("test", made, "--format", "json")
    assert 0 == confirmed.exit_code, confirmed.json["failed"]
    assert confirmed.json["passed"] > 50
    again = govern("test", "--new", desk / "refunds.yaml", "-o", made)
    assert (2, True) == (again.exit_code, "exists" in again.err)


def test_a_new_suite_elsewhere_names_its_charter(desk: Path) -> None:
    (desk / "tests").mkdir()
    made = desk / "tests" / "all.test.yaml"
    assert 0 == govern("test", "--new", desk / "refunds.yaml", "-o", made).exit_code
    assert '\ncharter: "../refunds.yaml"\n' in made.read_text("utf-8")


def test_a_new_suite_of_a_log() -> None:
    sample = ROOT / "samples" / "code-review"
    done = govern("test", "--new", sample / "charter.yaml", "--from-logs", sample / "log.jsonl")
    assert done.exit_code in (0, 3)
    assert done.out.startswith("#")
    assert "skip:" in done.out


# -- formats ---------------------------------------------------------------------------------------------


def documents(desk: Path) -> list[Ran]:
    everything = suite(desk, GOOD, BAD, SKIPPED)
    (desk / "bad.test.yaml").write_text("govern: 1\n", "utf-8")
    return [
        govern("test", everything, desk / "bad.test.yaml", "--format", "json"),
        govern("test", DESK, EXAMPLES / "suite.test.yaml", "--format", "json", "--coverage"),
        govern("test", suite(desk, GOOD, name="one.test.yaml"), "--format", "json", "--mutate"),
        govern("test", desk / "none.test.yaml", "--format", "json"),
    ]


def test_the_document_satisfies_its_schema(desk: Path) -> None:
    """And has nothing that the schema does not describe."""
    schema = json.loads((ROOT / "schemas" / "test.v1.json").read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    closed = deepcopy(schema)

    def close(node: Any) -> None:
        if isinstance(node, dict):
            if "properties" in node:
                node["additionalProperties"] = False
            for item in node.values():
                close(item)
        elif isinstance(node, list):
            for item in node:
                close(item)

    close(closed)
    checker = jsonschema.Draft202012Validator(closed)
    for done in documents(desk):
        assert [] == [f"{each.json_path}: {each.message}" for each in checker.iter_errors(done.json)]
        told = done.json
        assert told["tests"] == told["passed"] + told["failed"] + told["skipped"] == len(told["results"])
        assert told["judged"] == told["passed"] + told["failed"]
        assert len(told["results"]) == len({each["id"] for each in told["results"]})
    wrong = deepcopy(documents(desk)[0].json)
    wrong["results"][0]["state"] = "green"
    assert list(checker.iter_errors(wrong))


def test_a_failure_has_its_conditions(desk: Path) -> None:
    (_, bad) = govern("test", suite(desk, GOOD, BAD), "--format", "json").json["results"]
    (failure,) = bad["failures"]
    assert ("verdict", "allow", "approval (lead, finance)") == (failure["what"], failure["expected"], failure["got"])
    assert {"both": True} == {each["id"]: each["decides"] for each in failure["conditions"]}


def test_junit(desk: Path) -> None:
    """The elements that continuous integration counts."""
    (desk / "bad.test.yaml").write_text("govern: 1\n", "utf-8")
    done = govern("test", suite(desk, GOOD, BAD, SKIPPED), desk / "bad.test.yaml", "--format", "junit")
    assert 3 == done.exit_code
    root = ElementTree.fromstring(done.out)
    assert ("4", "1", "1", "1") == tuple(root.get(name) for name in ("tests", "failures", "errors", "skipped"))
    states = {case.get("name"): [each.tag for each in case] for found in root for case in found.findall("testcase")}
    assert {"reading": [], "wiring": ["failure"], "later": ["skipped"], "can be read": ["error"]} == states


def test_junit_of_nothing_is_an_error(desk: Path) -> None:
    """A reader that counts failures must not call it green."""
    root = ElementTree.fromstring(govern("test", suite(desk, SKIPPED), "--format", "junit").out)
    assert "1" == root.get("errors")


HOSTILE = '  - {name: "\\e[31m<b>&]]>\\x07\\u202e", skip: "\\e]0;x\\a<i>", call: {get_order: {}}, expect: allow}\n'


@pytest.mark.parametrize("form", ["text", "json", "junit"])
def test_hostile_words_are_harmless(desk: Path, form: str) -> None:
    """Escapes, markup and control characters of a suite never reach a terminal, a parser or a page as such."""
    path = suite(desk, GOOD, HOSTILE, BAD.replace("wiring", '"\\x1b[2J<x>&"'))
    done = govern("test", path, "--format", form, "--verbose")
    assert done.exit_code == 1
    assert not {"\x1b", "\x07", "\u202e"} & set(done.out)
    if form == "junit":
        ElementTree.fromstring(done.out)
    if form == "json":
        assert any(each["name"] == "\x1b[2J<x>&" for each in done.json["results"])


def test_hidden_values_are_not_shown(desk: Path) -> None:
    """Of what the charter marks sensitive a failure shows only whether conditions on it are true."""
    text = (
        (desk / "refunds.yaml")
        .read_text("utf-8")
        .replace("  wire:\n    tier: irreversible\n", "  wire:\n    tier: irreversible\n    sensitive: [args.amount]\n")
    )
    text = text.replace('when: "true"', "when: args.amount > 1")
    (desk / "refunds.yaml").write_text(text, "utf-8")
    path = suite(desk, "  - {name: a, call: {wire: {amount: 31415}}, expect: allow}\n")
    for form in ("text", "json", "junit"):
        done = govern("test", path, "--format", form)
        assert 1 == done.exit_code
        assert "31415" not in done.out


def test_every_test_by_name(desk: Path) -> None:
    done = govern("test", suite(desk, GOOD, SKIPPED), "--verbose")
    assert "passed  " in done.out
    assert "#reading" in done.out


def test_a_suite_where_a_charter_belongs(desk: Path) -> None:
    """Other commands say what it is; in folders they pass it by."""
    path = suite(desk, GOOD)
    args = ["--tool", "wire", "--args", "{}"]
    refused = govern("decide", "--policy", path, *args)
    assert (3, True) == (refused.exit_code, "test suite" in refused.err)
    assert 0 == govern("decide", "--policy", desk, *args).exit_code


def test_lint_of_a_suite(desk: Path) -> None:
    """Its errors, without advice; a folder's charters are linted without its suites."""
    assert 0 == govern("lint", suite(desk, GOOD)).exit_code
    bad = suite(desk, GOOD.replace("get_order", "get_ordr"), name="bad.test.yaml")
    done = govern("lint", bad, "--format", "json")
    assert (1, ["undefined-tool"]) == (done.exit_code, [each["rule"] for each in done.json["findings"]])
    assert ["refunds.yaml"] == [
        Path(each["file"]).name for each in govern("lint", desk, "--format", "json").json["files"]
    ]


def test_fmt_of_a_suite(desk: Path) -> None:
    path = suite(desk, "  - {expect: allow, name: reading, call: {get_order: {}}}\n")
    assert 1 == govern("fmt", "--check", desk).exit_code
    govern("fmt", path)
    assert "{name: reading, call: {get_order: {}}, expect: allow}" in path.read_text("utf-8")
    assert 0 == govern("test", path).exit_code
