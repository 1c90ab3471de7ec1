"""The Markdown of `govern reconstruct`: for a ticket or a pull request. What stood in a log is never markup.

A table an action, gaps in their rows; with `verbatim` every text below it, folded away. Leaves out escaping
(`markdown`).
"""

from __future__ import annotations

from collections.abc import Iterator

from govern.reconstruct.judge import Reconstruction
from govern.report import chain_words as words
from govern.report.chain_holes import Hole
from govern.report.chain_masks import Opened
from govern.report.chain_record import NOT_VERIFIED, Record
from govern.report.chain_steps import heading
from govern.report.chain_text import agents, answer, reasons_not_judged, summary
from govern.report.chain_told import Block, Step, Story, told
from govern.report.markdown import code, details, fenced, prose, table

_SAID = 240  # characters of a line in a table


def markdown(
    made: Reconstruction, *, verbatim: bool = False, record: Record = NOT_VERIFIED, opened: Opened | None = None
) -> str:
    """The chain as Markdown.

    Args:
        verbatim: every text in full.
        record: whether the store was verified.
        opened: sensitive values that may be shown, by commitment.
    """
    story = told(made, opened)
    mark, said = answer(made)
    lines = [f"# Trace {code(made.chain.trace_id, 200)}", ""]
    lines += [f"**{mark}**" + (f": {prose(said)}" if said else "") if mark else f"**{prose(said)}**", ""]
    lines += [f"{prose(agents(story))}, {prose(summary(story))}.", "", f"{prose(record.said)}.", ""]
    lines += [f"- {prose(finding, 300)}" for finding in record.findings]
    for one in story.blocks:
        lines += ["", *_block(story, one, verbatim)]
    lines += ["", "## What is recorded", ""]
    rows = [
        [name, f"{count.present:,}", f"{count.missing:,}", f"{count.na:,}"] for name, count in made.completeness.items()
    ]
    lines += table(["field", "present", "missing", "n/a"], rows, "<>>>")
    for why, ids in reasons_not_judged(made).items():
        lines += ["", f"Not judged: {', '.join(ids)}: {prose(why)}. Neither a failure nor a pass."]
    if made.gaps:
        lines += ["", f"How to close it: {code(f'govern explain {made.gaps[0].id}')}"]
    return "\n".join(lines) + "\n"


def _block(story: Story, one: Block, verbatim: bool) -> Iterator[str]:
    if one.action is None:
        yield f"## {heading(story, one)}"
    else:
        yield f"## {one.action.index} {code(words.call(one.action, story.opened), 300)}"
        yield ""
        yield f"Verdict: {prose(words.verdict(one.action)[0], 80)}"
    yield ""
    rows = []
    clocked = False
    for item in one.items:
        if isinstance(item, Hole):
            rows.append(_hole(item))
            continue
        rows.append(_step(story, item, clocked))
        clocked = clocked or item.event.ts_ns is not None
    yield from table(["when", "who", "step", "size", "said"], rows, "><<><")
    if verbatim:
        for step in one.steps:
            for each in step.texts:
                kept = each.fidelity or "fidelity not stated"
                head = f"{step.what}: {each.name}, {each.size:,} bytes, {each.digest}, {kept}"
                yield ""
                yield from details(prose(head), fenced(each.text))


def _step(story: Story, step: Step, clocked: bool) -> list[str]:
    at = step.event.ts_ns
    when = "" if at is None else story.times.since(at) if clocked else story.times.first(at)
    main = next((each for each in step.texts if each.name == step.what), None)
    extra = ", ".join(part for part in (step.waited, step.aside) if part)
    said = code(step.said, _SAID) if step.said else ""
    size = words.size(main.size) if main is not None else ""
    return [when, str(step.lane), prose(step.what), size, f"{said} {extra}".strip()]


def _hole(hole: Hole) -> list[str]:
    missing = f"missing here: {prose(hole.missing)}. " if hole.missing else ""
    said = f"**{hole.gap.pattern}**: {missing}{prose(hole.gap.cause)}"
    return ["gap", str(hole.lane), f"**✗ {hole.gap.id}**", "", said]
