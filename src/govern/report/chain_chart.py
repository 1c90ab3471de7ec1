"""The overview of a chain as a picture: four lanes along its time, runs and waits as bars, gaps as crosses.

Everything in it stands in words below it. Where no times are recorded there is no such picture: places along a line
would look like times. Leaves out the steps (`chain_html_steps`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from govern.events.model import EventType
from govern.report.chain_holes import Hole
from govern.report.chain_times import offset
from govern.report.chain_told import Block, Step, Story
from govern.report.chain_words import Lane
from govern.report.page import text

_Place = Callable[[int], float]
_WIDE, _LEFT, _RIGHT, _ROW, _TOP = 960, 64, 18, 30, 14
MOST: Final = 1_500
"""Marks; of longer chains only runs, waits and gaps are drawn."""
_BARS: Final = frozenset({EventType.TOOL_START, EventType.TOOL_RESULT})
_SPOTS: Final = {lane: _TOP + place * _ROW for place, lane in enumerate(Lane)}


def chart(story: Story) -> str:
    """The picture as SVG; empty where there is no time to draw along."""
    chain = story.made.chain
    first, last = chain.started_ns, chain.ended_ns
    if first is None or last is None or last == first:
        return ""
    begin, length = first, last - first

    def x(ts_ns: int) -> float:
        return round(_LEFT + (_WIDE - _LEFT - _RIGHT) * (ts_ns - begin) / length, 1)

    tall = _TOP + len(Lane) * _ROW + 12
    made = [
        f'<svg viewBox="0 0 {_WIDE} {tall}" role="img" aria-labelledby="chart-name">',
        f'<title id="chart-name">{text(_told(story))}</title>',
    ]
    whole = story.times.whole_seconds
    parts = 5 if not whole else max(min(length // 1_000_000_000, 5), 1)
    for part in range(parts + 1):
        at = begin + length * part // parts
        at -= (at - begin) % 1_000_000_000 if whole else 0  # a label says no more than is known
        side = "start" if part == 0 else "end" if part == parts else "middle"
        made.append(f'<line class="grid" x1="{x(at)}" y1="4" x2="{x(at)}" y2="{tall - 22}"/>')
        label = "+" + offset(at - begin, whole=whole)
        made.append(f'<text x="{x(at)}" y="{tall - 6}" text-anchor="{side}">{label}</text>')
    for lane, y in _SPOTS.items():
        made.append(f'<text class="name" x="0" y="{y + 4}">{lane.capitalize()}</text>')
        made.append(f'<line class="rail" x1="{_LEFT}" y1="{y}" x2="{_WIDE - _RIGHT}" y2="{y}"/>')
    few = len(chain.events) <= MOST
    for block in story.blocks:
        made += _runs(block, x)
        if few:
            made += _dots(block, x)
        made += _holes(block, x, first)
    return "\n".join([*made, "</svg>"])


def _told(story: Story) -> str:
    gaps = len(story.made.gaps)
    return (
        f"Four lanes along the time of the trace: model, policy, human, tool; {len(story.made.chain.actions)} actions, "
        f"{gaps} gap{'' if gaps == 1 else 's'}. The steps below say the same in words."
    )


def _dots(block: Block, x: _Place) -> Iterator[str]:
    for step in block.steps:
        at = step.event.ts_ns
        if at is not None and step.again is None and step.event.type not in _BARS:
            said = text(f"{step.lane} {step.what}: {step.said}", 120)
            spot = f'cx="{x(at)}" cy="{_SPOTS[step.lane]}"'
            yield f'<circle class="d-{step.lane}" {spot} r="4"><title>{said}</title></circle>'


def _runs(block: Block, x: _Place) -> Iterator[str]:
    """Runs of a tool, and waits for people; a wait that nothing ends is broken, up to the run that did not wait."""
    if block.action is None:
        return
    for run in block.action.executions:
        known = [each.ts_ns for each in (run.start, *run.errors, run.result) if each is not None]
        at = [each for each in known if each is not None]
        if at:
            left, right = x(min(at)), max(x(max(at)), x(min(at)) + 5)
            y = _SPOTS[Lane.TOOL]
            name = text(f"{block.action.index} {run.tool or ''}", 80)
            yield (
                f'<rect class="d-tool" x="{left}" y="{y - 5}" width="{right - left:.1f}" height="10" rx="2">'
                f"<title>{name}</title></rect>"
            )
    for one in block.action.approvals:
        asked = next((request.ts_ns for request in one.requests if request.ts_ns is not None), None)
        decided = next((each.ts_ns for each in one.decisions if each.ts_ns is not None), None)
        if asked is None:
            continue
        y = _SPOTS[Lane.HUMAN]
        ran = next((run.first.ts_ns for run in block.action.executions if run.first.ts_ns is not None), None)
        until = decided if decided is not None else ran
        if until is not None and until >= asked:
            kind, said = ("wait", "waited for a decision") if decided is not None else ("wait open", "ran undecided")
            yield f'<path class="{kind}" d="M{x(asked)} {y}H{x(until)}"><title>{said}</title></path>'


def _holes(block: Block, x: _Place, first: int) -> Iterator[str]:
    latest = first
    for item in block.items:
        match item:
            case Step():
                latest = item.event.ts_ns if item.event.ts_ns is not None else latest
            case Hole():
                at = x(item.gap.at_ns if item.gap.at_ns is not None else latest)
                named = text(item.gap.id)
                y = _SPOTS[item.lane] + 5
                yield f'<text class="hole" x="{at}" y="{y}" text-anchor="middle">✗<title>{named}</title></text>'
