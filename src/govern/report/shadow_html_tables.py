"""The tables of the shadow report's page: what was held back, what is new, what was not judged, every tool, input."""

from __future__ import annotations

from collections.abc import Sequence

from govern.ingest import Summary
from govern.policy.model import Effect
from govern.replay.shadow_model import LABELS, Appeared, RuleRow, Sample, ShadowReport, What, WithoutCharter
from govern.report import shadow_words as words
from govern.report.page import cell, code, count, marked, table, text

FILES = 200
REFUSALS = 200
TOOLS = 12


def held(shadow: ShadowReport, several: bool) -> list[str]:
    held = [row for row in shadow.by_rule if row.effect is not Effect.ALLOW]
    if not held:
        return []
    some_unknown = any(row.unknown for row in held)
    rows = (
        [
            *([cell(text(row.agent or "not named", 80))] if several else []),
            cell(f"{code(row.rule, 120)}{_because(row)}"),
            cell(f'<span class="key b-{row.effect.label}"></span>{row.effect.label}', kind="tight"),
            count(row.calls),
            *([count(row.unknown)] if some_unknown else []),
            cell(_sample(row.sample)),
        ]
        for row in held
    )
    head = (*(["agent"] if several else []), "rule", "verdict", "calls", *(["unknown"] if some_unknown else []))
    sides = "<" * (2 + several) + ">" * (1 + some_unknown) + "<"
    said = "A call may stand under several rules."
    if some_unknown:
        said += " Unknown: something that the rule asks about was not known, and unknown never loosens."
    return [
        "<h2>What was held back, and by which rule</h2>",
        f"<p>{said} What the charter calls sensitive is masked.</p>",
        *table((*head, "one of them"), rows, sides, label="Calls held back, by rule", sorts=True),
    ]


def _because(row: RuleRow) -> str:
    return f'<br><span class="dim">{text(row.because)}</span>' if row.because else ""


def _sample(found: Sample | None) -> str:
    if found is None:
        return '<span class="dim">none kept</span>'
    args = code(found.args) if found.args is not None else f'<span class="dim">{text(found.why_not)}</span>'
    where = f"{words.when(found.at_ns)}, trace {code(found.trace_id, 80)}"
    return f'{code(found.tool, 120)} {args}<br><span class="dim">{where}</span>'


def appeared(shadow: ShadowReport, several: bool) -> list[str]:
    new = shadow.appeared
    if not shadow.calls:
        return []
    lines = ["<h2>New in the last seven days of the log</h2>"]
    if new.since is None:
        return [*lines, f"<p>This cannot be said: {text(new.why_not)}.</p>"]
    if not new.rows:
        return [*lines, f"<p>Nothing since {words.day(new.since)} that was not there before.</p>"]
    rows = (
        [
            *([cell(text(row.agent or "not named", 80))] if several else []),
            cell(text(words.WHAT[row.what]), kind="tight"),
            cell(_new(row)),
            cell(words.shown_by(row), number=True, order=row.calls),
            cell(
                words.when(row.first_seen) if row.first_seen is not None else "in these days", order=row.first_seen or 0
            ),
            cell(", ".join(code(trace, 80) for trace in row.sample_traces)),
        ]
        for row in new.rows
    )
    head = (*(["agent"] if several else []), "new", "what", "calls", "first seen", "traces")
    return [
        *lines,
        f"<p>Since {words.day(new.since)}, and never before in this log.</p>",
        *table(head, rows, "<" * (2 + several) + "><<", label="What is new", sorts=True),
    ]


def _new(row: Appeared) -> str:
    if row.what is What.AGENT:
        return text(row.agent or "an agent without a name", 120)
    mapped = "" if row.mapped else ' <span class="dim">not mapped</span>'
    if row.what is What.TOOL:
        return code(row.tool, 120) + mapped
    return f"{code(row.tool, 120)}: {code(row.name, 120)}{mapped}"


