"""What came before a call, the plain way: for each call, look at all events, decide which come before, count.

Written from the language's text (facts, limits, reading, `calls` and `succeeded`). It shares no code with the history
of the engines: nothing is kept between two calls but the events themselves, sorted once. What it shares with them is
the canonical form of JSON and the event model. Leaves out origin, and what follows from an answer.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Final

from govern.events.canonical import Malformed, parse, text_of
from govern.events.model import ActorKind, Event, EventType, Fidelity, Mode
from govern.policy.model import Fact, FactField, Limit, Policy

from . import reference
from .charters import ODD, TOOLS

LIFE: Final = (
    EventType.TOOL_CALL, EventType.POLICY_CHECK, EventType.APPROVAL_REQUEST, EventType.APPROVAL_DECISION,
    EventType.TOOL_START, EventType.TOOL_RESULT,
)  # fmt: skip
NOT_WHOLE: Final = (Fidelity.TRUNCATED, Fidelity.DIGEST, Fidelity.REDACTED, Fidelity.ABSENT)
SECOND: Final = 10**9
ASKED: Final = (*TOOLS, ODD)
_STEP: Final = re.compile(
    r"""\.?([A-Za-z_][A-Za-z0-9_]*)|\[([0-9]+)\]|\["((?:[^"\\]|\\.)*)"\]|\['((?:[^'\\]|\\.)*)'\]"""
)


