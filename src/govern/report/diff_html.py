"""The page of `govern diff`: one file, nothing loaded from anywhere, no script, light and dark, for print and phone."""

from __future__ import annotations

from govern.diff.model import Change, SectionChange, ToolChange
from govern.diff.result import CharterChange, Diff
from govern.replay.comparison import Comparison
from govern.report import diff_words as words
from govern.report.page import cell, code, document, table, text

_STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --dim: #57606a; --line: #d8dee4; --back: #fff; --soft: #f6f8fa;
  --looser: #9a3412; --looser-back: #fff1e7; --stricter: #1a5c38; --stricter-back: #e9f7ef; --mark: #0b57d0; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --dim: #9aa4af; --line: #30363d; --back: #0d1117;
  --soft: #161b22; --looser: #ffb184; --looser-back: #3a2113; --stricter: #86d9a8; --stricter-back: #12301f;
  --mark: #7ab0ff; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 72rem; padding: 1.5rem 1rem 4rem; color: var(--ink); background: var(--back);
  font: 1rem/1.5 system-ui, sans-serif; }
h1 { font-size: 1.4rem; margin: 0 0 .25rem; } h2 { font-size: 1.1rem; margin: 2.25rem 0 .5rem; }
p { margin: .25rem 0; } .dim { color: var(--dim); } .answer { font-size: 1.1rem; }
.doubt { border-left: .25rem solid var(--looser); padding: .25rem .75rem; background: var(--looser-back); }
.wide { overflow-x: auto; } table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .35rem .75rem .35rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th { color: var(--dim); font-weight: 600; white-space: nowrap; } .n { text-align: right;
  font-variant-numeric: tabular-nums; white-space: nowrap; }
