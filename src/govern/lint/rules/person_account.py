"""An agent that works with a person's account: what it did cannot be told from what the person did."""

from __future__ import annotations

import re
from collections.abc import Iterator

from govern.charter.model import Charter
from govern.findings import Confidence, Severity
from govern.lint.hit import Hit
from govern.lint.outside import word_set
from govern.policy.verbs import words

SEVERITY = Severity.WARNING
CONFIDENCE = Confidence.MEDIUM

# An account with one of these words is a machine's, or at least nobody's own.
_NOBODY = word_set("""
    account accounts admin agent app assistant automation backend batch billing bot ci client cron daemon data
    deploy desk dev dispatch finance gateway github gitlab help helpdesk hr iam info it job machine mail notify no
    office ops payments pipeline platform prod production proxy reply robot role runner sa sales server service
    spiffe staging support svc sys system team test user worker workload
    """)
_TWO_NAMES = re.compile(r"[a-z]{2,}\.[a-z]{2,}")


def check(charter: Charter) -> Iterator[Hit]:
    if charter.identity is None:
        return
    account = charter.identity.service_account
    local, at, _ = account.name.partition("@")
    said = words(local)
    known = _NOBODY | set(words(charter.agent)) | {word for role in charter.roles for word in words(role.name)}
    if any(word in known or word.endswith(("bot", "agent", "svc")) for word in said) or "/" in local or ":" in local:
        return
    if at or _TWO_NAMES.fullmatch(local.lower()):
        message = f"`{account}` looks like a person's account"
        hint = "give the agent an account of its own: the record says who acted by it"
        yield Hit(message, account.at, hint)
