"""What happened before a call, as inputs of its decision: facts, counts, limits, taint.

A history is a mapping of small frozen states by scope (a span, a trace, a session, a key of a limit). `inputs` reads
it, `changes` gives the states that an event makes new; neither changes anything. So a replay keeps it in a dict, a
boundary in a table, and a row of it can be reserved on its own.

History means recorded events (proposed, started, succeeded), never another verdict, in one total order: time, then
writer, then the writer's own sequence. What is written down here is the meaning; `replay` has the same in SQL.

- A **call** is a `tool_call` of the agent. The same tool and arguments under the same span again are the same call
  (a poll, a retry under one approval). A start or result whose span has no call stands for one.
- **Proposed** from then on. **Executed**: proposed, unless it was stopped (a denial that was enforced, a decision that
  does not approve) and never started; so pending and in-flight calls count. **Succeeded**: its first result that is
  no error.
- **Limits** count calls of the same agent. A contribution whose key or amount is missing may belong anywhere: what is
  certainly over is exceeded, what may be is unknown (or uncaptured, where the log does not say it).
- **Tainted**: an untrusted tool's call was released in the session: proposed and neither held nor stopped, or approved,
  or started. What may have come before counts as before.
- **Facts** are the latest (or first) result that is no error, of the same trace, for the same keys.

Leaves out the order of events and where they come from (`replay`), and `origin` (`policy.origin`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from typing import Any, Final

from govern.conditions import Inputs, bound
from govern.conditions.inputs import Path, history_key, outside, path_of
from govern.conditions.parse import parse as parse_text
from govern.conditions.python import ABSENT, WRONG, place
from govern.conditions.scope import is_of
from govern.conditions.tree import Call, Lit, children, walk
from govern.conditions.values import MICRO, micro
from govern.conditions.zones import clock
from govern.events.canonical import Malformed, parse, text_of
from govern.events.model import ActorKind, Event, EventType, Fidelity, Mode
from govern.policy.model import Fact, FactField, Limit, Policy
from govern.policy.tally import NOTHING, Amount, Grown, Tally

Scope = tuple[object, ...]
States = Mapping[Scope, Any]
Args = dict[str, Any] | None  # None: malformed or not captured
Fill = Callable[[str, dict[str, Any]], dict[str, Any]]

LIFECYCLE: Final = frozenset(
    {
        EventType.TOOL_CALL, EventType.POLICY_CHECK, EventType.APPROVAL_REQUEST, EventType.APPROVAL_DECISION,
        EventType.TOOL_START, EventType.TOOL_RESULT,
    }
)  # fmt: skip
"""The events that a history is made of."""

GOVERNED: Final = (ActorKind.AGENT, None)
"""Who may have made a call that counts: a charter governs the agent, not the people and services in its log."""

APPROVE: Final = "approve"
_WHOLE: Final = frozenset({Fidelity.TRUNCATED, Fidelity.DIGEST, Fidelity.REDACTED, Fidelity.ABSENT})


@dataclass(frozen=True, slots=True)
class _Record:
    """One call as recorded so far.

    Args:
        text: its arguments as recorded; with `error`, why they have no meaning.
        at_ns: its place in time, None where the log has none.
        facts: those that a limit is counted for each of, as they stood.
        foreign: made by somebody whom no charter governs.
        held, freed, stopped, executed, done: what was recorded of it since.
        done_ns: the time of the result that made it succeed.
        sure: whether that result says that it was no error.
    """

    tool: str
    agent: str | None
    text: str | None
    error: bool
    args: Args
    at_ns: int | None
    facts: Mapping[str, Any]
    foreign: bool = False
    held: bool = False
    freed: bool = False
    stopped: bool = False
    executed: bool = False
    done: bool = False
    done_ns: int | None = None
    sure: bool = True

    @property
    def counts(self) -> bool:
        """Whether it counts as executed."""
        return not self.stopped or self.executed

    @property
    def released(self) -> bool:
        return not self.held or self.freed


@dataclass(frozen=True, slots=True)
class _Result:
    """A result that may be a fact.

    Args:
        args: of its call; None where nobody knows them.
        captured: whether the log has the result, and that it was no error.
    """

    value: Any
    args: Args
    captured: bool


@dataclass(frozen=True, slots=True)
class _Plan:
    """What a limit needs of a call."""

    limit: Limit
    sum: Path | None
    most: int  # in the unit of its amounts
    places: tuple[Path | str, ...]  # of `for_each`: a word, or a place in the call

    @property
    def facts(self) -> frozenset[str]:
        return frozenset(str(each[0]) for each in self.places if isinstance(each, tuple) and each[0] != "args")

    @property
    def reads_args(self) -> bool:
        return self.sum is not None or any(isinstance(each, tuple) and each[0] == "args" for each in self.places)


class History:
    """What a policy needs to know of what came before.

    Args:
        policy: whose facts, limits and conditions ask.
        zone: the deployment's time zone, for limits within a day; without one, they are unknown once all days together
            are over.
        fill: gives a tool's arguments with the defaults of its schema.

    Raises:
        AuthorError: there is no such zone.
    """

    def __init__(self, policy: Policy, zone: str | None = None, fill: Fill | None = None) -> None:
        self.policy = policy
        self._zone = zone
        self._fill = fill
        self._plans = tuple(_plan(limit) for limit in policy.limits)
        self._by_tool: dict[str, list[_Plan]] = {}
        for plan in self._plans:
            for tool in plan.limit.tools:
                self._by_tool.setdefault(tool, []).append(plan)
        self._asked = {name: self._needs(name) for name in policy.tools}
        self._sources = frozenset(
            tool for name, fact in policy.facts.items() if self._used(name) for tool in fact.result_of
        )
        self._trusted = frozenset(policy.untrusted.trusted) if policy.untrusted else frozenset()
        self._order = _chained(policy.facts)
        self._counts = {
            history_key(node.fn, node.operands[0].value): (node.fn, node.operands[0].value)
            for name, tool in policy.tools.items()
            for condition in tool.conditions
            for node in walk(bound(condition, tool=name, agent=policy.agent))
            if isinstance(node, Call)
            and node.fn in ("calls", "succeeded")
            and isinstance(node.operands[0], Lit)
            and isinstance(node.operands[0].value, str)
        }

    @property
    def asks(self) -> bool:
        """Whether any decision under the policy depends on what came before."""
        return bool(self.keys)

    @property
    def keys(self) -> frozenset[str]:
        """All that any condition reads of it."""
        return frozenset().union(*self._asked.values())

    @property
    def is_local(self) -> bool:
        """Whether what it says of a call depends on the call's own trace alone."""
        limits_of = all(plan.limit.span == "trace" for plan in self._plans)
        return limits_of and _TAINTED not in self.keys

    def asked(self, tool: str) -> frozenset[str]:
        """The keys of `conditions.Inputs` that conditions of a tool read, with the facts that these depend on."""
        return self._asked.get(tool, frozenset())

    def is_trusted(self, tool: str) -> bool:
        """Whether a tool's output is believed."""
        return tool in self._trusted

    # -- reading --

    def inputs(
        self,
        states: States,
        call: Event,
        args: dict[str, Any],
        *,
        at_ns: int | None,
        ordered: bool = True,
        rival: bool = False,
        session: Inputs | None = None,
    ) -> dict[str, Any]:
        """What the history says of a call, by key of `conditions.Inputs`. A key that is not there was not captured;
        a value that is None is unknown.

        Args:
            states: as they stand before the call.
            call: the proposal.
            args: its arguments, normalised, with defaults.
            at_ns: its place in time; None where its trace has none.
            ordered: whether it is known what came before it in its trace.
            rival: whether an untrusted tool may have been released before it for all that is known of their order.
            session: facts that somebody asserts, by name; None where nobody captured those of the session. What is said
                here of another fact wins over results.
        """
        keys = self._asked.get(call.tool or "", frozenset())
        found: dict[str, Any] = {}
        if not keys:
            return found
        self._facts(keys, states, call, args, ordered, session, found)
        own = _own(states, call)
        for key in keys:
            if key in self._counts:
                kind, tool = self._counts[key]
                if ordered and not (kind == "succeeded" and states.get(("unsure", call.trace_id, tool), 0)):
                    found[key] = states.get((kind, call.trace_id, tool), 0)
            elif key == _TAINTED:
                others = states.get(("released", session_of(call)), 0)
                if own is not None and own.released and not self.is_trusted(own.tool):
                    others -= 1  # a call does not taint itself
                found[key] = rival or others > 0
        for plan in self._by_tool.get(call.tool or "", ()):
            over = self._exceeded(plan, states, call, args, own, at_ns, ordered, found)
            if over is not _UNCAPTURED:
                found[history_key("exceeded", plan.limit.id)] = over
        return found

    def _needs(self, tool: str) -> frozenset[str]:
        mapped = self.policy.tools[tool]
        keys = {key for each in mapped.conditions for key in outside(bound(each, tool=tool, agent=self.policy.agent))}
        for plan in self._by_tool.get(tool, ()):
            keys |= plan.facts
        while True:
            more = {
                right.partition(".")[0].partition("[")[0]
                for name in keys & self.policy.facts.keys()
                for _, right in self.policy.facts[name].where
            }
            if more - {"args"} <= keys:
                return frozenset(keys - {"at"})
            keys |= more - {"args"}

    def _used(self, fact: str) -> bool:
        return any(fact in keys for keys in self._asked.values())

    def _facts(
        self,
        keys: frozenset[str],
        states: States,
        call: Event,
        args: dict[str, Any],
        ordered: bool,
        session: Inputs | None,
        found: dict[str, Any],
    ) -> None:
        known: dict[str, Any] = {"args": args}
        for name in self._order:
            if name not in keys:
                continue
            fact = self.policy.facts[name]
            if not fact.result_of or (session is not None and name in session):
                if session is None:
                    continue
                value = session.get(name)
                if value is not None:
                    value = {
                        each.name: value[each.name]
                        for each in fact.fields
                        if value.get(each.name) is not None and _fits(each, value[each.name])
                    }
            elif ordered:
                value = self._fact(fact, states, call, known)
                if value is _UNCAPTURED:
                    continue
            else:
                continue
            known[name] = found[name] = value

    def _fact(self, fact: Fact, states: States, call: Event, known: dict[str, Any]) -> Any:
        wanted: list[tuple[str, str]] = []
        for left, right in fact.where:
            path = _path(right)
            if path[0] != "args" and path[0] not in known:
                return _UNCAPTURED
            value = place(known, path)
            if value is ABSENT or value is WRONG or value is None:
                return None
            wanted.append((left, text_of(value)))
        results: Grown[tuple[str, _Result]] = states.get(("results", call.trace_id), _NO_RESULTS)
        for tool, result in iter(results) if fact.first else results.latest_first():
            if tool not in fact.result_of:
                continue
            match _matches(result, wanted):
                case True if result.captured or not _of_result(fact):
                    return _read(fact, result)
                case False:
                    continue
                case _:
                    return _UNCAPTURED
        return None

    def _exceeded(
        self,
        plan: _Plan,
        states: States,
        call: Event,
        args: dict[str, Any],
        own: _Record | None,
        at_ns: int | None,
        ordered: bool,
        facts: dict[str, Any],
    ) -> bool | object | None:
        limit = plan.limit
        amount = self._amount(plan, args)
        if amount.low > plan.most:
            return True
        if (at_ns is None and limit.span != "trace") or not ordered:
            return _UNCAPTURED
        values = _values(plan, args, facts)
        if not isinstance(values, tuple):
            return values
        head = self._head(plan, call, call.tool or "", at_ns)
        if head is None:
            return None
        tally: Tally = states.get(("limit", limit.id, head, values), _EMPTY)
        loose: Tally = states.get(("limit", limit.id, head, None), _EMPTY)
        if limit.within_s is not None and at_ns is not None:
            after = at_ns - limit.within_s * 10**9
            used, perhaps = tally.since(after), loose.since(after)
            mine = _time(limit, own) if own is not None and _counted(limit, own) else None
            if mine is not None and mine > after:
                amount = NOTHING
        else:
            used, perhaps = tally.total, loose.total
            if own is not None and _counted(limit, own):
                amount = NOTHING
        dayless = limit.span == "day" and self._zone is None
        if limit.span == "day" and not dayless:
            perhaps = perhaps.plus(
                states.get(("limit", limit.id, self._head(plan, call, call.tool or "", None), None), _EMPTY).total
            )
        low = used.low + amount.low
        if low > plan.most:
            return None if dayless else True  # of all days together: nobody knows which was this one
        unknown = used.unknown + amount.unknown + perhaps.unknown
        uncaptured = used.uncaptured + perhaps.uncaptured
        if plan.sum is None:
            if low + unknown > plan.most:
                return None
            return _UNCAPTURED if low + unknown + uncaptured > plan.most else False
        return None if unknown else _UNCAPTURED if uncaptured else False

    # -- keys and amounts --

    def _amount(self, plan: _Plan, args: Args) -> Amount:
        """What a call adds, by its own arguments."""
        if plan.sum is None:
            return Amount(1)
        value = None if args is None else micro(place({"args": args}, plan.sum))
        return Amount(unknown=1) if value is None or value < 0 else Amount(value)

    def _head(self, plan: _Plan, event: Event, tool: str, at_ns: int | None) -> tuple[object, ...] | None:
        """The parts of a key that every event has; None where a time is on no day. An untimed one has its own day."""
        limit = plan.limit
        made: list[object] = [event.agent]
        if limit.span == "trace":
            made.append(event.trace_id)
        elif limit.span == "day" and at_ns is not None and self._zone is not None:
            day = clock("date", at_ns, self._zone)
            if day is None:
                return None
            made.append(day)
        for each in plan.places:
            match each:
                case "trace":
                    made.append(event.trace_id)
                case "session":
                    made.append(session_of(event))
                case "tool":
                    made.append(tool)
                case _:
                    pass
        return tuple(made)

    # -- writing --

    def changes(
        self, states: States, event: Event, at_ns: int | None, session: Inputs | None = None
    ) -> dict[Scope, Any]:
        """The states that an event makes new.

        Args:
            states: as they stand before it.
            at_ns: its place in time; None where its trace has none.
            session: facts that the host asserts, for limits that are counted for each of them.
        """
        if event.type not in LIFECYCLE:
            return {}
        changed: dict[Scope, Any] = {}
        view = _View(changed, states)
        scope: Scope = ("span", event.trace_id, event.span_id)
        records: tuple[_Record, ...] = states.get(scope, ()) if event.span_id is not None else ()
        opens = event.type is EventType.TOOL_CALL or (
            not records and event.span_id is not None and event.type in (EventType.TOOL_START, EventType.TOOL_RESULT)
        )
        if opens:
            record = self._record(states, event, at_ns, session)
            if any(_same(record, each) for each in records):
                return {}
            records = (*records, record)
            if not record.foreign:
                self._proposed(view, event, record)
        if event.type is not EventType.TOOL_CALL:
            records = self._went_on(view, event, records, at_ns)
        if event.span_id is not None and records:
            changed[scope] = records
        return changed

    def _record(self, states: States, event: Event, at_ns: int | None, session: Inputs | None) -> _Record:
        foreign = event.type is EventType.TOOL_CALL and event.actor_kind not in GOVERNED
        tool = event.tool or ""
        plans = self._by_tool.get(tool, ())
        args = self._parsed(tool, event) if tool in self._sources or plans else None
        facts: dict[str, Any] = {}
        if any(plan.facts for plan in plans):
            self._facts(self._asked[tool], states, event, args or {}, True, session, facts)
        return _Record(tool, event.agent, event.args, event.args_error is not None, args, at_ns, facts, foreign)

    def _parsed(self, tool: str, event: Event) -> Args:
        if event.args is None or event.args_error is not None:
            return None
        try:
            value = parse(event.args)
        except Malformed:
            return None
        if not isinstance(value, dict):
            return None
        return self._fill(tool, value) if self._fill is not None else value

    def _proposed(self, view: _View, event: Event, record: _Record) -> None:
        view.add(("calls", event.trace_id, record.tool), 1)
        if not self.is_trusted(record.tool):
            view.add(("released", session_of(event)), 1)
        for plan in self._by_tool.get(record.tool, ()):
            if plan.limit.counts != "succeeded":
                self._contribute(view, plan, event, record, record.at_ns)

    def _went_on(
        self, view: _View, event: Event, records: tuple[_Record, ...], at_ns: int | None
    ) -> tuple[_Record, ...]:
        enforced = event.mode is not Mode.SHADOW
        before = records[-1] if records else None
        made: dict[str, Any]
        match event.type:
            case EventType.POLICY_CHECK if enforced and event.verdict in ("deny", "approval"):
                made = {"held": True, "stopped": event.verdict == "deny"}
            case EventType.APPROVAL_REQUEST if enforced:
                made = {"held": True}
            case EventType.APPROVAL_DECISION if event.decision == APPROVE:
                made = {"freed": True}
            case EventType.APPROVAL_DECISION if event.decision is not None:
                made = {"held": True, "stopped": True}
            case EventType.TOOL_START:
                made = {"freed": True, "executed": True}
            case EventType.TOOL_RESULT:
                return self._answered(view, event, records, at_ns)
            case _:
                return records
        if before is None or before.foreign:
            return records
        after = replace(before, **{name: value for name, value in made.items() if value})
        self._moved(view, event, before, after)
        return (*records[:-1], after)

    def _answered(
        self, view: _View, event: Event, records: tuple[_Record, ...], at_ns: int | None
    ) -> tuple[_Record, ...]:
        before = records[-1] if records else None
        if before is not None and before.foreign:
            return records
        after = None if before is None else replace(before, freed=True, executed=True)
        if before is not None and after is not None:
            self._moved(view, event, before, after)
        if event.status == "error" or (event.status is None and event.error is not None):
            return (*records[:-1], after) if after is not None else records
        # A result without a span is told apart by its tool alone; it is paired with no call by guessing.
        record = after or _Record(event.tool or "", event.agent, None, False, None, at_ns, {})
        sure = event.status is not None
        if not record.done:
            view.add(("succeeded", event.trace_id, record.tool), 1)
            if not sure:
                view.add(("unsure", event.trace_id, record.tool), 1)
            record = replace(record, done=True, done_ns=at_ns, sure=sure)
            for plan in self._by_tool.get(record.tool, ()):
                if plan.limit.counts == "succeeded":
                    self._contribute(view, plan, event, record, at_ns)
        if record.tool in self._sources:
            kept: Grown[tuple[str, _Result]] = view.get(("results", event.trace_id), _NO_RESULTS)
            captured = sure and event.content is not None and event.fidelity not in _WHOLE
            result = _Result(_value(event.content) if captured else None, record.args, captured)
            view.set(("results", event.trace_id), kept.plus((record.tool, result)))
        return (*records[:-1], record) if after is not None else records

    def _moved(self, view: _View, event: Event, before: _Record, after: _Record) -> None:
        if before.released != after.released and not self.is_trusted(after.tool):
            view.add(("released", session_of(event)), 1 if after.released else -1)
        if before.counts != after.counts:
            for plan in self._by_tool.get(after.tool, ()):
                if plan.limit.counts == "executed":
                    self._contribute(view, plan, event, after, after.at_ns, again=True)

    def _contribute(
        self, view: _View, plan: _Plan, event: Event, record: _Record, at_ns: int | None, *, again: bool = False
    ) -> None:
        """Counts a call under a limit; `again` where it counts no more, or counts once more."""
        limit = plan.limit
        head = self._head(plan, event, record.tool, at_ns)
        if head is None:
            return  # on no day: no call of a known day can share it
        values: object = _values(plan, record.args or {}, record.facts)
        if record.args is None and not record.error and plan.reads_args:
            values = _UNCAPTURED
        amount = self._amount(plan, record.args)
        if values is _UNCAPTURED or not record.sure or (at_ns is None and limit.span in ("day", "forever")):
            amount = Amount(uncaptured=1)
        elif values is None:
            amount = Amount(unknown=1)
        undated = at_ns is None and limit.span == "day"
        scope: Scope = ("limit", limit.id, head, values if isinstance(values, tuple) and not undated else None)
        if again and not record.counts:
            amount = NOTHING.minus(amount)
        tally: Tally = view.get(scope, _EMPTY)
        add = tally.corrected if again else tally.counted
        view.set(scope, add(amount, at_ns, windowed=limit.within_s is not None))


