"""`--to git:REPO`: an annotated tag `govern-audit/ORIGIN/SIZE` on a blob that is the signed note.

`git -C REPO cat-file blob TAG` gives the note's exact bytes back. A tag is worth something once it is pushed to where
whoever can write the store cannot remove it; nothing is pushed here. A tag that is there already stays: with the same
note there is nothing to do, with another one the log was written again.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Final

from govern.audit.anchors.contract import Given, Held
from govern.audit.anchors.names import of_origin
from govern.errors import EnvironmentFailed, EvidenceError, UsageError

PREFIX: Final = "govern-audit"
# As `git rev-parse --local-env-vars` has them: in a hook they name the hook's repository, and `-C` would not count.
_ELSEWHERE: Final = frozenset(
    f"GIT_{name}"
    for name in (
        *("DIR", "WORK_TREE", "INDEX_FILE", "OBJECT_DIRECTORY", "ALTERNATE_OBJECT_DIRECTORIES", "COMMON_DIR"),
        *("NAMESPACE", "PREFIX", "CONFIG", "GRAFT_FILE", "SHALLOW_FILE"),
    )
)


def hold(target: str, given: Given) -> Held:
    """See `contract.Sink`."""
    repository = Path(target)
    if not target or not repository.is_dir():
        raise UsageError("is no folder of a git repository", where=f"--to git:{target[:120]}", hint="--to git:REPO")
    note, said = given.signed.text.encode(), given.signed.checkpoint
    tag = f"{PREFIX}/{of_origin(said.origin)}/{said.size}"
    git = _Git(repository, given.timeout_s)
    git.run("rev-parse", "--git-dir")
    there, before = git.tried("cat-file", "blob", f"refs/tags/{tag}^{{}}")
    if there and before != note:
        hint = "nothing was written; `govern audit verify --since` with that note says more"
        raise EvidenceError(f"its tag `{tag}` holds another checkpoint of this size", where=str(repository), hint=hint)
    if not there:
        blob = git.run("hash-object", "-w", "-t", "blob", "--stdin", given=note).decode().strip()
        message = f"govern audit: checkpoint of {said.origin}, {said.size} records\n\n".encode() + note
        git.run("tag", "--annotate", "--cleanup=verbatim", "--file=-", tag, blob, given=message)
    held = git.run("cat-file", "blob", f"refs/tags/{tag}^{{}}")
    if held != note:
        raise EnvironmentFailed(f"git does not give tag `{tag}` back as it was written", where=str(repository))
    already = "is there already" if there else "made"
    words = f"{repository}: tag {tag} {already}; push it: git -C {repository} push REMOTE refs/tags/{tag}"
    return Held(words, {"tag": tag, "repository": str(repository.resolve())})


class _Git:
    """git in one repository; without a shell, without a question to the user."""

    def __init__(self, repository: Path, timeout_s: float) -> None:
        self.repository, self.timeout_s = repository, timeout_s
        self._env = {name: value for name, value in os.environ.items() if name not in _ELSEWHERE}
        self._env |= {"GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
        named, _ = self.tried("config", "--get", "user.email")
        if not named and "GIT_COMMITTER_EMAIL" not in os.environ:
            self._env |= {"GIT_COMMITTER_NAME": "govern audit", "GIT_COMMITTER_EMAIL": "govern-audit@localhost"}

    def tried(self, *arguments: str, given: bytes = b"") -> tuple[bool, bytes]:
        """Whether it succeeded, and what it wrote to its output, or else to its error output."""
        command = ["git", "-C", str(self.repository), *arguments]
        try:
            done = subprocess.run(  # noqa: S603 - no shell; every argument is made here or a folder's path
                command, input=given, capture_output=True, env=self._env, timeout=self.timeout_s, check=False
            )
        except FileNotFoundError:
            raise EnvironmentFailed("git is not installed", where=str(self.repository)) from None
        except (OSError, subprocess.TimeoutExpired) as error:
            raise EnvironmentFailed(f"git did not answer: {error}", where=str(self.repository)) from None
        return done.returncode == 0, done.stdout if done.returncode == 0 else done.stderr

    def run(self, *arguments: str, given: bytes = b"") -> bytes:
        """Its output.

        Raises:
            EnvironmentFailed: it failed; with what it said.
        """
        good, said = self.tried(*arguments, given=given)
        if not good:
            words = said.decode("utf-8", "replace").strip().split("\n")[0][:200]
            raise EnvironmentFailed(f"git {arguments[0]} failed: {words}", where=str(self.repository))
        return said
