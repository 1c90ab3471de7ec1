"""What lint claims of two conditions together, held against what they give on random arguments."""

from __future__ import annotations

from random import Random

from govern.conditions import ConditionError, parse_condition
from govern.conditions.python import decider
from govern.conditions.tree import Node
from govern.lint.logic import EVERY, somewhere

from .test_logic import arguments, atom, joined


def trees(random: Random) -> tuple[Node, Node]:
    while True:
        try:
            return tuple(parse_condition(joined(random, atom, depth=2)).tree for _ in range(2))  # type: ignore[return-value]
        except ConditionError:
            continue


def test_what_is_called_impossible_together_never_happens() -> None:
    """Two conditions never take a pair of values that lint ruled out; enough pairs are ruled out to say so."""
    random = Random(13)
    ruled = 0
    for _ in range(400):
        both = trees(random)
        possible = {(a, b) for a in EVERY for b in EVERY if somewhere(both, lambda found, a=a, b=b: found == (a, b))}  # type: ignore[misc]
        ruled += len(possible) < 9
        judges = [decider(tree) for tree in both]
        for _ in range(60):
            args = arguments(random)
            assert tuple(judge({"args": args}) for judge in judges) in possible, (both, args)
    assert ruled > 80


def test_an_order_and_another_bound_of_one_value_hang_together() -> None:
    """Where one comparison of a value with a number is unknown, so is every order of it with a number."""
    low, high, equal = (parse_condition(text).tree for text in ("args.n > 5", "args.n > 9", "args.n == 7"))
    assert not somewhere((low, high), lambda found: None in found and found != (None, None))
    assert not somewhere((low, high), lambda found: found == (False, True))
    assert not somewhere((low, equal), lambda found: found[1] is True and found[0] is not True)
    assert somewhere((low, equal), lambda found: found == (None, False))  # null equals no number
