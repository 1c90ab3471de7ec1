"""Policies by digest, for `--charter as-recorded`: each event is judged by the policy whose digest it carries.

A bundle's window is not asked for here: it was in force when the event was written, or the event would name another.
Nor is a signature, as of `sources`.
"""

from __future__ import annotations

from pathlib import Path

from govern.compile.reading import looks_like_bundle, read
from govern.errors import EvidenceError
from govern.policy.model import Policy

AS_RECORDED = "as-recorded"


def recorded(folder: str) -> dict[str, Policy]:
    """The policies of all bundles in a folder, and in those below it.

    Raises:
        AuthorError: a bundle is damaged.
        EvidenceError: no such folder, or no bundle in it.
    """
    root = Path(folder)
    if not root.is_dir():
        raise EvidenceError("no such folder of bundles", where=folder)
    files = sorted(file for file in root.rglob("*.bundle") if file.is_file() and looks_like_bundle(file))
    found = {policy.digest: policy for policy in (read(file).policy for file in files)}
    if not found:
        raise EvidenceError("no bundle in this folder", where=folder, hint="govern compile CHARTER -o NAME.bundle")
    return found
