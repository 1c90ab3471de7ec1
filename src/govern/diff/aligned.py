"""Two policies of one tool over the same inputs, so that a verdict of the one can be held against one of the other.

What both work out in two ways (`inputs`) is decided for the worst: to see whether something is wider, a limit that
may be over later is over under the old policy and not under the new one. Verdicts are monotone in both: whatever a
call's past, it is no wider than that. A fact that may be anything else has another name under the new policy.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from govern.conditions.inputs import history_key
from govern.conditions.tree import Macro, walk
from govern.diff.inputs import Inputs
from govern.diff.model import Change
from govern.diff.order import Order
from govern.diff.truth import given
from govern.policy.model import Policy


@dataclass(frozen=True, slots=True)
class Lost:
    """A field that one side takes for known, and the other (`of_new`: the new one) may not."""

    fact: str
    field: str
    of_new: bool


@dataclass(frozen=True, slots=True)
class Aligned:
    """Two policies with one tool.

    Args:
        old, new: over the same inputs.
        decided_old, decided_new: what was decided for each, by key of `conditions.Inputs`.
        renamed: facts of the new policy by their names there, and their names in `new`.
        lost: fields that the facts of one side may lack.
        asked: whether a condition asks if some of these are there, so that lacking them may loosen.
        why: which inputs are worked out in two ways, in words.
        sure: whether nothing else differs that the verdicts cannot show.
    """

    old: Policy
    new: Policy
    decided_old: Mapping[str, bool]
    decided_new: Mapping[str, bool]
    renamed: Mapping[str, str]
    lost: tuple[Lost, ...] = ()
    asked: bool = False
    why: tuple[str, ...] = ()
    sure: bool = True

    def split(self, inputs: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """What is known beside the arguments, for the old policy and for the new one as they are written."""
        backwards = {name: written for written, name in self.renamed.items()}
        old = {key: value for key, value in inputs.items() if key not in backwards}
        new = {key: value for key, value in inputs.items() if key not in self.renamed and key not in backwards}
        new |= {backwards[key]: value for key, value in inputs.items() if key in backwards}
        return {**old, **self.decided_old}, {**new, **self.decided_new}


def aligned(inputs: Inputs, tool: str, way: Change) -> Aligned:
    """The policies for one question.

    Args:
        tool: mapped by both.
        way: WIDENED to ask whether the new one is wider, NARROWED to ask whether it is narrower.
    """
    old, new = inputs.old.tools[tool], inputs.new.tools[tool]
    wider = way is Change.WIDENED
    over: dict[str, bool] = {}
    why: list[str] = []

    def moves(order: Order) -> bool:
        return order.wider if wider else order.narrower

    for id, order in inputs.limits(tool):
        if moves(order):
            over[f"exceeded:{id}"] = wider
            why.append(f"limit `{id}` counts otherwise ({', '.join(inputs.limit_said(id))})")
    reading = inputs.reading()
    every = (*old.conditions, *new.conditions)
    reads = {key for each in every for key in each.outside}
    if moves(reading) and "tainted" in reads:
        over["tainted:session"] = wider
        why.append("output of other tools is believed")
    renamed: dict[str, str] = {}
    lost: list[Lost] = []
    asked = False
    for name, order, absence in inputs.facts(every):
        if order.wider and order.narrower:
            renamed[name] = _free(f"{name}_of_new", inputs)
            why.append(f"fact `{name}`: {_said(order)}")
        elif absence or moves(order):
            keys = dict.fromkeys(key.split(".")[1] for key, _ in inputs.fact_keys(name))
            lost += [Lost(name, key, of_new=order.narrower) for key in keys]
            asked |= absence
            why.append(f"fact `{name}`: {_said(order)}")
    sure = reading.equal or "origin" not in reads
    if any(isinstance(node, Macro) and node.var in renamed for each in every for node in walk(each.tree)):
        renamed, sure = {}, False
    return Aligned(
        _policy(inputs.old, tool, over, {}, inputs, wider=wider),
        _policy(inputs.new, tool, {key: not value for key, value in over.items()}, renamed, inputs, wider=wider),
        {_key(key): value for key, value in over.items()},
        {_key(key): not value for key, value in over.items()},
        renamed,
        tuple(lost),
        asked,
        tuple(why),
        sure,
    )


def _said(order: Order) -> str:
    return "; ".join(order.why)


def _key(key: str) -> str:
    fn, _, of = key.partition(":")
    return history_key(fn, of)


def _free(name: str, inputs: Inputs) -> str:
    while name in inputs.old.facts or name in inputs.new.facts:
        name += "_"
    return name


def _policy(
    policy: Policy, tool: str, over: Mapping[str, bool], renamed: Mapping[str, str], inputs: Inputs, *, wider: bool
) -> Policy:
    mapped = policy.tools[tool]
    rules = tuple(replace(rule, condition=given(rule.condition, over, renamed)) for rule in mapped.rules)
    unless = given(mapped.unless, over, renamed) if mapped.unless is not None else None
    facts = {}
    for name, fact in policy.facts.items():
        shown = renamed.get(name, name)
        if name not in renamed and name in inputs.old.facts and name in inputs.new.facts:
            # A fact that is only narrower on one side: what both are asked of is what the other side may know.
            fact = (inputs.old if wider else inputs.new).facts[name]
        facts[shown] = replace(fact, name=shown)
    return replace(policy, tools={tool: replace(mapped, rules=rules, unless=unless)}, facts=facts)
