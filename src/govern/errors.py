"""The whole error taxonomy, by who must act, with exit codes.

An error says where, what, what was expected, and a hint. Messages are lower case and put the user's own
words in backticks. Only the command line turns an error into an exit code; nothing else here knows of one.
"""

from __future__ import annotations

from enum import IntEnum
from typing import ClassVar


class Exit(IntEnum):
    """Exit codes of every command, as documented in the README."""

    OK = 0
    FOUND = 1
    USAGE = 2
    NOT_JUDGED = 3
    ENVIRONMENT = 4
    BUG = 70


class GovernError(Exception):
    """Something a human must act on.

    Args:
        message: what is wrong, lower case, the user's words in backticks.
        where: `file`, `file:line` or `file:line:column` where known, else empty.
        hint: what to do next, or empty.
    """

    exit_code: ClassVar[Exit] = Exit.BUG

    def __init__(self, message: str, *, where: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.hint = hint

    def __str__(self) -> str:
        text = f"{self.where}: {self.message}" if self.where else self.message
        return f"{text}\n  hint: {self.hint}" if self.hint else text


class UsageError(GovernError):
    """The command line is wrong: the caller must act."""

    exit_code = Exit.USAGE


class AuthorError(GovernError):
    """A charter or bundle cannot be judged with: its author must act."""

    exit_code = Exit.NOT_JUDGED


class EvidenceError(GovernError):
    """Input is missing, empty, unreadable or undecidable: who supplies the evidence must act."""

    exit_code = Exit.NOT_JUDGED


class EnvironmentFailed(GovernError):
    """No permission, no space, no key, no database: who runs the machine must act."""

    exit_code = Exit.ENVIRONMENT
