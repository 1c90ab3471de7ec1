"""Limits: which tally a call belongs to, what it adds, and whether it is over.

Every contribution stands under the limit, the parts of the key that each event has (agent, trace, day, session,
tool), and the parts that stand in the call or in a fact. Where one of the latter is not known, it may belong to any.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from govern.conditions.inputs import Path
from govern.conditions.python import ABSENT, WRONG, place
from govern.conditions.values import MICRO, micro
from govern.conditions.zones import clock
from govern.events.canonical import text_of
from govern.events.model import Event
from govern.policy.history.records import UNCAPTURED, Args, Record, Scope, States, View, path_at, session_of
from govern.policy.history.tally import NOTHING, Amount, Tally
from govern.policy.model import Limit
from govern.policy.verdict import Counter

_EMPTY: Final = Tally()


@dataclass(frozen=True, slots=True)
class Plan:
    """What a limit needs of a call."""

    limit: Limit
    sum: Path | None
    most: int  # in the unit of its amounts
    places: tuple[Path | str, ...]  # of `for_each`: a word, or a place in the call

    @property
    def facts(self) -> frozenset[str]:
        return frozenset(str(each[0]) for each in self.places if isinstance(each, tuple) and each[0] != "args")

    def written(self, amount: int) -> Decimal:
        """An amount as the charter would write it."""
        return Decimal(amount) if self.sum is None else (Decimal(amount) / MICRO).normalize()

    @property
    def reads_args(self) -> bool:
        return self.sum is not None or any(isinstance(each, tuple) and each[0] == "args" for each in self.places)


class Limits:
    """The limits of a policy.

    Args:
        declared: of the policy.
        zone: the deployment's time zone, for limits within a day.
    """

    def __init__(self, declared: tuple[Limit, ...], zone: str | None) -> None:
        self.plans = tuple(_plan(limit) for limit in declared)
        self.zone = zone
        self._by_tool: dict[str, list[Plan]] = {}
        for plan in self.plans:
            for tool in plan.limit.tools:
                self._by_tool.setdefault(tool, []).append(plan)

    def of(self, tool: str) -> list[Plan]:
        """Those that a tool's calls count for."""
        return self._by_tool.get(tool, [])

    def exceeded(
        self,
        plan: Plan,
        states: States,
        call: Event,
        args: dict[str, Any],
        own: Record | None,
        facts: Mapping[str, Any],
        *,
        at_ns: int | None,
        ordered: bool,
    ) -> tuple[bool | object | None, Counter]:
        """Whether earlier calls and this one are more than the limit has: true, false, None for unknown, or UNCAPTURED;
        and how much of it is used, with this call.

        Args:
            own: the call itself, where it was proposed before.
            facts: as they stand.
            at_ns, ordered: as of `History.inputs`.
        """
        amount = self._amount(plan, args)
        used: object = UNCAPTURED
        if ordered and (at_ns is not None or plan.limit.span == "trace"):
            used = self._used(plan, states, call, _values(plan, args, facts), amount, own, at_ns)
        known = isinstance(used, Amount)
        total = used if isinstance(used, Amount) else amount
        exact = known and not (total.unknown or total.uncaptured)
        counter = Counter(plan.limit.id, plan.written(total.low), Decimal(str(plan.limit.max)), exact)
        if amount.low > plan.most:
            return True, counter
        return self._over(plan, total) if known else used, counter

    def _used(
        self,
        plan: Plan,
        states: States,
        call: Event,
        values: object,
        amount: Amount,
        own: Record | None,
        at_ns: int | None,
    ) -> object:
        """An Amount, with the call's own; None where the key of the call is unknown, or UNCAPTURED."""
        limit = plan.limit
        head = self._head(plan, call.agent, call.trace_id, session_of(call), call.tool or "", at_ns)
        if not isinstance(values, tuple) or head is None:
            return None if head is None else values
        # What belongs to any key may belong to this one, and what is of no day to this day.
        shared: list[object] = [(head, values), (head, None)]
        if limit.span == "day" and self.zone is not None:
            undated = self._head(plan, call.agent, call.trace_id, session_of(call), call.tool or "", None)
            shared.append((undated, None))
        after = None if limit.within_s is None or at_ns is None else at_ns - limit.within_s * 10**9
        used = amount
        for key in shared:
            tally: Tally = states.get(_scope(limit, key), _EMPTY)
            used = used.plus(tally.total if after is None else tally.since(after))
        if own is not None and _counted(limit, own):
            # A poll or a retry: the call is one call, whenever it was counted.
            mine = _time(limit, own)
            if self._place(plan, call.trace_id, own, mine) in shared and (
                after is None or (mine is not None and mine > after)
            ):
                used = used.minus(self._contribution(plan, own, mine))
        return used

    def _over(self, plan: Plan, used: Amount) -> bool | object | None:
        if used.low > plan.most:
            # Of all days together, where there is no zone: nobody knows which of them is this one.
            return None if plan.limit.span == "day" and self.zone is None else True
        if plan.sum is not None:
            return None if used.unknown else UNCAPTURED if used.uncaptured else False
        if used.low + used.unknown > plan.most:
            return None
        return UNCAPTURED if used.low + used.unknown + used.uncaptured > plan.most else False

    def contribute(
        self, view: View, plan: Plan, event: Event, record: Record, at_ns: int | None, *, again: bool = False
    ) -> None:
        """Counts a call under a limit; `again` where it counts no more, or counts once more."""
        limit = plan.limit
        place = self._place(plan, event.trace_id, record, at_ns)
        if place is None:
            return  # on no day: no call of a known day can share it
        amount = self._contribution(plan, record, at_ns)
        if again and not record.counts:
            amount = NOTHING.minus(amount)
        scope = _scope(limit, place)
        tally: Tally = view.get(scope, _EMPTY)
        add = tally.corrected if again else tally.counted
        view.set(scope, add(amount, at_ns, windowed=limit.within_s is not None))

    def _place(
        self, plan: Plan, trace: str, record: Record, at_ns: int | None
    ) -> tuple[tuple[object, ...], tuple[str, ...] | None] | None:
        """Where a contribution stands: the parts of its key that every event has, and the others, None where they are
        not known. None where its time is on no day."""
        head = self._head(plan, record.agent, trace, record.session, record.tool, at_ns)
        if head is None:
            return None
        values = self._key(plan, record)
        undated = at_ns is None and plan.limit.span == "day"
        return head, values if isinstance(values, tuple) and not undated else None

    def _key(self, plan: Plan, record: Record) -> object:
        if record.args is None and not record.error and plan.reads_args:
            return UNCAPTURED
        return _values(plan, record.args or {}, record.facts)

    def _contribution(self, plan: Plan, record: Record, at_ns: int | None) -> Amount:
        """What a recorded call adds, as far as it is known that it does and for which key."""
        values = self._key(plan, record)
        unsure = plan.limit.counts == "succeeded" and not record.sure
        if values is UNCAPTURED or unsure or (at_ns is None and plan.limit.span != "trace"):
            return Amount(uncaptured=1)
        return Amount(unknown=1) if values is None else self._amount(plan, record.args)

    def _amount(self, plan: Plan, args: Args) -> Amount:
        """What a call adds, by its own arguments."""
        if plan.sum is None:
            return Amount(1)
        value = None if args is None else micro(place({"args": args}, plan.sum))
        return Amount(unknown=1) if value is None or value < 0 else Amount(value)

    def _head(
        self, plan: Plan, agent: str | None, trace: str, session: str, tool: str, at_ns: int | None
    ) -> tuple[object, ...] | None:
        """The parts of a key that every event has; None where a time is on no day. An untimed one has its own day."""
        limit = plan.limit
        made: list[object] = [agent]
        if limit.span == "trace":
            made.append(trace)
        elif limit.span == "day" and at_ns is not None and self.zone is not None:
            day = clock("date", at_ns, self.zone)
            if day is None:
                return None
            made.append(day)
        for each in plan.places:
            match each:
                case "trace":
                    made.append(trace)
                case "session":
                    made.append(session)
                case "tool":
                    made.append(tool)
                case _:
                    pass
        return tuple(made)


