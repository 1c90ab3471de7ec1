"""Times in words, as every cause and report says them: UTC with `Z`, and no time where there is none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = 1_000_000_000


def moment(ts_ns: int) -> str:
    """Date and time to the second: `18 Nov 2026 14:02:07Z`.

    Args:
        ts_ns: UTC nanoseconds since 1970 (int64: the years 1677 to 2262).
    """
    at = _EPOCH + timedelta(microseconds=ts_ns // 1000)
    return f"{at.day} {at:%b %Y %H:%M:%S}Z"


def clock(ts_ns: int) -> str:
    """Time of day to the second: `14:02:07Z`."""
    return f"{_EPOCH + timedelta(microseconds=ts_ns // 1000):%H:%M:%S}Z"


def iso(ts_ns: int) -> str:
    """RFC 3339 with all nine digits: `2026-11-18T14:02:07.120000000Z`."""
    whole, rest = divmod(ts_ns, _SECOND)
    return f"{_EPOCH + timedelta(seconds=whole):%Y-%m-%dT%H:%M:%S}.{rest:09d}Z"


def span(ns: int) -> str:
    """A length of time, to what matters of it: `0.6 ms`, `38.2 s`, `12 min 5 s`, `3 h 20 min`, `2 d 4 h`."""
    sign, ns = ("-" if ns < 0 else ""), abs(ns)
    if ns < 100_000_000:
        return f"{sign}{ns / 1e6:.1f} ms"
    if ns < 60 * _SECOND:
        return f"{sign}{ns / 1e9:.2f} s" if ns < 10 * _SECOND else f"{sign}{ns / 1e9:.1f} s"
    seconds = round(ns / 1e9)
    for big, small, names in ((86_400, 3_600, "d h"), (3_600, 60, "h min"), (60, 1, "min s")):
        if seconds >= big:
            many, rest = divmod(seconds, big)
            first, second = names.split()
            few = rest // small
            return f"{sign}{many} {first}" + (f" {few} {second}" if few else "")
    raise AssertionError("unreachable: at least one minute")
