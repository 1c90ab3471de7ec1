"""Sections that lead to verdicts: tools, rules, limits, `never`, what is believed and what reading costs, facts.

Each is ordered by itself; what it does to calls is told by the tools. Leaves out people and tests
(`sections_people`).
"""

from __future__ import annotations

from collections.abc import Iterable

from govern.charter.model import AfterReading, Deny, Effect, Fact, Limit, RaisesTier, Rule, Tool, gate_of
from govern.conditions import Condition
from govern.conditions.inputs import reads
from govern.conditions.tree import Node
from govern.diff.causes import no_wider_schema
from govern.diff.directions import direction
from govern.diff.gates import Gates
from govern.diff.inputs import Inputs
from govern.diff.order import EQUAL, NARROWER, UNPROVEN, WIDER, Order, covering, glob_covers, joined
from govern.diff.released import after_release
from govern.diff.section import Found, names, shown
from govern.diff.solver import Solver
from govern.diff.truth import applies_too, negated, normal
from govern.findings import Location
from govern.policy.model import Tier
from govern.policy.terms import When
from govern.proof.question import Found as Shown
from govern.proof.question import Proven

_TIERS = list(Tier)


class Rules:
    """The sections of one comparison.

    Args:
        found: where they are collected.
    """

    def __init__(self, found: Found, inputs: Inputs, gates: Gates, solver: Solver) -> None:
        self.found, self.inputs, self.gates, self.solver = found, inputs, gates, solver

    # -- tools ---------------------------------------------------------------------------------------------

    def tools(self) -> None:
        """Tools of the charter, key by key."""
        one = (self.found.old.tools, self.found.new.tools)
        self.found.named("tools", "CHARTER", "tools", one, WIDER, self._tool)

    def _tool(self, name: str, old: Tool, new: Tool) -> None:
        path, at, found = f"tools.{name}", (old.at, new.at), self.found
        orders = dict(after_release(self.inputs, name, self.solver))
        policies = self.inputs.old.tools[name], self.inputs.new.tools[name]
        for key in ("tier", "external", "credentials", "sensitive", "secret", "hide"):
            values = [getattr(each, key) for each in policies]
            values = [tuple(sorted(each)) if isinstance(each, tuple) else each for each in values]
            order = orders.get(key, EQUAL).because(direction("TOOL", key).why)
            found.key(path, "TOOL", key, at, (values[0], values[1]), order)
        self._approval(path, at, old, new, orders)
        found.key(path, "TOOL", "output", at, (policies[0].output, policies[1].output), orders.get("output", EQUAL))
        texts = [each.show_only_if.condition.text if each.show_only_if else None for each in (old, new)]
        found.key(path, "TOOL", "show_only_if", at, (texts[0], texts[1]), orders.get("show_only_if", EQUAL))
        if policies[0].schema != policies[1].schema:
            order = self._input(name) | orders.get("input.default", EQUAL)
            found.key(path, "TOOL", "input", at, (policies[0].schema, policies[1].schema), order)
        for before, after in _by_id(old.rules, new.rules):
            self._rule(f"{path}.rules", "OWN_RULE", "TOOL", before, after)

    def _approval(
        self, path: str, at: tuple[Location, Location], old: Tool, new: Tool, orders: dict[str, Order]
    ) -> None:
        found = self.found
        ask, asks = old.approval, new.approval
        why = direction("TOOL", "approval").why
        if ask is None or asks is None:
            order = EQUAL if ask is asks else NARROWER if ask is None else WIDER
            asked = ask.gate.name if ask else None, asks.gate.name if asks else None
            found.key(path, "TOOL", "approval", at, asked, order.because(why))
        else:
            gates = ask.gate.name, asks.gate.name
            order = self.gates.order(*gates) if gates[0] != gates[1] else EQUAL
            found.key(path, "ASK", "ask", at, gates, order, name="approval.ask")
            texts = [each.unless.condition.text if each.unless else None for each in (ask, asks)]
            waived = _waived(ask.unless.condition if ask.unless else None)
            waives = _waived(asks.unless.condition if asks.unless else None)
            order = self._where(waived, waives, (new.name,))
            found.key(path, "ASK", "unless", at, (texts[0], texts[1]), order, name="approval.unless")
            looked = [each.recheck.name if each.recheck else None for each in (ask, asks)]
            order = orders.get("approval.recheck", EQUAL)
            found.key(path, "ASK", "recheck", at, (looked[0], looked[1]), order, name="approval.recheck")
        reasons = [each.autonomous.because if each.autonomous else None for each in (old, new)]
        if None in reasons and reasons[0] != reasons[1]:
            order = WIDER if reasons[0] is None else NARROWER
            order = order.because(direction("TOOL", "autonomous").why)
            found.key(path, "TOOL", "autonomous", at, (reasons[0], reasons[1]), order)
        else:
            values = reasons[0], reasons[1]
            found.key(path, "AUTONOMOUS", "because", at, values, name="autonomous.because")

    def _input(self, name: str) -> Order:
        """Of input schemas: by what they accept, by form, else by the solver."""
        policies = self.inputs.old, self.inputs.new
        old, new = (each.tools[name] for each in policies)
        why = direction("TOOL", "input").why
        if no_wider_schema(old, new) and no_wider_schema(new, old):
            return EQUAL
        wider = None if not no_wider_schema(old, new) else False
        narrower = None if not no_wider_schema(new, old) else False
        if wider is None:
            wider = _seen(self.solver.valid_too(name, (self.inputs.new, self.inputs.old)))
        if narrower is None:
            narrower = _seen(self.solver.valid_too(name, policies))
        return _order(narrower, wider).because(why)

    # -- rules ---------------------------------------------------------------------------------------------

    def rules(self) -> None:
        """The rules for several tools."""
        for old, new in _by_id(self.found.old.rules, self.found.new.rules):
            self._rule("rules", "RULE", "CHARTER", old, new)

    def _rule(self, above: str, level: str, parent: str, old: Rule | None, new: Rule | None) -> None:
        if old is None or new is None:
            one = new or old
            at = (old.at if old else None, new.at if new else None)
            order = (NARROWER if old is None else WIDER).because(direction(parent, "rules").why)
            self.found.whole(f"{above}.{one.id if one else ''}", parent, "rules", at, order)
            return
        path, at_both = f"{above}.{new.id}", (old.at, new.at)
        if level == "RULE":
            self._select(path, level, at_both, old, new)
        self._condition(path, level, old, new)
        self._effect(path, level, at_both, (old.effect, new.effect), ("then" if old.form is When.WHEN else "otherwise",
                     "then" if new.form is When.WHEN else "otherwise"))  # fmt: skip
        self.found.key(path, level, "because", at_both, (old.because, new.because))

    def _condition(self, path: str, level: str, old: Rule, new: Rule) -> None:
        if (old.form, old.clause.condition.text) == (new.form, new.clause.condition.text):
            return
        order = self._where(_applying(old), _applying(new), _tools(self.inputs, new.id.name))
        sides = [
            each.key(one.at, str(one.form), one.clause.condition.text)
            for each, one in zip(self.found.written, (old, new), strict=True)
        ]
        key = str(new.form)
        self.found.add(f"{path}.{key}", level, key, order, sides[0], sides[1], why=direction(level, key).why)

    def _where(self, old: Condition | None, new: Condition | None, tools: tuple[str, ...]) -> Order:
        """Of two conditions by the calls for which they are true or unknown; None is always."""
        wider: bool | None
        narrower: bool | None
        if old is None or new is None:
            wider, narrower = (old is None and new is not None), (new is None and old is not None)
            return Order(narrower=narrower, wider=wider)
        wider = False if applies_too(old.tree, new.tree) else None
        narrower = False if applies_too(new.tree, old.tree) else None
        if wider is None:
            wider = self._somewhere(old, new, tools)
        if narrower is None:
            narrower = self._somewhere(new, old, tools)
        return _order(narrower, wider)

    def _somewhere(self, one: Condition, other: Condition, tools: tuple[str, ...]) -> bool | None:
        """Whether some call of some of the tools has the one true or unknown and the other false."""
        found = [_seen(self.solver.applies_too(one, other, self.inputs.new, tool)) for tool in tools]
        return True if True in found else None if None in found or not found else False

    def _select(
        self, path: str, level: str, at: tuple[Location, Location], old: Rule | Limit | AfterReading,
        new: Rule | Limit | AfterReading,
    ) -> None:  # fmt: skip
        """Which tools: by name, tier and `external`."""
        one, other = old.select, new.select
        before, after = self._concerned(self.found.old.tools.values(), old), self._concerned(
            self.found.new.tools.values(), new
        )  # fmt: skip
        common = self.found.old.tools.keys() & self.found.new.tools.keys()
        order = Order(narrower=bool((after - before) & common), wider=bool((before - after) & common))
        if not self.found.judged and order.equal:
            order = _named_more(names(one.tools), names(other.tools))
        order = order.because(direction(level, "tools").why)
        self.found.key(path, level, "tools", at, (names(one.tools), names(other.tools)), order)
        if one.external != other.external:
            self.found.key(path, level, "external", at, (one.external, other.external), order)
        if set(one.tiers) != set(other.tiers):
            every = [set(each.tiers) or set(_TIERS) for each in (one, other)]
            tiered = Order(narrower=bool(every[1] - every[0]), wider=bool(every[0] - every[1]))
            values = names(one.tiers), names(other.tiers)
            self.found.key(path, level, "tiers", at, values, tiered.because(direction(level, "tiers").why))

    @staticmethod
    def _concerned(tools: Iterable[Tool], of: Rule | Limit | AfterReading) -> set[str]:
        return {tool.name for tool in tools if of.select.concerns(tool)}

    def _effect(
        self, path: str, level: str, at: tuple[Location, Location], effects: tuple[Effect, Effect],
        keys: tuple[str, str],
    ) -> None:  # fmt: skip
        old, new = effects
        before, after = _told(old), _told(new)
        if before == after:
            return
        order = self._effects(old, new)
        sides = [
            each.key(place, key, shown(_told(effect)))
            for each, place, key, effect in zip(self.found.written, at, keys, effects, strict=True)
        ]
        self.found.add(f"{path}.{keys[1]}", level, keys[1], order, sides[0], sides[1])

    def _effects(self, old: Effect, new: Effect) -> Order:
        if isinstance(old, Deny) or isinstance(new, Deny):
            return NARROWER if isinstance(new, Deny) else WIDER
        gates, tiers = [gate_of(each) for each in (old, new)], [_tier(each) for each in (old, new)]
        order = Order(narrower=tiers[1] > tiers[0], wider=tiers[1] < tiers[0])
        match gates:
            case [None, None]:
                return order
            case [None, _]:
                return order | NARROWER
            case [_, None]:
                return order | WIDER
            case [one, other] if one is not None and other is not None:
                return order | (self.gates.order(one.name, other.name) if one.name != other.name else EQUAL)
            case _:
                return order

    # -- history -------------------------------------------------------------------------------------------

    def limits(self) -> None:
        """How often, or how much."""
        olds = {limit.id.name: limit for limit in self.found.old.limits}
        news = {limit.id.name: limit for limit in self.found.new.limits}
        order = NARROWER.because(direction("CHARTER", "limits").why)
        self.found.named("limits", "CHARTER", "limits", (olds, news), order, self._limit)

    def _limit(self, id: str, old: Limit, new: Limit) -> None:
        path, at, found = f"limits.{id}", (old.at, new.at), self.found
        self._select(path, "LIMIT", at, old, new)
        before = next(each for each in self.inputs.old.limits if each.id == id)
        after = next(each for each in self.inputs.new.limits if each.id == id)
        orders = dict(self.inputs.limit_keys(before, after))
        for key, values in (
            ("sum", (before.sum, after.sum)),
            ("max", (before.max, after.max)),
            ("within", (before.span or before.within_s, after.span or after.within_s)),
            ("for_each", (tuple(sorted(before.for_each)), tuple(sorted(after.for_each)))),
            ("counts", (before.counts, after.counts)),
        ):
            found.key(path, "LIMIT", key, at, values, orders.get(key, EQUAL))
        self._effect(path, "LIMIT", at, (old.effect, new.effect), ("otherwise", "otherwise"))
        found.key(path, "LIMIT", "because", at, (old.because, new.because))

    def untrusted(self) -> None:
        """What is believed, and what reading anything else costs."""
        found = self.found
        old, new = found.old.untrusted, found.new.untrusted
        if old is None or new is None:
            one = old or new
            if one is not None:
                at = (old.at if old else None, new.at if new else None)
                found.whole("untrusted", "CHARTER", "untrusted", at, self._untrusted_alone(one_is_new=old is None))
            return
        at_both = old.at, new.at
        found.key("untrusted", "UNTRUSTED", "trusted", at_both, (names(old.trusted), names(new.trusted)))
        found.key("untrusted", "UNTRUSTED", "on_instructions", at_both, (old.on_instructions, new.on_instructions))
        olds, news = _after(old.after_reading), _after(new.after_reading)
        order = NARROWER.because(direction("UNTRUSTED", "after_reading").why)
        found.named("untrusted.after_reading", "UNTRUSTED", "after_reading", (olds, news), order, self._after_reading)

    def _untrusted_alone(self, *, one_is_new: bool) -> Order:
        """More is scanned and asked with it; what it trusts is believed only by it."""
        one = self.found.new.untrusted if one_is_new else self.found.old.untrusted
        order = NARROWER | (WIDER if one is not None and one.trusted else EQUAL)
        return order if one_is_new else order.reverse

    def _after_reading(self, id: str, old: AfterReading, new: AfterReading) -> None:
        path, at = f"untrusted.after_reading.{id}", (old.at, new.at)
        self._select(path, "AFTER_READING", at, old, new)
        texts = [each.unless.condition.text if each.unless else None for each in (old, new)]
        waived = _waived(old.unless.condition if old.unless else None)
        waives = _waived(new.unless.condition if new.unless else None)
        order = self._where(waived, waives, _tools(self.inputs, id))
        self.found.key(path, "AFTER_READING", "unless", at, (texts[0], texts[1]), order)
        self._effect(path, "AFTER_READING", at, (old.effect, new.effect), ("then", "then"))
        self.found.key(path, "AFTER_READING", "because", at, (old.because, new.because))

    def never(self) -> None:
        """What is never released, pattern by pattern."""
        olds = {word.name: (word.at, each) for each in self.found.old.never for word in each.tools}
        news = {word.name: (word.at, each) for each in self.found.new.never for word in each.tools}
        why = direction("NEVER", "tools").why
        for pattern in dict.fromkeys((*news, *olds)):
            path = f"never.{pattern}"
            if pattern in olds and pattern in news:
                reasons = olds[pattern][1].because, news[pattern][1].because
                self.found.key(path, "NEVER", "because", (olds[pattern][1].at, news[pattern][1].at), reasons)
                continue
            others, order = (news, WIDER) if pattern in olds else (olds, NARROWER)
            if any(glob_covers(other, pattern) for other in others):
                order = EQUAL
            at = (olds[pattern][1].at if pattern in olds else None, news[pattern][1].at if pattern in news else None)
            self.found.whole(path, "NEVER", "tools", at, order.because(why))

    def facts(self) -> None:
        """What conditions may ask about."""
        self.found.named("facts", "CHARTER", "facts", (self.found.old.facts, self.found.new.facts), EQUAL, self._fact)

    def _fact(self, name: str, old: Fact, new: Fact) -> None:
        path, at = f"facts.{name}", (old.at, new.at)
        for key, order in self.inputs.fact_keys(name):
            level = "FIELD" if key.startswith("fields") else "SOURCE" if "." in key else "FACT"
            step = key.rpartition(".")[2]
            sides = [each.key(one, key, "") for each, one in zip(self.found.written, at, strict=True)]
            self.found.add(f"{path}.{key}", level, step, order, sides[0], sides[1])
        for field in dict.fromkeys((*new.fields, *old.fields)):
            if (field in old.fields) != (field in new.fields):
                ends = (old.fields[field].at if field in old.fields else None,
                        new.fields[field].at if field in new.fields else None)  # fmt: skip
                self.found.whole(f"{path}.fields.{field}", "FACT", "fields", ends, EQUAL)


