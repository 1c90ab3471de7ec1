"""Policies for a command's `--charter`: a charter, a bundle, or a folder of them.

In a folder, bases, libraries and deployment files are no charters, and are left to the charters that name them.
"""

from __future__ import annotations

from pathlib import Path

from govern.charter.deployment import Deployment, deployment_or_raise, is_deployment, minimums
from govern.charter.load import charter_or_raise, load
from govern.charter.model import Kind
from govern.compile import bundle
from govern.compile.lower import lower
from govern.errors import AuthorError, EvidenceError
from govern.policy.model import Policy

SUFFIXES = (".yaml", ".yml", ".bundle")


def policies(path: str, deployment: str | None = None) -> dict[str, Policy]:
    """The policies that a path stands for, by agent.

    Args:
        path: a charter file, a bundle, or a folder, in which every `*.yaml`, `*.yml` and `*.bundle` is one.
        deployment: a deployment file, whose minimums every charter is composed with.

    Raises:
        EvidenceError: nothing there.
        AuthorError: a file is no charter or bundle, or two files are for the same agent.
    """
    root = Path(path)
    deployed = deployment_or_raise(deployment) if deployment is not None else None
    if path != "-" and not root.exists():
        raise EvidenceError("no such charter", where=path)
    files = sorted(f for f in root.rglob("*") if f.suffix in SUFFIXES and f.is_file()) if root.is_dir() else [root]
    found: dict[str, tuple[Policy, Path]] = {}
    for file in files:
        policy = _of_folder(file, deployed) if root.is_dir() else one_policy(file, deployed)
        if policy is None:
            continue
        if policy.agent in found:
            other = found[policy.agent][1]
            raise AuthorError(f"agent `{policy.agent}` has another charter in {other}", where=str(file))
        found[policy.agent] = (policy, file)
    if not found:
        hint = "charters end in `.yaml`, bundles in `.bundle`; bases and libraries are none"
        raise EvidenceError("no charter in this folder", where=path, hint=hint)
    return {agent: policy for agent, (policy, _) in found.items()}


def _of_folder(file: Path, deployed: Deployment | None) -> Policy | None:
    """The policy of a folder's file; None where it is a base, a library or a deployment."""
    if not bundle.looks_like_bundle(file):
        if is_deployment(file):
            return None
        loaded = load(file)
        if loaded.charter is not None and loaded.charter.kind is not Kind.CHARTER:
            return None
    return one_policy(file, deployed)


def one_policy(file: Path, deployed: Deployment | None = None) -> Policy:
    """The policy of one charter or bundle.

    Args:
        deployed: the deployment whose minimums it is composed with.

    Raises:
        AuthorError: it is neither, or a bundle that was compiled for another deployment.
    """
    if bundle.looks_like_bundle(file):
        found = bundle.read(file)
        if deployed is not None and found.charter.deployment != deployed.digest:
            hint = "compile the charter again with `--deployment`"
            raise AuthorError("the bundle was not compiled for this deployment", where=str(file), hint=hint)
        return found.policy
    return lower(charter_or_raise(load(file, minimums(file, deployed)), str(file)))
