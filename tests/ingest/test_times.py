"""Times of foreign logs are exact, and one that is none is refused."""

from __future__ import annotations

from typing import Any

import pytest

from govern.ingest.adapter import Unusable
from govern.ingest.times import iso, unix


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T00:00:00.123456789Z", 123_456_789),
        ("1970-01-01T00:00:00.1234567899Z", 123_456_789),
        ("1970-01-01 01:00:00+01:00", 0),
        ("1970-01-01T00:30:00,5-0130", 7_200_500_000_000),
        ("1969-12-31T23:59:59.5Z", -500_000_000),
        ("2026-11-23T09:30:00.001Z", 1_795_426_200_001_000_000),
    ],
)
def test_iso(text: str, expected: int) -> None:
    """An ISO 8601 time with a zone is that instant, to the nanosecond."""
    assert expected == iso(text)


@pytest.mark.parametrize(
    "text",
    ["", "2026-11-23", "2026-11-23T09:30:00", "2026-13-01T00:00:00Z", "2026-11-23T25:00:00Z", "1600-01-01T00:00:00Z",
     "2026-11-23T09:30:00+99:00", "٢٠٢٦-11-23T09:30:00Z", None, 5, True],
)  # fmt: skip
def test_no_iso_time(text: Any) -> None:
    """What is no time, or has no zone, is refused with what stood there."""
    with pytest.raises(Unusable):
        iso(text)


def test_a_zone_that_the_format_implies() -> None:
    """A time without a zone is UTC only where the adapter says that its format means so."""
    assert 1_795_426_200 * 10**9 == iso("2026-11-23T09:30:00", naive_utc=True)


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        ("1795426200000000001", "ns", 1_795_426_200_000_000_001),
        (1_795_426_200_000_001, "us", 1_795_426_200_000_001_000),
        (1_795_426_200_001, "ms", 1_795_426_200_001_000_000),
        (1_795_426_200.123456, "s", 1_795_426_200_123_456_000),
        ("0.000000001", "s", 1),
        (-1, "s", -(10**9)),
    ],
)
def test_unix(value: Any, unit: str, expected: int) -> None:
    """A number since 1970 is exact: integers are never rounded, decimals are read as written."""
    assert expected == unix(value, unit)


@pytest.mark.parametrize("value", ["", "1e9", "NaN", float("inf"), True, None, [], 10**30, "9" * 30])
def test_no_unix_time(value: Any) -> None:
    """What is no number of the range is refused."""
    with pytest.raises(Unusable):
        unix(value, "s")
