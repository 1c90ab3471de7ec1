"""What is shown of arguments: never what a charter calls sensitive or secret, and of unmapped tools shapes alone."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from govern.policy.document import sealed
from govern.policy.model import Policy, Tier, ToolPolicy
from govern.replay.looked import Held, Lacking, Look
from govern.replay.redaction import LONGEST, MASKED, sample, shown
from govern.replay.shapes import shapes

TOOL = ToolPolicy(
    "pay", Tier.IRREVERSIBLE, sensitive=("args.to.iban", "args.people[*].name"), secret=("args.token", "result.x")
)
POLICY = sealed(Policy("a", 1, "", "o", (), {}, {"pay": TOOL, "get": ToolPolicy("get", Tier.READ_ONLY)}, ()))


def held(args: object) -> Held:
    return Held(1, "t", "e", 5, json.dumps(args), Lacking.NOTHING)


def shown_args(args: object, tool: str = "pay", *, values: bool = False) -> object:
    text = sample(held(args), tool, POLICY, values=values).args
    assert text is not None
    return json.loads(text)


@pytest.mark.parametrize("values", [False, True])
def test_a_sample_masks_what_the_charter_hides(values: bool) -> None:
    """A place hides what lies below it; a list with a hidden place in its items is hidden whole."""
    args = {"token": "t0p", "to": {"iban": "DE00", "bank": "B"}, "people": [{"name": "N", "age": 4}], "amount": 5}
    expected = {"token": MASKED, "to": {"iban": MASKED, "bank": "B"}, "people": MASKED, "amount": 5}
    assert expected == shown_args(args, values=values)
    assert {"to": "all of it", "amount": 5} == shown_args({"to": "all of it", "amount": 5}, values=values)
    assert {"to": "x"} == shown_args({"to": "x"}, "get")


def test_a_sample_of_an_unmapped_tool_shows_kinds() -> None:
    """Values only where they were asked for; never under a name that the charter hides somewhere."""
    args = {"amount": 5, "Token": {"a": "t0p"}, "deep": [{"iban": "DE00", "n": 1}], "x@y.de": 1, "z z": 2}
    kinds = {"amount": "(integer)", "Token": "(object)", "deep": "(array)", "*": "(…)"}
    assert kinds == shown_args(args, "wipe")
    assert {**args, "Token": MASKED, "deep": [{"iban": MASKED, "n": 1}]} == shown_args(args, "wipe", values=True)


def test_a_sample_says_why_it_has_no_arguments() -> None:
    """And is cut where they are long."""
    for lacking in (Lacking.LONG, Lacking.MALFORMED, Lacking.UNCAPTURED):
        found = sample(replace(held({}), args=None, lacking=lacking), "pay", POLICY, values=True)
        assert found.args is None
        assert found.why_not
    for text in ('{"a":1,"a":2}', "[]", "{"):
        assert sample(replace(held({}), args=text), "pay", POLICY, values=True).why_not
    cut = sample(held({"note": "x" * 1_000}), "pay", POLICY, values=True).args
    assert cut is not None
    assert (LONGEST, "…") == (len(cut), cut[-1])


def test_shapes_show_no_values_unless_asked() -> None:
    """Nor numbers, nor names that may be data; names that the charter hides never show theirs."""
    texts = ['{"amount":5,"iban":"DE00","by":{"a@b.de":1,"c d":"x"},"list":[{"token":"t0p"}]}'] * 3
    seen = shapes([Look(place, str(place), text, Lacking.NOTHING) for place, text in enumerate(texts)], 3)
    plain = {each.path: each for each in shown(seen, POLICY, values=False).places}
    assert {"amount", "iban", "by", "by.*", "list", "list[]", "list[].token"} == set(plain)
    assert all(each.values == () and each.low is None and each.high is None for each in plain.values())
    assert {"integer": 3, "string": 3} == dict(plain["by.*"].kinds)
    asked = {each.path: each for each in shown(seen, POLICY, values=True).places}
    assert (("5", 3),) == asked["amount"].values
    assert 5 == asked["amount"].low
    for path in ("iban", "list[].token"):
        assert asked[path].values == ()
        assert asked[path].hidden
    assert "DE00" not in str(asked) + str(plain)
    assert "a@b.de" not in str(plain)
