"""What a tool's name suggests about its risk: a guess with its reason, for people to confirm.

Used for suggestions and findings only; no verdict ever depends on it.
"""

from __future__ import annotations

import re

from govern.policy.model import Tier


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


READS = _words(
    """
    get list search read find fetch view check describe count query lookup show retrieve browse
    download inspect calculate think compare validate preview explain summarize
    """
)
CHANGES = _words(
    """
    create add update edit set label comment assign draft move rename append write put modify change
    tag mark save schedule reschedule request upload insert enable disable open reopen archive pin
    mute replace
    """
)
LASTING = _words(
    """
    delete remove send pay transfer merge close approve publish post invite share cancel purchase
    buy book order execute run exec drop grant revoke deploy refund charge reply forward email
    message call notify submit sign terminate kill purge reset wipe force push release backfill
    dismiss reject return exchange withdraw reserve bypass unprotect protect unlock rotate
    commit deactivate truncate trigger uninvite unshare
    """
)


# What stands under these is who may do what: changing it is not undone by changing it back.
POWERS = _words("protection permission permissions password secret secrets key token role access policy credential")


_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")


def words(tool: str) -> list[str]:
    """The words of a tool's name, in lower case: `mcp__gh__mergePullRequest` → mcp, gh, merge, pull, request."""
    return [word.lower() for word in _WORD.findall(tool)]


def guess(tool: str) -> tuple[Tier, str]:
    """The tier a name suggests, and why. A name that says nothing counts as irreversible."""
    found = words(tool.rpartition("/")[2].rpartition("__")[2] or tool)
    if found and found[0] not in READS and (power := next((word for word in found if word in POWERS), None)):
        return Tier.IRREVERSIBLE, f"it changes a `{power}`"
    for vocabulary, tier in ((LASTING, Tier.IRREVERSIBLE), (CHANGES, Tier.REVERSIBLE), (READS, Tier.READ_ONLY)):
        if found and found[0] in vocabulary:
            return tier, f"verb `{found[0]}`"
    # Not the first word: the strictest that is anywhere, so that `list` in `mailing_list_purge` loosens nothing.
    for word in found:
        if word in LASTING:
            return Tier.IRREVERSIBLE, f"`{word}` in its name"
    for word in found:
        if word in CHANGES:
            return Tier.REVERSIBLE, f"`{word}` in its name"
    if len(found) > 1 and found[1] in READS:
        return Tier.READ_ONLY, f"`{found[1]}` in its name"
    return Tier.IRREVERSIBLE, "its name says nothing about its effect"
