"""The blocks of a chain as lines for a terminal: a tree of actions and their steps, each gap at its place.

What others wrote passes `safe`. Leaves out the head and the tables (`chain_text`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from rich.cells import cell_len
from rich.text import Text as Line

from govern.reconstruct.chain import Action
from govern.reconstruct.words import clock
from govern.report import chain_words as words
from govern.report.chain_holes import Hole
from govern.report.chain_masks import brief
from govern.report.chain_told import Block, Step, Story
from govern.report.chain_words import Tone, Words
from govern.report.console import safe
from govern.report.layout import cut, wrapped

STYLES: Final = {Tone.PLAIN: "", Tone.GOOD: "green", Tone.ASKS: "yellow", Tone.BAD: "red"}
_WHAT, _SIZE = 9, 7
INPUT_CELLS: Final = 600
"""Of an input that the title had to cut, so much is shown without `--verbatim`."""
# Of these every word counts: they are wrapped, where others are cut to their line.
_WHOLE: Final = frozenset(
    {"decision", "check", "request", "escalate", "error", "halt", "release", "break glass", "instructions found"}
)
_WHOLE_CELLS: Final = 480


def block(story: Story, one: Block, width: int, *, verbatim: bool) -> Iterator[Line]:
    """One action, or the steps between two, as a branch of the tree."""
    if one.action is not None:
        yield _title(story, one.action, width)
    else:
        yield Line(heading(story, one), "bold" if any(step.aside for step in one.steps) else "dim")
    rows = [list(line) for line in _items(story, one, width, verbatim)]
    for number, lines in enumerate(rows):
        last = number == len(rows) - 1
        for place, line in enumerate(lines):
            yield Line.assemble(("└ " if last and place == 0 else "  " if last else "│ ", "dim"), line)


def heading(story: Story, one: Block) -> str:
    """What a block is called that is no action."""
    if any(step.aside for step in one.steps):
        return "Part of no action"
    if len(story.blocks) == 1 or not story.made.chain.actions:
        return "No action"
    return (
        "Before the first action"
        if one is story.blocks[0]
        else ("After the last action" if one is story.blocks[-1] else "Between actions")
    )


def _title(story: Story, action: Action, width: int) -> Line:
    """`3 merge_pull_request(number: 812)      approval: gate`; the verdict always fits, the input is cut."""
    said, tone = words.verdict(action)
    said = safe(said, 60)
    head = Line.assemble((f"{action.index} ", "bold"), (cut(title(story, action), title_room(action, width)), "bold"))
    # Beyond 100 cells the verdict stands near its call, not at the far edge.
    space = max(min(width, 100) - head.cell_len - cell_len(said), 2)
    return Line.assemble(head, " " * space, (said, STYLES[tone]))


def title(story: Story, action: Action) -> str:
    """The call in one line, harmless."""
    return safe(words.call(action, story.opened))


def title_room(action: Action, width: int) -> int:
    """Cells that the call has beside its number and its verdict."""
    return max(width - len(f"{action.index} ") - cell_len(safe(words.verdict(action)[0], 60)) - 2, 20)


def _items(story: Story, one: Block, width: int, verbatim: bool) -> Iterator[Iterator[Line]]:
    inner = width - 2
    clocked = False
    for item in one.items:
        if isinstance(item, Hole):
            yield _hole(item, inner)
            continue
        when = _when(story, item, clocked)
        clocked = clocked or item.event.ts_ns is not None
        yield _step(story, one.action, item, when, inner, verbatim)


def _when(story: Story, step: Step, clocked: bool) -> str:
    """Clock time at the first step of a block, then what has passed since the trace began."""
    if story.times.start is None:
        return ""
    if step.event.ts_ns is None:
        return " " * (story.times.width + 2)
    said = story.times.since(step.event.ts_ns) if clocked else story.times.first(step.event.ts_ns)
    return f"{said:>{story.times.width}}  "


def _step(story: Story, action: Action | None, step: Step, when: str, width: int, verbatim: bool) -> Iterator[Line]:
    text = _main(step)
    sized = words.size(text.size) if text is not None else ""
    said = safe(step.said)
    if step.waited:
        said += f"  {step.waited}"
    if step.aside and action is not None:
        said += f"  ({step.aside})"
    if step.event.policy_digest and len(story.made.chain.policy_digests) > 1 and step.what == "check":
        said += f"; policy {short_digest(step.event.policy_digest)}"
    head = Line.assemble((when, "dim"), f"{step.what:<{_WHAT}} ", (f"{sized:>{_SIZE}}  ", "dim"))
    if not said and not sized:
        yield Line.assemble((when, "dim"), step.what)
    elif step.what in _WHOLE:
        yield from wrapped(head, cut(said, _WHOLE_CELLS), width, STYLES[step.tone])
    else:
        tail = said.removeprefix(safe(step.said))
        room = max(width - head.cell_len - cell_len(tail), 20)
        yield Line.assemble(head, (cut(safe(step.said), room) + tail, STYLES[step.tone]))
    if action is not None and step.what == "call":
        yield from _input(story, action, width, when, verbatim)
    if verbatim:
        for each in step.texts:
            yield from _text(each)
    else:
        for each in step.texts:
            if each.name == "input as it was written":
                yield from _text(each)


def _main(step: Step) -> Words | None:
    """The text whose size stands in the line."""
    wanted = "error" if step.event.error is not None and step.event.content is None else step.what
    return next((text for text in step.texts if text.name == wanted), None)


def _input(story: Story, action: Action, width: int, when: str, verbatim: bool) -> Iterator[Line]:
    """The full input where the title may have cut it."""
    given = action.input
    if verbatim or given is None or given.args is None or cell_len(title(story, action)) <= title_room(action, width):
        return
    size = len(given.args.encode("utf-8", "surrogatepass"))
    head = Line.assemble(" " * len(when), f"{'input':<{_WHAT}} ", (f"{words.size(size):>{_SIZE}}  ", "dim"))
    shown = safe(brief(words.arguments(given, story.opened)))
    yield from wrapped(head, cut(shown, INPUT_CELLS), width)
    if cell_len(shown) > INPUT_CELLS:
        yield Line(" " * head.cell_len + "--verbatim shows all of it", "dim")


def _text(text: Words) -> Iterator[Line]:
    """A text in full, with what it takes to compare it."""
    kept = text.fidelity or "fidelity not stated"
    opened = ", sensitive values shown" if text.opened else ""
    yield Line(f"  ┌ {text.name}, {text.size:,} bytes, {text.digest}, {kept}{opened}", "dim")
    # Python's splitlines would also break at separators that a terminal may act on; `safe` shows those.
    for line in text.text.split("\n"):
        yield Line.assemble(("  │ ", "dim"), safe(line.removesuffix("\r"), lines=True))


def _hole(hole: Hole, width: int) -> Iterator[Line]:
    gap = hole.gap
    when = f" at {clock(gap.at_ns)}" if gap.at_ns is not None else ""
    yield Line.assemble((f"✗ {gap.id}", "bold red"), (f"  {gap.pattern}{when}", "red"))
    if hole.missing:
        yield from wrapped(Line("  ┆ ", "red"), f"missing here: {hole.missing}", width, "red")
    yield from wrapped(Line("  "), safe(gap.cause), width)


def short_digest(digest: str) -> str:
    """Enough of a digest to compare by eye."""
    return safe(digest.removeprefix("sha256:")[:8]) + "…"
