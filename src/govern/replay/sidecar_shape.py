"""What columns a tool's arguments become, and how SQL fills them and reads them back.

A place (keys from the top of the arguments) that occurs in a tool's calls gets a kind tag and a column for each sort
of value that it may hold; a list gets one column of structs, or of strings. Tags are told from each value's own text,
never from the shape that was expected of it, so a value that the shape did not foresee is seen as what it is.
Leaves out files and policies (`sidecar`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from govern.conditions.sql import Cell, Kind, ambiguous, pointer

MAX_PLACES: Final = 64
"""Places a tool; what is beyond is read from the text."""
MAX_DEPTH: Final = 4
MAX_FIELDS: Final = 16
"""Fields of the objects of one list."""

_INTEGERS: Final = ("BIGINT", "UBIGINT", "HUGEINT", "UHUGEINT")
_NUMBERS: Final = (*_INTEGERS, "DOUBLE")
_VALUES: Final = {Kind.INTEGER: "i", Kind.REAL: "d", Kind.STRING: "s"}


@dataclass(frozen=True, slots=True)
class Place:
    """A place with columns of its own.

    Args:
        path: keys from the top.
        sort: what occurs there beside null, as DuckDB's `json_structure` names it: `VARCHAR`, `BIGINT`, `DOUBLE`,
            `BOOLEAN`, `NULL` for nothing else; `list`, `object`; or `JSON` for several of them.
        number: of its columns.
        closed: whether every key of the objects here is a place of its own.
        strings: whether the items of its lists are strings or null, and stand as such.
        fields: of the objects in its lists, those that have columns, with their sort.
        items_closed: whether those are all.
        only_objects: whether its lists hold nothing but objects and nulls.
        kinds: what occurs there, a bit a kind; 0 until it was counted.
    """

    path: tuple[str, ...]
    sort: str
    number: int
    closed: bool = False
    strings: bool = False
    fields: tuple[tuple[str, str], ...] = ()
    items_closed: bool = False
    only_objects: bool = False
    kinds: int = 0


@dataclass(slots=True)
class Shape:
    """The places of one tool.

    Args:
        closed: whether every top-level argument is one.
    """

    places: list[Place] = field(default_factory=list)
    closed: bool = True


@dataclass(slots=True)
class Seen:
    """What occurred at a place, over many calls.

    Args:
        scalars: the sorts of what is no object or list.
        fields: of its objects, None where there were none.
        items: of its lists, None where there were none.
        opaque: whether there was something of which nothing more is known.
    """

    scalars: set[str] = field(default_factory=set)
    fields: dict[str, Seen] | None = None
    items: Seen | None = None
    opaque: bool = False

    def add(self, structure: Any, *, listed: bool = False) -> None:
        """Adds what DuckDB's `json_structure` says of one value, or of the items of one list together (`listed`)."""
        match structure:
            case dict():
                self.fields = {} if self.fields is None else self.fields
                for key, inner in structure.items():
                    self.fields.setdefault(key, Seen()).add(inner, listed=listed)
            case list():
                self.items = self.items or Seen()
                self.items.add(structure[0], listed=True)
            case "JSON" if not listed:  # an empty object; of items it is also said where they are of different kinds
                self.fields = {} if self.fields is None else self.fields
            case "JSON":
                self.opaque = True
            case _:
                self.scalars.add("BIGINT" if structure in _INTEGERS else str(structure))

    @property
    def sort(self) -> str:
        scalars = self.scalars - {"NULL"}
        if scalars == {"BIGINT", "DOUBLE"}:
            scalars = {"DOUBLE"}
        found = [*scalars, *(["object"] if self.fields is not None else []), *(["list"] if self.items else [])]
        if self.opaque or len(found) > 1:
            return "JSON"
        return found[0] if found else "NULL"

    @property
    def closed(self) -> bool:
        """Whether all keys of its objects were seen."""
        return self.fields is not None and not self.opaque


def shape_of(structures: Iterable[str], *, whole: bool) -> Shape:
    """The shape of a tool's arguments.

    Args:
        structures: `json_structure` of each.
        whole: whether those are all; else nothing is taken for granted.
    """
    top = Seen()
    for structure in structures:
        top.add(json.loads(structure))
    found = Shape()
    level: list[tuple[tuple[str, ...], Seen]] = [((key,), seen) for key, seen in (top.fields or {}).items()]
    left_out: set[tuple[str, ...]] = set()
    while level:
        below: list[tuple[tuple[str, ...], Seen]] = []
        for path, seen in level:
            if len(found.places) >= MAX_PLACES or len(path) > MAX_DEPTH or (len(path) > 1 and ambiguous(path[-1])):
                left_out.add(path[:-1])
                continue
            found.places.append(_place(path, seen, len(found.places), whole))
            below += [((*path, key), inner) for key, inner in (seen.fields or {}).items()]
        level = below
    found.closed = whole and top.closed and () not in left_out
    found.places = [replace(place, closed=place.closed and place.path not in left_out) for place in found.places]
    return found


