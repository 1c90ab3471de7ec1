"""The cards of the shadow report's page: an unmapped action each, with what to do and what is known of its calls.

The first ones stand open; the others are folded to a line, so that five hundred can still be read and searched.
"""

from __future__ import annotations

from collections.abc import Sequence

from govern.policy.model import Tier
from govern.replay.details import Around, Place
from govern.replay.shadow_model import Unmapped
from govern.report import shadow_words as words
from govern.report.page import cell, code, marked, table, text

OPEN = 12
"""So many cards stand open."""
NEAR = 5
_LOOKS = {
    Tier.IRREVERSIBLE: "looks irreversible?",
    Tier.REVERSIBLE: "looks reversible?",
    Tier.READ_ONLY: "looks read-only?",
}


def cards(rows: Sequence[Unmapped], *, several: bool) -> list[str]:
    """Lines of all cards, in the order of the report.

    Args:
        several: there are several agents, and each card says whose it is.
    """
    made = ['<div class="cards">']
    for place, row in enumerate(rows):
        made += _card(row, place, several=several, folded=place >= OPEN)
    return [*made, "</div>"]


def _card(row: Unmapped, place: int, *, several: bool, folded: bool) -> list[str]:
    name = code(row.tool, 160) if row.tool else "(no name)"
    agent = f'<span class="dim">agent {text(row.agent or "not named", 80)}</span>' if several else ""
    looks = f'<span class="looks">{_LOOKS[row.suggested_tier]}</span>'
    new = '<span class="looks">new this week</span>' if row.new else ""
    amount = f"<span>{words.plural(row.calls, 'call')} in {words.plural(row.runs, 'run')}</span>"
    head = f'<h3 id="u{place}">{name}</h3> {looks} {new} {amount} {agent}'
    inner = _inner(row)
    kind = row.suggested_tier.value
    if folded:
        return [f'<details class="card {kind}"><summary>{head}</summary><div>', *inner, "</div></details>"]
    return [
        f'<article class="card {kind}" aria-labelledby="u{place}"><div class="head">{head}</div>',
        *inner,
        "</article>",
    ]


def _inner(row: Unmapped) -> list[str]:
    times = [f"first seen {words.when(row.first_seen)}"]
    if row.last_seen is not None and row.last_seen != row.first_seen:
        times.append(f"last {words.when(row.last_seen)}")
    if row.errors:
        times.append(words.plural(row.errors, "error result"))
    lines = [
        f'<p class="do"><strong>{marked(words.advice(row))}</strong></p>',
        f"<p>Because: {marked(row.why)}.</p>",
        f'<p class="dim">{text("; ".join(times))}</p>',
    ]
    return [*lines, *_arguments(row), '<div class="split">', *_around(row.around), *_traces(row), "</div>"]


def _arguments(row: Unmapped) -> list[str]:
    shapes = row.shapes
    head = f"<h4>Arguments, {text(words.looked_at(shapes))}</h4>"
    if not shapes.places:
        said = "No call of it has an argument." if shapes.looked_at else "None could be looked at."
        return [head, f"<p>{said}</p>"]
    shown = any(each.values for each in shapes.places)
    rows = [_place(each, shapes.looked_at, values=shown) for each in shapes.places]
    columns = ("argument", "type", "in calls", "range", "most frequent" if shown else "different")
    lines = [head, *table(columns, rows, "<<><<", label=f"Arguments of {row.tool}")]
    if shapes.more_places:
        lines.append(f'<p class="dim">and {words.plural(shapes.more_places, "other argument")}</p>')
    return lines


def _place(of: Place, looked_at: int, *, values: bool) -> list[str]:
    seen = "all" if of.present == looked_at else f"{of.present:,}"
    if of.hidden:
        return [*_first(of, seen), cell(f'<span class="dim">not shown: {text(of.hidden)}</span>')]
    last = ", ".join(f"{code(value, 60)} {count:,}×" for value, count in of.values[:NEAR]) if values else ""
    if not last:
        last = words.different(of)
    return [*_first(of, seen), cell(last)]


def _first(of: Place, seen: str) -> list[str]:
    return [
        cell(code(of.path, 80)), cell(text(words.kinds(of))), cell(seen, number=True), cell(text(words.ranges(of))),
    ]  # fmt: skip


def _around(around: Around) -> list[str]:
    if not (around.before or around.after):
        return []
    before, after = _near(around.before, "the run began"), _near(around.after, "the run ended")
    return [f"<div><h4>Before it</h4>{before}</div>", f"<div><h4>After it</h4>{after}</div>"]


def _traces(row: Unmapped) -> list[str]:
    items = "".join(f"<li>{code(trace, 80)}</li>" for trace in row.sample_traces)
    return [f"<div><h4>Seen in</h4><ul>{items}</ul></div>"] if items else []


def _near(steps: Sequence[tuple[str | None, int]], edge: str) -> str:
    items = [f"<li>{edge if tool is None else code(tool, 80)} {count:,}×</li>" for tool, count in steps[:NEAR]]
    if (more := len(steps) - NEAR) > 0:
        items.append(f'<li class="dim">{words.plural(more, "other")}</li>')
    return f"<ul>{''.join(items)}</ul>" if items else '<p class="dim">not known</p>'
