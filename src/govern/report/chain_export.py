"""What a chain written for another program is: lines, and what had to be left out."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Export:
    """A chain in a format that needs a time for everything.

    Args:
        lines: each without its line feed; JSON, ASCII only.
        left_out: events (and gaps) that have no time, and so no place there.
        of: how many there are.
        why: they were left out, in words.
    """

    lines: tuple[str, ...]
    left_out: int
    of: int
    why: str
