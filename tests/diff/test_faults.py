"""Directions that are wrong: the edits of their key notice."""

from __future__ import annotations

import pytest
from tests.diff.comparing import ZONE, loaded, way
from tests.diff.edits import EDITS, made

from govern.diff.compare import compare
from govern.diff.directions import DIRECTIONS
from govern.diff.order import Direction, Way

_TURNED = {
    Way.LARGER: Way.SMALLER, Way.SMALLER: Way.LARGER, Way.TRUE: Way.FALSE, Way.FALSE: Way.TRUE, Way.MORE: Way.FEWER,
    Way.FEWER: Way.MORE, Way.ANOTHER: Way.WORDS, Way.LATER: Way.ANOTHER, Way.PLACES: Way.FEWER, Way.SCALE: Way.SCALE,
}  # fmt: skip
# Of these the table gives the reason, and the code that compares two of them the order.
_REASONS = {
    ("CHARTER", "govern"), ("BASE", "govern"), ("BASE", "owner"), ("BASE", "version"), ("BASE", "extends"),
    ("LIBRARY", "govern"), ("SHADOW", "reviewer"), ("GATE", "confirm"), ("STEP", "ask"), ("ASK", "recheck"),
    ("SCENARIO", "expect"), ("EXPECT", "approval"), ("EFFECT", "tier"), ("LIBRARY", "version"),
}  # fmt: skip
CASES = [
    (level, key)
    for level, keys in DIRECTIONS.items()
    for key, each in keys.items()
    if each.way in _TURNED and (level, key) not in _REASONS
]


@pytest.mark.parametrize(("level", "key"), CASES)
def test_a_direction_turned_round_is_noticed(level: str, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the order of one key the wrong way round, some edit of that key is classified wrongly."""
    right = DIRECTIONS[level][key]
    wrong = Direction(_TURNED[right.way], right.why, tuple(reversed(right.scale)))
    base = loaded(made())
    edits = [(edit, loaded(made(edit))) for edit in EDITS if edit.key == f"{level}.{key}"]
    good = [new for edit, new in edits if edit.way == way(compare(base, new, zone=ZONE))]
    before = [way(compare(base, new, zone=ZONE)) for new in good]
    monkeypatch.setitem(DIRECTIONS[level], key, wrong)
    assert before != [way(compare(base, new, zone=ZONE)) for new in good]