def _scope(limit: Limit, key: object) -> Scope:
    return ("limit", limit.id, key)


def _plan(limit: Limit) -> Plan:
    words = ("agent", "session", "trace", "tool")
    places = tuple(each if each in words else path_at(each) for each in limit.for_each)
    if limit.sum is None:
        return Plan(limit, None, math.floor(limit.max), places)
    return Plan(limit, path_at(limit.sum), math.floor(Fraction(str(limit.max)) * MICRO), places)


def _values(plan: Plan, args: dict[str, Any], facts: Mapping[str, Any]) -> tuple[str, ...] | object | None:
    """The parts of a key that stand in the call or in a fact, as canonical text; None where one is unknown."""
    made: list[str] = []
    lacking = False
    for each in plan.places:
        if isinstance(each, str):
            continue
        if each[0] != "args" and each[0] not in facts:
            return UNCAPTURED
        value = place({**facts, "args": args}, each)
        if value is ABSENT or value is WRONG:
            lacking = True
        else:
            made.append(text_of(value))
    return None if lacking else tuple(made)


def _counted(limit: Limit, own: Record) -> bool:
    return own.done if limit.counts == "succeeded" else own.counts if limit.counts == "executed" else True


def _time(limit: Limit, own: Record) -> int | None:
    return own.done_ns if limit.counts == "succeeded" else own.at_ns
