"""OpenTelemetry spans and log records in the JSON form of OTLP, of agents and of MCP. See `otlp.md`.

Sources of the format: the OpenTelemetry protocol (JSON Protobuf Encoding), the file exporter of its Collector, and the
semantic conventions that `spans_calls` and `spans_answers` name.
"""

from __future__ import annotations

from typing import Final

from govern.events.canonical import Json
from govern.ingest.adapter import Aside, FormatInfo, Row
from govern.ingest.chat import plain
from govern.ingest.spans import Part
from govern.ingest.spans_otlp import LOGS, SPANS, parts
from govern.ingest.spans_traces import Spans

INFO: Final = FormatInfo(
    id="otlp",
    title="OpenTelemetry spans and log records (OTLP/JSON)",
    carries=frozenset({"prompt", "response", "tool", "args", "output", "timing", "errors"}),
    lacks="policy checks, approvals",
)
METRICS: Final = ("resourceMetrics", "resource_metrics")


class Otlp:
    info = INFO

    def claims(self, value: Json) -> bool:
        return isinstance(value, dict) and any(isinstance(value.get(key), list) for key in (*SPANS, *LOGS, *METRICS))

    def reading(self) -> Spans:
        return Spans(INFO.id, _parts)


def _parts(row: Row) -> list[Part]:
    value = plain(row.value)
    found = parts(row, value)
    if not found:
        raise Aside("metrics" if any(key in value for key in METRICS) else "export without spans")
    return found


ADAPTER: Final = Otlp()
