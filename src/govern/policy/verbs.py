"""What a tool's name suggests about its risk: a guess with its reason, for people to confirm.

Used for drafts, suggestions and findings only; no verdict ever depends on it. The words are general English
verbs of tools' names. A word that can mean several things has the strictest of its meanings.
"""

from __future__ import annotations

import re

from govern.policy.terms import Tier


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


READS = _words(
    """
    get list search read find fetch view check describe count query lookup show retrieve browse
    download inspect calculate think compare validate preview explain summarize
    estimate look scan analyze diff wait echo
    """
)
CHANGES = _words(
    """
    create add update edit set label comment assign draft move rename append put modify change
    tag mark save schedule reschedule request upload insert enable disable open reopen archive pin
    mute replace
    patch adjust toggle star fork clone copy duplicate watch follow link attach
    detach react like flag hide sort prioritize resolve undo start pause resume annotate
    """
)
LASTING = _words(
    """
    delete remove send pay transfer merge close approve publish post invite share cancel purchase
    buy book order execute run exec drop grant revoke deploy refund charge reply forward email
    message call notify submit sign terminate kill purge reset wipe force push release backfill
    dismiss reject return exchange withdraw reserve bypass unprotect protect unlock rotate
    commit deactivate truncate trigger uninvite unshare
    write overwrite manage destroy erase clear clean prune evict expire flush shred nuke
    stop shutdown reboot ban block kick expel suspend evaluate eval apply install uninstall migrate import
    sync rollback revert rebase broadcast announce tweet sell trade order donate wire deposit redeem settle
    void accept decline confirm finalize complete checkout escalate delegate impersonate
    authorize elevate promote demote disconnect unlink subscribe restore ship dispatch print
    """
)


# What stands under these is who may do what: changing it is not undone by changing it back.
POWERS = _words("protection permission permissions password secret secrets key token role access policy credential")

# What stands under these is paid for: making or changing one moves money, or binds somebody to.
MONEY = _words(
    """
    order orders reservation reservations booking bookings payment payments transaction transactions invoice
    invoices subscription subscriptions payout payouts balance
    """
)

# These put something else in the place of what was there, and a file keeps no history of its own.
REPLACES = _words("edit update set modify change put replace move rename save patch copy")
FILES = _words("file files directory directories folder folders disk")

# What these do reaches people or systems outside, beyond recall.
REACHES_OUT = _words(
    """
    send pay transfer publish post invite share purchase buy book order forward email message call notify reply
    refund charge withdraw reserve exchange broadcast announce tweet sell trade donate wire deposit
    redeem settle submit ship dispatch checkout payout
    """
)
# Whatever is done with these is done with somebody outside.
_OUTSIDE = _words("payment payments payout payouts funds money")

# Reading words that are no nouns: where a name puts its verb last (`issue_read`), these tell.
_ONLY_VERBS = _words("get read fetch retrieve describe find lookup inspect calculate validate explain")
# Changing words that are nouns as often: after another word and before such a verb (`pull_request_read`), they are.
_ALSO_NOUNS = _words(
    """
    request label comment draft tag schedule order book message email call release charge reply exchange share
    commit return post block
    """
)
# Reading words that are nouns as often: of `list_remove_item` and `view_drop`, they are the object.
_READ_NOUNS = _words("list view query search count check show download preview scan diff estimate echo wait")
# One name, two actions; and verbs that a small word turns into another.
_JOINS = _words("and or then plus")
_TURNED = {"check": _words("in out off"), "look": _words("after"), "find": _words("replace"), "count": _words("down")}

SAYS_NOTHING = "its name says nothing about its effect"

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")


def words(tool: str) -> list[str]:
    """The words of a tool's name, in lower case: `mcp__gh__mergePullRequest` → mcp, gh, merge, pull, request."""
    return [word.lower() for word in _WORD.findall(tool)]


def tier_of(word: str) -> Tier | None:
    """The tier that one verb suggests, also with `re` or `un` before it (`resend`, `unpin`); None if it is unknown."""
    for vocabulary, tier in ((LASTING, Tier.IRREVERSIBLE), (CHANGES, Tier.REVERSIBLE), (READS, Tier.READ_ONLY)):
        if word in vocabulary:
            return tier
    stem = word[2:] if word.startswith(("re", "un")) else ""
    # Not for reading: `review` is no second view, `research` no second search.
    return Tier.IRREVERSIBLE if stem in LASTING else Tier.REVERSIBLE if stem in CHANGES else None


