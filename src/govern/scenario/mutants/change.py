"""One small change of a charter: what a slip of the hand, or a hurried edit, would make of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from govern.charter.model import Charter
from govern.findings import Location


class Kind(StrEnum):
    """What a change is about. Stable: reports and JSON name it."""

    COMPARISON = "comparison"
    CONNECTIVE = "connective"
    NEGATION = "negation"
    FUNCTION = "function"
    ARITHMETIC = "arithmetic"
    NUMBER = "number"
    TEXT = "text"
    MEMBER = "member"
    PART = "part"
    FORM = "form"
    EFFECT = "effect"
    DROPPED = "dropped"
    SELECTION = "selection"
    TIER = "tier"
    EXTERNAL = "external"
    APPROVAL = "approval"
    WAIVER = "waiver"
    NEVER = "never"
    INPUT = "input"
    QUORUM = "quorum"
    ROLES = "roles"
    DEADLINE = "deadline"
    SILENCE = "silence"
    GATE = "gate"
    MAXIMUM = "maximum"
    WINDOW = "window"
    COUNTS = "counts"
    KEYS = "keys"
    SOURCE = "source"
    TRUSTED = "trusted"


@dataclass(frozen=True, slots=True)
class Change:
    """A changed charter.

    Args:
        of: what was changed, as its id names it: `rule/own-customer`, `tool/refund`, `gate/team-lead`, `limit/once`.
        at: where in its file.
        words: what was changed, for people.
        charter: the whole of it, changed.
    """

    kind: Kind
    of: str
    at: Location
    words: str
    charter: Charter
