"""An irreversible tool that needs nobody's approval: allowed, said, and never silent."""

from __future__ import annotations

from collections.abc import Iterator

from govern.charter.model import Charter, Tier
from govern.findings import Confidence, Severity
from govern.lint.hit import Hit

SEVERITY = Severity.WARNING
CONFIDENCE = Confidence.HIGH


def check(charter: Charter) -> Iterator[Hit]:
    for tool in charter.tools.values():
        if tool.tier is Tier.IRREVERSIBLE and tool.autonomous is not None:
            message = f"`{tool.name}` cannot be undone, and the agent does it alone"
            yield Hit(message, tool.autonomous.at, "ask a gate, with `unless` for what may go without")