code, pre { font: .875em/1.45 ui-monospace, monospace; overflow-wrap: break-word; }
p code, li code, pre { overflow-wrap: anywhere; }
td:last-child { min-width: 10rem; }
pre { background: var(--soft); padding: .6rem .75rem; margin: .35rem 0; white-space: pre-wrap; border-radius: .25rem; }
.way { font-weight: 600; white-space: nowrap; } .looser { color: var(--looser); } .stricter { color: var(--stricter); }
td.looser { background: var(--looser-back); } td.stricter { background: var(--stricter-back); }
details { margin: .25rem 0; } summary { cursor: pointer; color: var(--mark); }
summary:focus-visible { outline: 2px solid var(--mark); outline-offset: 2px; }
ul { margin: .25rem 0; padding-left: 1.25rem; }
@media print { body { max-width: none; padding: 0; } .wide { overflow: visible; } }
"""
_LOOSER = (Change.WIDENED, Change.SHIFTED, Change.ADDED)
_STRICTER = (Change.NARROWED, Change.REMOVED)


def page(diff: Diff) -> str:
    """The report as a page; what others wrote is text in it."""
    name = words.title(diff)
    body = [
        f"<h1>{text(name)}</h1>",
        f'<p class="answer">{text(words.answer(diff)).capitalize()}.</p>',
    ]
    if diff.replay is not None and diff.replay.comparison.calls:
        body.append(f'<p class="answer">{text(words.past(diff.replay.comparison)).capitalize()}.</p>')
    body.append(f'<p class="dim">{code(diff.old.name)} → {code(diff.new.name)}</p>')
    body += [f'<p class="doubt">{text(doubt)}</p>' for doubt in words.doubts(diff)]
    for charter in words.charters(diff):
        body += _charter(charter, several=diff.old.folder)
    if same := words.same(diff):
        names = ", ".join(code(each.agent) for each in same)
        body.append(f"<p>{words.plural(len(same), 'charter')} unchanged: {names}</p>")
    if diff.replay is not None and diff.replay.comparison.calls:
        body += _past(diff.replay.comparison)
    return document(name, style=_STYLE, body="\n".join(body))


def _charter(charter: CharterChange, *, several: bool) -> list[str]:
    lines: list[str] = []
    if several:
        given = charter.pair.new or charter.pair.old
        where = f' <span class="dim">{code(given.name)}</span>' if given is not None else ""
        lines.append(f"<h2>{text(charter.agent)}: {_way(charter.change)}{where}</h2>")
    changed = words.changed(charter.tools)
    if changed:
        if not several:
            lines.append("<h2>Tools</h2>")
        rows = (
            [cell(code(tool.tool)), cell(_way(tool.change)), cell(text(words.standing(tool)) + _evidence(tool))]
            for tool in changed
        )
        lines += table(("tool", "change", "from → to, and a call that shows it"), rows, "<<<")
    same = words.unchanged(charter.tools)
    if same and changed:
        listed = ", ".join(map(code, same))
        lines.append(f"<details><summary>{len(same):,} unchanged</summary><p>{listed}</p></details>")
    if charter.sections:
        lines.append("<h2>Written otherwise</h2>")
        lines += table(("key", "direction", "was", "is", "because"), map(_section, charter.sections), "<<<<<")
    return lines


def _evidence(tool: ToolChange) -> str:
    made = "".join(f"<li>{text(why)}</li>" for why in words.reasons(tool))
    made = f"<ul>{made}</ul>" if made else ""
    for found in words.witnesses(tool):
        beside = f"\n{text(found.given)}" if found.given else ""
        verdicts = f"<strong>{text(found.old)} → {text(found.new)}</strong>: {text(found.said)}"
        made += f"<pre>{text(found.call)}{beside}</pre><p>{verdicts}</p>"
    return made


def _section(section: SectionChange) -> list[str]:
    direction = '<span class="dim">see tools</span>' if section.by_verdicts else _way(section.direction)
    place = words.place(section)
    return [
        cell(code(section.path) + (f'<br><span class="dim">{text(place)}</span>' if place else "")),
        cell(direction),
        *(cell(code(value)) for value in words.values(section, 400)),
        cell(text(section.why)),
    ]


def _past(found: Comparison) -> list[str]:
    rows, columns = words.labels(found)
    lines = [f"<h2>Over {words.plural(found.calls, 'past call')}</h2>"]
    lines.append(f'<p class="dim">{text(words.span(found.days))}; a call on the diagonal stays as it was</p>')
    body = []
    for row in rows:
        cells = [f'<th scope="row">was {row}</th>']
        for column in columns:
            count = found.count(row, column)
            cells.append(cell(f"{count:,}" if count else "·", number=True, kind=_went(row, column) if count else ""))
        body.append(cells)
    lines += table(("", *(f"now {each}" for each in columns)), body, "<" + ">" * len(columns))
    if moves := words.moves(found):
        lines.append("<h2>What moved, and the first of it</h2>")
        told = (
            [
                cell(text(words.move(move))), cell(f"{move.calls:,}", number=True), cell(words.when(move.first)),
                cell(code(move.first.tool)), cell(code(move.first.trace_id)), cell(code(move.first.event_id)),
            ]
            for move in moves
        )  # fmt: skip
        lines += table(("from → to", "calls", "time (UTC)", "tool", "trace", "event"), told, "<><<<<")
    if moved := [row for row in found.by_tool if row.moved]:
        lines.append("<h2>By tool</h2>")
        of_tool = (
            [
                cell(code(row.tool)), cell(text(row.agent or "")), cell(f"{row.calls:,}", number=True),
                *(cell(f"{row.ways.get(way, 0):,}", number=True) for way in words.MOVED),
            ]
            for row in moved
        )  # fmt: skip
        lines += table(("tool", "agent", "calls", "need less", "need more", "ask others"), of_tool, "<<>>>>")
    if found.approvals:
        lines.append("<h2>What approvals cost</h2>")
        cost = (
            [
                cell(text(words.roles(row))), cell(code(row.gate)), cell(words.rate(row.old), number=True),
                cell(words.rate(row.new), number=True), cell(words.calls_of(row.old), number=True),
                cell(words.calls_of(row.new), number=True),
            ]
            for row in found.approvals
        )  # fmt: skip
        head = ("who answers", "gate", "a day before", "a day after", "in all before", "in all after")
        lines += table(head, cost, "<<>>>>")
    return lines


def _went(old: str, new: str) -> str:
    order = {"allow": 0, "approval": 1, "deny": 2}
    if old not in order or new not in order or old == new:
        return ""
    return "looser" if order[new] < order[old] else "stricter"


def _way(change: Change) -> str:
    kind = "way looser" if change in _LOOSER else "way stricter" if change in _STRICTER else "dim"
    return f'<span class="{kind}">{change}</span>'
