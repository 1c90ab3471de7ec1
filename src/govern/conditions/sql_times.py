"""Times in SQL: expressions over BIGINT nanoseconds that give exactly what `times` and `zones` give.

Only arithmetic and text: DuckDB's own zones and TIMESTAMPTZ are not used, since its database may be another.
Each function takes SQL that is cheap to repeat (a column or a lambda's variable).
"""

from __future__ import annotations

from govern.conditions.times import DAY_NS, NS, RFC3339, WEEKDAYS
from govern.conditions.zones import END_S, offsets


def timestamp(text: str) -> str:
    """BIGINT of RFC 3339 text, NULL where it is none."""

    def digits(start: int, count: int) -> str:
        return f"TRY_CAST(substr({text}, {start}, {count}) AS HUGEINT)"

    days = f"(TRY_CAST(substr({text}, 1, 10) AS DATE) - DATE '1970-01-01')"
    # From the right: nothing, or a sign and an offset.
    offset = (
        f"CASE WHEN upper({text}[-1]) = 'Z' THEN 0 ELSE ({digits(-5, 2)} * 3600 + {digits(-2, 2)} * 60) "
        f"* CASE {text}[-6] WHEN '-' THEN -1 ELSE 1 END END"
    )
    seconds = f"{days} * 86400::HUGEINT + {digits(12, 2)} * 3600 + {digits(15, 2)} * 60 + {digits(18, 2)} - ({offset})"
    fraction = f"TRY_CAST(rpad(regexp_extract({text}, '[.]([0-9]+)', 1), 9, '0') AS HUGEINT)"
    whole = f"(({seconds}) * {NS} + {fraction})"
    # A range check by the cast: NULL outside int64.
    return f"(CASE WHEN regexp_full_match({text}, '{RFC3339}') THEN TRY_CAST({whole} AS BIGINT) END)"


def joined(op: str, left: str, right: str) -> str:
    """BIGINT of a sum or difference, NULL outside int64."""
    return f"TRY_CAST(CAST({left} AS HUGEINT) {op} CAST({right} AS HUGEINT) AS BIGINT)"


def local(at_ns: str, zone: str) -> str:
    """BIGINT of local nanoseconds since 1970-01-01T00:00:00 on the zone's clock, NULL outside 1970 to 2100 (UTC)."""
    starts, values = offsets(zone)
    offset = _search(f"({at_ns} // {NS})", starts, values)
    return f"(CASE WHEN {at_ns} >= 0 AND {at_ns} < {END_S * NS} THEN {at_ns} + {NS} * {offset} END)"


def _search(second: str, starts: tuple[int, ...], values: tuple[int, ...]) -> str:
    """A tree of CASEs: a few comparisons a row instead of hundreds."""
    if len(values) == 1 or len(set(values)) == 1:
        return f"{values[0]}::BIGINT"
    middle = len(values) // 2
    low, high = _search(second, starts[:middle], values[:middle]), _search(second, starts[middle:], values[middle:])
    return f"CASE WHEN {second} < {starts[middle]} THEN {low} ELSE {high} END"


def clock(fn: str, local_ns: str) -> str:
    """VARCHAR of `date` and `weekday`, BIGINT of `hour`, of what `local` gives."""
    # Local time may lie before 1970 by less than a day, and SQL's division rounds towards zero.
    day = f"(({local_ns} + {DAY_NS}) // {DAY_NS} - 1)"
    if fn == "hour":
        return f"(({local_ns} + {DAY_NS}) % {DAY_NS} // {3600 * NS})"
    if fn == "weekday":
        names = ", ".join(f"'{name}'" for name in WEEKDAYS)
        return f"[{names}][1 + ({day} + 3) % 7]"
    return f"strftime(DATE '1970-01-01' + CAST({day} AS INTEGER), '%Y-%m-%d')"
