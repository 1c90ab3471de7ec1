"""Every error that loading can print has a page, and what the page says to avoid and to prefer is so."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import govern.charter.load
import govern.conditions.check
from govern.charter.input_schema import FORMATS
from govern.charter.load import load, load_bytes, load_text
from govern.charter.source import MAX_BYTES
from govern.lint.engine import page

from .fragments import files_of, findings_of, whole

CHARTER = Path(govern.charter.load.__file__).parent
CONDITIONS = Path(govern.conditions.check.__file__).parent
PAGES = CHARTER / "pages"
# An id is two or more lower-case words with hyphens; nothing else in these packages is written so but formats.
ID = re.compile(r"[a-z]+(?:-[a-z]+)+")

# What no block on a page can show: the whole file, or characters that a page should not hold either.
BY_BYTES = {
    "file-empty": b"# nothing\n",
    "file-encoding": b"govern: 1\nagent: \xff\n",
    "file-too-large": b"#" * (MAX_BYTES + 1),
    "control-character": b"govern: 1\x07\n",
    "hidden-character": "govern: 1\npurpose: a\u202eb\n".encode(),
    "odd-line-break": "govern: 1 # a\u2028b: 2\n".encode(),
    "yaml-too-deep": b"a: " + b"[" * 100 + b"]" * 100,
}
BY_PATH = {"file-unreadable", "lock-mismatch", "lock-unreadable"}


def _ids() -> set[str]:
    """Every id in the source, so that a new one without a page fails."""
    texts = {
        node.value
        for folder in (CHARTER, CONDITIONS)
        for file in folder.glob("*.py")
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    return {text for text in texts if ID.fullmatch(text)} - FORMATS


IDS = sorted(_ids())


def _block(text: str, heading: str) -> str | None:
    found = re.search(rf"^## {heading}\n```yaml\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return found[1] if found else None


def _rules(block: str) -> set[str]:
    return {finding.rule for finding in findings_of(block)}


def test_ids_are_found() -> None:
    """The source is really searched: ids of both packages are there, and a good many."""
    assert {"unknown-key", "condition-syntax", "condition-pattern", "yaml-tab", "schema-invalid"} < set(IDS)
    assert len(IDS) > 50


def test_a_page_for_each_id_and_no_other() -> None:
    assert sorted(path.stem for path in PAGES.glob("*.md")) == IDS


def test_the_minimal_charter_loads() -> None:
    """What the blocks are put into is itself without error: a finding comes from the block."""
    assert load_text(whole("")).findings == ()


@pytest.mark.parametrize("id", IDS)
def test_shape(id: str) -> None:
    """Title, one line of summary, then Avoid and Prefer or how to fix it, then why; lines fit a terminal."""
    text = page(id)
    assert text is not None
    lines = text.splitlines()
    assert [f"# {id}", ""] == lines[:2]
    assert re.fullmatch(r"[A-Z].{20,100}\.", lines[2])
    shown = ["Avoid", "Prefer"] if id not in BY_BYTES.keys() | BY_PATH else ["How to fix it"]
    assert [*shown, "Why"] == re.findall(r"^## (.*)$", text, re.MULTILINE)
    assert max(map(len, lines)) <= 120
    assert text.isascii() or not re.search("[\u200b-\u200f\u202a-\u202e\u2066-\u2069]", text)


@pytest.mark.parametrize("id", [id for id in IDS if id not in BY_BYTES.keys() | BY_PATH])
def test_avoid_is_refused_with_this_id(id: str) -> None:
    block = _block(page(id) or "", "Avoid")
    assert block is not None
    assert id in _rules(block)


@pytest.mark.parametrize("id", [id for id in IDS if id not in BY_BYTES.keys() | BY_PATH])
def test_prefer_loads(id: str) -> None:
    block = _block(page(id) or "", "Prefer")
    assert block is not None
    assert set() == _rules(block)


@pytest.mark.parametrize("id", sorted(BY_BYTES))
def test_what_no_block_can_show(id: str) -> None:
    assert id in {finding.rule for finding in load_bytes(BY_BYTES[id], "charter.yaml").findings}


def test_a_block_of_several_files() -> None:
    """A line with a name begins a file; each is filled in by its kind, and the first is the one that is loaded."""
    files = files_of("# charter.yaml\nextends: [org.yaml]\n# org.yaml\nbase: org\n")
    assert ["charter.yaml", "org.yaml"] == list(files)
    assert "agent: desk" in files["charter.yaml"]
    assert "tools:" not in files["org.yaml"]
    assert () == findings_of("# charter.yaml\nextends: [org.yaml]\n# org.yaml\nbase: org\n")


_PINS = b'{"charters":{"c.yaml":{"parts":{"org.yaml":"sha256:0"},"tools":{}}},"schema":"govern/lock/v1"}'


@pytest.mark.parametrize(("id", "lock"), [("lock-mismatch", _PINS), ("lock-unreadable", b"{}")])
def test_a_lock(id: str, lock: bytes) -> None:
    assert {id} == {finding.rule for finding in load_text(whole(""), "c.yaml", lock=lock).findings}


def test_unreadable(tmp_path: Path) -> None:
    assert ["file-unreadable"] == [finding.rule for finding in load(tmp_path / "none.yaml").findings]
