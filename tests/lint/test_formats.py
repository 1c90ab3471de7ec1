"""SARIF, JUnit and GitHub annotations: what each reader needs, and nothing that a charter can smuggle in."""

from __future__ import annotations

import io
import json
import os
import tarfile
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import zstandard

from govern.findings import Finding, Location, Severity
from govern.lint.run import Linted, LintRun, View
from govern.report.lint_github import annotation
from govern.report.lint_junit import document as junit
from govern.report.lint_sarif import artifact

from .running import ROOT, Govern, report, team

# Absolute: the commands here run in other folders.
CORPUS = Path(os.environ.get("GOVERN_CORPUS") or ROOT.parent / "shared" / "corpus").resolve()
GUARD = """tools:
  pay:
    tier: reversible
    approval: {ask: lead}
    input: {type: object, properties: {n: {type: number}}}
    rules:
      - {id: b, because: "\U0001f4b8", when: "has(args.n) && args.n > 5", then: deny}
"""
QUIET = "roles: [head, desk]  # govern: ignore[role-unused] from March"


@pytest.fixture
def files(tmp_path: Path, govern: Govern) -> list[str]:
    """A fixable finding, a suppressed one, an error of loading, a file that is missing, and an odd name."""
    (tmp_path / "a b").mkdir()
    (tmp_path / "a b/ö#%.yaml").write_text(team(GUARD), "utf-8")
    (tmp_path / "quiet.yaml").write_text(team(QUIET), "utf-8")
    return ["a b/ö#%.yaml", "quiet.yaml", "error.yaml", "none.yaml", "note.yaml"]


def sarif(govern: Govern, *arguments: str) -> Any:
    (run,) = json.loads(govern("lint", *arguments, "--format", "sarif").out)["runs"]
    return run


def test_json_is_described(govern: Govern, files: list[str]) -> None:
    """Every key of the JSON document is one that the published schema names."""
    assert 3 == govern("lint", *files, "--write-baseline", "known.json").code
    schema = (ROOT / "schemas/lint.v1.json").read_text("utf-8")

    def keys(node: Any) -> set[str]:
        if isinstance(node, dict):
            return set(node).union(*map(keys, node.values()))
        return set().union(*map(keys, node)) if isinstance(node, list) else set()

    for arguments in (files, [*files, "--baseline", "known.json"], [files[0], "--fix"]):
        document = report(govern("lint", *arguments, "--format", "json"))
        assert {key for key in keys(document) if f'"{key}": ' not in schema} == set()


def test_sarif_results(govern: Govern, files: list[str]) -> None:
    """A result for each finding, with rule, level, region, fingerprint, and the fix as an edit of its region."""
    run = sarif(govern, *files)
    by_rule = {result["ruleId"]: result for result in run["results"]}
    assert {"guard-loosens", "role-unused", "unknown-key", "unanchored-regex"} == set(by_rule)
    rules = run["tool"]["driver"]["rules"]
    assert all(rules[result["ruleIndex"]]["id"] == id for id, result in by_rule.items())
    guard = by_rule["guard-loosens"]
    place = guard["locations"][0]["physicalLocation"]
    assert {"uri": "a%20b/%C3%B6%23%25.yaml", "uriBaseId": "SRCROOT"} == place["artifactLocation"]
    at = GUARD.splitlines()[6].index("has(") + 1  # the emoji before it is one code point
    assert {"startLine": 7, "startColumn": at, "endLine": 7, "endColumn": at + 11} == place["region"]
    assert "warning" == guard["level"]
    (change,) = guard["fixes"][0]["artifactChanges"]
    (replacement,) = change["replacements"]
    assert {"startLine": 7, "startColumn": at, "endLine": 7, "endColumn": at + 15} == replacement["deletedRegion"]
    assert "" == replacement["insertedContent"]["text"]
    assert "error" == by_rule["unknown-key"]["level"]
    assert "note" == by_rule["unanchored-regex"]["level"]
    assert "unicodeCodePoints" == run["columnKind"]
    assert 4 == len({result["partialFingerprints"]["governFinding/v1"] for result in run["results"]})


def test_sarif_rules(govern: Govern, files: list[str]) -> None:
    """Each rule brings its page, its summary, its level, tags and precision."""
    rules = {rule["id"]: rule for rule in sarif(govern, *files)["tool"]["driver"]["rules"]}
    guard = rules["guard-loosens"]
    assert guard["help"]["markdown"].startswith("# guard-loosens\n")
    assert guard["shortDescription"]["text"].startswith("A guard makes the call pass")
    assert {"level": "warning"} == guard["defaultConfiguration"]
    assert {"tags": ["charter", "rule"], "precision": "very-high", "problem.severity": "warning"} == guard["properties"]
    assert ["charter", "loading"] == rules["unknown-key"]["properties"]["tags"]


