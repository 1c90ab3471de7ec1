"""The text of `govern shadow-report`: what nobody mapped first, then verdicts, then what approvals cost."""

from __future__ import annotations

from govern.ingest import Summary
from govern.policy.model import Tier
from govern.replay.shadow import LABELS, ShadowReport, instant_text
from govern.report.console import safe
from govern.report.import_text import plural, refusals
from govern.report.layout import bar, columns

UNMAPPED_SHOWN = 20
ROWS_SHOWN = 12
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def text(shadow: ShadowReport, summary: Summary, *, charter: str, width: int) -> str:
    """The report for a terminal; what stood in a log is made harmless.

    Args:
        shadow: what the charters would have said.
        summary: what was read.
        charter: as on the command line, for what to do next.
        width: columns of the terminal; 80 are enough.
    """
    several = len(shadow.policies) > 1
    lines = [_title(shadow), _read(shadow, summary)]
    lines += _unmapped(shadow, several, width)
    lines += _without(shadow, width)
    if shadow.verdicts.calls:
        lines += _verdicts(shadow)
        lines += _tools(shadow, several)
        lines += _rules(shadow, several, width)
        lines += _approvals(shadow, several)
    lines += refusals(summary)
    lines += _next(shadow, charter)
    return "\n".join(lines)


def _title(shadow: ShadowReport) -> str:
    names = ", ".join(f"{safe(agent)} v{version}" for agent, version, _ in shadow.policies[:6])
    more = f" and {len(shadow.policies) - 6} more" if len(shadow.policies) > 6 else ""
    if not shadow.days:
        return f"{names}{more}: " + ("the log has no times" if shadow.calls else "no calls to judge")
    first, last = shadow.days[0][0], shadow.days[-1][0]
    span = first if first == last else f"{first} to {last}"
    return f"{names}{more}, {span} ({plural(len(shadow.days), 'day')} with calls, UTC)"


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
    return lines


def _without(shadow: ShadowReport, width: int) -> list[str]:
    if not shadow.without_charter:
        return []
    rows = [["agent", "calls", "tools"]]
    for row in shadow.without_charter:
        shown = ", ".join(safe(tool) for tool in row.tools[:5]) + (", …" if len(row.tools) > 5 else "")
        rows.append([safe(row.agent) if row.agent is not None else "(the log names none)", f"{row.calls:,}", shown])
    return ["", "No charter is for these agents: their calls are not judged", *columns(rows, "<><", width=width)]


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
    return lines


def _approvals(shadow: ShadowReport, several: bool) -> list[str]:
    if not shadow.approvals:
        return []
    rows = [["Approvals it would cost", "gate", "people", "calls", "a day"]]
    for row in shadow.approvals:
        rate = "no times" if row.per_day is None else f"{row.per_day:,.1f}"
        rows.append(
            [f"  {_named(row.role, row.agent, several)}", safe(row.gate), str(row.quorum), f"{row.calls:,}", rate]
        )
    return ["", *columns(rows, "<<>>>", indent="")]


def _next(shadow: ShadowReport, charter: str) -> list[str]:
    if shadow.unmapped:
        return ["", f"Next: give each of these a tier in {safe(charter)}"]
    if shadow.without_charter:
        return ["", "Next: write a charter for these agents, or name the agent of the log with --agent."]
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
