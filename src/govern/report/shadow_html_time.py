"""The parts of the shadow report's page that show time: verdicts by day, shadow days, requests of gates by hour."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from govern.replay.calendar import Coverage, Day
from govern.replay.shadow_model import LABELS, Counts, Forecast, ShadowReport
from govern.report import charts
from govern.report import shadow_words as words
from govern.report.page import cell, code, count, table, text

COLUMNS = 62
"""A chart has at most so many columns; more days than that are put together."""
HEAT_ROWS = 32
"""A heat map has at most so many days; more are put together by weekday."""
LISTED = 31
"""So many shadow days stand open; more are folded."""
NAMED = 12


def verdicts(shadow: ShadowReport) -> list[str]:
    counts = shadow.verdicts
    if not counts.calls:
        return []
    tiles, strip = [], []
    for label in LABELS:
        number: int = getattr(counts, label)
        if label == "undecidable" and not number:
            continue
        share = f"{100 * number / counts.calls:.1f}%"
        tiles.append(f'<li><span class="key b-{label}"></span>{label}<strong>{number:,}</strong>{share}</li>')
        if number:
            strip.append(f'<span class="b-{label}" style="flex-grow:{number}"></span>')
    which = "this charter" if len(shadow.policies) == 1 else "these charters"
    lines = [
        f"<h2>What {which} would have said</h2>",
        f'<ul class="tiles">{"".join(tiles)}</ul>',
        f'<div class="strip" aria-hidden="true">{"".join(strip)}</div>',
    ]
    return lines + _over_time(shadow)


def _over_time(shadow: ShadowReport) -> list[str]:
    if not shadow.days:
        return ['<p class="dim">The log has no times: nothing can be shown over time.</p>']
    groups = _together(shadow.days)
    length = max((last - first).days + 1 for first, last, _ in groups)
    per = "a day" if length == 1 else f"in {length} days"
    kinds = [label for label in LABELS if getattr(shadow.verdicts, label)]
    rows = [
        charts.Column(
            words.day(first)[4:],
            f"{_from_to(first, last)}: {_counted(counts)}",
            tuple(getattr(counts, label) for label in kinds),
        )
        for first, last, counts in groups
    ]
    busiest = max(shadow.days, key=lambda each: each[1].calls)
    most = words.day(date.fromisoformat(busiest[0]))
    told = (
        f"{words.plural(len(shadow.days), 'day')} with calls. The busiest was {most}: "
        f"{words.plural(busiest[1].calls, 'call')}, {_counted(busiest[1])}. The table below has every day."
    )
    legend = "".join(f'<li><span class="key b-{label}"></span>{label}</li>' for label in kinds)
    numbers = (
        [
            cell(words.day(date.fromisoformat(at)), order=at), cell(f"{counts.calls:,}", number=True),
            *(cell(f"{getattr(counts, label):,}", number=True) for label in kinds),
        ]
        for at, counts in shadow.days
    )  # fmt: skip
    head = ("day", "calls", *kinds)
    return [
        f"<h3>Verdicts over time, calls {per}</h3>",
        f'<ul class="legend">{legend}</ul>',
        f'<div class="chart" tabindex="0">{charts.columns(rows, kinds, "Verdicts over time", told, "time")}</div>',
        "<details><summary>The numbers, day by day</summary>",
        *table(head, numbers, "<" + ">" * (1 + len(kinds)), label="Verdicts by day", sorts=True),
        "</details>",
    ]


def _together(days: Sequence[tuple[str, Counts]]) -> list[tuple[date, date, Counts]]:
    """Columns of a chart: every day from the first to the last, so many together that they fit."""
    counts = {date.fromisoformat(at): found for at, found in days}
    first, last = min(counts), max(counts)
    length = -(-((last - first).days + 1) // COLUMNS)
    made = []
    for start in range(0, (last - first).days + 1, length):
        begin = first + timedelta(days=start)
        end = min(begin + timedelta(days=length - 1), last)
        whole = Counts()
        for at, found in counts.items():
            if begin <= at <= end:
                for label in LABELS:
                    whole.add(label, getattr(found, label))
        made.append((begin, end, whole))
    return made


def _from_to(first: date, last: date) -> str:
    return words.day(first) if first == last else f"{words.day(first)} to {words.day(last)}"


def _counted(counts: Counts) -> str:
    parts = [f"{getattr(counts, label):,} {label}" for label in LABELS if getattr(counts, label)]
    return ", ".join(parts) or "no calls"


def days(shadow: ShadowReport) -> list[str]:
    lines: list[str] = []
    for found in shadow.calendar:
        if not found.days:
            continue
        if len(shadow.calendar) > 1:
            lines.append(f"<h3>{text(found.agent)}</h3>")
        lines += [f"<p>{text(words.shadow_days(found))}. {text(_next_day(found))}</p>"]
        rows = ([*_day(each)] for each in found.days)
        made = table(("day", "calls", "state"), rows, "<><", label="Shadow days")
        if len(found.days) > LISTED:
            made = [f"<details><summary>All {len(found.days):,} days</summary>", *made, "</details>"]
        lines += made
        if found.timeless:
            lines.append(f"<p>{words.plural(found.timeless, 'call')} without a time: of no day.</p>")
    return ["<h2>Business days</h2>", *lines] if lines else []


def _next_day(found: Coverage) -> str:
    if found.complete:
        return "All that the charter asks for is there."
    if found.to_sign:
        more = f" and {len(found.to_sign) - NAMED} more" if len(found.to_sign) > NAMED else ""
        return f"To be signed off: {', '.join(map(words.day, found.to_sign[:NAMED]))}{more}."
    return ""


def _day(found: Day) -> list[str]:
    voided = "".join(
        f'<br><span class="dim">the sign-off by {text(each.person)} is void: {text(why)}</span>'
        for each, why in found.void
        if found.by is not None
    )
    said = f'<span class="state {found.state.value}">{text(words.state(found))}</span>{voided}'
    return [cell(words.day(found.day), kind="tight"), cell(f"{found.calls:,}", number=True), cell(said)]


def approvals(shadow: ShadowReport, several: bool) -> list[str]:
    if not shadow.approvals:
        return []
    rows = (
        [
            *([cell(text(row.agent or "not named", 80))] if several else []),
            cell(text(row.role)), cell(code(row.gate)), cell(f"{row.quorum:,}", number=True), count(row.calls),
            cell("no times" if row.per_day is None else f"{row.per_day:,.1f}", number=True, order=row.per_day or 0),
        ]
        for row in shadow.approvals
    )  # fmt: skip
    head = (*(["agent"] if several else []), "who answers", "gate", "people each", "requests", "a day")
    lines = [
        "<h2>What approvals would cost</h2>",
        *table(head, rows, "<" * (2 + several) + ">>>", label="Approvals by gate", sorts=True),
    ]
    for place, found in enumerate(shadow.forecast):
        lines += _heat(found, f"heat{place}", several)
    return lines


def _heat(found: Forecast, at: str, several: bool) -> list[str]:
    """Requests of a gate by hour: a row a day, or a row a weekday where there are too many days."""
    counts, days = dict(found.hours), [day for day, _ in found.by_day]
    if found.busiest is None:
        return []
    by_weekday = days[-1] - days[0] >= HEAT_ROWS
    rows = []
    if by_weekday:
        for weekday, label in enumerate(words.WEEKDAYS):
            of = [day for day in days if words.date_of(day).weekday() == weekday]
            rows.append(
                charts.HeatRow(label, tuple(sum(counts.get(day * 24 + hour, 0) for day in of) for hour in range(24)))
            )
    else:
        for day in range(days[0], days[-1] + 1):
            hours = tuple(counts.get(day * 24 + hour, 0) for hour in range(24))
            rows.append(charts.HeatRow(words.day(words.date_of(day)), hours))
    whose = f"{found.agent or 'agent not named'}: " if several else ""
    name = f"{whose}requests of gate {found.gate} by hour"
    hour, most = found.busiest
    told = (
        f"The busiest hour was {words.day(words.date_of(hour // 24))}, {hour % 24:02d} to {(hour % 24 + 1) % 24:02d}, "
        f"with {words.plural(most, 'request')}."
    )
    numbers = (
        [cell(row.label, kind="tight"), *(cell(f"{number:,}" if number else "·", number=True) for number in row.hours)]
        for row in rows
    )
    summed = " Days are put together by weekday." if by_weekday else ""
    return [
        f"<h3>{text(name[0].upper() + name[1:])}</h3>",
        f"<p>{text(told)}{summed}</p>",
        f'<div class="chart" tabindex="0">{charts.heat(rows, name, told, at)}</div>',
        "<details><summary>The numbers, hour by hour</summary>",
        *table(("", *(f"{hour:02d}" for hour in range(24))), numbers, "<" + ">" * 24, label=name),
        "</details>",
    ]
