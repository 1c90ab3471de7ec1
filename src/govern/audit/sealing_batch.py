"""What one batch of the log is going to record, and what may be deleted once it has.

Leaves out how files are made (`sealing`, `compaction`).
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from pathlib import Path

from govern.audit import sealed, store_log
from govern.audit.leftovers import remove
from govern.audit.records import Compaction, File, Record
from govern.audit.store_log import StoreLog
from govern.audit.writers import place
from govern.events.canonical import text_of
from govern.signing.keys import PrivateKey


@dataclass(slots=True)
class Batch:
    """Records on their way into the log.

    Args:
        root: the store.
        records: in order.
        made: files that they name, which are in their places.
        parts: imported parts, and the files that have their events then; paths below the store.
        gone: what may be deleted afterwards.
        settled: whether it is known that nothing of it is recorded.
    """

    root: Path
    records: list[Record] = field(default_factory=list)
    made: list[sealed.File] = field(default_factory=list)
    parts: dict[str, list[str]] = field(default_factory=dict)
    gone: list[Path] = field(default_factory=list)
    settled: bool = True

    def append(self, log: StoreLog, key: PrivateKey) -> StoreLog:
        """Records all of it; the files count from now on.

        Raises:
            Lost: somebody else appended since `log` was read: nothing is recorded.
            OSError, EnvironmentFailed: it cannot be written: nothing is recorded.
        """
        if not self.records:
            return log
        self.settled = False
        if self.parts:
            listed = self.root / "events" / f"sealing-{secrets.token_hex(16)}.json"
            place(listed, text_of({"parts": self.parts, "schema": "govern/sealing/v1"}).encode() + b"\n")
            self.gone.append(listed)  # behind the parts that it names
        try:
            return store_log.append(self.root, log, self.records, key)
        except store_log.Lost:
            self.settled = True
            raise

    def delete(self) -> tuple[list[str], list[str]]:
        """Deletes what is not needed any more, after `append`; as `leftovers.remove`."""
        return remove(self.root, self.gone)

    def discard(self) -> None:
        """Removes what was written, where it is certain that it was not recorded."""
        if not self.settled:  # the records may stand in the log, though writing them failed: the next seal knows
            return
        for each in self.made:
            (self.root / each.path).unlink(missing_ok=True)
        for path in self.gone:
            if path.name.startswith("sealing-"):
                path.unlink(missing_ok=True)


def of_file(
    made: sealed.File,
    at_ns: int,
    *,
    writer: str | None = None,
    first: int | None = None,
    last: int | None = None,
    before: str | None = None,
    after: str | None = None,
    previous: int | None = None,
) -> File:
    """The record of a sealed file; of a writer's as `records.File` says, of imported events without the rest."""
    return File(
        path=made.path, rows=made.rows, bytes=made.bytes, digest=made.digest, root=made.root, from_ns=made.from_ns,
        to_ns=made.to_ns, writer=writer, first=first, last=last, before=before, after=after, previous=previous,
        at_ns=at_ns,
    )  # fmt: skip


def of_compaction(made: sealed.File, files: list[int], at_ns: int) -> Compaction:
    """The record of a compacted file."""
    return Compaction(
        path=made.path, rows=made.rows, bytes=made.bytes, digest=made.digest, files=files, at_ns=at_ns
    )  # fmt: skip
