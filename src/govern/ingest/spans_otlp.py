"""Reads OTLP in its JSON form: spans and log records of an export request, with their resource and scope.

Sources of the format: the OpenTelemetry protocol, `opentelemetry-proto` 1.x (trace.proto, logs.proto, common.proto)
and "JSON Protobuf Encoding" of its specification.

Leaves out: what encloses it (`adapters`), what spans mean (`spans_calls`, `spans_answers`).
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from functools import cache
from typing import Final

from govern.events.canonical import Json
from govern.ingest.adapter import Row
from govern.ingest.chat import Path, messages, plain, unusable
from govern.ingest.noted import instant
from govern.ingest.parts import part
from govern.ingest.spans import Attributes, Log, Part, Said, Span, light
from govern.ingest.times import unix

SPANS: Final = ("resourceSpans", "resource_spans")
LOGS: Final = ("resourceLogs", "resource_logs")
FAILED: Final = (2, "STATUS_CODE_ERROR", "ERROR")
_HEX: Final = re.compile(r"[0-9a-fA-F]+", re.ASCII)


def parts(row: Row, value: dict[str, Json], *path: str | int, spans: str = "", logs: str = "") -> list[Part]:
    """The spans and log records of an export request. One that is none is refused by itself, as is a resource or scope.

    Args:
        value: the request.
        path: where it stands in the row.
        spans, logs: its keys of lists of resources, where they are not those of OTLP.

    Raises:
        Unusable: a list of resources is none.
    """
    made: list[Part] = []
    kept = light(row)
    scopes = ("scopeSpans", "instrumentationLibrarySpans")
    for key in (spans,) if spans else SPANS:
        for about, scope, span, at in _scoped(row, value, key, scopes, "spans", path):
            with part(row, *at):
                made.append(_span(kept, plain(span, *at), about, scope, at))
    for key in (logs,) if logs else LOGS:
        for _, _, record, at in _scoped(row, value, key, ("scopeLogs",), "logRecords", path):
            with part(row, *at):
                made.append(_log(kept, plain(record, *at), at))
    return made


def _scoped(
    row: Row, value: dict[str, Json], key: str, scopes: tuple[str, ...], inner: str, path: Path
) -> Iterator[tuple[Attributes, str, Json, Path]]:
    """What stands in the scopes of the resources: with the resource's attributes and the scope's name."""
    for number, given in enumerate(_list(value, (key,), path)):
        at = (*path, key, number)
        about: Attributes = {}
        found: list[Json] = []
        with part(row, *at):
            resource = plain(given, *at)
            about = attributes(plain(resource.get("resource") or {}, *at, "resource"), *at, "resource")
            found = _list(resource, scopes, at)
        for place, each in enumerate(found):
            here = (*at, scopes[0], place)
            name: Json = None
            items: list[Json] = []
            with part(row, *here):
                scope = plain(each, *here)
                about_scope = scope.get("scope") or scope.get("instrumentationLibrary") or {}
                name = plain(about_scope, *here, "scope").get("name")
                items = _list(scope, (inner, _snake(inner)), here)
            for index, item in enumerate(items):
                yield about, name if isinstance(name, str) else "", item, (*here, inner, index)


def _list(value: dict[str, Json], keys: tuple[str, ...], path: Path) -> list[Json]:
    for key in (*keys, *(_snake(key) for key in keys)):
        if value.get(key) is not None:
            return messages(value[key], *path, key)
    return []


def _span(row: Row, value: dict[str, Json], about: Attributes, scope: str, path: Path) -> Span:
    said = _list(value, ("events",), path)
    status = plain(value.get("status") or {}, *path, "status")
    problem = status.get("message")
    trace, span = ident(_get(value, "traceId"), 16), ident(_get(value, "spanId"), 8)
    if trace is None or span is None:
        raise unusable(path, "has no trace and span id")
    name = value.get("name")
    return Span(
        trace=trace,
        id=span,
        parent=ident(_get(value, "parentSpanId"), 8),
        name=name if isinstance(name, str) else "",
        start=moment(row, _get(value, "startTimeUnixNano")),
        end=moment(row, _get(value, "endTimeUnixNano")),
        attributes=attributes(value, *path),
        events=tuple(
            _said(row, plain(each, *path, "events", place), (*path, "events", place)) for place, each in enumerate(said)
        ),
        failed=status.get("code") in FAILED,
        problem=problem if isinstance(problem, str) else "",
        scope=scope,
        resource=_session(about),
        row=row,
    )


def _log(row: Row, value: dict[str, Json], path: Path) -> Log:
    said = _said(row, value, path)
    return Log(ident(_get(value, "traceId"), 16), ident(_get(value, "spanId"), 8), said, row)


def _said(row: Row, value: dict[str, Json], path: Path) -> Said:
    made = attributes(value, *path)
    name = value.get("name") or _get(value, "eventName") or made.get("event.name") or ""
    at = moment(row, _get(value, "timeUnixNano"))
    at = moment(row, _get(value, "observedTimeUnixNano")) if at is None else at
    body = anything(value["body"], (*path, "body")) if value.get("body") is not None else None
    return Said(name if isinstance(name, str) else "", at, made, body)


def _session(resource: Attributes) -> Attributes:
    """What a resource says of the session or the agent: the rest is of the machine."""
    return {key: value for key, value in resource.items() if key.startswith("gen_ai.") or key == "session.id"}


def attributes(value: dict[str, Json], *path: str | int) -> Attributes:
    """The attributes of anything that has them.

    Raises:
        Unusable: one stands twice, or has no name.
    """
    made: Attributes = {}
    for place, given in enumerate(_list(value, ("attributes",), path)):
        at = (*path, "attributes", place)
        pair = plain(given, *at)
        key = pair.get("key")
        if not isinstance(key, str):
            raise unusable(at, "has no key")
        if key in made:
            raise unusable(at, f"is the second `{key}`")
        made[key] = anything(pair.get("value"), (*at, "value"))
    return made


def anything(value: Json, path: Path) -> Json:
    """A value as JSON has it. A value that is not written as OTLP writes it is taken as it is.

    Raises:
        Unusable: a key stands twice in it.
    """
    if not isinstance(value, dict):
        return value
    for kind, inner in value.items():
        match kind:
            case "stringValue" | "boolValue" | "doubleValue" | "bytesValue":
                return inner
            case "string_value" | "bool_value" | "double_value" | "bytes_value":
                return inner
            case "intValue" | "int_value":
                return int(inner) if isinstance(inner, str) and re.fullmatch(r"-?\d{1,19}", inner, re.ASCII) else inner
            case "arrayValue" | "array_value":
                items = _list(plain(inner or {}, *path, kind), ("values",), path)
                return [anything(item, (*path, kind, place)) for place, item in enumerate(items)]
            case "kvlistValue" | "kvlist_value":
                pairs = plain(inner or {}, *path, kind)
                return attributes({"attributes": pairs.get("values")}, *path, kind)
    return value or None


def ident(value: Json, size: int) -> str | None:
    """An id in hexadecimal; Tempo writes its bytes in base64. None where there is none, or only zeros.

    Args:
        size: in bytes.
    """
    if not isinstance(value, str) or not value.strip("0"):
        return None
    plainly = value[2:] if value.startswith("0x") else value
    if _HEX.fullmatch(plainly):
        return plainly.lower()
    try:
        raw = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return value
    if len(raw) != size:
        return value
    return raw.hex() if any(raw) else None


def moment(row: Row, value: Json) -> int | None:
    """A time in nanoseconds; 0 is none."""
    if value in (None, "", "0", 0):
        return None
    return instant(row, lambda: unix(value))


def _get(value: dict[str, Json], key: str) -> Json:
    return value.get(key, value.get(_snake(key)))


@cache
def _snake(key: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in key)
