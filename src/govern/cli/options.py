"""Options that several commands share."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Annotated

import typer

from govern.errors import EvidenceError, UsageError


class ReportFormat(StrEnum):
    """How a report is shown."""

    TEXT = "text"
    JSON = "json"


class EngineName(StrEnum):
    """Which engine replays; both give the same report."""

    AUTO = "auto"
    CALLS = "calls"
    SQL = "sql"


@dataclass(frozen=True, slots=True)
class Allowance:
    """A known amount that may be bad without changing the exit code: a number, or percent of all."""

    count: int = 0
    percent: Decimal | None = None

    def admits(self, bad: int, total: int, unbounded: int = 0) -> bool:
        """Whether the bad ones are admitted.

        Args:
            bad: how many there are, the unbounded ones too.
            total: how many there are in all, good and bad.
            unbounded: of the bad ones, those of which nobody knows how much was lost (an unreadable file, a
                cut one). No amount admits these.
        """
        if unbounded:
            return False
        if self.percent is None:
            return bad <= self.count
        return bad == 0 or bad * 100 <= self.percent * total


def parse_allowance(text: str | None, option: str = "--allow-bad") -> Allowance:
    """The allowance that `N` or `P%` stands for; None is zero.

    Raises:
        UsageError: neither a whole number nor a percentage from 0 to 100.
    """
    if text is None:
        return Allowance()
    if re.fullmatch(r"[0-9]{1,15}", text):
        return Allowance(count=int(text))
    if not re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,9})?%", text) or (percent := Decimal(text[:-1])) > 100:
        raise UsageError(f"`{text}` is no amount for {option}", hint="a number such as `10`, or `0.5%`")
    return Allowance(percent=percent)


def parse_size(text: str | None) -> str | None:
    """A size of memory as the database writes it; None stays None.

    Raises:
        UsageError: it is none, or less than 64 MB.
    """
    if text is None:
        return None
    match = re.fullmatch(r"([0-9]{1,9})(KB|MB|GB|TB|KiB|MiB|GiB|TiB)", text)
    if match is None or int(match[1]) * _UNITS[match[2]] < 64 * 10**6:
        raise UsageError(f"`{text[:40]}` is no size for --memory-limit", hint="at least `64MB`, as in `2GB`")
    return text


def bytes_of(path: str) -> bytes:
    """The bytes of a file that an option names.

    Raises:
        EvidenceError: it cannot be read.
    """
    try:
        with open(path, "rb") as file:
            return file.read()
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = getattr(error, "strerror", None) or str(error)
        raise EvidenceError(f"cannot be read: {reason.lower()}", where=path) from None


_UNITS = {f"{prefix}{'i' if base == 1024 else ''}B": base**power for base in (1000, 1024)
          for power, prefix in enumerate("KMGT", start=1)}  # fmt: skip


AllowBad = Annotated[
    str | None,
    typer.Option(
        "--allow-bad",
        metavar="N|P%",
        help="Admit so many refused rows and parts of rows, or so many percent of all rows. A file that is unreadable "
        "or cut short is never admitted: nobody knows how much is lost with it.",
    ),
]
DeploymentFile = Annotated[
    str | None,
    typer.Option(
        "--deployment",
        metavar="FILE",
        help="The deployment file: its minimums apply, its time zone and roles are known.",
    ),
]
MemoryLimit = Annotated[
    str | None,
    typer.Option(
        "--memory-limit",
        metavar="SIZE",
        help="How much memory the database may take, as in `2GB`; what does not fit goes to a temporary folder. "
        "A quarter of the machine's where it is not said.",
    ),
]
AllowUndecidable = Annotated[
    str | None,
    typer.Option("--allow-undecidable", metavar="N|P%", help="Admit so many calls that could not be judged."),
]
SessionFactsFile = Annotated[
    str | None,
    typer.Option(
        "--session-facts",
        metavar="FILE",
        help="What the host knew of each session: JSON, facts by the id of a session or trace.",
    ),
]
AsOf = Annotated[
    str | None,
    typer.Option(
        "--as-of", metavar="TIME", help="Take a bundle that was valid then, as 2026-11-23T14:00:00Z; else now."
    ),
]
LogFormat = Annotated[
    str | None,
    typer.Option("--log-format", metavar="FORMAT", help="Name the format instead of recognising it by content."),
]
LogAgent = Annotated[
    str | None,
    typer.Option("--agent", metavar="AGENT", help="The agent's name, for logs that carry none (tau-bench)."),
]
Format = Annotated[ReportFormat, typer.Option("--format", help="How the report is shown.")]


def store_named(audit: str | None) -> str:
    """The audit store that --audit or GOVERN_AUDIT names.

    Raises:
        UsageError: neither does.
    """
    if not audit:
        raise UsageError("no audit store is named", hint="give --audit DIR, or set GOVERN_AUDIT")
    return audit
