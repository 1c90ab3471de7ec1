"""The agent's own log told again as OpenTelemetry spans: one export request (OTLP/JSON) a line, one a run.

Attributes are those of the GenAI semantic conventions (opentelemetry.io, 1.41): `invoke_agent`, `chat` and
`execute_tool` spans, with messages, arguments and results as JSON text. As exporters do, a span is written when it
ends: children stand before their parents, and a call that nothing answered has none; the model's answer names it.
Leaves out what spans do not say: who typed a prompt.
"""

from __future__ import annotations

import json
from typing import Any

from govern.ingest.times import iso

from .book import fold

Row = dict[str, Any]


def requests(log: bytes) -> bytes:
    """The lines of `otlp.jsonl` for those of `log.jsonl`."""
    runs: dict[str, list[Row]] = {}
    for line in log.splitlines():
        row = json.loads(line)
        runs.setdefault(row["trace_id"], []).append(row)
    return "".join(json.dumps(_request(rows)) + "\n" for rows in runs.values()).encode()


def _request(rows: list[Row]) -> Row:
    scope = {"scope": {"name": "agent-host"}, "spans": _spans(rows)}
    resource = {"attributes": _attributes({"service.name": "agent-host"})}
    return {"resourceSpans": [{"resource": resource, "scopeSpans": [scope]}]}


def _spans(rows: list[Row]) -> list[Row]:
    first, last = rows[0], rows[-1]
    root = first["span_id"]
    said: list[Row] = []  # since the model's last answer
    spans = []
    asked_at = first["ts"]
    results = {row["span_id"]: row for row in rows if row["type"] == "tool_result"}
    for place, row in enumerate(rows):
        match row["type"]:
            case "prompt":
                said.append({"role": "user", "parts": [{"type": "text", "content": row["content"]}]})
                asked_at = row["ts"]
            case "response":
                parts = [{"type": "text", "content": row["content"]}, *_calls(rows[place + 1 :])]
                answer = json.dumps([{"role": "assistant", "parts": parts}])
                content = {"gen_ai.input.messages": json.dumps(said), "gen_ai.output.messages": answer}
                spans.append(
                    _span("chat", row, asked_at, row["ts"], root, {"gen_ai.operation.name": "chat", **content})
                )
                said = []
            case "tool_call":
                if (result := results.get(row["span_id"])) is not None:
                    spans.append(_tool(row, result, root))
                    asked_at = result["ts"]
    whole = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": first["agent"]}
    whole["gen_ai.conversation.id"] = first["session_id"]
    spans.append(_span(f"invoke_agent {first['agent']}", first, first["ts"], last["ts"], "", whole))
    return sorted(spans, key=lambda span: int(span["endTimeUnixNano"]))


def _calls(following: list[Row]) -> list[Row]:
    """The calls that an answer makes: those before the next one."""
    parts = []
    for row in following:
        if row["type"] == "response":
            break
        if row["type"] == "tool_call":
            arguments = row["args_text"] if "args_text" in row else row["args"]
            parts.append({"type": "tool_call", "id": row["call_id"], "name": row["tool"], "arguments": arguments})
    return parts


def _tool(call: Row, result: Row, root: str) -> Row:
    said = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": call["tool"]}
    said["gen_ai.tool.call.id"] = call["call_id"]
    said["gen_ai.tool.call.arguments"] = call["args_text"] if "args_text" in call else json.dumps(call["args"])
    status: Row = {}
    if result["status"] == "error":
        said["error.type"] = "tool_error"
        status = {"code": 2, "message": result["error"]}
    else:
        said["gen_ai.tool.call.result"] = result["content"]
    return {**_span(f"execute_tool {call['tool']}", call, call["ts"], result["ts"], root, said), "status": status}


def _span(name: str, row: Row, start: str, end: str, parent: str, attributes: dict[str, str]) -> Row:
    own = row["span_id"] if row["type"] != "response" else fold("chat", row["event_id"])[:16]
    return {
        "traceId": row["trace_id"],
        "spanId": own,
        "parentSpanId": parent,
        "name": name,
        "kind": 1,
        "startTimeUnixNano": str(iso(start)),
        "endTimeUnixNano": str(iso(end)),
        "attributes": _attributes(attributes),
        "status": {},
    }


def _attributes(values: dict[str, str]) -> list[Row]:
    return [{"key": key, "value": {"stringValue": value}} for key, value in values.items()]
