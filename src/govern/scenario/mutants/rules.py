"""Changes of rules, of what an effect asks for, of the tools that a part is about, and of `never`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from govern.charter.model import (
    Charter,
    Deny,
    Effect,
    Form,
    NeedsApproval,
    Never,
    RaisesTier,
    Rule,
    Selector,
    Tier,
    Word,
    gate_of,
)
from govern.findings import Location
from govern.scenario.mutants.change import Change, Kind
from govern.scenario.mutants.conditions import changed
from govern.scenario.mutants.places import Places

Put = Callable[[Rule | None], Charter]
"""The charter with another rule in a rule's place, or without it."""
_OTHER = {Form.WHEN: Form.ONLY_IF, Form.ONLY_IF: Form.WHEN}


def of_rules(charter: Charter, places: Places) -> Iterator[Change]:
    """Every change of every rule, those inside tools first."""
    for name, tool in charter.tools.items():
        for index, rule in enumerate(tool.rules):

            def inside(made: Rule | None, name: str = name, index: int = index) -> Charter:
                tool = charter.tools[name]
                rules = _put(tool.rules, index, made)
                return replace(charter, tools={**charter.tools, name: replace(tool, rules=rules)})

            yield from _of(charter, rule, inside, places)
    for index, rule in enumerate(charter.rules):

        def whole(made: Rule | None, index: int = index) -> Charter:
            return replace(charter, rules=_put(charter.rules, index, made))

        yield from _of(charter, rule, whole, places)


def _put(rules: tuple[Rule, ...], index: int, made: Rule | None) -> tuple[Rule, ...]:
    return (*rules[:index], *([] if made is None else [made]), *rules[index + 1 :])


def _of(charter: Charter, rule: Rule, put: Put, places: Places) -> Iterator[Change]:
    of, inside = f"rule/{rule.id}", f"in rule `{rule.id}`"
    yield Change(Kind.DROPPED, of, rule.at, f"rule `{rule.id}` was dropped", put(None))
    for edit, clause in changed(rule.clause, charter.scope):
        at = rule.clause.place(*edit.shown)
        yield Change(edit.kind, of, at, f"{edit.words} {inside}", put(replace(rule, clause=clause)))
    other = _OTHER[rule.form]
    at = places.key(rule.at, rule.form.value)
    yield Change(Kind.FORM, of, at, f"`{rule.form}` became `{other}` {inside}", put(replace(rule, form=other)))
    for effect, words in effects(charter, rule.effect):
        yield Change(Kind.EFFECT, of, rule.effect.at, f"{words} {inside}", put(replace(rule, effect=effect)))
    if not rule.own:
        for select, at, words in selections(rule.select, rule.at, places):
            made = replace(rule, tools=select.tools, tiers=select.tiers, external=select.external)
            yield Change(Kind.SELECTION, of, at, f"{words} {inside}", put(made))


def effects(charter: Charter, effect: Effect) -> Iterator[tuple[Effect, str]]:
    """What else an effect may ask for: looser, stricter, of another gate; with words. Nothing at all is a change of its
    own: what has the effect is dropped."""
    gates = [name for name in charter.gates if (asked := gate_of(effect)) is None or name != asked.name]
    match effect:
        case Deny(at):
            if gates:
                yield NeedsApproval(Word(gates[0], at), at), f"`deny` became `approval: {gates[0]}`"
        case NeedsApproval(gate, at):
            yield Deny(at), f"`approval: {gate}` became `deny`"
            if gates:
                yield NeedsApproval(Word(gates[0], at), at), f"`approval: {gate}` became `approval: {gates[0]}`"
        case RaisesTier(tier, gate, at):
            other = Tier.REVERSIBLE if tier is Tier.IRREVERSIBLE else Tier.IRREVERSIBLE
            yield RaisesTier(other, gate, at), f"`tier: {tier}` became `tier: {other}`"
            if gate is not None:
                yield RaisesTier(tier, None, at), f"`approval: {gate}` was dropped"
                yield NeedsApproval(gate, at), f"`tier: {tier}` was dropped"


def selections(select: Selector, anchor: Location, places: Places) -> Iterator[tuple[Selector, Location, str]]:
    """The same choice without one of its tools, or without one of its tiers; the last one stays."""
    if len(select.tools) > 1:
        for word in select.tools:
            rest = tuple(each for each in select.tools if each is not word)
            yield replace(select, tools=rest), word.at, f"`{word}` was dropped from `tools`"
    if len(select.tiers) > 1:
        for index, tier in enumerate(select.tiers):
            left = tuple(each for each in select.tiers if each is not tier)
            at = places.value(anchor, "tiers", index)
            yield replace(select, tiers=left), at, f"`{tier}` was dropped from `tiers`"


def of_never(charter: Charter) -> Iterator[Change]:
    """`never` without one of its tools."""
    for index, never in enumerate(charter.never):
        for word in never.tools:
            rest = tuple(each for each in never.tools if each is not word)
            kept = (*charter.never[:index], *_rest(never, rest), *charter.never[index + 1 :])
            words = f"`{word}` was dropped from `never`"
            yield Change(Kind.NEVER, f"never/{word}", word.at, words, replace(charter, never=kept))


def _rest(never: Never, tools: tuple[Word, ...]) -> tuple[Never, ...]:
    return (replace(never, tools=tools),) if tools else ()
