"""Local time: a zone's offsets from 1970 up to 2100, taken from Python's time zone database as plain numbers.

Both engines read the same numbers, so they cannot differ by the version of another database (DuckDB brings
its own). Outside the range local time is unknown: rules of daylight saving are not made that far ahead.
"""

from __future__ import annotations

from bisect import bisect_right
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from govern.conditions.times import DAY_NS, DAY_S, EPOCH_DAY, NS, WEEKDAYS
from govern.conditions.tree import Call, Lit, Node, rewrite
from govern.errors import AuthorError

CLOCK: Final = ("date", "hour", "weekday")
_STEP_S: Final = 2 * DAY_S
END_S: Final = int(datetime(2100, 1, 1, tzinfo=UTC).timestamp())


def zoned(tree: Node, zone: str | None) -> Node:
    """The tree with the zone as a second operand of `date`, `hour` and `weekday`; unchanged without one."""
    if zone is None:
        return tree

    def change(node: Node) -> Node:
        if isinstance(node, Call) and node.fn in CLOCK:
            return Call(node.fn, (*node.operands, Lit(zone)), node.start, node.end)
        return node

    return rewrite(tree, change)


@lru_cache(maxsize=16)
def offsets(zone: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """When a zone's offset changes, and to what.

    Args:
        zone: its name in the IANA time zone database, as in `Europe/Berlin`.

    Returns:
        Seconds since 1970, the first of them 0, and the offset from UTC in seconds from each of them on.

    Raises:
        AuthorError: no such zone.
    """
    try:
        found = ZoneInfo(zone)
    except (KeyError, ValueError, OSError):  # ZoneInfoNotFoundError is a KeyError; a folder is an OSError
        hint = "a name of the IANA time zone database, as in `Europe/Berlin`"
        raise AuthorError(f"`{zone}` is no time zone on this machine", hint=hint) from None

    def offset(second: int) -> int:
        there = datetime.fromtimestamp(second, found).utcoffset()
        return there.days * DAY_S + there.seconds if there is not None else 0

    starts, values = [0], [offset(0)]
    # The shortest stretch between two changes is a week; what differs over two days is found by halving.
    for later in range(_STEP_S, END_S + _STEP_S, _STEP_S):
        if (after := offset(later)) == values[-1]:
            continue
        low, high = later - _STEP_S, later
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if offset(middle) == values[-1] else (low, middle)
        if high < END_S:
            starts.append(high)
            values.append(after)
    return tuple(starts), tuple(values)


def clock(fn: str, at_ns: int, zone: str) -> str | int | None:
    """`date`, `hour` or `weekday` of a point in time in a zone, or None outside 1970 to 2100 (UTC)."""
    second = at_ns // NS
    if not 0 <= second < END_S:
        return None
    starts, values = offsets(zone)
    local = at_ns + values[bisect_right(starts, second) - 1] * NS
    day, rest = divmod(local, DAY_NS)
    if fn == "hour":
        return rest // (3600 * NS)
    if fn == "weekday":
        return WEEKDAYS[(day + 3) % 7]  # 1970-01-01 was a Thursday
    return date.fromordinal(day + EPOCH_DAY).isoformat()
