"""The text of `govern audit retain` and of holds."""

from __future__ import annotations

from collections.abc import Iterator

from rich.text import Text as Line

from govern.audit.records import Hold
from govern.audit.retention import Retained
from govern.reconstruct.words import moment
from govern.report.chain_text import plural
from govern.report.chain_words import size
from govern.report.console import safe

SHOWN = 10


def lines(done: Retained, before_ns: int, dry_run: bool) -> Iterator[Line]:
    """The report for a terminal."""
    if done.deleted:
        verb = "would be deleted" if dry_run else "deleted"
        said = f"{plural(done.rows, 'event')} in {plural(len(done.deleted), 'file')} {verb}, {size(done.bytes)}"
        yield Line(said, "bold")
        if done.from_ns is not None and done.to_ns is not None:
            yield Line(f"  from {moment(done.from_ns)} to {moment(done.to_ns)}")
        if done.index is not None:
            values = f"; {plural(done.values, 'side table')} went with them" if done.values else ""
            yield Line(f"  tombstone: record {done.index:,} of the log{values}")
    else:
        yield Line(f"Nothing was deleted: no file is wholly before {moment(before_ns)}" + _but(done), "bold")
    for each in done.kept[:SHOWN]:
        why = (
            "held by " + ", ".join(f"`{safe(name)}`" for name in each.holds) if each.holds else "its time is not known"
        )
        yield Line(f"✗ kept: {safe(each.path)}, {plural(each.rows, 'event')}: {why}", "yellow")
    if (more := len(done.kept) - SHOWN) > 0:
        yield Line(f"✗ and {more:,} more kept: --format json", "yellow")
    if done.younger:
        yield Line(f"{plural(done.younger, 'file')} with younger events", "dim")
    if done.waiting:
        yield Line(
            f"{plural(len(done.waiting), 'file')} still being read: the next seal or retention deletes them", "dim"
        )


def _but(done: Retained) -> str:
    return ", but for what is kept" if done.kept else ""


def hold_words(hold: Hold) -> str:
    """What a hold covers, by whom and why: one line, harmless."""
    traces = "everything" if hold.traces is None else plural(len(hold.traces), "trace")
    since = "" if hold.from_ns is None else f" from {moment(hold.from_ns)}"
    until = "" if hold.to_ns is None else f" until {moment(hold.to_ns)}"
    return f"{traces}{since}{until}; {safe(hold.by)}, {moment(hold.at_ns)}: {safe(hold.reason)}"