def _place(path: tuple[str, ...], seen: Seen, number: int, whole: bool) -> Place:
    if not whole:
        return Place(path, "JSON", number)
    items = seen.items
    if items is None or items.fields is None:
        return Place(path, seen.sort, number, seen.closed, strings=items is not None and items.sort == "VARCHAR")
    usable = tuple((key, inner.sort) for key, inner in items.fields.items() if not ambiguous(key))[:MAX_FIELDS]
    return Place(
        path, seen.sort, number, seen.closed, fields=usable,
        items_closed=items.closed and len(usable) == len(items.fields), only_objects=items.sort == "object",
    )  # fmt: skip


# -- how columns are filled --


def filling(shape: Shape) -> tuple[str, list[str], list[str]]:
    """SQL of the list of all places' texts out of `args`, of each of them out of that list, `gv_p`, and of the columns
    from those, `gv_p0` and so on: three projections, so that each step is taken once."""
    pointers = ", ".join(pointer(*place.path) for place in shape.places)
    slots = {place.path: f"gv_p{place.number}" for place in shape.places}
    texts = [f"CAST(gv_p[{place.number + 1}] AS VARCHAR) AS gv_p{place.number}" for place in shape.places]
    made: list[str] = []
    for place in shape.places:
        text = slots[place.path]
        above = [slots[place.path[:depth]] for depth in range(len(place.path) - 1, 0, -1)]
        made += [f"{sql} AS {name}{place.number}" for name, sql in _columns(text, place.sort, _missing(above))]
        if _has_list(place.sort):
            made.append(f"{_list(slots[place.path], place)} AS l{place.number}")
    return (f"json_extract(args, [{pointers}])" if shape.places else "[]::JSON[]"), texts, made


def _missing(above: Sequence[str]) -> str:
    """The tag of a place that is not there, by the texts of the places above it, the nearest first."""
    if not above:
        return str(Kind.ABSENT.value)
    text = above[0]
    return (
        f"CASE WHEN {text} IS NULL THEN {_missing(above[1:])} WHEN {text} = 'null' OR {text}[1] = '{{' "
        f"THEN {Kind.ABSENT.value} ELSE {Kind.WRONG.value} END"
    )


def _kind(text: str, sort: str, missing: str) -> str:
    """The tag of a value by the first character of its canonical text: `"`, then `-` and digits, `[`, letters, `{`."""
    whole = f"TRY_CAST({text} AS BIGINT) IS NOT NULL"
    if sort not in _INTEGERS:
        whole = f"regexp_full_match({text}, '-?[0-9]+') AND {whole}"
    number = f"CASE WHEN {whole} THEN {Kind.INTEGER.value} ELSE {Kind.REAL.value} END"
    return (
        f"(CASE WHEN {text} IS NULL THEN {missing} WHEN {text} < '#' THEN {Kind.STRING.value} "
        f"WHEN {text} < ':' THEN {number} WHEN {text} < '\\' THEN {Kind.LIST.value} "
        f"WHEN {text} = 'false' THEN {Kind.FALSE.value} WHEN {text} = 'null' THEN {Kind.NULL.value} "
        f"WHEN {text} = 'true' THEN {Kind.TRUE.value} ELSE {Kind.OBJECT.value} END)::UTINYINT"
    )


def _columns(text: str, sort: str, missing: str) -> Iterator[tuple[str, str]]:
    """The columns of a value but its list, by the letter of their names."""
    yield "k", _kind(text, sort, missing)
    if sort in _NUMBERS or sort == "JSON":
        whole = f"TRY_CAST({text} AS BIGINT)"
        pure = whole if sort in _INTEGERS else f"CASE WHEN regexp_full_match({text}, '-?[0-9]+') THEN {whole} END"
        yield "i", f"({pure})"
        yield "d", f"TRY_CAST({text} AS DOUBLE)"
    if sort in ("VARCHAR", "JSON"):
        yield "s", f"(CASE WHEN {text} < '#' THEN CAST({text} AS JSON) ->> '$' END)"


