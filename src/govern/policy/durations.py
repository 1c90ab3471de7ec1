"""Lengths of time as a charter writes them."""

from __future__ import annotations


def span(seconds: int) -> str:
    """Seconds as the charter writes them: the largest unit that divides them, such as `4h`, `15m`, `90s`."""
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds and seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"
