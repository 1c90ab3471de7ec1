"""The text of `govern traces`: one line a trace, newest first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.text import Text as Line

from govern.reconstruct.summary import TraceLine
from govern.reconstruct.words import moment
from govern.report.chain_text import plural
from govern.report.chain_times import offset
from govern.report.console import safe
from govern.report.layout import aligned, cut

_HEAD = ("trace", "agent", "started", "took", "acts", "allow", "appr", "deny", "none", "gaps")


def lines(shown: Sequence[TraceLine], matching: int, id_length: int) -> Iterator[Line]:
    """The report for a terminal.

    Args:
        shown: the traces that are listed.
        matching: how many there are.
        id_length: characters of an id that tell the traces of the store apart.
    """
    flawed = sum(bool(line.gaps) for line in shown)
    of = f"{plural(matching, 'trace')}" if len(shown) == matching else f"{len(shown):,} of {plural(matching, 'trace')}"
    if not shown:
        yield Line("No trace matches.", "bold")
        return
    yield Line(f"{of}, newest first; {flawed:,} of them with gaps", "bold")
    yield Line()
    years = {moment(line.started_ns).split()[2] for line in shown if line.started_ns is not None}
    rows: list[Sequence[str]] = [_HEAD, *(_row(line, id_length, len(years) > 1) for line in shown)]
    for place, text in enumerate(
        aligned([(f"{a} ", f"{b} ", f"{c} ", *rest) for a, b, c, *rest in rows], (0, 1, 2), " ")
    ):
        style = "dim" if place == 0 else "" if not shown[place - 1].gaps else "red"
        yield Line(text, style)
    yield Line()
    yield Line("Actions by verdict; appr: approval needed; none: not checked. Times are UTC.", "dim")
    yield Line("One of them: govern reconstruct --trace-id TRACE", "dim")
    if len(shown) < matching:
        yield Line(f"{matching - len(shown):,} older ones are not shown: --limit {matching}", "dim")


def _row(line: TraceLine, id_length: int, year: bool) -> tuple[str, ...]:
    gaps = sum(line.gaps.values())
    counts = (line.actions, line.allow, line.approval, line.deny, line.unchecked)
    return (
        safe(line.trace_id[:id_length]),
        cut(safe(", ".join(line.agents) or "-"), 14),
        _start(line.started_ns, year) if line.started_ns is not None else "-",
        offset(line.duration_ns) if line.duration_ns is not None else "-",
        *(f"{count:,}" if count else "·" for count in counts),
        f"✗ {gaps:,}" if gaps else "·",
    )


def _start(ts_ns: int, year: bool) -> str:
    """To the minute, with the year where the list spans several."""
    day, month, in_year, time = moment(ts_ns).split()
    return f"{day:>2} {month} {in_year + ' ' if year else ''}{time[:5]}Z"
