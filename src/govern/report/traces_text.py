"""The text of `govern traces`: one line a trace, newest first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.text import Text as Line

from govern.reconstruct.summary import TraceLine
from govern.reconstruct.words import moment, span
from govern.report.chain_text import plural
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
    yield Line(f"{of}, newest first; {flawed:,} of them with gaps" if shown else "No trace matches.", "bold")
    if not shown:
        return
    yield Line()
    rows: list[Sequence[str]] = [_HEAD, *(_row(line, id_length) for line in shown)]
    for place, text in enumerate(aligned(rows, left=(0, 1, 2))):
        style = "dim" if place == 0 else "" if not shown[place - 1].gaps else "red"
        yield Line(text, style)
    yield Line()
    yield Line("appr: needs approval; none: not checked.  Next: govern reconstruct --trace-id TRACE", "dim")
    if len(shown) < matching:
        yield Line(f"{matching - len(shown):,} older ones are not shown: --limit {matching}", "dim")


def _row(line: TraceLine, id_length: int) -> tuple[str, ...]:
    gaps = sum(line.gaps.values())
    counts = (line.actions, line.allow, line.approval, line.deny, line.unchecked)
    return (
        safe(line.trace_id[:id_length]),
        cut(safe(", ".join(line.agents) or "-"), 14),
        moment(line.started_ns).replace(" 20", " ", 1)[:-4] + "Z" if line.started_ns is not None else "-",
        span(line.duration_ns) if line.duration_ns is not None else "-",
        *(f"{count:,}" if count else "·" for count in counts),
        f"✗ {gaps:,}" if gaps else "·",
    )
