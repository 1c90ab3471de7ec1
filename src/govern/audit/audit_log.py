"""Appends events to a store's journal: the public way to write one, for many threads of one process.

    with AuditLog("audit", "refund-desk", key) as log:
        log.append("tool_call", trace_id="t1", tool="refund", args={"order_id": "7"})

An append that returns is on the disk (unless it was told `durable=False`: then it is with the operating system, which
outlives the process but not the machine). One flush to the disk serves all appends that wait for it. Each `AuditLog`
is a writer of its own with its own segments: writers share nothing, and wait for nobody.

What fails, fails loudly and for good: after a write or a flush that did not succeed nobody knows what is on the disk
(the kernel may drop the pages that it could not write), so the log takes nothing more and says why. What was
acknowledged stays; a new `AuditLog` is a new writer. A forked child cannot write into its parent's segment.

The clock is believed as it is: an event's `recorded_ns` may be less than that of the one before, and `set_back` counts
how often. The order of a writer's events is `wseq`.

Leaves out reading (`read`), sealing (`sealing`), which keys a store admits (`admission`).
"""

from __future__ import annotations

import os
import threading
import time
import weakref
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from govern.audit import journal, sensitive, writers
from govern.audit.admission import store_id
from govern.audit.canon import leaf, text
from govern.audit.drafting import Draft, draft, event_id
from govern.audit.masking import Masker, Sensitive
from govern.audit.open_segment import OpenSegment
from govern.audit.sensitive import Row
from govern.errors import EnvironmentFailed, EvidenceError
from govern.events.canonical import ready
from govern.events.model import Event, event
from govern.signing.keys import PrivateKey

SEGMENT_EVENTS: Final = 50_000
SEGMENT_BYTES: Final = 64 * 1024 * 1024
SEGMENT_NS: Final = 3_600 * 1_000_000_000
EVENT_BYTES: Final = 16 * 1024 * 1024
"""An event's canonical text has at most so many bytes."""
_DAY: Final = 86_400 * 1_000_000_000
_AGAIN: Final = "what was acknowledged is safe; mend this, and open the log again"


