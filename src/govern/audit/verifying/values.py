"""Sensitive values that stand beside the events: each commitment that an event names is opened by a side row.

One file of events at a time and the side tables that go with it. A commitment that nothing opens is not a finding yet:
a redaction may name it, and that is known when every file was read.

Leaves out who signed a redaction (`retention`), and making side tables (`audit.sensitive`).
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from govern.audit import sensitive
from govern.audit.sensitive import Row
from govern.audit.verifying.contract import Finding, Kind
from govern.events.model import Event, EventType

SHOWN: Final = 20
LARGEST: Final = 2**30


@dataclass(frozen=True, slots=True)
class Table:
    """A side table that goes with a file of events.

    Args:
        path: below the store.
        shared: whether other files of events go with it too, so that one of them cannot tell what is too much.
        open: whether its writer may be at work, or died: the last line may be torn, and a value may be there whose
            event never was acknowledged.
    """

    path: str
    shared: bool = False
    open: bool = False


@dataclass(slots=True)
class Promises:
    """What the events of one file say of sensitive values.

    Args:
        listed: event id and commitment, of every one that an event names; until they are settled.
        named: how many these were.
        redactions: event id and content of each redaction event.
        unopened: of those listed, the ones that no side row opens.
        opened: commitments that a side row opens.
        matched: of each shared side table, the lines that belong to these events.
        findings: side rows that open nothing, or cannot be read.
    """

    listed: list[tuple[str, str]] = field(default_factory=list)
    named: int = 0
    redactions: list[tuple[str, str]] = field(default_factory=list)
    unopened: list[tuple[str, str]] = field(default_factory=list)
    opened: set[str] = field(default_factory=set)
    matched: dict[str, set[int]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def note(self, batch: pa.RecordBatch) -> None:
        """Takes in the rows of a sealed file."""
        named = batch.column("commitments")
        lengths = pc.fill_null(pc.list_value_length(named), 0)
        if pc.max(lengths).as_py():
            rows = batch.select(["event_id", "commitments"]).filter(pc.greater(lengths, 0))
            for event_id, commitments in zip(*(rows.column(place).to_pylist() for place in (0, 1)), strict=True):
                self.listed += [(event_id, each) for each in commitments]
        is_redaction = pc.fill_null(pc.equal(batch.column("type"), str(EventType.REDACTION)), False)
        if pc.any(is_redaction).as_py():
            rows = batch.select(["event_id", "content"]).filter(is_redaction)
            pairs = zip(rows.column(0).to_pylist(), rows.column(1).to_pylist(), strict=True)
            self.redactions += [(event_id, content or "") for event_id, content in pairs]

    def note_event(self, event: Event) -> None:
        """Takes in an event of a journal."""
        self.listed += [(event.event_id, each) for each in event.commitments]
        if event.type is EventType.REDACTION:
            self.redactions.append((event.event_id, event.content or ""))


def settle(root: str, tables: Sequence[Table], promises: Promises) -> None:
    """Opens what the side tables open.

    Args:
        root: the store's folder.
        tables: those that go with these events; one that is not there is empty.

    Raises:
        OSError, EnvironmentFailed: a side table cannot be read.
    """
    listed = frozenset(promises.listed)
    wanted = set(listed)
    for table in tables:
        if table.shared:
            promises.matched.setdefault(table.path, set())
        # Of a shared table `strays` says what is wrong, once.
        for line, row in _rows(root, table, [] if table.shared else promises.findings):
            if not row.opens or (key := (row.event_id, row.commitment)) not in listed:
                if not table.shared and (found := _stray(table, line, row)) is not None:
                    _add(promises, found)
                continue
            promises.opened.add(key[1])
            wanted.discard(key)
            if table.shared:
                promises.matched[table.path].add(line)
    promises.unopened = [pair for pair in dict.fromkeys(promises.listed) if pair in wanted]
    promises.named, promises.listed = len(listed), []


def strays(root: str, table: Table, matched: set[int]) -> list[Finding]:
    """What is wrong with a shared side table, when it is known which lines belong to events.

    Raises:
        OSError, EnvironmentFailed: it cannot be read.
    """
    made: list[Finding] = []
    found = [_stray(table, line, row) for line, row in _rows(root, table, made) if line not in matched]
    return [*made, *(each for each in found if each is not None)]


def _rows(root: str, table: Table, findings: list[Finding]) -> list[tuple[int, Row]]:
    """The rows that are there, with their lines; what is none is a finding."""
    path = Path(root, table.path)
    if not path.is_file():
        return []
    if path.is_symlink() or path.stat().st_size > LARGEST:
        findings.append(Finding(Kind.DAMAGED, table.path, "no side table: a link, or far too large"))
        return []
    side = sensitive.read(path)
    findings += [Finding(Kind.DAMAGED, table.path, problem) for problem in side.problems[:SHOWN]]
    if side.torn and not table.open:
        findings.append(Finding(Kind.CUT, table.path, f"its last line is torn ({side.torn:,} bytes)"))
    return [(placed.line, placed.row) for placed in side.rows]


def _stray(table: Table, line: int, row: Row) -> Finding | None:
    if not row.opens:
        words = "its value and salt do not give its commitment: the row was changed"
        return Finding(Kind.EDITED, table.path, words, line, row.event_id)
    if table.open:
        return None
    return Finding(Kind.EXTRA, table.path, "a value that no event names", line, row.event_id)


def _add(promises: Promises, found: Finding) -> None:
    if len(promises.findings) < SHOWN:
        promises.findings.append(found)
    elif len(promises.findings) == SHOWN:
        promises.findings.append(Finding(found.kind, found.file, "and more rows after this one", found.row))


def unredacted(promises: Iterable[Promises], redacted: Container[str]) -> Iterator[tuple[str, str]]:
    """Event id and commitment of what is neither there nor erased by a redaction that counts."""
    for each in promises:
        yield from (pair for pair in each.unopened if pair[1] not in redacted)
