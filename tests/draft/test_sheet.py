"""The drafted file: it loads, says why, marks what people must decide, and holds foreign words in comments only."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from govern.charter.comments import trivia
from govern.charter.load import load_text
from govern.charter.source import Source
from govern.draft.formats import listing
from govern.draft.listing import Listing
from govern.draft.sheet import Draft, Head, draft
from govern.errors import EvidenceError
from govern.events.canonical import load

SCHEMA = {"type": "object", "required": ["a"], "properties": {"a": {"type": "string"}}}


def of(*tools: Any) -> Listing:
    return listing(load(json.dumps({"tools": list(tools)})), "tools.json")


def drafted(*tools: Any, **head: Any) -> Draft:
    return draft(of(*tools), Head(**head))


def tool(name: str, **other: Any) -> dict[str, Any]:
    return {"name": name, "inputSchema": SCHEMA, **other}


def test_whole_draft() -> None:
    """The file as a reviewer gets it: irreversible first, a reason behind every tier, at the end what is left."""
    made = drafted(
        tool("get_note", description="Reads a note.\nMore of it."),
        tool("delete_note", description='Deletes a "note".', annotations={"destructiveHint": True}),
        tool("add_note", annotations={"openWorldHint": True}),
        {"name": "frobnicate", "annotations": {"readOnlyHint": True}},
        agent="notes",
        owner="head-of-notes",
    )
    assert made.whole
    assert (
        """# A draft by `govern init`, of tools.json. Every tier is a guess, its reason behind it. Text in double quotes
# is the list's own. What people must decide is marked `decide:`; the end of the file lists it.
govern: 1
agent: notes
version: 1
purpose: Is drafted and waits for a person to say what it is for.  # decide: what it is for
owner: head-of-notes
roles: [head-of-notes, approver]    # decide: your roles
approvals:
  # decide: who may approve, and what silence means after which time.
  approver: {roles: [approver], if_no_answer: [{after: 4h, then: deny}]}

tools:
  # Irreversible, 2 of 4: somebody is asked first.

  # "Deletes a 'note'."
  delete_note:
    tier: irreversible              # verb `delete`; the server calls it destructive
    approval: {ask: approver}
    input: {type: object, required: [a], properties: {a: {type: string}}}

  # decide: its tier; the server says that it only reads; its name does not, and the hint alone is not believed
  # decide: its input; the list says nothing of its arguments
  frobnicate:
    tier: irreversible              # its name says nothing about its effect
    approval: {ask: approver}

  # Reversible, 1 of 4: nobody is asked.

  add_note:
    tier: reversible                # verb `add`
    external: true                  # the server says it reaches an open world
    input: {type: object, required: [a], properties: {a: {type: string}}}

  # Read-only, 1 of 4: nobody is asked.

  # "Reads a note. More of it."
  get_note:
    tier: read_only                 # verb `get`
    input: {type: object, required: [a], properties: {a: {type: string}}}

escalation:
  - {event: unmapped, to: head-of-notes}  # decide: who hears of a tool that is not here
shadow: {business_days: 5, reviewer: head-of-notes}  # decide: how long, and who reviews

