"""`govern lint` and `govern explain` as a user runs them: text, the JSON contract, exit codes, several inputs.

Leaves out what each rule finds (`test_rules`) and what loading refuses (tests/charter).
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from govern.lint.engine import lint_rules, page_ids

from .running import CLEAN, ERROR, ROOT, Govern, Ran, report

GAPS = sorted(path.stem for path in (ROOT / "src/govern/reconstruct/gaps").glob("*.md"))


def test_an_error_and_a_warning(govern: Govern) -> None:
    """Each finding has its place, its source line, a caret and a hint; the summary counts and names the worst."""
    ran = govern("lint", "warning.yaml", "error.yaml")
    expected = """\
warning[model-asserts]: this waiver rests only on `args.checks_passed`, which the model writes
  warning.yaml:4:35
   3 |     tier: irreversible
   4 |     approval: {ask: lead, unless: args.checks_passed}
     |                                   ^^^^^^^^^^^^^^^^^^
     = ask a gate, or judge what the call does; nothing that the model says of itself is evidence

error[unknown-key]: `teir` is not a key of a tool
  error.yaml:4:5
   3 |   post_comment:
   4 |     teir: reversible
     |     ^^^^ did you mean `tier`?

1 error, 1 warning in 2 charters.  govern explain unknown-key
1 can be fixed with --fix --unsafe-fixes; look with --diff first.
"""
    assert expected == ran.out
    assert (1, "") == (ran.code, ran.err)


def test_nothing_found(govern: Govern) -> None:
    """A clean charter says that it was looked at."""
    assert Ran(0, "no findings in 1 charter.\n", "") == govern("lint", "clean.yaml")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["clean.yaml"], 0),
        (["note.yaml"], 0),
        (["note.yaml", "--fail-on", "note"], 1),
        (["warning.yaml"], 1),
        (["warning.yaml", "--fail-on", "error"], 0),
        (["error.yaml", "--fail-on", "error"], 1),
        (["error.yaml", "clean.yaml"], 1),
        (["missing.yaml"], 3),
        (["error.yaml", "missing.yaml"], 3),
        (["missing.yaml", "clean.yaml"], 3),
        (["warning.yaml", "--min-severity", "error"], 1),
        (["clean.yaml", "--fail-on", "never"], 2),
        (["clean.yaml", "--format", "xml"], 2),
    ],
)
def test_exit_code(govern: Govern, arguments: list[str], code: int) -> None:
    """What could not be judged weighs most, then what was found; hiding a finding does not excuse it."""
    ran = govern("lint", *arguments)
    assert code == ran.code
    assert "Traceback" not in ran.err


def test_the_json_contract(govern: Govern) -> None:
    """The document has every finding with its span, the counts, and what each file gave."""
    document = report(govern("lint", "error.yaml", "clean.yaml", "missing.yaml", "--format", "json"))
    assert {
        "rule": "unknown-key",
        "severity": "error",
        "message": "`teir` is not a key of a tool",
        "hint": "did you mean `tier`?",
        "file": "error.yaml",
        "line": 4,
        "column": 5,
        "end_line": 4,
        "end_column": 9,
        "confidence": "high",
        "fix": {
            "message": "write `tier` instead of `teir`",
            "safe": False,
            "edits": [{"line": 4, "column": 5, "end_line": 4, "end_column": 9, "text": "tier"}],
        },
    } == document["findings"][0]
    assert ("file-unreadable", "missing.yaml", 0) == tuple(
        document["findings"][1][key] for key in ("rule", "file", "line")
    )
    assert {"error": 2, "warning": 0, "note": 0} == document["counts"]
    assert (2, 1, 0) == (document["judged"], document["not_judged"], document["hidden"])
    assert [("error.yaml", True, 1), ("clean.yaml", True, 0), ("missing.yaml", False, 1)] == [
        (file["file"], file["judged"], file["findings"]) for file in document["files"]
    ]


def test_the_schema_refuses(govern: Govern) -> None:
    """The published schema is one, and refuses a document without a finding's place or with another name."""
    schema = json.loads((ROOT / "schemas/lint.v1.json").read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    checker = jsonschema.Draft202012Validator(schema)
    document = report(govern("lint", "error.yaml", "--format", "json"))
    for broken in (
        {},
        {**document, "schema": "govern/lint/v2"},
        {**document, "findings": [{key: value for key, value in document["findings"][0].items() if key != "line"}]},
        {**document, "counts": {"error": 1}},
    ):
        assert not checker.is_valid(broken)


def test_what_is_hidden_is_counted(govern: Govern) -> None:
    """`--min-severity` leaves findings out of sight, never out of the counts, in both formats."""
    text = govern("lint", "note.yaml", "warning.yaml", "--min-severity", "warning")
    assert "note[" not in text.out
    assert "1 warning, 1 note in 2 charters, 1 not shown (--min-severity).  govern explain model-asserts" in text.out
    document = report(govern("lint", "note.yaml", "warning.yaml", "--min-severity", "warning", "--format", "json"))
    assert ["model-asserts"] == [finding["rule"] for finding in document["findings"]]
    assert ({"error": 0, "warning": 1, "note": 1}, 1) == (document["counts"], document["hidden"])


def test_a_folder(govern: Govern, tmp_path: Path) -> None:
    """Every .yaml and .yml below a folder is linted once, by name; hidden names and other files are left out."""
    for place in ("team/a.yml", "team/inner/b.yaml", "team/.hidden.yaml", "team/.git/c.yaml", "team/notes.txt"):
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).write_text(CLEAN, "utf-8")
    document = report(govern("lint", "team", "team/a.yml", "--format", "json"))
    assert ["team/a.yml", "team/inner/b.yaml"] == [file["file"] for file in document["files"]]
    assert 0 == govern("lint", "team").code


