"""How many items a question needs of each list."""

from __future__ import annotations

import pytest

from govern.conditions import parse_condition
from govern.conditions.smt.needs import MOST, needs

XS, YS = ("args", "xs"), ("args", "ys")


@pytest.mark.parametrize(
    ("text", "place", "wanted"),
    [
        ("args.xs.all(x, x > 1)", XS, 1),
        ("args.xs.all(x, x > 1) && args.xs.exists(x, x < 1) && 5 in args.xs", XS, 3),
        ("list(args.xs).all(x, x > 1)", XS, 1),
        ("count(args.xs, x, x > 1) > 2", XS, 2),
        ("count(args.xs, x, x > 1) > 2 && args.xs.all(x, x < 9)", XS, 3),
        ("count(args.xs, x, x > 1) > count(args.xs, x, x < 1)", XS, 4),
        ("size(args.xs.filter(x, x > 1)) == 1", XS, 2),
        ("args.xs.filter(x, x > 1).exists(x, x > 2)", XS, 1),
        ("size(args.xs) > 5", XS, 0),
        # An item of the one list is looked for in the other: so many times as the first has items.
        ("args.xs.all(x, x in args.ys)", YS, 1),
        ("args.xs.all(x, x in args.ys) && args.xs.exists(x, x > 1)", YS, 2),
        ("args.xs.all(x, args.xs.exists(y, y > x))", XS, MOST + 1),
        # A list in an item belongs to that item.
        ("args.xs.all(x, x.ys.exists(y, y > 1))", (*XS, "*", "ys"), 1),
        ("args.xs.all(x, args.xs.exists(y, y.ys.exists(z, z > x)))", (*XS, "*", "ys"), MOST),
        ("['a', 'b'].all(k, k in args.xs)", XS, 2),
    ],
)
def test_items(text: str, place: tuple[str, ...], wanted: int) -> None:
    """One for every part that one item decides, one for every kind of item that parts count."""
    found = needs([parse_condition(text).tree])
    need = found.get(place)
    assert wanted == min(need.wanted, MOST + 1) if need else wanted == 0


def test_indices() -> None:
    """Items up to the last one that an index names are kept as they stand."""
    assert 3 == needs([parse_condition("args.xs[2] > 1 && args.xs[0] > 1").tree])[XS].first


def test_keys() -> None:
    """The keys that are named, and how often the others are looked through."""
    need = needs([parse_condition("keys(args.o).all(k, k != 'a') && args.o.b == 1").tree])[("args", "o")]
    assert (1, {"b"}) == (need.keys, need.fields)
