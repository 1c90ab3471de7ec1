"""Writes a part of a row as it stood there, where its meaning is ambiguous: what was refused is still shown.

Duplicate keys, their order and numbers stay as written; white space and escapes may differ. Slow, and used
for refused arguments only.
"""

from __future__ import annotations

import json
from typing import Any


class _Pairs(list[tuple[str, Any]]):
    """An object, with all of its keys."""


class _Number(str):
    """A number, as written."""


_DECODER = json.JSONDecoder(object_pairs_hook=_Pairs, parse_int=_Number, parse_float=_Number, parse_constant=_Number)


class _Literal(str):
    """Text that is already JSON."""


def text_at(raw: bytes, *path: str | int) -> str | None:
    """The JSON text at a path of keys and indexes; the last of equal keys is meant, as in the row's value.

    Args:
        raw: a JSON document that `canonical.load` could read.
        path: keys of objects, indexes of lists; each exists.

    Returns:
        The text, or None where it is nested too deep to be taken apart.
    """
    try:
        value: Any = _DECODER.decode(raw.decode("utf-8"))
    except RecursionError:
        return None
    for step in path:
        pairs: dict[Any, Any] = dict(value) if isinstance(value, _Pairs) else dict(enumerate(value))
        value = pairs[step]
    return _write(value)


def _write(value: Any) -> str:
    """Iterative, because what is refused may be refused for its depth."""
    done: list[str] = []
    todo: list[Any] = [value]
    while todo:
        match item := todo.pop():
            case _Literal() | _Number():
                done.append(item)
            case _Pairs():
                todo.append(_Literal("}"))
                for place, (key, inner) in reversed(list(enumerate(item))):
                    todo += [inner, _Literal(f"{', ' if place else ''}{json.dumps(key)}: ")]
                todo.append(_Literal("{"))
            case list():
                todo.append(_Literal("]"))
                for place, inner in reversed(list(enumerate(item))):
                    todo += [inner, _Literal(", " if place else "")]
                todo.append(_Literal("["))
            case _:
                done.append(json.dumps(item))
    return "".join(done)
