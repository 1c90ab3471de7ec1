"""A policy as JSON and back: nothing lost, nothing unknown taken, every error at its place.

On the policy of the charter that uses the whole language. Leaves out bundles, which hold such a document
(`tests/compile`).
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from govern.charter.load import load_or_raise
from govern.compile.lower import lower
from govern.errors import AuthorError
from govern.events.canonical import digest, text_of
from govern.policy.document import from_document, from_text, sealed, to_document
from govern.policy.model import Policy

WHOLE = Path(__file__).parents[1] / "charter" / "whole"
# What these hold is data of its own: JSON Schemas, and the words of an enum.
DATA = ("input", "output", "values")
Place = tuple[str | int, ...]


@cache
def policy() -> Policy:
    return lower(load_or_raise(WHOLE / "charter.yaml"))


def document() -> dict[str, Any]:
    made = json.loads(text_of(to_document(policy())))
    assert isinstance(made, dict)
    return made


def places(value: Any, above: Place = ()) -> Iterator[tuple[Place, Any]]:
    """Every place of the document below its top, with what stands there; data of its own is one place."""
    if above:
        yield above, value
    if above and above[-1] in DATA:
        return
    items: list[tuple[str | int, Any]] = []
    if isinstance(value, dict):
        items = list(value.items())
    if isinstance(value, list):
        items = list(enumerate(value))
    for key, item in items:
        yield from places(item, (*above, key))


def at(value: Any, place: Place) -> Any:
    for step in place:
        value = value[step]
    return value


def by_name(place: Place) -> bool:
    """Whether a place is an entry of an object whose keys are names (gates, tools, facts, records)."""
    return len(place) == 2 and place[0] in ("gates", "tools", "facts", "records")


def named(place: Place) -> str:
    """How errors call a place."""
    return "policy" + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in place)


def refused(changed: Any) -> str:
    with pytest.raises(AuthorError) as caught:
        from_document(changed)
    return caught.value.message


def test_the_document_has_every_section() -> None:
    """What the tests below walk through is really there, at every depth."""
    found = document()
    assert [] == [key for key, value in found.items() if value in (None, [], {})]
    assert len(list(places(found))) > 400


# --- there and back -----------------------------------------------------------------------------------------


def test_there_and_back() -> None:
    """The same policy, the same digest, the same text."""
    text = text_of(to_document(policy()))
    back = from_text(text)
    assert (policy(), policy().digest) == (back, back.digest)
    assert text == text_of(to_document(back))
    assert digest(text) == back.digest


def test_sealing_twice_changes_nothing() -> None:
    again = sealed(sealed(policy()))
    assert (policy(), policy().digest) == (again, again.digest)


# --- every place --------------------------------------------------------------------------------------------


def test_every_dropped_key_is_named() -> None:
    """Wherever keys are the model's, one that is missing is an error at its object."""
    dropped = 0
    for place, _ in places(document()):
        if isinstance(place[-1], int) or by_name(place) or place == ("schema",):
            continue
        changed = document()
        del at(changed, place[:-1])[place[-1]]
        message = refused(changed)
        assert f"`{place[-1]}` is missing" in message, place
        assert message.startswith(f"{named(place[:-1])}: "), place
        dropped += 1
    assert dropped > 300


def test_every_added_key_is_named() -> None:
    """An unknown key is an error at its object, whatever it holds; where keys are names, what it holds is judged."""
    added = 0
    objects = [(), *(place for place, value in places(document()) if isinstance(value, dict))]
    for place in objects:
        if place and place[-1] in DATA:
            continue
        for value in (None, "deny", {}):
            changed = document()
            at(changed, place)["moreover"] = value
            message = refused(changed)
            assert message.startswith(named(place)), (place, message)
            assert "moreover" in message
            added += 1
    assert added > 150


