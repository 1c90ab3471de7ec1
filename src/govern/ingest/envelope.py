"""What logs write around a message: when, whose, in which session; and the JSON-RPC messages of a log's row.

There is no standard for logs of JSON-RPC. A row is a message, a batch of them, or an object that holds messages as
objects or as text under any keys, up to two levels deep.

Leaves out: what a message means (`adapters.mcp_jsonrpc`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from typing import Final

from govern.events import canonical
from govern.events.canonical import Json, Malformed
from govern.ingest import times
from govern.ingest.adapter import Row, Unusable
from govern.ingest.chat import Path, unusable
from govern.ingest.noted import instant
from govern.ingest.parts import part

TIMES: Final = ("timestamp", "ts", "time", "datetime", "at")
SESSIONS: Final = ("sessionid", "mcpsessionid", "session", "connectionid")
SERVERS: Final = ("server", "servername", "mcpserver", "serverid")
DIRECTIONS: Final = ("direction", "dir", "from", "sender", "source")
"""Keys, in small letters and without `_`, `-` and `@`, the likeliest first."""
UNITS: Final = ((10, "s"), (13, "ms"), (16, "us"), (19, "ns"))
"""Of a number that is a time between 2001 and 2286, by its digits: none can be taken for another."""


@dataclass(frozen=True, slots=True)
class Message:
    """A JSON-RPC message.

    Args:
        value: the message.
        path: where it stands in `raw`.
        raw: the row's bytes, or the text in it that holds the message.
        place: where the message stands in the row, or else the text that holds it.
    """

    value: dict[str, Json]
    path: Path
    raw: bytes
    place: Path


def is_message(value: Json) -> bool:
    return isinstance(value, dict) and value.get("jsonrpc") == "2.0"


def found(row: Row) -> list[Message]:
    """The messages of a row, in its order. A text in it that looks like a message and is none is refused, and so is
    what stands in a batch and is none."""
    made: list[Message] = []
    for message in _found(row, row.value, (), 0):
        if all(message.value != before.value for before in made):  # as text and as an object, side by side
            made.append(message)
    return made


def holds(value: Json) -> bool:
    """Whether a row is one of messages, as far as its outer parts show: what an agent wrote deeper inside a row of
    another format must not make it one."""
    if not isinstance(value, dict):
        return isinstance(value, list) and any(map(is_message, value))
    parts = list(value.values())
    inside = [item for part in parts if isinstance(part, dict) for item in part.values()]
    return is_message(value) or any(map(is_message, [*parts, *inside])) or any(map(_is_written, parts))


def _is_written(value: Json) -> bool:
    if not isinstance(value, str) or '"jsonrpc"' not in value:
        return False
    try:
        loaded = canonical.load(value)
    except Malformed:
        return False
    return is_message(loaded) or (isinstance(loaded, list) and any(map(is_message, loaded)))


def _found(row: Row, value: Json, path: Path, depth: int, within: Path = ()) -> Iterator[Message]:
    if is_message(value):
        yield Message(value, path, row.raw, (*within, *path))
    elif isinstance(value, list):
        batch = any(map(is_message, value))
        for index, item in enumerate(value):
            at = (*path, index)
            here = list(_found(row, item, at, depth + 1, within)) if isinstance(item, dict) else []
            yield from here
            if batch and not here:
                with part(row, *within, *at):
                    raise unusable((*within, *at), "is no JSON-RPC message")
    elif isinstance(value, dict) and depth < 3:
        for key, item in value.items():
            if isinstance(item, str) and '"jsonrpc"' in item:
                with part(row, *path, key):
                    yield from _read(row, item, (*path, key))
            elif isinstance(item, dict | list):
                yield from _found(row, item, (*path, key), depth + 1, within)


def _read(row: Row, text: str, path: Path) -> Iterator[Message]:
    start = text.lstrip()[:1]
    if start not in ("{", "["):
        return  # words about a message
    try:
        value = canonical.load(text)
        raw = text.encode("utf-8")
    except (Malformed, UnicodeEncodeError) as error:
        raise unusable(path, f"holds a message that cannot be read: {error}") from None
    yield from _found(replace(row, raw=raw), value, (), 3, path)


def label(value: Json, names: Collection[str]) -> str | None:
    """What a row says under one of some keys, as text; None where it says nothing."""
    given = _under(value, names)
    return given if isinstance(given, str) and given else None


def moment(row: Row) -> int | None:
    """When a row's messages were seen, UTC nanoseconds since 1970; None where the row does not say."""
    given = _under(row.value, TIMES)
    if given is None or isinstance(given, bool | dict | list):
        return None
    return instant(row, lambda: _instant(given))


def placed(row: Row) -> Row:
    """The row with ids that are made from its place and the digest of its source: rows without a time may say the same,
    word for word, and mean another call."""
    return replace(row, digest=hashlib.sha256(f"{row.ref}\0{row.digest}".encode()).hexdigest()[:32])


def _under(value: Json, names: Collection[str]) -> Json:
    if not isinstance(value, dict) or is_message(value):
        return None
    said = {key.lower().translate(_PLAIN): given for key, given in value.items()}
    return next((said[name] for name in names if said.get(name) is not None), None)


_PLAIN: Final = str.maketrans("", "", "_-@")


def _instant(given: Json) -> int:
    text = str(given)
    whole = text.partition(".")[0]
    if not whole.isdecimal():
        return times.iso(given)
    for digits, unit in UNITS:
        if len(whole) == digits:
            return times.unix(given, unit)
    raise Unusable(f"`{text[:40]}` is no time since 1970 in a known unit")