def _named_more(old: tuple[str, ...], new: tuple[str, ...]) -> Order:
    """Of names and globs where no tool is known; none at all means every tool."""
    return covering(old or ("*",), new or ("*",), glob_covers)


def _by_id(old: tuple[Rule, ...], new: tuple[Rule, ...]) -> Iterable[tuple[Rule | None, Rule | None]]:
    olds, news = ({rule.id.name: rule for rule in each} for each in (old, new))
    for id in dict.fromkeys((*news, *olds)):
        yield olds.get(id), news.get(id)


def _after(entries: tuple[AfterReading, ...]) -> dict[str, AfterReading]:
    return {each.id.name if each.id else str(index): each for index, each in enumerate(entries, start=1)}


def _tools(inputs: Inputs, id: str) -> tuple[str, ...]:
    """The tools of the new policy that a rule concerns, as far as the old one has them too."""
    return tuple(
        name
        for name, tool in inputs.new.tools.items()
        if name in inputs.old.tools and any(rule.id == id for rule in tool.rules)
    )


def _applying(rule: Rule) -> Condition:
    tree = normal(rule.clause.condition.tree)
    return _made(rule.clause.condition, tree if rule.form is When.WHEN else negated(tree))


def _waived(unless: Condition | None) -> Condition | None:
    return None if unless is None else _made(unless, negated(normal(unless.tree)))


def _made(condition: Condition, tree: Node) -> Condition:
    return Condition(condition.text, tree, reads(tree))


def _told(effect: Effect) -> tuple[str, ...]:
    if isinstance(effect, Deny):
        return ("deny",)
    gate = gate_of(effect)
    tier = (str(effect.tier),) if isinstance(effect, RaisesTier) else ()
    return (*tier, gate.name if gate is not None else "")


def _tier(effect: Effect) -> int:
    return _TIERS.index(effect.tier) if isinstance(effect, RaisesTier) else -1


def _seen(answer: object) -> bool | None:
    """Whether there is such a call; None where nobody knows."""
    return True if isinstance(answer, Shown) else False if isinstance(answer, Proven) else None


def _order(narrower: bool | None, wider: bool | None) -> Order:
    """What is not known to be no wider is wider; what is not known to be narrower is not said to be."""
    if wider is None:
        return joined((UNPROVEN, NARROWER if narrower else EQUAL))
    if narrower is None:
        return Order(narrower=not wider, wider=wider, proven=wider)
    return Order(narrower=narrower, wider=wider)
