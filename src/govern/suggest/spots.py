"""Where in a charter's text tools, a gate and a higher version are written: edits of spans, so that every comment and
the layout stay.

Works on the tree with positions, for block mappings and for mappings between braces. Leaves out what is written
(`draft.stanza`) and whether the result is a charter (`changed`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from govern.charter.load import tree_of
from govern.charter.source import Source
from govern.charter.yaml_tree import Map, Node, Scalar
from govern.draft import stanza
from govern.draft.stanza import Stanza
from govern.draft.yaml_text import scalar
from govern.findings import Edit


class NoPlace(Exception):
    """The text has no place where a tool could be written.

    Args:
        reason: why, as a part of a sentence.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Gate:
    """A gate that a charter does not have yet, and that somebody must decide about.

    Args:
        name: its key.
        role: one of the charter's.
    """

    name: str
    role: str


def edits(text: str, tools: Sequence[Stanza], gate: Gate | None = None) -> tuple[Edit, ...]:
    """The edits that write tools into a charter's text, and give it the next version.

    Args:
        text: of a charter that loads.
        gate: written too, where there is one.

    Raises:
        NoPlace: the text is not laid out so that there is a sure place.
    """
    source, root, _ = tree_of(text.encode("utf-8", "surrogatepass"), "charter.yaml")
    if source is None or not isinstance(root, Map):
        raise NoPlace("its text is no mapping")
    page = _Page(source, "\r\n" if "\r\n" in text else "\n")
    keys = {str(key.value): (key, value) for key, value in root.entries}
    found = [_version(keys), _tools(page, keys, tools)]
    if gate is not None:
        found.append(_gate(page, root, keys, gate))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Page:
    """A text and its line break."""

    source: Source
    end: str

    @property
    def text(self) -> str:
        return self.source.text

    def column(self, offset: int) -> int:
        """Spaces before a place on its line."""
        return self.source.position(offset)[1] - 1

    def alone(self, offset: int) -> bool:
        """Whether nothing but spaces stands before a place on its line."""
        line, column = self.source.position(offset)
        return not self.source.line(line)[: column - 1].strip(" ")

    def line_after(self, offset: int) -> int:
        """The number of the line behind the one that a value ends on."""
        line, column = self.source.position(offset)
        return line if column == 1 else line + 1

    def begins(self, line: int) -> int:
        """Where a line begins; the end of the text where there is none."""
        return self.source.starts[line - 1] if line <= len(self.source.starts) else len(self.text)


_Keys = dict[str, tuple[Scalar, Node]]


def _version(keys: _Keys) -> Edit:
    found = keys.get("version")
    if found is None or not isinstance(found[1], Scalar) or type(found[1].value) is not int:
        raise NoPlace("its `version` is no number")
    return Edit(found[1].start, found[1].end, str(found[1].value + 1))


def _tools(page: _Page, keys: _Keys, tools: Sequence[Stanza]) -> Edit:
    found = keys.get("tools")
    if found is None or not isinstance(found[1], Map) or not found[1].entries:
        raise NoPlace("its `tools` is no mapping")
    key, node = found[0], found[1]
    if page.text[node.start : node.start + 1] == "{":
        return _between_braces(page, key, node, tools)
    return _in_block(page, node, tools)


def _in_block(page: _Page, node: Map, tools: Sequence[Stanza]) -> Edit:
    names = [key.start for key, _ in node.entries]
    at, indent = _behind_last(page, node, "tools")
    apart = _apart(page, names)
    step = _step(page, node)
    lines = [line for one in tools for line in ([""] * apart + stanza.lines(one, indent, step))]
    return _inserted(page, at, lines)


def _behind_last(page: _Page, node: Map, what: str) -> tuple[int, int]:
    """The place behind the last entry of a block, and behind the comments that are indented as entries are; and how
    deep those stand."""
    names = [key.start for key, _ in node.entries]
    if not all(page.alone(start) for start in names):
        raise NoPlace(f"its `{what}` are not each on a line of their own")
    indent = page.column(names[0])
    stop = page.line_after(node.entries[-1][1].end)
    for number in range(stop, len(page.source.starts) + 1):
        line = page.source.line(number)
        bare = line.lstrip(" ")
        if bare and not (bare.startswith("#") and len(line) - len(bare) >= indent > 0):
            break
        if bare:
            stop = number + 1
    return page.begins(stop), indent


def _inserted(page: _Page, at: int, lines: Sequence[str]) -> Edit:
    made = "".join(line + page.end for line in lines)
    if at and not page.text[:at].endswith("\n"):  # the last line of the file has no end
        made = page.end + made.removesuffix(page.end)
    return Edit(at, at, made)


def _apart(page: _Page, names: Sequence[int]) -> bool:
    """Whether tools stand apart by empty lines: most of those that take more than a line do."""
    lines = [page.source.position(start)[0] for start in names]
    pairs = [(one, other) for one, other in pairwise(lines) if other > one + 1]
    empty = sum(any(not page.source.line(at).strip() for at in range(one, other)) for one, other in pairs)
    return 2 * empty >= len(pairs) if pairs else False


def _step(page: _Page, node: Map) -> int:
    """How much deeper the keys of a tool stand, as the file has it."""
    for key, value in node.entries:
        if isinstance(value, Map) and value.entries and page.text[value.start : value.start + 1] != "{":
            return max(1, page.column(value.entries[0][0].start) - page.column(key.start))
    return 2


def _between_braces(page: _Page, key: Scalar, node: Map, tools: Sequence[Stanza]) -> Edit:
    indent = page.column(key.start) + 2
    items = [page.end.join(stanza.inline(one, indent)) for one in tools]
    last = node.entries[-1][1].end
    return Edit(last, last, "".join(f",{page.end}{item}" for item in items))


def _gate(page: _Page, root: Map, keys: _Keys, gate: Gate) -> Edit:
    """A gate among the others, or in `approvals` before `tools`."""
    say = "# decide: who may approve, and what silence means after which time."
    made = f"{scalar(gate.name)}: {{roles: [{scalar(gate.role)}], if_no_answer: [{{after: 4h, then: deny}}]}}"
    node = keys["approvals"][1] if "approvals" in keys else None
    if isinstance(node, Map) and node.entries and page.text[node.start : node.start + 1] != "{":
        at, indent = _behind_last(page, node, "approvals")
        return _inserted(page, at, [f"{' ' * indent}{say}", f"{' ' * indent}{made}"])
    braces = page.text[root.start : root.start + 1] == "{"
    if node is not None or "tools" not in keys or braces or not page.alone(keys["tools"][0].start):
        raise NoPlace("it has no gate for calls that cannot be undone, and there is no sure place for one")
    at = keys["tools"][0].start
    line = page.source.position(at - page.column(at))[0]
    while line > 1 and re.match(r" *#", page.source.line(line - 1)):  # comments right above are about the tools
        line -= 1
    return _inserted(page, page.begins(line), ["approvals:", f"  {say}", f"  {made}", ""])