class Nothing:
    """There is no such place; or UNCAPTURED: the log does not say."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return self.name


MISSING, UNCAPTURED = Nothing("MISSING"), Nothing("UNCAPTURED")
Fill = Callable[[str, dict[str, Any]], dict[str, Any]]


@dataclass
class Story:
    """One call, with all that was recorded of it.

    Args:
        proposed: whether it is a call; not so a result without a span, of which nobody knows the call.
        at: its place in the total order; `after` are places and events of what followed.
    """

    event: Event
    proposed: bool
    at: int
    after: list[tuple[int, Event]] = field(default_factory=list)

    @property
    def tool(self) -> str:
        return self.event.tool or ""

    @property
    def foreign(self) -> bool:
        return self.proposed and self.event.type is EventType.TOOL_CALL and not of_agent(self.event)

    def until(self, now: int) -> list[Event]:
        return [event for at, event in self.after if at < now]

    def released(self, now: int) -> bool:
        known = self.until(now)
        return not any(map(holds, known)) or any(map(frees, known))

    def executed(self, now: int) -> bool:
        known = self.until(now)
        return not any(map(stops, known)) or any(map(runs, known))

    def success(self, now: int) -> tuple[int, Event] | None:
        """The first result that is no error."""
        return next(((at, event) for at, event in self.after if at < now and is_ok(event)), None)


def of_agent(event: Event) -> bool:
    return event.actor_kind is None or event.actor_kind is ActorKind.AGENT


def holds(event: Event) -> bool:
    if event.type is EventType.APPROVAL_REQUEST:
        return event.mode is not Mode.SHADOW
    if event.type is EventType.POLICY_CHECK:
        return event.mode is not Mode.SHADOW and event.verdict in ("deny", "approval")
    return refuses(event)


def stops(event: Event) -> bool:
    denied = event.type is EventType.POLICY_CHECK and event.verdict == "deny" and event.mode is not Mode.SHADOW
    return denied or refuses(event)


def refuses(event: Event) -> bool:
    return event.type is EventType.APPROVAL_DECISION and event.decision is not None and event.decision != "approve"


def frees(event: Event) -> bool:
    return runs(event) or (event.type is EventType.APPROVAL_DECISION and event.decision == "approve")


def runs(event: Event) -> bool:
    return event.type in (EventType.TOOL_START, EventType.TOOL_RESULT)


def is_ok(event: Event) -> bool:
    if event.type is not EventType.TOOL_RESULT:
        return False
    return event.error is None if event.status is None else event.status != "error"


def grouped(stories: Iterable[Story], of: Callable[[Story], Any]) -> dict[Any, list[Story]]:
    found: dict[Any, list[Story]] = {}
    for story in stories:
        found.setdefault(of(story), []).append(story)
    return found


def session_of(event: Event) -> tuple[str, str]:
    return ("session", event.session_id) if event.session_id else ("trace", event.trace_id)


class Log:
    """A log in the total order: traces without times first, by writer and sequence; then by time, writer, sequence.

    Args:
        events: in any order.
    """

    def __init__(self, events: Iterable[Event]) -> None:
        life = [event for event in events if event.type in LIFE]
        self.untimed = {event.trace_id for event in life if event.ts_ns is None}
        writers: dict[str, set[str]] = {}
        for event in life:
            writers.setdefault(event.trace_id, set()).add(event.writer_id)
        self.unordered = {trace for trace in self.untimed if len(writers[trace]) > 1}
        self.events = sorted(life, key=self._key)
        self.stories = list(self._stories())
        self.of_trace = grouped(self.stories, lambda story: story.event.trace_id)
        self.of_session = grouped(self.stories, lambda story: session_of(story.event))
        self.sessions: dict[Any, list[Event]] = {}
        for event in life:
            self.sessions.setdefault(session_of(event), []).append(event)

    def _key(self, event: Event) -> Any:
        at = self.time(event)
        return (0 if at is None else 1, at or 0, event.writer_id, event.wseq, event.event_id)

    def time(self, event: Event) -> int | None:
        return None if event.trace_id in self.untimed else event.ts_ns

    def _stories(self) -> Iterable[Story]:
        spans: dict[tuple[str, str], list[Story]] = {}
        for at, event in enumerate(self.events):
            if event.span_id is None:
                if event.type is EventType.TOOL_CALL:
                    yield Story(event, True, at)
                elif runs(event):
                    yield Story(event, False, at, [(at, event)])
                continue
            there = spans.setdefault((event.trace_id, event.span_id), [])
            if event.type is EventType.TOOL_CALL:
                if not any(same(event, story.event) for story in there):
                    there.append(Story(event, True, at))
                    yield there[-1]
                continue
            if not there and runs(event):
                there.append(Story(event, True, at))
                yield there[-1]
            if there:
                there[-1].after.append((at, event))

    def rival(self, call: Event, trusted: frozenset[str]) -> bool:
        """Whether an untrusted tool may have been released before a call for all that is known of their order."""
        for event in self.sessions[session_of(call)]:
            is_call = event.type is EventType.TOOL_CALL
            if event is call or (event.tool or "") in trusted or not (is_call or runs(event)):
                continue
            if is_call and not of_agent(event):
                continue
            if call.span_id is not None and (event.trace_id, event.span_id) == (call.trace_id, call.span_id):
                continue
            one, other = self.time(call), self.time(event)
            if (one is None) != (other is None):
                return True
            if event.writer_id != call.writer_id and (one is None or one == other):
                return True
        return False


def same(one: Event, other: Event) -> bool:
    """Whether two events propose the same call of one span."""
    return told_by(one) == told_by(other)


def told_by(event: Event) -> tuple[Any, ...]:
    foreign = event.type is EventType.TOOL_CALL and not of_agent(event)
    return (event.tool or "", event.args, event.args_error is not None, foreign)


def at_path(root: Mapping[str, Any], path: str) -> Any:
    """What stands at `a.b[0]["c"]`, or MISSING."""
    found: Any = root
    for match in _STEP.finditer(path):
        name, index, *quoted = match.groups()
        if index is not None:
            there = isinstance(found, list) and int(index) < len(found)
            found = found[int(index)] if there else MISSING
        else:
            key = (
                name if name is not None else re.sub(r"\\(.)", r"\1", quoted[0] if quoted[0] is not None else quoted[1])
            )
            found = found[key] if isinstance(found, Mapping) and key in found else MISSING
    return found


class Before:
    """What the history says of each call of a log under a policy, by key of `conditions.Inputs`.

    Args:
        session_facts: what the host asserted, by session or trace; None where nobody captured it.
    """

    def __init__(
        self,
        log: Log,
        policy: Policy,
        zone: str | None,
        fill: Fill,
        session_facts: Mapping[str, Mapping[str, Any]] | None,
    ) -> None:
        self.log, self.policy, self.zone, self.fill = log, policy, zone, fill
        self.session_facts = session_facts
        self.trusted = frozenset(policy.untrusted.trusted if policy.untrusted else ())
        self.places = {event.event_id: at for at, event in enumerate(log.events)}
        self.keys: dict[tuple[str, int], tuple[Any, Any]] = {}
        self.parsed: dict[int, Any] = {}
        self.tables: dict[str, dict[Any, list[Story]]] = {}

    def of(self, call: Event, args: dict[str, Any]) -> dict[str, Any]:
        """All that can be asked of the history of one call; what is not there was not captured."""
        now = self.places[call.event_id]
        given: dict[str, Any] = {}
        facts = self.facts(call, args, now)
        given |= {name: value for name, value in facts.items() if value is not UNCAPTURED}
        given["tainted('session')"] = self.tainted(call, now)
        for tool in sorted({*self.policy.tools, *ASKED}):
            name = tool.replace("\\", "\\\\").replace("'", "\\'")
            for fn, count in (("calls", self.calls(call, tool, now)), ("succeeded", self.succeeded(call, tool, now))):
                if count is not UNCAPTURED:
                    given[f"{fn}('{name}')"] = count
        for limit in self.policy.limits:
            if (call.tool or "") in limit.tools:
                over = self.exceeded(limit, call, args, facts, now)
                if over is not UNCAPTURED:
                    given[f"exceeded('{limit.id}')"] = over
        return given

    # -- counts and taint --

    def calls(self, call: Event, tool: str, now: int) -> Any:
        if call.trace_id in self.log.unordered:
            return UNCAPTURED
        mine = [story for story in self.log.of_trace.get(call.trace_id, []) if story.at < now and story.tool == tool]
        return sum(story.proposed and not story.foreign for story in mine)

    def succeeded(self, call: Event, tool: str, now: int) -> Any:
        if call.trace_id in self.log.unordered:
            return UNCAPTURED
        mine = [story for story in self.log.of_trace.get(call.trace_id, []) if story.at < now and story.tool == tool]
        found = [story.success(now) for story in mine if not story.foreign]
        if any(success is not None and success[1].status is None for success in found):
            return UNCAPTURED
        return sum(success is not None for success in found)

    def tainted(self, call: Event, now: int) -> bool:
        if self.log.rival(call, self.trusted):
            return True
        return any(
            story.at < now
            and story.tool not in self.trusted
            and not story.foreign
            and not self.is_own(story, call)
            and story.released(now)
            for story in self.log.of_session.get(session_of(call), [])
        )

    def is_own(self, story: Story, call: Event) -> bool:
        """Whether a call is a poll or a retry of the same call."""
        if call.span_id is None or not story.proposed:
            return False
        one_span = (story.event.trace_id, story.event.span_id) == (call.trace_id, call.span_id)
        return one_span and same(story.event, call)

    # -- facts --

    def facts(self, call: Event, args: Any, now: int) -> dict[str, Any]:
        """By name: an object, None for unknown, UNCAPTURED. `args` is UNCAPTURED where the log does not have them."""
        session = self.session(call)
        found: dict[str, Any] = {}
        for _ in self.policy.facts:  # a fact may be found by another one: as many rounds as there are facts
            for name, fact in self.policy.facts.items():
                found[name] = self.fact(fact, session, call, {**found, "args": args}, now)
        return found

    def session(self, event: Event) -> Mapping[str, Any] | None:
        if self.session_facts is None:
            return None
        said = [
            self.session_facts[name]
            for name in dict.fromkeys((event.session_id, event.trace_id))
            if name is not None and name in self.session_facts
        ]
        if not said:
            return None
        names = [name for one in said for name in one]
        return {
            name: next(one[name] for one in said if name in one)
            for name in names
            if len({json.dumps(one[name], sort_keys=True) for one in said if name in one}) == 1
        }

    def fact(self, fact: Fact, session: Mapping[str, Any] | None, call: Event, known: dict[str, Any], now: int) -> Any:
        if session is not None and fact.name in session:
            value = session[fact.name]
            if value is None:
                return None
            return {
                f.name: value[f.name] for f in fact.fields if value.get(f.name) is not None and fits(f, value[f.name])
            }
        if not fact.result_of:
            return UNCAPTURED if session is None else None
        if call.trace_id in self.log.unordered:
            return UNCAPTURED
        wanted: dict[str, str] = {}
        for left, right in fact.where:
            if known.get(right.split(".")[0].split("[")[0]) in (UNCAPTURED,):
                return UNCAPTURED
            value = at_path(known, right)
            if value is MISSING or value is None:
                return None
            wanted[left] = text_of(value)
        results = [
            (at, event, story)
            for story in self.log.of_trace.get(call.trace_id, [])
            if story.tool in fact.result_of and not story.foreign
            for at, event in story.after
            if at < now and is_ok(event)
        ]
        results.sort(key=lambda each: each[0], reverse=not fact.first)
        reads_result = any(each.path.startswith("result") for each in fact.fields)
        for _, event, story in results:
            told = event.status is not None and event.content is not None and event.fidelity not in NOT_WHOLE
            source = {"result": data(event.content) if told else UNCAPTURED, "call": self.args_of(story)}
            each = [matches(source, left, value) for left, value in wanted.items()]
            if False in each:
                continue
            if None in each or (reads_result and not told):
                return UNCAPTURED
            source = {name: {} if value is UNCAPTURED or value is None else value for name, value in source.items()} | (
                {"result": source["result"]} if told else {}
            )
            values = {each.name: (each, at_path(source, each.path)) for each in fact.fields}
            return {name: value for name, (each, value) in values.items() if fits(each, value)}
        return None

    def args_of(self, story: Story) -> Any:
        """The arguments of a story's call: None where they have no meaning, UNCAPTURED where the log has none."""
        if story.at not in self.parsed:
            event = story.event
            found: Any = UNCAPTURED
            if event.args_error is not None:
                found = None
            elif event.args is not None and story.proposed:
                found = self.fill(story.tool, parse(event.args))
            self.parsed[story.at] = found
        return self.parsed[story.at]

    # -- limits --

    def exceeded(self, limit: Limit, call: Event, args: dict[str, Any], facts: dict[str, Any], now: int) -> Any:
        most = Fraction(str(limit.max))
        amount = self.amount(limit, args)
        if amount is not None and amount > most:
            return True
        here = self.log.time(call)
        if call.trace_id in self.log.unordered or (here is None and limit.span != "trace"):
            return UNCAPTURED
        today = self.day(here)
        if limit.span == "day" and self.zone is not None and today is None:
            return None
        key = self.key(limit, args, facts)
        if key is UNCAPTURED or key is None:
            return key
        total, unknown, uncaptured = amount or Fraction(0), int(amount is None), 0
        for story in self.together(limit, call, key):
            when = None if story.at >= now or self.is_own(story, call) else self.counted(limit, story, now)
            if when is None:
                continue
            time, sure = when
            if limit.span == "day" and self.zone is not None and time is not None and self.day(time) != today:
                continue
            known = time is not None and here is not None
            if limit.within_s is not None and known and time <= here - limit.within_s * SECOND:
                continue
            its_key, its_amount = self.contribution(limit, story)
            if not sure or its_key is UNCAPTURED or (time is None and limit.span != "trace"):
                uncaptured += 1
            elif its_key is None or its_amount is None:
                unknown += 1
            else:
                total += its_amount
        if total > most:
            return None if limit.span == "day" and self.zone is None else True
        if limit.sum is None:
            if total + unknown > most:
                return None
            return UNCAPTURED if total + unknown + uncaptured > most else False
        return None if unknown else UNCAPTURED if uncaptured else False

    def together(self, limit: Limit, call: Event, key: list[Any]) -> list[Story]:
        """The calls of a log that share a key with a call, or may: what has no key, or no day, may belong to any."""
        table = self.tables.get(limit.id)
        if table is None:
            table = self.tables[limit.id] = {}
            for story in self.log.stories:
                if story.tool in limit.tools and not story.foreign:
                    its_key, _ = self.contribution(limit, story)
                    any_day = limit.span == "day" and self.log.time(story.event) is None
                    at = None if its_key is None or its_key is UNCAPTURED or any_day else tuple(its_key)
                    table.setdefault((words(limit, story.event), at), []).append(story)
        mine = words(limit, call)
        return [*table.get((mine, tuple(key)), []), *table.get((mine, None), [])]

    def counted(self, limit: Limit, story: Story, now: int) -> tuple[int | None, bool] | None:
        """When a call counts for a limit, and whether it is sure that it does; None where it does not count."""
        if limit.counts == "succeeded":
            success = story.success(now)
            return None if success is None else (self.log.time(success[1]), success[1].status is not None)
        if not story.proposed or (limit.counts == "executed" and not story.executed(now)):
            return None
        return self.log.time(story.event), True

    def contribution(self, limit: Limit, story: Story) -> tuple[Any, Fraction | None]:
        """The key and the amount of an earlier call, by its facts as they stood."""
        found = self.keys.get((limit.id, story.at))
        if found is None:
            args = self.args_of(story)
            facts = dict.fromkeys(self.policy.facts, UNCAPTURED)
            if story.proposed:
                facts = self.facts(story.event, {} if args is None else args, story.at)
            key = self.key(limit, args, facts)
            found = (key, self.amount(limit, args if isinstance(args, dict) else {}))
            if limit.sum is not None and args is UNCAPTURED:
                found = (UNCAPTURED, None)
            self.keys[limit.id, story.at] = found
        return found

    def key(self, limit: Limit, args: Any, facts: dict[str, Any]) -> Any:
        """Canonical texts of what a limit is counted for each of; None where one is unknown."""
        made: list[Any] = []
        for place in limit.for_each:
            if place in ("agent", "session", "trace", "tool"):
                continue
            root = {**facts, "args": args}
            if root[place.split(".")[0].split("[")[0]] is UNCAPTURED:
                return UNCAPTURED
            value = at_path(root, place)
            made.append(None if value is MISSING else text_of(value))
        return None if None in made else made

    def amount(self, limit: Limit, args: Any) -> Fraction | None:
        if limit.sum is None:
            return Fraction(1)
        value = at_path({"args": args}, limit.sum)
        if value is MISSING:
            return None
        amount = reference.as_sum(reference.place_of(value))
        return None if amount is None or amount < 0 else amount

    def day(self, time: int | None) -> Any:
        if time is None or self.zone is None:
            return None
        found = reference.clock("date", reference.Place("timestamp", time), self.zone)
        return found.value if found.kind == "string" else None


