"""A tool called read-only whose name says that it changes something."""

from __future__ import annotations

import re
from collections.abc import Iterator

from govern.charter.model import Charter, Tier
from govern.findings import Severity
from govern.lint.hit import Hit

SEVERITY = Severity.WARNING

# Verbs that change something wherever they begin a tool's name; `check`, `run`, `open` may do either.
CHANGING = frozenset(
    "add approve archive assign book buy cancel charge close commit create deactivate delete deploy disable drop "  # noqa: SIM905
    "edit enable exchange grant insert invite merge modify move order pay post publish purchase push put refund "
    "reject remove rename replace reserve reset revoke schedule send set share submit transfer trigger truncate "
    "uninvite unshare update upload write".split()
)
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")


def check(charter: Charter) -> Iterator[Hit]:
    for tool in charter.tools.values():
        words = _WORD.findall(tool.name.rpartition("/")[2])
        verb = words[0].lower() if words else ""
        if tool.tier is Tier.READ_ONLY and verb in CHANGING:
            message = f"`{tool.name}` is called read_only, and its name says `{verb}`"
            yield Hit(message, tool.tier_at, "`reversible` or `irreversible`?")
