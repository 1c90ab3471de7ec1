"""What a seal says of itself: what is sealed now, which writers ended, what was left and why.

Leaves out the sealing (`sealing`) and how it is shown (`report`).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from govern.audit import sealed
from govern.audit.sealing_journal import Problem


@dataclass(frozen=True, slots=True)
class Ended:
    """A writer whose end was recorded.

    Args:
        crashed: it did not sign its end.
        torn: bytes of a torn last line, which was never acknowledged.
    """

    writer: str
    events: int
    crashed: bool
    torn: int


@dataclass(slots=True)
class Sealed:
    """What was done, and what was not.

    Args:
        files: that are sealed now.
        parts: how many imported parts are.
        doubled: how many events of imported parts were in the store before, with the same content.
        writers: how many writers were recorded for the first time.
        ended: writers whose end was recorded.
        open: events in the open segment of each writer that lives.
        problems: what could not be sealed.
        removed: what an earlier kill or lost race had left; below the store.
        waiting: what is not needed any more, and is still read by somebody: the next seal removes it.
        records: of the log now.
        checkpoint: the newest.
    """

    files: list[sealed.File] = field(default_factory=list)
    parts: int = 0
    doubled: int = 0
    writers: int = 0
    ended: list[Ended] = field(default_factory=list)
    open: dict[str, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    records: int = 0
    checkpoint: str = ""

    @property
    def events(self) -> int:
        return sum(made.rows for made in self.files)

    @property
    def bytes(self) -> int:
        return sum(made.bytes for made in self.files)
