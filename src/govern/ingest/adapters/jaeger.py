"""Traces as Jaeger's API, pages and storage write them. See `jaeger.md`.

Sources of the format: github.com/jaegertracing/jaeger (`model/json`, the query service's API v2 and v3), and the
mapping of OpenTelemetry's spans to Jaeger's in the OpenTelemetry specification.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from govern.events.canonical import Json
from govern.ingest.adapter import Aside, FormatInfo, Row
from govern.ingest.chat import Path, messages, plain, unusable
from govern.ingest.noted import instant
from govern.ingest.parts import part
from govern.ingest.spans import Attributes, Part, Said, Span, light
from govern.ingest.spans_otlp import FAILED, SPANS, parts
from govern.ingest.spans_traces import Spans
from govern.ingest.times import unix

INFO: Final = FormatInfo(
    id="jaeger",
    title="Jaeger traces",
    carries=frozenset({"prompt", "response", "tool", "args", "output", "timing", "errors"}),
    lacks="policy checks, approvals, log records; times are in microseconds",
)


class Jaeger:
    info = INFO

    def claims(self, value: Json) -> bool:
        if not isinstance(value, dict):
            return False
        data, result = value.get("data"), value.get("result")
        if isinstance(data, list):
            return any(isinstance(trace, dict) and _is_trace(trace) for trace in data[:3])
        if isinstance(result, dict):
            return any(key in result for key in SPANS)
        return _is_trace(value) or {"traceID", "spanID", "operationName"} <= set(value)

    def reading(self) -> Spans:
        return Spans(INFO.id, _parts)


def _is_trace(value: dict[str, Json]) -> bool:
    return "traceID" in value and isinstance(value.get("spans"), list)


def _parts(row: Row) -> list[Part]:
    value = plain(row.value)
    if isinstance(value.get("result"), dict):  # API v3 is OTLP
        found = parts(row, plain(value["result"], "result"), "result")
    else:
        kept = light(row)
        found = []
        for span, about, at in _spans(row, value):
            with part(row, *at):
                found.append(_span(kept, plain(span, *at), about, at))
    if not found:
        raise Aside("trace without spans")
    return found


def _spans(row: Row, value: dict[str, Json]) -> Iterator[tuple[Json, Attributes, Path]]:
    """The spans, with the tags of their process."""
    traces: list[tuple[Json, Path]] = [(value, ())]
    if "data" in value:
        traces = [(each, ("data", place)) for place, each in enumerate(messages(value["data"], "data"))]
    for given, at in traces:
        found: list[tuple[Json, Attributes, Path]] = []
        with part(row, *at):
            found = list(_of_trace(plain(given, *at), at))
        yield from found


def _of_trace(trace: dict[str, Json], at: Path) -> Iterator[tuple[Json, Attributes, Path]]:
    if "spans" not in trace:
        yield trace, _tags(plain(trace.get("process") or {}, *at, "process"), "tags", (*at, "process")), at
        return
    processes = plain(trace.get("processes") or {}, *at, "processes")
    tags = {
        name: _tags(plain(each, *at, "processes", name), "tags", (*at, "processes", name))
        for name, each in processes.items()
    }
    for place, span in enumerate(messages(trace["spans"], *at, "spans")):
        process = span.get("processID") if isinstance(span, dict) else None
        yield span, tags.get(process, {}) if isinstance(process, str) else {}, (*at, "spans", place)


def _span(row: Row, value: dict[str, Json], about: Attributes, path: Path) -> Span:
    trace, span = _ident(value.get("traceID"), 32), _ident(value.get("spanID"), 16)
    if trace is None or span is None:
        raise unusable(path, "has no `traceID` and `spanID`")
    tags = _tags(value, "tags", path)
    start, duration, name = value.get("startTime"), value.get("duration"), value.get("operationName")
    begun = None if start in (None, 0) else instant(row, lambda: unix(start, "us"))
    took = None if duration is None else instant(row, lambda: unix(duration, "us"))
    problem = tags.get("otel.status_description")
    return Span(
        trace=trace,
        id=span,
        parent=_parent(value, path),
        name=name if isinstance(name, str) else "",
        start=begun,
        end=None if begun is None or took is None else begun + took,
        attributes=tags,
        events=tuple(_said(row, each, at) for each, at in _each(value, "logs", path)),
        failed=tags.get("otel.status_code") in FAILED or tags.get("error") in (True, "true"),
        problem=problem if isinstance(problem, str) else "",
        scope=str(tags.get("otel.scope.name") or tags.get("otel.library.name") or ""),
        row=row,
        resource={key: each for key, each in about.items() if key.startswith("gen_ai.") or key == "session.id"},
    )


def _parent(value: dict[str, Json], path: Path) -> str | None:
    for reference, _ in _each(value, "references", path):
        if reference.get("refType") in (None, "CHILD_OF", "child_of"):
            return _ident(reference.get("spanID"), 16)
    return _ident(value.get("parentSpanID"), 16)


def _said(row: Row, value: dict[str, Json], path: Path) -> Said:
    fields = _tags(value, "fields", path)
    given, name = value.get("timestamp"), fields.get("event")
    at = None if given in (None, 0) else instant(row, lambda: unix(given, "us"))
    return Said(name if isinstance(name, str) else "", at, fields)


def _tags(value: dict[str, Json], key: str, path: Path) -> Attributes:
    """Tags as attributes; a storage may keep them as one object beside the list."""
    made: Attributes = dict(plain(value["tag"], *path, "tag")) if isinstance(value.get("tag"), dict) else {}
    for each, at in _each(value, key, path):
        name = each.get("key")
        if not isinstance(name, str):
            raise unusable(at, "has no key")
        if name in made and made[name] != each.get("value"):
            raise unusable(at, f"is a second `{name}`")
        made[name] = each.get("value")
    return made


def _each(value: dict[str, Json], key: str, path: Path) -> Iterator[tuple[dict[str, Json], Path]]:
    for place, each in enumerate(messages(value.get(key) or [], *path, key)):
        yield plain(each, *path, key, place), (*path, key, place)


def _ident(value: Json, digits: int) -> str | None:
    """An id in lower case; Jaeger leaves leading zeros out."""
    if not isinstance(value, str) or not value.strip("0"):
        return None
    return value.lower().zfill(16 if len(value) <= 16 else digits)


ADAPTER: Final = Jaeger()
