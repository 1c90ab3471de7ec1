"""The JSON of `govern bundle`: `govern/bundle-show/v1` and `govern/bundle-verify/v1`, described in `schemas/`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from govern.compile.bundle import Bundle
from govern.compile.validity import written
from govern.compile.verify import Verified
from govern.events.canonical import digest
from govern.signing.dsse import Checked


def shown(bundle: Bundle, checked: Iterable[Checked], now: int) -> dict[str, Any]:
    """What a bundle holds.

    Args:
        checked: what is known of its signatures.
        now: the moment that validity is told for, UTC nanoseconds.
    """
    policy, charter = bundle.policy, bundle.charter
    return {
        "schema": "govern/bundle-show/v1",
        "agent": policy.agent,
        "version": policy.version,
        "purpose": policy.purpose,
        "owner": policy.owner,
        "bundle_digest": bundle.digest,
        "policy_digest": policy.digest,
        "deployment_digest": charter.deployment,
        "validity": {**_window(bundle), "at": written(now), "valid": bundle.window.refusal(now) is None},
        "signed": bundle.envelope is not None,
        "signatures": [
            {
                "keyid": each.signature.keyid,
                "state": each.state.value,
                "key_file": each.key.name if each.key is not None else None,
            }
            for each in checked
        ],
        "tools": [
            {
                "tool": tool.name,
                "tier": tool.tier.value,
                "external": tool.external,
                "gate": tool.gate,
                "rules": len(tool.rules),
            }
            for _, tool in sorted(policy.tools.items())
        ],
        "counts": counts(bundle),
        "files": [
            {"file": name, "bytes": len(text.encode()), "digest": digest(text), "minimum": name in charter.minimums}
            for name, text in files(bundle)
        ],
        "locked": charter.lock is not None,
    }


def counts(bundle: Bundle) -> dict[str, int]:
    """How much of what a policy has; rules that follow from limits and reading are counted as what they are."""
    policy = bundle.policy
    return {
        "tools": len(policy.tools),
        "gates": len(policy.gates),
        "roles": len(policy.roles),
        "never": len(policy.never),
        "facts": len(policy.facts),
        "limits": len(policy.limits),
        "after_reading": len(policy.untrusted.after_reading) if policy.untrusted else 0,
        "records": len(policy.records),
        "escalation": len(policy.escalation),
    }


def files(bundle: Bundle) -> list[tuple[str, str]]:
    """The charter and every file that it is composed with, by name, with their texts."""
    return [(bundle.charter.file, bundle.charter.text), *sorted(bundle.charter.parts.items())]


def _window(bundle: Bundle) -> dict[str, str | None]:
    since, until = bundle.window.not_before, bundle.window.expires
    return {
        "not_before": written(since) if since is not None else None,
        "expires": written(until) if until is not None else None,
    }


def verified(found: Verified, file: str) -> dict[str, Any]:
    """The steps of a verification, and what may decide.

    Args:
        file: as it was named.
    """
    bundle = found.bundle
    return {
        "schema": "govern/bundle-verify/v1",
        "status": "ok" if found.ok else "refused",
        "file": file,
        "at": written(found.at),
        "agent": bundle.policy.agent if bundle else None,
        "version": bundle.policy.version if bundle else None,
        "bundle_digest": bundle.digest if bundle else None,
        "policy_digest": bundle.policy.digest if bundle else None,
        **(_window(bundle) if bundle else {"not_before": None, "expires": None}),
        "steps": [
            {"number": number, "id": step.id, "state": step.outcome.value, "detail": step.detail, "hint": step.hint}
            for number, step in enumerate(found.steps, start=1)
        ],
    }
