"""Traces as Grafana Tempo's API and command line give them. See `tempo.md`.

Source of the format: grafana.com/docs/tempo (HTTP API, `/api/traces` and `/api/v2/traces`), tempo.proto.
"""

from __future__ import annotations

from typing import Final

from govern.events.canonical import Json
from govern.ingest.adapter import Aside, FormatInfo, Row
from govern.ingest.chat import plain
from govern.ingest.spans import Part
from govern.ingest.spans_otlp import SPANS, parts
from govern.ingest.spans_traces import Spans

INFO: Final = FormatInfo(
    id="tempo",
    title="Grafana Tempo traces",
    carries=frozenset({"prompt", "response", "tool", "args", "output", "timing", "errors"}),
    lacks="policy checks, approvals, log records",
)
BATCHES: Final = "batches"


class Tempo:
    info = INFO

    def claims(self, value: Json) -> bool:
        if not isinstance(value, dict):
            return False
        inside = value.get("trace")
        return _batches(value) or (
            isinstance(inside, dict) and (_batches(inside) or any(key in inside for key in SPANS))
        )

    def reading(self) -> Spans:
        return Spans(INFO.id, _parts)


def _batches(value: dict[str, Json]) -> bool:
    found = value.get(BATCHES)
    first = found[0] if isinstance(found, list) and found else None
    return isinstance(first, dict) and any(
        key in first for key in ("scopeSpans", "instrumentationLibrarySpans", "scope_spans", "resource")
    )


def _parts(row: Row) -> list[Part]:
    value = plain(row.value)
    at: tuple[str, ...] = ()
    if "trace" in value:
        value, at = plain(value["trace"], "trace"), ("trace",)
    found = parts(row, value, *at, spans=BATCHES if BATCHES in value else "")
    if not found:
        raise Aside("trace without spans")
    return found


ADAPTER: Final = Tempo()
