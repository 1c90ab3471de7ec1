"""What is suggested, and what is only shown: frozen values that every output reads.

Every unmapped action of an agent with a charter stands in exactly one of: suggested, in a newer version, held,
refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum

from govern.charter.load import Loaded
from govern.charter.model import Charter, Tool
from govern.draft.stanza import Stanza
from govern.draft.tiers import Guess
from govern.policy.model import Policy
from govern.policy.terms import Tier
from govern.replay.details import Shapes
from govern.suggest import spots


class Step(IntEnum):
    """How closely an input schema follows what was seen; the larger the tighter."""

    OPTIONAL = 0  # every argument may be left out
    TYPES = 1  # what every call had is required
    VALUES = 2  # closed sets, where few values were seen often and somebody asked for values
    BOUNDS = 3  # texts, lists and numbers no larger than what was seen, rounded up


STEP_WORDS = {
    Step.OPTIONAL: "every argument may be left out",
    Step.TYPES: "types; what every call had is required",
    Step.VALUES: "with closed sets of the values seen",
    Step.BOUNDS: "with bounds from what was seen, rounded up",
}


@dataclass(frozen=True, slots=True)
class Target:
    """A charter that suggestions are for.

    Args:
        name: as messages show it.
        path: the file that may be edited; None for a bundle, a git revision, standard input.
        text: as in the file, without a byte order mark.
        mark: the byte order mark, empty where there is none.
        again: loads a text in its place, with the files and the lock that are beside it.
        entries: what its libraries say of tools, by every name that it may use for them.
    """

    name: str
    path: str | None
    text: str
    mark: str
    charter: Charter
    policy: Policy
    again: Callable[[str], Loaded]
    entries: Mapping[str, Tool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Action:
    """What was seen of an unmapped tool. Times are UTC nanoseconds since 1970.

    Args:
        agent: whose charter it is missing in.
        errors: results that the tool itself called errors.
    """

    tool: str
    agent: str
    calls: int
    runs: int
    errors: int
    first_ns: int | None
    last_ns: int | None
    samples: tuple[str, ...]
    shapes: Shapes


@dataclass(frozen=True, slots=True)
class Holder:
    """What denies calls whatever a charter's `tools` say.

    Args:
        id: of the rule or limit, `never:PATTERN`.
        at: `file:line:column`, or a part's name.
        calls: of those that were seen, how many it denies.
    """

    id: str
    because: str
    at: str
    calls: int


@dataclass(frozen=True, slots=True)
class Would:
    """What the charter would have said to the calls seen, with the suggestion in it.

    Args:
        invalid: denied because they do not fit the suggested input.
        held: denied by rules, which nobody suggests to loosen.
    """

    allow: int = 0
    approval: int = 0
    deny: int = 0
    undecidable: int = 0
    invalid: int = 0
    held: tuple[Holder, ...] = ()

    @property
    def calls(self) -> int:
        return self.allow + self.approval + self.deny + self.undecidable


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One stanza.

    Args:
        guess: the tier that its name, arguments and library say; nothing looser is ever suggested.
        tier: the suggested one.
        step: how closely the input follows what was seen.
        library: whose entry it takes; empty without one.
        decide: what a person must settle.
        would: None where it was not worked out.
    """

    target: str
    action: Action
    guess: Guess
    tier: Tier
    gate: str | None
    step: Step
    steps: tuple[Step, ...]
    library: str
    decide: tuple[str, ...]
    stanza: Stanza
    would: Would | None = None


@dataclass(frozen=True, slots=True)
class InNewer:
    """Mapped in a newer version of the charter already."""

    target: str
    action: Action
    newer: str
    version: int
    tier: Tier


@dataclass(frozen=True, slots=True)
class Held:
    """Would need something loosened: never suggested, only shown."""

    target: str
    action: Action
    by: tuple[Holder, ...]


@dataclass(frozen=True, slots=True)
class Refused:
    """Cannot be written into a charter; `tool` is what the log calls it."""

    target: str
    action: Action
    reason: str


@dataclass(frozen=True, slots=True)
class Edited:
    """A charter's text with suggestions written into it.

    Args:
        tools: those that are in it now.
        gate: a gate that had to be drafted too.
    """

    target: Target
    after: str
    tools: tuple[str, ...]
    gate: spots.Gate | None


@dataclass(frozen=True, slots=True)
class Suggestions:
    """All of them, the most urgent first."""

    targets: tuple[Target, ...]
    suggested: tuple[Suggestion, ...] = ()
    newer: tuple[InNewer, ...] = ()
    held: tuple[Held, ...] = ()
    refused: tuple[Refused, ...] = ()

    @property
    def unmapped(self) -> int:
        return len(self.suggested) + len(self.newer) + len(self.held) + len(self.refused)