def test_sarif_suppressions(govern: Govern, files: list[str]) -> None:
    """A suppressed finding is a result with its justification, a known one has its state; others have neither."""
    assert 3 == govern("lint", *files[:1], "none.yaml", "--write-baseline", "known.json").code
    results = sarif(govern, *files, "--baseline", "known.json")["results"]
    by_rule = {result["ruleId"]: result for result in results}
    assert [{"kind": "inSource", "status": "accepted", "justification": "from March"}] == by_rule["role-unused"][
        "suppressions"
    ]
    assert ("external", "unchanged") == (
        by_rule["guard-loosens"]["suppressions"][0]["kind"],
        by_rule["guard-loosens"]["baselineState"],
    )
    assert ([], "new") == (by_rule["unknown-key"]["suppressions"], by_rule["unknown-key"]["baselineState"])


def test_sarif_says_what_was_not_judged(govern: Govern, files: list[str]) -> None:
    """A file that cannot be read makes the run unsuccessful, and is a notification."""
    (invocation,) = sarif(govern, *files)["invocations"]
    assert (False, 3) == (invocation["executionSuccessful"], invocation["exitCode"])
    (told,) = invocation["toolExecutionNotifications"]
    assert ("file-unreadable", "there is no file `none.yaml`") == (told["descriptor"]["id"], told["message"]["text"])
    (good,) = sarif(govern, "clean.yaml")["invocations"]
    assert (True, 0, []) == tuple(
        good[key] for key in ("executionSuccessful", "exitCode", "toolExecutionNotifications")
    )


def test_sarif_fingerprints_stay(govern: Govern, files: list[str], tmp_path: Path) -> None:
    """They are those of the baseline's entries, and stay when lines move."""
    assert 0 == govern("lint", files[0], "--write-baseline", "known.json").code
    (entry,) = json.loads((tmp_path / "known.json").read_text("utf-8"))["findings"]
    file = tmp_path / files[0]
    file.write_text("# moved\n" + file.read_text("utf-8"), "utf-8")
    (result,) = sarif(govern, files[0])["results"]
    assert {"governFinding/v1": entry["fingerprint"]} == result["partialFingerprints"]


@pytest.mark.parametrize(
    ("file", "uri"),
    [
        ("a.yaml", "a.yaml"),
        ("./x/../a.yaml", "a.yaml"),
        ("a:b.yaml", "a%3Ab.yaml"),
        ("a\\b?.yaml", "a%5Cb%3F.yaml"),
        ("\udcff.yaml", "%FF.yaml"),
        ("/a b.yaml", "file:///a%20b.yaml"),
        ("standard input", "stdin:"),
    ],
)
def test_sarif_uris(file: str, uri: str) -> None:
    """Names become URIs; outside the folder they are absolute."""
    assert uri == artifact(file)["uri"]


@pytest.mark.corpus
@pytest.mark.skipif(not (CORPUS / "suites").is_dir(), reason=f"no corpus at {CORPUS} (set GOVERN_CORPUS)")
def test_sarif_against_its_schema(govern: Govern, files: list[str]) -> None:
    """Every document is valid by the schema that OASIS publishes, and the schema is really used."""
    packed = (CORPUS / "suites/sarif_2_1_0_schema.tar.zst").read_bytes()
    with tarfile.open(fileobj=io.BytesIO(zstandard.ZstdDecompressor().decompressobj().decompress(packed))) as suite:
        (name,) = (name for name in suite.getnames() if name.endswith(".json"))
        member = suite.extractfile(name)
        assert member is not None
        schema = json.loads(member.read())
    checker = jsonschema.validators.validator_for(schema)(
        schema, format_checker=jsonschema.Draft7Validator.FORMAT_CHECKER
    )
    assert 3 == govern("lint", *files, "--write-baseline", "known.json").code
    for arguments in (files, ["clean.yaml"], [*files, "--baseline", "known.json"], ["-"]):
        document = json.loads(govern("lint", *arguments, "--format", "sarif", stdin=team(GUARD)).out)
        assert [] == [f"{error.json_path}: {error.message}" for error in checker.iter_errors(document)]
    (run,) = document["runs"]
    for broken in ({**document, "version": "2"}, {**document, "runs": [{**run, "columnKind": "bytes"}]}):
        assert not checker.is_valid(broken)


