"""Real stores for tests of verification: written by `AuditLog`, sealed by `seal`, small enough to copy."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from govern.audit import log_keys, records, store, store_log
from govern.audit.audit_log import AuditLog
from govern.audit.masking import Sensitive
from govern.audit.sealing import seal
from govern.events.model import Event, EventType
from govern.signing import keys
from govern.signing.keys import PrivateKey

LOG = keys.of_seed(b"\x01" * 32)
WRITER = keys.of_seed(b"\x02" * 32)
STRANGER = keys.of_seed(b"\x03" * 32)
COMMIT = b"\x04" * 32
ORIGIN = "audit.example.org/desk"
DAY = 86_400 * 1_000_000_000
START = 20_700 * DAY + 9 * 3_600 * 1_000_000_000


class Clock:
    """A second later each time."""

    def __init__(self, start: int = START) -> None:
        self.now = start

    def __call__(self) -> int:
        self.now += 1_000_000_000
        return self.now


@dataclass(frozen=True)
class Made:
    """A store and what somebody else keeps of it.

    Args:
        folder: the store.
        outside: a checkpoint that was handed out before the last sealing.
        first, second: writers whose events are sealed and covered by it; each has two files.
        third: a writer that ended and was sealed after it.
        ended: one that ended, and is not sealed.
        live: one that writes still.
    """

    folder: Path
    outside: str
    first: str
    second: str
    third: str
    ended: str
    live: str

    def copy(self, folder: Path) -> Made:
        """The same store in another folder."""
        shutil.copytree(self.folder, folder)
        return Made(folder, self.outside, self.first, self.second, self.third, self.ended, self.live)


def make(folder: Path, *, key: PrivateKey = LOG, origin: str = ORIGIN) -> Made:
    """A store with imported events, four writers and a fifth that lives, sensitive values, and three sealings."""
    clock = Clock()
    log = store_log.init(folder, key, origin)
    admitted = records.Key(role="writer", action="add", key=log_keys.text(WRITER.public), envelope=None, at_ns=clock())
    store_log.append(folder, log, [admitted], key)
    store.write([_imported(number) for number in range(6)], folder)
    first = _written(folder, "desk", clock)
    seal(folder, key, now_ns=clock())
    second = _written(folder, "desk", clock)
    outside = seal(folder, key, now_ns=clock()).checkpoint
    third = _written(folder, "night", clock)
    seal(folder, key, now_ns=clock())
    ended = _written(folder, "clerk", clock)
    log = _log(folder, "porter", clock)
    _fill(log, 0, 5)
    return Made(folder, outside, first, second, third, ended, log.writer_id)


def _log(folder: Path, name: str, clock: Clock) -> AuditLog:
    return AuditLog(
        folder, name, WRITER, clock=clock, commit_key=COMMIT, sensitive={"refund": Sensitive(sensitive=("args.email",))}
    )


def _written(folder: Path, name: str, clock: Clock) -> str:
    """A writer of twelve events in two segments, of which three have a sensitive value."""
    with _log(folder, name, clock) as log:
        _fill(log, 0, 6)
        log.roll()
        _fill(log, 6, 6)
        return log.writer_id


def _fill(log: AuditLog, first: int, count: int) -> None:
    for number in range(first, first + count):
        args = {"order": number, "email": f"guest{number}@example.org"} if number % 4 == 0 else {"order": number}
        log.append(
            "tool_call", trace_id=f"trace-{number // 3}", tool="refund", call_id=f"call-{number}", args=args,
            reasons=("asked",), durable=False,
        )  # fmt: skip


def _imported(number: int) -> Event:
    return Event(
        event_id=f"import-{number}", trace_id=f"past-{number // 2}", type=EventType.TOOL_RESULT, writer_id="import",
        wseq=number, ts_ns=START - DAY + number, content=f"result {number}", tool="refund",
    )  # fmt: skip
