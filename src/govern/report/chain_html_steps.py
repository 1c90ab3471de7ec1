"""The blocks of a chain in its page: a heading an action, a card a step in its lane, gaps as broken cards.

A card opens to the verbatim texts and everything else that the event carries; no script is needed for it. A page has a
budget of text: what is beyond it is cut, and said to be. Leaves out the head of the page (`chain_html`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from typing import Final

from govern.report import chain_words as words
from govern.report.chain_holes import Hole
from govern.report.chain_steps import heading
from govern.report.chain_told import Block, Step, Story
from govern.report.chain_words import Words
from govern.report.console import safe
from govern.report.page import code, marked, text

PER_TEXT: Final = 200_000
"""Characters of one text in a page."""
IN_ALL: Final = 12_000_000
"""Characters of all texts in a page; beyond it each text is cut to a beginning."""
BEGINNING: Final = 400
_TITLE: Final = 400


@dataclass(slots=True)
class Budget:
    """How much text a page still takes, and what was cut."""

    left: int = IN_ALL
    cut: int = 0

    def take(self, words_of: str) -> str:
        """As much of a text as the page takes."""
        limit = PER_TEXT if self.left >= min(len(words_of), PER_TEXT) else BEGINNING
        given = words_of if len(words_of) <= limit else words_of[:limit]
        self.left -= len(given)
        self.cut += len(given) < len(words_of)
        return given


def block(story: Story, one: Block, budget: Budget) -> list[str]:
    """One action, or the steps between two."""
    if one.action is None:
        head = f"<h3>{text(heading(story, one))}</h3>"
        opening = '<section class="block between">'
    else:
        said, tone = words.verdict(one.action)
        index = one.action.index
        called = code(words.call(one.action, story.opened), _TITLE)
        head = f'<h3 id="h{index}">{index} {called}</h3><span class="said {tone}">{text(said, 80)}</span>'
        opening = f'<section class="block" id="a{index}" aria-labelledby="h{index}">'
    lines = [opening, f'<div class="head">{head}</div>', '<ol class="steps">']
    clocked = False
    for item in one.items:
        if isinstance(item, Hole):
            lines += _hole(story, item)
        else:
            lines += _step(story, item, clocked, budget)
            clocked = clocked or item.event.ts_ns is not None
    return [*lines, "</ol>", "</section>"]


def _when(story: Story, step: Step, clocked: bool) -> str:
    at = step.event.ts_ns
    if at is None:
        return '<span class="when"></span>' if story.times.start is None else '<span class="when">no time</span>'
    said = story.times.since(at) if clocked else story.times.first(at)
    full = story.times.absolute(at)
    return f'<time class="when" datetime="{full}" title="{full}">{said}</time>'


def _step(story: Story, step: Step, clocked: bool, budget: Budget) -> Iterator[str]:
    main = next((each for each in step.texts if each.name == step.what), None)
    sized = f' <span class="size">{words.size(main.size)}</span>' if main is not None else ""
    extra = " · ".join(part for part in (step.waited, step.aside) if part)
    waited = f' <span class="size">{text(extra)}</span>' if extra else ""
    told = f"{step.event.tool or '(no tool recorded)'}  {step.said}".rstrip() if step.what == "call" else step.said
    said = f' <span class="said-line {step.tone}">{text(told, words.LINE)}</span>' if told else ""
    summary = f'<span class="lane {step.lane}">{step.lane}</span><b>{text(step.what)}</b>{sized}{waited}{said}'
    yield f'<li class="step {step.lane}">{_when(story, step, clocked)}<div class="card">'
    if step.again is not None:
        yield f'<p class="in">{summary}</p></div></li>'
        return
    yield f'<details><summary>{summary}</summary><div class="in">'
    for each in step.texts:
        yield from _text(each, budget)
    yield '<dl class="facts">'
    if step.event.ts_ns is not None:
        yield f"<dt>time</dt><dd>{story.times.absolute(step.event.ts_ns)}</dd>"
    for key, value in words.facts(step.event):
        yield f"<dt>{text(key)}</dt><dd>{code(value, 2_000)}</dd>"
    yield "</dl></div></details></div></li>"


def _text(each: Words, budget: Budget) -> Iterator[str]:
    kept = each.fidelity or "fidelity not stated"
    opened = ", sensitive values shown" if each.opened else ""
    yield f"<h4>{text(each.name)}, {each.size:,} bytes, {each.digest}, {kept}{opened}</h4>"
    given = budget.take(each.text)
    # Line breaks and tabs of the text stay, everything that hides or turns it is made visible.
    shown = escape(safe(given, lines=True), quote=True)
    yield f'<pre tabindex="0" role="group" aria-label="{text(each.name)}, verbatim">{shown}</pre>'
    if len(given) < len(each.text):
        rest = len(each.text) - len(given)
        yield f'<p class="bad">{rest:,} more characters are not in this page: <code>--format json</code> has all.</p>'


def _hole(story: Story, hole: Hole) -> Iterator[str]:
    gap = hole.gap
    missing = f"<p><b>Missing here:</b> {text(hole.missing)}</p>" if hole.missing else ""
    yield (
        f'<li class="step hole {hole.lane}" id="g{_number(story, hole)}">'
        '<span class="when">gap</span><div class="card">'
        f'<p><span class="lane {hole.lane}">{hole.lane}</span><strong>✗ {text(gap.id)}</strong></p>{missing}'
        f'<p>{marked(sentence(gap.cause))}</p><p class="dim">{text(gap.pattern)}</p></div></li>'
    )


def sentence(cause: str) -> str:
    """A cause with a capital, as it stands alone on a page."""
    return cause[:1].upper() + cause[1:]


def _number(story: Story, hole: Hole) -> int:
    return next(place for place, gap in enumerate(story.made.gaps, 1) if gap is hole.gap)
