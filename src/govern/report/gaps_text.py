"""The text of `govern gaps`: how much is broken, then each kind of gap under the failure it is a sign of."""

from __future__ import annotations

from collections.abc import Iterator

from rich.text import Text as Line

from govern.reconstruct.gaps.contract import Pattern
from govern.reconstruct.summary import GapGroup, Sample, StoreGaps
from govern.reconstruct.words import moment
from govern.report.chain_text import plural, record_table
from govern.report.console import safe
from govern.report.layout import wrapped

TOOLS_SHOWN = 6
CAUSES_SHOWN = 2


def lines(found: StoreGaps, id_length: int, width: int) -> Iterator[Line]:
    """The report for a terminal.

    Args:
        id_length: characters of an id that tell the traces of the store apart.
        width: cells of the terminal.
    """
    seen = f"{plural(found.traces, 'trace')}, {plural(found.actions, 'action')}"
    if found.groups:
        what = f"✗ {plural(found.count, 'gap')} in {found.flawed:,} of {seen}"
        yield Line(what, "bold red")
    else:
        yield Line(f"{'No gap that these sources can show' if found.not_applicable else '✓ no gaps'} in {seen}", "bold")
    for pattern in dict.fromkeys(group.pattern for group in found.groups):
        yield Line()
        yield from _pattern(pattern, [g for g in found.groups if g.pattern is pattern], id_length, width)
    yield Line()
    yield from record_table(found.completeness, found.actions, width)
    reasons: dict[tuple[str, int], list[str]] = {}
    for (gap, why), count in found.not_applicable.items():
        reasons.setdefault((why, count), []).append(gap)
    for (why, count), ids in reasons.items():
        text = f"{', '.join(ids)} in {plural(count, 'trace')}: {safe(why)}. Neither a failure nor a pass."
        yield from wrapped(Line("  not judged: "), text, width, "dim")
    if found.groups:
        sample = found.groups[0].samples[0]
        yield Line()
        yield Line(f"One of them: govern reconstruct --trace-id {safe(sample.trace_id[:id_length])}", "dim")
        yield Line(f"How to close it: govern explain {found.groups[0].id}", "dim")


def _pattern(pattern: Pattern, groups: list[GapGroup], id_length: int, width: int) -> Iterator[Line]:
    total = sum(group.count for group in groups)
    yield Line.assemble((f"{pattern[0].upper()}{pattern[1:]}", "bold"), f": {plural(total, 'gap')}")
    for group in groups:
        where = f"{plural(group.count, 'time')} in {plural(group.traces, 'trace')}"
        last = f", last {moment(group.last_ns)}" if group.last_ns is not None else ""
        yield Line.assemble("  ", (group.id, "red"), f"  {group.title}")
        tools = [f"{safe(tool, 40)} {count:,}" for tool, count in group.tools.most_common(TOOLS_SHOWN)]
        more = len(group.tools) - len(tools)
        yield Line(f"    {where}{last}")
        yield from wrapped(Line("    tools: "), ", ".join(tools) + (f" and {more} more" if more > 0 else ""), width)
        places = [_place(sample, id_length) for sample in group.samples]
        yield from wrapped(
            Line("    traces: "), ", ".join(places) + (", …" if group.traces > len(places) else ""), width
        )
        causes = list(dict.fromkeys(sample.cause for sample in group.samples))
        for cause in causes[:CAUSES_SHOWN]:
            yield from wrapped(Line("    likely cause: "), safe(cause), width)


def _place(sample: Sample, id_length: int) -> str:
    action = f" (action {sample.action})" if sample.action is not None else ""
    return safe(sample.trace_id[:id_length]) + action
