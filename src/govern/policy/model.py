"""A policy: what a charter means, with every name resolved and every rule listed under its tool.

Leaves out text positions, comments and composition; those stay in the charter.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from govern.conditions import Condition
from govern.policy.terms import EFFECTS, Effect, Reason, Tier, When

__all__ = ["EFFECTS", "Effect", "Reason", "Tier", "When"]  # a policy's own words, wherever they are defined


@dataclass(frozen=True, slots=True)
class Deadline:
    """After so many seconds without an answer: ask another gate, or give a verdict. Exactly one of them."""

    after_s: int
    ask: str | None = None
    then: Effect | None = None


@dataclass(frozen=True, slots=True)
class Fatigue:
    """How many requests of one session people are shown; None is no bound."""

    max_pending: int | None
    per_hour: int | None
    cool_down_s: int | None


@dataclass(frozen=True, slots=True)
class Gate:
    """Who may approve.

    Args:
        name: its name in the charter.
        roles: any holder of any of them may answer; empty where the person served confirms.
        quorum: how many different people must approve, at least 1.
        if_no_answer: what happens then; ends in a verdict.
        confirm: whether the person served answers, outside the model's words.
        shared: whether one person's answer may also serve another gate of the same call.
        needs_session_user: whether it denies where the session has no authenticated user.
        use_within_s: how long an approval may wait to be used.
    """

    name: str
    roles: tuple[str, ...]
    quorum: int
    if_no_answer: tuple[Deadline, ...]
    confirm: bool = False
    shared: bool = False
    needs_session_user: bool = False
    use_within_s: int = 15 * 60
    fatigue: Fatigue | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """A condition and what it asks for.

    Args:
        id: unique in the policy.
        form: when it applies.
        condition: what it looks at.
        effect: DENY, APPROVAL, or ALLOW where it only raises the tier.
        gate: for APPROVAL, whose.
        because: the reason given to people.
        tier: the tier that the call counts as of, None where it stays.
        tiers: it concerns only calls of these tiers, written or raised; all where empty.
        reason: RULE, or what it was made from (LIMIT, AFTER_READING).
    """

    id: str
    form: When
    condition: Condition
    effect: Effect
    gate: str | None
    because: str
    tier: Tier | None = None
    tiers: tuple[Tier, ...] = ()
    reason: Reason = field(default=Reason.RULE, metadata={"apart": True})


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
        rules: all rules that concern the tool, its own first, then those made from limits and after reading.
        recheck: a read-only tool whose result may not have changed since the approver looked.
        credentials: scopes that a released call is given.
        sensitive, secret, hide: places below `args` or `result`, as conditions write them.
        output: JSON Schema of the result, as `schema`.
        show_only_if: withholds a result unless it is true of it.
    """

    name: str
    tier: Tier
    external: bool = False
    gate: str | None = None
    unless: Condition | None = None
    autonomous: str | None = None
    schema: str | None = field(default=None, metadata={"json": True, "as": "input"})
    rules: tuple[Rule, ...] = ()
    recheck: str | None = None
    credentials: tuple[str, ...] = ()
    sensitive: tuple[str, ...] = ()
    secret: tuple[str, ...] = ()
    output: str | None = field(default=None, metadata={"json": True})
    show_only_if: Condition | None = field(default=None, metadata={"places": ("result",)})
    hide: tuple[str, ...] = ()

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """The conditions in the order of a decision's truth values: `unless` first where there is one."""
        own = (self.unless,) if self.unless is not None else ()
        return (*own, *(rule.condition for rule in self.rules))


@dataclass(frozen=True, slots=True)
class Never:
    """Tools that are never used, by name or glob (`*` any characters, `?` one)."""

    patterns: tuple[str, ...] = field(metadata={"as": "tools"})
    because: str


@dataclass(frozen=True, slots=True)
class FactField:
    """What may be asked of a fact; `path` is its place in the source's result or call, empty for the session's."""

    name: str
    kind: str
    values: tuple[Any, ...]
    path: str


@dataclass(frozen=True, slots=True)
class Fact:
    """What conditions may ask about.

    Args:
        result_of: the tools whose recorded results say it; empty where the host asserts it for the session.
        where: an argument of the source's call, or `result.field`, and the place in the judged call it equals.
        first: whether the first result counts rather than the latest.
    """

    name: str
    result_of: tuple[str, ...]
    where: tuple[tuple[str, str], ...]
    first: bool
    fields: tuple[FactField, ...]


@dataclass(frozen=True, slots=True)
class Limit:
    """How often, or how much.

    Args:
        tools: mapped tools, by name; they share it.
        tiers: as of a rule.
        sum: a place below `args`; None counts calls.
        max: exceeded where earlier ones and this call are more.
        within_s: seconds; None where `span` (`trace`, `day`, `forever`) says it.
        for_each: `agent`, `session`, `trace`, `tool`, or places in the call.
        counts: `proposed`, `executed` or `succeeded`.
        effect, gate, tier: what a call over the limit gets, as of a rule.
    """

    id: str
    tools: tuple[str, ...]
    tiers: tuple[Tier, ...]
    sum: str | None
    max: int | float
    within_s: int | None
    span: str | None
    for_each: tuple[str, ...]
    counts: str
    effect: Effect
    gate: str | None
    tier: Tier | None
    because: str


@dataclass(frozen=True, slots=True)
class AfterReading:
    """What a call needs once untrusted output was read; nothing where `unless` is true."""

    id: str
    tools: tuple[str, ...]
    tiers: tuple[Tier, ...]
    unless: Condition | None
    effect: Effect
    gate: str | None
    tier: Tier | None
    because: str


@dataclass(frozen=True, slots=True)
class Untrusted:
    """Whose output is believed, what is done with instructions in any other's, what reading it costs."""

    trusted: tuple[str, ...]
    on_instructions: str
    after_reading: tuple[AfterReading, ...]


@dataclass(frozen=True, slots=True)
class Elevated:
    """A scope that is issued for one released call."""

    scope: str
    ttl_s: int


@dataclass(frozen=True, slots=True)
class Identity:
    """Whose account the agent works with, the scopes it always holds, and those issued for one call."""

    service_account: str
    standing: tuple[str, ...]
    elevated: tuple[Elevated, ...]


@dataclass(frozen=True, slots=True)
class Records:
    """A record is seen only where `only_if` is true of it, and at most `max` a call."""

    name: str
    read_by: tuple[str, ...]
    only_if: Condition = field(metadata={"places": ("record",)})
    max: int | None
    because: str


@dataclass(frozen=True, slots=True)
class Escalation:
    """When a human is called; `then` is `notify`, `hold` or `halt`."""

    event: str
    times: int
    within_s: int | None
    to: str
    then: str


@dataclass(frozen=True, slots=True)
class Shadow:
    """How long the agent runs in shadow, and who signs a day off."""

    business_days: int
    reviewer: str
    least_calls: int


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
    facts: Mapping[str, Fact] = field(default_factory=dict)
    limits: tuple[Limit, ...] = ()
    untrusted: Untrusted | None = None
    identity: Identity | None = None
    records: Mapping[str, Records] = field(default_factory=dict)
    escalation: tuple[Escalation, ...] = ()
    shadow: Shadow | None = None
    digest: str = field(default="", compare=False, metadata={"apart": True})