def words(limit: Limit, event: Event) -> tuple[Any, ...]:
    """The parts of a key that every event has; a limit is of one agent always."""
    told = {"session": session_of(event), "trace": event.trace_id, "tool": event.tool or ""}
    own = event.trace_id if limit.span == "trace" else None
    return (event.agent, own, *(told[word] for word in limit.for_each if word in told))


def fits(field: FactField, value: Any) -> bool:
    """Whether a value is what a field is declared to hold."""
    found = reference.place_of(value).kind if value is not MISSING else "missing"
    whole = isinstance(value, int) and not isinstance(value, bool)
    is_of = {
        "timestamp": found == "string" and reference.timestamp(value).kind == "timestamp",
        "integer": whole,
        "boolean": found == "bool",
        "any": found != "missing",
    }.get(field.kind, found == field.kind)
    return is_of and (not field.values or text_of(value) in map(text_of, field.values))


def matches(source: dict[str, Any], left: str, value: str) -> bool | None:
    """Whether a result is for a wanted key; None where the log does not say."""
    if left.startswith("result"):
        if source["result"] is UNCAPTURED:
            return None
        found = at_path(source, left)
    else:
        args = source["call"]
        if not isinstance(args, dict):
            return None
        found = args.get(left, MISSING)
    return found is not MISSING and text_of(found) == value


def data(content: str | None) -> Any:
    """A result as data: JSON where it is some, else the text itself."""
    try:
        return parse(content or "")
    except Malformed:
        return content
