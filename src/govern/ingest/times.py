"""Times of foreign logs as UTC nanoseconds since 1970; exact, and never invented.

Leaves out: the one spelling that canonical JSON lines allow (`adapters.canonical`).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

from govern.events.canonical import INT64_MAX, INT64_MIN, Json
from govern.ingest.adapter import Unusable
from govern.ingest.arguments import kind, storable

_ISO: Final = re.compile(
    r"(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2}:\d{2})(?:[.,](\d{1,18}))? ?(Z|z|UTC|[+-]\d{2}(?::?\d{2})?)?", re.ASCII
)
_NUMBER: Final = re.compile(r"-?[0-9]{1,25}(\.[0-9]{1,25})?", re.ASCII)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND: Final = 10**9
UNITS: Final = {"ns": 1, "us": 10**3, "ms": 10**6, "s": _SECOND}


def iso(text: Json, *, naive_utc: bool = False) -> int:
    """The instant of an ISO 8601 time with a zone; decimals beyond nanoseconds are cut.

    Args:
        text: such as `2026-11-23T09:30:00.123Z` or `2026-11-23T10:30:00+01:00`.
        naive_utc: a time without a zone is UTC, because the format's documentation says so; else it is refused.

    Raises:
        Unusable: no such time, or outside the years 1678 to 2261.
    """
    if not isinstance(text, str):
        raise Unusable(f"a time is {kind(text)}, not a text")
    found = _ISO.fullmatch(text)
    if found is None:
        raise Unusable(storable(f"`{text[:40]}` is no time such as `2026-11-23T09:30:00Z`"))
    day, clock, decimals, zone = found.groups()
    if zone is None and not naive_utc:
        raise Unusable(f"`{text[:40]}` has no time zone")
    try:
        whole = datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=UTC) - _offset(zone)
    except (ValueError, OverflowError):
        raise Unusable(f"`{text[:40]}`, which no calendar or clock has") from None
    return _within((whole - _EPOCH) // timedelta(seconds=1) * _SECOND + int((decimals or "0")[:9].ljust(9, "0")), text)


def unix(value: Json, unit: str = "ns") -> int:
    """The instant of a number since 1970, written as a number or as text.

    Args:
        value: a number with decimals is read as it is written (a double by its shortest form).
        unit: of `UNITS`.

    Raises:
        Unusable: no number, or outside the years 1678 to 2261.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise Unusable(f"a time is {kind(value)}, not a number")
    if isinstance(value, int):
        return _within(value * UNITS[unit], str(value))
    text = value if isinstance(value, str) else format(Decimal(repr(value)), "f")
    if _NUMBER.fullmatch(text) is None:
        raise Unusable(storable(f"`{text[:40]}` is no number of time since 1970"))
    return _within(int(Decimal(text) * UNITS[unit] // 1), text)


def _offset(zone: str | None) -> timedelta:
    if zone is None or zone in ("Z", "z", "UTC"):
        return timedelta()
    digits = zone[1:].replace(":", "").ljust(4, "0")
    hours, minutes = int(digits[:2]), int(digits[2:])
    if hours > 18 or minutes > 59:
        raise ValueError(zone)
    made = timedelta(hours=hours, minutes=minutes)
    return -made if zone[0] == "-" else made


def _within(ns: int, text: str) -> int:
    if not INT64_MIN <= ns <= INT64_MAX:
        raise Unusable(storable(f"`{text[:40]}` is outside the years 1678 to 2261"))
    return ns
