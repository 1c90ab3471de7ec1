"""Policies for a command's `--charter`: a charter, a bundle, or a folder of them.

In a folder, bases, libraries, deployment files and test suites are no charters, and are left to what names them.
A bundle decides only within its window. A signature is not asked for here: `govern bundle verify` does that.
"""

from __future__ import annotations

import time
from pathlib import Path

from govern.charter.deployment import Deployment, is_deployment, minimums
from govern.charter.files import is_suite
from govern.charter.load import charter_or_raise, load
from govern.charter.model import Kind
from govern.compile.bundle import Bundle, Written
from govern.compile.lower import lower
from govern.compile.reading import looks_like_bundle, read
from govern.errors import AuthorError, EvidenceError
from govern.policy.model import Policy

SUFFIXES = (".yaml", ".yml", ".bundle")


def policies(path: str, deployed: Deployment | None = None, *, now: int | None = None) -> dict[str, Policy]:
    """The policies that a path stands for, by agent.

    Args:
        path: a charter file, a bundle, or a folder, in which every `*.yaml`, `*.yml` and `*.bundle` is one.
        deployed: the deployment whose minimums every charter is composed with.
        now: the moment at which bundles must be valid, UTC nanoseconds since 1970; None is what the clock says. A
            log of the past is judged as of now too, since a policy that is no longer in force would judge it
            unnoticed: another moment is given where somebody asked for one.

    Raises:
        EvidenceError: nothing there.
        AuthorError: a file is no charter or bundle, a bundle is not valid at that moment, or two files are for the
            same agent.
    """
    at = time.time_ns() if now is None else now
    root = Path(path)
    if path != "-" and not root.exists():
        raise EvidenceError("no such charter", where=path)
    files = [root]
    if root.is_dir():
        files = sorted(f for f in root.rglob("*") if f.suffix in SUFFIXES and not is_suite(f) and f.is_file())
    found: dict[str, tuple[Policy, Path]] = {}
    for file in files:
        policy = _of_folder(file, deployed, at) if root.is_dir() else one_policy(file, deployed, now=at)
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


def _of_folder(file: Path, deployed: Deployment | None, now: int) -> Policy | None:
    """The policy of a folder's file; None where it is a base, a library or a deployment."""
    if not looks_like_bundle(file):
        if is_deployment(file):
            return None
        loaded = load(file)
        if loaded.charter is not None and loaded.charter.kind is not Kind.CHARTER:
            return None
    return one_policy(file, deployed, now=now)


def one_policy(file: Path, deployed: Deployment | None = None, *, now: int | None = None) -> Policy:
    """The policy of one charter or bundle.

    Args:
        deployed: the deployment whose minimums it is composed with.
        now: as for `policies`.

    Raises:
        AuthorError: it is neither, or a bundle that is not valid at that moment, or was compiled for another
            deployment.
    """
    if looks_like_bundle(file):
        return in_force(read(file), str(file), deployed, now=now)
    return lower(charter_or_raise(load(file, minimums(file, deployed)), str(file)))


def in_force(found: Bundle, where: str, deployed: Deployment | None = None, *, now: int | None = None) -> Policy:
    """The policy of a bundle.

    Args:
        where: its name, for messages.
        deployed, now: as for `one_policy`.

    Raises:
        AuthorError: it is not valid at that moment, or was compiled for another deployment.
    """
    refusal = found.window.refusal(time.time_ns() if now is None else now)
    if refusal is not None:
        raise AuthorError(refusal, where=where, hint="compile the charter again with another window")
    hint = "compile the charter again with `--deployment`"
    if deployed is not None and found.charter.deployment != deployed.digest:
        raise AuthorError("the bundle was not compiled for this deployment", where=where, hint=hint)
    if deployed is not None and not _has_minimums(found.charter, deployed):
        message = "the bundle is not composed of the deployment's minimums as they are now"
        raise AuthorError(message, where=where, hint=hint)
    return found.policy


def _has_minimums(written: Written, deployed: Deployment) -> bool:
    """Whether a bundle was composed with the deployment's minimums: its digest in a bundle is only said there.

    Raises:
        AuthorError: a minimum cannot be read.
    """
    found: list[str] = []
    for name in deployed.minimums:
        place = Path(deployed.source.file).parent / name
        base = load(place).charter
        if base is None:
            raise AuthorError(
                f"the minimum `{name}` does not load", where=deployed.source.file, hint=f"govern lint {place}"
            )
        if not {part.text for part in base.parts} <= set(written.parts.values()):
            return False
        found.append(base.source.text)
    return found == [written.parts.get(path) for path in written.minimums]
