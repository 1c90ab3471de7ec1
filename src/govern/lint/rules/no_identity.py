"""An agent that acts for good or outside, and nothing says whose account it acts with."""

from __future__ import annotations

from collections.abc import Iterator

from govern.charter.model import Charter, Kind, Tier
from govern.findings import Confidence, Severity
from govern.lint.hit import Hit, listed

SEVERITY = Severity.NOTE
CONFIDENCE = Confidence.HIGH


def check(charter: Charter) -> Iterator[Hit]:
    if charter.kind is not Kind.CHARTER or charter.identity is not None:
        return
    acting = [
        tool.name
        for tool in charter.tools.values()
        if tool.tier is Tier.IRREVERSIBLE or (tool.external and tool.tier is not Tier.READ_ONLY)
    ]
    if acting:
        message = f"nothing says whose account and rights {listed(acting, 3)} are called with"
        yield Hit(message, charter.agent_at, "add `identity`, with a `service_account` of the agent's own")
