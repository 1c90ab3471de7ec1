"""`sequence-gap`: numbers of a writer are in no event of the store, or one number is in two."""

from __future__ import annotations

from collections.abc import Iterator

from govern.events.model import Event
from govern.reconstruct.chain import Chain
from govern.reconstruct.gaps.contract import Found, GapKind, Pattern, Scene
from govern.reconstruct.gaps.facts import Lost
from govern.reconstruct.order import is_numbered
from govern.reconstruct.words import clock


def find(scene: Scene) -> Iterator[Found]:
    if scene.store is None:
        return
    for writer, own in numbered(scene.chain).items():
        low, high = own[0].wseq, own[-1].wseq
        for lost in scene.store.lost_of(writer, low, high):
            around = _around(own, lost)
            yield Found(None, around, _why(scene, own, lost, around), around[-1])
        for number in scene.store.doubled_of(writer, low, high):
            same = tuple(event for event in own if event.wseq == number)
            if same:
                other = "" if len(same) > 1 else ", the other in another trace"
                yield Found(
                    None, same, f"number {number} of {writer} is in two events{other}: one was put in or copied"
                )


def numbered(chain: Chain) -> dict[str, list[Event]]:
    """The events of a chain that carry their writer's numbers, by writer, in the order of these."""
    found: dict[str, list[Event]] = {}
    for event in chain.events:
        if is_numbered(event):
            found.setdefault(event.writer_id, []).append(event)
    for own in found.values():
        own.sort(key=lambda event: event.wseq)
    return found


def said(lost: Lost) -> str:
    """Which numbers are lost, in words."""
    if lost.count == 1:
        return f"number {lost.first} of {lost.writer}"
    return f"numbers {lost.first} to {lost.last} of {lost.writer}"


def _around(own: list[Event], lost: Lost) -> tuple[Event, ...]:
    """The trace's last event before the loss and its first after it, as far as it has them."""
    before = [event for event in own if event.wseq < lost.first]
    after = [event for event in own if event.wseq > lost.last]
    return (*before[-1:], *after[:1])


def _why(scene: Scene, own: list[Event], lost: Lost, around: tuple[Event, ...]) -> str:
    are = "is" if lost.count == 1 else "are"
    if own[0].wseq < lost.first and own[-1].wseq > lost.last:
        where = _between(around)
        near = around[0].wseq == lost.first - 1 and around[1].wseq == lost.last + 1
        whose = "right between two events of this trace" if near else "while this trace was being written"
    elif own[-1].wseq < lost.first:
        where, whose = _between(around), "right after the last event that it wrote of this trace"
    else:
        where, whose = _between(around), "right before the first event that it wrote of this trace"
    cause = f"{said(lost)} {are} in no event of the store, {whose}{where}"
    if scene.store is not None and lost.writer in scene.store.crashed and own[-1].wseq < lost.first:
        return f"{cause}: the writer crashed, and what it had not yet written is lost"
    if lost.first == 0 or own[0].wseq > lost.last:
        return f"{cause}: lines were lost, or only a part of the record was read"
    return f"{cause}: lines were lost or taken out, or were not read"


def _between(around: tuple[Event, ...]) -> str:
    times = [event.ts_ns for event in around]
    known = [clock(at) for at in times if at is not None]
    if len(known) == 2:
        return f" ({known[0]} to {known[1]})"
    return f" ({known[0]})" if known else ""


KIND = GapKind(
    id="sequence-gap",
    title="events of a writer are lost",
    pattern=Pattern.TRAIL,
    needs=frozenset({"sequence"}),
    find=find,
    needs_store=True,
)
