"""A tier that is looser than what the tool's own server says of it, by the lock."""

from __future__ import annotations

from collections.abc import Iterator

from govern.charter.model import Charter, Tier
from govern.findings import Confidence, Severity
from govern.lint.hit import Hit

SEVERITY = Severity.WARNING
CONFIDENCE = Confidence.MEDIUM


def check(charter: Charter) -> Iterator[Hit]:
    pins = charter.locked.tools if charter.locked is not None else {}
    for name, pin in pins.items():
        tool = charter.tools.get(name)
        if tool is None:
            continue
        at = tool.tier_at if charter.here(tool.tier_at) else tool.at
        if tool.tier is Tier.READ_ONLY and (pin.read_only is False or pin.destructive):
            said = "that it is destructive" if pin.destructive else "that it changes something"
            message = f"`{name}` is called read_only, and its server says {said}"
            yield Hit(message, at, "`reversible` or `irreversible`?")
        elif tool.tier is Tier.REVERSIBLE and pin.destructive and pin.read_only is not True:
            message = f"`{name}` is called reversible, and its server says that it is destructive"
            yield Hit(message, at, "can what it does be undone, each time, by somebody who notices?")
