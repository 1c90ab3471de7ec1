"""`default`: what is filled in, what stays as it came, and which calls are invalid by it."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govern.errors import AuthorError
from govern.events.canonical import MAX_DEPTH, normalise, parse, text_of
from govern.policy.defaults import apply_defaults

NESTED = {"properties": {"city": {"default": "x"}, "zip": {}}}


@pytest.mark.parametrize(
    ("schema", "args", "filled"),
    [
        ({"properties": {"a": {"default": 1}}}, {}, {"a": 1}),
        ({"properties": {"a": {"default": 1}}}, {"a": 2}, {"a": 2}),
        ({"properties": {"a": {"default": 1}}}, {"a": None}, {"a": None}),
        ({"properties": {"a": {"default": 1}}}, {"b": 2}, {"a": 1, "b": 2}),
        ({"properties": {"a": {"default": 1.0}}}, {}, {"a": 1}),
        ({"properties": {"a": {"default": None}}}, {}, {"a": None}),
        ({"properties": {"a": {"default": 1}, "b": {"default": 2}}}, {"b": 3}, {"a": 1, "b": 3}),
        # Nested objects that are there; not those that are not, and not lists.
        ({"properties": {"to": NESTED}}, {"to": {"zip": "1"}}, {"to": {"city": "x", "zip": "1"}}),
        ({"properties": {"to": NESTED}}, {}, {}),
        ({"properties": {"to": NESTED}}, {"to": None}, {"to": None}),
        ({"properties": {"to": NESTED}}, {"to": [{}]}, {"to": [{}]}),
        ({"properties": {"to": {"items": NESTED}}}, {"to": [{}]}, {"to": [{}]}),
        # Objects that a default makes are complete.
        ({"properties": {"to": {**NESTED, "default": {}}}}, {}, {"to": {"city": "x"}}),
        ({"properties": {"to": {**NESTED, "default": {"city": "y"}}}}, {}, {"to": {"city": "y"}}),
        ({"properties": {"to": {**NESTED, "default": {}}}}, {"to": {"zip": 1}}, {"to": {"city": "x", "zip": 1}}),
        # Through `$ref` and `allOf`.
        ({"$ref": "#/$defs/x", "$defs": {"x": {"properties": {"a": {"default": 1}}}}}, {}, {"a": 1}),
        ({"properties": {"a": {"$ref": "#/$defs/x"}}, "$defs": {"x": {"default": 1}}}, {}, {"a": 1}),
        ({"allOf": [{"properties": {"a": {"default": 1}}}, {"properties": {"b": {"default": 2}}}]},
         {}, {"a": 1, "b": 2}),
        ({"allOf": [{"properties": {"to": NESTED}}, {"properties": {"to": {"default": {}}}}]},
         {}, {"to": {"city": "x"}}),
        ({"properties": {"n": {"default": 1}, "next": {"$ref": "#"}}}, {"next": {"next": {"n": 5}}},
         {"n": 1, "next": {"n": 1, "next": {"n": 5}}}),
        # A note where it would depend on the call: the loader refuses it there.
        ({"anyOf": [{"properties": {"a": {"default": 1}}}]}, {}, {}),
        ({"if": {}, "then": {"properties": {"a": {"default": 1}}}}, {}, {}),
        ({"patternProperties": {"^a$": {"default": 1}}}, {}, {}),
        # A key that differs only by case: the call is invalid.
        ({"properties": {"a": {"default": 1}}, "additionalProperties": True}, {"A": 2}, None),
        ({"properties": {"straße": {"default": 1}}}, {"STRASSE": 2}, None),
        ({"properties": {"to": NESTED}}, {"to": {"CITY": 1}}, None),
        ({"properties": {"a": {"default": 1}}}, {"a": 1, "B": 2}, {"a": 1, "B": 2}),
    ],
)  # fmt: skip
def test_filled(schema: dict[str, Any], args: dict[str, Any], filled: dict[str, Any] | None) -> None:
    """What a call leaves out is filled in, what it says stays, and the call itself is not changed."""
    before = copy.deepcopy(args)
    fill = apply_defaults(text_of(schema))
    found = args if fill is None else fill(args)
    assert filled == found
    assert before == args
    assert (found is args) is (filled == args)


def test_a_schema_without_defaults_fills_nothing() -> None:
    """The engine has nothing to call for such a tool, also where the word is a name or a value."""
    schemas: list[Any] = [{"properties": {"default": {}}}, {"properties": {"a": {"const": "default"}}}, True, {}]
    for schema in schemas:
        assert apply_defaults(text_of(schema)) is None


def test_a_default_belongs_to_one_call() -> None:
    """Whoever forwards the arguments may change them: the next call gets the default as written."""
    fill = apply_defaults(text_of({"properties": {"a": {"default": [1]}, "b": {"default": {"c": {}}}}}))
    assert fill is not None
    first = fill({})
    assert first is not None
    first["a"].append(2)
    first["b"]["c"]["d"] = 1
    assert {"a": [1], "b": {"c": {}}} == fill({})


@pytest.mark.parametrize(
    ("schema", "part"),
    [
        ({"allOf": [{"properties": {"a": {"default": 1}}}, {"properties": {"a": {"default": 2}}}]}, "two defaults"),
        ({"properties": {"a": {"$ref": "#/$defs/x", "default": 1}}, "$defs": {"x": {"default": True}}}, "two defaults"),
        ({"properties": {"a": {"$ref": "#", "default": {}}}}, "without end"),
        ({"properties": {"a": {"default": 1}, "A": {"default": 1}}}, "only by case"),
        ({"properties": {"a": {"default": 1}}, "allOf": [{"properties": {"A": {"default": 1}}}]}, "only by case"),
    ],
)
def test_defaults_that_disagree_are_refused(schema: dict[str, Any], part: str) -> None:
    """Also in a document that no loader looked at."""
    with pytest.raises(AuthorError) as refused:
        apply_defaults(text_of(schema))
    assert part in str(refused.value)


def test_depth() -> None:
    """Arguments that are canonical only without their defaults are invalid; one level less is filled."""
    fill = apply_defaults(text_of({"properties": {"n": {"$ref": "#"}, "d": {"default": [[1]]}}}))
    assert fill is not None

    def deep(levels: int) -> dict[str, Any]:
        return {"n": deep(levels - 1)} if levels else {}

    fits = fill(deep(MAX_DEPTH - 3))
    assert fits is not None
    assert fits == parse(text_of(fits))
    assert fill(deep(MAX_DEPTH - 2)) is None


def test_many_definitions_in_a_row() -> None:
    """Depth of the schema's references is no depth of the program."""
    count = 3_000
    defs: dict[str, Any] = {f"d{at}": {"properties": {"n": {"$ref": f"#/$defs/d{at + 1}"}}} for at in range(count)}
    schema = {"$ref": "#/$defs/d0", "$defs": {**defs, f"d{count}": {"properties": {"a": {"default": 1}}}}}
    assert apply_defaults(text_of(schema)) is not None


