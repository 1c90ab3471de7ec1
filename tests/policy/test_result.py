"""What of a result an agent may see: table cases of `output`, `show_only_if` and `hide`, and what no case may do."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govern.charter.load import charter_or_raise, load_text
from govern.compile.lower import lower
from govern.errors import AuthorError
from govern.policy.model import Policy, Tier, ToolPolicy
from govern.policy.result import ResultJudge, ResultVerdict

HEAD = """govern: 1
agent: desk
version: 1
purpose: Looks at orders and shows what may be seen.
owner: lead
roles: [lead]
facts: {customer: {from: session, fields: {id: string}}}
tools:
  look: {tier: read_only, %s}
"""
ORDER = "output: {type: object, required: [id], properties: {id: {type: string}, total: {type: number}}}"
OWN = 'show_only_if: "result.owner == customer.id"'


def judge(keys: str, result: Any, **facts: Any) -> ResultVerdict:
    charter = charter_or_raise(load_text(HEAD % keys, "desk.yaml"), "desk.yaml")
    return ResultJudge(lower(charter)).judge("look", result, {"args": {"a": 1}, **facts})


@pytest.mark.parametrize(
    ("keys", "result", "reasons"),
    [
        ("external: false", {"a": 1}, []),
        ("external: false", '{"a": 1, "a": 2}', []),
        (ORDER, {"id": "7"}, []),
        (ORDER, {"id": "7", "total": 1.0}, []),
        (ORDER, {"id": 7}, ["invalid_output"]),
        (ORDER, {"id": "7", "iban": "DE1"}, ["invalid_output"]),
        (ORDER, {}, ["invalid_output"]),
        (ORDER, None, ["invalid_output"]),
        (ORDER, [{"id": "7"}], ["invalid_output"]),
        (ORDER, '{"id": "7", "total": 2}', []),
        (ORDER, '{"id": 7}', ["invalid_output"]),
        (ORDER, "Error: no such order", ["invalid_output"]),
        (ORDER, '{"id": "7", "id": "8"}', ["invalid_output"]),
        (ORDER, '{"id": "7", "ID": "8"}', ["invalid_output"]),
        (ORDER, {"id": "7", "total": float("nan")}, ["invalid_output"]),
        (ORDER, {"id": "\ud800"}, ["invalid_output"]),
        (ORDER, '\ufeff{"id": "7"}', ["invalid_output"]),
        (ORDER, "", ["invalid_output"]),
        # A text is data where it is JSON, but for a schema that allows text and not that data.
        ("output: {type: string}", "7", []),
        ("output: {type: string}", '{"a": 1, "a": 2}', []),
        ("output: {type: string, maxLength: 3}", '"ab"', []),
        ("output: {type: string, maxLength: 1}", '"ab"', ["invalid_output"]),
        ("output: {type: [string, number], maximum: 5}", "7", ["invalid_output"]),
        ("output: {type: [string, object], properties: {a: {const: 1}}}", '{"a": 2}', ["invalid_output"]),
        ("output: {properties: {a: {const: 1}}}", '{"a": 2}', ["invalid_output"]),
        ("output: {properties: {a: {const: 1}}}", '{"a": 1}', []),
        ("output: {allOf: [{type: string}]}", "7", []),
        ("output: {allOf: [{type: [string, object]}, {type: string}]}", '{"a": 1}', []),
        ("output: {$ref: '#/$defs/x', $defs: {x: {type: string}}}", "7", []),
        ("output: {type: integer}", "7", []),
        ("output: {type: integer}", 7.0, []),
        ("output: {type: array, items: {type: number}}", "[1, 2]", []),
        # Shown only where the condition is true.
        (OWN, {"owner": "C1"}, []),
        (OWN, {"owner": "C2"}, ["show_only_if"]),
        (OWN, {}, ["show_only_if"]),
        (OWN, {"owner": None}, ["show_only_if"]),
        (OWN, '{"owner": "C1"}', []),
        (OWN, '{"owner": "C1", "owner": "C1"}', ["invalid_output"]),
        (OWN, "owner: C1", ["show_only_if"]),
        (OWN, [{"owner": "C1"}], ["show_only_if"]),
        (f"{ORDER}, {OWN}", {"id": 7}, ["invalid_output", "show_only_if"]),
        ('show_only_if: "args.a == 1"', "anything", []),
        ('show_only_if: "args.b == 1"', "anything", ["show_only_if"]),
        ("show_only_if: \"!result.contains('secret')\"", "plain", []),
        ("show_only_if: \"!result.contains('secret')\"", "a secret", ["show_only_if"]),
        ("show_only_if: \"!result.contains('secret')\"", '["a secret"]', ["show_only_if"]),
        # What cannot be told apart is not shown.
        ("hide: [result]", {"a": 1}, ["hide"]),
        ("hide: [result.ssn]", "ssn 123", ["hide"]),
        ("hide: [result.ssn]", [{"ssn": "123"}], ["hide"]),
        ("hide: [result.a.ssn]", {"a": "ssn 123"}, ["hide"]),
        ("hide: [result.a.ssn]", {"a": [{"ssn": "123"}]}, ["hide"]),
        ("hide: ['result.items[*].ssn']", {"items": {"x": {"ssn": "123"}}}, ["hide"]),
        ("hide: ['result.items[*].ssn']", {"items": [{"ssn": 1}, "ssn 123"]}, ["hide"]),
        ("hide: ['result[0].ssn']", {"ssn": "123"}, ["hide"]),
        ("hide: [result.ssn]", '{"ssn": "1", "SSN": "2"}', ["invalid_output"]),
    ],
)  # fmt: skip
def test_withheld(keys: str, result: Any, reasons: list[str]) -> None:
    """Everything that withholds is named, and nothing of the result is shown."""
    found = judge(keys, result, customer={"id": "C1"})
    assert reasons == list(found.reasons)
    assert found.withheld is bool(reasons)
    assert found.shown is (None if reasons else result)


@pytest.mark.parametrize(
    ("hide", "result", "shown", "hidden"),
    [
        (["result.ssn"], {"ssn": 1, "a": 2}, {"a": 2}, ["result.ssn"]),
        (["result.ssn"], {"a": 2}, {"a": 2}, []),
        (["result.ssn"], {"ssn": {"x": 1}, "a": {"ssn": 2}}, {"a": {"ssn": 2}}, ["result.ssn"]),
        (["result.a.ssn"], {"a": {"ssn": 1, "b": [1]}}, {"a": {"b": [1]}}, ["result.a.ssn"]),
        (["result.a.ssn"], {"a": None}, {"a": None}, []),
        (["result.a.ssn"], {"a": 5}, {"a": 5}, []),
        (["result.ssn"], None, None, []),
        (["result.items[*].ssn"], {"items": [{"ssn": 1, "n": 1}, {"n": 2}, None]},
         {"items": [{"n": 1}, {"n": 2}, None]}, ["result.items[*].ssn"]),
        (["result[*].ssn"], [{"ssn": 1}, {"ssn": 2}], [{}, {}], ["result[*].ssn"]),
        (["result.items[*]"], {"items": [1, 2]}, {"items": []}, ["result.items[*]"]),
        (["result.items[0]", "result.items[2]"], {"items": ["a", "b", "c", "d"]},
         {"items": ["b", "d"]}, ["result.items[0]", "result.items[2]"]),
        (["result.items[0].a", "result.items[0]"], {"items": [{"a": 1}, 2]},
         {"items": [2]}, ["result.items[0].a", "result.items[0]"]),
        (["result.items[9]"], {"items": [1]}, {"items": [1]}, []),
        (["result[0][1].a"], [[1, {"a": 1, "b": 2}]], [[1, {"b": 2}]], ["result[0][1].a"]),
        (["result.ssn"], '{ "b": 1.0, "ssn": 1 }', '{"b":1}', ["result.ssn"]),
        (["result.ssn"], '{ "b": 1.0 }', '{ "b": 1.0 }', []),
    ],
)  # fmt: skip
def test_hidden(hide: list[str], result: Any, shown: Any, hidden: list[str]) -> None:
    """A place goes with all below it, in lists too, and counts as it stood; the rest, and the given value, stays."""
    before = copy.deepcopy(result)
    found = judge(f"hide: {json.dumps(hide)}", result)
    assert (shown, tuple(hidden), ()) == (found.shown, found.hidden, found.reasons)
    assert before == result


def test_unknown_is_told_from_false() -> None:
    """Whoever mends a charter sees whether the condition said no, or could not say."""
    assert judge(OWN, {"owner": "C2"}, customer={"id": "C1"}).unknown is False
    assert judge(OWN, {"owner": "C2"}).unknown is True


def test_a_tool_that_is_not_mapped_shows_nothing() -> None:
    charter = charter_or_raise(load_text(HEAD % "external: false", "desk.yaml"), "desk.yaml")
    assert ["unmapped"] == list(ResultJudge(lower(charter)).judge("other", {"a": 1}, {"args": {}}).reasons)


def test_problems_name_the_place_of_the_result() -> None:
    """For people: what the schema says, or why the text has no meaning."""
    charter = charter_or_raise(load_text(HEAD % ORDER, "desk.yaml"), "desk.yaml")
    judging = ResultJudge(lower(charter))
    assert ['result.id: 7 is not of type "string"'] == judging.problems("look", '{"id": 7}')
    assert ["result: the key `id` stands twice"] == judging.problems("look", '{"id": 1, "id": 2}')
    assert [] == judging.problems("other", 1)


def test_a_place_that_is_none_is_refused() -> None:
    """In a forged document: it would hide nothing and say nothing."""
    for place in ("args.a", "result.", "result.a[x]", "resulta", "result..a"):
        tool = ToolPolicy("look", Tier.READ_ONLY, hide=(place,))
        policy = Policy("desk", 1, "p", "lead", ("lead",), {}, {"look": tool}, ())
        with pytest.raises(AuthorError):
            ResultJudge(policy)


_JSON = st.recursive(
    st.sampled_from([None, True, 1, 2.5, "SECRET", "x"]),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(["ssn", "a", "b"]), inner, max_size=3)
    ),
    max_leaves=12,
)
_PLACES = st.lists(st.sampled_from([".ssn", ".a", "[0]", "[*]"]), max_size=4).map("".join)


@given(_JSON, _PLACES, st.booleans())
def test_what_stands_at_a_hidden_place_is_never_shown(value: Any, place: str, as_text: bool) -> None:
    """Judged once more, what is shown has nothing at the place: or there is nothing left to be shown."""
    hide = f'hide: ["result{place}"]'
    first = judge(hide, json.dumps(value) if as_text else value)
    if first.withheld or place.endswith("[0]"):  # another item moves up
        return
    again = judge(hide, first.shown)
    assert (first.shown, ()) == (again.shown, again.hidden)
    assert as_text or place or first.withheld
