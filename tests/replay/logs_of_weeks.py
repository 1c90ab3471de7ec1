"""Random logs of several weeks, for what a shadow report tells beside verdicts: days, hours, formats, digests."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace

from tests.conformance.test_policies import events

from govern.events.model import Event, EventType

DAY_NS = 86_400 * 10**9
START_NS = 1_770_000_000 * 10**9
FORMATS = ("canonical", "otlp", None)


def log(
    rng: random.Random, count: int, *, days: float = 21, formats: bool = True, digests: tuple[str | None, ...] = ()
) -> list[Event]:
    """So many events of whole traces, some of them without times.

    Args:
        days: over which they are spread; what is called for the first time late is new.
        digests: that calls carry.
    """
    return list(_spread(rng, count, days, formats=formats, digests=digests))


def _spread(
    rng: random.Random, count: int, days: float, *, formats: bool, digests: tuple[str | None, ...]
) -> Iterator[Event]:
    at: dict[str, int | None] = {}
    form = {}
    for place, event in enumerate(events(rng, count)):
        trace = event.trace_id
        if trace not in at:
            at[trace] = None if rng.random() < 0.05 else START_NS + int(rng.random() * days * DAY_NS)
            form[trace] = rng.choice(FORMATS)
        start = at[trace]
        ts_ns = None if start is None else start + rng.choice([0, 1, 10**9, 90 * 10**9, 5_400 * 10**9])
        tool = event.tool
        if event.type is EventType.TOOL_CALL and ts_ns is not None and ts_ns > START_NS + (days - 5) * DAY_NS:
            tool = rng.choice([tool, tool, "lately_made", "delete_all"])
        own = rng.choice(FORMATS) if rng.random() < 0.02 else form[trace]
        yield replace(
            event,
            ts_ns=ts_ns,
            wseq=place,
            tool=tool,
            source_format=own if formats else "canonical",
            policy_digest=rng.choice(digests) if digests and event.type is EventType.TOOL_CALL else None,
        )