_SCHEMAS: st.SearchStrategy[Any] = st.recursive(
    st.fixed_dictionaries({}, optional={"default": st.sampled_from([1, 2.5, "x", None, [], {"a": 1}])}),
    lambda inner: st.fixed_dictionaries(
        {"properties": st.dictionaries(st.sampled_from("abA"), inner, max_size=3)},
        optional={"allOf": st.lists(inner, max_size=2), "default": st.sampled_from([{}, {"b": {}}])},
    ),
    max_leaves=8,
)
_VALUES: st.SearchStrategy[Any] = st.recursive(
    st.sampled_from([None, 1, "x", []]),
    lambda inner: st.dictionaries(st.sampled_from("abcA"), inner, max_size=3),
    max_leaves=8,
)
_ARGS = st.dictionaries(st.sampled_from("abcA"), _VALUES, max_size=3)


def covers(filled: Any, came: Any) -> bool:
    """Whether everything that came is still there."""
    if isinstance(came, dict):
        return isinstance(filled, dict) and all(key in filled and covers(filled[key], came[key]) for key in came)
    return bool(filled == came)


@given(_SCHEMAS, _ARGS)
def test_filling_adds_and_is_done_once(schema: dict[str, Any], args: dict[str, Any]) -> None:
    """Nothing that came is lost or changed, the result is canonical, and filling it again changes nothing."""
    try:
        fill = apply_defaults(text_of(schema))
    except AuthorError:
        return
    if fill is None or (found := fill(args)) is None:
        return
    assert covers(found, args)
    assert normalise(found) == found
    assert fill(found) is found
