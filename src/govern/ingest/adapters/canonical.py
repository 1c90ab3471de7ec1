"""Canonical JSON lines: one event a line, its keys the columns of the event model. See `canonical.md`.

`schemas/event.v1.json` is generated from the tables here (`govern.ingest.schema`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final

from govern.events import canonical
from govern.events.canonical import INT64_MAX, INT64_MIN, Json
from govern.events.model import (
    COLUMNS,
    INTEGERS,
    TEXT_LISTS,
    ActorKind,
    Event,
    EventType,
    Fidelity,
    Mode,
)
from govern.events.model import event as made_event
from govern.findings import did_you_mean
from govern.ingest import verbatim
from govern.ingest.adapter import FIELDS, FormatInfo, Row, Stateless, Unusable
from govern.ingest.arguments import Arguments, from_text, from_value, kind, storable

INFO: Final = FormatInfo(id="canonical", title="canonical events, JSON lines or Parquet", carries=FIELDS)

REQUIRED: Final = ("event_id", "trace_id", "type")
ENUMS: Final[dict[str, type[StrEnum]]] = {
    "type": EventType,
    "actor_kind": ActorKind,
    "mode": Mode,
    "fidelity": Fidelity,
}
_MEMBERS: Final = {key: {choice.value: choice for choice in choices} for key, choices in ENUMS.items()}
SPECIAL: Final = ("args", "args_text", "ts")
"""Keys with a form of their own; `args_text` and `ts` are spellings of `args` and `ts_ns`."""
NOT_NEGATIVE: Final = ("wseq", "duration_ns", "attempt")
KEYS: Final = (*COLUMNS, "args_text", "ts")
NO_SURROGATE: Final = ("event_id", "trace_id", "writer_id", "span_id")

TIME: Final = r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?Z"
_TIME: Final = re.compile(TIME, re.ASCII)


class Canonical(Stateless):
    info = INFO

    def claims(self, value: Json) -> bool:
        if not isinstance(value, dict) or len({"event_id", "trace_id", "type"} & set(value)) < 2:
            return False
        return "event_id" in value or value["type"] in tuple(EventType)  # other formats name traces and types too

    def events(self, row: Row) -> Sequence[Event]:
        return (event(row),)


ADAPTER: Final = Canonical()


def event(row: Row) -> Event:
    """The event of a row.

    Raises:
        Unusable: with the key that is wrong.
    """
    value = row.value
    if not isinstance(value, dict):
        raise Unusable(f"a row is {kind(value)}, not an object")
    if type(value) is not dict:  # two keys that a reader could take for one another
        raise Unusable(storable(_ambiguity(value)))
    columns: dict[str, Any] = {}
    for key, given in value.items():
        check = _CHECKS.get(key)
        if check is None:
            if key not in SPECIAL:
                raise Unusable(storable(f"unknown key `{key}`: {did_you_mean(key, KEYS)}"))
        elif given is not None:
            columns[key] = check(key, given)
    for key in REQUIRED:
        if not columns.get(key):
            raise Unusable(f"`{key}` is missing or empty")
    if "ts" in value:
        _set_time(columns, value["ts"])
    arguments = _arguments(value, row)
    if arguments is not None:
        _set_arguments(columns, arguments)
    if row.has_surrogates:
        _escape(columns)
    columns.setdefault("writer_id", row.writer)
    if "wseq" not in columns:
        # A place in the file is no number of the writer: under its own name it would look as if numbers were lost.
        columns["wseq"] = row.wseq
        if columns["writer_id"] != row.writer:
            columns["writer_id"] = f"{row.writer}/{columns['writer_id']}"
    columns.setdefault("source_format", INFO.id)
    columns.setdefault("source_ref", row.ref)
    if row.agent is not None:
        columns.setdefault("agent", row.agent)
    return made_event(**columns)


def _ambiguity(value: dict[str, Json]) -> str:
    try:
        canonical.check(value)
    except canonical.Malformed as error:
        return str(error)
    return "keys without a single meaning"


def _text(key: str, given: Json) -> str:
    if not isinstance(given, str):
        raise Unusable(f"`{key}` is {kind(given)}, not a text")
    return given


def _integer(key: str, given: Json) -> int:
    if type(given) is not int or not INT64_MIN <= given <= INT64_MAX:
        raise Unusable(f"`{key}` is {kind(given)}, not an integer of 64 bits")
    if given < 0 and key in NOT_NEGATIVE:
        raise Unusable(f"`{key}` is {given}, less than 0")
    return given


def _texts(key: str, given: Json) -> tuple[str, ...]:
    if not isinstance(given, list) or not all(isinstance(item, str) for item in given):
        raise Unusable(f"`{key}` is not a list of texts")
    return tuple(given)


def _member(key: str, given: Json) -> StrEnum:
    found = _MEMBERS[key].get(_text(key, given))
    if found is None:
        raise Unusable(storable(f"`{given}` is no `{key}`: {did_you_mean(given, list(_MEMBERS[key]))}"))
    return found


def _check(column: str) -> Callable[[str, Json], Any]:
    if column in ENUMS:
        return _member
    if column in TEXT_LISTS:
        return _texts
    return _integer if column in INTEGERS else _text


_CHECKS: Final = {column: _check(column) for column in COLUMNS if column not in SPECIAL}


def _set_time(columns: dict[str, Any], given: Json) -> None:
    if given is None:
        return
    if "ts_ns" in columns:
        raise Unusable("both `ts` and `ts_ns` are there: write one")
    columns["ts_ns"] = nanoseconds(_text("ts", given))


def nanoseconds(text: str) -> int:
    """UTC nanoseconds since 1970 of an ISO 8601 time that ends in `Z`; up to nine decimals, all kept.

    Raises:
        Unusable: no such time, or outside the years 1678 to 2261.
    """
    if _TIME.fullmatch(text) is None:
        raise Unusable(storable(f"`ts` is `{text[:40]}`, not a time such as `2026-11-23T09:30:00Z`"))
    try:
        minute = _minute(text[:16])
        if (second := int(text[17:19])) > 59:
            raise ValueError
    except ValueError:
        raise Unusable(f"`ts` is `{text}`, which no calendar or clock has") from None
    if minute is None:
        raise Unusable(f"`ts` is `{text}`, outside the years 1678 to 2261")
    return (minute * 60 + second) * 1_000_000_000 + int(text[20:-1].ljust(9, "0") if len(text) > 20 else 0)


@lru_cache(maxsize=10_000)
def _minute(text: str) -> int | None:
    """Minutes since 1970; None where their nanoseconds are more than 64 bits hold.

    Raises:
        ValueError: no such minute.
    """
    whole = datetime.fromisoformat(text).replace(tzinfo=UTC)
    return int(whole.timestamp()) // 60 if 1678 <= whole.year <= 2261 else None


def _arguments(value: dict[str, Json], row: Row) -> Arguments | None:
    args, args_text = value.get("args"), value.get("args_text")
    if args is not None and args_text is not None:
        raise Unusable("both `args` and `args_text` are there: write one")
    if args_text is not None:
        return from_text(_text("args_text", args_text))
    if args is None:
        return None
    made = from_value(args)
    if made.args_error is None:
        return made
    return replace(made, content=verbatim.text_at(row.raw, "args"))


def _set_arguments(columns: dict[str, Any], arguments: Arguments) -> None:
    if "args_error" in columns and arguments.args is not None:
        raise Unusable("`args_error` is there, but the arguments are well formed")
    columns["args"] = arguments.args
    if arguments.args_error is not None:
        columns["args_error"] = arguments.args_error
        if arguments.content is not None and "content" not in columns:
            columns.update(content=arguments.content, fidelity=arguments.fidelity)
    if columns.setdefault("args_digest", arguments.digest) != arguments.digest and arguments.args is not None:
        raise Unusable(f"`args_digest` does not belong to `args`, whose digest is {arguments.digest}")


def _escape(columns: dict[str, Any]) -> None:
    """Texts with a lone surrogate cannot be stored as they are, and are no longer verbatim."""
    for key, given in columns.items():
        if type(given) is tuple:
            columns[key] = tuple(map(storable, given))
        elif type(given) is str and (kept := storable(given)) != given:
            if key in NO_SURROGATE:
                raise Unusable(f"`{key}` has a lone surrogate")
            columns[key] = kept
            if key == "content" and columns.get("fidelity") is Fidelity.VERBATIM:
                columns["fidelity"] = Fidelity.RESERIALISED


def row_of(event: Event) -> dict[str, Json]:
    """The row of an event, for `json.dumps`; reading it gives an equal event.

    Columns that are empty are left out, so a row without `writer_id` never arises, and `args` is an object.
    """
    row: dict[str, Json] = {}
    for key, value in asdict(event).items():
        if value is None or value == ():
            continue
        row[key] = list(value) if isinstance(value, tuple) else canonical.load(value) if key == "args" else value
    return row