class _View(Mapping[Scope, Any]):
    """States with changes on top."""

    def __init__(self, changed: dict[Scope, Any], below: States) -> None:
        self._changed = changed
        self._below = below

    def __getitem__(self, scope: Scope) -> Any:
        return self._changed[scope] if scope in self._changed else self._below[scope]

    def __iter__(self) -> Any:
        return iter({**self._below, **self._changed})

    def __len__(self) -> int:
        return len({**self._below, **self._changed})

    def set(self, scope: Scope, state: Any) -> None:
        self._changed[scope] = state

    def add(self, scope: Scope, count: int) -> None:
        self._changed[scope] = self.get(scope, 0) + count


class _Uncaptured:
    def __repr__(self) -> str:
        return "UNCAPTURED"


_UNCAPTURED: Final = _Uncaptured()
_EMPTY: Final = Tally()
_NO_RESULTS: Final[Grown[tuple[str, _Result]]] = Grown()
_TAINTED: Final = history_key("tainted", "session")


def _plan(limit: Limit) -> _Plan:
    words = ("agent", "session", "trace", "tool")
    places = tuple(each if each in words else _path(each) for each in limit.for_each)
    if limit.sum is None:
        return _Plan(limit, None, math.floor(limit.max), places)
    return _Plan(limit, _path(limit.sum), math.floor(Fraction(str(limit.max)) * MICRO), places)


