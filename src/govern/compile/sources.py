"""Policies for a command's `--charter`: a charter, a bundle, or a folder of them."""

from __future__ import annotations

from pathlib import Path

from govern.charter.load import charter_or_raise, load
from govern.compile import bundle
from govern.compile.lower import lower
from govern.errors import AuthorError, EvidenceError
from govern.policy.model import Policy

SUFFIXES = (".yaml", ".yml", ".bundle")


def policies(path: str) -> dict[str, Policy]:
    """The policies that a path stands for, by agent.

    Args:
        path: a charter file, a bundle, or a folder, in which every `*.yaml`, `*.yml` and `*.bundle` is one.

    Raises:
        EvidenceError: nothing there.
        AuthorError: a file is no charter or bundle, or two files are for the same agent.
    """
    root = Path(path)
    if path != "-" and not root.exists():
        raise EvidenceError("no such charter", where=path)
    files = sorted(f for f in root.rglob("*") if f.suffix in SUFFIXES and f.is_file()) if root.is_dir() else [root]
    if not files:
        raise EvidenceError(
            "no charter in this folder", where=path, hint="charters end in `.yaml`, bundles in `.bundle`"
        )
    found: dict[str, tuple[Policy, Path]] = {}
    for file in files:
        policy = one_policy(file)
        if policy.agent in found:
            other = found[policy.agent][1]
            raise AuthorError(f"agent `{policy.agent}` has another charter in {other}", where=str(file))
        found[policy.agent] = (policy, file)
    return {agent: policy for agent, (policy, _) in found.items()}


def one_policy(file: Path) -> Policy:
    """The policy of one charter or bundle.

    Raises:
        AuthorError: it is neither.
    """
    if bundle.looks_like_bundle(file):
        return bundle.read(file).policy
    return lower(charter_or_raise(load(file), str(file)))
