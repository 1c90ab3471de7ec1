"""The closed words of a policy: effects, tiers, forms of rules, reasons. Apart from the model, which needs more."""

from __future__ import annotations

from enum import IntEnum, StrEnum


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


class Reason(StrEnum):
    """Why a verdict is what it is. Closed; `govern explain` has a page for each."""

    AUTONOMOUS = "autonomous"
    WAIVED = "waived"
    GATE = "gate"
    RULE = "rule"
    LIMIT = "limit"
    AFTER_READING = "after_reading"
    NEVER = "never"
    UNMAPPED = "unmapped"
    INVALID_INPUT = "invalid_input"
    UNKNOWN = "unknown"
