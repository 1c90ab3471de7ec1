"""The exact bytes of an event that are hashed, and the event they say.

`canon` is canonical JSON (`events.canonical`) of one object: every column of the event that has a value, under the
column's name, texts as they are (also `args`, which is JSON inside a text), empty lists and nulls left out, and the
member `"v":1`. The leaf of an event is SHA-256(0x00 ‖ canon), RFC 6962 section 2.1. Bytes are hashed as stored and
never written again from their values.

Leaves out: trees of leaves (`merkle`), the journal's chain (`journal`).
"""

from __future__ import annotations

import hashlib
from operator import attrgetter
from typing import Any, Final

from govern.errors import EvidenceError
from govern.events.canonical import Malformed, parse, text_of
from govern.events.model import COLUMNS, INTEGERS, TEXT_LISTS, ActorKind, Event, EventType, Fidelity, Mode

VERSION: Final = 1
_SORTED: Final = tuple(sorted(COLUMNS))
_VALUES: Final = attrgetter(*_SORTED)
_ENUMS: Final[dict[str, Any]] = {"type": EventType, "actor_kind": ActorKind, "mode": Mode, "fidelity": Fidelity}
_REQUIRED: Final = ("event_id", "trace_id", "type", "writer_id", "wseq")


def text(event: Event) -> str:
    """The canonical text of an event, on one line.

    Raises:
        EvidenceError: a text that is no Unicode (a lone surrogate), or an integer outside int64.
    """
    members: dict[str, Any] = {
        name: str(value) if name in _ENUMS else value
        for name, value in zip(_SORTED, _VALUES(event), strict=True)
        if value is not None and value != ()
    }
    members["v"] = VERSION
    try:
        return text_of(members)
    except Malformed as error:
        raise EvidenceError(f"an event has no canonical form: {error}", where=event.event_id) from None


def event(canon: str | bytes) -> Event:
    """The event that a canonical text says; the reverse of `text`.

    Raises:
        EvidenceError: it is no event, or not written as `text` writes it.
    """
    try:
        members = parse(canon)
    except Malformed as error:
        raise EvidenceError(f"no event: {error}") from None
    made = _event(members) if isinstance(members, dict) else None
    if made is None or text(made) != (canon if isinstance(canon, str) else canon.decode()):
        raise EvidenceError("no event in its canonical form")
    return made


def _event(members: dict[str, Any]) -> Event | None:
    if members.get("v") != VERSION or not all(name in members for name in _REQUIRED):
        return None
    values: dict[str, Any] = {}
    for name, value in members.items():
        if name == "v":
            continue
        if name in TEXT_LISTS:
            if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
                return None
            values[name] = tuple(value)
        elif name not in COLUMNS or type(value) is not (int if name in INTEGERS else str):
            return None
        else:
            try:
                values[name] = _ENUMS[name](value) if name in _ENUMS else value
            except ValueError:
                return None
    return Event(**values)


def leaf(canon: bytes) -> bytes:
    """The 32 bytes that stand for an event in a tree and in a chain."""
    return hashlib.sha256(b"\x00" + canon).digest()
