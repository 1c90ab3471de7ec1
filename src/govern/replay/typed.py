"""Typed columns beside a store, at `DIR/typed/`: the replay sidecar, made when logs are imported and read by every
later replay of that store while it is valid. Leaves out the sidecar itself (`sidecar`)."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Final

from govern.audit.snapshot import take
from govern.errors import EvidenceError
from govern.ingest.paths import File, Store
from govern.ingest.source import Refusal
from govern.replay.groups import Policies, Recorded

if TYPE_CHECKING:  # DuckDB is loaded where there is something to make or to read
    from govern.replay.sidecar import Sidecar

FOLDER: Final = "typed"
LARGE: Final = 1_000_000
"""Events of a store from which on an import makes typed columns by itself: below, a replay takes a second anyway."""
SHARE: Final = 10
"""One event in so many must be new: making the columns of all of a store takes longer than a small import."""


def after_import(
    folder: str | Path, new: int, *, asked: bool | None = None, memory_limit: str | None = None
) -> Sidecar | None:
    """Makes the typed columns of a store that an import wrote to, where that was asked for or is worth its time.

    Args:
        folder: the store.
        new: events that the import wrote.
        asked: whether to make them; None where it is large, and much of it is new.
        memory_limit: of the database, such as `1GB`; None for a quarter of the machine's.

    Returns:
        Them; None where none were made: those of before are stale then, and ignored. A store of which a part is still
        in the journal gets none: they would be stale with the next event.

    Raises:
        EvidenceError: no events there, or a damaged file; it is named.
        EnvironmentFailed: no room, or the folder cannot be written.
    """
    if asked is False or (asked is None and new * SHARE < LARGE):
        return None
    if asked is None and not worth(_events(folder), new):
        return None
    if take(folder).journal:
        return None
    return make(folder, memory_limit=memory_limit)


def worth(events: int, new: int) -> bool:
    """Whether an import makes typed columns without being asked.

    Args:
        events: of the store, with the new ones.
        new: of them, those that the import wrote.
    """
    return events >= LARGE and new * SHARE >= events


def _events(folder: str | Path) -> int:
    import pyarrow.parquet as pq

    return sum(pq.read_metadata(file).num_rows for file in take(folder).files)


def make(folder: str | Path, *, memory_limit: str | None = None) -> Sidecar:
    """Makes the typed columns of a store, or leaves them where they are valid; those of what it was before are removed.

    They are of its files: what is in the journal only is not among them.

    Args:
        folder, memory_limit: as of `after_import`.

    Raises:
        EvidenceError, EnvironmentFailed: as of `after_import`.
    """
    from govern.audit.read import open_parts
    from govern.replay import bulk
    from govern.replay.sidecar import build, open_sidecar

    snapshot = take(folder)
    files = list(snapshot.files)
    if not files:
        raise EvidenceError("no events here", where=str(folder), hint="write some with `govern import LOGS -o DIR`")
    beside = Path(folder) / FOLDER
    found = open_sidecar(beside, files)
    if found is None:
        with closing(open_parts(files, memory_limit=memory_limit)) as con:
            found = build(con, bulk.calls_as_recorded(con), files, beside)
    for other in beside.glob("*.sidecar"):
        if other != found.file:
            other.unlink(missing_ok=True)
    return found


def of_store(inputs: Sequence[File | Store | Refusal], policies: Policies) -> Sidecar | None:
    """The typed columns beside a store, where they are valid and a replay is quicker with them.

    Args:
        inputs: of the replay; several stores have none in common.
        policies: to judge by. What only Python works out of a history takes the time, and is done in parts.
    """
    if len(inputs) != 1 or not isinstance(inputs[0], Store) or isinstance(policies, Recorded):
        return None
    folder = Path(inputs[0].name) / FOLDER
    if not folder.is_dir():
        return None
    from govern.replay.sidecar import open_sidecar
    from govern.replay.windows import covers

    if any(engine.history.keys - covers(engine.history) for engine in policies.engines.values()):
        return None
    return open_sidecar(folder, inputs[0].parts)
