"""The page of `govern shadow-report`: one file that loads nothing, light and dark, for print, phone and screen reader.

What nobody mapped comes first, then what the charter would have said, what approvals would cost, what it held back,
what is new, what could not be judged. All of it stands in the page without a script. Leaves out the
parts (`shadow_html_cards`, `shadow_html_time`, `shadow_html_tables`), the style (`shadow_style`) and the words
(`shadow_words`).
"""

from __future__ import annotations

from collections.abc import Sequence

from govern.ingest import Summary
from govern.replay.shadow_model import (
    ShadowReport,
)
from govern.report import shadow_html_cards, shadow_html_tables, shadow_html_time
from govern.report import shadow_words as words
from govern.report.page import code, document, text
from govern.report.shadow_style import SCRIPT, STYLE


def page(shadow: ShadowReport, summary: Summary, *, charter: str, doubts: Sequence[str] = ()) -> str:
    """The report as a page; what stood in a log is text in it.

    Args:
        shadow: what the charters would have said.
        summary: what was read.
        charter: as on the command line, for what to do next.
        doubts: what else a reader must know before believing it, in sentences: that it was stopped early.
    """
    several = len({agent for agent, _, _ in shadow.policies}) > 1
    sections = [
        ("decide", "Decide first", _unmapped(shadow, several)),
        ("verdicts", "Verdicts", shadow_html_time.verdicts(shadow)),
        ("days", "Business days", shadow_html_time.days(shadow)),
        ("approvals", "Approvals", shadow_html_time.approvals(shadow, several)),
        ("held", "Held back", shadow_html_tables.held(shadow, several)),
        ("new", "New this week", shadow_html_tables.appeared(shadow, several)),
        ("unjudged", "Not judged", shadow_html_tables.unjudged(shadow, summary, several)),
        ("tools", "Every tool", shadow_html_tables.tools(shadow, several)),
        ("input", "What was read", shadow_html_tables.read(summary)),
    ]
    there = [(at, name, lines) for at, name, lines in sections if lines]
    links = "".join(f'<li><a href="#{at}">{name}</a></li>' for at, name, _ in there)
    name = words.title(shadow)
    body = [
        '<a class="skip" href="#decide">Go to what must be decided</a>',
        "<header>",
        f"<h1>{text(name)}</h1>",
        f'<p class="answer"><strong>{text(words.answer(shadow))}</strong></p>',
        *_read(shadow, summary, doubts),
        "</header>",
        f'<nav aria-label="Parts of this report"><ul>{links}</ul></nav>',
    ]
    for at, _, lines in there:
        body += [f'<section id="{at}">', *lines, "</section>"]
    body += _footer(shadow, charter)
    return document(f"Shadow report: {name}", style=STYLE, body="\n".join(body), script=SCRIPT)


def _read(shadow: ShadowReport, summary: Summary, said_before: Sequence[str]) -> list[str]:
    totals = summary.totals
    inputs = words.plural(len(summary.files), "input")
    said = f"{words.plural(totals.calls, 'call')} in {words.plural(totals.runs, 'run')} of {inputs}"
    zone = f"Days and hours are those of {shadow.zone or 'UTC'}; times that end in Z are UTC."
    lines = [f'<p class="dim">{said}. {text(zone)}</p>']
    for found in shadow.calendar:
        named = f"{found.agent}: " if len(shadow.calendar) > 1 else ""
        lines.append(f'<p class="dim">{text(named + words.shadow_days(found))}</p>')
    lines += [f'<p class="doubt">{text(each)}</p>' for each in said_before]
    if doubts := words.doubts(shadow, summary):
        link = ' <a href="#unjudged">Which, and why</a>.' if shadow.not_judged or summary.refused else ""
        lines.append(f'<p class="doubt">{text(" ".join(doubts))}{link}</p>')
    return lines


def _unmapped(shadow: ShadowReport, several: bool) -> list[str]:
    if not shadow.unmapped:
        said = "Every action in the log is mapped." if shadow.verdicts.calls else "No call was judged."
        return [f"<h2>Decide first</h2><p>{said}</p>"]
    intro = "The charter has no line about these. Each call of them is denied until a human says what they may do."
    if not shadow.shows_values:
        intro += ' Values of their arguments are left out: <code class="tight">--show-values</code> shows them.'
    return [
        f"<h2>Decide first: {words.are(len(shadow.unmapped), 'action')} not mapped</h2>",
        f"<p>{intro}</p>",
        *shadow_html_cards.cards(shadow.unmapped, several=several),
    ]


def _footer(shadow: ShadowReport, charter: str) -> list[str]:
    lines = ["<footer>"]
    if shadow.unmapped:
        lines += [
            "<p>Next: the stanzas that are missing, as a patch for a human</p>",
            f"<pre>govern suggest LOGS… --charter {text(charter)}</pre>",
        ]
    judged = "".join(
        f"<li>{text(agent)} v{version}, policy {code(digest)}</li>" for agent, version, digest in shadow.policies
    )
    return [*lines, f'<h4>Judged by</h4><ul class="dim">{judged}</ul>', "</footer>"]