def unjudged(shadow: ShadowReport, summary: Summary, several: bool) -> list[str]:
    lines: list[str] = []
    if shadow.unjudged:
        rows = (
            [
                cell(marked(row.lacks)), cell(text(row.format or "not said")), count(row.calls),
                cell(_several(row.tools)),
                cell(marked(row.fix)),
            ]
            for row in shadow.unjudged
        )  # fmt: skip
        lines += table(
            ("the log does not tell", "format", "calls", "tools", "what closes it"),
            rows,
            "<<><<",
            label="Why calls could not be judged",
            sorts=True,
        )
    if shadow.undecided:
        lines.append("<h3>Calls that may be either</h3>")
        agents = ["agent"] if several else []
        undecided = (
            [
                *([cell(text(row.agent or "not named", 80))] if several else []),
                cell(code(row.tool, 120)), count(row.calls), cell(text(f"{row.loosest} or {row.strictest}")),
                cell(marked(row.why)), cell(", ".join(code(trace, 80) for trace in row.sample_traces)),
            ]
            for row in shadow.undecided
        )  # fmt: skip
        lines += table(
            (*agents, "tool", "calls", "verdict", "because", "traces"),
            undecided,
            "<" * (1 + several) + "><<<",
            label="Undecidable calls",
            sorts=True,
        )
    if shadow.without_charter:
        lines.append("<h3>Agents without a charter</h3>")
        without = (
            [
                cell(
                    text(row.agent or "(the log names none)", 120) + (f"<br>{code(row.digest)}" if row.digest else "")
                ),
                count(row.calls),
                cell(
                    ", ".join(code(tool, 80) for tool in row.tools[:TOOLS]) + (" …" if len(row.tools) > TOOLS else "")
                ),
            ]
            for row in shadow.without_charter
        )
        lines += table(("agent", "calls", "tools"), without, "<><", label="Agents without a charter", sorts=True)
    if summary.refusals:
        lines.append("<h3>Rows that could not be read</h3>")
        refused = (
            [cell(code(words.place(each.file, each.line), 240)), cell(text(each.reason, 400))]
            for each in summary.refusals[:REFUSALS]
        )
        lines += table(("where", "why"), refused, "<<", label="Rows that could not be read")
        if (more := summary.refused - min(len(summary.refusals), REFUSALS)) > 0:
            lines.append(f'<p class="dim">and {more:,} more; the JSON lists the first thousand</p>')
    return ["<h2>What could not be judged, and why</h2>", *lines] if lines else []


def tools(shadow: ShadowReport, several: bool) -> list[str]:
    if not shadow.by_tool:
        return []
    undecided = bool(shadow.verdicts.undecidable)
    labels = [label for label in LABELS if label != "undecidable" or undecided]
    rows = (
        [
            *([cell(text(row.agent or "not named", 80))] if several else []),
            cell(code(row.tool, 120) if row.tool else "(no name)"),
            cell(f"{row.counts.calls:,}", number=True),
            *(count(getattr(row.counts, label)) for label in labels),
            count(row.errors),
            cell(row.tier.value if row.tier else "not mapped", kind="tight"),
        ]
        for row in sorted(shadow.by_tool, key=lambda row: (-row.counts.deny - row.counts.approval, -row.counts.calls))
    )
    head = (*(["agent"] if several else []), "tool", "calls", *labels, "errors", "tier")
    sides = "<" * (1 + several) + ">" * (2 + len(labels)) + "<"
    return [
        "<h2>Every tool</h2>",
        "<p>What was held back most comes first.</p>",
        *table(head, rows, sides, label="Verdicts by tool", sorts=True),
    ]


def read(summary: Summary) -> list[str]:
    if not summary.files:
        return []
    rows = (
        [
            cell(code(file.path, 200)), cell(text(file.format or "not recognised")), count(file.rows),
            count(file.refused), count(file.runs), count(file.calls), count(file.errors), count(file.unanswered),
        ]
        for file in summary.files[:FILES]
    )  # fmt: skip
    head = ("input", "format", "rows", "refused", "runs", "calls", "errors", "unanswered")
    lines = ["<h2>What was read</h2>", *table(head, rows, "<<>>>>>>", label="What was read", sorts=True)]
    if (more := len(summary.files) - FILES) > 0:
        lines.append(f'<p class="dim">and {words.plural(more, "other input")}; the JSON has all</p>')
    if items := "".join(f"<li>{text(said)}</li>" for said in words.notes(summary)):
        lines.append(f"<h3>What the logs leave out</h3><ul>{items}</ul>")
    return lines


def _several(tools: Sequence[str]) -> str:
    return ", ".join(code(tool, 80) for tool in tools[:TOOLS]) + (" …" if len(tools) > TOOLS else "")


def _digest(row: WithoutCharter) -> str:
    return f"<br>judged by policy {code(row.digest)}" if row.digest else ""
