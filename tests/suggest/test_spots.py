"""Where stanzas are written: behind the last tool, in the file's own layout, and nothing else moves."""

from __future__ import annotations

import json

import pytest

from govern.charter.load import load_text
from govern.draft.stanza import Stanza
from govern.findings import Fix
from govern.lint.mend import edited
from govern.policy.model import Tier
from govern.suggest.spots import Gate, NoPlace, edits

from .seen import CHARTER

NEW = Stanza("add_note", Tier.REVERSIBLE, "verb `add`", notes=("seen twice",))
ASKS = Stanza("send", Tier.IRREVERSIBLE, "verb `send`", gate="lead")
BRACES = """\
{govern: 1, agent: a, version: 1, purpose: Tries., owner: r, roles: [r],
 tools: {get_a: {tier: read_only}, get_b: {tier: read_only} # the last
 }}
"""
PLAIN = "govern: 1\nagent: a\nversion: 9\npurpose: Tries.\nowner: r\nroles: [r]\ntools:\n"


def with_tools(text: str, *tools: Stanza, gate: Gate | None = None) -> str:
    after = edited(text, [Fix("", edits(text, tools, gate))])
    loaded = load_text(after)
    assert loaded.charter is not None, (after, loaded.findings)
    assert {tool.name for tool in tools} <= loaded.charter.tools.keys()
    return after


def added(before: str, after: str) -> list[str]:
    """The lines that came, where those that were there are there still, in their order, but for the version."""
    new = after.splitlines()
    for line in before.splitlines():
        if not line.lstrip().startswith("version:"):
            new.remove(line)
    return [line for line in new if not line.lstrip().startswith("version:")]


def test_block_with_comments() -> None:
    """Behind the last tool and the comment that is indented as it is, apart by an empty line as the tools are; every
    comment stays, and the version is the next one."""
    after = with_tools(CHARTER, NEW)
    note = "  # seen twice\n  add_note:\n    tier: reversible                # verb `add`\n"
    assert f"  # the last of them\n\n{note}\nnever:" in after
    assert 4 == len(added(CHARTER, after))
    assert "version: 4   # grows" in after
    assert after.index("# the last of them") < after.index("# seen twice") < after.index("never:")


def test_several() -> None:
    after = with_tools(CHARTER, NEW, ASKS)
    assert after.index("add_note:") < after.index("  send:") < after.index("never:")


@pytest.mark.parametrize(
    "tools",
    [
        "  get_a: {tier: read_only}",
        "    get_a:\n        tier: read_only\n    # more\n\n    # and more",
        '  "get_a":\n    tier: read_only\n\n\n\n',
        "  get_a:\n    tier: irreversible\n    autonomous:\n      because: |\n        It is known.\n        So.\n",
        "  ? get_a\n  : tier: read_only\n",
    ],
)
@pytest.mark.parametrize("end", ["", "\n", "\n# the end\n", "\nnever: [{tools: [x], because: No.}]"])
@pytest.mark.parametrize("line", ["\n", "\r\n"])
def test_layouts(tools: str, end: str, line: str) -> None:
    """Any indentation, block text, no line break at the end of the file, Windows' line breaks: the result loads and
    every line is still there; or it is said that there is no sure place, and nothing is written."""
    text = (PLAIN + tools + end).replace("\n", line)
    if load_text(text).charter is None:
        pytest.skip("the language does not take this")
    try:
        after = with_tools(text, NEW)
    except NoPlace:
        assert "? get_a" in text
        return
    added(text, after)
    assert after.count("\r\n") == (after.count("\n") if line == "\r\n" else 0)


def test_braces() -> None:
    """Between braces, what stands behind the last tool stays there."""
    after = with_tools(BRACES, NEW)
    assert "get_b: {tier: read_only}," in after
    assert "# the last" in after


def test_json() -> None:
    """A charter that is JSON stays one for the loader."""
    head = {"govern": 1, "agent": "a", "version": 1, "purpose": "Tries.", "owner": "r", "roles": ["r"]}
    text = json.dumps({**head, "tools": {"a": {"tier": "read_only"}}})
    assert '"version": 2' in with_tools(text, NEW)


def test_gate_where_there_is_none() -> None:
    """A new section before `tools`, above the comment that is about the tools; to be decided about."""
    text = CHARTER[: CHARTER.index("approvals:")] + CHARTER[CHARTER.index("# What it may use.") :]
    text = text.replace("tier: irreversible\n    approval: {ask: finance}", "tier: read_only")
    after = with_tools(text, Stanza("send", Tier.IRREVERSIBLE, gate="approver"), gate=Gate("approver", "lead"))
    assert (
        "approvals:\n  # decide: who may approve, and what silence means after which time.\n"
        "  approver: {roles: [lead], if_no_answer: [{after: 4h, then: deny}]}\n\n# What it may use.\ntools:" in after
    )


def test_gate_among_others() -> None:
    after = with_tools(CHARTER, Stanza("send", Tier.IRREVERSIBLE, gate="new"), gate=Gate("new", "lead"))
    assert after.index("person: {confirm") < after.index("new: {roles: [lead]") < after.index("# What it may use.")


def test_no_sure_place() -> None:
    """Between braces there is no line for a gate: it is said, and nothing is guessed."""
    with pytest.raises(NoPlace):
        edits(BRACES, [ASKS], Gate("lead", "r"))
