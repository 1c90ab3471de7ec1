"""The two sides of a diff: charters and bundles on disk or in a git revision, one file or a folder of them.

`main:charters/desk.yaml` is a file of the revision `main`, by its path from the repository's folder; `main:./desk.yaml`
by its path from here. Everything that a charter of a revision is composed of (`extends`, `uses`, the lock) is read
from that revision too; of a deployment, which is the same for both sides, only what lies outside the repository is
read from disk. A name that is a file on disk is that file, whatever it looks like. Leaves out comparing (`compare`).
"""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from govern.charter.deployment import Deployment, calls_itself_deployment, minimums
from govern.charter.files import Files, beside, is_suite
from govern.charter.files import within as among
from govern.charter.load import charter_or_raise, load_bytes, load_text, tree_of
from govern.charter.lock import NAME, lock_beside
from govern.charter.model import Charter, Kind
from govern.charter.source import read
from govern.compile.lower import lower
from govern.compile.reading import begins_as_bundle, bundle_of, raw_of
from govern.compile.sources import SUFFIXES, in_force
from govern.errors import AuthorError, EvidenceError, UsageError
from govern.findings import Finding, Location, Severity
from govern.lint.revision import Held, Revision, revision
from govern.policy.model import Policy

# A revision ends at the first colon outside braces: `main@{10:00}:x.yaml`.
_NAMED: Final = re.compile(r"((?:[^:{}]|\{[^{}]*\})*):(.*)", re.DOTALL)
NOTHING_TO_COMPARE: Final = "a charter that is new, or gone, has nothing to be compared with: compare the folders"


@dataclass(frozen=True, slots=True)
class Given:
    """A charter of one side.

    Args:
        name: as findings show it.
        charter: with everything it is composed of.
        policy: what it means.
    """

    name: str
    charter: Charter
    policy: Policy


@dataclass(frozen=True, slots=True)
class Side:
    """What one argument stands for.

    Args:
        name: as on the command line.
        folder: whether it is a folder of charters.
        charters: one, or those of the folder, each for another agent, by agent.
    """

    name: str
    folder: bool
    charters: tuple[Given, ...]

    @property
    def policies(self) -> dict[str, Policy]:
        """By agent."""
        return {given.policy.agent: given.policy for given in self.charters}


@dataclass(frozen=True, slots=True)
class Pair:
    """A charter before and after; of a folder, None where it has none for that agent."""

    agent: str
    old: Given | None
    new: Given | None


class _Place(Protocol):
    """Where a side is read from; paths are as its own `shown` begins."""

    def held(self, path: str) -> Held: ...

    def listed(self, path: str) -> Sequence[str]:
        """All files below a folder."""
        ...

    def shown(self, path: str) -> str: ...

    def read(self, path: str) -> bytes | Finding:
        """Not more than tells that a file is too large."""
        ...

    def files(self, path: str, minimums: tuple[str, ...]) -> Files:
        """What a charter there names."""
        ...

    def lock(self, path: str) -> bytes | Finding | None: ...

    def on_disk(self, path: str) -> str:
        """Where it is, or would be."""
        ...


def sides(old: str, new: str, deployed: Deployment | None = None, *, now: int | None = None) -> tuple[Side, Side]:
    """Both sides of a diff.

    Args:
        old, new: paths, or `REV:path`.
        deployed: the deployment whose minimums every charter is composed with.
        now: the moment at which bundles must be valid, UTC nanoseconds since 1970; None is what the clock says.

    Raises:
        UsageError: there is no such revision, a file is compared with a folder, or both are standard input.
        EvidenceError: nothing is there, or a folder has no charter.
        AuthorError: something there is no charter or bundle, or two of a folder are for the same agent.
    """
    if old == new == "-":
        raise UsageError("standard input cannot be both", hint="name a file for one of them")
    found = side(old, deployed, now=now), side(new, deployed, now=now)
    if found[0].folder is not found[1].folder:
        folder, file = (old, new) if found[0].folder else (new, old)
        raise UsageError(f"`{folder}` is a folder and `{file}` is none", hint="compare two files, or two folders")
    return found


