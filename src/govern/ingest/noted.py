"""Degrades with a count, never a guess: what a row says unreadably is left out, and counted.

Leaves out: rows that are refused (`Unusable`).
"""

from __future__ import annotations

from collections.abc import Callable

from govern.ingest.adapter import Row, Unusable


def instant(row: Row, read: Callable[[], int], note: str = "times that cannot be read") -> int | None:
    """A time that a row may be without.

    Args:
        row: counts it where it cannot be read.
        read: gives UTC nanoseconds since 1970, or raises `Unusable` (`times`).
        note: the words to count it by.
    """
    try:
        return read()
    except Unusable:
        row.notes[note] += 1
        return None
