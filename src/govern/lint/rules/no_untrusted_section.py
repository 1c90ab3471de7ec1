"""An agent that reads what people outside wrote, and a charter that says nothing of what it is worth."""

from __future__ import annotations

from collections.abc import Iterator

from govern.charter.model import Charter, Kind, Tier
from govern.findings import Confidence, Severity
from govern.lint.hit import Hit, listed
from govern.lint.outside import readers_of_outside

SEVERITY = Severity.NOTE
CONFIDENCE = Confidence.MEDIUM


def check(charter: Charter) -> Iterator[Hit]:
    if charter.kind is not Kind.CHARTER or charter.untrusted is not None:
        return
    outside = [tool for tool, _ in readers_of_outside(charter)]
    acting = [tool for tool in charter.tools.values() if tool.tier is not Tier.READ_ONLY]
    if outside and acting:
        names = listed([tool.name for tool in outside], 3)
        message = f"{names} may bring instructions of others, and nothing says what happens after reading"
        yield Hit(message, outside[0].at, "add `untrusted`, with `after_reading` for what cannot be undone")
