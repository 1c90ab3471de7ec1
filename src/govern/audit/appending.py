"""Events as JSON lines from another program, acknowledged line by line: what `govern audit append` does.

Each line in gives one line out, in the same order: `{"event_id","writer_id","wseq"}` once the event is on the disk, or
`{"error","line"}` where it was refused. What arrives together shares one flush; what arrives alone waits for nobody. A
SIGTERM ends it as the end of the input does: what was read is written and acknowledged first.

Leaves out the log itself (`audit_log`).
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedIOBase
from types import FrameType
from typing import Any, BinaryIO, Final

from govern.audit.audit_log import EVENT_BYTES, AuditLog
from govern.errors import EvidenceError, UsageError
from govern.events.canonical import Malformed, check, load, text_of
from govern.events.model import Event

_CHUNK: Final = 1024 * 1024
_LINE_BYTES: Final = 2 * EVENT_BYTES


@dataclass(slots=True)
class Appended:
    """What became of the lines."""

    events: int = 0
    refused: int = 0


class _Stop(BaseException):
    """A SIGTERM while nothing was being done."""


def append_lines(log: AuditLog, source: BufferedIOBase, sink: BinaryIO) -> Appended:
    """Appends every line of a source, until it ends.

    Args:
        log: durable: nothing is acknowledged before it is on the disk.
        source: JSON lines: columns of an event, and `mask`, a list of values that are sensitive in it; `read1` of it
            waits only where there is nothing.
        sink: where acknowledgements go, flushed after each batch.

    Raises:
        EnvironmentFailed: the disk does not take it; what is not acknowledged may not be there.
        OSError: nobody reads the acknowledgements.
    """
    done = Appended()
    number = 0
    for lines in _batches(source):
        answers: list[dict[str, Any]] = []
        for line in lines:
            number += 1
            answers.append(_answer(log, line, number, done))
        log.flush()
        sink.write(b"".join(text_of(answer).encode() + b"\n" for answer in answers))
        sink.flush()
    return done


def _answer(log: AuditLog, line: bytes, number: int, done: Appended) -> dict[str, Any]:
    try:
        event = _append(log, line)
    except (UsageError, EvidenceError) as error:
        done.refused += 1
        said = error.message.encode("utf-8", "backslashreplace").decode()
        return {"error": said, "line": number} | ({"hint": error.hint} if error.hint else {})
    done.events += 1
    return {"event_id": event.event_id, "writer_id": event.writer_id, "wseq": event.wseq}


def _append(log: AuditLog, line: bytes) -> Event:
    if len(line) > _LINE_BYTES:
        raise UsageError(f"a line of more than {_LINE_BYTES:,} bytes")
    try:
        given = load(line)
        if not isinstance(given, dict):
            raise UsageError("no JSON object", hint="an object of an event's columns, on one line")
        check({name: value for name, value in given.items() if name != "args"} if type(given) is dict else given)
    except Malformed as error:
        raise UsageError(f"no JSON with one meaning: {error}") from None
    mask = given.pop("mask", [])
    if not isinstance(mask, list):
        raise UsageError("`mask` is no list of values")
    if mask and not log.commits:
        hint = "give --commit-key FILE: the store's 32 secret bytes, kept outside the store"
        raise UsageError("`mask` and no secret to commit to its values with", hint=hint)
    if given.get("content") is None and _is_refused(given.get("args")):
        given["content"] = line.decode("utf-8", "backslashreplace")  # the arguments as they were said stand in it
    return log.append_all([given], durable=False, mask=mask)[0]


def _is_refused(args: Any) -> bool:
    try:
        check(args)
    except Malformed:
        return True
    return False


def _batches(source: BufferedIOBase) -> Iterator[list[bytes]]:
    """Whole lines, as many as there are; a last one without its line feed too."""
    kept: list[bytes] = []
    held = 0
    with _ending() as waiting:
        while True:
            try:
                with waiting:
                    chunk = source.read1(_CHUNK)
            except _Stop:
                return
            *whole, rest = chunk.split(b"\n")
            if whole:
                yield [b"".join((*kept, whole[0])), *whole[1:]]
                kept, held = [], 0
            # Of a line that is too long anyway its length is enough.
            if held <= _LINE_BYTES:
                kept.append(rest)
                held += len(rest)
            if not chunk:
                if held:
                    yield [b"".join(kept)]
                return
            if waiting.over:
                return


class _Waiting:
    """Whether the input is waited for: only then a signal may break it off at once."""

    def __init__(self) -> None:
        self.over = False
        self._now = False

    def __enter__(self) -> None:
        self._now = True
        if self.over:
            raise _Stop

    def __exit__(self, *_: object) -> None:
        self._now = False

    def stop(self, number: int, frame: FrameType | None) -> None:
        self.over = True
        if self._now:
            self._now = False
            raise _Stop


@contextmanager
def _ending() -> Iterator[_Waiting]:
    waiting = _Waiting()
    try:
        before = signal.signal(signal.SIGTERM, waiting.stop)
    except ValueError:  # not the main thread, where signals do not come
        yield waiting
        return
    try:
        yield waiting
    finally:
        signal.signal(signal.SIGTERM, before)
