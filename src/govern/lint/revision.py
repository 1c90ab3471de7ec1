"""Files as they stand in a git revision, read without a checkout. Leaves out what they say.

Only `git rev-parse` and `git cat-file blob` are run: they read objects and run nothing of the repository's.
"""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from govern.errors import EnvironmentFailed, UsageError


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


def revision(name: str, folder: Path) -> Revision:
    """The commit of a name.

    Args:
        name: a branch, a tag, a commit's id, or any other name that git knows a commit by.
        folder: a folder of the repository.

    Raises:
        UsageError: the repository has no such commit, or the folder is in no repository.
        EnvironmentFailed: git cannot be run.
    """
    top = _git(folder, "rev-parse", "--show-toplevel")
    if top.returncode:
        raise UsageError("`--config-from` needs a git repository", where=str(folder), hint=_last(top.stderr))
    found = _git(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
    commit = found.stdout.decode("ascii", "replace").strip()
    if found.returncode or not commit:
        hint = "in a shallow clone, fetch it first: `git fetch origin BRANCH`, then `--config-from origin/BRANCH`"
        raise UsageError(f"git knows no revision `{name[:80]}`", hint=hint)
    return Revision(name, commit, Path(os.path.realpath(os.fsdecode(top.stdout.rstrip(b"\n")))))


def _git(folder: Path, *arguments: str, must: bool = False) -> subprocess.CompletedProcess[bytes]:
    environment = {**os.environ, "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}
    try:
        done = subprocess.run(  # noqa: S603  fixed program and options; names stand behind what ends options
            ["git", *arguments],  # noqa: S607
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
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
