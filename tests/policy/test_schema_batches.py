"""Validation of batches says of every row what the validator of one call says of it."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from govern.errors import AuthorError
from govern.events.canonical import parse, text_of
from govern.policy.defaults import apply_defaults
from govern.policy.schema import validator
from govern.replay.inputs_valid import TOGETHER, Inputs


def one_by_one(schema: Any, texts: list[str]) -> tuple[list[bool], list[str]]:
    """Invalid, and the text that is judged on, as for one call after another."""
    judged, fill = validator(text_of(schema)), apply_defaults(text_of(schema))
    invalid, filled = [], []
    for text in texts:
        value = parse(text)
        whole = value if fill is None else fill(value)
        invalid.append(whole is None or not judged(whole))
        filled.append(text if whole is None else text_of(whole))
    return invalid, filled


def in_bulk(schema: Any, texts: list[str]) -> tuple[list[bool], list[str]]:
    found = Inputs(text_of(schema)).judge(pa.array(texts, pa.string()))
    return found.invalid.to_pylist(), found.texts.to_pylist()


_NUMBERS = st.sampled_from(
    [
        0,
        1,
        2,
        -1,
        2**53,
        2**53 + 1,
        2**63 - 1,
        -(2**63),
        2.0**63,
        2.0**64,
        1e20,
        1e21,
        1e300,
        0.1,
        0.3,
        2.5,
        5e-324,
        -1e19,
    ]
)
_VALUES = st.recursive(
    st.one_of(
        _NUMBERS, st.sampled_from([None, True, False, "", "a", "é", "\U0001f600", "5", "],[", "\\", '"', "1" * 30])
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from("abcé"), inner, max_size=3)),
    max_leaves=6,
)
_ROWS = st.dictionaries(st.sampled_from(["a", "b", "c", "é"]), _VALUES, max_size=3).map(text_of)
_LEAF = st.one_of(
    st.sampled_from(
        [True, False, {}, {"type": "integer"}, {"type": "string"}, {"maxLength": 1}, {"pattern": r"^\w?$"},
         {"multipleOf": 3}, {"multipleOf": 0.1}, {"uniqueItems": True}, {"minItems": 1}, {"type": ["object", "null"]},
         {"default": 1}, {"default": {"a": []}}, {"format": "email"}, {"$ref": "#/$defs/x"}]
    ),
    st.builds(
        lambda word, bound: {word: bound},
        st.sampled_from(["minimum", "maximum", "exclusiveMinimum", "const"]),
        _NUMBERS,
    ),
    st.lists(_NUMBERS, min_size=1, max_size=3).map(lambda several: {"enum": several}),
)  # fmt: skip
_SCHEMAS = st.recursive(
    _LEAF,
    lambda inner: st.fixed_dictionaries(
        {"properties": st.dictionaries(st.sampled_from(["a", "b", "é"]), inner, max_size=3)},
        optional={
            "required": st.sampled_from([["a"], ["a", "b"]]),
            "additionalProperties": st.booleans(),
            "items": inner,
            "allOf": st.lists(inner, min_size=1, max_size=2),
            "anyOf": st.lists(inner, min_size=1, max_size=2),
            "not": inner,
        },
    ),
    max_leaves=5,
)


@settings(max_examples=400, deadline=None)
@given(_SCHEMAS, st.lists(_ROWS, max_size=8))
def test_a_batch_is_its_calls(schema: Any, texts: list[str]) -> None:
    """Row by row, for any schema: big numbers, unicode, nesting, equal rows, defaults."""
    schema = {"allOf": [schema], "$defs": {"x": {"type": ["integer", "object", "string"]}}}
    try:
        expected = one_by_one(schema, texts)
    except AuthorError:  # defaults that disagree: neither takes them
        with pytest.raises(AuthorError):
            Inputs(text_of(schema))
        return
    assert expected == in_bulk(schema, texts)


def test_big_numbers_are_written_as_they_came() -> None:
    """Beside a default, too: a double that is written like an integer stays one."""
    texts = [text_of({"n": number}) for number in (2.0**63, 1e20, -1e19, 1e21, 2**63 - 1)]
    schema = {"properties": {"a": {"default": 1}}}
    assert one_by_one(schema, texts) == in_bulk(schema, texts)


@pytest.mark.parametrize("size", [0, 1, TOGETHER - 1, TOGETHER, TOGETHER + 1, 3 * TOGETHER + 5])
@pytest.mark.parametrize("every", [1, 2, TOGETHER, 10_000])
def test_lists_of_every_length(size: int, every: int) -> None:
    """Whatever the number of rows, and however the invalid ones lie among them."""
    schema = {"properties": {"n": {"type": "integer"}}, "required": ["n"], "additionalProperties": False}
    texts = [text_of({"n": f"x{at}"}) if at % every == every - 1 else text_of({"n": at}) for at in range(size)]
    assert one_by_one(schema, texts) == in_bulk(schema, texts)


@pytest.mark.parametrize(
    "bound",
    [{"maximum": 2.0**63}, {"minimum": 2.0**63}, {"exclusiveMaximum": 2.0**63}, {"const": 2.0**63}, {"multipleOf": 808},
     {"enum": [1e20]}, {"minimum": 1e19}, {"multipleOf": 10**6}],
)  # fmt: skip
def test_numbers_beyond_int64_are_doubles(bound: dict[str, Any]) -> None:
    """2**63 is written 9223372036854776000: read as an integer, it would be another number."""
    texts = [text_of({"n": number}) for number in (2.0**63, 2.0**64, 1e20, 1e19, 2**63 - 1, 5)]
    schema = {"properties": {"n": bound}}
    assert one_by_one(schema, texts) == in_bulk(schema, texts)


def test_the_batch_itself_comes_back_where_nothing_is_filled() -> None:
    """Nothing is copied for a tool without defaults; with them, only what was left out is new."""
    texts = pa.array(['{"a":1}', '{"a":1}', "{}"])
    assert Inputs('{"properties":{"a":{}}}').judge(texts).texts is texts
    assert not Inputs('{"properties":{"a":{}}}').fills
    filling = Inputs('{"properties":{"a":{"default":2}}}')
    assert filling.fills
    assert ['{"a":1}', '{"a":1}', '{"a":2}'] == filling.judge(texts).texts.to_pylist()


def test_a_row_that_no_default_may_fill_stays_and_is_invalid() -> None:
    """Keys that would differ only by case: the other engine judges the arguments as they came, too."""
    found = Inputs('{"properties":{"a":{"default":2}}}').judge(pa.array(['{"A":1}', "{}"]))
    assert [True, False] == found.invalid.to_pylist()
    assert ['{"A":1}', '{"a":2}'] == found.texts.to_pylist()


@pytest.mark.parametrize(
    "text", ["5", "[]", "null", '"{}"', "", "{", "{},{}", '{"a":1}]', "{} ", '{"a":1,"a":2}x', "nul"]
)
def test_what_is_no_object_is_invalid_and_moves_no_other_row(text: str) -> None:
    """A store may come from anywhere: a text that would be two values, or none, is one invalid row."""
    texts = ['{"a":1}', text, '{"a":"x"}', '{"a":2}']
    found = Inputs('{"properties":{"a":{"type":"integer"}}}').judge(pa.array(texts)).invalid.to_pylist()
    assert [False, text != "{} ", True, False] == found


def test_chunked_and_large_columns() -> None:
    """Columns as DuckDB and Parquet give them."""
    texts = ['{"a":1}', '{"a":"x"}', "{}"]
    judging = Inputs('{"properties":{"a":{"type":"integer"},"b":{"default":1}}}')
    for column in (pa.chunked_array([texts[:1], texts[1:]]), pa.array(texts, pa.large_string())):
        found = judging.judge(column)
        assert [False, True, False] == found.invalid.to_pylist()
        assert ['{"a":1,"b":1}', '{"a":"x","b":1}', '{"b":1}'] == found.texts.to_pylist()
        assert column.type == found.texts.type
