"""The text of `govern diff`: the answer, the tools with a call each that shows it, then past calls."""

from __future__ import annotations

from govern.diff.model import SectionChange, ToolChange
from govern.diff.result import CharterChange, Diff
from govern.replay.comparison import Comparison
from govern.report import diff_words as words
from govern.report.console import safe
from govern.report.layout import columns, cut

SHOWN = 24
SECTIONS = 16
ROWS = 12
CALL = 240


def text(diff: Diff, *, width: int) -> str:
    """The report for a terminal; what others wrote is made harmless.

    Args:
        width: columns of the terminal; 80 are enough.
    """
    lines = [f"{safe(words.title(diff))}: {words.answer(diff)}"]
    if diff.replay is not None and diff.replay.comparison.calls:
        lines.append(words.past(diff.replay.comparison))
    several = diff.old.folder
    for charter in words.charters(diff):
        lines += _charter(charter, several, width)
    if same := words.same(diff):
        names = ", ".join(safe(each.agent) for each in same)
        lines += ["", cut(f"{words.plural(len(same), 'charter')} unchanged: {names}", width)]
    if diff.replay is not None and diff.replay.comparison.calls:
        lines += _past(diff.replay.comparison, len(diff.charters) > 1, width)
    if doubts := words.doubts(diff):
        lines += ["", *(f"! {safe(doubt)}" for doubt in doubts)]
    if diff.replay is not None and (refused := diff.replay.summary.refusals):
        lines += [f"  {safe(str(each), 400)}" for each in refused[:ROWS]]
    return "\n".join(lines)


def _charter(charter: CharterChange, several: bool, width: int) -> list[str]:
    lines: list[str] = []
    if several:
        given = charter.pair.new or charter.pair.old
        where = f"  {safe(given.name)}" if given is not None else ""
        lines += ["", f"{safe(charter.agent)}: {charter.change}{where}"]
    changed = words.changed(charter.tools)
    names = max((len(safe(tool.tool, 40)) for tool in changed), default=0)
    if changed:
        lines.append("")
    for tool in changed[:SHOWN]:
        lines += _tool(tool, names, width)
    if (more := len(changed) - SHOWN) > 0:
        lines.append(f"… and {words.plural(more, 'more tool')} (--format json has all)")
    if (same := words.unchanged(charter.tools)) and changed:
        lines.append(cut(f"{len(same):,} unchanged: {safe(', '.join(same))}", width))
    return lines + _sections(charter.sections, width)


def _tool(tool: ToolChange, names: int, width: int) -> list[str]:
    head = f"{safe(tool.tool, 40).ljust(names)}  {tool.change.value.ljust(8)}  {safe(words.standing(tool))}"
    lines = [cut(head, width)]
    for found in words.witnesses(tool):
        lines.append(f"    {safe(found.call, CALL)}")
        if found.given:
            lines.append(f"      {safe(found.given, CALL)}")
        lines.append(f"      {safe(found.said)}")
    lines += [f"    {safe(why)}" for why in words.reasons(tool)]
    return lines


def _sections(sections: tuple[SectionChange, ...], width: int) -> list[str]:
    if not sections:
        return []
    rows = [["Written otherwise", "", "was", "is"]]
    for section in sections[:SECTIONS]:
        rows.append([safe(section.path, 48), _direction(section), *map(safe, words.values(section, 40))])
    lines = ["", *columns(rows, "<<<<", indent="", width=width)]
    if (more := len(sections) - SECTIONS) > 0:
        lines.append(f"… and {more:,} more (--format json has all)")
    return lines


def _direction(section: SectionChange) -> str:
    if section.by_verdicts:
        return "see tools"
    return section.direction.value + ("" if section.proven else "?")


def _past(found: Comparison, several: bool, width: int) -> list[str]:
    rows, cols = words.labels(found)
    head = f"Over {words.plural(found.calls, 'past call')}"
    table = [[head, "", *(f"now {name}" if name == cols[0] else name for name in cols)]]
    for row in rows:
        counts = [found.count(row, column) for column in cols]
        table.append([f"  was {row}", f"{sum(counts):,}", *(f"{count:,}" if count else "·" for count in counts)])
    lines = ["", *columns(table, "<>" + ">" * len(cols), indent=""), f"  {words.span(found.days)}"]
    if moves := words.moves(found):
        table = [["What moved", "calls", "first"]]
        for move in moves[:SHOWN]:
            first = f"{words.when(move.first)}  {safe(move.first.tool, 40)}"
            table.append([f"  {safe(words.move(move), 72)}", f"{move.calls:,}", first])
        head, *shown = columns(table, "<><", indent="", width=width)
        lines += ["", head]
        for line, move in zip(shown, moves, strict=False):
            lines += [line, f"      trace {safe(move.first.trace_id, 64)}  event {safe(move.first.event_id, 64)}"]
    if moved := [row for row in found.by_tool if row.moved]:
        table = [["By tool", "calls", "need less", "need more", "ask others"]]
        for tool in moved[:ROWS]:
            name = f"{safe(tool.agent or '?', 24)}: {safe(tool.tool, 40)}" if several else safe(tool.tool, 40)
            ways = [tool.ways.get(way, 0) for way in words.MOVED]
            table.append([f"  {name}", f"{tool.calls:,}", *(f"{count:,}" if count else "·" for count in ways)])
        lines += ["", *columns(table, "<>>>>", indent="")]
        if (more := len(moved) - ROWS) > 0:
            lines.append(f"  … and {words.plural(more, 'more tool')} (--format json has all)")
    if found.approvals:
        lines += _approvals(found, several)
    return lines


def _approvals(found: Comparison, several: bool) -> list[str]:
    rated = words.rated(found)
    rows = [["Approvals", "gate", *(["a day", ""] if rated else []), "in all", ""]]
    for each in found.approvals[:ROWS]:
        who = safe(words.roles(each), 48)
        a_day = [words.rate(each.old), "→ " + words.rate(each.new)] if rated else []
        rows.append(
            [
                f"  {safe(each.agent or '?', 24)}: {who}" if several else f"  {who}", safe(each.gate, 40), *a_day,
                words.calls_of(each.old), "→ " + words.calls_of(each.new),
            ]
        )  # fmt: skip
    lines = ["", *columns(rows, "<<><><" if rated else "<<><", indent="")]
    if (more := len(found.approvals) - ROWS) > 0:
        lines.append(f"  … and {words.plural(more, 'more gate')} (--format json has all)")
    return lines