# Left to decide:
#   1. purpose, roles: written here as placeholders.
#   2. identity and scenarios: whose account it works with, and what is meant where words are unclear.
#   3. every tier: a name cannot say what a call does.
#   4. 1 tool about which nothing is sure: frobnicate.
#   5. 2 tools that ask `approver`: who that is, and where nobody need be asked.
#   6. 1 tool without `input`: frobnicate.
"""
        == made.text
    )


def test_without_irreversible_tools() -> None:
    """No gate and no approver where nobody is asked."""
    made = drafted(tool("get_a"))
    assert "approv" not in made.text
    assert () == load_text(made.text).findings


def test_library() -> None:
    """A library describes: no agent, no roles, no approvals; its server is a key, not a part of names."""
    made = drafted(tool("delete_a"), tool("get_a"), library="things", server="thing-server")
    loaded = load_text(made.text)
    assert () == loaded.findings
    lines = [line for line in made.text.splitlines() if not line.startswith("#")]
    assert ["govern: 1", "library: things", "version: 1"] == lines[:3]
    assert "server: thing-server" in lines
    assert "  delete_a:" in lines
    grants = ("agent", "owner", "roles", "approvals", "    approval", "escalation", "shadow")
    assert [] == [line for line in lines if line.startswith(grants)]


def test_server() -> None:
    """A server's name stands before every tool's; a name that becomes too long is left out."""
    made = drafted(tool("get_a"), tool("g" * 120), server="some-server")
    assert ["some-server/get_a"] == [row.name for row in made.rows]
    assert "132 characters" in made.left_out[0].reason
    assert not made.whole


SCARY = (
    "x\r\n\tgovern: 2\u2028# govern: ignore[tool-without-schema] it is fine\x00\u202e\u200b "
    "#govern: ignore[a] b\U000e0041"
)


@pytest.mark.parametrize("place", ["description", "title", "key", "enum", "const", "default", "name", "unknown"])
def test_foreign_words_stay_harmless(place: str) -> None:
    """Whatever a list says, its words change no meaning, hide nothing, and are no directive to the linter."""
    argument: dict[str, Any] = {"type": "string"}
    schema: dict[str, Any] = {"type": "object", "properties": {"a": argument}}
    bad = tool("get_a", inputSchema=schema)
    match place:
        case "description":
            bad["description"] = SCARY
        case "title" | "const" | "default" | "unknown":
            argument[SCARY if place == "unknown" else place] = SCARY
        case "key":
            schema["properties"][SCARY] = {"type": "object"}
        case "enum":
            argument["enum"] = [SCARY]
        case "name":
            bad["name"] = SCARY
    made = drafted(bad, tool("get_b"))
    assert () == load_text(made.text).findings
    assert made.text.replace("\n", "").isprintable()
    comments = [made.text[one.start : one.end] for one in comments_of(made.text)]
    assert [] == [comment for comment in comments if comment.lstrip("# ").startswith("govern") or "#govern" in comment]
    assert [] == [comment for comment in comments if " #" in comment]


def comments_of(text: str) -> Any:
    return trivia(Source.of(text, "x")).comments


@given(st.text(max_size=60), st.text(max_size=20))
@settings(max_examples=150, deadline=None)
def test_any_words(description: str, key: str) -> None:
    """Any description and any argument's name give a draft that loads and maps the same two tools."""
    schema = {"type": "object", "properties": {key: {"type": "string"}}}
    document = {"tools": [tool("get_a", description=description, inputSchema=schema), tool("get_b")]}
    made = draft(listing(document, "x"), Head())
    loaded = load_text(made.text)
    assert () == loaded.findings
    assert loaded.charter is not None
    assert ["get_a", "get_b"] == list(loaded.charter.tools)


def test_deterministic() -> None:
    """The same list gives the same bytes."""
    tools = [tool(f"{verb}_{index}") for index, verb in enumerate(["get", "delete", "add", "frob"] * 5)]
    assert drafted(*tools).text == drafted(*tools).text


def test_the_loader_is_asked() -> None:
    """A schema that the loader refuses is left out with the loader's own reason; the tool is drafted."""
    lookahead = {"type": "object", "properties": {"a": {"type": "string", "pattern": "(?=a)b"}}}
    made = drafted(tool("get_a", inputSchema=lookahead), tool("get_b", inputSchema={"type": "object", "required": "a"}))
    assert [None, None] == [row.kept for row in made.rows]
    assert "not RE2" in made.rows[0].no_input
    assert made.rows[1].no_input
    assert not made.whole


def test_nothing_to_draft() -> None:
    with pytest.raises(EvidenceError, match="no tool can be drafted: no name"):
        drafted({"description": "nameless"})


@pytest.mark.parametrize(
    "argument",
    [
        {"properties": {f"p{index}": {"enum": list(range(20))} for index in range(130)}},
        {"enum": [f"{index:0400}" for index in range(100)]},
    ],
    ids=["many", "long"],
)
def test_large_lists_stay_loadable(argument: Any) -> None:
    """Inputs beyond the room of one file are left out, said, and counted; the first ones are kept."""
    schema = {"type": "object", "properties": {"a": argument}}
    made = drafted(*(tool(f"get_{index}", inputSchema=schema) for index in range(26)))
    left = [bool(row.no_input) for row in made.rows]
    assert sorted(left) == left
    assert 0 < sum(left) < 26
    assert () == load_text(made.text).findings
    assert not made.whole
