"""A tool called read-only whose name says that it changes something."""

from __future__ import annotations

from collections.abc import Iterator

from govern.charter.model import Charter, Tier
from govern.findings import Confidence, Severity
from govern.lint.hit import Hit
from govern.policy.verbs import CHANGES, LASTING, words

SEVERITY = Severity.WARNING
CONFIDENCE = Confidence.MEDIUM

# These may do either; the others of the vocabulary change something wherever they begin a tool's name.
EITHER = frozenset({"call", "email", "exec", "execute", "message", "open", "request", "run"})


def check(charter: Charter) -> Iterator[Hit]:
    for tool in charter.tools.values():
        verb = next(iter(words(tool.name.rpartition("/")[2])), "")
        if tool.tier is Tier.READ_ONLY and verb in LASTING | CHANGES and verb not in EITHER:
            message = f"`{tool.name}` is called read_only, and its name says `{verb}`"
            yield Hit(message, tool.tier_at, "`reversible` or `irreversible`?")
