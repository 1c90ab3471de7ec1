"""Makes the chain of one trace from its events.

All events of one action share a span; foreign logs are paired when they are imported, so nothing is paired
by call id here (call ids come again). An action carries the latest prompt before it and the response that
proposed it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from govern.events.model import Event, EventType, same
from govern.reconstruct.chain import Action, Approval, Chain, Execution, Text, args_digest
from govern.reconstruct.order import in_sequence, ordered

# An event of one of these types makes its span an action.
MAKES_ACTION = frozenset(
    {
        EventType.TOOL_CALL,
        EventType.POLICY_CHECK,
        EventType.APPROVAL_REQUEST,
        EventType.CLAIM,
        EventType.TOOL_START,
        EventType.TOOL_RESULT,
    }
)
# These say something of an action where their span, or their span's parent, is one.
JOINS_ACTION = frozenset(
    {
        EventType.APPROVAL_DECISION,
        EventType.CREDENTIAL,
        EventType.ERROR,
        EventType.RETRY,
        EventType.ESCALATION,
        EventType.INSTRUCTIONS_FOUND,
    }
)


def build(events: Iterable[Event]) -> Chain:
    """The chain of one trace.

    Args:
        events: all events of exactly one trace, in any order; an event given twice counts once (`distinct`).

    Raises:
        ValueError: no event, or events of several traces.
    """
    line = ordered(distinct(events))
    traces = {event.trace_id for event in line}
    if len(traces) != 1:
        raise ValueError(f"a chain is made of one trace, got {len(traces)}")
    groups, loose = _grouped(line)
    firsts = [next((e for e in members if e.type is EventType.TOOL_CALL), members[0]) for _, members in groups]
    words = _words_before(in_sequence(line), firsts)
    actions = []
    for index, (span, members) in enumerate(groups, start=1):
        prompt, response = words[firsts[index - 1].event_id]
        actions.append(
            Action(
                index=index,
                span_id=span,
                events=tuple(members),
                prompt=prompt,
                response=response,
                executions=tuple(_executions(in_sequence(members))),
                approvals=_approvals(members),
            )
        )
    return Chain(trace_id=line[0].trace_id, events=tuple(line), actions=tuple(actions), loose=tuple(loose))


def distinct(events: Iterable[Event]) -> list[Event]:
    """The events, each once, and each under an id of its own.

    The same event read twice (from overlapping logs) is one. Two that say different things under one id are two, since
    an id that somebody used again must hide nothing: the later ones, by writer and number, are called `ID#2`, `ID#3`.
    """
    found = list(events)
    by_id: dict[str, list[Event]] = {}
    for event in found:
        by_id.setdefault(event.event_id, []).append(event)
    if len(by_id) == len(found):
        return found
    made = []
    for name, several in by_id.items():
        different: list[Event] = []
        for event in sorted(several, key=lambda each: (each.writer_id, each.wseq, repr(each))):
            if not any(same(event, other) for other in different):
                different.append(event)
        made.append(different[0])
        number = 1
        for event in different[1:]:
            number += 1
            while f"{name}#{number}" in by_id:
                number += 1
            made.append(replace(event, event_id=f"{name}#{number}"))
    return made


def _grouped(line: list[Event]) -> tuple[list[tuple[str | None, list[Event]]], list[Event]]:
    """Spans that are actions, in order of their first event, and the steps that belong to none."""
    spans = {e.span_id for e in line if e.span_id is not None and e.type in MAKES_ACTION}
    asked: dict[str, set[str | None]] = {}
    for event in line:
        if event.type is EventType.APPROVAL_REQUEST and event.approval_id:
            asked.setdefault(event.approval_id, set()).add(event.span_id)
    groups: dict[str, list[Event]] = {}
    loose = []
    for number, event in enumerate(line):
        if event.type in MAKES_ACTION:
            # A step without a span is an action of its own: it is not paired by guessing.
            groups.setdefault(event.span_id or f"\0{number}", []).append(event)
        elif event.type in JOINS_ACTION:
            home = _home(event, spans, asked)
            if home is None:
                loose.append(event)
            else:
                groups.setdefault(home, []).append(event)
    return [(None if span.startswith("\0") else span, members) for span, members in groups.items()], loose


def _home(event: Event, spans: set[str], asked: dict[str, set[str | None]]) -> str | None:
    if event.span_id is not None:
        if event.span_id in spans:
            return event.span_id
        return event.parent_span_id if event.parent_span_id in spans else None
    # A decision with no span finds its request by id, where one request only bears it.
    spots = asked.get(event.approval_id, set()) if event.approval_id else set()
    return next(iter(spots)) if len(spots) == 1 else None


def _words_before(line: list[Event], firsts: list[Event]) -> dict[str, tuple[Text | None, Text | None]]:
    """For the first event of each action the latest prompt before it, and the response after that prompt which
    proposed it; by event id. Words of another session are not its own."""
    wanted = {event.event_id for event in firsts}
    named = {event.span_id: event for event in line if event.type is EventType.RESPONSE and event.span_id is not None}
    prompts: dict[str | None, tuple[int, Event]] = {}  # by session, the latest and its place
    responses: dict[tuple[str | None, str | None], tuple[int, Event]] = {}  # by session and agent
    found: dict[str, tuple[Text | None, Text | None]] = {}
    for place, event in enumerate(line):
        session = event.session_id or None
        if event.event_id in wanted:
            nothing: tuple[int, Event | None] = (-1, None)
            own = [one for key, one in prompts.items() if _fits(key, session)]
            asked = max(own, key=lambda one: one[0], default=nothing)
            said = [
                one
                for (key, agent), one in responses.items()
                if _fits(key, session) and agent in (None, event.agent) and one[0] > asked[0]
            ]
            response = max(said, key=lambda one: one[0], default=nothing)[1]
            if event.parent_span_id is not None:
                # The writer says which response it came from: that wins over nearness.
                response = named.get(event.parent_span_id, response)
            found[event.event_id] = (_text(asked[1]), _text(response))
        if event.type is EventType.PROMPT:
            prompts[session] = (place, event)
        elif event.type is EventType.RESPONSE:
            responses[session, event.agent or None] = (place, event)
    return found


def _fits(session: str | None, wanted: str | None) -> bool:
    return session is None or wanted is None or session == wanted


def _text(event: Event | None) -> Text | None:
    return Text(event, event.content) if event is not None else None


def _executions(members: list[Event]) -> Iterator[Execution]:
    """Every run of the tool in one action: a start opens one, a result or an error closes it."""
    proposal: Event | None = None  # the latest call or retry: what a result without a start ran on
    credit = False  # something accounts for one more result
    start: Event | None = None
    errors: list[Event] = []

    def run(result: Event | None) -> Execution:
        about = [e for e in (start, result) if e is not None]
        digests = [d for e in about if (d := args_digest(e)) is not None]
        known = digests[0] if digests else None
        if known is None and start is None and proposal is not None:
            known = args_digest(proposal)
        tool = next((e.tool for e in about if e.tool), proposal.tool if proposal is not None else None)
        return Execution(start, result, tuple(errors), tool, known, credit)

    for event in members:
        match event.type:
            case EventType.TOOL_CALL:
                proposal, credit = event, True
            case EventType.RETRY:
                if start is not None:
                    yield run(None)
                    start, errors = None, []
                credit = True
                if args_digest(event) is not None:
                    proposal = event
            case EventType.TOOL_START:
                if start is not None:
                    yield run(None)
                    errors = []
                start, credit = event, True
            case EventType.ERROR if start is not None:
                errors.append(event)
            case EventType.TOOL_RESULT:
                yield run(event)
                start, errors, credit = None, [], False
            case _:
                pass
    if start is not None:
        yield run(None)


def _approvals(members: list[Event]) -> tuple[Approval, ...]:
    ids = dict.fromkeys(
        event.approval_id
        for event in members
        if event.type in (EventType.APPROVAL_REQUEST, EventType.APPROVAL_DECISION)
    )
    return tuple(
        Approval(
            key,
            tuple(e for e in members if e.type is EventType.APPROVAL_REQUEST and e.approval_id == key),
            tuple(e for e in members if e.type is EventType.APPROVAL_DECISION and e.approval_id == key),
        )
        for key in ids
    )
