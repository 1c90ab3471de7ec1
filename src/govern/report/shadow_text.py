"""The text of `govern shadow-report`: what nobody mapped first, then verdicts, what approvals cost, what was held back,
what is new, what could not be judged and the business days. The rest is in the other formats.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from govern.ingest import Summary
from govern.policy.model import Tier
from govern.replay.details import Place
from govern.replay.means import Partial
from govern.replay.shadow import LABELS, ShadowReport, instant_text
from govern.replay.shadow_model import Appeared, Forecast, Unmapped, What
from govern.report import shadow_words as words
from govern.report.console import safe
from govern.report.import_text import left_out, plural, refusals
from govern.report.layout import bar, columns

UNMAPPED_SHOWN = 20
DETAILS_SHOWN = 5
PLACES_SHOWN = 8
NEAR_SHOWN = 3
ROWS_SHOWN = 12
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def text(shadow: ShadowReport, summary: Summary, *, charter: str, width: int, doubts: Sequence[str] = ()) -> str:
    """The report for a terminal; what stood in a log is made harmless.

    Args:
        shadow: what the charters would have said.
        summary: what was read.
        charter: as on the command line, for what to do next.
        width: columns of the terminal; 80 are enough.
        partial: how far the replay came, where it was stopped.
    """
    several = len(shadow.policies) > 1
    lines = [*(safe(doubt, 400) for doubt in doubts), _title(shadow), _read(shadow, summary)]
    lines += _unmapped(shadow, several, width)
    lines += _without(shadow, width)
    if shadow.verdicts.calls:
        lines += _verdicts(shadow)
        lines += _tools(shadow, several)
        lines += _rules(shadow, several, width)
        lines += _approvals(shadow, several)
    lines += _appeared(shadow, several, width)
    lines += _unjudged(shadow, width)
    lines += _calendar(shadow)
    lines += _not_said(summary)
    lines += refusals(summary)
    lines += _next(shadow, charter)
    return "\n".join(lines)


def stopped(partial: Partial) -> str:
    """What a report does not know, since the replay was stopped."""
    of_events = f" of {partial.of_events:,}" if partial.of_events is not None else ""
    return (
        f"Stopped by {partial.signal}: {partial.parts:,} of {plural(partial.of_parts, 'part')} judged, with "
        f"{partial.events:,}{of_events} events; nothing is said of the others"
    )


def _title(shadow: ShadowReport) -> str:
    names = ", ".join(f"{safe(agent)} v{version}" for agent, version, _ in shadow.policies[:6])
    more = f" and {len(shadow.policies) - 6} more" if len(shadow.policies) > 6 else ""
    if not shadow.days:
        why = "the log has no times" if shadow.verdicts.calls else "no call was judged"
        return f"{names}{more}: {why if shadow.calls else 'no calls to judge'}"
    first, last = shadow.days[0][0], shadow.days[-1][0]
    span = first if first == last else f"{first} to {last}"
    clock = shadow.zone or "UTC"
    judged = ", each call judged as recorded" * shadow.as_recorded
    return f"{names}{more}, {span} ({plural(len(shadow.days), 'day')} with calls, {clock}){judged}"


def _read(shadow: ShadowReport, summary: Summary) -> str:
    totals = summary.totals
    parts = [
        (
            f"{plural(totals.calls, 'call')} in {plural(totals.runs, 'run')} of {plural(len(summary.files), 'input')}; "
            f"{plural(totals.refused, 'refusal')}"
        )
    ]
    if totals.errors or totals.unanswered:
        parts.append(f"{plural(totals.errors, 'error result')}, {totals.unanswered:,} never answered")
    if shadow.malformed:
        parts.append(f"{plural(shadow.malformed, 'call')} with malformed arguments (denied)")
    if shadow.not_judged:
        parts.append(f"{plural(shadow.not_judged, 'call')} could not be judged (see below)")
    return "; ".join(parts)


def _unmapped(shadow: ShadowReport, several: bool, width: int) -> list[str]:
    if not shadow.unmapped:
        return ["", "Every tool in the log is mapped."] if shadow.verdicts.calls else []
    rows = [["tool", "calls", "runs", "first seen", "looks like", "because", "traces"]]
    for row in shadow.unmapped[:UNMAPPED_SHOWN]:
        question = "?" if row.suggested_tier is Tier.IRREVERSIBLE else ""
        rows.append(
            [
                _named(row.tool, row.agent, several), f"{row.calls:,}", f"{row.runs:,}", _when(row.first_seen),
                row.suggested_tier.value + question, row.why, ", ".join(safe(t[:12]) for t in row.sample_traces[:1]),
            ]
        )  # fmt: skip
    lines = ["", "Nobody mapped these: decide first", *columns(rows, "<>><<<<", width=width)]
    if (more := len(shadow.unmapped) - UNMAPPED_SHOWN) > 0:
        lines.append(f"  … and {more} more (--format json has all)")
    for row in shadow.unmapped[:DETAILS_SHOWN]:
        lines += ["", *_details(row, several, width)]
    if not shadow.shows_values and any(place.distinct != 0 for row in shadow.unmapped for place in row.shapes.places):
        lines += ["", "Their values are not shown: --show-values does."]
    return lines


def _details(row: Unmapped, several: bool, width: int) -> Iterator[str]:
    """What is known of the calls of one action beside their number."""
    errors = f", {plural(row.errors, 'error result')}" if row.errors else ""
    yield f"{_named(row.tool, row.agent, several)}: arguments {words.looked_at(row.shapes)}{errors}"
    rows = [
        [safe(place.path, 40), words.kinds(place), _seen(place, row.shapes.looked_at), safe(_range(place), 60)]
        for place in row.shapes.places[:PLACES_SHOWN]
    ]
    if rows:
        yield from columns(rows, "<<<<", width=width, indent="    ")
    if (more := len(row.shapes.places) - PLACES_SHOWN) > 0:
        yield f"    … and {plural(more, 'more place')} (--format json has all)"
    if row.around.before:
        yield f"    before it: {_near(row.around.before, 'the run began')}"
        yield f"    after it: {_near(row.around.after, 'the run ended')}"


def _seen(place: Place, looked_at: int) -> str:
    return "always" if place.present == looked_at else "once" if place.present == 1 else f"{place.present:,} times"


def _range(place: Place) -> str:
    parts = [part for part in (words.ranges(place),) if part]
    if place.values:
        parts.append(", ".join(f"{value} {count:,}×" for value, count in place.values[:NEAR_SHOWN]))
    if place.hidden:
        parts.append("masked")
    elif not place.values:
        parts.append(words.different(place))
    return "; ".join(parts)


def _near(steps: tuple[tuple[str | None, int], ...], edge: str) -> str:
    shown = [
        f"{edge if tool is None else safe(tool, 40) or '(no name)'} {count:,}×" for tool, count in steps[:NEAR_SHOWN]
    ]
    return ", ".join(shown) + (", …" if len(steps) > NEAR_SHOWN else "")


def _without(shadow: ShadowReport, width: int) -> list[str]:
    if not shadow.without_charter:
        return []
    recorded = shadow.as_recorded
    rows = [["agent", "calls", *(["policy"] if recorded else []), "tools"]]
    for row in shadow.without_charter:
        shown = ", ".join(safe(tool) for tool in row.tools[:5]) + (", …" if len(row.tools) > 5 else "")
        policy = [safe(row.digest[:19] + "…") if row.digest else "(none named)"] if recorded else []
        agent = safe(row.agent) if row.agent is not None else "(the log names none)"
        rows.append([agent, f"{row.calls:,}", *policy, shown])
    head = "No charter is for these agents: their calls are not judged"
    if recorded:
        head = "No policy is known by the digest that these calls carry: they are not judged"
    return ["", head, *columns(rows, "<>" + "<" * (1 + recorded), width=width)]


def _verdicts(shadow: ShadowReport) -> list[str]:
    counts = shadow.verdicts
    rows = [["With this charter" if len(shadow.policies) == 1 else "With these charters", "calls", ""]]
    for label in LABELS:
        number: int = getattr(counts, label)
        if number or label != "undecidable":
            rows.append([f"  {label}", f"{number:,}", bar(number, counts.calls)])
    return ["", *columns(rows, "<><", indent="")] + [
        f"  undecidable: {safe(row.tool)}, {plural(row.calls, 'call')}: {row.why}, {row.loosest} or {row.strictest}"
        for row in shadow.undecided[:ROWS_SHOWN]
    ]


def _tools(shadow: ShadowReport, several: bool) -> list[str]:
    undecided = bool(shadow.verdicts.undecidable)
    rows = [["tool", "calls", "allow", "approval", "deny", *(["undecidable"] if undecided else []), "errors", "tier"]]
    shown = sorted(
        shadow.by_tool, key=lambda row: (-row.counts.deny - row.counts.approval, -row.counts.calls, row.tool)
    )
    for row in shown[:ROWS_SHOWN]:
        counts = row.counts
        numbers = [counts.calls, counts.allow, counts.approval, counts.deny]
        numbers += [counts.undecidable] * undecided + [row.errors]
        cells = [f"{number:,}" if number else "·" for number in numbers]
        rows.append([_named(row.tool, row.agent, several), *cells, row.tier.value if row.tier else "unmapped"])
    lines = ["", "By tool, most held back first", *columns(rows, "<" + ">" * (5 + undecided) + "<")]
    if (more := len(shown) - ROWS_SHOWN) > 0:
        lines.append(f"  … and {plural(more, 'more tool')} (--format json has all)")
    return lines


def _rules(shadow: ShadowReport, several: bool, width: int) -> list[str]:
    held = [row for row in shadow.by_rule if row.effect.value]
    if not held:
        return []
    some_unknown = any(row.unknown for row in held)
    rows = [["what held calls back", "effect", "calls", *(["unknown"] if some_unknown else []), "because"]]
    for row in held[:ROWS_SHOWN]:
        unknown = [f"{row.unknown:,}" if row.unknown else "·"] if some_unknown else []
        name = _named(row.rule, row.agent, several)
        rows.append([name, row.effect.label, f"{row.calls:,}", *unknown, safe(row.because)])
    sides = "<<>" + ">" * some_unknown + "<"
    lines = ["", *columns(rows, sides, width=width)]
    if (more := len(held) - ROWS_SHOWN) > 0:
        lines.append(f"  … and {more} more (--format json has all)")
    samples = [["one such call of", "", "trace", "arguments"]]
    for row in held[:ROWS_SHOWN]:
        if row.sample is not None:
            said = row.sample.args if row.sample.args is not None else f"({row.sample.why_not})"
            tool = safe(row.sample.tool, 40) or "(no name)"
            samples.append([safe(row.rule, 40), tool, safe(row.sample.trace_id[:12]), safe(said, 200)])
    return [*lines, "", *columns(samples, "<<<<", width=width)] if len(samples) > 1 else lines


def _approvals(shadow: ShadowReport, several: bool) -> list[str]:
    if not shadow.approvals:
        return []
    rows = [["Approvals it would cost", "gate", "people", "calls", "a day", "busiest day", "busiest hour"]]
    for row, forecast in zip(shadow.approvals, shadow.forecast, strict=True):
        rate = "no times" if row.per_day is None else f"{row.per_day:,.1f}"
        rows.append(
            [
                f"  {_named(row.role, row.agent, several)}", safe(row.gate), str(row.quorum), f"{row.calls:,}", rate,
                *_busiest(forecast),
            ]
        )  # fmt: skip
    return ["", *columns(rows, "<<>>><<", indent="")]


def _busiest(found: Forecast) -> tuple[str, str]:
    if found.busiest is None or found.busiest_day is None:
        return "no times", ""
    (day, of_day), (hour, of_hour) = found.busiest_day, found.busiest
    at = f"{words.day(words.date_of(hour // 24))} {hour % 24:02d}:00"
    return f"{words.day(words.date_of(day))}: {of_day:,}", f"{at}: {of_hour:,}"


def _appeared(shadow: ShadowReport, several: bool, width: int) -> list[str]:
    new = shadow.appeared
    if new.since is None:
        return ["", f"New in the last seven days: cannot be said, {new.why_not}"] if shadow.verdicts.calls else []
    since = words.day(new.since)
    if not new.rows:
        return ["", f"Nothing is new since {since}"]
    rows = [["new", "", "calls", "before", "traces"]]
    for row in new.rows[:ROWS_SHOWN]:
        looked = row.what in (What.ARGUMENT, What.KIND)
        rows.append(
            [
                _named(row.tool, row.agent, several or row.what is What.AGENT) if row.tool else safe(row.agent or "?"),
                safe(_new(row), 60), f"{row.calls:,} of {row.of:,}" if row.what is not What.TOOL else f"{row.calls:,}",
                f"in none of {row.before:,} looked at" if looked else "never",
                ", ".join(safe(trace[:12]) for trace in row.sample_traces[:1]),
            ]
        )  # fmt: skip
    lines = ["", f"New since {since}, and not there before", *columns(rows, "<<<<<", width=width)]
    if (more := len(new.rows) - ROWS_SHOWN) > 0:
        lines.append(f"  … and {more} more (--format json has all)")
    return lines


def _new(row: Appeared) -> str:
    match row.what:
        case What.AGENT:
            return "a new agent"
        case What.TOOL:
            return "called for the first time" + ("" if row.mapped else "; not mapped")
        case What.VERDICT:
            return f"gets the verdict {row.name}"
        case What.ARGUMENT:
            return f"has the argument {row.name}"
        case What.KIND:
            return f"has another kind of value, {row.name}"


def _unjudged(shadow: ShadowReport, width: int) -> list[str]:
    if not shadow.unjudged:
        return []
    rows = [["the logs lack", "format", "calls", "what closes it"]]
    rows += [
        [safe(row.lacks, 60), safe(row.format or "not said"), f"{row.calls:,}", safe(row.fix, 200)]
        for row in shadow.unjudged[:ROWS_SHOWN]
    ]
    return ["", "What could not be judged, and why", *columns(rows, "<<><", width=width)]


def _not_said(summary: Summary) -> list[str]:
    """What the sources do not say and their formats could, and rows that hold no action."""
    lines = []
    for head, counts in (
        ("Noted in the logs", summary.totals.notes),
        ("Rows without an action", summary.totals.asides),
    ):
        if counts:
            ranked = sorted(counts.items(), key=lambda each: (-each[1], each[0]))
            lines.append(f"{head}: {', '.join(f'{count:,} {safe(what, 60)}' for what, count in ranked)}")
    lines += left_out(summary)
    return ["", *lines] if lines else []


def _calendar(shadow: ShadowReport) -> list[str]:
    lines = []
    for found in shadow.calendar:
        named = f"{safe(found.agent)}: " if len(shadow.calendar) > 1 else ""
        lines.append(named + words.shadow_days(found))
        if found.to_sign:
            listed = ", ".join(map(words.day, found.to_sign[:ROWS_SHOWN]))
            lines.append(f"  to be signed off: {listed}" + (", …" if len(found.to_sign) > ROWS_SHOWN else ""))
    return ["", *lines] if lines else []


def _next(shadow: ShadowReport, charter: str) -> list[str]:
    if shadow.unmapped and not shadow.as_recorded:
        return ["", f"Next: govern suggest … --charter {safe(charter)} writes what is missing, for you to decide"]
    if shadow.without_charter and shadow.as_recorded:
        return ["", "Next: put the bundles that these calls name into --bundles."]
    if any(row.agent is None for row in shadow.without_charter):
        return ["", "Next: name the agent of the log with --agent, or write a charter for it."]
    if shadow.without_charter:
        return ["", "Next: write a charter for these agents: its `agent` is the name that the log has."]
    return []


def _named(name: str, agent: str | None, several: bool) -> str:
    shown = safe(name, 40) if name else "(no name)"
    return f"{safe(agent or '?', 24)}: {shown}" if several else shown


def _when(at_ns: int | None) -> str:
    found = instant_text(at_ns)
    if found is None:
        return "no times"
    month = MONTHS[int(found[5:7]) - 1]
    return f"{found[8:10]} {month} {found[11:16]}Z"
