"""A list's schema in the words of the language: the same meaning, or refused with the reason."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from govern.draft.listing import Dialect
from govern.draft.schema import MAX_DEPTH, MAX_KEY, MAX_VALUES, CannotKeep, keep

DRAFT_07 = "http://json-schema.org/draft-07/schema#"


def of(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


def kept(argument: Any, **other: Any) -> Any:
    """What becomes of the schema of one argument."""
    return keep({**of(x=argument), **other}, defaults=True).schema["properties"]["x"]


@pytest.mark.parametrize(
    ("given", "made"),
    [
        ({"type": "string", "title": "T", "description": "D", "examples": ["e"], "$comment": "c"}, {"type": "string"}),
        ({"type": "string", "format": "email"}, {"type": "string", "format": "email"}),
        ({"type": "integer", "format": "int64"}, {"type": "integer"}),
        ({"type": "string", "contentEncoding": "base64", "x-order": 1, "deprecated": True}, {"type": "string"}),
        ({"type": "string", "default": "a"}, {"type": "string", "default": "a"}),
        ({"minimum": 1, "exclusiveMinimum": True}, {"exclusiveMinimum": 1}),
        ({"minimum": 1, "exclusiveMinimum": False}, {"minimum": 1}),
        ({"maximum": 9, "exclusiveMaximum": True, "minimum": 2}, {"exclusiveMaximum": 9, "minimum": 2}),
        ({"minimum": 1, "exclusiveMinimum": 0}, {"minimum": 1, "exclusiveMinimum": 0}),
        ({"type": "array", "items": [{"type": "string"}]}, {"type": "array", "prefixItems": [{"type": "string"}]}),
        (
            {"items": [{"type": "string"}], "additionalItems": False},
            {"prefixItems": [{"type": "string"}], "items": False},
        ),
        ({"items": {"type": "string"}, "additionalItems": False}, {"items": {"type": "string"}}),
        (
            {"dependencies": {"a": ["b"], "c": {"required": ["d"]}}},
            {"dependentRequired": {"a": ["b"]}, "dependentSchemas": {"c": {"required": ["d"]}}},
        ),
        ({"type": "object"}, {"type": "object", "additionalProperties": True}),
        ({"type": "object", "properties": {}}, {"type": "object", "additionalProperties": True}),
        ({"type": ["object", "null"]}, {"type": ["object", "null"], "additionalProperties": True}),
        ({"type": "object", "additionalProperties": False}, {"type": "object", "additionalProperties": False}),
        ({"enum": [1.0, "title"]}, {"enum": [1, "title"]}),
        ({"const": {"description": "data, not prose"}}, {"const": {"description": "data, not prose"}}),
        ({"nullable": False, "type": "string"}, {"type": "string"}),
        (True, True),
    ],
)
def test_rewritten(given: Any, made: Any) -> None:
    """Prose goes, older keywords become 2020-12's, an object of any keys says so."""
    assert made == kept(given)


@pytest.mark.parametrize(
    ("schema", "reason"),
    [
        ("text", "no object"),
        ([], "no object"),
        ({"type": "string"}, "not of an object"),
        (of(x="string"), "not a schema"),
        (of(x={"$ref": "https://example.org/a.json"}), "lies outside its schema"),
        (of(x={"$ref": 1}), "lies outside its schema"),
        (of(x={"$id": "a", "type": "string"}), "moves what references mean"),
        (of(x={"definitions": {}}), "below the top"),
        (of(x={"$dynamicRef": "#a"}), "`$dynamicRef`"),
        (of(x={"$anchor": "a"}), "`$anchor`"),
        (of(x={"exclusiveMinimum": True}), "no `minimum`"),
        (of(x={"nullable": True, "type": "string"}), "`nullable`"),
        (of(x={"anyOf": {}}), "`anyOf`"),
        ({"type": "object", "properties": []}, "`properties`"),
        ({"$schema": "https://example.org/mine"}, "another dialect"),
        ({"$schema": 7}, "another dialect"),
        ({"$schema": "https://json-schema.org/draft/2020-12/schema", **of(x={"items": [True]})}, "a list"),
        ({"$defs": {"a": {}}, "definitions": {"a": {}}, **of(x={"$ref": "#/$defs/a"})}, "both"),
        (of(**{"k" * (MAX_KEY + 1): True}), "characters"),
        (of(**{f"p{index}": {"type": "string"} for index in range(MAX_VALUES)}), "more than"),
        (of(x={"const": "\ud800"}), "surrogate"),
        (of(x={"const": float("inf")}), "finite"),
    ],
)
def test_refused(schema: Any, reason: str) -> None:
    """What cannot be kept exactly is refused, and the reason says what it is."""
    with pytest.raises(CannotKeep) as refused:
        keep(schema)
    assert reason in refused.value.reason


