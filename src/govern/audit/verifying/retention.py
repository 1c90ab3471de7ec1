"""Which files must be there, by the log alone: those that no compaction replaced and no tombstone buried.

A compaction may only replace what is there, a tombstone may only bury what no hold protects. Leaves out the files
themselves (`files`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from govern.audit import records
from govern.audit.verifying.book import Book
from govern.audit.verifying.contract import Finding, Kind


@dataclass(slots=True)
class Kept:
    """What the log says of its files.

    Args:
        live: the record of each file that must be there, with the file records whose rows it holds.
        dead: paths that may be there no more, and why.
        retired: events that tombstones buried.
        tombstones, compactions, holds: how many records of each; holds are those in force now.
    """

    live: dict[int, tuple[int, ...]] = field(default_factory=dict)
    dead: dict[str, str] = field(default_factory=dict)
    retired: int = 0
    tombstones: int = 0
    compactions: int = 0
    holds: int = 0
    findings: list[Finding] = field(default_factory=list)


def read(book: Book) -> Kept:
    """Goes through the records in order, as they came into force."""
    kept = Kept()
    holds: dict[str, records.Hold] = {}
    for index, record in sorted(book.entries.items()):
        match record:
            case records.File():
                kept.live[index] = (index,)
            case records.Compaction():
                kept.compactions += 1
                _compaction(kept, book, index, record)
            case records.Retention():
                kept.tombstones += 1
                _tombstone(kept, book, index, record, holds)
            case records.Hold():
                holds[record.id] = record
            case records.Unhold():
                holds.pop(record.id, None)
            case _:
                pass
    kept.holds = len(holds)
    return kept


def _compaction(kept: Kept, book: Book, index: int, record: records.Compaction) -> None:
    holders = {file: holder for holder, files in kept.live.items() for file in files}
    taken = set(record.files)
    lost = sorted(taken - set(holders))
    for file in lost:
        what = f"record {index:,} takes the rows of record {file:,}, which is no file that was there"
        kept.findings.append(Finding(Kind.EDITED, record.path, what, index))
    for holder in sorted({holders[file] for file in taken & set(holders)}):
        if left := set(kept.live[holder]) - taken:
            what = f"record {index:,} takes some rows of record {holder:,}, and leaves those of {min(left):,} behind"
            kept.findings.append(Finding(Kind.EDITED, record.path, what, index))
            continue
        del kept.live[holder]
        kept.dead[book.file(holder).path] = f"compacted into {record.path}"
    whole = tuple(file for file in record.files if file in holders)
    rows = sum(book.file(each).rows for each in whole)
    if rows != record.rows:
        what = f"record {index:,} says {record.rows:,} rows, and the files that it replaces had {rows:,}"
        kept.findings.append(Finding(Kind.EDITED, record.path, what, index))
    kept.live[index] = whole
    kept.dead.pop(record.path, None)


def _tombstone(
    kept: Kept, book: Book, index: int, record: records.Retention, holds: Mapping[str, records.Hold]
) -> None:
    for buried in record.files:
        if (files := kept.live.pop(buried, None)) is None:
            what = f"record {index:,} buries record {buried:,}, which is no file that was there"
            kept.findings.append(Finding(Kind.EDITED, "", what, index))
            continue
        file = book.file(buried)
        kept.dead[file.path] = f"deleted by rule `{record.rule}`"
        kept.retired += file.rows
        for hold in holds.values():
            if _protects(hold, (book.file(each) for each in files)):
                what = f"deleted by rule `{record.rule}` while hold `{hold.id}` was in force: {hold.reason}"
                kept.findings.append(Finding(Kind.HELD, file.path, what, index))


def _protects(hold: records.Hold, files: Iterable[records.File | records.Compaction]) -> bool:
    """Whether a hold of times covers a file; of traces nobody can tell when the file is gone, so `seal` asks before."""
    if hold.traces is not None:
        return False
    for file in files:
        if not isinstance(file, records.File):
            continue
        if file.from_ns is None or file.to_ns is None:
            return True
        if (hold.from_ns is None or file.to_ns >= hold.from_ns) and (hold.to_ns is None or file.from_ns < hold.to_ns):
            return True
    return False
