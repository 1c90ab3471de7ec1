"""What comparisons with literals leave of one value: equal to, one of, none of, above, below, or nothing.

`Known` says which of them can be unknown together: a value has one kind.
"""

from __future__ import annotations

from typing import Any

MIRRORED = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_OPPOSITE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}

Tagged = tuple[str, Any]  # a literal with its kind
Bound = tuple[str, Any, bool]  # kind, bound, whether the bound itself is allowed


class Range:
    """What is known of one value: equal to, one of, none of, above, below."""

    def __init__(self) -> None:
        self.allowed: set[Tagged] | None = None
        self.barred: set[Tagged] = set()
        self.low: Bound | None = None
        self.high: Bound | None = None
        self.empty = False

    def among(self, values: list[object], truth: bool) -> None:
        tagged = {_tag(each) for each in values}
        if truth:
            self.allowed = tagged if self.allowed is None else self.allowed & tagged
        else:
            self.barred |= tagged
        self.settle()

    def compare(self, fn: str, bound: object, truth: bool) -> None:
        if fn in ("==", "!="):
            self.among([bound], truth == (fn == "=="))
            return
        fn = fn if truth else _OPPOSITE[fn]
        kind = _tag(bound)[0]
        for side in (self.low, self.high):
            if side is not None and side[0] != kind:
                self.empty = True
                return
        if fn in (">", ">="):
            self.low = _tighter(self.low, (kind, bound, fn == ">="), up=True)
        else:
            self.high = _tighter(self.high, (kind, bound, fn == "<="), up=False)
        self.settle()

    def settle(self) -> None:
        if self.low and self.high and self.low[0] == self.high[0]:
            low, high = self.low[1], self.high[1]
            if high < low or (low == high and (not (self.low[2] and self.high[2]) or _tag(low) in self.barred)):
                self.empty = True
        if self.allowed is not None:
            left = {tagged for tagged in self.allowed - self.barred if self.fits(tagged)}
            self.empty = self.empty or not left

    def fits(self, tagged: Tagged) -> bool:
        kind, item = tagged
        for side, up in ((self.low, True), (self.high, False)):
            if side is None:
                continue
            if side[0] != kind:
                return False
            if item == side[1]:
                if not side[2]:
                    return False
            elif (item > side[1]) != up:
                return False
        return True


class Known:
    """Which comparisons of one value have an answer: an order only with its own kind, `==` also with null."""

    def __init__(self) -> None:
        self.ordered: dict[str, bool] = {}
        self.equal: dict[str, bool] = {}

    def clashes(self, fn: str, values: list[Any], truth: bool | None) -> bool:
        """Takes in one more comparison; whether no value answers all of them like this."""
        kinds = {_tag(each)[0] for each in values}
        if len(kinds) != 1 or "null" in kinds:
            return False
        kind, known = kinds.pop(), truth is not None
        answers = self.ordered if fn in _OPPOSITE else self.equal
        if answers.setdefault(kind, known) != known:
            return True
        is_one = known and fn not in _OPPOSITE and truth == (fn != "!=")
        if is_one and not self.ordered.setdefault(kind, True):
            return True
        return self.ordered.get(kind) is True and self.equal.get(kind) is False


def _tag(item: object) -> Tagged:
    """A literal with its kind: `1` and `true` are equal in Python and never in a condition."""
    match item:
        case None:
            return ("null", None)
        case bool():
            return ("truth", item)
        case int() | float():
            return ("number", item)
        case _:
            return ("text", item)


def _tighter(old: Bound | None, new: Bound, *, up: bool) -> Bound:
    if old is None:
        return new
    if old[1] == new[1]:
        return new if not new[2] else old
    greater = new[1] > old[1]
    return new if greater == up else old
