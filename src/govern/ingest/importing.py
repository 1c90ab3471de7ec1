"""Imports logs into a store: what `govern import` runs. Leaves out: how it is shown (`report`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from govern.audit import store
from govern.audit.import_mark import importing
from govern.ingest.counts import Summary
from govern.ingest.progress import Watch
from govern.ingest.reader import read
from govern.ingest.source import Refusal


@dataclass(frozen=True, slots=True)
class Imported:
    """What was read, and what became of it.

    Args:
        summary: what was read and what was refused.
        folder: the store.
        written: events that are new in the store.
        present: events that the store had already.
    """

    summary: Summary
    folder: str
    written: int
    present: int

    @property
    def anything(self) -> bool:
        """Whether there was an event at all."""
        return self.written + self.present > 0


def import_logs(
    paths: Sequence[str],
    folder: str,
    *,
    format: str | None = None,
    agent: str | None = None,
    watch: Watch | None = None,
) -> Imported:
    """Reads logs and adds their events to the store in `folder`.

    Until it is done the store has a mark (`audit.import_mark`), which stays where this is interrupted: then every
    reader says that the logs may be there in part, until they are imported again.

    Args:
        paths, format, agent, watch: as `govern.ingest.read`.
        folder: made where it does not exist.

    Raises:
        UsageError: `format` is unknown.
        EnvironmentFailed: the folder cannot be written.
        EvidenceError: the store in it is damaged.
    """
    summary = Summary()
    events = summary.events(read(paths, format=format, agent=agent, watch=watch))
    with importing(Path(folder), paths, format, agent):
        done = store.write(events, Path(folder))
    for event_id in done.conflicts:
        reason = f"the store has other content under the event id `{event_id}`; the new one was not written"
        summary.refuse(Refusal(folder, 0, reason))
    return Imported(summary, folder, done.events, done.present)
