"""What a store no longer needs, and its removal: never while somebody reads, never what somebody may still record.

Two kinds. What the log says is gone: sealed files that were compacted or that retention deleted, with their side
tables, and imported parts that were sealed. And what no record names: files that a sealer wrote before it was killed,
or before another one was first. The second kind is removed only by who has appended to the log since it looked: whoever
wrote them decided on an older log, and can append nothing any more.

Leaves out segments of the journal (`sealing_journal`).
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from govern.audit import snapshot
from govern.audit.records import Compaction, File, Retention
from govern.audit.sealed import PREFIX, flush_folder
from govern.audit.store_log import StoreLog

_OLD_S: Final = 86_400
"""A file of an attempt that began so long ago belongs to nobody any more."""


@dataclass(frozen=True, slots=True)
class Leftovers:
    """What lies about.

    Args:
        gone: what the log says is gone, and is still there.
        strays: what no record names.
    """

    gone: tuple[Path, ...]
    strays: tuple[Path, ...]


def look(root: Path, log: StoreLog) -> Leftovers:
    """What lies about in a store, by what its log says.

    Raises:
        EvidenceError: a list of parts that are being sealed is none.
    """
    recorded = snapshot.paths(log)
    live = {snapshot.path_of(entry) for entry in log.files()}
    there = [root / path for path in sorted(recorded - live)]
    parts = [root / part for part in sorted(snapshot.superseded(root, recorded))]
    gone = [path for path in (*there, *parts, *_values(root, log)) if path.is_file()]
    strays = [
        *root.glob(f"events/dt=*/.{PREFIX}*.tmp"),
        *root.glob("events/.sealing-*.tmp"),
        *old(root.glob("log/.*.tmp")),
    ]
    strays += [
        path for path in root.glob(f"events/dt=*/{PREFIX}*.parquet")
        if path.relative_to(root).as_posix() not in recorded
    ]  # fmt: skip
    for path in root.glob(snapshot.INTENTS):
        parts_of = snapshot.intent(path)
        if not recorded.issuperset(each for made in parts_of.values() for each in made):
            strays.append(path)
        else:
            gone.append(path)  # behind the parts that it names
    return Leftovers(tuple(gone), tuple(sorted(strays)))


def _values(root: Path, log: StoreLog) -> list[Path]:
    """The side tables of deleted files."""
    return [root / name for entry in retired(log) if (name := values_of(entry)) is not None]


def retired(log: StoreLog) -> list[File]:
    """The records of all files that retention deleted, also as part of a compacted one."""
    found: list[File] = []
    for entry in log.entries:
        if isinstance(entry.record, Retention):
            found += originals(log, entry.record.files)
    return found


def originals(log: StoreLog, indexes: Iterable[int]) -> list[File]:
    """The `file` records behind some `file` and `compaction` records."""
    found: list[File] = []
    for index in indexes:
        record = log.entries[index].record
        if isinstance(record, File):
            found.append(record)
        elif isinstance(record, Compaction):
            found += originals(log, record.files)
    return found


def values_of(record: File) -> str | None:
    """The side table of a file, below the store; None of imported events, which have none."""
    return None if record.writer is None else f"values/{record.writer}/{record.first:012d}.jsonl"


def old(strays: Iterable[Path]) -> list[Path]:
    """Those that are too old to be anybody's work."""
    found = []
    for path in strays:
        try:
            if time.time() - path.stat().st_mtime > _OLD_S:
                found.append(path)
        except FileNotFoundError:
            continue
    return found


def nowhere_else(root: Path, strays: Iterable[Path]) -> dict[Path, str]:
    """Of sealed files that no record names, those that are not removed, and why.

    One whose events stand nowhere else is no leftover: the end of the log that named it may be gone.

    Raises:
        EvidenceError: what counts in the store cannot be read.
    """
    listed = [path for path in strays if path.suffix == ".parquet"]
    if not listed:
        return {}
    import duckdb

    from govern.audit.read import connect, files, literal, open_parts

    found: dict[Path, str] = {}
    counted = files(root)
    con = open_parts(counted.paths) if counted.paths else connect()
    try:
        if not counted.paths:
            con.execute("CREATE VIEW events AS SELECT NULL::VARCHAR AS event_id WHERE false")
        for path in listed:
            query = f"SELECT count(*) FROM read_parquet({literal(str(path))}) ANTI JOIN events USING (event_id)"
            try:
                ((alone,),) = con.execute(query).fetchall()
            except duckdb.Error as error:
                found[path] = f"no record names it, and it cannot be read: {str(error).splitlines()[0].lower()[:120]}"
                continue
            if alone:
                found[path] = f"no record names it, and {alone:,} of its events stand nowhere else: is the log cut?"
    finally:
        con.close()
    return found


def remove(root: Path, paths: Iterable[Path]) -> tuple[list[str], list[str]]:
    """Removes files of a store, all of them or none.

    Returns:
        What was removed, and what waits because somebody reads the store; below the store, with `/`.

    Raises:
        OSError: a folder cannot be written.
    """
    listed = list(dict.fromkeys(paths))
    names = [path.relative_to(root).as_posix() for path in listed]
    if not listed:
        return [], []
    with snapshot.alone(root) as nobody_reads:
        if not nobody_reads:
            return [], names
        for path in listed:
            path.unlink(missing_ok=True)
        for folder in {path.parent for path in listed}:
            flush_folder(folder)
    return names, []
