"""A call for good, or to the outside, that runs without approval after the agent read what others wrote."""

from __future__ import annotations

from collections.abc import Iterator

from govern.charter.model import Charter, Deny, Tier, Tool, gate_of
from govern.findings import Confidence, Location, Severity
from govern.lint.hit import Hit
from govern.lint.scopes import always_held, selects

SEVERITY = Severity.WARNING
CONFIDENCE = Confidence.HIGH


def check(charter: Charter) -> Iterator[Hit]:
    if charter.untrusted is None:
        return
    trusted = {word.name for word in charter.untrusted.trusted}
    if not charter.tools.keys() - trusted:
        return
    acting = [
        tool
        for tool in charter.tools.values()
        if tool.tier is Tier.IRREVERSIBLE or (tool.external and tool.tier is not Tier.READ_ONLY)
    ]
    held = {tool.name for tool in always_held(charter, acting)}
    for tool in acting:
        if tool.name not in held and not _covered(charter, tool):
            kind = "cannot be undone" if tool.tier is Tier.IRREVERSIBLE else "leaves the organisation"
            at, how, severity = _alone(tool)
            message = f"`{tool.name}` {kind} and runs {how}, also after untrusted output was read"
            yield Hit(message, at, "cover it under `after_reading`", severity)


def _alone(tool: Tool) -> tuple[Location, str, Severity | None]:
    """Where it is said that nobody is asked. A waiver was thought about: it is only worth a second thought."""
    if tool.approval is not None and tool.approval.unless is not None:
        return tool.approval.unless.at, "unasked where this holds", Severity.NOTE
    return (tool.autonomous.at if tool.autonomous else tool.at), "without anybody's approval", None


def _covered(charter: Charter, tool: Tool) -> bool:
    for after in charter.untrusted.after_reading if charter.untrusted else ():
        asks = isinstance(after.effect, Deny) or gate_of(after.effect) is not None
        if asks and selects(after.select, tool):  # a raised tier alone asks nobody
            return True
    return False
