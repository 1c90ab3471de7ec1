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

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from govern.conditions import Inputs, bound
from govern.conditions.inputs import history_key, outside
from govern.conditions.tree import Call, Lit, walk
from govern.events.canonical import Malformed, parse
from govern.events.model import Event, EventType, Mode
from govern.policy.history.facts import Facts
from govern.policy.history.limits import Limits
from govern.policy.history.records import (
    APPROVE,
    GOVERNED,
    LIFECYCLE,
    UNCAPTURED,
    Args,
    Record,
    Scope,
    States,
    View,
    own_record,
    same_call,
    session_of,
)  # fmt: skip
from govern.policy.model import Policy

__all__ = ["APPROVE", "GOVERNED", "LIFECYCLE", "Fill", "History", "Scope", "States", "session_of"]

Fill = Callable[[str, dict[str, Any]], dict[str, Any]]
_TAINTED: Final = history_key("tainted", "session")


class History:
    """What a policy needs to know of what came before.

    Attributes:
        keys: all that any condition reads of it, as in `conditions.Inputs`.
        counts: those of `calls` and `succeeded`, with function and tool.
        fills: tools whose schema has defaults.

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
        self.facts = Facts(policy.facts)
        self.limits = Limits(policy.limits, zone)
        self._fill = fill
        self.fills = frozenset(
            name for name, tool in policy.tools.items() if tool.schema and '"default"' in tool.schema
        )
        self._asked = {name: self._needs(name) for name in policy.tools}
        self.keys = frozenset().union(*self._asked.values())
        self._sources = self.facts.sources(self.keys)
        self._trusted = frozenset(policy.untrusted.trusted) if policy.untrusted else frozenset()
        self.counts = {
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

    def asked(self, tool: str) -> frozenset[str]:
        """The keys of `conditions.Inputs` that conditions of a tool read, with the facts that these depend on."""
        return self._asked.get(tool, frozenset())

    def is_trusted(self, tool: str) -> bool:
        """Whether a tool's output is believed."""
        return tool in self._trusted

    def filled(self, tool: str, args: dict[str, Any]) -> dict[str, Any]:
        """A call's arguments with the defaults of the tool's schema."""
        return args if self._fill is None else self._fill(tool, args)

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
        a value that is None is unknown. Beside them, `counter('id')` is a `Counter`: no condition reads it.

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
        if not keys:
            return {}
        found = self.facts.found(keys, states, call, args, ordered=ordered, session=session)
        own = own_record(states, call)
        for key in keys:
            if key in self.counts:
                kind, tool = self.counts[key]
                if ordered and not (kind == "succeeded" and states.get(("unsure", call.trace_id, tool), 0)):
                    found[key] = states.get((kind, call.trace_id, tool), 0)
            elif key == _TAINTED:
                others = states.get(("released", session_of(call)), 0)
                mine = own is not None and own.session == session_of(call)
                if own is not None and mine and own.released and not self.is_trusted(own.tool):
                    others -= 1  # a call does not taint itself
                found[key] = rival or others > 0
        for plan in self.limits.of(call.tool or ""):
            over, counter = self.limits.exceeded(plan, states, call, args, own, found, at_ns=at_ns, ordered=ordered)
            found[history_key("counter", plan.limit.id)] = counter
            if over is not UNCAPTURED:
                found[history_key("exceeded", plan.limit.id)] = over
        return found

    def _needs(self, tool: str) -> frozenset[str]:
        mapped = self.policy.tools[tool]
        keys = {key for each in mapped.conditions for key in outside(bound(each, tool=tool, agent=self.policy.agent))}
        for plan in self.limits.of(tool):
            keys |= plan.facts
        return self.facts.before(frozenset(keys)) - {"at"}

    # -- writing --

    def changes(
        self,
        states: States,
        event: Event,
        at_ns: int | None,
        session: Inputs | None = None,
        *,
        ordered: bool = True,
    ) -> dict[Scope, Any]:
        """The states that an event makes new.

        Args:
            states: as they stand before it.
            at_ns: its place in time; None where its trace has none.
            session: facts that the host asserts, for limits that are counted for each of them.
            ordered: whether it is known what came before it in its trace.
        """
        if event.type not in LIFECYCLE:
            return {}
        changed: dict[Scope, Any] = {}
        view = View(changed, states)
        scope: Scope = ("span", event.trace_id, event.span_id)
        records: tuple[Record, ...] = states.get(scope, ()) if event.span_id is not None else ()
        opens = event.type is EventType.TOOL_CALL or (
            not records and event.span_id is not None and event.type in (EventType.TOOL_START, EventType.TOOL_RESULT)
        )
        if opens:
            record = self._record(states, event, at_ns, session, ordered)
            if any(same_call(record, each) for each in records):
                return {}
            records = (*records, record)
            if not record.foreign:
                self._proposed(view, event, record)
        if event.type is not EventType.TOOL_CALL:
            records = self._went_on(view, event, records, at_ns)
            ran = event.type in (EventType.TOOL_START, EventType.TOOL_RESULT)
            if ran and event.span_id is None and not self.is_trusted(event.tool or ""):
                # Of some call, nobody knows which: that was released, whatever is recorded of the others.
                view.add(("released", session_of(event)), 1)
        if event.span_id is not None and records:
            changed[scope] = records
        return changed

    def _record(self, states: States, event: Event, at_ns: int | None, session: Inputs | None, ordered: bool) -> Record:
        foreign = event.type is EventType.TOOL_CALL and event.actor_kind not in GOVERNED
        tool = event.tool or ""
        plans = self.limits.of(tool)
        args = self._parsed(tool, event) if tool in self._sources or plans else None
        named = frozenset().union(*(plan.facts for plan in plans))
        malformed = event.args_error is not None
        asked = {} if args is None and malformed else args
        facts: dict[str, Any] = {}
        if named:
            facts = self.facts.found(self.facts.before(named), states, event, asked, ordered=ordered, session=session)
        return Record(tool, event.agent, session_of(event), event.args, malformed, args, at_ns, facts, foreign)

    def _parsed(self, tool: str, event: Event) -> Args:
        if event.args is None or event.args_error is not None:
            return None
        try:
            value = parse(event.args)
        except Malformed:
            return None
        return self.filled(tool, value) if isinstance(value, dict) else None

    def _proposed(self, view: View, event: Event, record: Record) -> None:
        view.add(("calls", event.trace_id, record.tool), 1)
        if not self.is_trusted(record.tool):
            view.add(("released", record.session), 1)
        for plan in self.limits.of(record.tool):
            if plan.limit.counts != "succeeded":
                self.limits.contribute(view, plan, event, record, record.at_ns)

    def _went_on(self, view: View, event: Event, records: tuple[Record, ...], at_ns: int | None) -> tuple[Record, ...]:
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

    def _answered(self, view: View, event: Event, records: tuple[Record, ...], at_ns: int | None) -> tuple[Record, ...]:
        before = records[-1] if records else None
        if before is not None and before.foreign:
            return records
        after = None if before is None else replace(before, freed=True, executed=True)
        if before is not None and after is not None:
            self._moved(view, event, before, after)
        if event.status == "error" or (event.status is None and event.error is not None):
            return (*records[:-1], after) if after is not None else records
        # A result without a span is told apart by its tool alone; it is paired with no call by guessing.
        record = after or Record(event.tool or "", event.agent, session_of(event), None, False, None, at_ns, {})
        if not record.done:
            sure = event.status is not None
            view.add(("succeeded", event.trace_id, record.tool), 1)
            if not sure:
                view.add(("unsure", event.trace_id, record.tool), 1)
            record = replace(record, done=True, done_ns=at_ns, sure=sure)
            for plan in self.limits.of(record.tool):
                if plan.limit.counts == "succeeded":
                    self.limits.contribute(view, plan, event, record, at_ns)
        if record.tool in self._sources:
            self.facts.keep(view, event, record)
        return (*records[:-1], record) if after is not None else records

    def _moved(self, view: View, event: Event, before: Record, after: Record) -> None:
        if before.released != after.released and not self.is_trusted(after.tool):
            view.add(("released", after.session), 1 if after.released else -1)
        if before.counts != after.counts:
            for plan in self.limits.of(after.tool):
                if plan.limit.counts == "executed":
                    self.limits.contribute(view, plan, event, after, after.at_ns, again=True)
