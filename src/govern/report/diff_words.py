"""What every form of a diff's report says, as plain words and rows: text, Markdown and HTML differ in escaping alone.

Nothing here is harmless yet: names, conditions and arguments stand in it as others wrote them, and each form makes
them so. Leaves out what is only in the JSON.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from govern.diff.model import Change, SectionChange, ToolChange, Witness
from govern.diff.result import CharterChange, Diff
from govern.events.canonical import text_of
from govern.policy.verdict import Verdict
from govern.replay.comparison import LABELS, NO_CHARTER, Approvals, Cell, Comparison, Cost, Event, GateChange, Way
from govern.replay.shadow import instant_text

ORDER = (Change.WIDENED, Change.SHIFTED, Change.ADDED, Change.NARROWED, Change.REMOVED, Change.UNCHANGED)
MOVED = (Way.LOOSER, Way.STRICTER, Way.OTHER)
_NOUN = {Way.LOOSER: "need less", Way.STRICTER: "need more", Way.OTHER: "ask others"}


@dataclass(frozen=True, slots=True)
class Shown:
    """A witness in words.

    Args:
        call: JSON.
        given: what is given beside the arguments, with JSON; empty where there is nothing.
        old, new: the verdicts.
        said: what differs.
    """

    call: str
    given: str
    old: str
    new: str
    said: str


def plural(count: int, noun: str) -> str:
    """`1 tool`, `2 tools`."""
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def title(diff: Diff) -> str:
    """Which charters, in which versions."""
    if len(diff.charters) == 1:
        pair = diff.charters[0].pair
        was, now = (f"v{each.policy.version}" if each is not None else "none" for each in (pair.old, pair.new))
        renamed = pair.old is not None and pair.new is not None and pair.old.policy.agent != pair.new.policy.agent
        name = f"{pair.old.policy.agent} → {pair.agent}" if renamed and pair.old is not None else pair.agent
        return f"{name} {was} → {now}"
    return plural(len(diff.charters), "charter")


def answer(diff: Diff) -> str:
    """What changed, counted: the first thing that anybody reads."""
    counts = {change: sum(tool.change is change for each in diff.charters for tool in each.tools) for change in ORDER}
    parts = [
        plural(count, "tool") + f" {change}" if place == 0 else f"{count:,} {change}"
        for place, (change, count) in enumerate((c, n) for c, n in counts.items() if n and c is not Change.UNCHANGED)
    ]
    for change in (Change.ADDED, Change.REMOVED):
        if count := sum(each.difference is None and each.change is change for each in diff.charters):
            parts.append(f"{plural(count, 'charter')} {change}")
    if others := requirements(diff):
        looser = sum(section.looser for section in others)
        said = plural(len(others), "other requirement") + " changed"
        parts.append(said + (f", {looser:,} of them looser" if looser else ""))
    if not parts:
        return "nothing is required otherwise than before"
    if counts[Change.UNCHANGED]:
        same_as_before = counts[Change.UNCHANGED]
        said = f"{same_as_before:,}" if " tool" in parts[0] else plural(same_as_before, "tool")
        parts.append(f"{said} unchanged")
    return ", ".join(parts)


def requirements(diff: Diff) -> list[SectionChange]:
    """The sections that say more than the tools show."""
    return [
        section
        for each in diff.charters
        for section in each.sections
        if section.direction is not Change.UNCHANGED and not section.by_verdicts
    ]


def past(comparison: Comparison) -> str:
    """What the change does to past calls, in one sentence."""
    said = [f"{comparison.ways[way]:,} {_NOUN[way]}" for way in MOVED if comparison.ways.get(way)]
    if not said:
        said.append("every verdict stays" if not comparison.not_judged else "no verdict changed")
    if comparison.not_judged:
        said.append(f"{comparison.not_judged:,} not judged")
    return f"of {plural(comparison.calls, 'past call')}: {', '.join(said)}"


def charters(diff: Diff) -> list[CharterChange]:
    """Those of which something is to be shown, what is looser first."""
    alike = same(diff)
    return sorted(
        (each for each in diff.charters if each not in alike), key=lambda each: (ORDER.index(each.change), each.agent)
    )


def same(diff: Diff) -> list[CharterChange]:
    """Of folders, the charters of which there is nothing to show."""
    return [each for each in diff.charters if diff.old.folder and each.change is Change.UNCHANGED and not each.sections]


def changed(tools: Iterable[ToolChange]) -> list[ToolChange]:
    """The tools that did not stay as they were, what is looser first."""
    found = [tool for tool in tools if tool.change is not Change.UNCHANGED]
    return sorted(found, key=lambda tool: (ORDER.index(tool.change), tool.tool))


def unchanged(tools: Iterable[ToolChange]) -> list[str]:
    return sorted(tool.tool for tool in tools if tool.change is Change.UNCHANGED)


def standing(tool: ToolChange) -> str:
    """Where a tool stood and stands; what stays is said once."""
    if tool.old is None or tool.new is None or tool.old == tool.new:
        return tool.new or tool.old or ""
    was, now = tool.old.split(", "), tool.new.split(", ")
    differ = (place for place, (one, other) in enumerate(zip(was, now, strict=False)) if one != other)
    same = next(differ, min(len(was), len(now)))
    return ", ".join([*was[:same], f"{', '.join(was[same:]) or 'no more'} → {', '.join(now[same:]) or 'no more'}"])


def reasons(tool: ToolChange) -> list[str]:
    """Why it is said to have changed, where no call says it, and how sure that is."""
    said = {each.why for each in tool.witnesses}
    made = [why for why in tool.why if why not in said]
    if not tool.proven:
        made.append("not shown to be narrower, and so counted as widened")
    return made


def witnesses(tool: ToolChange) -> list[Shown]:
    """The calls that show a change, each once."""
    return list(dict.fromkeys(map(witness, tool.witnesses)))


def witness(found: Witness) -> Shown:
    """A call, what is given beside it, and the verdicts on it."""
    was, now = dict(found.given_old), dict(found.given_new)
    both = {key: value for key, value in now.items() if key in was and text_of(was[key]) == text_of(value)}
    said = []
    for side, given in (("before", was), ("after", now)):
        if own := {key: value for key, value in given.items() if key not in both}:
            said.append(f"{side} {text_of(own)}")
    if both:
        said.append(f"given {text_of(both)}")
    told = ", ".join(said)
    old, new = verdict(found.old), verdict(found.new)
    return Shown(text_of(dict(found.args)), told, old, new, found.why or f"{old} → {new}")


def verdict(said: Verdict) -> str:
    """`approval by lead and finance`, `deny (not-more-than-paid)`."""
    if said.gates:
        return f"{said.effect.label} by {' and '.join(said.gates)}"
    return said.effect.label + (f" ({', '.join(said.rules)})" if said.rules else "")


def values(section: SectionChange, most: int) -> tuple[str, str]:
    """What is written before and after; of long values what stands around the first difference.

    Args:
        most: characters of each.
    """
    was, now = (side.text if side is not None else "nothing" for side in (section.old, section.new))
    differ = (place for place, (one, other) in enumerate(zip(was, now, strict=False)) if one != other)
    same = next(differ, min(len(was), len(now)))
    start = max(0, same - most // 3) if max(len(was), len(now)) > most else 0
    return _from(was, start, most), _from(now, start, most)


def _from(text: str, start: int, most: int) -> str:
    shown = "…" + text[start:] if start else text
    return shown if len(shown) <= most else shown[: most - 1] + "…"


def place(section: SectionChange) -> str:
    """Where a section is written now, or was."""
    side = section.new or section.old
    return str(side.at) if side is not None else ""


# -- past calls --


def labels(comparison: Comparison) -> tuple[list[str], list[str]]:
    """The rows and columns of the matrix: what no call came to is left out, but for the three verdicts."""
    every = LABELS[:3]
    rows = [label for label in LABELS if label in every or any(cell.old == label for cell in comparison.cells)]
    columns = [label for label in LABELS if label in every or any(cell.new == label for cell in comparison.cells)]
    return rows, columns


def moves(comparison: Comparison) -> list[Cell | GateChange]:
    """What is not as it was: cells off the diagonal, then approvals by others."""
    return [*(cell for cell in comparison.cells if cell.old != cell.new), *comparison.gates]


def move(found: Cell | GateChange) -> str:
    """`approval → allow`, `approval by lead → approval by finance`."""
    if isinstance(found, Cell):
        return f"{found.old} → {found.new}"
    was, now = (" and ".join(gates) for gates in (found.old, found.new))
    more = " (changed)" if was == now else ""
    return f"approval by {was} → by {now}{more}"


def when(event: Event) -> str:
    """The time of an event, in UTC to the second."""
    told = instant_text(event.ts_ns)
    return f"{told[:10]} {told[11:19]}Z" if told is not None else "no time"


def roles(row: Approvals) -> str:
    """Who answers, before and after where that differs."""
    said = [_who(cost) for cost in (row.old, row.new) if cost is not None]
    return said[0] if len(set(said)) == 1 else " → ".join(said)


def _who(cost: Cost) -> str:
    who = " or ".join(cost.roles) or "the person served"
    return f"{cost.quorum} of {who}" if cost.quorum > 1 else who


def rate(cost: Cost | None) -> str:
    """Approvals a day."""
    if cost is None:
        return "no gate"
    return "?" if cost.per_day is None else f"{cost.per_day:,.1f}"


def calls_of(cost: Cost | None) -> str:
    return "no gate" if cost is None else f"{cost.calls:,}"


def span(days: Sequence[str]) -> str:
    """The days of a log."""
    if not days:
        return "the log has no times"
    return f"{days[0]} (UTC)" if len(days) == 1 else f"{days[0]} to {days[-1]} (UTC)"


def rated(comparison: Comparison) -> bool:
    """Whether anything is known a day."""
    costs = (cost for row in comparison.approvals for cost in (row.old, row.new) if cost is not None)
    return any(cost.per_day is not None for cost in costs)


def doubts(diff: Diff) -> list[str]:
    """What was not judged, and what is odd."""
    made = []
    if diff.replay is not None:
        found, summary = diff.replay.comparison, diff.replay.summary
        if not found.calls:
            made.append("no calls in these logs: nothing was compared over them")
        if found.undecided:
            same = f", {found.undecided_same:,} of them of tools that both treat the same" * bool(found.undecided_same)
            made.append(f"{plural(found.undecided, 'call')} could not be decided: the log lacks what decides{same}")
        if found.unheard:
            made.append(f"{plural(found.unheard, 'call')} of agents for which there is {NO_CHARTER} after the change")
        if found.malformed:
            made.append(f"{plural(found.malformed, 'call')} with malformed arguments, which are denied")
        if summary.refused:
            made.append(f"{plural(summary.refused, 'refusal')}: what could not be read of the logs is not judged")
    if any(each.difference is not None and not each.difference.solver for each in diff.charters):
        made.append("no solver is installed, so that calls were searched and what was not found counts as widened: "
                    "pip install govern[prove]")  # fmt: skip
    if diff.unexplained:
        less = f"{plural(diff.unexplained, 'past call')} need less than before"
        made.append(f"{less}, of tools that were found to be no looser: please report this")
    return made
