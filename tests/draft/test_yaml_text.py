"""What is written as YAML is read back by the charter's loader as the very same data."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from govern.charter.load import load_text
from govern.charter.source import decode
from govern.draft.yaml_text import WIDTH, entry, flow, scalar
from govern.events.canonical import text_of

HEAD = """govern: 1
agent: probe
version: 1
purpose: Holds one value.
owner: lead
roles: [lead]
tools:
  probe:
    tier: reversible
"""
# What YAML readers take for something else, one trap of each kind.
TRAPS = [
    "", " ", "true", "True", "no", "NO", "on", "y", "N", "null", "~", "Null", "12:30", "1:2:3", "2026-01-02",
    "2026-01-02T10:00:00Z", "010", "0x1f", "0o17", "1_000", "1e3", "+1", "-", "- a", "?", "? a", ":", "a: b", "a:",
    " a", "a ", "a #b", "#a", "&a", "*a", "!a", "!!str a", "|", ">", "%a", "@a", "`a`", "'a'", '"a"', "[a", "a]",
    "{a", "a}", "a, b", "<<", "=", "...", "---", "a\nb", "a\tb", "\\", "\\n", ".inf", ".nan", "-.5", "1.", ".5",
    "\u200b", "\u202e", "\ufeff", "\x00", "\x7f", "\x85", "\u2028", "\u00a0", "\u3164", "\U000e0041", "\U0001f600",
    "\ud7ff", "\ue000", "\uffff", "é", "a b", "x'y", "args.a > 1 ? b : c", "!has(args.x)",
]  # fmt: skip

texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=12) | st.sampled_from(TRAPS)


def without_twins(made: dict[str, Any]) -> bool:
    """Keys that differ only by case have no canonical form."""
    return len({key.casefold() for key in made}) == len(made)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(-1e6, 1e6, width=32) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4).filter(without_twins),
    max_leaves=12,
)


def read_back(value: Any) -> Any:
    schema = {"type": "object", "properties": {"x": {"const": value}}}
    text = HEAD + "\n".join(entry("input", schema, 4)) + "\n"
    loaded = load_text(text)
    assert () == loaded.findings, text
    assert loaded.charter is not None
    tool = loaded.charter.tools["probe"]
    assert tool.input is not None
    return tool.input.schema["properties"]["x"]["const"]


@given(json_values)
@settings(max_examples=300, deadline=None)
def test_round_trip(value: Any) -> None:
    """Any JSON value comes back with the same canonical text through the charter's loader."""
    assert text_of(value) == text_of(read_back(value))


@pytest.mark.parametrize("text", TRAPS, ids=ascii)
def test_traps_come_back_as_text(text: str) -> None:
    """Text that some reader would take for another value comes back as that text, as a value and as a key."""
    assert {text: text} == read_back({text: text})
    assert [text, [text]] == read_back([text, [text]])


@pytest.mark.parametrize("text", TRAPS, ids=ascii)
def test_nothing_invisible_is_written(text: str) -> None:
    """No character of the text is one that the loader refuses, whatever the value held."""
    source, findings = decode(f"a: {scalar(text)}\n".encode(), "x")
    assert source is not None
    assert () == findings


def test_plain_words_stay_plain() -> None:
    assert "no longer needed" == scalar("no longer needed")
    assert ['"y"', '"N"'] == [scalar("y"), scalar("N")]  # YAML 1.1 has these as truth values too
    assert "$ref: a" == f"{scalar('$ref')}: {scalar('a')}"
    assert '{type: [string, "null"], minimum: 0.5}' == flow({"type": ["string", "null"], "minimum": 0.5})


def test_one_line_where_it_fits_else_several() -> None:
    """A collection stands on one line up to the width, and below its key beyond it."""
    fits = {"enum": ["a" * 20] * 4}
    assert 1 == len(entry("input", fits, 4))
    assert max(map(len, entry("input", fits, 4))) <= WIDTH
    assert ["    input:", "      enum:", *[f"        - {'a' * 20}"] * 5] == entry("input", {"enum": ["a" * 20] * 5}, 4)
    assert ["x: {}"] == entry("x", {}, 0)


def test_lists_of_collections() -> None:
    long = "a" * 60
    assert ["x:", f"  - a: {long}", f"    b: {long}", "  - [1]"] == entry("x", [{"a": long, "b": long}, [1]], 0)