def _has_list(sort: str) -> bool:
    return sort in ("list", "JSON")


def _list(slot: str, place: Place) -> str:
    """The column of a list: of strings, or of a struct for each item."""
    items = f"CAST(json_extract({slot}, '$[*]') AS JSON[])"
    if place.strings:
        made = f"from_json({slot}, '[\"VARCHAR\"]')"
    else:
        paths = ", ".join(["'$'", *(pointer(key) for key, _ in place.fields)])
        texts = f"list_transform({items}, lambda gv_x: json_extract(gv_x, [{paths}]))"
        made = f"list_transform({texts}, lambda gv_v: {{{', '.join(_item(place))}}})"
    return f"(CASE WHEN starts_with({slot}, '[') THEN {made} END)"


def _item(place: Place) -> Iterator[str]:
    """The fields of a struct of an item."""
    whole = "CAST(gv_v[1] AS VARCHAR)"
    for name, sql in _columns(whole, "object" if place.only_objects else "JSON", "NULL"):
        yield f"'{name}': {sql}"
    for number, (_, sort) in enumerate(place.fields):
        text = f"CAST(gv_v[{number + 2}] AS VARCHAR)"
        for name, sql in _columns(text, sort, _missing(["CAST(gv_v[1] AS VARCHAR)"])):
            yield f"'{name}{number}': {sql}"


# -- how they are read --


def fits(place: Place) -> bool:
    """Whether every kind that was counted at a place has its column."""
    kinds = kinds_of(place)
    letters = {letter for letter, _ in _columns("''", place.sort, "0")}
    return all(_VALUES[kind] in letters for kind in kinds if kind in _VALUES)


def kinds_of(place: Place) -> frozenset[Kind]:
    return frozenset(kind for kind in Kind if place.kinds >> kind.value & 1)


def arguments(shape: Shape) -> Cell:
    """The arguments of a tool as a cell over its columns."""
    children: dict[tuple[str, ...], dict[str, Cell]] = {}
    for place in reversed(shape.places):  # the deepest first
        children.setdefault(place.path[:-1], {})[place.path[-1]] = _cell(place, children.get(place.path, {}))
    return Cell(
        frozenset({Kind.OBJECT}), f"{Kind.OBJECT.value}::UTINYINT", fields=children.get((), {}), closed=shape.closed
    )


def _cell(place: Place, fields: dict[str, Cell]) -> Cell:
    number, listed = place.number, _has_list(place.sort)

    def item(sql: str) -> Cell:
        return _item_cell(place, sql)

    return Cell(
        kinds_of(place), f"k{number}", f"i{number}", f"d{number}", f"s{number}", f"l{number}" if listed else None,
        item if listed else None, fields, place.closed,
    )  # fmt: skip


def _item_cell(place: Place, sql: str) -> Cell:
    if place.strings:
        tag = f"(CASE WHEN {sql} IS NULL THEN {Kind.NULL.value} ELSE {Kind.STRING.value} END)::UTINYINT"
        return Cell(frozenset({Kind.NULL, Kind.STRING}), tag, text=sql)
    there = frozenset(Kind) - {Kind.ABSENT, Kind.WRONG}
    fields = {
        key: Cell(_possible(sort), f"{sql}.k{number}", f"{sql}.i{number}", f"{sql}.d{number}", f"{sql}.s{number}")
        for number, (key, sort) in enumerate(place.fields)
    }
    if place.only_objects:
        return Cell(frozenset({Kind.NULL, Kind.OBJECT}), f"{sql}.k", fields=fields, closed=place.items_closed)
    return Cell(there, f"{sql}.k", f"{sql}.i", f"{sql}.d", f"{sql}.s", fields=fields, closed=place.items_closed)


def _possible(sort: str) -> frozenset[Kind]:
    """What may stand at a field of an object in a list of objects and nulls."""
    nothing = frozenset({Kind.ABSENT, Kind.WRONG, Kind.NULL})
    match sort:
        case "VARCHAR":
            return nothing | {Kind.STRING}
        case "BOOLEAN":
            return nothing | {Kind.FALSE, Kind.TRUE}
        case "NULL":
            return nothing
        case "list":
            return nothing | {Kind.LIST}
        case "object":
            return nothing | {Kind.OBJECT}
        case _ if sort in _NUMBERS:
            return nothing | {Kind.INTEGER, Kind.REAL}
        case _:
            return frozenset(Kind)
