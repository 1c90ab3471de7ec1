"""The page of `govern reconstruct`: one file that loads nothing, light and dark, for print, phone, keyboard and screen
reader.

The answer and the gaps first, then the time of the trace as a picture, then every step in its lane: model, policy,
human, tool. A click, or a key, opens what was said word for word. Leaves out the parts (`chain_html_steps`,
`chain_chart`) and the style (`chain_style`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from govern.reconstruct.judge import Reconstruction
from govern.report import chain_html_steps as parts
from govern.report.chain_chart import chart
from govern.report.chain_masks import Opened
from govern.report.chain_record import NOT_VERIFIED, Record
from govern.report.chain_style import SCRIPT, STYLE
from govern.report.chain_text import agents, answer, plural, reasons_not_judged
from govern.report.chain_times import began
from govern.report.chain_told import Block, Story, told
from govern.report.chain_words import Lane
from govern.report.page import cell, code, count, document, marked, table, text

MOST_BLOCKS: Final = 1_200
"""A longer chain shows its beginning, its end, and every block with a gap."""
_FROM_END: Final = 200
_INDEXED: Final = 120
_FOOT: Final = (
    '<p class="dim">Times are UTC; <code>+</code> counts from the start of the trace.</p>',
    '<p class="dim">Texts are as recorded; marks that hide or turn text are shown as escapes.</p>',
    "<p>Evidence for somebody else: <code>govern audit export</code>.</p>",
    "<p>All of this as data: <code>govern reconstruct --format json</code>.</p>",
)


def page(made: Reconstruction, *, record: Record = NOT_VERIFIED, opened: Opened | None = None) -> str:
    """The chain as a page; what stood in a log is text in it.

    Args:
        record: whether the store was verified.
        opened: sensitive values that may be shown, by commitment.
    """
    story = told(made, opened)
    name = made.chain.trace_id
    budget = parts.Budget()
    timeline = _timeline(story, budget)
    body = [
        '<a class="skip" href="#timeline">Go to the steps</a>',
        "<header>",
        f"<h1>{text(name, 200)}</h1>",
        *_answer(story),
        *_facts(story, record),
        *_doubts(story, budget),
        "</header>",
        *_gaps(story),
        *_overview(story),
        *timeline,
        *_recorded(made),
        "<footer>",
        *_FOOT,
        "</footer>",
    ]
    return document(f"Trace {name[:60]}", style=STYLE, body="\n".join(body), script=SCRIPT)


def _answer(story: Story) -> list[str]:
    mark, said = answer(story.made)
    if story.made.gaps:
        return [f'<p class="answer"><strong class="bad">{text(mark)}</strong>: {text(said)}</p>']
    return [f'<p class="answer"><strong class="{"good" if mark else "asks"}">{text(mark or said)}</strong></p>']


def _facts(story: Story, record: Record) -> list[str]:
    chain = story.made.chain
    counts = (
        plural(len(chain.actions), "action"),
        plural(len(chain.events), "event"),
        plural(len(story.made.gaps), "gap"),
    )
    policies = ", ".join(code(one) for one in chain.policy_digests) or "none recorded"
    took = story.times.took(chain.ended_ns) or "not known"
    note = f" ({text(story.times.note)})" if story.times.start is not None and story.times.note else ""
    said = f'<span class="{record.tone}">{text(record.said)}</span>'
    if record.findings:
        said += "".join(f"<br>{text(one, 300)}" for one in record.findings[:20])
    rows = [
        ("Agent", agents(story)),
        ("Began", began(story.times)),
    ]
    lines = [f"<dt>{name}</dt><dd>{text(value)}</dd>" for name, value in rows]
    lines[-1] = lines[-1].replace("</dd>", f"{note}</dd>")
    lines += [
        f"<dt>Took</dt><dd>{took}</dd>",
        f"<dt>Policy</dt><dd>{policies}</dd>",
        f"<dt>Actions</dt><dd>{', '.join(counts)}</dd>",
        f"<dt>Written by</dt><dd>{', '.join(code(one, 80) for one in chain.writers[:20])}</dd>",
        f"<dt>Record</dt><dd>{said}</dd>",
    ]
    return ['<dl class="facts">', *lines, "</dl>"]


def _doubts(story: Story, budget: parts.Budget) -> list[str]:
    said = []
    if story.opened:
        said.append(f"{plural(len(story.opened), 'sensitive value')} shown in clear: keep this page accordingly.")
    if budget.cut:
        said.append(f"{plural(budget.cut, 'text')} cut to fit a page: --format json has everything.")
    if len(left := _left_out(story)) > 0:
        said.append(f"{plural(len(left), 'block')} of steps without a gap left out, where it says so below: "
                    "--format json has everything.")  # fmt: skip
    return [f'<p class="doubt">{text(each)}</p>' for each in said]


def _gaps(story: Story) -> list[str]:
    if not story.made.gaps:
        return []
    lines = ['<section id="gaps" aria-labelledby="gaps-name">', '<h2 id="gaps-name">Gaps</h2>', '<ul class="gaps">']
    for number, gap in enumerate(story.made.gaps, 1):
        action = f" in action {gap.action}" if gap.action is not None else ""
        lines.append(
            f'<li><a href="#g{number}"><strong>✗ {text(gap.id)}</strong></a>{action}: {text(gap.pattern)}. '
            f"{marked(parts.sentence(gap.cause))}. <code>govern explain {text(gap.id)}</code></li>"
        )
    return [*lines, "</ul>", "</section>"]


def _overview(story: Story) -> list[str]:
    drawn = chart(story)
    lines = ["<section>", "<h2>Overview</h2>"]
    if drawn:
        lines += ['<div class="chart" tabindex="0" role="region" aria-label="Time of the trace">', drawn, "</div>"]
    elif story.times.start is None:
        lines.append('<p class="dim">No times are recorded, so none are drawn. The steps stand in recorded order.</p>')
    actions = story.made.chain.actions
    if 1 < len(actions) <= _INDEXED:
        flawed = {gap.action for gap in story.made.gaps}
        links = (
            f'<li><a href="#a{one.index}">{one.index} {text(one.tool or "?", 40)}{flaw}</a></li>'
            for one in actions
            for flaw in (" ✗" if one.index in flawed else "",)
        )
        lines += [f'<ul class="index" aria-label="Actions">{"".join(links)}</ul>']
    return [*lines, "</section>"] if len(lines) > 2 else []


def _left_out(story: Story) -> frozenset[int]:
    """Numbers of the blocks that a page of this length leaves out: those in the middle that have no gap."""
    if len(story.blocks) <= MOST_BLOCKS:
        return frozenset()
    middle = range(MOST_BLOCKS - _FROM_END, len(story.blocks) - _FROM_END)
    return frozenset(number for number in middle if not story.blocks[number].holes)


def _timeline(story: Story, budget: parts.Budget) -> list[str]:
    names = "".join(f'<span class="{lane}">{lane.capitalize()}</span>' for lane in Lane)
    lines = [
        '<section id="timeline" aria-labelledby="steps-name">',
        '<h2 id="steps-name">Every step</h2>',
        '<div class="bar"></div>',
        f'<div class="lanes" aria-hidden="true"><span></span>{names}</div>',
    ]
    left = _left_out(story)
    silent: list[Block] = []
    for number, one in enumerate(story.blocks):
        if number in left:
            silent.append(one)
            continue
        lines += _silence(silent)
        silent = []
        lines += parts.block(story, one, budget)
    return [*lines, *_silence(silent), "</section>"]


def _silence(blocks: Sequence[Block]) -> list[str]:
    if not blocks:
        return []
    indexes = [one.action.index for one in blocks if one.action is not None]
    which = f"actions {indexes[0]:,} to {indexes[-1]:,}" if indexes else plural(len(blocks), "block")
    steps = sum(len(one.steps) for one in blocks)
    return [f'<p class="doubt">Not in this page: {which}, {plural(steps, "step")}, none with a gap.</p>']


def _recorded(made: Reconstruction) -> list[str]:
    rows = [
        [cell(text(name)), count(one.present), count(one.missing), count(one.na)]
        for name, one in made.completeness.items()
    ]
    lines = [
        "<section>",
        f"<h2>What is recorded of {plural(len(made.chain.actions), 'action')}</h2>",
        *table(["Field", "Present", "Missing", "Not applicable"], rows, "<>>>", label="What is recorded"),
    ]
    for why, ids in reasons_not_judged(made).items():
        lines.append(
            f'<p class="dim">Not judged: {text(", ".join(ids))}: {text(why)}. Neither a failure nor a pass.</p>'
        )
    return [*lines, "</section>"]