def side(name: str, deployed: Deployment | None = None, *, now: int | None = None) -> Side:
    """One side of a diff; arguments and errors as of `sides`."""
    place, path = _place(name)
    match place.held(path):
        case Held.FILE:
            return Side(name, False, (_given(place, path, deployed, now),))
        case Held.FOLDER:
            return Side(name, True, _folder(place, path, name, deployed, now))
        case Held.OUTSIDE:
            raise EvidenceError("a link that leaves the repository: its target is no part of the revision", where=name)
        case _:
            raise _missing(place, path, name)


def pairs(old: Side, new: Side) -> tuple[Pair, ...]:
    """The charters of both sides, each beside the one it is compared with: of folders that for the same agent, of files
    the other file."""
    if not old.folder:
        (was,), (now,) = old.charters, new.charters
        return (Pair(now.policy.agent, was, now),)
    before = {given.policy.agent: given for given in old.charters}
    after = {given.policy.agent: given for given in new.charters}
    return tuple(Pair(agent, before.get(agent), after.get(agent)) for agent in sorted({*before, *after}))


def _missing(place: _Place, path: str, name: str) -> EvidenceError:
    if isinstance(place, _InRevision):
        here = posixpath.normpath(posixpath.join(place.here, path))
        if here != path and place.held(here) is not Held.NOTHING:
            hint = f"a path is read from the repository's folder; from here it is `{place.name}:./{path}`"
        else:
            hint = NOTHING_TO_COMPARE
        return EvidenceError(f"the revision `{place.name}` has no file `{path}`", where=name, hint=hint)
    return EvidenceError("no such charter", where=name, hint=NOTHING_TO_COMPARE)


def _place(name: str) -> tuple[_Place, str]:
    match = _NAMED.fullmatch(name)
    if match is None or name == "-" or os.path.lexists(name):
        return _OnDisk(), name
    wanted, path = match[1], match[2]
    if not wanted:
        raise UsageError(f"`{name}` names no revision", hint="write it before the colon, as in `main:charters/x.yaml`")
    found = revision(wanted, Path.cwd(), asks=f"`{wanted[:80]}:`", then=f"origin/BRANCH:{path}")
    here = os.path.relpath(os.path.realpath(os.curdir), found.top).replace(os.sep, "/")
    if path == "." or path.startswith(("./", "../")):
        path = posixpath.join(here, path)
    inside = posixpath.normpath(path) if path else ""
    if inside == ".." or inside.startswith(("../", "/")):
        hint = "paths of a revision are from the repository's folder, with `./` from here"
        raise UsageError(f"`{match[2]}` is outside the repository", where=name, hint=hint)
    return _InRevision(wanted, found, here), "" if inside == "." else inside


def _folder(place: _Place, path: str, name: str, deployed: Deployment | None, now: int | None) -> tuple[Given, ...]:
    found: dict[str, Given] = {}
    for file in place.listed(path):
        if not file.endswith(SUFFIXES) or is_suite(file):
            continue
        data = place.read(file)
        if not isinstance(data, Finding) and not begins_as_bundle(data):
            source = tree_of(data, place.shown(file))[0]
            if source is not None and calls_itself_deployment(source):
                continue
            loaded = load_bytes(data, place.shown(file), place.files(file, ()), (), place.lock(file))
            if loaded.charter is not None and loaded.charter.kind is not Kind.CHARTER:
                continue
        given = _given(place, file, deployed, now)
        agent = given.policy.agent
        if agent in found:
            raise AuthorError(f"agent `{agent}` has another charter in {found[agent].name}", where=given.name)
        found[agent] = given
    if not found:
        hint = "charters end in `.yaml`, bundles in `.bundle`; bases, libraries and tests are none"
        raise EvidenceError("no charter in this folder", where=name, hint=hint)
    return tuple(given for _, given in sorted(found.items()))


