"""What a file and its parts define by name, and where: roles, gates, tools, facts, rules, scopes and the like.

Read from the tree, so that a half-typed file has its names too. Leaves out whether they are right (`charter`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from govern.charter.yaml_tree import Map, Node, Scalar
from govern.editor import schemas
from govern.editor.parsed import Parsed, Whole, entries, entry, items, text_of, texts
from govern.policy.glob import is_glob, matches


class Sort(StrEnum):
    """What a name is of."""

    ROLE = "role"
    GATE = "gate"
    TOOL = "tool"
    ENTRY = "library entry"
    FACT = "fact"
    FIELD = "field"
    RULE = "rule"
    SCOPE = "scope"
    NOTIFICATION = "notification"
    SECRET = "secret"  # noqa: S105  a word of the language
    RECORDS = "record scope"


@dataclass(frozen=True, slots=True)
class Named:
    """A name where it is defined.

    Args:
        name: as other places write it: of a base's rule behind the base's name, of a field behind its fact's.
        of: the file that it stands in.
        at: the name there.
        body: what it is; the name itself where that is all.
    """

    sort: Sort
    name: str
    of: Parsed
    at: Scalar
    body: Node

    @property
    def excerpt(self) -> tuple[int, int]:
        """The span of its definition in its file."""
        start = min(self.at.start, self.body.start) if self.body.end > self.body.start else self.at.start
        return start, max(self.body.end, self.at.end)


@dataclass(frozen=True, slots=True)
class Names:
    """All names of a file and its parts."""

    every: tuple[Named, ...]

    def of(self, *sorts: Sort) -> tuple[Named, ...]:
        """Those of some sorts, the file's own first."""
        return tuple(one for one in self.every if one.sort in sorts)

    def called(self, name: str, *sorts: Sort) -> tuple[Named, ...]:
        """Everything of that name."""
        return tuple(one for one in self.every if one.sort in sorts and one.name == name)

    def arguments(self, tool: str, root: str) -> list[schemas.Schema]:
        """The schemas of a tool's arguments (`args`) or result (`result`): its own, and its library's."""
        key = "output" if root == "result" else "input"
        found = (entry(one.body, key) for one in self.called(tool, Sort.TOOL, Sort.ENTRY))
        return [schemas.schema_of(node) for node in found if isinstance(node, Map)]

    def tools_of(self, words: Iterator[Scalar]) -> tuple[str, ...]:
        """The mapped tools that words name, globs among them."""
        patterns = [str(word.value) for word in words]
        known = [one.name for one in self.of(Sort.TOOL)]
        return tuple(name for name in known if any(_is(pattern, name) for pattern in patterns))


def _is(pattern: str, name: str) -> bool:
    return matches(pattern, name) if is_glob(pattern) else pattern == name


def names(whole: Whole) -> Names:
    """The names that a file may use."""
    return _names(whole.own, whole.parts)


@lru_cache(maxsize=4)
def _names(own: Parsed, parts: tuple[Parsed, ...]) -> Names:
    found = list(_defined(own, ""))
    for part in parts:
        found += _defined(part, f"{part.name}/")
    return Names(tuple(found))


def _defined(one: Parsed, prefix: str) -> Iterator[Named]:
    if one.kind == "library":
        yield from _described(one, prefix)
        return
    yield from _roles(one)
    yield from _keys(one, Sort.GATE, one.get("approvals"))
    for key, value in entries(one.get("facts")):
        yield Named(Sort.FACT, str(key.value), one, key, value)
        for field, what in entries(entry(value, "fields")):
            yield Named(Sort.FIELD, f"{key.value}.{field.value}", one, field, what)
    if one.kind != "base":
        yield from _keys(one, Sort.TOOL, one.get("tools"))
    yield from _rules(one, prefix)
    yield from _keys(one, Sort.SCOPE, one.get("identity", "elevated"))
    for word in texts(one.get("identity", "standing")):
        yield Named(Sort.SCOPE, str(word.value), one, word, word)
    yield from _keys(one, Sort.RECORDS, one.get("records"))
    yield from _keys(one, Sort.NOTIFICATION, one.get("notifications"))
    yield from _keys(one, Sort.SECRET, one.get("secrets"))


def _described(one: Parsed, prefix: str) -> Iterator[Named]:
    server = text_of(one.get("server"))
    for key, value in entries(one.get("tools")):
        yield Named(Sort.ENTRY, str(key.value), one, key, value)
        if server:
            yield Named(Sort.ENTRY, f"{server}/{key.value}", one, key, value)
        yield from _with_ids(one, entry(value, "rules"), prefix)


def _roles(one: Parsed) -> Iterator[Named]:
    node = one.get("roles")
    for word in texts(node):
        yield Named(Sort.ROLE, str(word.value), one, word, word)
    yield from _keys(one, Sort.ROLE, node)


def _rules(one: Parsed, prefix: str) -> Iterator[Named]:
    for _, tool in entries(one.get("tools")):
        yield from _with_ids(one, entry(tool, "rules"), prefix)
    for key in ("rules", "limits"):
        yield from _with_ids(one, one.get(key), prefix)
    yield from _with_ids(one, one.get("untrusted", "after_reading"), prefix)


def _with_ids(one: Parsed, node: Node | None, prefix: str) -> Iterator[Named]:
    for rule in items(node):
        id = entry(rule, "id")
        if isinstance(id, Scalar) and isinstance(id.value, str) and id.value:
            yield Named(Sort.RULE, f"{prefix}{id.value}", one, id, rule)


def _keys(one: Parsed, sort: Sort, node: Node | None) -> Iterator[Named]:
    for key, value in entries(node):
        if isinstance(key.value, str) and key.value:
            yield Named(sort, key.value, one, key, value)
