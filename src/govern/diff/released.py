"""What a tool's policy asks for beside the verdict: tier, scopes, masks, what of a result is shown.

Leaves out the verdict (`tools`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from govern.conditions import Condition
from govern.diff.directions import direction
from govern.diff.inputs import Inputs
from govern.diff.order import BOTH, EQUAL, NARROWER, UNPROVEN, WIDER, Order, joined
from govern.diff.schemas import accepts_no_more, defaults
from govern.diff.solver import Solver
from govern.diff.truth import normal, true_too
from govern.policy.model import ToolPolicy
from govern.policy.schema_tree import read
from govern.proof.question import Proven


def after_release(inputs: Inputs, name: str, solver: Solver) -> Iterator[tuple[str, Order]]:
    """The keys of a tool that differ, each with its order: as `credentials`, `approval.recheck`, `input.default`."""
    old, new = inputs.old.tools[name], inputs.new.tools[name]
    values: tuple[tuple[str, Any, Any], ...] = (
        ("tier", str(old.tier), str(new.tier)),
        ("external", old.external, new.external),
        ("credentials", old.credentials, new.credentials),
        ("sensitive", (*old.sensitive, *old.secret), (*new.sensitive, *new.secret)),
        ("secret", old.secret, new.secret),
        ("hide", old.hide, new.hide),
    )
    for key, before, after in values:
        order = direction("TOOL", key).order(before, after)
        yield from _named(key, order.because(f"{key} {_said(before)} → {_said(after)}"))
    yield from _named("output", output(old, new))
    yield from _named("show_only_if", shown(old.show_only_if, new.show_only_if, inputs, solver, "TOOL", "show_only_if"))
    yield from _named("approval.recheck", _recheck(old, new))
    yield from _named("input.default", _filled(old, new))


def _said(value: Any) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(value)}]"
    return str(value).lower()


def _named(key: str, order: Order) -> Iterator[tuple[str, Order]]:
    if not order.equal:
        yield key, order


def output(old: ToolPolicy, new: ToolPolicy) -> Order:
    """Of the schemas of results."""
    return schemas(old.output, new.output).because(direction("TOOL", "output").why)


def schemas(old: str | None, new: str | None) -> Order:
    """Of two schemas as canonical text, None where everything passes, by what they accept."""
    if old == new:
        return EQUAL
    if old is None or new is None:
        return NARROWER if old is None else WIDER
    before, after = read(old), read(new)
    no_more, no_less = accepts_no_more(after, before), accepts_no_more(before, after)
    if no_more:
        return EQUAL if no_less else NARROWER
    return WIDER if no_less else UNPROVEN


def shown(old: Condition | None, new: Condition | None, inputs: Inputs, solver: Solver, level: str, key: str) -> Order:
    """Of conditions that show a result or a record where they are true.

    Args:
        old, new: None where all is shown.
    """
    why = direction(level, key).why
    if old is None or new is None:
        return EQUAL if old is new else (NARROWER if old is None else WIDER).because(why)
    facts = tuple(inputs.facts((old, new)))
    moved = joined(order for _, order, _ in facts)
    if moved.wider or any(asked for _, _, asked in facts):
        return BOTH.because(*moved.why)
    no_more, no_less = true_too(normal(new.tree), normal(old.tree)), true_too(normal(old.tree), normal(new.tree))
    unsure = ""
    if not no_more:
        found = solver.true_too(new, old, inputs.new)
        no_more = isinstance(found, Proven)
        unsure = getattr(found, "why", "")
    if not no_less:
        no_less = isinstance(solver.true_too(old, new, inputs.new), Proven)
    if no_more:
        return moved if no_less else NARROWER.because(why) | moved
    if unsure:
        return UNPROVEN.because(f"not proven narrower: {unsure}")
    return Order(narrower=not no_less, wider=True).because(why)


def _recheck(old: ToolPolicy, new: ToolPolicy) -> Order:
    """A tool that looks again is narrower than none; another one is another."""
    if old.recheck == new.recheck:
        return EQUAL
    order = NARROWER if old.recheck is None else WIDER if new.recheck is None else BOTH
    return order.because(direction("ASK", "recheck").why)


def _filled(old: ToolPolicy, new: ToolPolicy) -> Order:
    """Defaults are forwarded: with another one, the tool is called with something else."""
    before, after = (defaults(read(each.schema)) if each.schema is not None else {} for each in (old, new))
    return EQUAL if before == after else BOTH.because("a default is forwarded: the tool is called with something else")
