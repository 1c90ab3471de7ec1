"""Whatever a document holds, the answer is a draft that loads, or an error that says why; never a traceback."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from govern.charter.load import load_text
from govern.draft.formats import listing
from govern.draft.sheet import Head, draft
from govern.errors import EvidenceError
from govern.events.canonical import load

KEYS = [
    "tools", "functions", "result", "name", "function", "type", "description", "parameters", "inputSchema",
    "input_schema", "annotations", "readOnlyHint", "destructiveHint", "properties", "required", "items", "$ref",
    "$defs", "definitions", "additionalProperties", "enum", "const", "format", "nullable", "exclusiveMinimum",
    "minimum", "anyOf", "allOf", "oneOf", "not", "dependencies", "$schema", "$id", "pattern", "default", "sql",
]  # fmt: skip
WORDS = [
    "get_a", "delete_a", "a b", "object", "string", "array", "function", "#/definitions/a", "#", "#/$defs/a", "http://x",
    "(", "(?=a)", "date", "http://json-schema.org/draft-07/schema#", "\u202e", "no", "12:30", "",
]  # fmt: skip

leaves = st.none() | st.booleans() | st.integers(-3, 2**64) | st.floats(allow_nan=False) | st.sampled_from(WORDS)
anything = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS) | st.sampled_from("abA"), inner, max_size=4)
    ),
    max_leaves=10,
)
schemas = st.builds(
    lambda properties, others: {"type": "object", "properties": properties, **others},
    st.dictionaries(st.sampled_from(["a", "b", "method", "sql", "A"]), anything, max_size=3),
    st.dictionaries(st.sampled_from(KEYS), anything, max_size=2),
)
tools = st.builds(
    lambda name, schema, others: {"name": name, **others, "inputSchema": schema},
    st.sampled_from(["get_a", "delete_a", "x"]) | leaves, schemas | anything,
    st.dictionaries(st.sampled_from(KEYS), anything, max_size=2),
)  # fmt: skip
operations = st.dictionaries(st.sampled_from(["operationId", "parameters", "requestBody", "summary"]), anything)
openapi = st.builds(
    lambda paths, components: {"openapi": "3.0.1", "paths": paths, "components": {"schemas": components}},
    st.dictionaries(
        st.sampled_from(["/a", "/a/{b}", ""]),
        st.dictionaries(st.sampled_from(["get", "post", "parameters"]), operations | anything, max_size=2)
        | anything,
        max_size=2,
    ),
    anything,
)  # fmt: skip


@given(anything | st.lists(tools, min_size=1, max_size=3) | openapi)
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_document(document: Any) -> None:
    """Of the file nothing but its lines is invisible; of an error nothing at all."""
    text, message = outcome(document)
    assert bool(text) != bool(message)
    assert message.isprintable()
    assert text.replace("\n", "").isprintable()
    assert not text or () == load_text(text).findings


def outcome(document: Any) -> tuple[str, str]:
    """The draft, or what is wrong."""
    try:
        return draft(listing(load(json.dumps(document)), "x"), Head()).text, ""
    except EvidenceError as error:
        return "", error.message
