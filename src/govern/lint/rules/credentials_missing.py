"""A tool that changes something and is given no credential for the call: it runs with what is always held."""

from __future__ import annotations

from collections.abc import Iterator

from govern.charter.model import Charter, Identity, Tier, Tool
from govern.findings import Confidence, Severity
from govern.lint.hit import Hit
from govern.lint.outside import own_name
from govern.lint.rules.standing_scope_writes import changes
from govern.policy.verbs import words

SEVERITY = Severity.NOTE
CONFIDENCE = Confidence.MEDIUM


def check(charter: Charter) -> Iterator[Hit]:
    if charter.identity is None:
        return
    for tool in charter.tools.values():
        if tool.credentials or tool.tier is Tier.READ_ONLY:
            continue
        scope = _used(tool, charter.identity)
        if scope is not None:
            message = f"`{tool.name}` is given no credential: it must be running on `{scope}`, which is always held"
        elif tool.tier is Tier.IRREVERSIBLE:
            message = f"`{tool.name}` is given no credential for the call: it runs with what is always held"
        else:
            continue
        yield Hit(message, tool.at, "add `credentials`: a scope of `elevated`, issued for one released call")


def _used(tool: Tool, identity: Identity) -> str | None:
    """The standing scope that lets change what the tool's name speaks of."""
    said = {word.removesuffix("s") for word in words(own_name(tool.name))}
    for scope in identity.standing:
        if changes(scope.name) and said & {word.removesuffix("s") for word in words(scope.name)}:
            return scope.name
    return None
