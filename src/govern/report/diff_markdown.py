"""The Markdown of `govern diff`, for a pull request: the answer, tables, and the calls that show it folded away."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from govern.diff.model import Change, SectionChange, ToolChange, Witness
from govern.diff.result import CharterChange, Diff
from govern.replay.comparison import Comparison
from govern.report import diff_words as words
from govern.report.markdown import code, details, fenced, prose, table

SHOWN = 60
LONGEST = 60_000  # of 65,536 that a comment may have


def text(diff: Diff) -> str:
    """The report as a comment; where it would be too long for one, calls are left out, and that is said."""
    made = _text(diff, calls=True)
    return made if len(made) <= LONGEST else _text(diff, calls=False)


def _text(diff: Diff, *, calls: bool) -> str:
    lines = [f"### {code(words.title(diff))}", "", prose(words.answer(diff)).capitalize() + "."]
    if diff.replay is not None and diff.replay.comparison.calls:
        lines += ["", f"**{prose(words.past(diff.replay.comparison)).capitalize()}.**"]
    for doubt in words.doubts(diff):
        lines += ["", f"> :warning: {prose(doubt)}"]
    for charter in words.charters(diff):
        lines += _charter(charter, diff.old.folder, calls)
    if same := words.same(diff):
        names = ", ".join(code(each.agent, 60) for each in same[:SHOWN])
        lines += ["", f"{words.plural(len(same), 'charter')} unchanged: {names}"]
    if diff.replay is not None and diff.replay.comparison.calls:
        lines += _past(diff.replay.comparison)
    if not calls:
        lines += ["", "The calls that show the changes are left out: the report would be too long for a comment."]
    return "\n".join([*lines, ""])


def _charter(charter: CharterChange, several: bool, calls: bool) -> list[str]:
    lines: list[str] = []
    if several:
        given = charter.pair.new or charter.pair.old
        where = f" ({code(given.name)})" if given is not None else ""
        lines += ["", f"#### {code(charter.agent)}: {charter.change}{where}"]
    changed = words.changed(charter.tools)
    if changed:
        rows = [[code(tool.tool, 80), _change(tool), prose(words.standing(tool), 200)] for tool in changed[:SHOWN]]
        lines += ["", *table(("tool", "change", "from → to"), rows, "<<<")]
        if (more := len(changed) - SHOWN) > 0:
            lines += ["", f"… and {words.plural(more, 'more tool')}"]
        for tool in changed[:SHOWN] if calls else ():
            if said := _evidence(tool):
                lines += ["", *details(f"{code_text(tool.tool)}: {tool.change}", said)]
    same = words.unchanged(charter.tools)
    if same and changed:
        lines += ["", f"{len(same):,} unchanged: {', '.join(code(name, 60) for name in same[:SHOWN])}"]
    if charter.sections:
        rows = [_section(section) for section in charter.sections[:SHOWN]]
        more = len(charter.sections) - len(rows)
        below = table(("key", "direction", "was", "is"), rows, "<<<<") + ([f"… and {more:,} more"] if more else [])
        lines += ["", *details(f"Written otherwise: {len(charter.sections):,}", below)]
    return lines


def code_text(name: str) -> str:
    """A name in a summary, where Markdown is not read but HTML is."""
    shown = prose(name, 80)
    return f"<code>{shown}</code>"


def _change(tool: ToolChange) -> str:
    return f"**{tool.change}**" if tool.looser else tool.change.value


def _evidence(tool: ToolChange) -> list[str]:
    lines: list[str] = []
    for why in words.reasons(tool):
        lines.append(f"- {prose(why, 400)}")
    for found in tool.witnesses:
        shown = words.witness(found)
        lines += ["", f"**{prose(shown.old)} → {prose(shown.new)}**: {prose(shown.said, 400)}", ""]
        lines += fenced(_call(found), "json")
    return lines


def _call(found: Witness) -> str:
    def told(given: Mapping[str, Any]) -> Any:
        return dict(given)

    call: dict[str, Any] = {"args": dict(found.args)}
    if dict(found.given_old) == dict(found.given_new):
        if found.given_new:
            call["given"] = told(found.given_new)
    else:
        call |= {"given_old": told(found.given_old), "given_new": told(found.given_new)}
    return json.dumps(call, indent=2, ensure_ascii=False)


def _section(section: SectionChange) -> list[str]:
    direction = "see tools" if section.by_verdicts else section.direction.value
    looser = section.looser or section.direction is Change.WIDENED
    return [
        code(section.path, 80),
        f"**{direction}**" if looser and not section.by_verdicts else direction,
        *map(code, words.values(section, 120)),
    ]


def _past(found: Comparison) -> list[str]:
    rows, columns = words.labels(found)
    head = (f"{words.plural(found.calls, 'past call')}, {words.span(found.days)}", *(f"now {each}" for each in columns))
    body = []
    for row in rows:
        counts = [(column, found.count(row, column)) for column in columns]
        body.append(
            [f"was {row}", *(_count(count, moved=column != row) for column, count in counts)],
        )
    lines = ["", *table(head, body, "<" + ">" * len(columns))]
    if moves := words.moves(found):
        told = [
            [
                prose(words.move(move), 160), f"{move.calls:,}", words.when(move.first), code(move.first.tool, 60),
                code(move.first.trace_id, 64), code(move.first.event_id, 64),
            ]
            for move in moves[:SHOWN]
        ]  # fmt: skip
        head = ("what moved", "calls", "first at", "tool", "trace", "event")
        lines += ["", *table(head, told, "<><<<<")]
    if found.approvals:
        cost = [
            [
                prose(words.roles(row), 120), code(row.gate, 60), words.rate(row.old), words.rate(row.new),
                words.calls_of(row.old), words.calls_of(row.new),
            ]
            for row in found.approvals[:SHOWN]
        ]  # fmt: skip
        head = ("approvals", "gate", "a day before", "a day after", "before", "after")
        lines += ["", *table(head, cost, "<<>>>>")]
    return lines


def _count(count: int, *, moved: bool) -> str:
    if not count:
        return "·"
    return f"**{count:,}**" if moved else f"{count:,}"
