"""Gathers a case from a store: its events as they were hashed, why they are in the log, and what they say.

The store is held meanwhile: nothing is deleted, and what is sealed in between counts as not sealed yet. Leaves out the
package (`package`, `export`) and how chains are shown (`report`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from govern.audit import (
    canon,
    checkpoint,
    journal,
    log_keys,
    merkle,
    proofs,
    proving,
    redaction,
    sensitive,
    snapshot,
    store_log,
)
from govern.audit.checkpoint import Signed
from govern.audit.read import read_events
from govern.audit.records import End, File, Key, Store, Writer
from govern.audit.store_log import StoreLog
from govern.errors import EvidenceError
from govern.events.model import Event, same
from govern.evidence.withholding import Withhold, asked, blinded
from govern.reconstruct.judge import Reconstruction
from govern.reconstruct.store import load
from govern.signing.keys import PublicKey

RECENT: Final = 64
"""The newest so many checkpoints of the log are shown to lead to the last one: whoever kept one of them needs no other
export."""


@dataclass(frozen=True, slots=True)
class Trace:
    """One trace of a case.

    Args:
        made: its chain, told without the words of withheld events.
        withheld: events that go out by their leaf alone.
        unsealed: events that no record of the log covers yet.
    """

    trace_id: str
    made: Reconstruction
    events: int
    withheld: int
    unsealed: int


@dataclass(frozen=True, slots=True)
class Values:
    """What became of the values that events committed to.

    Args:
        committed: different commitments.
        redacted: erased, by a redaction that somebody signed; its event is in the package.
        missing: neither there nor redacted.
    """

    committed: int
    redacted: int
    missing: int


@dataclass(frozen=True, slots=True)
class Gathered:
    """A case as it was found.

    Args:
        store: the store's id.
        key: the log's.
        checkpoint: the newest signed note.
        size, root: what it says.
        lines: one canonical text for each event that is shown: first those that `proofs` prove, then unsealed ones.
        proofs: the document `proofs.json`.
        values: the side table's rows of the events shown; None where none are to be revealed.
        values_said: of the commitments of the events shown, how many there are, were redacted, have neither a value
            nor a redaction.
        guessable: withheld events whose leaf tells what they say to whoever guesses it (`withholding`).
    """

    store: str
    origin: str
    key: PublicKey
    checkpoint: str
    size: int
    root: str
    traces: tuple[Trace, ...]
    hidden: Withhold
    lines: tuple[bytes, ...]
    proofs: Mapping[str, Any]
    values: tuple[bytes, ...] | None
    values_said: Values
    guessable: int

    @property
    def withheld(self) -> int:
        return sum(trace.withheld for trace in self.traces)

    @property
    def unsealed(self) -> int:
        return sum(trace.unsealed for trace in self.traces)


def gather(
    folder: str | Path,
    trace_ids: Sequence[str],
    *,
    since: Sequence[Signed] = (),
    withhold: Sequence[str] = (),
    withhold_content: bool = False,
    reveal: bool = False,
) -> Gathered:
    """The case of these traces.

    Args:
        folder: the store.
        trace_ids: full ids, each once.
        since: older checkpoints from outside, to which proofs lead.
        withhold: types and ids of events of which only the leaf goes out.
        withhold_content: the same for every event with a text.
        reveal: whether values that the events committed to go out.

    Raises:
        EvidenceError: no log, no such trace, a damaged store, or a checkpoint that the log did not grow out of.
        UsageError: `withhold` names nothing of the case.
    """
    root = Path(folder)
    hold = snapshot.held(root) if store_log.exists(root) else None
    try:
        return _Gathering(root, list(trace_ids)).case(since, withhold, withhold_content, reveal)
    finally:
        if hold is not None:
            hold.release()


class _Gathering:
    def __init__(self, root: Path, trace_ids: list[str]) -> None:
        self.root = root
        self.log: StoreLog = store_log.read(root)
        self.id = self.log.store.id  # refuses a store without a log
        self.chains = {trace_id: load(root, trace_id) for trace_id in trace_ids}
        self.events = {event.event_id: event for made in self.chains.values() for event in made.chain.events}
        self.named: dict[str, frozenset[str]] = {}  # by id of a redaction: the commitments that it names
        redactions = self._redactions()
        self.events |= {event.event_id: event for event in redactions}
        ids = [event.event_id for event in redactions]
        self.found = proving.locate(root, self.log, trace_ids=trace_ids, event_ids=ids, columns=True)
        self.sealed = [(row, canon.event(row.canon)) for row in self.found.rows]
        self.twins = self._twins()

    def case(self, since: Sequence[Signed], places: Sequence[str], content: bool, reveal: bool) -> Gathered:
        hidden = asked(places, content, self.events.values())
        unsealed = self._unsealed()
        self._agree()
        tree = merkle.tree(self.log.leaves)
        writers = {event.writer_id for event in self.events.values()}
        records = proofs.of_records(self.log, tree, {*self._of(writers), *(row.file for row in self.found.rows)})
        shown, lines = self._shown(hidden)
        more: list[dict[str, str]] = []
        for event, text, chain in unsealed:
            entry = dict(chain)
            if hidden.hides(event):
                entry["leaf"] = canon.leaf(text).hex()
            else:
                lines.append(text)
            more.append(entry)
        rows, values_said = self._values([event for event in self.events.values() if not hidden.hides(event)])
        said = checkpoint.read(self.log.checkpoint, "the log's checkpoint").checkpoint
        keys = self.log.keys
        if keys is None:
            raise EvidenceError("the store has no log", where=str(self.root))
        return Gathered(
            store=self.id,
            origin=self.log.origin,
            key=keys.log,
            checkpoint=self.log.checkpoint,
            size=said.size,
            root=said.root.hex(),
            traces=self._traces(hidden, Counter(event.trace_id for event, _, _ in unsealed)),
            hidden=hidden,
            lines=tuple(lines),
            proofs={
                "schema": "govern/evidence-proofs/v1",
                "records": records,
                "events": shown,
                "unsealed": more,
                "consistency": proofs.of_older(self.log, tree, self._older(since)),
            },
            values=rows if reveal else None,
            values_said=values_said,
            guessable=sum(map(hidden.guessable, self.events.values())),
        )

    def _of(self, writers: set[str]) -> set[int]:
        """The records that say who these writers are, and how they ended."""
        return {
            entry.index
            for entry in self.log.entries
            if isinstance(entry.record, (Writer, End)) and entry.record.writer in writers
        }

    def _shown(self, hidden: Withhold) -> tuple[list[dict[str, Any]], list[bytes]]:
        """The proofs of the sealed events, and the texts of those that are not withheld, in the same order."""
        made, lines = [], []
        for proof in proofs.of_rows(self.log, self.found.rows, self.found.trees):
            text = str(proof.pop("canon")).encode()
            if hidden.hides(self.twins[proof["file"], proof["row"]]):
                proof["leaf"] = canon.leaf(text).hex()
            else:
                lines.append(text)
            made.append(proof)
        return made, lines

    def _unsealed(self) -> list[tuple[Event, bytes, dict[str, str]]]:
        """Events that no record covers, by writer and number: their texts, and their chain where they have one."""
        sealed = {event.event_id for event in self.twins.values()}
        wanted = sorted(
            (event for event in self.events.values() if event.event_id not in sealed),
            key=lambda event: (event.writer_id, event.wseq, event.event_id),
        )
        segments = {
            path: journal.read_segment(path)
            for writer, paths in journal.segments(self.root).items()
            if any(event.writer_id == writer for event in wanted)
            for path in paths
        }
        made: list[tuple[Event, bytes, dict[str, str]]] = []
        for event in wanted:
            for segment in segments.values():
                place = event.wseq - segment.first
                if segment.header.writer == event.writer_id and 0 <= place < len(segment.rows):
                    text, chain = segment.rows[place]
                    before = segment.rows[place - 1][1] if place else segment.head
                    made.append((event, text, {"before": before.hex(), "chain": chain.hex()}))
                    break
            else:  # imported and not sealed: no journal, no chain
                made.append((event, canon.text(self._named(event)).encode(), {}))
        return made

    def _agree(self) -> None:
        """The chains are told from columns, and proven is `canon`: in a store that nobody touched both say the same."""
        for row, event in self.sealed:
            if self.found.columns[row.file, row.row] != event:
                record = self.log.entries[row.file].record
                where = record.path if isinstance(record, File) else str(self.root)
                raise EvidenceError(
                    f"the columns of event `{event.event_id[:80]}` do not say what was hashed",
                    where=where,
                    hint="`govern audit verify` says what else is wrong",
                )
        proven = {event.event_id for event in self.twins.values()}
        lost = [
            event.event_id
            for event in self.events.values()
            if event.event_id not in proven and self._named(event).event_id not in self.found.unsealed
        ]
        if lost:
            raise EvidenceError(f"event `{min(lost)[:80]}` is neither sealed nor waits to be", where=str(self.root))

    def _named(self, event: Event) -> Event:
        """An event of a chain under the id that it was written with: where two events have one id, the chain calls the
        second one `ID#2`."""
        base, mark, number = event.event_id.rpartition("#")
        known = {each.event_id for _, each in self.sealed} | set(self.found.unsealed)
        renamed = mark and number.isdecimal() and event.event_id not in known
        return replace(event, event_id=base) if renamed else event

    def _twins(self) -> dict[tuple[int, int], Event]:
        """What the chains call each sealed event; one that says the same as another stands there once for both."""
        by_id: dict[str, list[Event]] = {}
        for event in self.events.values():
            by_id.setdefault(self._named(event).event_id, []).append(event)
        found: dict[tuple[int, int], Event] = {}
        for row, event in self.sealed:
            alike = [one for one in by_id.get(event.event_id, ()) if same(self._named(one), event)]
            found[row.file, row.row] = alike[0] if alike else event
        return found

    def _traces(self, hidden: Withhold, unsealed: Counter[str]) -> tuple[Trace, ...]:
        return tuple(
            Trace(
                trace_id=trace_id,
                made=blinded(made, hidden),
                events=len(made.chain.events),
                withheld=sum(hidden.hides(event) for event in made.chain.events),
                unsealed=unsealed[trace_id],
            )
            for trace_id, made in self.chains.items()
        )

    def _older(self, since: Sequence[Signed]) -> list[Signed]:
        recent = [checkpoint.read(batch.checkpoint, str(batch.path)) for batch in self.log.batches[-RECENT:]]
        found = {each.text: each for each in (*recent, *since) if each.checkpoint.size}
        return sorted(found.values(), key=lambda each: (each.checkpoint.size, each.text))

    def _redactions(self) -> list[Event]:
        """The events that say that values of the case were erased. One that does not hold redacts nothing."""
        wanted = {one for event in self.events.values() for one in event.commitments}
        if not wanted:
            return []
        keys = [
            log_keys.of_text(entry.record.key) for entry in self.log.entries if isinstance(entry.record, (Store, Key))
        ]
        found: list[Event] = []
        for event in read_events(self.root, "type = 'redaction'"):
            try:
                said = redaction.read(event.content or "", keys, event.event_id)
            except EvidenceError:
                continue
            if said.store == self.id and (named := wanted.intersection(said.commitments)):
                found.append(event)
                self.named[event.event_id] = frozenset(named)
        return found

    def _values(self, visible: list[Event]) -> tuple[tuple[bytes, ...], Values]:
        """The side table's rows of these events, and what became of the values."""
        committed = {one for event in visible for one in event.commitments}
        ids = {event.event_id for event in visible}
        rows = [placed.row for path in sensitive.files(self.root) for placed in sensitive.read(path).rows]
        rows = [row for row in rows if row.event_id in ids and row.commitment in committed] if committed else []
        redacted = {one for event in visible for one in self.named.get(event.event_id, ())} & committed
        missing = committed - redacted - {row.commitment for row in rows}
        values = Values(len(committed), len(redacted), len(missing))
        return tuple(sorted(sensitive.line(row) for row in rows)), values
