"""An agent that acts for good from its first day: no days are planned on which people only watch."""

from __future__ import annotations

from collections.abc import Iterator

from govern.charter.model import Charter, Kind, Tier
from govern.findings import Confidence, Severity
from govern.lint.hit import Hit, listed

SEVERITY = Severity.NOTE
CONFIDENCE = Confidence.HIGH


def check(charter: Charter) -> Iterator[Hit]:
    if charter.kind is not Kind.CHARTER or charter.shadow is not None:
        return
    lasting = [tool.name for tool in charter.tools.values() if tool.tier is Tier.IRREVERSIBLE]
    if lasting:
        message = f"{listed(lasting, 3)} cannot be undone, and no shadow days are planned before they are released"
        yield Hit(message, charter.owner.at, f"add `shadow: {{business_days: 5, reviewer: {charter.owner}}}`")