def _values(plan: _Plan, args: dict[str, Any], facts: Mapping[str, Any]) -> tuple[str, ...] | object | None:
    """The parts of a key that stand in the call or in a fact, as canonical text; None where one is unknown."""
    made: list[str] = []
    lacking = False
    for each in plan.places:
        if isinstance(each, str):
            continue
        if each[0] != "args" and each[0] not in facts:
            return _UNCAPTURED
        value = place({**facts, "args": args}, each)
        if value is ABSENT or value is WRONG:
            lacking = True
        else:
            made.append(text_of(value))
    return None if lacking else tuple(made)


@cache
def _path(text: str) -> Path:
    """The path of a place as a charter writes it."""
    tree = parse_text(f"{text} == null")
    path = path_of(children(tree)[0])
    if path is None:
        raise ValueError(f"`{text}` is no place")
    return path


def _chained(facts: Mapping[str, Fact]) -> tuple[str, ...]:
    """Facts, each after those that its `where` reads."""
    made: dict[str, None] = {}

    def visit(name: str) -> None:
        if name in made:
            return
        for _, right in facts[name].where:
            other = str(_path(right)[0])
            if other in facts and other != name:
                visit(other)
        made[name] = None

    for name in sorted(facts):
        visit(name)
    return tuple(made)