def test_a_folder_without_a_charter(govern: Govern, tmp_path: Path) -> None:
    """Empty is not green."""
    (tmp_path / "empty").mkdir()
    ran = govern("lint", "clean.yaml", "empty")
    assert 3 == ran.code
    assert "there is no `.yaml` file below `empty`" in ran.out
    assert "1 could not be judged" in ran.out


def test_standard_input(govern: Govern) -> None:
    """`-` reads a charter from standard input, beside files; nothing there is not green."""
    document = report(govern("lint", "clean.yaml", "-", "--format", "json", stdin=ERROR))
    assert [("unknown-key", "standard input")] == [(found["rule"], found["file"]) for found in document["findings"]]
    assert 2 == document["judged"]
    assert 3 == govern("lint", "-", stdin="").code


def test_hostile_text_is_made_visible(govern: Govern, tmp_path: Path) -> None:
    """A terminal escape in a charter is never sent to the terminal."""
    (tmp_path / "hostile.yaml").write_text(CLEAN + '"\\e]0;x\\a": 1\n# \x1b[31mred\n', "utf-8")
    ran = govern("lint", "hostile.yaml")
    assert ran.code in (1, 3)
    assert "\x1b" not in ran.out + ran.err


@pytest.mark.parametrize("id", [*page_ids(), *GAPS])
def test_explain(govern: Govern, id: str) -> None:
    """Every id that a finding or a gap can have has its page."""
    ran = govern("explain", id)
    assert (0, "") == (ran.code, ran.err)
    assert ran.out.startswith(f"# {id}\n")


def test_explain_knows_all_kinds() -> None:
    """The test above judges rules, loading errors and gaps."""
    assert {rule.id for rule in lint_rules()} | {"unknown-key"} <= set(page_ids())
    assert "gate-did-not-hold" in GAPS


@pytest.mark.parametrize(
    ("word", "meant"),
    [("guard-losens", "guard-loosens"), ("unknown-keys", "unknown-key"), ("gate-did-not-held", "gate-did-not-hold")],
)
def test_explain_suggests(govern: Govern, word: str, meant: str) -> None:
    """An unknown id is a usage error that names the nearest one, of whatever kind."""
    ran = govern("explain", word)
    assert (2, "") == (ran.code, ran.out)
    assert f"`{word}`" in ran.err
    assert f"did you mean `{meant}`?" in ran.err


@pytest.mark.parametrize("word", ["../engine", "__init__", "rules/guard-loosens", "", "\x1b[31m"])
def test_explain_opens_nothing_else(govern: Govern, word: str) -> None:
    """An id is a name among names, never a path; what it holds never reaches the terminal raw."""
    ran = govern("explain", word)
    assert (2, "") == (ran.code, ran.out)
    assert "\x1b" not in ran.err


def test_what_is_not_asked_for_is_not_loaded(tmp_path: Path) -> None:
    """A run without configuration, baseline, suppressions and fixes waits for the code of none of them."""
    (tmp_path / "clean.yaml").write_text(CLEAN, "utf-8")
    program = (
        "import sys\n"
        "from govern.cli import app\n"
        "sys.argv = ['govern', 'lint', 'clean.yaml']\n"
        "try:\n    app.main()\nexcept SystemExit:\n"
        "    late = ['tomllib', 'tempfile', 'xml', 'govern.charter.comments', 'govern.report.lint_sarif']\n"
        "    late += ['govern.lint.' + each for each in ('suppress', 'baseline', 'mend', 'revision', 'write')]\n"
        "    sys.stderr.write(str([name for name in late if name in sys.modules]))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert "[]" == done.stderr