def guess(tool: str) -> tuple[Tier, str]:
    """The tier a name suggests, and why. A name that says nothing counts as irreversible."""
    found = words(_own(tool))
    tiers = [tier_of(word) for word in found]
    first = tiers[0] if found else None
    if first is Tier.READ_ONLY:
        return _more_than_reading(found, tiers) or (first, f"verb `{found[0]}`")
    if thing := next((word for word in found if word in POWERS), None):
        return Tier.IRREVERSIBLE, f"it changes a `{thing}`"
    if _read_at_the_end(found, tiers):
        return Tier.READ_ONLY, f"verb `{found[-1]}` at its end"
    if first is Tier.REVERSIBLE:
        return _more_than_changing(found, tiers) or (first, f"verb `{found[0]}`")
    if first is Tier.IRREVERSIBLE:
        return first, f"verb `{found[0]}`"
    # Not the first word: the strictest that is anywhere, so that `list` in `mailing_list_purge` loosens nothing.
    if strictest := _strictest(found, tiers):
        return strictest
    if len(found) > 1 and tiers[1] is Tier.READ_ONLY and not _joined(found):
        return Tier.READ_ONLY, f"`{found[1]}` in its name"
    return Tier.IRREVERSIBLE, SAYS_NOTHING


def reaches_out(tool: str) -> str | None:
    """The word of a name that says that its effect leaves the organisation, or None; not of a name that reads."""
    if guess(tool)[0] is Tier.READ_ONLY:
        return None
    found = words(_own(tool))
    if found and found[0] in REACHES_OUT:
        return found[0]
    if thing := next((word for word in found[1:] if word in _OUTSIDE), None):
        return thing
    # Elsewhere in a name a noun is likelier (`update_order`, `create_message_label`).
    return next((word for word in found[1:] if word in REACHES_OUT - _ALSO_NOUNS - {"post"}), None)


def _own(tool: str) -> str:
    """A tool's name without its server's: of `server/name`, and of `mcp__server__name` as logs write it."""
    own = tool.rpartition("/")[2]
    server, _, rest = own.rpartition("__")
    strict = (Tier.IRREVERSIBLE, Tier.REVERSIBLE)
    if rest and (server.startswith("mcp__") or not any(tier_of(word) in strict for word in words(server))):
        return rest
    return own


def _joined(found: list[str]) -> bool:
    return any(word in _JOINS for word in found[1:-1])


def _strictest(found: list[str], tiers: list[Tier | None]) -> tuple[Tier, str] | None:
    for wanted in (Tier.IRREVERSIBLE, Tier.REVERSIBLE):
        for word, tier in zip(found, tiers, strict=True):
            if tier is wanted:
                return wanted, f"`{word}` in its name"
    return None


def _more_than_reading(found: list[str], tiers: list[Tier | None]) -> tuple[Tier, str] | None:
    """A name that begins with reading and goes on: `get_or_create`, `check_out`, `list_remove_item`."""
    if len(found) > 1 and found[1] in _TURNED.get(found[0], ()):
        return Tier.IRREVERSIBLE, f"`{found[0]} {found[1]}` is more than reading"
    after_join = [index for index in range(1, len(found)) if found[index - 1] in _JOINS]
    object_first = [index for index in range(1, len(found)) if found[0] in _READ_NOUNS and index in _spots(found)]
    for wanted in (Tier.IRREVERSIBLE, Tier.REVERSIBLE):
        for index in (*after_join, *object_first):
            if tiers[index] is wanted and (index in after_join or found[index] not in _ALSO_NOUNS):
                return wanted, f"`{found[index]}` in its name"
    return None


def _spots(found: list[str]) -> set[int]:
    """Where a verb may stand after its object: last, or second before one thing (`list_merge_requests` has many)."""
    return {len(found) - 1} if found[-1].endswith("s") else {1, len(found) - 1}


def _more_than_changing(found: list[str], tiers: list[Tier | None]) -> tuple[Tier, str] | None:
    """A name that begins with changing, and what it changes or does besides cannot be undone."""
    if found[0] in REPLACES and (file := next((word for word in found[1:] if word in FILES), None)):
        return Tier.IRREVERSIBLE, f"`{found[0]}` of a `{file}`, which keeps no history"
    if thing := next((word for word in found[1:] if word in MONEY), None):
        return Tier.IRREVERSIBLE, f"money may move with a changed `{thing}`"
    if _joined(found):
        return _strictest(found, tiers)
    if tiers[-1] is Tier.IRREVERSIBLE and found[-1] not in _ALSO_NOUNS:  # `label_delete`, `set_auto_merge`
        return Tier.IRREVERSIBLE, f"`{found[-1]}` at its end"
    return None


def _read_at_the_end(found: list[str], tiers: list[Tier | None]) -> bool:
    """Whether a name is a thing and then a verb that reads: `issue_read`, `pull_request_read`."""
    if len(found) < 2 or found[-1] not in _ONLY_VERBS or tiers[0] is not None or _joined(found):
        return False
    return all(tier in (None, Tier.READ_ONLY) or word in _ALSO_NOUNS for word, tier in zip(found, tiers, strict=True))
