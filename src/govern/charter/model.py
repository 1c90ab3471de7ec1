"""A charter as loaded: frozen values, each with its place in the file. Leaves out judgement (`policy`)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from govern.charter.source import Source
from govern.conditions import Condition
from govern.findings import Location

LANGUAGE_VERSION = 1


class Tier(StrEnum):
    """What a call does to the world."""

    READ_ONLY = "read_only"
    REVERSIBLE = "reversible"
    IRREVERSIBLE = "irreversible"


class Form(StrEnum):
    """`when C then E` applies where C is true or unknown; `only_if C otherwise E` where false or unknown."""

    WHEN = "when"
    ONLY_IF = "only_if"


class Verdict(StrEnum):
    """What a gate's deadline may end in."""

    ALLOW = "allow"
    DENY = "deny"


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


Effect = Deny | NeedsApproval


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule in either form.

    Args:
        id: unique in the file.
        tools: tools by exact name or by glob (see `govern.policy.glob`); of a tool's own rule, that tool.
        own: whether it stands in a tool rather than in the file's `rules`.
        at: the rule's id.
    """

    id: Word
    form: Form
    clause: Clause
    effect: Effect
    because: str
    tools: tuple[Word, ...]
    own: bool
    at: Location


@dataclass(frozen=True, slots=True)
class Never:
    """Tools that no verdict ever releases, by exact name or glob, mapped or not."""

    tools: tuple[Word, ...]
    because: str
    at: Location


@dataclass(frozen=True, slots=True)
class Ask:
    """A tool's gate, waived only where `unless` is true."""

    gate: Word
    unless: Clause | None
    at: Location


@dataclass(frozen=True, slots=True)
class Autonomous:
    """Why an irreversible tool needs nobody's approval."""

    because: str
    at: Location


@dataclass(frozen=True, slots=True)
class Input:
    """A tool's input schema as written (JSON Schema 2020-12); `govern.charter.schema.closed` closes it.

    Args:
        schema: plain JSON data; not to be changed.
        at: the key `input`.
        places: JSON pointer of every value in the schema to its place.
    """

    schema: dict[str, Any]
    at: Location
    places: dict[str, Location]


@dataclass(frozen=True, slots=True)
class Tool:
    """A mapped tool; `at` is its key."""

    name: str
    tier: Tier
    tier_at: Location
    external: bool
    approval: Ask | None
    autonomous: Autonomous | None
    input: Input | None
    rules: tuple[Rule, ...]
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


@dataclass(frozen=True, slots=True)
class Charter:
    """One agent's charter. Names and references are checked: every gate, role and tool named exists.

    Args:
        tools: exactly these are mapped, by name, in the file's order.
        rules: those of the file's `rules`; a tool's own are in the tool. `every_rule` has both.
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

    @property
    def every_rule(self) -> tuple[Rule, ...]:
        """Tools' own rules in the file's order, then the file's."""
        return (*(rule for tool in self.tools.values() for rule in tool.rules), *self.rules)

    @property
    def clauses(self) -> tuple[Clause, ...]:
        """Every condition of the charter."""
        waivers = (tool.approval.unless for tool in self.tools.values() if tool.approval)
        return (*(rule.clause for rule in self.every_rule), *(clause for clause in waivers if clause))
