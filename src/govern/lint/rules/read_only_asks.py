"""A tool that only reads, and asks a gate for every call."""

from __future__ import annotations

from collections.abc import Iterator

from govern.charter.model import Charter, Tier
from govern.findings import Confidence, Severity
from govern.lint.hit import Hit
from govern.lint.sites import asked_always

SEVERITY = Severity.NOTE
CONFIDENCE = Confidence.LOW


def check(charter: Charter) -> Iterator[Hit]:
    for tool in charter.tools.values():
        # What is read from outside is a message to whoever runs the place: asking for it makes sense.
        if tool.tier is Tier.READ_ONLY and not tool.external and tool.approval is not None and asked_always(tool):
            message = f"`{tool.name}` changes nothing, and each call of it waits for `{tool.approval.gate}`"
            hint = "is the tier too low? else let a rule ask, for what must not be read unseen"
            yield Hit(message, tool.approval.at, hint)