def test_junit(govern: Govern, files: list[str]) -> None:
    """A suite for each file; failures from the fail level on, skips for what is suppressed, errors for unread files."""
    ran = govern("lint", *files, "clean.yaml", "--format", "junit")
    assert 3 == ran.code
    root = ElementTree.fromstring(ran.out)
    suites = {suite.get("name"): suite for suite in root}
    numbers = {
        name: tuple(int(suite.get(key) or -1) for key in ("tests", "failures", "errors", "skipped"))
        for name, suite in suites.items()
    }
    assert {
        "a b/ö#%.yaml": (1, 1, 0, 0),
        "quiet.yaml": (2, 0, 0, 1),
        "error.yaml": (1, 1, 0, 0),
        "none.yaml": (1, 0, 1, 0),
        "note.yaml": (2, 0, 0, 0),
        "clean.yaml": (1, 0, 0, 0),
    } == numbers
    assert tuple(str(sum(column)) for column in zip(*numbers.values(), strict=True)) == tuple(
        root.get(key) for key in ("tests", "failures", "errors", "skipped")
    )
    assert all(len(suite) == int(suite.get("tests") or -1) for suite in root)
    failure = suites["error.yaml"][0][0]
    assert ("failure", "error:unknown-key") == (failure.tag, failure.get("type"))
    assert "error.yaml:4:5: error[unknown-key]" in (failure.text or "")
    strict = ElementTree.fromstring(govern("lint", "note.yaml", "--fail-on", "note", "--format", "junit").out)
    assert "1" == strict.get("failures")


def test_junit_shows_why_it_is_red(govern: Govern) -> None:
    """What fails the run is in the report, also where it is below what is to be shown."""
    ran = govern("lint", "warning.yaml", "--min-severity", "error", "--format", "junit")
    assert (1, "1") == (ran.code, ElementTree.fromstring(ran.out).get("failures"))


@pytest.mark.parametrize("char", ["\x00", "\x1b", "\x0b", "\ufffe", "\udc80", "\x85", "]]>", "<&\"'", "\n\t"])
def test_junit_holds_any_text(char: str) -> None:
    """Characters that XML does not allow are made visible; the others survive."""
    one = Finding("a-rule", Severity.ERROR, f"m{char}m", Location(f"f{char}.yaml", 1, 1, 1, 2), f"h{char}h")
    text = junit(LintRun((Linted(f"f{char}.yaml", (one,), None, True),)), View(), Severity.ERROR)
    root = ElementTree.fromstring(text.encode("utf-8"))
    assert "1" == root.get("failures")
    failure = root[0][0][0]
    assert (failure.text or "").endswith(f"h{char}h") or "\\" in (failure.text or "")


def test_github(govern: Govern, files: list[str]) -> None:
    """A command for each finding, the worst first, then the summary as plain text."""
    ran = govern("lint", *files, "--format", "github")
    lines = ran.out.splitlines()
    assert (
        "::error file=error.yaml,line=4,endLine=4,col=5,endColumn=9,title=unknown-key::"
        "`teir` is not a key of a tool%0Adid you mean `tier`?" == lines[0]
    )
    assert "::error file=none.yaml,title=file-unreadable::there is no file `none.yaml`" == lines[1]
    assert lines[2].startswith("::warning file=a b/ö#%25.yaml,line=7,")
    assert lines[3].startswith("::notice file=note.yaml,")
    assert lines[4].startswith("2 errors, 1 warning, 1 note, 1 suppressed in 4 charters; 1 could not be judged.")
    assert not any(line.startswith("::") for line in lines[4:])


def test_github_escapes() -> None:
    """Nothing in a name or a message ends the command, begins another, or adds a property."""
    place = Location("a,b:c%\n::stop.yaml", 1, 2, 3, 4)
    line = annotation(Finding("a-rule", Severity.NOTE, "50%: a,b\r\n::error::x", place))
    assert "\n" not in line
    assert "\r" not in line
    properties, _, message = line.removeprefix("::notice ").partition("::")
    assert ["file", "line", "endLine", "title"] == [part.split("=")[0] for part in properties.split(",")]
    assert "file=a%2Cb%3Ac%25⏎%3A%3Astop.yaml" == properties.split(",")[0]
    assert message.startswith("50%25: a,b")
    assert "%0A::error::x" in message