def _given(place: _Place, path: str, deployed: Deployment | None, now: int | None) -> Given:
    shown = place.shown(path)
    data = place.read(path)
    if isinstance(data, Finding):
        raise EvidenceError(data.message, where=shown)
    if begins_as_bundle(data):
        bundle = bundle_of(data, shown)
        policy = in_force(bundle, shown, deployed, now=now)
        written = bundle.charter
        lock = written.lock.encode() if written.lock is not None else None
        loaded = load_text(written.text, written.file, among(written.parts), written.minimums, lock)
        return Given(shown, charter_or_raise(loaded, shown), policy)
    least = minimums(place.on_disk(path), deployed)
    loaded = load_bytes(data, shown, place.files(path, least), least, place.lock(path))
    charter = charter_or_raise(loaded, shown)
    return Given(shown, charter, lower(charter))


class _OnDisk:
    """Files of the working tree."""

    def held(self, path: str) -> Held:
        if path == "-" or os.path.isfile(path):
            return Held.FILE
        return Held.FOLDER if os.path.isdir(path) else Held.NOTHING

    def listed(self, path: str) -> Sequence[str]:
        return sorted(str(file) for file in Path(path).rglob("*") if file.is_file())

    def shown(self, path: str) -> str:
        return "standard input" if path == "-" else path

    def read(self, path: str) -> bytes | Finding:
        data = read(path)
        return raw_of(Path(path)) if path != "-" and not isinstance(data, Finding) and begins_as_bundle(data) else data

    def files(self, path: str, minimums: tuple[str, ...]) -> Files:
        return beside(path)

    def lock(self, path: str) -> bytes | Finding | None:
        return lock_beside(path) if path != "-" else None

    def on_disk(self, path: str) -> str:
        return path


@dataclass(frozen=True, slots=True)
class _InRevision:
    """Files of a commit, by path from the repository's folder.

    Args:
        name: of the revision, as given.
        here: the current folder, from the repository's.
    """

    name: str
    revision: Revision
    here: str

    def held(self, path: str) -> Held:
        return self.revision.at(path)[0]

    def listed(self, path: str) -> Sequence[str]:
        return self.revision.below(path)

    def shown(self, path: str) -> str:
        # With a slash behind the colon always: what stands behind the last one is the file's name.
        return f"{self.name}:{path}" if "/" in path else f"{self.name}:./{path}"

    def read(self, path: str) -> bytes | Finding:
        held, data = self.revision.at(path)
        return data if held is Held.FILE else self._lacking(path, held)

    def files(self, path: str, minimums: tuple[str, ...]) -> Files:
        def give(name: str) -> tuple[bytes, str] | Finding:
            place = posixpath.normpath(posixpath.join(posixpath.dirname(path), name))
            if not place.startswith("../"):
                data = self.read(place)
                return data if isinstance(data, Finding) else (data, self.shown(place))
            if name in minimums:
                return beside(self.on_disk(path))(name)
            return self._lacking(place, Held.OUTSIDE)

        return give

    def lock(self, path: str) -> bytes | Finding | None:
        place = posixpath.join(posixpath.dirname(path), NAME)
        held, data = self.revision.at(place)
        return None if held is Held.NOTHING else data if held is Held.FILE else self._lacking(place, held)

    def on_disk(self, path: str) -> str:
        return str(self.revision.top / path)

    def _lacking(self, path: str, held: Held) -> Finding:
        what = {
            Held.NOTHING: f"the revision `{self.name}` has no file `{path}`",
            Held.OUTSIDE: f"`{path}` is outside the repository, and no part of the revision `{self.name}`",
        }.get(held, f"`{path}` is a folder in the revision `{self.name}`")
        return Finding("file-unreadable", Severity.ERROR, what, Location(self.shown(path)))