@pytest.mark.parametrize("depth", [MAX_DEPTH, 100, 5_000])
def test_depth(depth: int) -> None:
    """Nesting is refused, never followed to the end of the stack."""
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(depth):
        schema = {"items": schema}
    with pytest.raises(CannotKeep, match="nested"):
        keep(of(x=schema))


def test_definitions_move_with_their_references() -> None:
    """`definitions` become `$defs`; what nobody refers to is dropped, what is reached through others stays."""
    schema = {
        **of(x={"$ref": "#/definitions/a"}),
        "definitions": {"a": {"items": {"$ref": "#/definitions/b"}}, "b": {"type": "string"}, "c": {"type": "object"}},
    }
    made = keep(schema)
    assert {"$ref": "#/$defs/a"} == made.schema["properties"]["x"]
    assert {"a": {"items": {"$ref": "#/$defs/b"}}, "b": {"type": "string"}} == made.schema["$defs"]
    assert () == made.open_at


def test_siblings_of_a_reference() -> None:
    """Up to draft-07 they mean nothing; from 2019-09 on they count."""
    schema = {**of(x={"$ref": "#/$defs/a", "maxLength": 3}), "$defs": {"a": {"type": "string"}}}
    assert {"$ref": "#/$defs/a", "maxLength": 3} == keep(schema).schema["properties"]["x"]
    assert {"$ref": "#/$defs/a"} == keep({**schema, "$schema": DRAFT_07}).schema["properties"]["x"]


def test_without_defaults() -> None:
    assert {"type": "string"} == keep(of(x={"type": "string", "default": "a"}), defaults=False).schema["properties"][
        "x"
    ]


def test_nullable_of_openapi() -> None:
    """OpenAPI 3.0's word adds null to the type, and means nothing without one."""
    made = keep(of(x={"type": "string", "nullable": True}, y={"nullable": True, "enum": [1]}), Dialect.OPENAPI_30)
    assert {"x": {"type": ["string", "null"]}, "y": {"enum": [1]}} == made.schema["properties"]


def test_no_arguments() -> None:
    """A tool without arguments says so: the language closes it."""
    assert {"type": "object", "properties": {}} == keep({"type": "object"}).schema


def test_what_is_said_about_it() -> None:
    """Where any key is allowed, and which words demand nothing."""
    made = keep(of(x={"type": "object"}, y={"items": {"requried": ["a"]}}, z={"additionalProperties": {}}))
    assert ("x", "z") == made.open_at
    assert ("requried",) == made.ignored


old_schemas = st.recursive(
    st.sampled_from([
        {}, {"type": "string"}, {"type": "number", "minimum": 1}, {"type": ["integer", "null"]}, {"enum": [1, "a"]},
        {"const": 1}, {"maxLength": 1, "description": "d"}, {"$ref": "#/definitions/a", "type": "null"}, True,
    ]),
    lambda inner: st.one_of(
        st.builds(lambda a, b: {"type": "array", "items": [a], "additionalItems": b}, inner, inner),
        st.builds(lambda a: {"items": a}, inner),
        st.builds(lambda a, b: {"properties": {"a": a}, "dependencies": {"a": b, "b": ["a"]}}, inner, inner),
        st.builds(lambda a, b: {"anyOf": [a, b]}, inner, inner),
        st.builds(lambda a: {"not": a}, inner),
        st.builds(lambda a: {"type": "object", "additionalProperties": a}, inner),
    ),
    max_leaves=4,
)  # fmt: skip
instances = st.recursive(
    st.sampled_from([None, 0, 1, 2.5, "a", "ab", True]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=4,
)


@given(old_schemas, instances)
@settings(max_examples=300, deadline=None)
def test_the_meaning_is_the_same(schema: Any, value: Any) -> None:
    """Judged by an independent validator: draft-07 before, 2020-12 after, the same answer on every value."""
    before = {"$schema": DRAFT_07, **of(x=schema), "definitions": {"a": {"type": "string", "minLength": 2}}}
    after = keep(before).schema
    call = {"x": value}
    assert jsonschema.Draft7Validator(before).is_valid(call) == jsonschema.Draft202012Validator(after).is_valid(call)
