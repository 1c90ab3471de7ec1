"""A charter as loaded: frozen values, each with its place in the file it stands in. Leaves out judgement (`policy`).

Tiers, forms of rules and verdicts are the policy's own words.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from govern.charter.source import Source
from govern.conditions import Condition
from govern.conditions.scope import Scope
from govern.findings import Location
from govern.policy.glob import matches
from govern.policy.terms import Effect as Verdict
from govern.policy.terms import Tier
from govern.policy.terms import When as Form

__all__ = ["Form", "Tier", "Verdict"]

LANGUAGE_VERSION = 1
# How long an approval waits to be used where the gate does not say (runtime: "use_within").
USE_WITHIN_S = 15 * 60


class Kind(StrEnum):
    """What a file says: a charter grants, a base constrains, a library describes."""

    CHARTER = "charter"
    BASE = "base"
    LIBRARY = "library"


@dataclass(frozen=True, slots=True)
class Word:
    """A name where it is written: of a role, gate, tool, rule, or a glob over tools."""

    name: str
    at: Location

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Clause:
    """A condition where it is written.

    Args:
        at: the whole scalar.
        places: offsets into the condition's text are offsets into the file from this one on, or None where
            YAML's quoting moved them (then the whole scalar is the place).
    """

    condition: Condition
    at: Location
    source: Source
    places: int | None

    def place(self, start: int, end: int) -> Location:
        """Where a span of the condition's text stands in the file."""
        if self.places is None:
            return self.at
        return self.source.locate(self.places + start, self.places + max(end, start + 1))


@dataclass(frozen=True, slots=True)
class Deny:
    """The call is refused."""

    at: Location


@dataclass(frozen=True, slots=True)
class NeedsApproval:
    """The call waits for a gate."""

    gate: Word
    at: Location


@dataclass(frozen=True, slots=True)
class RaisesTier:
    """The call counts as of a higher tier; with a gate, it waits for that gate too."""

    tier: Tier
    gate: Word | None
    at: Location


Effect = Deny | NeedsApproval | RaisesTier


def gate_of(effect: Effect) -> Word | None:
    """The gate that an effect asks, None where it asks none."""
    match effect:
        case Deny():
            return None
        case NeedsApproval(gate) | RaisesTier(_, gate):
            return gate


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule in either form.

    Args:
        id: unique in the file.
        tools: tools by exact name or by glob (see `govern.policy.glob`); of a tool's own rule, that tool.
        own: whether it stands in a tool rather than in the file's `rules`.
        at: the rule's id.
        tiers: only tools of these tiers, written or raised; all where empty.
        external: only tools with this `external`; all where None.
    """

    id: Word
    form: Form
    clause: Clause
    effect: Effect
    because: str
    tools: tuple[Word, ...]
    own: bool
    at: Location
    tiers: tuple[Tier, ...] = ()
    external: bool | None = None

    @property
    def select(self) -> Selector:
        """The tools that it is about."""
        return Selector(self.tools, self.tiers, self.external)


@dataclass(frozen=True, slots=True)
class Never:
    """Tools that no verdict ever releases, by exact name or glob, mapped or not."""

    tools: tuple[Word, ...]
    because: str
    at: Location


@dataclass(frozen=True, slots=True)
class Ask:
    """A tool's gate, waived only where `unless` is true; `recheck` names a read-only tool that sees what is changed."""

    gate: Word
    unless: Clause | None
    at: Location
    recheck: Word | None = None


@dataclass(frozen=True, slots=True)
class Autonomous:
    """Why an irreversible tool needs nobody's approval."""

    because: str
    at: Location


@dataclass(frozen=True, slots=True)
class Input:
    """A tool's input or output schema as written (JSON Schema 2020-12); `govern.charter.schema.closed` closes it.

    Args:
        schema: plain JSON data; not to be changed.
        at: the key `input` or `output`.
        places: JSON pointer of every value in the schema to its place.
        also: a library's schema of the same tool; a value must satisfy both.
    """

    schema: dict[str, Any]
    at: Location
    places: Mapping[str, Location]
    also: Input | None = None


@dataclass(frozen=True, slots=True)
class Tool:
    """A mapped tool; `at` is its key.

    Args:
        sensitive, secret, hide: places below `args` or `result`, as conditions write them.
        credentials: elevated scopes of `identity`.
        described: the library entry that it takes what it does not say from; None without one.
    """

    name: str
    tier: Tier
    tier_at: Location
    external: bool
    approval: Ask | None
    autonomous: Autonomous | None
    input: Input | None
    rules: tuple[Rule, ...]
    at: Location
    output: Input | None = None
    credentials: tuple[Word, ...] = ()
    sensitive: tuple[Word, ...] = ()
    secret: tuple[Word, ...] = ()
    show_only_if: Clause | None = None
    hide: tuple[Word, ...] = ()
    described: Described | None = None


