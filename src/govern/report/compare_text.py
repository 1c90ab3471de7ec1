"""The text of `govern reconstruct --compare`: two chains, action by action, what differs in each."""

from __future__ import annotations

from collections.abc import Iterator

from rich.text import Text as Line

from govern.reconstruct.compare import Compared, Difference, Pair
from govern.report.console import safe
from govern.report.layout import cut, wrapped

_SHOWN = 200  # characters of a text: enough to see where it goes another way


def lines(found: Compared, width: int) -> Iterator[Line]:
    """The report for a terminal.

    Args:
        width: cells of the terminal.
    """
    for mark, made in (("-", found.left), ("+", found.right)):
        count = len(made.chain.actions)
        agents = ", ".join(made.chain.agents) or "no agent recorded"
        yield Line(
            safe(f"{mark} {made.chain.trace_id}  {agents}  {count} action{'' if count == 1 else 's'}, "
                 f"{len(made.gaps)} gap{'' if len(made.gaps) == 1 else 's'}"), "bold",
        )  # fmt: skip
    yield Line(summary(found))
    for pair in found.pairs:
        if pair.left is not None and pair.right is not None and not pair.differences:
            continue
        yield Line()
        yield Line(cut(_title(pair), width), "bold")
        for each in pair.differences:
            yield from _difference(each, width)


def summary(found: Compared) -> str:
    """How many actions are alike, differ, or have no counterpart."""
    both = [pair for pair in found.pairs if pair.left is not None and pair.right is not None]
    alike = sum(not pair.differences for pair in both)
    left = sum(pair.right is None for pair in found.pairs)
    right = sum(pair.left is None for pair in found.pairs)
    return f"{alike} alike, {len(both) - alike} differ, {left} only in the first, {right} only in the second"


def _title(pair: Pair) -> str:
    left, right = pair.left, pair.right
    if left is not None and right is not None:
        return safe(f"  {left.index} and {right.index}  {left.tool or '?'}")
    if left is not None:
        return safe(f"- {left.index}  {left.tool or '?'}  only in the first")
    if right is None:
        raise AssertionError("a pair has at least one action")
    return safe(f"+ {right.index}  {right.tool or '?'}  only in the second")


def _difference(each: Difference, width: int) -> Iterator[Line]:
    start, left, right = 0, each.left, each.right
    if left is not None and right is not None:
        start = _parting(left, right)
    for mark, text in (("-", left), ("+", right)):
        head = Line(f"    {each.field:<9} {mark} " if mark == "-" else f"    {'':<9} {mark} ")
        yield from wrapped(head, "nothing recorded" if text is None else safe(_around(text, start), _SHOWN), width)


def _parting(left: str, right: str) -> int:
    """Where two texts begin to differ."""
    place = 0
    for one, other in zip(left, right, strict=False):
        if one != other:
            break
        place += 1
    return place


def _around(text: str, place: int) -> str:
    """A text from shortly before a place on; the whole of a short one."""
    if len(text) <= _SHOWN:
        return text
    start = max(place - 40, 0)
    return ("…" if start else "") + text[start : start + _SHOWN]
