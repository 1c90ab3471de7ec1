"""A test suite in the editor: its errors at their places, completion and hover by its own keys."""

from __future__ import annotations

from pathlib import Path

from govern.charter.files import nowhere
from govern.editor.diagnose import diagnose
from govern.editor.parsed import parsed
from govern.editor.place import kind_of_file
from govern.lint.config import Configuration

EXAMPLE = Path(__file__).parents[2] / "src" / "govern" / "charter" / "examples" / "suite.test.yaml"


def test_a_suite_is_one() -> None:
    """It names a deployment, and is none."""
    one = parsed(EXAMPLE.read_text("utf-8"), "suite.test.yaml")
    assert ("tests", "mail-desk") == (one.kind, one.name)
    assert one.root is not None
    assert "tests" == kind_of_file(one.root)


def test_its_errors() -> None:
    """As the file stands in the editor, with the charter beside it on disk."""
    text = EXAMPLE.read_text("utf-8")
    assert () == diagnose(text, str(EXAMPLE), nowhere, Configuration()).diagnostics
    slip = text.replace("expect: {deny: few}", "expect: {deny: fwe}")
    (one,) = diagnose(slip, str(EXAMPLE), nowhere, Configuration()).diagnostics
    assert ("undefined-rule", slip.index("fwe}")) == (one.finding.rule, one.start)
