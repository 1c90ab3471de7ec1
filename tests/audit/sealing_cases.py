"""Stores for the tests of sealing: small, made by the real writer, with one key."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from govern.audit import store, store_log
from govern.audit.audit_log import AuditLog
from govern.audit.verify import verify
from govern.audit.verifying.contract import Verified
from govern.events.model import Event, EventType
from govern.signing import keys

KEY = keys.of_seed(b"k" * 32, "log.key")
DAY = 86_400 * 10**9
NOW = 20_000 * DAY + 12 * 3600 * 10**9


def begun(folder: Path) -> Path:
    """A store with a log and nothing else."""
    store_log.init(folder, KEY, "test/store")
    return folder


def write(folder: Path, name: str = "desk", events: int = 10, *, start: int = 0, segment: int = 50_000) -> AuditLog:
    """A writer that lives, with events that are on the disk."""
    log = AuditLog(folder, name, KEY, segment_events=segment)
    for number in range(start, start + events):
        text = f"{name} {number}"
        log.append("prompt", durable=False, trace_id=f"t{number % 4}", content=text)
    log.flush()
    return log


def crash(log: AuditLog, torn: bytes = b"") -> Path:
    """Ends a writer as a kill does, with the beginning of a line behind its last one; gives its last segment."""
    log.flush()
    log._let_go()
    log._closed = True
    path = sorted((log.folder / "journal" / log.writer_id).glob("*.jsonl"))[-1]
    with path.open("ab") as file:
        file.write(torn)
    return path


def imported(folder: Path, source: str = "1", events: int = 6) -> list[Event]:
    """Events of an import, over two days and one without a time."""
    made = [
        Event(
            event_id=f"{source}-{number}", trace_id=f"x{number % 3}", type=EventType.PROMPT, content=f"said {number}",
            writer_id=f"import:{source}", wseq=number,
            ts_ns=None if number == 0 else (19_000 + number % 2) * DAY + number,
        )
        for number in range(events)
    ]  # fmt: skip
    store.write(made, folder, durable=False)
    return made


def judged(folder: Path, since: Sequence[str] = ()) -> Verified:
    return verify(folder, keys=[KEY.public], since=list(since))


def files(folder: Path) -> list[str]:
    """All files of a store but those of its log and writers, sorted."""
    found = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return sorted(path for path in found if not path.startswith(("log/", "writers/")))
