"""Expressions of Cedar in pairs: where something is true and where false, where a value is of a kind and what it is.

Every expression asks what a value is before it uses it, so none can fail on a context that `cedar.context_of` makes.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

from govern.conditions.values import MICRO

INT64_MIN, INT64_MAX = -(2**63), 2**63 - 1
SETS: Final = {"string": "strings", "number": "numbers", "boolean": "booleans"}
"""The set in which the items of a list stand that are of a kind."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Where a condition is true, and where it is false."""

    true: str
    false: str

    def __invert__(self) -> Pair:
        return Pair(self.false, self.true)


UNKNOWN: Final = Pair("false", "false")


@dataclass(frozen=True, slots=True)
class Value:
    """A value: for each kind where it is of it, and what it is there.

    Args:
        text, truth: where, and the expression.
        number: where, its whole part (rounded down), and the rest in millionths.
        null, absent: where.
        present: where it is anything, null included.
        record: the tagged record of a place, to be used where `present`.
        number_only: whether the order of it can only be one of numbers.
    """

    present: str = "false"
    text: tuple[str, str] = ("false", '""')
    number: tuple[str, str, str] = ("false", "0", "0")
    truth: tuple[str, str] = ("false", "false")
    null: str = "false"
    absent: str = "false"
    record: str | None = None
    number_only: bool = False


WRONG: Final = Value()


@dataclass(frozen=True, slots=True)
class Items:
    """A list: where it is one, and the sets of its items by kind.

    Args:
        empty: where it stands for the empty list without being one.
    """

    known: str
    record: str
    empty: str = "false"
    keys: bool = False

    def of(self, kind: str) -> str:
        if self.keys:
            return f"{self.record}.keys" if kind == "string" else "[]"
        return f"{self.record}.{SETS[kind]}"

    def only(self, kind: str) -> str:
        """Whether every item is of a kind."""
        if self.keys:
            return "true" if kind == "string" else f"{self.record}.size == 0"
        return f'["{kind}"].containsAll({self.record}.kinds)'

    def has(self, kind: str) -> str:
        """Whether any item is of a kind."""
        return "false" if self.keys else f'{self.record}.kinds.contains("{kind}")'

    @property
    def none(self) -> str:
        return f"{self.record}.size == 0"

    @property
    def some(self) -> str:
        return f"{self.record}.size > 0"


def conj(*parts: str) -> str:
    if "false" in parts:
        return "false"
    kept = list(dict.fromkeys(part for part in parts if part != "true"))
    return "true" if not kept else kept[0] if len(kept) == 1 else f"({' && '.join(kept)})"


def disj(*parts: str) -> str:
    if "true" in parts:
        return "true"
    kept = list(dict.fromkeys(part for part in parts if part != "false"))
    return "false" if not kept else kept[0] if len(kept) == 1 else f"({' || '.join(kept)})"


def neg(part: str) -> str:
    return {"true": "false", "false": "true"}.get(part, f"!({part})")


def text(value: str) -> str:
    """A text as Cedar writes it (https://docs.cedarpolicy.com/policies/syntax-grammar.html)."""
    made = "".join(
        f"\\{char}" if char in '"\\' else char if char.isprintable() else f"\\u{{{ord(char):x}}}" for char in value
    )
    return f'"{made}"'


def like(before: str, value: str, after: str) -> str:
    """A pattern of `like` that has a text between wildcards."""
    return f'"{before}{text(value)[1:-1].replace("*", chr(92) + "*")}{after}"'


def beside(key: str) -> Value:
    """An input beside the arguments; what was not given is neither there nor absent."""
    return tagged(f"context.given has {text(key)}", f"context.given[{text(key)}]", "false")


def below(above: Value, kind: str, key: str, known: str, absent: str) -> Value:
    holder = f'{above.record}["{kind}"]'
    has = f"{holder} has {text(key)}"
    return tagged(conj(known, has), f"{holder}[{text(key)}]", disj(absent, conj(known, neg(has))))


def tagged(present: str, record: str, absent: str) -> Value:
    def of(tag: str) -> str:
        return conj(present, f'{record} has "{tag}"')

    return Value(
        present=present,
        text=(of("string"), f"{record}.string"),
        number=(of("whole"), f"{record}.whole", f"{record}.millionths"),
        truth=(of("boolean"), f"{record}.boolean"),
        null=of("null"),
        absent=absent,
        record=record,
    )


def of_number(number: tuple[str, str, str]) -> Value:
    return Value(present=number[0], number=number, number_only=True)


def whole_only(found: Value) -> tuple[str, str, str]:
    where, whole, rest = found.number
    return conj(where, f"{rest} == 0"), whole, "0"


def constant(value: Any) -> Value:
    """A literal as a value. Its order among numbers is `with_number`'s."""
    match value:
        case None:
            return Value(present="true", null="true")
        case bool():
            return Value(present="true", truth=("true", "true" if value else "false"))
        case str():
            return Value(present="true", text=("true", text(value)))
        case _:
            floor, exact = millionths(value)
            whole, rest = divmod(floor, MICRO)
            if not exact or not INT64_MIN <= whole <= INT64_MAX:
                # No value has fewer than no millionths: it equals none of them.
                return Value(present="true", number=("true", "0", "-1"), number_only=True)
            return Value(present="true", number=("true", str(whole), str(rest)), number_only=True)


def millionths(value: int | float) -> tuple[int, bool]:
    """A number in millionths, rounded down, and whether that is all of it."""
    found = Fraction(repr(value)) * MICRO
    return found.numerator // found.denominator, found.denominator == 1


def equal(one: Value, two: Value) -> Pair:
    """By the table: null equals only null, any other kind only its own."""
    true, false = [conj(one.null, two.null)], []
    for where, same in (
        (conj(one.text[0], two.text[0]), f"{one.text[1]} == {two.text[1]}"),
        (conj(one.truth[0], two.truth[0]), f"({one.truth[1]}) == ({two.truth[1]})"),
        (
            conj(one.number[0], two.number[0]),
            conj(f"{one.number[1]} == {two.number[1]}", f"{one.number[2]} == {two.number[2]}"),
        ),
    ):
        true.append(conj(where, same))
        false.append(conj(where, neg(same)))
    return Pair(disj(*true), disj(*false))
