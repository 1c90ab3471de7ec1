"""A chain told in blocks: its actions, and what happened between them, step by step, gaps at their places.

Every output shows these blocks, and shows every event of the trace once: a prompt or a response stands with the first
action that came of it. What is part of no action stands between the actions, in order, and inside of one where that
alone was under way: a restart stands where it hit. Leaves out the words of one step (`chain_words`), and what a medium
makes of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from govern.events.model import Event, EventType
from govern.reconstruct.chain import Action, Chain, args_digest
from govern.reconstruct.judge import Gap, Reconstruction
from govern.reconstruct.words import span
from govern.report import chain_words as words
from govern.report.chain_holes import Hole, hole, place
from govern.report.chain_masks import Opened
from govern.report.chain_times import Times, times
from govern.report.chain_words import Lane, Tone, Words


@dataclass(frozen=True, slots=True)
class Step:
    """One event at its place.

    Args:
        what: its kind, in a word or two.
        said: the line that it says; may be long, may hold what others wrote.
        texts: in full.
        again: the action that shows its texts already; None where they stand here.
        waited: how long after what it answers, or how long it took, in words; empty where that is not known.
        aside: why it stands here though it belongs to no action; empty where that needs no word.
    """

    event: Event
    lane: Lane
    what: str
    said: str
    tone: Tone
    texts: tuple[Words, ...] = ()
    again: int | None = None
    waited: str = ""
    aside: str = ""


Item = Step | Hole


@dataclass(frozen=True, slots=True)
class Block:
    """One action, or what stands between two; `action` is None there."""

    action: Action | None
    items: tuple[Item, ...]

    @property
    def steps(self) -> tuple[Step, ...]:
        return tuple(item for item in self.items if isinstance(item, Step))

    @property
    def holes(self) -> tuple[Hole, ...]:
        return tuple(item for item in self.items if isinstance(item, Hole))


@dataclass(frozen=True, slots=True)
class Story:
    """A chain as it is told."""

    made: Reconstruction
    blocks: tuple[Block, ...]
    times: Times
    opened: Opened


def told(made: Reconstruction, opened: Opened | None = None) -> Story:
    """The chain in blocks, in the order of their first events.

    Args:
        opened: sensitive values that may be shown, by commitment.
    """
    shown = opened or {}
    chain = made.chain
    when = times(chain.events)
    of_action = {event.event_id: action for action in chain.actions for event in action.events}
    first_words: dict[str, Action] = {}
    for action in chain.actions:
        for text in (action.prompt, action.response):
            if text is not None:
                first_words.setdefault(text.event.event_id, action)
    blocks: list[tuple[Action | None, list[Step]]] = []
    begun: dict[int, list[Step]] = {}
    position = {event.event_id: number for number, event in enumerate(chain.events)}
    under_way = _under_way(chain, position)
    loose = {event.event_id for event in chain.loose}
    for number, event in enumerate(chain.events):
        owner = of_action.get(event.event_id) or first_words.get(event.event_id)
        if owner is not None:
            if owner.index not in begun:
                begun[owner.index] = list(_of_action(owner, first_words, shown, when))
                blocks.append((owner, begun[owner.index]))
            continue
        step = replace(_step(event, shown), aside="part of no action" if event.event_id in loose else "")
        during = under_way[number]
        if during is not None and during in begun:
            _insert(begun[during], replace(step, aside=step.aside or "meanwhile"), position)
            continue
        if not blocks or blocks[-1][0] is not None:
            blocks.append((None, []))
        blocks[-1][1].append(step)
    return Story(made, _with_holes(blocks, made.gaps), when, shown)


def _under_way(chain: Chain, position: dict[str, int]) -> list[int | None]:
    """For each event of a chain, the one action that had begun and had not ended; None where none or several had."""
    open_from: dict[int, list[int]] = {}
    open_to: dict[int, list[int]] = {}
    for action in chain.actions:
        places = [position[event.event_id] for event in action.events]
        open_from.setdefault(min(places), []).append(action.index)
        open_to.setdefault(max(places), []).append(action.index)
    current: set[int] = set()
    found: list[int | None] = []
    for number in range(len(chain.events)):
        current.update(open_from.get(number, ()))
        found.append(next(iter(current)) if len(current) == 1 else None)
        current.difference_update(open_to.get(number, ()))
    return found


def _insert(steps: list[Step], step: Step, position: dict[str, int]) -> None:
    """Puts a step before the first of these that comes after it in the chain."""
    own = position[step.event.event_id]
    later = (place for place, other in enumerate(steps) if other.again is None and position[other.event.event_id] > own)
    steps.insert(next(later, len(steps)), step)


def _of_action(action: Action, first: dict[str, Action], opened: Opened, when: Times) -> Iterator[Step]:
    for text in (action.prompt, action.response):
        if text is None:
            continue
        earlier = first[text.event.event_id]
        if earlier is action:
            yield _step(text.event, opened)
        elif text.event.type is EventType.RESPONSE:
            again = f"the one of action {earlier.index}"
            yield replace(_step(text.event, opened), said=again, texts=(), again=earlier.index, tone=Tone.PLAIN)
    proposed: Event | None = None
    asked: dict[str | None, int] = {}
    began: int | None = None
    for event in action.events:
        step = _step(event, opened)
        match event.type:
            case EventType.TOOL_CALL:
                proposed = event
            case EventType.APPROVAL_REQUEST if event.ts_ns is not None:
                asked.setdefault(event.approval_id, event.ts_ns)
            case EventType.APPROVAL_DECISION if event.ts_ns is not None and event.approval_id in asked:
                step = replace(step, waited=f"after {when.length(event.ts_ns - asked[event.approval_id])}")
            case EventType.TOOL_START:
                began = event.ts_ns
            case EventType.TOOL_RESULT:
                if began is not None and event.ts_ns is not None:
                    step = replace(step, waited=f"took {when.length(event.ts_ns - began)}")
                elif event.duration_ns is not None:
                    step = replace(step, waited=f"took {span(event.duration_ns)}")
                began = None
            case _:
                pass
        yield _on_arguments(step, proposed)


def _on_arguments(step: Step, proposed: Event | None) -> Step:
    """A step that says whether it is about the arguments that were proposed; the same ones are not shown again."""
    event = step.event
    own = args_digest(event)
    if event is proposed or own is None:
        return step
    if proposed is not None and own == args_digest(proposed):
        return replace(step, texts=tuple(text for text in step.texts if text.name != "arguments"))
    differs = "on arguments" if proposed is None else "on OTHER arguments than proposed"
    said = f"{differs}, digest {own.removeprefix('sha256:')[:8]}…"
    return replace(step, said="  ".join(part for part in (step.said, said) if part))


def _step(event: Event, opened: Opened) -> Step:
    return Step(
        event=event,
        lane=words.lane(event),
        what=words.what(event),
        said=words.line(event, opened),
        tone=words.tone(event),
        texts=words.texts(event, opened),
    )


def _with_holes(blocks: list[tuple[Action | None, list[Step]]], gaps: tuple[Gap, ...]) -> tuple[Block, ...]:
    """Each gap in the block of its action, else in the one that shows an event of it, else in the last."""
    if not blocks:
        return ()
    shown_in: dict[str, int] = {}
    by_action: dict[int, int] = {}
    for number, (action, steps) in enumerate(blocks):
        if action is not None:
            by_action[action.index] = number
        for step in steps:
            if step.again is None:
                shown_in.setdefault(step.event.event_id, number)
    holes: dict[int, list[tuple[int, Hole]]] = {}
    for gap in gaps:
        known = [shown_in[event] for event in gap.events if event in shown_in]
        if gap.action is not None and gap.action in by_action:
            number = by_action[gap.action]
        elif gap.id == "no-session-end" or not known:
            number = len(blocks) - 1
        else:
            number = known[-1]
        line = [step.event for step in blocks[number][1]]
        holes.setdefault(number, []).append((place(gap, line), hole(gap)))
    made = []
    for number, (action, steps) in enumerate(blocks):
        items: list[Item] = []
        here = sorted(holes.get(number, ()), key=lambda pair: pair[0])
        for position in range(len(steps) + 1):
            items += [found for at, found in here if at == position]
            if position < len(steps):
                items.append(steps[position])
        made.append(Block(action, tuple(items)))
    return tuple(made)