class AuditLog:
    """One writer of a store; opening it registers the writer.

    Args:
        store: the folder, as `govern audit init` made it.
        name: what the writer is called over all of its lives, such as the name of the service.
        key: signs the writer's start and end; the store's log must admit it.
        sensitive: places of tools whose values are kept apart or not at all, by tool.
        commit_key: the store's 32 secret bytes (`sensitive.read_key`); needed where anything is sensitive.
        clock: UTC nanoseconds since 1970.
        segment_events, segment_bytes, segment_ns: a segment ends with so many events, bytes, nanoseconds, and with
            the UTC day.

    Raises:
        UsageError: the name is none, a place cannot be read, or there is no `commit_key` where one is needed.
        EnvironmentFailed: there is no such store, it does not admit the key, or it cannot be written.
        EvidenceError: the store's log is damaged, or the last writer of this name wrote another store.
    """

    def __init__(
        self,
        store: str | Path,
        name: str,
        key: PrivateKey,
        *,
        sensitive: Mapping[str, Sensitive] | None = None,
        commit_key: bytes | None = None,
        clock: Callable[[], int] = time.time_ns,
        segment_events: int = SEGMENT_EVENTS,
        segment_bytes: int = SEGMENT_BYTES,
        segment_ns: int = SEGMENT_NS,
    ) -> None:
        self.folder = Path(store)
        self._key, self._clock = key, clock
        self._most_events, self._most_bytes, self._most_ns = segment_events, segment_bytes, segment_ns
        self._masker = Masker(sensitive or {}, commit_key)
        writers.check_name(name)
        self.store = store_id(self.folder, name, key.public)
        self._writer = writers.register(self.folder, self.store, name, key, clock())
        self.writer_id = self._writer.start.writer
        self._pid = os.getpid()
        self._closed = False
        self._failure: EnvironmentFailed | None = None
        self._locks()
        ready()
        # Guarded by `_state`: what was taken in. `_lines` and `_side` are not written yet.
        self._chain = journal.first_chain(self._writer.envelope)
        self._next = 0
        self._last_ns = 0
        self.set_back = 0
        self._lines: list[bytes] = []
        self._side: list[bytes] = []
        self._taken_bytes = 0
        # Guarded by `_writing`: files, and how far they have it.
        self._segment: OpenSegment | None = None
        self._written = self._flushed = 0
        _OPEN.add(self)

    def _locks(self) -> None:
        """Two, always taken in this order: `_writing` is held during writes and flushes, `_state` for moments only.
        And those who wait for the next flush."""
        self._writing = threading.Lock()
        self._state = threading.Lock()
        self._waiting = _Waiting()

    @property
    def commits(self) -> bool:
        """Whether it has a secret to commit to sensitive values with."""
        return self._masker.commits

    @property
    def events(self) -> int:
        """How many this writer took in."""
        return self._next

    def append(self, type: str, *, durable: bool = True, mask: Iterable[Any] = (), **columns: Any) -> Event:
        """Appends one event.

        Args:
            type: one of `EventType`.
            durable: wait until it is on the disk.
            mask: values that are sensitive in this event's texts, beside those of its trace that are known already.
                Numbers, and objects and lists as a whole, are taken out of `args` too, where what stands there has the
                same canonical text. Of texts a number is taken where it has at least four characters.
            columns: of `Event`; `trace_id` is needed. `args` is an object, or its JSON text. What is not given of
                `ts_ns` (now) and `args_digest` is filled in; `event_id` is always made here. Events of one action
                (call, check, start, result) are joined by `span_id`. Of a tool with sensitive arguments give `args`
                itself with each of these: an `args_digest` alone is dropped, because values are guessed from it.

        Raises:
            UsageError: no such column, a value of another kind, `trace_id` is missing, `event_id` is given, a time
                before 1970, a `redaction` (`redaction.redact` writes these), or a value of `mask` that cannot be
                looked for or stands nowhere in the event. Nothing is written.
            EvidenceError: the event cannot be written down: a text is no Unicode, or it is too large. Nothing is
                written.
            EnvironmentFailed: the disk does not take it; or the log was closed, failed before, or was forked.
        """
        return self.append_all([{"type": type, **columns}], durable=durable, mask=mask)[0]

    def append_all(
        self, events: Sequence[Mapping[str, Any]], *, durable: bool = True, mask: Iterable[Any] = ()
    ) -> list[Event]:
        """Appends several events in their order, with one flush; where one is refused, none of them. See `append`.

        A value in a marked place of one of them is masked in the texts of all of them: a response that proposes calls
        belongs in one batch with these.

        Args:
            events: the columns of each, with `type`.
            mask: each value stands in one of them at least.
        """
        self._check()
        return self._append([draft(columns) for columns in events], durable, mask)

    def _append_own(self, events: Sequence[Mapping[str, Any]], *, durable: bool = True) -> list[Event]:
        """`append_all` for the store itself: redactions, and events whose `event_id` is chosen."""
        self._check()
        return self._append([draft(columns, own=True) for columns in events], durable, ())

    def _append(self, drafts: list[Draft], durable: bool, mask: Iterable[Any]) -> list[Event]:
        now = self._clock()
        for each in drafts:
            each.setdefault("event_id", event_id(now))
        rows = self._masker.masked(drafts, mask)
        made, upto = self._take(drafts, rows)
        if durable:
            self._flush(upto)
        else:
            with self._writing:
                if self._written < upto:
                    self._check()
                    self._write(durable=False)
        return made

    def flush(self) -> None:
        """Waits until all that was appended is on the disk.

        Raises:
            EnvironmentFailed: as `append`.
        """
        self._check()
        self._flush(self._next)

    def roll(self) -> None:
        """Ends the segment, so that it can be sealed; the next event begins another one.

        Raises:
            EnvironmentFailed: as `append`.
        """
        self._check()
        with self._writing, self._state:
            self._end_segment()

    def close(self) -> None:
        """Flushes, signs the writer's end, and lets go of the store; closing again does nothing.

        Raises:
            EnvironmentFailed: the disk does not take it; the store then has this writer as one that crashed.
        """
        if self._closed or os.getpid() != self._pid:
            self._closed = True
            return
        with self._writing, self._state:
            self._closed = True
            try:
                if self._failure is None:
                    self._end_segment()
                    writers.end(self.folder, self._writer, self._key, self._clock(), self._next, self._chain)
            finally:
                self._let_go()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _check(self) -> None:
        if os.getpid() != self._pid:
            hint = "open an `AuditLog` in the child: it is a writer of its own"
            raise EnvironmentFailed("this process was forked from the one that writes", where=self.writer_id, hint=hint)
        self._check_failure()
        if self._closed:
            raise EnvironmentFailed("the audit log is closed", where=self.writer_id)

    def _check_failure(self) -> None:
        if (failure := self._failure) is not None:
            raise EnvironmentFailed(failure.message, where=failure.where, hint=failure.hint)

    def _take(self, drafts: list[Draft], rows: list[list[Row]]) -> tuple[list[Event], int]:
        """Gives events their numbers, times and lines; they are in memory then, and in nobody else's."""
        while True:
            with self._state:
                self._check()
                now = self._clock()
                if not self._is_over(now):
                    return self._taken(drafts, rows, now), self._next
            with self._writing, self._state:
                self._check()
                if self._is_over(now := self._clock()):
                    self._end_segment()
                    self._begin_segment(now)

    def _taken(self, drafts: list[Draft], rows: list[list[Row]], now: int) -> list[Event]:
        made: list[Event] = []
        lines: list[bytes] = []
        chain, number = self._chain, self._next
        for each in drafts:
            each.setdefault("ts_ns", now)
            one = event(writer_id=self.writer_id, wseq=number, recorded_ns=now, **each)
            canon = text(one).encode()
            if len(canon) > EVENT_BYTES:
                raise EvidenceError(f"an event of {len(canon):,} bytes, at most {EVENT_BYTES:,} are written")
            chain = journal.next_chain(chain, leaf(canon))
            lines.append(journal.line(chain, canon))
            made.append(one)
            number += 1
        # From here on nothing is refused: all of it is taken in, or (a signal may break off anything) nobody writes
        # any more.
        try:
            self._chain, self._next = chain, number
            self._lines += lines
            self._side += [sensitive.line(row) for of_event in rows for row in of_event]
            self._taken_bytes += sum(map(len, lines))
            self.set_back += now < self._last_ns
            self._last_ns = now
        except BaseException as error:
            raise self._failed(error) from error
        return made

    def _is_over(self, now: int) -> bool:
        """Whether the next event belongs in another segment."""
        segment = self._segment
        if segment is None:
            return True
        return self._next > segment.first and (
            self._next - segment.first >= self._most_events
            or self._taken_bytes >= self._most_bytes
            or not 0 <= now - segment.began_ns < self._most_ns
            or now // _DAY != segment.began_ns // _DAY
        )

    def _flush(self, upto: int) -> None:
        """Waits until the events before a number are on the disk.

        Of those who come while a flush is under way the first one flushes for all, when that one is over; the others
        sleep until then.
        """
        with self._state:
            waiting = self._waiting
            leads, waiting.led = not waiting.led, True
        if not leads:
            waiting.done.wait()
        else:
            try:
                with self._writing:
                    self._check_failure()
                    with self._state:
                        self._waiting = _Waiting()
                    self._write(durable=True)
            except BaseException as error:
                if self._failure is None:  # a signal, before anything was written: the others must not wait for ever
                    self._failed(error)
                raise
            finally:
                waiting.done.set()
        if self._flushed < upto:
            self._check_failure()

    def _write(self, durable: bool) -> None:
        """Writes what was taken in; with `_writing` held."""
        with self._state:
            reached = self._next
            lines, self._lines = self._lines, []
            side, self._side = self._side, []
        self._put(lines, side, reached, durable)

    def _put(self, lines: list[bytes], side: list[bytes], reached: int, durable: bool) -> None:
        try:
            if self._segment is not None:
                self._segment.write(lines, side)
                if durable:
                    self._segment.sync()
        except BaseException as error:
            raise self._failed(error) from error
        self._written = reached
        if durable:
            self._flushed = reached

    def _end_segment(self) -> None:
        """With both locks held."""
        lines, self._lines = self._lines, []
        side, self._side = self._side, []
        self._put(lines, side, self._next, durable=True)
        if self._segment is not None:
            self._segment.close()
            self._segment = None

    def _begin_segment(self, now: int) -> None:
        """With both locks held."""
        header = journal.Header(self.store, self.writer_id, self._next, self._chain.hex())
        try:
            self._segment = OpenSegment(self.folder, header, now)
        except BaseException as error:
            raise self._failed(error) from error
        self._taken_bytes = 0

    def _failed(self, error: BaseException) -> BaseException:
        """From now on nothing is taken. Gives what to raise."""
        where = str(self.folder / journal.FOLDER / self.writer_id)
        if isinstance(error, OSError):
            reason = (error.strerror or str(error)).lower()
            self._failure = EnvironmentFailed(f"the journal cannot be written: {reason}", where=where, hint=_AGAIN)
            return self._failure
        self._failure = EnvironmentFailed("writing the journal was broken off", where=where, hint=_AGAIN)
        return error

    def _let_go(self) -> None:
        if self._segment is not None:
            self._segment.close()
            self._segment = None
        writers.release(self._writer)
        _OPEN.discard(self)

    def _forked(self) -> None:
        """In a forked child: the files are the parent's, and its threads may have held the locks."""
        self._locks()
        self._lines, self._side = [], []
        self._let_go()


class _Waiting:
    """Who waits for one flush: the first one does it."""

    __slots__ = ("done", "led")

    def __init__(self) -> None:
        self.led = False
        self.done = threading.Event()


_OPEN: Final[weakref.WeakSet[AuditLog]] = weakref.WeakSet()


def _after_fork() -> None:
    for log in list(_OPEN):
        log._forked()


os.register_at_fork(after_in_child=_after_fork)