def session_of(event: Event) -> str:
    """A trace without a session is one of its own."""
    return f"s:{event.session_id}" if event.session_id else f"t:{event.trace_id}"


def _same(one: _Record, other: _Record) -> bool:
    return (one.tool, one.text, one.error, one.foreign) == (other.tool, other.text, other.error, other.foreign)


def _own(states: States, call: Event) -> _Record | None:
    """The call itself, where it was proposed before."""
    if call.span_id is None:
        return None
    records: Iterable[_Record] = states.get(("span", call.trace_id, call.span_id), ())
    mine = (call.tool or "", call.args, call.args_error is not None)
    return next((each for each in records if (each.tool, each.text, each.error) == mine and not each.foreign), None)


def _counted(limit: Limit, own: _Record) -> bool:
    return own.done if limit.counts == "succeeded" else own.counts if limit.counts == "executed" else True


def _time(limit: Limit, own: _Record) -> int | None:
    return own.done_ns if limit.counts == "succeeded" else own.at_ns


def _of_result(fact: Fact) -> bool:
    return any(field.path.startswith("result") for field in fact.fields)


def _matches(result: _Result, wanted: list[tuple[str, str]]) -> bool | None:
    """Whether a result is for the wanted keys; None where the log does not say."""
    sure = True
    for left, value in wanted:
        of_result = left.startswith("result")
        if (of_result and not result.captured) or (not of_result and result.args is None):
            sure = False
            continue
        found = place({"result": result.value}, _path(left)) if of_result else (result.args or {}).get(left, ABSENT)
        if found is ABSENT or found is WRONG or text_of(found) != value:
            return False
    return True if sure else None


def _read(fact: Fact, result: _Result) -> dict[str, Any]:
    root = {"result": result.value, "call": result.args or {}}
    values = {field.name: place(root, _path(field.path)) for field in fact.fields}
    return {field.name: values[field.name] for field in fact.fields if _fits(field, values[field.name])}


def _fits(field: FactField, value: Any) -> bool:
    """Whether a value is what the field is declared to hold; what is not is as if it were not there."""
    if value is ABSENT or value is WRONG or not is_of(value, field.kind):
        return False
    return not field.values or any(text_of(value) == text_of(each) for each in field.values)


def _value(content: str | None) -> Any:
    """A result as data: JSON where it is some, else the text itself."""
    if content is None:
        return None
    try:
        return parse(content)
    except Malformed:
        return content
