"""A call told to the solver, value by value: then its truth values are those of that call, and can be compared."""

from __future__ import annotations

from typing import Any

from govern.conditions.smt.cells import Cell
from govern.conditions.smt.given import Inputs
from govern.conditions.smt.terms import Bool


class TooMany(Exception):
    """A list or an object has more than the question tells apart: such a call has its like, but cannot be written."""


def pinned(inputs: Inputs, args: dict[str, Any], given: dict[str, Any]) -> list[Bool]:
    """That the call is this one, of all that was asked of it so far."""
    made = list(_is(inputs.args, args))
    for name, (there, cell) in inputs._facts.items():
        known = type(given.get(name)) is dict
        made.append(there if known else inputs.terms.no(there))
        made += _is(cell, given[name]) if known else []
    for name, (there, cell) in inputs._places.items():
        made.append(there if name in given else inputs.terms.no(there))
        made += _is(cell, given[name]) if name in given else []
    if inputs._at is not None:
        there, ns = inputs._at
        known = type(given.get("at")) is int
        made += [there, ns == given["at"]] if known else [inputs.terms.no(there)]
    for key, (there, found) in inputs._history.items():
        made += _history(inputs, there, found, given.get(key))
    return made


def _history(inputs: Inputs, there: Bool, found: Any, value: Any) -> list[Bool]:
    from govern.conditions.inputs import ORIGINS

    no = inputs.terms.no
    if isinstance(found, tuple):
        if value not in ORIGINS:
            return [no(there)]
        index = ORIGINS.index(value)
        return [there, *(bit if index & flag else no(bit) for bit, flag in zip(found, (2, 1), strict=True))]
    fits = type(value) is (int if found.sort().name() == "Int" else bool)
    if not fits:
        return [no(there)]
    return [there, found == value if type(value) is int else found if value else no(found)]


def _is(cell: Cell, value: Any) -> list[Bool]:
    terms = cell.terms
    match value:
        case None:
            return [cell.null]
        case bool():
            return [cell.boolean, cell.truth if value else terms.no(cell.truth)]
        case int() | float():
            return [cell.is_number, *([cell.numbered == terms.number(value)] if cell.numbered is not None else [])]
        case str():
            return [cell.is_text, *([cell.cells.texts.is_(cell._root, value)] if cell._root is not None else [])]
        case list():
            return [cell.is_list, *_list(cell, value)]
        case _:
            return [cell.is_object, *_object(cell, value)]


def _list(cell: Cell, value: list[Any]) -> list[Bool]:
    made: list[Bool] = [cell.sized == len(value)] if cell.sized is not None else []
    for item, named in zip(value, cell.named, strict=False):
        made += _is(named, item)
    for index, far in cell.far.items():
        made += _is(far, value[index]) if index < len(value) else []
    if cell._rest is None:
        return made
    rest: list[tuple[Any, int]] = []
    for item in value[len(cell.named) :]:
        same = [at for at, (other, _) in enumerate(rest) if type(other) is type(item) and other == item]
        if same:
            rest[same[0]] = item, rest[same[0]][1] + 1
        else:
            rest.append((item, 1))
    if len(rest) > len(cell._rest):
        raise TooMany
    for at, (times, one) in enumerate(cell._rest):
        made.append(times == (rest[at][1] if at < len(rest) else 0))
        made += _is(one, rest[at][0]) if at < len(rest) else []
    return made


def _object(cell: Cell, value: dict[str, Any]) -> list[Bool]:
    made: list[Bool] = []
    for key, one in cell.fields.items():
        made += _is(one, value[key]) if key in value else [one.absent]
    rest = [key for key in value if key not in cell.fields]
    if cell._more is not None:
        made.append(cell._more == len(rest))
    if cell.extras is not None:
        if len(rest) > len(cell.extras):
            raise TooMany
        for at, (there, root, _) in enumerate(cell.extras):
            made += [there, cell.cells.texts.is_(root, rest[at])] if at < len(rest) else [cell.terms.no(there)]
    return made
