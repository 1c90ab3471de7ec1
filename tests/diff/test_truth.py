"""What conditions say of each other by their form: certain or nothing, unknown included."""

from __future__ import annotations

import pytest

from govern.conditions import parse_condition
from govern.diff.truth import applies_too, normal, true_too


@pytest.mark.parametrize(
    ("one", "other", "follows"),
    [
        ("args.a > 5", "args.a > 5 || args.b", True),
        ("args.a > 5 && args.b", "args.a > 5", True),
        ("args.a > 5", "args.a > 5 && args.b", False),
        ("args.a > 7", "args.a > 5", True),
        ("args.a > 5", "args.a > 7", False),
        # Never true, and unknown without the argument: then it applies, and the other does not.
        ("args.a > 5 && args.a <= 5", "false", False),
        ("args.a", "true", True),
        ("args.b < args.a", "args.a > args.b", True),
    ],
)
def test_what_applies_too_applies_wherever_the_one_is_true_or_unknown(one: str, other: str, follows: bool) -> None:
    """An unknown condition applies: no claim forgets it."""
    trees = [normal(parse_condition(text).tree) for text in (one, other)]
    assert follows == applies_too(trees[0], trees[1])


@pytest.mark.parametrize(
    ("one", "other", "follows"),
    [
        ("args.a == 1 && args.b", "args.a == 1", True),
        ("args.a == 1", "args.a == 1 && args.b", False),
        # The other is never false, but unknown without the argument.
        ("true", "args.a == args.a", False),
        ("args.b == 'x'", "'x' == args.b", True),
    ],
)
def test_what_is_true_too_is_never_unknown_there(one: str, other: str, follows: bool) -> None:
    """What shows a result must be true: unknown withholds it."""
    trees = [normal(parse_condition(text).tree) for text in (one, other)]
    assert follows == true_too(trees[0], trees[1])