@dataclass(frozen=True, slots=True)
class Described:
    """A library's entry for a tool.

    Args:
        library: the library's name.
        at: its key in the library's file.
    """

    library: str
    at: Location


@dataclass(frozen=True, slots=True)
class Escalate:
    """After so many seconds from the request, another gate is asked too."""

    after_s: int
    gate: Word


@dataclass(frozen=True, slots=True)
class End:
    """After so many seconds from the request, the answer is this verdict."""

    after_s: int
    verdict: Verdict
    at: Location


@dataclass(frozen=True, slots=True)
class Gate:
    """Who may approve, how many of them, and what silence means. `at` is its key.

    Args:
        steps: asked in turn, their times strictly growing, before `end`.
    """

    name: str
    roles: tuple[Word, ...]
    quorum: int
    steps: tuple[Escalate, ...]
    end: End
    at: Location
    confirm: bool = False
    shared: bool = False
    needs_session_user: bool = False
    use_within_s: int = USE_WITHIN_S
    fatigue: Fatigue | None = None


@dataclass(frozen=True, slots=True)
class Fatigue:
    """How many requests of one session people are shown; None is no bound."""

    max_pending: int | None
    per_hour: int | None
    cool_down_s: int | None


@dataclass(frozen=True, slots=True)
class Elevated:
    """A scope that is issued for one released call."""

    scope: Word
    ttl_s: int


@dataclass(frozen=True, slots=True)
class Identity:
    """Whose account the agent works with, the scopes it always holds, and those issued for one call."""

    service_account: Word
    standing: tuple[Word, ...]
    elevated: tuple[Elevated, ...]
    at: Location


@dataclass(frozen=True, slots=True)
class FactField:
    """What may be asked of a fact.

    Args:
        kind: one of `vocabulary.FIELD_TYPES`, or `any` where only `enum` says it.
        values: all it can be; empty where the file does not say.
        path: where it stands in the source's result or call, as a condition writes it.
    """

    name: str
    kind: str
    values: tuple[Any, ...]
    path: str
    at: Location


@dataclass(frozen=True, slots=True)
class ResultOf:
    """The recorded result of a tool.

    Args:
        tools: whose results.
        where: an argument of the source's call, or `result.field`, and the place in the judged call it equals.
    """

    tools: tuple[Word, ...]
    where: tuple[tuple[Word, Word], ...]


@dataclass(frozen=True, slots=True)
class Fact:
    """What conditions may ask about: asserted by the host (`source` None), or the result of a tool."""

    name: str
    source: ResultOf | None
    first: bool
    fields: dict[str, FactField]
    at: Location


@dataclass(frozen=True, slots=True)
class Selector:
    """The mapped tools that something is about: by name or glob, by tier, by `external`; all that are given."""

    tools: tuple[Word, ...]
    tiers: tuple[Tier, ...]
    external: bool | None

    def concerns(self, tool: Tool) -> bool:
        """Whether it is about a tool. Tiers are left to the decision: a rule may raise them."""
        named = not self.tools or any(matches(word.name, tool.name) for word in self.tools)
        return named and self.external in (None, tool.external)


@dataclass(frozen=True, slots=True)
class Limit:
    """How often, or how much.

    Args:
        sum: a place below `args`; None counts calls.
        max: as written.
        within_s: seconds; None where `span` says it (`trace`, `day`, `forever`).
        for_each: words of `vocabulary.KEYED_BY`, or places.
    """

    id: Word
    select: Selector
    sum: Word | None
    max: int | float
    within_s: int | None
    span: str | None
    for_each: tuple[Word, ...]
    counts: str
    effect: Effect
    because: str
    at: Location


@dataclass(frozen=True, slots=True)
class Records:
    """A record scope."""

    name: str
    read_by: tuple[Word, ...]
    clause: Clause
    max: int | None
    because: str
    at: Location


@dataclass(frozen=True, slots=True)
class AfterReading:
    """What a call needs once untrusted output was read."""

    id: Word | None
    select: Selector
    unless: Clause | None
    effect: Effect
    because: str
    at: Location


@dataclass(frozen=True, slots=True)
class Untrusted:
    """Whose output is believed, what is done with instructions in any other, and what reading it costs."""

    trusted: tuple[Word, ...]
    on_instructions: str
    after_reading: tuple[AfterReading, ...]
    at: Location


