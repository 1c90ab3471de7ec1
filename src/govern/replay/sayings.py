"""What was said before each call of one session, as far as a log knows their order.

A trace is timed where all that matters of it here (what is said, and the calls that ask) has a time. Timed events of
a session stand by time. Where several writers share a time, and in traces that are not timed, only the events of one
writer are in order; a timed event and one of a trace that is not timed are in none. Where the order is not known:

- what is *untrusted* counts as said before (among writers who share a time, before all that they did then);
- what is *typed* or *trusted* does not; what would depend on it is uncaptured.

Both engines end here, so that `origin` has one meaning. Leaves out reading (`origins`), and the meaning (`policy`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Mapping, Sequence
from operator import attrgetter
from typing import Protocol, TypeVar

from govern.events.canonical import Malformed, parse
from govern.events.model import EventType
from govern.policy.origin import MAX_TEXT, By, Said
from govern.policy.origin.hearing import SAYING, Asked, Fill, Saying, answers, by, hear, size

Answers = dict[str, str | bool | None]


class Spoken(Saying, Protocol):
    """An event; each as in `events.model.Event`."""

    @property
    def event_id(self) -> str: ...
    @property
    def trace_id(self) -> str: ...
    @property
    def ts_ns(self) -> int | None: ...
    @property
    def writer_id(self) -> str: ...
    @property
    def wseq(self) -> int: ...
    @property
    def args(self) -> str | None: ...


_S = TypeVar("_S", bound=Spoken)


def answered(
    events: Iterable[_S],
    asked: Mapping[str, Asked],
    trusted: Collection[str],
    *,
    asks: Callable[[_S], bool],
    fill: Fill | None = None,
) -> Iterator[tuple[str, Answers]]:
    """The id of every call that asks, and its answers (`policy.origin.hearing.answers`).

    Args:
        events: of one session, in any order.
        asked: by tool (`policy.origin.hearing.asked`).
        trusted: the tools whose output is believed.
        asks: which calls are judged; those of tools that ask nothing, and without usable arguments, have no answer.
        fill: gives a tool's arguments with the defaults of its schema.
    """
    mine = [each for each in events if each.type in SAYING or (_can_ask(each, asked) and asks(each))]
    run = _Run(asked, trusted, fill)
    untimed = {each.trace_id for each in mine if each.ts_ns is None}
    if not untimed and len({each.writer_id for each in mine}) == 1:  # nearly all are so; the rest says the same
        yield from run.in_order(sorted(mine, key=attrgetter("ts_ns", "wseq", "event_id")), Said())
        return
    moments: dict[int, list[Spoken]] = {}
    whenever: list[Spoken] = []
    for each in sorted(mine, key=attrgetter("writer_id", "wseq", "event_id")):
        if each.ts_ns is None or each.trace_id in untimed:
            whenever.append(each)
        else:
            moments.setdefault(each.ts_ns, []).append(each)
    timed = [moments[at] for at in sorted(moments)]
    # Where not all is timed, all counts for the cap: a reader, who leaves out what is over it, knows no order either.
    total = sum(size(each) for each in mine if each.type in SAYING) if whenever else 0
    said = Said().lacking(size=total) if total > MAX_TEXT else Said()
    if whenever:
        yield from run.through([whenever], _perhaps(said, [each for moment in timed for each in moment], trusted))
    if timed:
        yield from run.through(timed, _perhaps(said, whenever, trusted))


class _Run:
    """The calls of one session, answered."""

    def __init__(self, asked: Mapping[str, Asked], trusted: Collection[str], fill: Fill | None) -> None:
        self._asked = asked
        self._trusted = trusted
        self._fill = fill

    def through(self, moments: Iterable[Sequence[Spoken]], said: Said) -> Iterator[tuple[str, Answers]]:
        """Moments one after the other.

        Args:
            moments: each by writer and sequence.
        """
        for moment in moments:
            writers = dict.fromkeys(each.writer_id for each in moment)
            if len(writers) == 1:
                said = yield from self.in_order(moment, said)
                continue
            # What is untrusted is said before all the rest: so it is added once, and stays folded.
            rest: list[Spoken] = []
            for each in moment:
                if each.type in SAYING and not _is_believed(each, self._trusted):
                    said = hear(said, each, self._trusted)
                else:
                    rest.append(each)
            for writer in writers:
                own = [each for each in rest if each.writer_id == writer]
                others = [each for each in rest if each.writer_id != writer]
                yield from self.in_order(own, _perhaps(said, others, self._trusted))
            for each in rest:
                if each.type in SAYING:
                    said = hear(said, each, self._trusted)

    def in_order(self, events: Iterable[Spoken], said: Said) -> Generator[tuple[str, Answers], None, Said]:
        """One event after the other; returns what was said in the end."""
        for each in events:
            if each.type in SAYING:
                said = hear(said, each, self._trusted)
            else:
                yield self._answers(each, said)
        return said

    def _answers(self, call: Spoken, said: Said) -> tuple[str, Answers]:
        tool = call.tool or ""
        try:
            args = parse(call.args or "")
        except Malformed:
            args = None
        if not isinstance(args, dict):
            return call.event_id, {}
        return call.event_id, answers(said, self._asked[tool], self._fill(tool, args) if self._fill else args)


def _can_ask(event: Spoken, asked: Mapping[str, Asked]) -> bool:
    return event.type is EventType.TOOL_CALL and (event.tool or "") in asked and event.args is not None


def _is_believed(event: Spoken, trusted: Collection[str]) -> bool:
    return by(event, trusted) in (By.TYPED, By.TRUSTED)


def _perhaps(said: Said, events: Iterable[Spoken], trusted: Collection[str]) -> Said:
    """With what may have been said before: what is untrusted was."""
    for each in events:
        if each.type not in SAYING:
            continue
        whose = by(each, trusted)
        if whose is By.TYPED or whose is By.TRUSTED:
            said = said.lacking(whose, size=size(each))
        else:
            said = hear(said, each, trusted)
    return said
