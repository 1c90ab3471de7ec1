"""One policy for each version of an agent, and no going back: what was seen, and whether another may follow.

A pure part: a ledger in, a ledger or a refusal out. Where it is kept is another matter (`seen_file`; a gate keeps
it in its store). A bundle whose window was renewed has the same policy, and so the same version; a rollback is the
old text under a new version.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from govern.errors import EnvironmentFailed
from govern.events.canonical import Malformed, parse, text_of
from govern.policy.model import Policy

SCHEMA: Final = "govern/seen/v1"
_ENTRY: Final = ("agent", "version", "policy_digest")
_DIGEST: Final = re.compile("sha256:[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Ledger:
    """What was seen.

    Args:
        seen: by agent and version, the digest of the policy.
    """

    seen: Mapping[str, Mapping[int, str]] = field(default_factory=dict)

    def highest(self, agent: str) -> int | None:
        """The highest version of an agent; None where it was never seen."""
        return max(self.seen.get(agent, {}), default=None)


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a policy may not follow, and what to do."""

    message: str
    hint: str


def admit(ledger: Ledger, policy: Policy) -> Ledger | Refused:
    """The ledger that has seen the policy too, or why it may not follow what was seen.

    Args:
        policy: checked, and so with the digest of what it says.
    """
    agent, version = policy.agent, policy.version
    known = ledger.seen.get(agent, {})
    highest = ledger.highest(agent)
    if highest is not None and version < highest:
        hint = "there is no way back to an old version: give the old text a new one"
        return Refused(f"version {version} of `{agent}` is lower than {highest}, the highest seen", hint)
    if known.get(version, policy.digest) != policy.digest:
        message = f"version {version} of `{agent}` was seen with another policy: {known[version]}, not {policy.digest}"
        return Refused(message, "a policy that changed needs a new version")
    return Ledger({**ledger.seen, agent: {**known, version: policy.digest}})


def text(ledger: Ledger) -> str:
    """The ledger as a file: sorted, a line a policy."""
    rows = [
        {"agent": agent, "version": version, "policy_digest": ledger.seen[agent][version]}
        for agent in sorted(ledger.seen)
        for version in sorted(ledger.seen[agent])
    ]
    lines = ",\n".join(f"    {json.dumps(row, ensure_ascii=False)}" for row in rows)
    listed = f"[\n{lines}\n  ]" if rows else "[]"
    return f'{{\n  "schema": "{SCHEMA}",\n  "seen": {listed}\n}}\n'


def read(raw: bytes, where: str) -> Ledger:
    """The ledger of a file's bytes; nothing of it is guessed.

    Args:
        where: how errors call the file.

    Raises:
        EnvironmentFailed: it is none.
    """
    hint = "put back a copy of it; a new ledger has seen nothing"
    try:
        document = parse(raw)
    except Malformed as error:
        raise EnvironmentFailed(f"no ledger of versions: {error}", where=where, hint=hint) from None
    if not isinstance(document, dict) or set(document) != {"schema", "seen"} or document["schema"] != SCHEMA:
        raise EnvironmentFailed(f"no ledger of schema `{SCHEMA}`", where=where, hint=hint)
    rows = document["seen"]
    if not isinstance(rows, list):
        raise EnvironmentFailed("`seen` of the ledger is no list", where=where, hint=hint)
    found: dict[str, dict[int, str]] = {}
    for row in rows:
        if not _is_entry(row) or row["version"] in found.get(row["agent"], {}):
            message = f"an entry of the ledger cannot be read, or stands twice: {text_of(row)[:80]}"
            raise EnvironmentFailed(message, where=where, hint=hint)
        found.setdefault(row["agent"], {})[row["version"]] = row["policy_digest"]
    return Ledger(found)


def _is_entry(row: Any) -> bool:
    if not isinstance(row, dict) or set(row) != set(_ENTRY):
        return False
    agent, version, policy = (row[key] for key in _ENTRY)
    named = isinstance(agent, str) and agent != "" and type(version) is int
    return named and isinstance(policy, str) and _DIGEST.fullmatch(policy) is not None