def test_another_type_is_named() -> None:
    """Every value in turn replaced by one of each JSON type that it is not: refused at its place or below it."""
    tried = 0
    for place, value in places(document()):
        if place[-1] in DATA or place == ("schema",):
            continue
        nullable = may_be_null(place)
        for other in (None, True, 7, 1.5, "x y", [7], {"x": 7}):
            if kind(other) == kind(value) or (other is None and nullable) or (value is None and other is not True):
                continue
            changed = document()
            at(changed, place[:-1])[place[-1]] = other
            message = refused(changed)
            assert message.startswith(named(place)), (place, other, message)
            tried += 1
    assert tried > 2000


def kind(value: Any) -> str:
    if isinstance(value, bool):
        return "bool"
    return "number" if isinstance(value, int | float) else type(value).__name__


def may_be_null(place: Place) -> bool:
    match place:
        case ("tools", _, "tier") | ("limits", _, "max") | ("escalation", _, "then"):
            return False
        case (*_, "gate" | "unless" | "autonomous" | "recheck" | "show_only_if" | "tier" | "ask" | "then" | "fatigue"):
            return True
        case (*_, "max_pending" | "per_hour" | "cool_down_s" | "sum" | "within_s" | "span" | "max"):
            return True
        case _:
            return place in (("untrusted",), ("identity",), ("shadow",))


@pytest.mark.parametrize("word", ["", "x", "Deny", "DENY", " deny", "deny ", "dény", "none"])
def test_an_unknown_word_is_named_with_the_known_ones(word: str) -> None:
    """Effects, tiers and forms of rules are closed, by case too."""
    for place in (
        ("tools", "refund", "tier"),
        ("tools", "refund", "rules", 0, "effect"),
        ("tools", "refund", "rules", 0, "form"),
        ("tools", "refund", "rules", 0, "tier"),
        ("limits", 0, "effect"),
        ("limits", 0, "tiers", 0),
        ("untrusted", "after_reading", 0, "effect"),
        ("gates", "lead", "if_no_answer", 1, "then"),
    ):
        changed = document()
        at(changed, place[:-1])[place[-1]] = word
        message = refused(changed)
        assert message.startswith(f"{named(place)}: `{word}` is none of "), message


@pytest.mark.parametrize("text", ["", "args.", "args.amount >", "nobody.id == 1", "args.amount + 1", "1 > 'a'"])
def test_a_condition_that_does_not_parse_is_named(text: str) -> None:
    """Nor one that asks an undeclared fact, or gives no truth value."""
    for place, value in places(document()):
        if place[-1] not in ("condition", "unless", "show_only_if", "only_if") or value is None:
            continue
        changed = document()
        at(changed, place[:-1])[place[-1]] = text
        assert refused(changed).startswith(f"{named(place)}: "), place


def test_a_condition_may_ask_only_what_is_known_at_its_place() -> None:
    """`record` and `result` exist where records and results are judged, and nowhere else."""
    for place, text in (
        (("tools", "refund", "unless"), "result.id == 1"),
        (("tools", "refund", "rules", 0, "condition"), "record.id == 1"),
        (("tools", "get_order", "show_only_if"), "record.id == 1"),
        (("records", "orders", "only_if"), "result.id == 1"),
    ):
        changed = document()
        at(changed, place[:-1])[place[-1]] = text
        assert refused(changed).startswith(f"{named(place)}: ")


# --- what no charter can mean -------------------------------------------------------------------------------


def smuggled(reason: str) -> Callable[[Any], None]:
    return lambda found: found["tools"]["refund"]["rules"][0].update(reason=reason)


def rename(found: Any, section: str, name: str, other: str) -> None:
    found[section][other] = found[section].pop(name)


def field(found: Any) -> Any:
    return found["facts"]["order"]["fields"][0]