@dataclass(frozen=True, slots=True)
class Escalation:
    """When a human is called. `event` is a word of `vocabulary.EVENTS` or a rule's id."""

    event: Word
    times: int
    within_s: int | None
    to: Word
    then: str
    at: Location


@dataclass(frozen=True, slots=True)
class Shadow:
    """How long the agent runs in shadow."""

    business_days: int
    reviewer: Word
    least_calls: int
    at: Location


@dataclass(frozen=True, slots=True)
class Scenario:
    """An instruction with the verdict that is meant.

    Args:
        given: facts by name, each a mapping of fields to values.
        verdict: what is expected; `cause` the gate of an approval, the rule or reason of a denial, None for any.
    """

    instruction: str
    given: dict[str, Any]
    tool: Word
    args: dict[str, Any]
    verdict: Verdict
    cause: Word | None
    at: Location


@dataclass(frozen=True, slots=True)
class Part:
    """A file that a charter is composed with.

    Args:
        path: from the charter's folder, with forward slashes.
        name: what the file calls itself.
        text: as written.
        digest: `sha256:…` of its bytes.
        at: where it was named.
    """

    kind: Kind
    path: str
    name: str
    text: str
    digest: str
    at: Location


@dataclass(frozen=True, slots=True)
class PinnedTool:
    """How a server described a tool when it was locked.

    Args:
        digest: `sha256:…` of name, description, schemas and annotations.
        read_only, destructive: the server's own hints; None where it gave none.
    """

    digest: str
    read_only: bool | None
    destructive: bool | None


@dataclass(frozen=True, slots=True)
class Pins:
    """What `govern.lock` says of one charter.

    Args:
        parts: digest by path from the charter's folder.
        tools: by name, those whose server was asked.
    """

    parts: Mapping[str, str]
    tools: Mapping[str, PinnedTool]


@dataclass(frozen=True, slots=True)
class Charter:
    """A charter with everything it is composed of, or a base or library by itself.

    Names and references are checked: every gate, role, fact and tool named exists. What comes from another
    file has its place there (`at.file`).

    Args:
        agent: of a base or library, its name.
        tools: exactly these are mapped, by name, in the file's order; of a library, those it describes.
        rules: those of `rules`, of this file and its bases; a tool's own are in the tool. `every_rule` has both.
        parts: the files it is composed with, in the order in which they are read.
        scope: the facts that conditions may ask about.
        locked: what the lock of its folder pins for it; None where there is none.
    """

    source: Source
    agent: str
    agent_at: Location
    version: int
    purpose: str
    owner: Word
    roles: tuple[Word, ...]
    gates: dict[str, Gate]
    tools: dict[str, Tool]
    rules: tuple[Rule, ...]
    never: tuple[Never, ...]
    govern: int = LANGUAGE_VERSION
    kind: Kind = Kind.CHARTER
    identity: Identity | None = None
    facts: dict[str, Fact] = field(default_factory=dict)
    limits: tuple[Limit, ...] = ()
    records: dict[str, Records] = field(default_factory=dict)
    untrusted: Untrusted | None = None
    escalation: tuple[Escalation, ...] = ()
    shadow: Shadow | None = None
    scenarios: tuple[Scenario, ...] = ()
    parts: tuple[Part, ...] = ()
    extends: tuple[Word, ...] = ()
    uses: tuple[Word, ...] = ()
    server: str = ""
    scope: Scope = field(default_factory=Scope)
    locked: Pins | None = None

    @property
    def every_rule(self) -> tuple[Rule, ...]:
        """Tools' own rules in the file's order, then the file's."""
        return (*(rule for tool in self.tools.values() for rule in tool.rules), *self.rules)

    @property
    def clauses(self) -> Iterator[Clause]:
        """Every condition of the charter."""
        for rule in self.every_rule:
            yield rule.clause
        for tool in self.tools.values():
            if tool.approval is not None and tool.approval.unless is not None:
                yield tool.approval.unless
            if tool.show_only_if is not None:
                yield tool.show_only_if
        for record in self.records.values():
            yield record.clause
        for after in self.untrusted.after_reading if self.untrusted else ():
            if after.unless is not None:
                yield after.unless

    @property
    def effects(self) -> Iterator[Effect]:
        """Every effect of the charter: of rules, limits and after reading."""
        for rule in self.every_rule:
            yield rule.effect
        for limit in self.limits:
            yield limit.effect
        for after in self.untrusted.after_reading if self.untrusted else ():
            yield after.effect

    def here(self, at: Location) -> bool:
        """Whether a place stands in the file itself, not in one that it is composed with."""
        return at.file == self.source.file
