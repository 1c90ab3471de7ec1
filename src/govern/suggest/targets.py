"""The charters that suggestions are for: a file, standard input, a bundle, or the files of a folder.

A bundle's charter is read as it was compiled: it can be suggested for, and not be edited. Leaves out which files a
folder has, and git revisions (`diff.revisions`, which the command line asks).
"""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path

from govern.charter.deployment import Deployment, minimums
from govern.charter.files import beside, within
from govern.charter.load import Loaded, load_bytes, load_text
from govern.charter.lock import lock_beside
from govern.charter.model import Charter, Kind, Tool
from govern.charter.tools import by_every_name
from govern.compile.reading import looks_like_bundle, read
from govern.errors import UsageError
from govern.policy.model import Policy
from govern.suggest.model import Target

_BOM = b"\xef\xbb\xbf"


def target(name: str, charter: Charter, policy: Policy, deployed: Deployment | None) -> Target:
    """A charter that suggestions are for.

    Args:
        name: its file, as findings show it.
        charter: as loaded from it.
        policy: what it means.
        deployed: the deployment whose minimums it is composed with.

    Raises:
        UsageError: it is of a git revision, where nothing can be changed.
    """
    text, entries = charter.source.text, described(charter)
    if name == "standard input" and not os.path.exists(name):
        return Target(name, None, text, "", charter, policy, partial(again_at, "-", name, deployed), entries)
    if not os.path.isfile(name):
        hint = "name the file as it is now; `--newer` takes a revision"
        raise UsageError(f"suggestions are for a file, and `{name}` is none", hint=hint)
    if looks_like_bundle(Path(name)):
        written = read(Path(name)).charter
        lock = written.lock.encode() if written.lock is not None else None

        def again(changed: str) -> Loaded:
            return load_text(changed, written.file, within(written.parts), written.minimums, lock)

        return Target(name, None, text, "", charter, policy, again, entries)
    with open(name, "rb") as stream:
        mark = "\ufeff" if stream.read(len(_BOM)) == _BOM else ""
    return Target(name, name, text, mark, charter, policy, partial(again_at, name, name, deployed), entries)


def described(charter: Charter) -> dict[str, Tool]:
    """What the libraries of a charter say of tools, by every name that it may use for them."""
    found: dict[str, Tool] = {}
    for part in charter.parts:
        if part.kind is Kind.LIBRARY:
            library = load_text(part.text, part.path).charter
            if library is not None:
                found |= by_every_name(library.server, library.tools)
    return found


def again_at(path: str, name: str, deployed: Deployment | None, text: str) -> Loaded:
    """A text in a file's place, with what is beside it."""
    lock = None if path == "-" else lock_beside(path)
    return load_bytes(text.encode("utf-8", "surrogatepass"), name, beside(path), minimums(path, deployed), lock)
