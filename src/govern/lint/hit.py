"""What a rule found: what is special to the place. The engine makes a finding of it."""

from __future__ import annotations

from dataclasses import dataclass

from govern.findings import Confidence, Fix, Location, Severity


@dataclass(frozen=True, slots=True)
class Hit:
    """One place that a rule does not like.

    Args:
        message: what is wrong, lower case, the author's words in backticks.
        at: where.
        hint: what to do.
        severity, confidence: only where they differ from the rule's own.
        fix: what would mend it, None where only a human can.
    """

    message: str
    at: Location
    hint: str = ""
    severity: Severity | None = None
    confidence: Confidence | None = None
    fix: Fix | None = None


def listed(words: list[str], most: int = 4) -> str:
    """Names in backticks, the rest counted."""
    shown = ", ".join(f"`{word}`" for word in words[:most])
    return shown if len(words) <= most else f"{shown} and {len(words) - most} more"
