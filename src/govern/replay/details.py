"""What is known of the calls of one tool beside their number: the shapes of arguments, and what stood around them.

A frozen model, of at most `LOOKED_AT` calls a tool: those whose place in a fixed shuffle (`order_of`) is smallest, so
that whatever reads a log, in whatever order and in how many parts, looks at the same calls. Leaves out how they are
collected (`looked`) and how shapes are made of them (`shapes`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

LOOKED_AT: Final = 100
"""So many calls of a tool are looked at, and as many again of its last seven days."""
LONGEST: Final = 16_384
"""Characters of arguments that are looked at; longer ones are only counted."""
PRIME: Final = 999_983
FACTOR: Final = 481_123


@dataclass(frozen=True, slots=True)
class Place:
    """What stood at one place of the arguments.

    Args:
        path: `amount`, `to.name`, `items[].id`; in a name, `?` stands for `.`, `[`, `]` and for no name at all.
        kinds: `string`, `integer`, `number`, `boolean`, `object`, `array`, `null`, with how often; the most frequent
            first.
        present: calls (below `[]`: values) that had it.
        low, high: of its numbers; None where there were none, or where they are not shown.
        shortest, longest: of its texts in characters, of its lists in items; None where there were none.
        values: the most frequent first, as canonical JSON; at most 12, and none where they are not shown.
        distinct: different values; None where there are more than 50.
        form: what every text at it looks like: `date`, `date-time`, `time`, `email`, `url`, `uuid`, `ipv4`, or empty.
        hidden: why its values are never shown, in words; empty where they may be.
    """

    path: str
    kinds: tuple[tuple[str, int], ...]
    present: int
    low: int | float | None = None
    high: int | float | None = None
    shortest: int | None = None
    longest: int | None = None
    values: tuple[tuple[str, int], ...] = ()
    distinct: int | None = None
    form: str = ""
    hidden: str = ""


@dataclass(frozen=True, slots=True)
class Shapes:
    """The arguments of a tool's calls.

    Args:
        looked_at: calls whose arguments were looked at.
        calls: all of them.
        places: by path; at most 200.
        malformed, uncaptured, long: of the calls chosen to be looked at, those whose arguments have no canonical form,
            are not in the log, or have more than `LONGEST` characters.
        more_places: places beside those that are listed.
    """

    looked_at: int = 0
    calls: int = 0
    places: tuple[Place, ...] = ()
    malformed: int = 0
    uncaptured: int = 0
    long: int = 0
    more_places: int = 0


@dataclass(frozen=True, slots=True)
class Around:
    """The agent's calls before and after those that were looked at, in the same trace; None is its start or its end.

    Args:
        before, after: tools with how often, the most frequent first.
    """

    before: tuple[tuple[str | None, int], ...] = ()
    after: tuple[tuple[str | None, int], ...] = ()


def order_of(ts_ns: int | None, wseq: int) -> int:
    """The place of a call in the shuffle: the smallest are looked at, of equal ones the smallest event id.

    Args:
        ts_ns: UTC nanoseconds since 1970; None where the log has no time.
        wseq: of its writer, which stands in then.
    """
    return abs(wseq) % PRIME * FACTOR % PRIME if ts_ns is None else abs(ts_ns) % PRIME


ORDER: Final = f"abs(coalesce(ts_ns, (wseq % {PRIME}) * {FACTOR}) % {PRIME})"
"""`order_of` in SQL."""
