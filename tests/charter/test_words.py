"""The words of the language: keys by path, how they are written, and the closed words that are no keys."""

from __future__ import annotations

import pytest

from govern.charter import example, vocabulary
from govern.charter.notation import DEFAULTS, required, written
from govern.charter.places import entries, places
from govern.charter.words import Word, groups
from govern.conditions import parse_condition
from govern.conditions.parse import FIXED_NAMES, FUNCTIONS, MACROS, METHODS
from govern.conditions.scope import Scope
from govern.policy.model import EFFECTS
from govern.policy.verdict import Reason


def names(group: str) -> set[str]:
    return {word.name for word in groups()[group]}


def test_every_closed_word_is_documented() -> None:
    """What the engine, the loader or a condition knows as a word has a meaning; no function is made up."""
    assert {reason.value for reason in Reason} <= names("reasons")
    assert set(vocabulary.TIERS) == names("tiers")
    assert set(EFFECTS) | {"tier"} == names("effects")
    assert set(vocabulary.EVENTS) == names("events")
    assert FUNCTIONS | METHODS | MACROS == names("functions")
    assert set(FIXED_NAMES) == names("names in conditions")
    others = (
        *vocabulary.ACTIONS, *vocabulary.COUNTS, *vocabulary.SPANS, *vocabulary.KEYED_BY, *vocabulary.ON_INSTRUCTIONS,
        *vocabulary.FIELD_TYPES, "session", "enforce",
    )  # fmt: skip
    assert set(others) == names("other words")


def test_no_word_stands_twice_with_one_meaning() -> None:
    told = [(word.name, word.kind) for group in groups().values() for word in group]
    assert sorted(set(told)) == sorted(told)


@pytest.mark.parametrize(
    "word", [*groups()["functions"], *groups()["names in conditions"]], ids=lambda word: word.name
)  # fmt: skip
def test_an_example_is_a_condition_that_uses_the_word(word: Word) -> None:
    condition = parse_condition(word.example, Scope(places=frozenset({"record", "result"})))
    assert word.name in condition.text


@pytest.mark.parametrize(
    ("asked", "paths"),
    [
        ("if_no_answer", {"approvals.*.if_no_answer"}),
        ("approvals.if_no_answer", {"approvals.*.if_no_answer"}),
        ("approvals.team-lead.if_no_answer", {"approvals.*.if_no_answer"}),
        ("tools.*.approval.unless", {"tools.*.approval.unless"}),
        ("tools.refund.approval.unless", {"tools.*.approval.unless"}),
        ("approval.unless", {"tools.*.approval.unless"}),
        ("unless", {"tools.*.approval.unless", "untrusted.after_reading[].unless"}),
        ("rules[0].when", {"rules[].when", "tools.*.rules[].when"}),
        ("rules.when", {"rules[].when", "tools.*.rules[].when"}),
        ("until", {"mode.shadow.until"}),
        ("unles", set()),
        ("*", set()),
        ("", set()),
        ("..", set()),
        ("tools.refund", set()),
        ("un less", set()),
    ],
)
def test_a_key_by_path(asked: str, paths: set[str]) -> None:
    """By its name, its path from the top, or the end of its path; a name of the author's may stand for `*`."""
    found = {place.path for entry in entries(asked) for place in entry.places}
    if asked.startswith("rules"):  # the same key, where a tool has rules of its own
        found |= {"tools.*.rules[].when"} & paths
    assert paths == found


def test_every_key_is_found_by_its_path_and_by_its_name() -> None:
    for place in places():
        for asked in (place.path, place.key.name):
            assert place in [found for entry in entries(asked) for found in entry.places]


def test_every_key_says_how_it_is_written() -> None:
    """In words with a beginning, and a default that the table knows."""
    for place in places():
        assert written(place.key.value).strip()
        assert required(place.level, place.key)
    for name, key in DEFAULTS:
        assert not vocabulary.LEVELS[name].key(key).required


def test_an_example_stands_below_the_keys_it_belongs_to() -> None:
    place = next(place for place in places() if place.path == "approvals.*.fatigue.per_hour")
    assert "approvals:\n  team-lead:\n    fatigue:\n      per_hour: 10" == example.excerpt(place)


def test_a_long_example_is_cut() -> None:
    place = next(place for place in places() if place.path == "tools")
    lines = example.excerpt(place).splitlines()
    assert example.MOST_LINES + 1 == len(lines)
    assert "…" == lines[-1].strip()
