"""What a statement says of calls, as data: whose calls, where, and what must hold of each.

A formula is true of a call or it is not: a condition in it counts where it is true, so that `not C` also covers
where C is unknown. Leaves out the words (`statement_text`), whether a call meets a formula (`statement_truth`) and
whether every call does (`ask`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from govern.conditions import Condition
from govern.conditions.inputs import history_key, reads
from govern.conditions.tree import Call, Lit
from govern.policy.glob import matches
from govern.policy.model import Effect, Policy, Tier, ToolPolicy


@dataclass(frozen=True, slots=True)
class Gets:
    """The call gets this verdict, no other."""

    effect: Effect


@dataclass(frozen=True, slots=True)
class Asks:
    """The verdict is approval, and this gate is among those asked; any gate where None."""

    gate: str | None


@dataclass(frozen=True, slots=True)
class Applies:
    """A rule, a limit or what follows from reading applies: a `when` where its condition is true or unknown, an
    `only_if` where it is false or unknown, either only for calls of its tiers."""

    rule: str


@dataclass(frozen=True, slots=True)
class Decides:
    """It applies, and the verdict is its effect."""

    rule: str


@dataclass(frozen=True, slots=True)
class Meets:
    """A condition is true; with `unknown`, also where it is unknown."""

    condition: Condition
    unknown: bool = False


@dataclass(frozen=True, slots=True)
class Counts:
    """The call counts as of a tier: the tool's own, or one that a rule raises it to."""

    tier: Tier


@dataclass(frozen=True, slots=True)
class Not:
    part: Formula


@dataclass(frozen=True, slots=True)
class All:
    """Each of the parts; without any, true."""

    parts: tuple[Formula, ...]


@dataclass(frozen=True, slots=True)
class Any:
    """At least one of the parts; without any, false."""

    parts: tuple[Formula, ...]


Formula = Gets | Asks | Applies | Decides | Meets | Counts | Not | All | Any

TRUE: Final = All(())
FALSE: Final = Any(())


@dataclass(frozen=True, slots=True)
class Choice:
    """One item of a list of tools.

    Args:
        pattern: a name or glob; empty for every tool.
        tier: of these only calls that count as of this tier.
        external: of these only tools whose effect leaves the organisation.
    """

    pattern: str = ""
    tier: Tier | None = None
    external: bool = False

    def may_be(self, tool: ToolPolicy) -> bool:
        """Whether any call of the tool may be meant."""
        named = not self.pattern or matches(self.pattern, tool.name)
        return named and (tool.external or not self.external) and (self.tier is None or counts(tool, self.tier))

    def of(self, tool: ToolPolicy) -> Formula:
        """Which of its calls are meant."""
        if not self.may_be(tool):
            return FALSE
        return TRUE if self.tier in (None, tool.tier) else Counts(self.tier)


@dataclass(frozen=True, slots=True)
class Statement:
    """What is claimed: every call of the tools that meets the premise meets the conclusion.

    Args:
        text: as written.
        tools: the calls that it is about, of any of these; every mapped tool where empty.
        premise: which of these.
        conclusion: what must hold of them.
        valid: whether only calls with valid input are meant. Of the others each is denied, so that claims which a
            denial meets are about every call.
        exists: whether instead one call must be found that meets premise and conclusion.
    """

    text: str
    tools: tuple[Choice, ...]
    premise: Formula
    conclusion: Formula
    valid: bool = False
    exists: bool = False

    def chosen(self, policy: Policy) -> tuple[tuple[ToolPolicy, Formula], ...]:
        """The mapped tools that it is about, each with what makes a call one of those meant."""
        choices = self.tools or (Choice(),)
        found = ((tool, folded(Any(tuple(each.of(tool) for each in choices)), tool)) for tool in policy.tools.values())
        return tuple((tool, which) for tool, which in found if which != FALSE)


def counts(tool: ToolPolicy, tier: Tier) -> bool:
    """Whether a call of a tool may count as of a tier."""
    return tool.tier is tier or any(rule.tier is tier for rule in tool.rules)


def folded(formula: Formula, tool: ToolPolicy) -> Formula:
    """The formula as it is about one tool: what is settled by the charter's lines alone is TRUE or FALSE."""
    match formula:
        case Applies(rule) | Decides(rule) if all(each.id != rule for each in tool.rules):
            return FALSE
        case Counts(tier):
            return TRUE if tool.tier is tier else formula if counts(tool, tier) else FALSE
        case Not(part):
            inner = folded(part, tool)
            return FALSE if inner == TRUE else TRUE if inner == FALSE else Not(inner)
        case All(parts):
            kept = tuple(each for each in (folded(part, tool) for part in parts) if each != TRUE)
            return FALSE if FALSE in kept else kept[0] if len(kept) == 1 else All(kept)
        case Any(parts):
            kept = tuple(each for each in (folded(part, tool) for part in parts) if each != FALSE)
            return TRUE if TRUE in kept else kept[0] if len(kept) == 1 else Any(kept)
        case _:
            return formula


def conditions(formula: Formula) -> Iterator[Condition]:
    """Every condition in a formula, from left to right."""
    match formula:
        case Meets(condition):
            yield condition
        case Not(part):
            yield from conditions(part)
        case All(parts) | Any(parts):
            for part in parts:
                yield from conditions(part)
        case _:
            return


def of_history(fn: str, name: str) -> Condition:
    """A condition on what no charter can write: `exceeded` of a limit's id, `tainted` of `session`."""
    tree = Call(fn, (Lit(name),))
    return Condition(history_key(fn, name), tree, reads(tree))
