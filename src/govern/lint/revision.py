"""Files as they stand in a git revision, read without a checkout. Leaves out what they say.

Only `git rev-parse`, `git cat-file` and `git ls-tree` are run: they read objects and run nothing of the repository's.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from govern.errors import EnvironmentFailed, UsageError


class Held(StrEnum):
    """What stands at a path of a revision."""

    FILE = "a file"
    FOLDER = "a folder"
    OUTSIDE = "a link that leaves the repository"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Revision:
    """A commit.

    Args:
        name: as given, for messages.
        commit: its id.
        top: the repository's folder, with links resolved.
    """

    name: str
    commit: str
    top: Path

    def read(self, path: str | Path) -> bytes | None:
        """The bytes of a file in this revision; None where it has no such file.

        Args:
            path: a file of the working tree, which may be gone by now; links are resolved.
        """
        real = Path(os.path.realpath(path))
        if not real.is_relative_to(self.top):
            return None
        inside = real.relative_to(self.top).as_posix()
        kind = _git(self.top, "cat-file", "-t", f"{self.commit}:{inside}")
        if kind.returncode or kind.stdout.strip() != b"blob":
            return None
        return _git(self.top, "cat-file", "blob", f"{self.commit}:{inside}", must=True).stdout

    def at(self, inside: str) -> tuple[Held, bytes]:
        """What stands at a path, and its bytes if it is a file. Links of the revision are followed in the revision.

        Args:
            inside: from the repository's folder, with `/`; empty for that folder itself.
        """
        if "\n" in inside or "\0" in inside:
            return Held.NOTHING, b""
        asked = f"{self.commit}:{inside}\n".encode("utf-8", "surrogateescape")
        told = _git(self.top, "cat-file", "--batch", "--follow-symlinks", given=asked, must=True).stdout
        head, _, body = told.partition(b"\n")
        # `ID blob SIZE`, `ID tree SIZE`, `symlink SIZE`; `NAME missing`, and `dangling`, `loop`, `notdir` with a size.
        match head.split(b" "):
            case [_, b"blob", size] if size.isdigit():
                return Held.FILE, body[: int(size)]
            case [_, b"tree", size] if size.isdigit():
                return Held.FOLDER, b""
            case [b"symlink", size] if size.isdigit():
                return Held.OUTSIDE, b""
            case _:
                return Held.NOTHING, b""

    def below(self, inside: str) -> Sequence[str]:
        """The files and links below a folder, in order, as paths from the repository's folder."""
        told = _git(self.top, "ls-tree", "-r", "-z", "--full-tree", f"{self.commit}:{inside}", must=True).stdout
        found = []
        for line in told.split(b"\0")[:-1]:
            what, _, name = line.partition(b"\t")
            if what.split(b" ")[1] == b"blob":  # the others are repositories in this one
                found.append(f"{inside}/{os.fsdecode(name)}".removeprefix("/"))
        return sorted(found)


def revision(
    name: str, folder: Path, *, asks: str = "`--config-from`", then: str = "--config-from origin/BRANCH"
) -> Revision:
    """The commit of a name.

    Args:
        name: a branch, a tag, a commit's id, or any other name that git knows a commit by.
        folder: a folder of the repository.
        asks: what needs it, for messages.
        then: what to write once a shallow clone has the branch.

    Raises:
        UsageError: the repository has no such commit, or the folder is in no repository.
        EnvironmentFailed: git cannot be run.
    """
    top = _git(folder, "rev-parse", "--show-toplevel")
    if top.returncode:
        raise UsageError(f"{asks} needs a git repository", where=str(folder), hint=_last(top.stderr))
    found = _git(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
    commit = found.stdout.decode("ascii", "replace").strip()
    if found.returncode or not commit:
        hint = f"in a shallow clone, fetch it first: `git fetch origin BRANCH`, then `{then}`"
        raise UsageError(f"git knows no revision `{name[:80]}`", hint=hint)
    return Revision(name, commit, Path(os.path.realpath(os.fsdecode(top.stdout.rstrip(b"\n")))))


def _git(folder: Path, *arguments: str, must: bool = False, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    environment = {**os.environ, "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}
    try:
        done = subprocess.run(  # noqa: S603  fixed program and options; names stand behind what ends options
            ["git", *arguments],  # noqa: S607
            cwd=folder,
            env=environment,
            input=given,
            capture_output=True,
            check=False,
        )
    except (OSError, ValueError) as error:  # ValueError: a NUL in a name
        raise EnvironmentFailed(f"git cannot be run: {getattr(error, 'strerror', None) or error}") from None
    if must and done.returncode:
        raise EnvironmentFailed(f"git failed: {_last(done.stderr)}")
    return done


def _last(text: bytes) -> str:
    lines = text.decode("utf-8", "replace").strip().splitlines()
    return lines[-1].removeprefix("fatal: ") if lines else ""
