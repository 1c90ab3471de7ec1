"""Every key of the language has a stated direction."""

from __future__ import annotations

import pytest
from tests.diff.edits import EDITS, TABLE

from govern.charter import vocabulary
from govern.diff.directions import DIRECTIONS
from govern.diff.model import Change
from govern.diff.order import Direction, Way, glob_covers, place_covers

KEYS = [(level, key.name) for level, each in vocabulary.LEVELS.items() for key in each.keys]
_ORDERED = {Way.LARGER, Way.SMALLER, Way.TRUE, Way.FALSE, Way.MORE, Way.FEWER, Way.PLACES, Way.GLOBS, Way.SCALE,
            Way.ANOTHER, Way.LATER, Way.WORDS}  # fmt: skip


@pytest.mark.parametrize(("level", "key"), KEYS, ids=lambda each: str(each))
def test_every_key_has_a_direction(level: str, key: str) -> None:
    """A key that is added to the language says which way it goes, and why, before anything is compared by it."""
    assert isinstance(DIRECTIONS[level][key].way, Way)
    assert DIRECTIONS[level][key].why


def test_no_direction_is_of_a_key_that_is_not_there() -> None:
    """What leaves the language leaves the table."""
    assert set(KEYS) == {(level, key) for level, keys in DIRECTIONS.items() for key in keys}


def test_every_key_of_a_charter_is_edited() -> None:
    """The edits cover every key of the files that are compared, but what has no second value that loads."""
    beside = {level for level, keys in DIRECTIONS.items() if all(each.way is Way.BESIDE for each in keys.values())}
    edited = {row["key"] for row in TABLE}
    # One version of the language is known; a base's reviewer binds the charter's; `mail/…` is named by its server.
    only_one = {"CHARTER.govern", "BASE.govern", "LIBRARY.govern", "SHADOW.reviewer", "LIBRARY.server", "BASE.extends"}
    assert only_one == {f"{level}.{key}" for level, key in KEYS if level not in beside} - edited
    assert len(EDITS) >= 300


@pytest.mark.parametrize(
    ("way", "old", "new", "expected"),
    [
        (Way.LARGER, 1, 2, "narrowed"), (Way.LARGER, None, 1, "narrowed"), (Way.LARGER, 2, None, "widened"),
        (Way.SMALLER, 1, 2, "widened"), (Way.SMALLER, None, 9, "narrowed"), (Way.SMALLER, 9, None, "widened"),
        (Way.TRUE, False, True, "narrowed"), (Way.TRUE, None, False, "unchanged"), (Way.FALSE, True, None, "narrowed"),
        (Way.MORE, ["a"], ["a", "b"], "narrowed"), (Way.MORE, ["a"], ["b"], "shifted"),
        (Way.FEWER, ["a"], None, "narrowed"),
        (Way.PLACES, ["args.a.b"], ["args.a"], "narrowed"), (Way.PLACES, ["args.a"], ["args.a.b"], "widened"),
        (Way.PLACES, ["args.a"], ["args.ab"], "shifted"), (Way.GLOBS, ["a*"], ["ab*"], "widened"),
        (Way.ANOTHER, "a", "b", "shifted"), (Way.LATER, 3, 2, "widened"), (Way.LATER, 3, 4, "unchanged"),
        (Way.WORDS, "a", "b", "unchanged"), (Way.FEWER, ["a", "b"], ["b", "a"], "unchanged"),
    ],
)  # fmt: skip
def test_values_are_ordered_by_their_way(way: Way, old: object, new: object, expected: str) -> None:
    """One way of ordering, one answer; what is absent is the loosest."""
    assert expected == str(Direction(way, "why").order(old, new).change)


@pytest.mark.parametrize("way", sorted(set(Way) - _ORDERED))
def test_values_ordered_elsewhere_are_not_ordered_here(way: Way) -> None:
    """Asked for an order that needs more than two values, the table refuses rather than says equal."""
    with pytest.raises(ValueError, match=way.name):
        Direction(way, "why").order(1, 2)


@pytest.mark.parametrize(
    ("one", "other", "covers"),
    [
        ("delete_*", "delete_all", True), ("delete_all", "delete_*", False), ("*", "?", True), ("?", "*", False),
        ("a?*b", "a*b", False), ("a*b", "a?*b", True), ("delete_*", "hub/delete_x", True),
        ("hub/delete_*", "delete_x", False),
        ("*_x", "hub/*_x", True), ("a*a", "a", False), ("x", "x", True),
    ],
)  # fmt: skip
def test_globs_cover_only_what_they_always_match(one: str, other: str, covers: bool) -> None:
    """A glob stands for another only where it matches every name that the other does."""
    assert covers == glob_covers(one, other)


def test_a_place_covers_what_is_below_it() -> None:
    """`args.card` masks `args.card.number` and `args.card[0]`, never `args.cards`."""
    assert [True, True, True, False, False] == [
        place_covers("args.card", other)
        for other in ("args.card", "args.card.number", "args.card[0]", "args.cards", "args")
    ]


def test_only_the_proven_is_called_shifted() -> None:
    """What is narrower for certain and wider for all that is known counts as widened."""
    from govern.diff.order import NARROWER, UNPROVEN

    assert Change.WIDENED is (NARROWER | UNPROVEN).change
