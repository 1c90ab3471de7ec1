"""`default` in an input schema: what fills a call's arguments before anything judges them, and what is forwarded.

A default is of a property. It counts where the schema that holds it judges every call's arguments: under
`properties`, through `allOf` and local `$ref`, at the top and in nested objects that are there or that another
default makes. Anywhere else (`anyOf`, `if`, `items`, …) it would depend on what a call is; the loader refuses it
there, and here it is a note. Two schemas that give one property different defaults are an error.

Filling in never changes what a call says: what is there stays, null included. The schema judges afterwards.
Leaves out whether a default is itself valid; the loader says so at its place (`charter.schema_defaults`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from govern.errors import AuthorError
from govern.events.canonical import MAX_DEPTH, text_of
from govern.policy.schema_tree import Schema, pointer, pointer_target, read

MAX_OBJECTS = 10_000  # kinds of object in one schema
Fill = Callable[[dict[str, Any]], dict[str, Any] | None]


def apply_defaults(schema_text: str) -> Fill | None:
    """A function that fills in what a call leaves out; None where the schema has nothing to fill in.

    The function takes normalised arguments and changes nothing: it gives the very object where nothing is missing,
    else a new one, normalised too. It gives None where the arguments would have no canonical form any more (a key
    that differs from a filled one only by case, nesting too deep): such a call is invalid input.

    Args:
        schema_text: JSON Schema 2020-12 as canonical JSON text, closed.

    Raises:
        AuthorError: two defaults of one place differ, or one makes objects without end.
    """
    if '"default"' not in schema_text:
        return None
    found = Defaults(read(schema_text))
    if found.problems:
        raise AuthorError(f"an input schema is not usable: {found.problems[0].message}")
    return found.fill


@dataclass(frozen=True, slots=True)
class Problem:
    """A default that cannot be applied; `at` is its JSON pointer in the schema."""

    at: str
    message: str
    hint: str


@dataclass(slots=True, eq=False)
class _Entry:
    """A property that is filled in, or holds an object in which something is."""

    name: str
    at: str
    inside: _Object
    has: bool
    value: Any = None
    height: int = 0  # of the value: how deep collections stand in it
    made: bool = False


@dataclass(slots=True, eq=False)
class _Object:
    entries: list[_Entry] = field(default_factory=list)
    fills: bool = False  # whether anything at all is filled in, here or below


@dataclass(frozen=True, slots=True)
class Property:
    """A property of the arguments with all the schemas that judge it in every call.

    Args:
        name: its key.
        schemas: JSON pointers of the schemas under `properties`, and of what they take in by `allOf` and `$ref`.
        owners: JSON pointers of the schemas that judge the object it is a property of.
    """

    name: str
    schemas: tuple[str, ...]
    owners: tuple[str, ...]


class Defaults:
    """The defaults of one schema; `problems` says what is wrong with them, in the order of the schema."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.problems: list[Problem] = []
        self.properties: list[Property] = []
        self._objects: dict[tuple[str, ...], _Object] = {}
        self._unread: list[tuple[str, ...]] = []
        self._busy: set[int] = set()
        self.arguments = self.together([""])
        self._root = self._object(self.arguments)
        while self._unread and len(self._objects) <= MAX_OBJECTS:
            self._read(self._unread.pop())
        if self._unread:
            self.problems.append(Problem("", "its objects refer to each other in too many ways", "use fewer `$ref`"))
        self._mark()
        for each in self._objects.values():
            for entry in each.entries:
                self._settle(entry)

    @property
    def fill(self) -> Fill | None:
        """As `apply_defaults` gives it; of no use while there are problems."""
        root = self._root
        return (lambda args: _filled(root, args, 1)) if root.fills else None

    def value(self, of: Property) -> Any:
        """The default of a property, completed by the defaults inside it."""
        return next(entry.value for entry in self._objects[of.owners].entries if entry.name == of.name)

    def at(self, where: str) -> Schema:
        """The schema at a JSON pointer that leads to one."""
        found = pointer_target(self.schema, f"#{where}")
        return True if found is None else found

    def together(self, pointers: Iterable[str]) -> tuple[str, ...]:
        """Schemas with all that judge the same value whatever it is: members of `allOf`, targets of references."""
        waiting, found = list(pointers)[::-1], dict[str, None]()
        while waiting:
            where = waiting.pop()
            schema = self.at(where)
            if where in found:
                continue
            found[where] = None
            if isinstance(schema, dict):
                ref = schema.get("$ref")
                waiting += [f"{where}/allOf/{index}" for index, _ in enumerate(schema.get("allOf", ()))][::-1]
                if isinstance(ref, str) and pointer_target(self.schema, ref) is not None:
                    waiting.append(ref.removeprefix("#"))
        return tuple(found)

    def _object(self, owners: tuple[str, ...]) -> _Object:
        if owners not in self._objects:
            self._objects[owners] = _Object()
            self._unread.append(owners)
        return self._objects[owners]

    def _read(self, owners: tuple[str, ...]) -> None:
        made = self._objects[owners]
        named: dict[str, list[str]] = {}
        for owner in owners:
            schema = self.at(owner)
            for name in schema.get("properties", {}) if isinstance(schema, dict) else ():
                named.setdefault(name, []).append(owner + pointer(("properties", name)))
        for name, pointers in named.items():
            schemas = self.together(pointers)
            self.properties.append(Property(name, schemas, owners))
            made.entries.append(self._entry(name, schemas))
        filled: dict[str, _Entry] = {}
        for entry in made.entries:
            if entry.has and (other := filled.setdefault(entry.name.casefold(), entry)) is not entry:
                message = f"`{other.name[:80]}` and `{entry.name[:80]}` differ only by case, and both have a default"
                self.problems.append(Problem(entry.at, message, "no call can have both"))

    def _entry(self, name: str, schemas: tuple[str, ...]) -> _Entry:
        entry = _Entry(name, "", self._object(schemas), has=False)
        for where in schemas:
            schema = self.at(where)
            if not isinstance(schema, dict) or "default" not in schema:
                continue
            if not entry.has:
                entry.has, entry.at, entry.value = True, f"{where}/default", schema["default"]
            elif text_of(schema["default"]) != text_of(entry.value):
                message = (
                    f"`{name[:80]}` has two defaults: `{text_of(entry.value)[:80]}` and "
                    f"`{text_of(schema['default'])[:80]}`"
                )
                self.problems.append(Problem(f"{where}/default", message, "keep the one that is meant"))
        return entry

    def _mark(self) -> None:
        """Says of every object whether anything is filled in below it; schemas may refer to themselves."""
        again = True
        while again:
            again = False
            for each in self._objects.values():
                if not each.fills and any(entry.has or entry.inside.fills for entry in each.entries):
                    each.fills = again = True
        for each in self._objects.values():
            each.entries = [entry for entry in each.entries if entry.has or entry.inside.fills]

    def _settle(self, entry: _Entry) -> None:
        """Completes the value of a default by the defaults inside it."""
        if not entry.has or entry.made:
            return
        if id(entry) in self._busy or len(self._busy) > MAX_DEPTH:
            message = f"the default of `{entry.name[:80]}` makes an object in which it stands again, without end"
            self.problems.append(Problem(entry.at, message, "leave one of the defaults out"))
            entry.made = True
            return
        self._busy.add(id(entry))
        value = entry.value
        if type(value) is dict:
            value = self._completed(entry.inside, value)
        self._busy.discard(id(entry))
        if not entry.made:
            entry.value, entry.height, entry.made = value, _height(value), True

    def _completed(self, of: _Object, value: dict[str, Any]) -> dict[str, Any]:
        made = dict(value)
        for entry in of.entries:
            if entry.name not in made:
                self._settle(entry)
                if entry.has:
                    made[entry.name] = entry.value
            elif type(made[entry.name]) is dict:
                made[entry.name] = self._completed(entry.inside, made[entry.name])
        return made


