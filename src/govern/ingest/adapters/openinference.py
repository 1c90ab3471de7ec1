"""Spans one by one, as Phoenix exports them and as OpenTelemetry's Python SDK prints them. See `openinference.md`.

Sources of the format: the OpenInference specification, Phoenix's REST API (`/v1/projects/{project}/spans`) and its
tables of spans, `ReadableSpan.to_json` of opentelemetry-sdk.
"""

from __future__ import annotations

from typing import Final

from govern.events.canonical import Json
from govern.ingest.adapter import Aside, FormatInfo, Row
from govern.ingest.chat import Path, messages, plain, unusable
from govern.ingest.noted import instant
from govern.ingest.parts import part
from govern.ingest.spans import Attributes, Part, Said, Span, light
from govern.ingest.spans_calls import ARGUMENTS, RESULTS, SHOWN
from govern.ingest.spans_otlp import FAILED, ident
from govern.ingest.spans_traces import Spans
from govern.ingest.times import iso

INFO: Final = FormatInfo(
    id="openinference",
    title="OpenInference spans",
    carries=frozenset({"prompt", "response", "tool", "args", "output", "timing", "errors"}),
    lacks="policy checks, approvals, log records",
)
KIND: Final = "openinference.span.kind"
WHOLE: Final = frozenset(
    {*ARGUMENTS, *RESULTS, *SHOWN, "gen_ai.input.messages", "gen_ai.output.messages", "gen_ai.system_instructions"}
)
"""Attributes that may hold an object."""


class OpenInference:
    info = INFO

    def claims(self, value: Json) -> bool:
        if not isinstance(value, dict):
            return False
        if isinstance(value.get("data"), list):
            return bool(value["data"]) and isinstance(value["data"][0], dict) and _is_span(value["data"][0])
        return _is_span(value)

    def reading(self) -> Spans:
        return Spans(INFO.id, _parts)


def _is_span(value: dict[str, Json]) -> bool:
    context = value.get("context")
    inside = set(context) if isinstance(context, dict) else {key[8:] for key in value if key.startswith("context.")}
    return {"trace_id", "span_id"} <= inside and "name" in value


def _parts(row: Row) -> list[Part]:
    value = plain(row.value)
    if "data" not in value or _is_span(value):
        return [_span(light(row), value, ())]
    kept = light(row)
    page = messages(value["data"], "data")
    found: list[Part] = []
    for place, each in enumerate(page):
        with part(row, "data", place):
            found.append(_span(kept, plain(each, "data", place), ("data", place)))
    if not found:
        raise Aside("empty page")
    return found


def _span(row: Row, value: dict[str, Json], path: Path) -> Span:
    context = plain(value["context"], *path, "context") if isinstance(value.get("context"), dict) else {}
    trace = ident(context.get("trace_id", value.get("context.trace_id")), 16)
    span = ident(context.get("span_id", value.get("context.span_id")), 8)
    if trace is None or span is None:
        raise unusable(path, "has no trace and span id")
    attributes = _attributes(value, path)
    if isinstance(value.get("span_kind"), str):
        attributes.setdefault(KIND, value["span_kind"])
    status = value.get("status")
    inside = status if isinstance(status, dict) else {"status_code": value.get("status_code", status)}
    problem = inside.get("description", value.get("status_message"))
    resource = value.get("resource")
    about = plain(resource, *path, "resource").get("attributes") if isinstance(resource, dict) else None
    name, said = value.get("name"), value.get("events")
    return Span(
        trace=trace,
        id=span,
        parent=ident(value.get("parent_id"), 8),
        name=name if isinstance(name, str) else "",
        start=_time(row, value.get("start_time")),
        end=_time(row, value.get("end_time")),
        attributes=attributes,
        events=tuple(
            _said(row, plain(each, *path, "events", place), (*path, "events", place)) for place, each in enumerate(said)
        )
        if isinstance(said, list)
        else (),
        failed=inside.get("status_code") in FAILED,
        problem=problem if isinstance(problem, str) else "",
        row=row,
        resource=about if isinstance(about, dict) else {},
    )


def _said(row: Row, value: dict[str, Json], path: Path) -> Said:
    name = value.get("name")
    made: Attributes = {}
    _flatten(value.get("attributes"), "", made, (*path, "attributes"))
    return Said(name if isinstance(name, str) else "", _time(row, value.get("timestamp")), made)


def _attributes(value: dict[str, Json], path: Path) -> Attributes:
    made: Attributes = {}
    _flatten(value.get("attributes"), "", made, (*path, "attributes"))
    for key, each in value.items():  # a table has a column for each
        if key.startswith("attributes.") and each is not None:
            _flatten(each, key.removeprefix("attributes."), made, (*path, key))
    return made


def _flatten(value: Json, key: str, made: Attributes, path: Path) -> None:
    """Objects and lists of objects as attributes with dots, as the specification has them."""
    if isinstance(value, dict) and key not in WHOLE:
        for name, each in plain(value, *path).items():
            _flatten(each, f"{key}.{name}" if key else name, made, (*path, name))
    elif isinstance(value, list) and value and all(isinstance(each, dict) for each in value) and key not in WHOLE:
        for place, each in enumerate(value):
            _flatten(each, f"{key}.{place}", made, (*path, place))
    elif key:
        if key in made and made[key] != value:
            raise unusable(path, f"says `{key}` a second time")
        made[key] = value


def _time(row: Row, value: Json) -> int | None:
    return None if value is None else instant(row, lambda: iso(value))


ADAPTER: Final = OpenInference()
