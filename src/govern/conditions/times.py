"""Points in time and spans of it: int64 nanoseconds, exact, anything outside is unknown.

A point in time is nanoseconds since 1970-01-01T00:00:00Z without leap seconds, so from 1677-09-21 to 2262-04-11.
Text is RFC 3339 with an offset; leap seconds (`:60`) and more than nine decimal places are not read. Which
expressions stand for times is known from their form: a call's arguments hold no times, only text.
"""

from __future__ import annotations

import re
from datetime import date
from functools import cache
from typing import Final

from govern.conditions.tree import Call, Name, Node

NS: Final = 10**9
DAY_S: Final = 86_400
DAY_NS: Final = DAY_S * NS
INT64_MIN: Final = -(2**63)
INT64_MAX: Final = 2**63 - 1
EPOCH_DAY: Final = date(1970, 1, 1).toordinal()
WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

# For a full match, in both engines: RE2 and `re` read it alike. Fixed width up to the seconds.
_HOUR = "(?:[01][0-9]|2[0-3])"
RFC3339: Final = (
    rf"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}[Tt]{_HOUR}:[0-5][0-9]:[0-5][0-9]"
    rf"(?:\.[0-9]{{1,9}})?(?:[Zz]|[+-]{_HOUR}:[0-5][0-9])"
)
# CEL's and Go's durations: numbers with units, as in `1h30m`, `250ms`, `-1.5h`.
_UNITS: Final = {"h": 3600 * NS, "m": 60 * NS, "s": NS, "ms": 10**6, "us": 10**3, "µs": 10**3, "μs": 10**3, "ns": 1}
_DURATION = "[-+]?(?:0|(?:(?:[0-9]+(?:[.][0-9]*)?|[.][0-9]+)(?:h|ms|us|µs|μs|ns|m|s))+)"
_PART = "([0-9]*)([.][0-9]*)?(h|ms|us|µs|μs|ns|m|s)"


def time_kind(node: Node) -> str | None:
    """`timestamp` or `duration` where an expression stands for one, else None."""
    match node:
        case Name("at") | Call("timestamp"):
            return "timestamp"
        case Call("duration"):
            return "duration"
        case Call("+" | "-" as fn, (left, right)):
            kinds = (time_kind(left), time_kind(right))
            if kinds == ("timestamp", "timestamp"):
                return "duration" if fn == "-" else None
            return "timestamp" if "timestamp" in kinds else "duration" if "duration" in kinds else None
        case _:
            return None


@cache
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text)  # when the first time is read, not at every start


def in_int64(value: int) -> int | None:
    return value if INT64_MIN <= value <= INT64_MAX else None


def timestamp_ns(text: str) -> int | None:
    """Nanoseconds since 1970 of RFC 3339 text, or None where it is none or outside int64."""
    if _pattern(RFC3339).fullmatch(text) is None:
        return None
    try:
        days = date(int(text[:4]), int(text[5:7]), int(text[8:10])).toordinal() - EPOCH_DAY
    except ValueError:
        return None
    seconds = days * DAY_S + int(text[11:13]) * 3600 + int(text[14:16]) * 60 + int(text[17:19])
    end = len(text) - 1
    if text[-1] not in "Zz":
        end = len(text) - 6
        offset = int(text[-5:-3]) * 3600 + int(text[-2:]) * 60
        seconds += offset if text[end] == "-" else -offset
    return in_int64(seconds * NS + int(text[20:end].ljust(9, "0")))


def duration_ns(text: str) -> int | None:
    """Nanoseconds of a duration's text, or None where it is none, is no whole number of them, or outside int64."""
    if len(text) > 64 or not _pattern(_DURATION).fullmatch(text):
        return None
    total = 0
    for whole, fraction, unit in _pattern(_PART).findall(text):
        total += int(whole or 0) * _UNITS[unit]
        digits = fraction[1:]
        part, rest = divmod(int(digits or 0) * _UNITS[unit], 10 ** len(digits))
        if rest:
            return None
        total += part
    return in_int64(-total if text.startswith("-") else total)


def is_date(text: str) -> bool:
    """Whether text is a date as `date(t)` gives it: `2026-11-23`."""
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
