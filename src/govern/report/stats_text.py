"""The text of `govern audit stats`: how much there is and where, by day, by writer, and what is odd."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from rich.text import Text as Line

from govern.audit.stats import Stats
from govern.reconstruct.words import moment
from govern.report.chain_text import plural
from govern.report.chain_words import size
from govern.report.console import safe
from govern.report.layout import aligned
from govern.report.retain_text import hold_words

DAYS = 14
WRITERS = 10
TYPES = 4


def lines(found: Stats) -> Iterator[Line]:
    """The report for a terminal."""
    apart = [f"{found.journal:,} not sealed yet"] if found.journal else []
    apart += [f"{found.plain:,} imported and not sealed"] if found.plain else []
    yield Line(f"{plural(found.events, 'event')}" + (f"; {', '.join(apart)}" if apart else ""), "bold")
    for name, said in _facts(found):
        yield Line(f"  {name:<10} {said}")
    yield from _days(found)
    yield from _writers(found)
    rest = list(_rest(found))
    if rest:
        yield Line()
    yield from rest


def _rest(found: Stats) -> Iterator[Line]:
    for each in found.holds:
        yield Line(f"hold {safe(each.id)}: {hold_words(each)}")
    for gone in found.retired:
        said = f"{plural(gone.events, 'event')} in {plural(gone.files, 'file')} deleted {moment(gone.at_ns)}"
        yield Line(f"{said} by {safe(gone.by)}: {safe(gone.rule)}")
    for mark in found.unfinished:
        yield Line(f"✗ {safe(mark.told)}", "red")
    for problem in found.problems:
        yield Line(f"✗ {safe(problem)}", "red")
    if found.id is None:
        yield Line("No log: nothing of it can be verified. Next: govern audit init DIR --sign KEY", "yellow")


def _facts(found: Stats) -> Iterator[tuple[str, str]]:
    if found.id is not None:
        yield "store", f"{found.id}, {safe(found.origin or '')}"
        yield "log", f"{plural(found.records, 'record')}, {size(found.log_bytes)}"
    if found.files:
        more = f", {found.compacted:,} of them compacted" if found.compacted else ""
        yield "sealed", f"{plural(found.sealed, 'event')} in {plural(found.files, 'file')}{more}, {size(found.bytes)}"
        if found.sealed_ns is not None:
            last = f"; the newest event is of {moment(found.sealed_to_ns)}" if found.sealed_to_ns is not None else ""
            yield "", f"last sealed {moment(found.sealed_ns)}{last}"
    if found.plain_files:
        yield (
            "imported",
            f"{plural(found.plain, 'event')} in {plural(found.plain_files, 'part')}, {size(found.plain_bytes)}",
        )
    if found.journal_bytes:
        yield "journal", f"{plural(found.journal, 'event')}, {size(found.journal_bytes)}"
    if found.values_bytes:
        yield "values", f"{size(found.values_bytes)} of sensitive values"
    if found.id is not None:
        yield "anchors", _anchors(found)
    if found.waiting or found.strays:
        said = [f"{plural(found.waiting, 'file')} to be deleted"] if found.waiting else []
        said += [f"{plural(found.strays, 'file')} that no record names"] if found.strays else []
        yield "leftovers", f"{' and '.join(said)}: the next seal"


def _anchors(found: Stats) -> str:
    if not found.anchors:
        return "none noted: a checkpoint held elsewhere is what finds a cut tail"
    kinds = ", ".join(f"{count:,} {kind}" for kind, count in Counter(kind for kind, _ in found.anchors).most_common())
    return f"{kinds}; the newest is over {found.anchors[-1][1]:,} of {plural(found.records, 'record')}"


def _days(found: Stats) -> Iterator[Line]:
    if not found.days:
        return
    yield Line()
    rows = [("day", "events", "of which")]
    shown = found.days[-DAYS:]
    for day, kinds in shown:
        most = sorted(kinds, key=lambda each: -each[1])
        said = ", ".join(f"{count:,} {safe(kind)}" for kind, count in most[:TYPES])
        more = f", {sum(count for _, count in most[TYPES:]):,} others" if len(most) > TYPES else ""
        rows.append((day, f"{sum(count for _, count in kinds):,}", f"{said}{more}"))
    for place, text in enumerate(aligned(rows, (0, 2))):
        yield Line(f"  {text}", "dim" if place == 0 else "")
    if len(found.days) > DAYS:
        yield Line(f"  and {len(found.days) - DAYS:,} days before: --format json", "dim")


def _writers(found: Stats) -> Iterator[Line]:
    if not found.writers:
        return
    yield Line()
    states = Counter(each.state for each in found.writers)
    yield Line(
        f"{plural(len(found.writers), 'writer')}: " + ", ".join(f"{count:,} {state}" for state, count in states.items())
    )
    newest = (
        found.writers if len(found.writers) <= WRITERS else sorted(found.writers, key=lambda each: each.writer[-20:])
    )
    rows = [("writer", "sealed", "journal", "state")]
    rows += [(safe(each.writer), f"{each.sealed:,}", f"{each.journal:,}", each.state) for each in newest[-WRITERS:]]
    for place, text in enumerate(aligned(rows, (0, 3))):
        yield Line(f"  {text}", "dim" if place == 0 else "")
    if len(found.writers) > WRITERS:
        yield Line(f"  and {len(found.writers) - WRITERS:,} older ones: --format json", "dim")
