"""What a replay is given beside logs and policies, and what it says of itself on the way. Leaves out who uses it
(`run`)."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from govern.replay.stopping import Stopping
from govern.replay.told import SessionFacts

if TYPE_CHECKING:  # Arrow is loaded where a file is written
    from govern.replay.verdicts import Written


_UNITS: Final = {f"{prefix}{middle}B": base**power for middle, base in (("", 1000), ("i", 1024))
                 for power, prefix in enumerate("KMGT", start=1)}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Step:
    """How far a replay is.

    Args:
        parts, of_parts: judged, and to judge.
        events, of_events: in them.
    """

    parts: int
    of_parts: int
    events: int
    of_events: int


@dataclass(frozen=True, slots=True)
class Partial:
    """A replay that was stopped. What it found is right for the parts that it judged, and says nothing of the others.

    Args:
        signal: that stopped it, such as `SIGINT`.
        parts, of_parts: judged, and to judge; a part is a set of whole sessions.
        calls, events: judged.
        of_events: to judge; None where the logs were not read to their end: sessions that go on there are cut.
    """

    signal: str
    parts: int
    of_parts: int
    calls: int
    events: int
    of_events: int | None


@dataclass(frozen=True, slots=True)
class Means:
    """Each as of `run.run`; `written` is the file of verdicts."""

    session_facts: SessionFacts | None = None
    written: Written | None = None
    sidecar: Path | None = None
    memory_limit: str | None = None
    progress: Callable[[Step], None] | None = None
    stopping: Stopping = field(default_factory=Stopping)
    part_events: int | None = None
    spark_master: str | None = None

    def tell(self, step: Step) -> None:
        """Says how far it is, where somebody listens."""
        if self.progress is not None:
            self.progress(step)


def limit_bytes(memory_limit: str | None) -> int:
    """A size as the database writes it, in bytes; a quarter of the machine's memory where none is said."""
    found = re.fullmatch(r"([0-9.]+) ?([KMGT]i?B)", memory_limit or "")
    if found is None:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 4
    return int(float(found[1]) * _UNITS[found[2]])
