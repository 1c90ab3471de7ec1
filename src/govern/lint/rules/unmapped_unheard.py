"""A charter that calls nobody when the agent tries a tool that it does not have."""

from __future__ import annotations

from collections.abc import Iterator

from govern.charter.model import Charter, Kind
from govern.findings import Confidence, Severity
from govern.lint.hit import Hit

SEVERITY = Severity.NOTE
CONFIDENCE = Confidence.HIGH


def check(charter: Charter) -> Iterator[Hit]:
    if charter.kind is not Kind.CHARTER or any(each.event.name == "unmapped" for each in charter.escalation):
        return
    message = "nobody is told when the agent tries a tool that is not mapped"
    own = [each for each in charter.escalation if charter.here(each.at)]
    hint = f"add `escalation: [{{event: unmapped, to: {charter.owner}}}]`"
    yield Hit(message, own[-1].event.at if own else charter.owner.at, hint)
