"""Inputs that two policies work out in two ways from one past: limits, facts, what was read.

A limit under the same id, a fact under the same name and `tainted` are not the same input where their declarations
differ. Each gets an order: what counts more is over sooner, what is believed less taints sooner, and what is unknown
where it was known loosens nothing, unless a condition asks whether it is there. Leaves out what follows for a verdict
(`aligned`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any, Final

from govern.conditions import Condition
from govern.conditions.inputs import Path
from govern.diff.directions import direction
from govern.diff.order import BOTH, NARROWER, WIDER, Order, joined
from govern.diff.truth import tells_absence
from govern.events.canonical import text_of
from govern.policy.history.records import path_at
from govern.policy.model import Fact, FactField, Limit, Policy, ToolPolicy
from govern.policy.schema_tree import Schema, pointer_target, read

LONGEST_DAY_S: Final = 25 * 3600
"""A calendar day with the hour that clocks are put back."""
# A longer name counts more of the same past.
_COUNTS: Final = ("succeeded", "executed", "proposed")
# Values of the kind are of the other kinds too.
_IS_ALSO: Final = {"integer": ("number", "any"), "timestamp": ("string", "any")}


class Inputs:
    """The inputs of two policies.

    Args:
        old, new: with the rules made from limits and after reading.
        zone: the deployment's time zone: without one nobody knows which day it is.
    """

    def __init__(self, old: Policy, new: Policy, zone: str | None) -> None:
        self.old, self.new, self.zone = old, new, zone
        self._old_limits = {limit.id: limit for limit in old.limits}
        self._new_limits = {limit.id: limit for limit in new.limits}
        self.limit = cache(self._limit)

    # -- limits --------------------------------------------------------------------------------------------

    def limits(self, tool: str) -> Iterator[tuple[str, Order]]:
        """Limits that both policies hold a tool to, and that they count differently."""
        for id, limit in self._new_limits.items():
            before = self._old_limits.get(id)
            if before is not None and tool in before.tools and tool in limit.tools:
                order = self.limit(id)
                if not order.equal:
                    yield id, order

    def _limit(self, id: str) -> Order:
        return joined(order for _, order in self.limit_keys(self._old_limits[id], self._new_limits[id]))

    def limit_said(self, id: str) -> tuple[str, ...]:
        """How a limit changed, in words: `max 2000 → 3000`."""
        old, new = self._old_limits[id], self._new_limits[id]
        return tuple(_said(old, new, key) for key, _ in self.limit_keys(old, new))

    def limit_keys(self, old: Limit, new: Limit) -> Iterator[tuple[str, Order]]:
        """The keys of a limit that say how it counts and differ, each with its order."""
        table = {key: direction("LIMIT", key) for key in ("tools", "sum", "max", "within", "for_each", "counts")}
        # A tool that one charter does not map is not called under it: it takes nothing of a limit from the others.
        both = self.old.tools.keys() & self.new.tools.keys()
        before, after = (set(each.tools) & both for each in (old, new))
        if before != after:
            order = Order(narrower=bool(after - before), wider=bool(before - after))
            yield "tools", order.because(table["tools"].why)
        if old.sum != new.sum:
            yield "sum", table["sum"].order(old.sum, new.sum)
        if old.max != new.max:
            yield "max", table["max"].order(old.max, new.max)
        if (old.within_s, old.span) != (new.within_s, new.span):
            order = Order(narrower=not self._spans(old, new), wider=not self._spans(new, old))
            yield "within", order.because(table["within"].why)
        order = self._keyed(old, new)
        if not order.equal:
            yield "for_each", order.because(*order.why, table["for_each"].why)
        if old.counts != new.counts:
            yield "counts", self._counts(old, new).because(table["counts"].why)

    def _spans(self, one: Limit, other: Limit) -> bool:
        """Whether every earlier call that the other looks at is one that the one looks at too."""
        if one.span == "forever" or (one.within_s, one.span) == (other.within_s, other.span):
            return True
        if one.within_s is None:
            return False
        if other.span == "day" and self.zone is not None:
            return one.within_s >= LONGEST_DAY_S
        return other.within_s is not None and one.within_s >= other.within_s

    def _keyed(self, old: Limit, new: Limit) -> Order:
        """A limit is of one agent, and within a trace of one trace, whether `for_each` says so or not."""
        given = {"agent"} | ({"trace"} if old.span == new.span == "trace" else set())
        gone, come = set(old.for_each) - set(new.for_each) - given, set(new.for_each) - set(old.for_each) - given
        if any(self._moved(each) for each in set(old.for_each) & set(new.for_each)):
            return BOTH.because("it counts apart by a fact that is worked out otherwise")
        if _of_facts(come, self.new.facts) or _of_facts(gone, self.old.facts):
            return BOTH.because("a fact that is unknown counts as over, and is no key where nothing asks for it")
        order = Order(narrower=bool(gone), wider=bool(come))
        loose = [each for each in sorted(gone | come) if each.startswith("args") and not self._there(old, new, each)]
        if loose:
            return BOTH.because(f"a call without `{loose[0]}` counts as over, and only where it is a key")
        return order

    def _moved(self, key: str) -> bool:
        """Whether a key is of a fact that both work out differently."""
        root = str(path_at(key)[0]) if "." in key else key
        return root in self.new.facts and root in self.old.facts and not self.fact(root, (path_at(key),)).equal

    def _there(self, old: Limit, new: Limit, key: str) -> bool:
        """Whether a valid call of every tool of the limit has the argument."""
        path = path_at(key)[1:]
        return all(
            _required(policy.tools[tool], path)
            for policy, limit in ((self.old, old), (self.new, new))
            for tool in limit.tools
        )

    def _counts(self, old: Limit, new: Limit) -> Order:
        before, after = _COUNTS.index(old.counts), _COUNTS.index(new.counts)
        if "succeeded" in (old.counts, new.counts) and not {old.span, new.span} <= {"trace", "forever"}:
            return BOTH  # a success counts from its end on, the others from when they were proposed
        return Order(narrower=after > before, wider=after < before)

    # -- facts ---------------------------------------------------------------------------------------------

    def facts(self, conditions: Iterable[Condition]) -> Iterator[tuple[str, Order, bool]]:
        """Facts that conditions read and that both policies declare differently, each with its order, and whether some
        condition asks if it is there: then what is unknown may loosen."""
        every = tuple(conditions)
        names = dict.fromkeys(str(read.path[0]) for each in every for read in each.reads)
        for name in names:
            if name not in self.old.facts or name not in self.new.facts:
                continue
            order = self.fact(name, tuple(read.path for each in every for read in each.reads if read.path[0] == name))
            if order.equal:
                continue
            yield name, order, any(tells_absence(each.tree, name) for each in every)

    def fact(self, name: str, paths: tuple[Path, ...] | None = None) -> Order:
        """How the fact of the new policy compares, read by conditions that do not ask whether it is there.

        Args:
            paths: that are read; None for all.
        """
        return joined(order for _, order in self.fact_keys(name, paths))

    def fact_keys(
        self, name: str, paths: tuple[Path, ...] | None = None, seen: frozenset[str] = frozenset()
    ) -> Iterator[tuple[str, Order]]:
        """The keys in which two declarations of a fact differ, as `from`, `from.where`, `fields.status.enum`."""
        old, new = self.old.facts[name], self.new.facts[name]
        if bool(old.result_of) != bool(new.result_of):
            yield "from", BOTH.because(direction("FACT", "from").why)
        elif set(old.result_of) != set(new.result_of):
            yield "from.result_of", BOTH.because(direction("SOURCE", "result_of").why)
        results = bool(old.result_of and new.result_of)
        if results and (old.where != new.where or self._where_moved(old, new, seen | {name})):
            yield "from.where", BOTH.because(direction("SOURCE", "where").why)
        if old.first != new.first and results:
            yield "take", BOTH.because(direction("FACT", "take").why)
        before, after = ({field.name: field for field in fact.fields} for fact in (old, new))
        read = None if paths is None or any(len(path) < 2 for path in paths) else {str(path[1]) for path in paths}
        for key in before:
            if key in after and (read is None or key in read):
                for part, order in _field(before[key], after[key]):
                    if part != "path" or results:
                        yield f"fields.{key}.{part}", order

    def _where_moved(self, old: Fact, new: Fact, seen: frozenset[str]) -> bool:
        paths = {path_at(right) for fact in (old, new) for _, right in fact.where}
        both = {str(path[0]) for path in paths} & self.old.facts.keys() & self.new.facts.keys() - seen
        read = {root: tuple(path for path in paths if path[0] == root) for root in both}
        return any(not joined(order for _, order in self.fact_keys(root, read[root], seen)).equal for root in both)

    # -- what was read -------------------------------------------------------------------------------------

    def reading(self) -> Order:
        """How `tainted('session')` compares: output of fewer trusted tools taints sooner."""
        old, new = (set(each.untrusted.trusted if each.untrusted else ()) for each in (self.old, self.new))
        order = Order(narrower=bool(old - new), wider=bool(new - old))
        return order.because(direction("UNTRUSTED", "trusted").why)


def _said(old: Limit, new: Limit, key: str) -> str:
    if key in ("tools", "for_each"):
        before, after = getattr(old, key), getattr(new, key)
        moved = [f"with {each}" for each in after if each not in before]
        moved += [f"without {each}" for each in before if each not in after]
        return f"{key} {', '.join(moved)}"
    said = [(each.span or f"{each.within_s}s") if key == "within" else getattr(each, key) for each in (old, new)]
    return f"{key} {said[0] or 'calls'} → {said[1] or 'calls'}"


def _of_facts(keys: set[str], facts: Any) -> set[str]:
    return {key for key in keys if "." in key and str(path_at(key)[0]) in facts}


def _field(old: FactField, new: FactField) -> Iterator[tuple[str, Order]]:
    if old.kind != new.kind:
        # Of the wider kind nothing is unknown that was known.
        wider = new.kind in ("any", *_IS_ALSO.get(old.kind, ()))
        narrower = old.kind in ("any", *_IS_ALSO.get(new.kind, ()))
        order = WIDER if wider else NARROWER if narrower else BOTH
        yield "type", order.because(direction("FIELD", "type").why)
    before, after = ({text_of(value) for value in field.values} for field in (old, new))
    if before != after:
        fewer = bool(after) and (not before or bool(before - after))
        more = bool(before) and (not after or bool(after - before))
        yield "enum", Order(narrower=fewer, wider=more).because(direction("FIELD", "enum").why)
    if old.path != new.path:
        yield "path", BOTH.because(direction("FIELD", "path").why)


def _required(tool: ToolPolicy, path: Path) -> bool:
    """Whether valid input always has a value at a path below the arguments."""
    return tool.schema is not None and _has(read(tool.schema), read(tool.schema), path)


def _has(root: Schema, schema: Schema, path: Path) -> bool:
    if not path:
        return True
    if not isinstance(schema, dict):
        return False
    target = pointer_target(root, schema["$ref"]) if isinstance(schema.get("$ref"), str) else None
    step, rest = path[0], path[1:]
    own = step in schema.get("required", ()) and (
        not rest or (_object(schema, step) and _has(root, schema["properties"][step], rest))
    )
    return (
        own
        or any(_has(root, each, path) for each in schema.get("allOf", ()))
        or (
            target is not None
            and target is not schema
            and "$ref" not in (target if isinstance(target, dict) else {})
            and _has(root, target, path)
        )
    )


def _object(schema: dict[str, Any], step: Any) -> bool:
    """Whether the value at a step can be nothing but an object, so that what it requires is there."""
    below = schema.get("properties", {}).get(step)
    return isinstance(below, dict) and below.get("type") == "object"
