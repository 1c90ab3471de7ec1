"""The text of `govern audit seal`: what is sealed now, what happened to writers, what is left, and what is wrong."""

from __future__ import annotations

from collections.abc import Iterator

from rich.text import Text as Line

from govern.audit.sealing_outcome import Ended, Sealed
from govern.report.chain_text import plural
from govern.report.chain_words import size
from govern.report.console import safe

SHOWN = 10


def lines(done: Sealed, audit: str) -> Iterator[Line]:
    """The report for a terminal.

    Args:
        audit: the store, as it was named.
    """
    if done.files:
        parts = f", {plural(done.parts, 'imported part')} among them" if done.parts else ""
        said = f"{plural(done.events, 'event')} sealed in {plural(len(done.files), 'file')}, {size(done.bytes)}{parts}"
        yield Line(said, "bold")
    else:
        yield Line("Nothing to seal." if not done.problems else "Nothing could be sealed.", "bold")
    for each in done.ended[:SHOWN]:
        yield Line(f"  {_ended(each)}", "" if not each.crashed else "yellow")
    if (more := len(done.ended) - SHOWN) > 0:
        crashed = sum(each.crashed for each in done.ended[SHOWN:])
        yield Line(f"  and {more:,} more writers ended, {crashed:,} of them without a word: --format json")
    if done.open:
        events = sum(done.open.values())
        verb = "stays" if events == 1 else "stay"
        yield Line(f"{plural(events, 'event')} {verb} in the open {_segments(len(done.open))}")
    if done.removed:
        yield Line(f"{plural(len(done.removed), 'file')} of an earlier seal, interrupted or too late, removed", "dim")
    if done.waiting:
        yield Line(
            f"{plural(len(done.waiting), 'old file')} still being read: the next seal deletes what is left", "dim"
        )
    for problem in done.problems[:SHOWN]:
        yield Line(f"✗ not sealed: {safe(problem.where)}: {safe(problem.message)}", "red")
    if (more := len(done.problems) - SHOWN) > 0:
        yield Line(f"✗ and {more:,} more: --format json", "red")
    if done.problems:
        yield Line(f"Next: govern audit verify --audit {safe(audit)}", "dim")
    else:
        yield Line(
            f"{plural(done.records, 'record')} signed. Next: govern audit checkpoint --audit {safe(audit)}", "dim"
        )


def _segments(count: int) -> str:
    return "segment of a writer that lives" if count == 1 else f"segments of {count:,} writers that live"


def _ended(each: Ended) -> str:
    if not each.crashed:
        return f"{safe(each.writer)} ended: {plural(each.events, 'event')}, signed"
    torn = f", {each.torn:,} bytes of a torn line dropped" if each.torn else ""
    return f"{safe(each.writer)} is gone without a word: {plural(each.events, 'event')}{torn}; recorded as crashed"
