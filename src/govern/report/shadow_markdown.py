"""The Markdown of `govern shadow-report`, for a comment or an issue: the answer, what to decide, what it would cost.

Nothing that others wrote is anything but text in it (`markdown`). Leaves out charts, hours, and what the page and the
JSON say at length; where rows are left out, it says how many.
"""

from __future__ import annotations

from collections.abc import Sequence

from govern.ingest import Summary
from govern.policy.model import Effect, Tier
from govern.replay.details import Place
from govern.replay.shadow_model import LABELS, ShadowReport, Unmapped, What
from govern.report import shadow_words as words
from govern.report.markdown import code, details, prose, table

UNMAPPED = 50
ROWS = 30
DETAILED = 10
LIMIT = 60_000
"""Characters. A comment on a pull request holds 65,536; parts that do not fit are left out, and that is said."""


def markdown(shadow: ShadowReport, summary: Summary, *, charter: str, doubts: Sequence[str] = ()) -> str:
    """The report as Markdown.

    Args:
        shadow: what the charters would have said.
        summary: what was read.
        charter: as on the command line, for what to do next.
        doubts: what else a reader must know before believing it, in sentences.
    """
    several = len({agent for agent, _, _ in shadow.policies}) > 1
    parts = [
        _head(shadow, summary, doubts), _unmapped(shadow, several), _next(shadow, charter), _verdicts(shadow),
        _days(shadow), _approvals(shadow, several), _held(shadow), _appeared(shadow), _unjudged(shadow, summary),
        _arguments(shadow, several),
    ]  # fmt: skip
    made, left = "", 0
    for part in parts:
        block = "\n".join(part) + "\n\n" if part else ""
        if len(made) + len(block) > LIMIT:
            left += 1
        else:
            made += block
    if left:
        made += f"_Too long for a comment: {words.plural(left, 'part')} left out. `--format html` has all._\n"
    return made.rstrip("\n") + "\n"


def _head(shadow: ShadowReport, summary: Summary, doubts: Sequence[str]) -> list[str]:
    totals = summary.totals
    lines = [f"### {prose(words.title(shadow))}", "", f"**{prose(words.answer(shadow))}**", ""]
    read = f"{words.plural(totals.calls, 'call')} in {words.plural(totals.runs, 'run')}"
    lines.append(f"{read} of {words.plural(len(summary.files), 'input')}")
    for found in shadow.calendar:
        lines += ["", f"{prose(found.agent)}: {words.shadow_days(found)}"]
    doubts = [*doubts, *words.doubts(shadow, summary)]
    return [*lines, *(f"\n> {prose(each)}" for each in doubts)]


def _unmapped(shadow: ShadowReport, several: bool) -> list[str]:
    if not shadow.unmapped:
        return []
    rows = (
        [
            _of(row.agent, row.tool, several), f"{row.calls:,}", f"{row.runs:,}", words.when(row.first_seen),
            _looks(row), _marked(row.why),
        ]
        for row in shadow.unmapped[:UNMAPPED]
    )  # fmt: skip
    head = ("tool", "calls", "runs", "first seen", "looks like", "because")
    return [
        "#### Nobody mapped these: decide first",
        "",
        *table(head, rows, "<>><<<"),
        *_more(shadow.unmapped, UNMAPPED),
    ]


def _looks(row: Unmapped) -> str:
    return f"**{row.suggested_tier.value}?**" if row.suggested_tier is Tier.IRREVERSIBLE else row.suggested_tier.value


def _marked(sentence: str) -> str:
    """A sentence with its words in backticks as code."""
    parts = sentence.split("`")
    return "".join(code(part, 120) if place % 2 else prose(part, 200) for place, part in enumerate(parts))


def _of(agent: str | None, name: str, several: bool) -> str:
    shown = code(name, 120) if name else "(no name)"
    return f"{prose(agent or 'not named', 80)}: {shown}" if several else shown


def _more(rows: Sequence[object], shown: int) -> list[str]:
    return ["", f"_and {len(rows) - shown:,} more_"] if len(rows) > shown else []


def _next(shadow: ShadowReport, charter: str) -> list[str]:
    return [f"Next: {code(f'govern suggest LOGS… --charter {charter}')}"] if shadow.unmapped else []


def _verdicts(shadow: ShadowReport) -> list[str]:
    counts = shadow.verdicts
    if not counts.calls:
        return []
    labels = [label for label in LABELS if label != "undecidable" or counts.undecidable]
    rows = (
        [label, f"{getattr(counts, label):,}", f"{100 * getattr(counts, label) / counts.calls:.1f}%"]
        for label in labels
    )
    return ["#### What the charter would have said", "", *table(("verdict", "calls", "of all"), rows, "<>>")]


