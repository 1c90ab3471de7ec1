"""The JSON Schema of a row of canonical JSON lines, made from the tables of the adapter that reads it.

`python -m govern.ingest.schema > schemas/event.v1.json` writes it; a test keeps the file in step.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from govern.events.canonical import INT64_MAX, INT64_MIN
from govern.events.model import COLUMNS, INTEGERS, TEXT_LISTS
from govern.ingest.adapters.canonical import ENUMS, NOT_NEGATIVE, REQUIRED, TIME

_SAID = {
    "event_id": "unique; the same row again is dropped, another row under it is refused",
    "trace_id": "one run, session or task",
    "type": "what happened; a proposal (tool_call) and its execution (tool_start) are two events",
    "writer_id": "who wrote the row; the file's digest where it is missing",
    "wseq": "contiguous for each writer; where it is missing the row's place in the file, under a writer import:…",
    "ts_ns": "when it happened: UTC nanoseconds since 1970",
    "duration_ns": "nanoseconds; of an approval_request how long it may be answered, of an approval how long used",
    "reasons": "codes; of an approval_request or escalation the terms of its gates: quorum:N, shared, confirm",
    "gates": "of a check those that must be met, of a request or escalation those it asks, of a decision whose it is",
    "args": "the arguments of the call",
    "args_text": "the arguments as text, where the writer could not parse them",
    "args_digest": "sha256: and the digest of the canonical arguments",
    "content": "prompt, response or output, as recorded",
    "status": "of a tool_result: ok or error",
    "ts": "another spelling of ts_ns: ISO 8601, UTC",
}


def event_schema() -> dict[str, Any]:
    """The schema. What it cannot say, the reader refuses as well: keys that stand twice, `args` beside
    `args_text`, `ts` beside `ts_ns`, a digest that does not belong to the arguments."""
    properties = {key: _property(key) for key in (*COLUMNS, "args_text", "ts")}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "govern event, version 1: one row of canonical JSON lines",
        "description": "A column that is null or missing is unknown.",
        "type": "object",
        "required": list(REQUIRED),
        "properties": properties,
        "additionalProperties": False,
        "allOf": [
            {"not": {"required": list(pair), "properties": _both(*pair)}}
            for pair in (("args", "args_text"), ("ts", "ts_ns"))
        ],
    }


def _both(*keys: str) -> dict[str, Any]:
    return {key: {"not": {"type": "null"}} for key in keys}


def _property(key: str) -> dict[str, Any]:
    made = _kind(key)
    if key in REQUIRED:
        made["minLength"] = 1
        if key in ENUMS:
            del made["minLength"]
    elif "enum" in made:
        made["enum"] = [*made["enum"], None]
    elif key != "args":
        made["type"] = [made["type"], "null"]
    if key in _SAID:
        made["description"] = _SAID[key]
    return made


def _kind(key: str) -> dict[str, Any]:
    if key in ENUMS:
        return {"enum": [choice.value for choice in ENUMS[key]]}
    if key in TEXT_LISTS:
        return {"type": "array", "items": {"type": "string"}}
    if key in INTEGERS:
        return {"type": "integer", "minimum": 0 if key in NOT_NEGATIVE else INT64_MIN, "maximum": INT64_MAX}
    if key == "args":
        # Anything but an object is kept as an event too, with `args_error`: a call is never dropped.
        return {"$comment": "an object is expected; another value is read as malformed arguments"}
    return {"type": "string", "pattern": f"^{TIME}$"} if key == "ts" else {"type": "string"}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(event_schema(), indent=2) + "\n")
