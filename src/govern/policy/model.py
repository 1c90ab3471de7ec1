"""A policy: what a charter means, with every name resolved and every rule listed under its tool.

Leaves out text positions, comments and composition; those stay in the charter.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

from govern.conditions import Condition


class Effect(IntEnum):
    """What a verdict says; the larger is the stricter, and the maximum of all that applies wins."""

    ALLOW = 0
    APPROVAL = 1
    DENY = 2

    @property
    def label(self) -> str:
        return ("allow", "approval", "deny")[self.value]


EFFECTS = {effect.label: effect for effect in Effect}


class Tier(StrEnum):
    READ_ONLY = "read_only"
    REVERSIBLE = "reversible"
    IRREVERSIBLE = "irreversible"


class When(StrEnum):
    """When a rule applies: `when` where its condition is true or unknown, `only_if` where false or unknown."""

    WHEN = "when"
    ONLY_IF = "only_if"


@dataclass(frozen=True, slots=True)
class Deadline:
    """After so many seconds without an answer: ask another gate, or give a verdict. Exactly one of them."""

    after_s: int
    ask: str | None = None
    then: Effect | None = None


@dataclass(frozen=True, slots=True)
class Gate:
    """Who may approve.

    Args:
        name: its name in the charter.
        roles: any holder of any of them may answer.
        quorum: how many different people must approve, at least 1.
        if_no_answer: what happens then; ends in a verdict.
    """

    name: str
    roles: tuple[str, ...]
    quorum: int
    if_no_answer: tuple[Deadline, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """A condition and what it asks for.

    Args:
        id: unique in the policy.
        form: when it applies.
        condition: what it looks at.
        effect: DENY or APPROVAL.
        gate: for APPROVAL, whose.
        because: the reason given to people.
    """

    id: str
    form: When
    condition: Condition
    effect: Effect
    gate: str | None
    because: str


@dataclass(frozen=True, slots=True)
class ToolPolicy:
    """Everything that applies to one tool.

    Args:
        name: as calls name it.
        tier: its risk.
        external: whether its effect leaves the organisation.
        gate: the gate of the tool's own authority, or None where it may act alone.
        unless: the condition that waives `gate` where it is true.
        autonomous: for an irreversible tool without a gate, the reason why.
        schema: JSON Schema 2020-12 of the input as canonical JSON text, objects closed; or None.
        rules: all rules that concern the tool, its own first.
    """

    name: str
    tier: Tier
    external: bool = False
    gate: str | None = None
    unless: Condition | None = None
    autonomous: str | None = None
    schema: str | None = None
    rules: tuple[Rule, ...] = ()

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """The conditions in the order of a decision's truth values: `unless` first where there is one."""
        own = (self.unless,) if self.unless is not None else ()
        return (*own, *(rule.condition for rule in self.rules))


@dataclass(frozen=True, slots=True)
class Never:
    """Tools that are never used, by name or glob (`*` any characters, `?` one)."""

    patterns: tuple[str, ...]
    because: str


@dataclass(frozen=True, slots=True)
class Policy:
    """One agent's policy.

    Args:
        agent: whose.
        version: grows with every change.
        roles: as declared.
        gates: by name.
        tools: by name; what is not here is denied.
        never: what is denied whatever else applies.
        digest: `sha256:…` of the canonical JSON of all of the above (`policy.document`).
    """

    agent: str
    version: int
    purpose: str
    owner: str
    roles: tuple[str, ...]
    gates: Mapping[str, Gate]
    tools: Mapping[str, ToolPolicy]
    never: tuple[Never, ...]
    digest: str = field(default="", compare=False)