def _days(shadow: ShadowReport) -> list[str]:
    lines: list[str] = []
    for found in shadow.calendar:
        if found.days:
            rows = ([words.day(each.day), f"{each.calls:,}", prose(words.state(each))] for each in found.days[-ROWS:])
            lines += ["", f"{prose(found.agent)}: {words.shadow_days(found)}", ""]
            lines += [*table(("day", "calls", "state"), rows, "<><"), *_more(found.days, ROWS)]
    return ["#### Business days", *lines] if lines else []


def _approvals(shadow: ShadowReport, several: bool) -> list[str]:
    if not shadow.approvals:
        return []
    rows = []
    for row, forecast in zip(shadow.approvals, shadow.forecast, strict=True):
        busiest = "no times" if forecast.busiest is None else f"{forecast.busiest[1]:,}"
        rate = "no times" if row.per_day is None else f"{row.per_day:,.1f}"
        who = f"{prose(row.agent or 'not named')}: {prose(row.role)}" if several else prose(row.role)
        rows.append([who, code(row.gate), f"{row.quorum:,}", f"{row.calls:,}", rate, busiest])
    head = ("who answers", "gate", "people each", "requests", "a day", "busiest hour")
    return ["#### What approvals would cost", "", *table(head, rows, "<<>>>>")]


def _held(shadow: ShadowReport) -> list[str]:
    held = [row for row in shadow.by_rule if row.effect is not Effect.ALLOW]
    if not held:
        return []
    rows = ([code(row.rule, 120), row.effect.label, f"{row.calls:,}", prose(row.because, 200)] for row in held[:ROWS])
    head = ("rule", "verdict", "calls", "because")
    return ["#### What was held back", "", *table(head, rows, "<<><"), *_more(held, ROWS)]


def _appeared(shadow: ShadowReport) -> list[str]:
    new = shadow.appeared
    if new.since is None or not new.rows:
        return []
    rows = []
    for row in new.rows[:ROWS]:
        name = prose(row.agent or "not named") if row.what is What.AGENT else code(row.tool, 120)
        name += f": {code(row.name, 120)}" if row.name else ""
        rows.append([words.WHAT[row.what], name + ("" if row.mapped else " (not mapped)"), words.shown_by(row)])
    head = ("new", "what", "calls")
    return [f"#### New since {words.day(new.since)}", "", *table(head, rows, "<<>"), *_more(new.rows, ROWS)]


def _unjudged(shadow: ShadowReport, summary: Summary) -> list[str]:
    lines: list[str] = []
    if shadow.unjudged:
        rows = (
            [prose(row.lacks), prose(row.format or "not said"), f"{row.calls:,}", prose(row.fix)]
            for row in shadow.unjudged[:ROWS]
        )
        head = ("the log does not tell", "format", "calls", "what closes it")
        lines += ["", *table(head, rows, "<<><"), *_more(shadow.unjudged, ROWS)]
    for row in shadow.without_charter[:ROWS]:
        whose = prose(row.agent or "(the log names none)")
        lines += ["", f"No charter for agent {whose}: {words.plural(row.calls, 'call')}"]
    if summary.refusals:
        rows = (
            [code(words.place(each.file, each.line), 200), prose(each.reason, 200)] for each in summary.refusals[:ROWS]
        )
        lines += ["", *table(("not read", "why"), rows, "<<")]
        if summary.refused > ROWS:
            lines += ["", f"_and {summary.refused - ROWS:,} more_"]
    return ["#### What could not be judged", *lines] if lines else []


def _arguments(shadow: ShadowReport, several: bool) -> list[str]:
    lines: list[str] = []
    for row in shadow.unmapped[:DETAILED]:
        head = f"{_of(row.agent, row.tool, several)}: arguments {words.looked_at(row.shapes)}"
        rows = (
            [
                code(place.path, 80), prose(words.kinds(place)), f"{place.present:,}", prose(words.ranges(place)),
                _values(place),
            ]
            for place in row.shapes.places[:ROWS]
        )  # fmt: skip
        if row.shapes.places:
            columns = ("argument", "type", "calls", "range", "values")
            lines += ["", head, "", *table(columns, rows, "<<><<"), *_more(row.shapes.places, ROWS)]
    return details("Arguments of what nobody mapped", lines[1:]) if lines else []


def _values(place: Place) -> str:
    if place.hidden:
        return f"not shown: {prose(place.hidden)}"
    return ", ".join(f"{code(value, 60)} {times:,}×" for value, times in place.values[:3]) or words.different(place)