WRONG: dict[str, Callable[[Any], None]] = {
    "a rule that calls itself a limit": smuggled("limit"),
    "a rule that says what it is": smuggled("rule"),
    "a digest of its own": lambda found: found.update(digest="sha256:0"),
    "a tool under another name": lambda found: rename(found, "tools", "refund", "refnud"),
    "a gate under another name": lambda found: rename(found, "gates", "customer", "costumer"),
    "a fact under another name": lambda found: found["facts"]["order"].update(name="ordre"),
    "records under another name": lambda found: rename(found, "records", "orders", "order"),
    "a fact of a reserved name": lambda found: found["facts"].update(args={**found["facts"]["order"], "name": "args"}),
    "a field of an unknown type": lambda found: field(found).update(kind="text"),
    "an enum of lists": lambda found: field(found).update(values=[["a"]]),
    "a field twice": lambda found: found["facts"]["order"]["fields"].append(dict(field(found))),
    "a limit twice": lambda found: found["limits"].append(dict(found["limits"][0])),
    "a sum of no place": lambda found: next(each for each in found["limits"] if each["sum"]).update(sum="args.a ||"),
    "a limit that allows": lambda found: found["limits"][0].update(effect="allow", gate=None, tier=None),
    "reading that asks a gate that is not there": lambda found: found["untrusted"]["after_reading"][0].update(
        effect="approval", gate="nobody"
    ),
    "a denial that asks": lambda found: found["untrusted"]["after_reading"][0].update(effect="deny", gate="lead"),
    "a gate of nobody": lambda found: found["gates"]["finance"].update(roles=[]),
    "a gate of both": lambda found: found["gates"]["finance"].update(confirm=True),
    "silence without an end": lambda found: found["gates"]["lead"]["if_no_answer"].pop(),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_no_charter_can_mean(name: str) -> None:
    changed = document()
    WRONG[name](changed)
    assert document() != changed
    assert refused(changed)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf"), 2**63, -(2**63) - 1, 10**400, 2.0**60])
def test_a_number_without_an_exact_value(value: float) -> None:
    """Refused wherever it stands: where a number is expected, where data may be anything, where nothing may be."""
    for place in (("limits", 0, "max"), ("version",), ("tools", "refund", "input", "maxProperties"), ("x",)):
        changed = document()
        at(changed, place[:-1])[place[-1]] = value
        assert "no canonical JSON: number: " in refused(changed)


@pytest.mark.parametrize("value", ["\ud800", "a\udfffb"])
def test_text_that_no_two_readers_agree_on(value: str) -> None:
    changed = document()
    changed["purpose"] = value
    assert "surrogate" in refused(changed)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", "1", '"x"', "{}", '{"schema":"govern/policy/v1"}', "NaN", "[" * 9999]
)
def test_what_is_no_policy(text: str) -> None:
    with pytest.raises(AuthorError):
        from_text(text)


def test_a_doubled_key_is_refused() -> None:
    text = text_of(to_document(policy()))
    with pytest.raises(AuthorError, match="duplicate_key"):
        from_text(text[:-1] + ',"never":[]}')


@pytest.mark.parametrize("schema", [None, "", "govern/policy/v2", 1, {}])
def test_another_version_is_refused(schema: Any) -> None:
    changed = {**document(), "schema": schema}
    assert "govern/policy/v1" in refused(changed)
    del changed["schema"]
    assert "govern/policy/v1" in refused(changed)


def test_what_is_changed_is_another_policy() -> None:
    """No part of the document is left out of the digest: another text, number or truth value gives another one."""
    seen = {policy().digest}
    for place, value in places(document()):
        changed = copy.deepcopy(document())
        if isinstance(value, bool):
            other: Any = not value
        elif isinstance(value, int | float):
            other = value + 1
        elif isinstance(value, str) and place[-1] in ("because", "purpose", "owner"):
            other = value + "!"
        else:
            continue
        at(changed, place[:-1])[place[-1]] = other
        try:
            made = from_document(changed).digest
        except AuthorError:
            continue
        assert made not in seen, place
        seen.add(made)
    assert len(seen) > 50