def _filled(of: _Object, value: dict[str, Any], depth: int) -> dict[str, Any] | None:
    """An object of a call with its defaults.

    Args:
        depth: of its properties, where the arguments' own is 1.
    """
    made: dict[str, Any] | None = None
    added: set[str] | None = None
    for entry in of.entries:
        if entry.name in value:
            held = value[entry.name]
            if type(held) is dict and entry.inside.fills:
                inner = _filled(entry.inside, held, depth + 1)
                if inner is None:
                    return None
                if inner is not held:
                    made = dict(value) if made is None else made
                    made[entry.name] = inner
        elif entry.has:
            if depth + entry.height > MAX_DEPTH:
                return None
            made = dict(value) if made is None else made
            # A collection is the call's own: whoever forwards it may not change everybody's default.
            made[entry.name] = deepcopy(entry.value) if entry.height else entry.value
            added = {entry.name.casefold()} if added is None else added | {entry.name.casefold()}
    if made is None:
        return value
    if added is not None and not added.isdisjoint([key.casefold() for key in value]):
        return None
    return made


def _height(value: Any) -> int:
    """How deep a value is nested: 0 of a text or a number; 1 of every collection, for it must be copied."""
    if isinstance(value, dict):
        return 1 + max(map(_height, value.values()), default=0)
    return 1 + max(map(_height, value), default=0) if isinstance(value, list) else 0
