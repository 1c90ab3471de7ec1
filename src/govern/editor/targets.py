"""What stands at an offset, and what it refers to: the one question behind hover and go-to-definition."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterator
from dataclasses import dataclass

from govern.charter import vocabulary
from govern.charter.kinds import ConditionText, Key, Level, MapOf, Name, OneOf, PathText, Pattern
from govern.charter.words import Word, words
from govern.charter.yaml_tree import Node, Scalar
from govern.conditions.parse import MAX_LENGTH
from govern.editor import schemas
from govern.editor.conditions import Token, bound, token_at
from govern.editor.judged import Judged, judged
from govern.editor.names import Named, Names, Sort, names
from govern.editor.parsed import Parsed, Whole, entry, part_at, text_of, texts
from govern.editor.place import Spot, spot_at
from govern.editor.schemas import Property
from govern.editor.suppressions import rule_at
from govern.lint.paths import ANY_ITEM, Path
from govern.policy.glob import is_glob, matches

_REFERS: dict[str, tuple[Sort, ...]] = {
    "role": (Sort.ROLE,), "gate": (Sort.GATE,), "tool": (Sort.TOOL, Sort.ENTRY), "rule_id": (Sort.RULE,),
    "cause": (Sort.RULE,),
}  # fmt: skip
_OF = {"a notification": Sort.NOTIFICATION, "a secret": Sort.SECRET, "a role": Sort.ROLE}
_MOST = 20


@dataclass(frozen=True, slots=True)
class Place:
    """A span of a file."""

    of: Parsed
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Target:
    """What an offset stands in.

    Args:
        start, end: its span.
        named: the definitions of its name.
        key: the key of the language that it is.
        words: its meanings as a closed word.
        rule: the lint rule that a suppression names; else empty.
        file: the file that it names.
        what: what schemas say of the argument or field that it is.
        at: where schemas say it.
    """

    start: int
    end: int
    named: tuple[Named, ...] = ()
    key: tuple[Level, Key] | None = None
    words: tuple[Word, ...] = ()
    rule: str = ""
    file: Parsed | None = None
    what: Property | None = None
    at: tuple[Place, ...] = ()

    @property
    def places(self) -> tuple[Place, ...]:
        """Where it is defined, each place once."""
        found = [Place(one.of, one.at.start, one.at.end) for one in self.named]
        if self.file is not None:
            found.append(Place(self.file, 0, 0))
        return tuple(dict.fromkeys((*found, *self.at)))


def target(whole: Whole, offset: int) -> Target | None:
    """What stands at an offset of a file; None where nothing is known."""
    one = whole.own
    line, column = one.source.position(offset)
    start = one.source.starts[line - 1]
    if (found := rule_at(one.source.line(line), column - 1)) is not None:
        return Target(start + found[1], start + found[2], rule=found[0])
    spot = spot_at(one.root, offset)
    if spot is None or not isinstance(spot.node, Scalar):
        return None
    known = names(whole)
    return _key(one, spot, spot.node, known) if spot.is_key else _value(whole, spot, spot.node, offset, known)


def _key(one: Parsed, spot: Spot, node: Scalar, known: Names) -> Target | None:
    name = str(node.value)
    for level in spot.levels:
        if name in level.known:
            return Target(node.start, node.end, key=(level, level.key(name)))
    named: tuple[Named, ...] = ()
    match spot.path:
        case ("tools",) | ("scenarios", int(), "call"):
            named = known.called(name, Sort.TOOL, Sort.ENTRY)
        case ("scenarios", int(), "given"):
            named = known.called(name, Sort.FACT)
        case ("scenarios", int(), "given", str(fact)):
            named = known.called(f"{fact}.{name}", Sort.FIELD)
        case ("scenarios", int(), "call", str(tool), *rest):
            below: Path = (*(each if isinstance(each, str) else ANY_ITEM for each in rest), name)
            return _property(node.start, node.end, "args", below, (tool,), known)
        case ("facts", str(fact), "fields"):
            named = known.called(f"{fact}.{name}", Sort.FIELD)
        case ("facts", str(fact), "from", "where"):
            sources = texts(entry(entry(one.get("facts", fact), "from"), "result_of"))
            root, path = schemas.steps(name) if name.startswith("result.") else ("args", (name,))
            return _property(node.start, node.end, root, path, tuple(str(word.value) for word in sources), known)
        case _ if any(isinstance(kind, MapOf) for kind in spot.kinds):
            named = tuple(each for each in known.every if each.at is node)
    return Target(node.start, node.end, named=named) if named else None


def _value(whole: Whole, spot: Spot, node: Scalar, offset: int, known: Names) -> Target | None:
    text = text_of(node)
    one = whole.own
    for kind in spot.kinds:
        match kind:
            case ConditionText() | PathText():
                return _in_condition(one, spot, node, offset, known)
            case Name(of, refers):
                sorts = _REFERS.get(refers) or ((_OF[of],) if of in _OF else ())
                named = tuple(_named(text, sorts, known))
                if named or (refers == "cause" and words(text)):
                    said = () if named else tuple(word for word in words(text) if word.kind == "a reason")
                    return Target(node.start, node.end, named=named, words=said)
            case Pattern() if kind is vocabulary.FILE_PATH:
                return _file(whole, node, text)
            case Pattern() if kind is vocabulary.ONE_TOOL:
                return _or_none(node, known.called(text, Sort.TOOL, Sort.ENTRY))
            case Pattern() if kind is vocabulary.SCOPE_NAME:
                return _or_none(node, known.called(text, Sort.SCOPE))
            case OneOf(_, several) if text in several:
                said = words(text)
                about = tuple(word for word in said if word.kind == kind.what) or said[:1]
                return Target(node.start, node.end, words=about, key=None if about else spot.key)
    return None


def _named(text: str, sorts: tuple[Sort, ...], known: Names) -> Iterator[Named]:
    if Sort.TOOL in sorts and is_glob(text):
        found = (one for one in known.of(Sort.TOOL) if matches(text, one.name))
        yield from (one for one, _ in zip(found, range(_MOST), strict=False))
    else:
        yield from known.called(text, *sorts)


def _or_none(node: Scalar, named: tuple[Named, ...]) -> Target | None:
    return Target(node.start, node.end, named=named) if named else None


def _file(whole: Whole, node: Scalar, text: str) -> Target | None:
    place = posixpath.normpath(text) if text else ""
    part = part_at(whole.files, place) if place and not os.path.isabs(place) else None
    return Target(node.start, node.end, file=part) if part is not None else None


def _in_condition(one: Parsed, spot: Spot, node: Scalar, offset: int, known: Names) -> Target | None:
    token = token_at(one, node, offset)
    if token is None:
        return None
    if token.within:
        return Target(token.start, token.end, named=known.called(token.name, Sort.TOOL, Sort.ENTRY))
    if token.called and ("." in token.chain or not known.called(token.name, Sort.FACT)):
        return _said(token, "a function")
    about = judged(one, spot, known)
    before = one.text[max(node.start, token.start - MAX_LENGTH) : token.start]
    chain = bound(before, token.chain)
    root, path = schemas.steps(chain)
    if root in ("args", "result", "record") and path:
        return _place(token, chain, root, path, about, known)
    if not path:
        named = known.called(root, Sort.FACT)
        return Target(token.start, token.end, named=named) if named else _said(token, "a name in conditions")
    named = known.called(f"{root}.{path[0]}", Sort.FIELD) if len(path) == 1 else ()
    return Target(token.start, token.end, named=named) if named else None


def _said(token: Token, kind: str) -> Target | None:
    said = tuple(word for word in words(token.name) if word.kind == kind)
    return Target(token.start, token.end, words=said) if said else None


def _place(token: Token, chain: str, root: str, path: Path, about: Judged, known: Names) -> Target | None:
    found = _property(token.start, token.end, root, path, about.tools, known) if root != "record" else None
    what = about.one(chain)
    return found or (Target(token.start, token.end, what=what) if what else None)


def _property(start: int, end: int, root: str, path: Path, tools: tuple[str, ...], known: Names) -> Target | None:
    found = schemas.one([schema for tool in tools for schema in known.arguments(tool, root)], path)
    places: list[Place] = []
    for tool in tools:
        for one in known.called(tool, Sort.TOOL, Sort.ENTRY):
            key = _in_schema(entry(one.body, "output" if root == "result" else "input"), path)
            if key is not None:
                places.append(Place(one.of, key.start, key.end))
    if found is None and not places:
        return None
    return Target(start, end, what=found, at=tuple(places[:_MOST]))


def _in_schema(schema: Node | None, path: Path) -> Scalar | None:
    """The key of a property, where every step of its path is written out."""
    key: Scalar | None = None
    for step in path:
        if isinstance(step, int):
            schema, key = entry(schema, "items"), None
            continue
        inner = entry(schema, "properties")
        pair = next((each for each in getattr(inner, "entries", ()) if each[0].value == step), None)
        if pair is None:
            return None
        key, schema = pair
    return key
