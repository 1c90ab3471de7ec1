"""Erases sensitive values, so that everything else still verifies and the record says who erased what, and why.

A `redaction` event comes first and is on the disk before anything is erased. Its content is a DSSE envelope

    {"at_ns": …, "by": "…", "commitments": ["hmac-sha256:…"], "reason": "…", "schema": "govern/redaction/v1",
     "store": "…"}

signed by a key that the store admits. Then the rows of the side table are overwritten. Killed in between, values are
still there that a redaction names, which verification says; doing it again finishes it. An erased value without such
an event is one that somebody took.

What is erased here is still in every copy and backup of the side table. A writer that is told the same value in the
same trace again keeps it again.

Leaves out who may ask for it, and values that were never kept (`masking`).
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from govern.audit import sensitive, store_log
from govern.audit.audit_log import AuditLog
from govern.audit.holds import in_force
from govern.audit.read import read_events
from govern.audit.sensitive import Placed
from govern.errors import AuthorError, EvidenceError, UsageError
from govern.events.canonical import Malformed, parse, text_of
from govern.events.model import Event
from govern.signing import dsse
from govern.signing.keys import PrivateKey, PublicKey

SCHEMA: Final = "govern/redaction/v1"
PAYLOAD: Final = "application/vnd.govern.redaction.v1+json"
NAME: Final = "redaction"
"""Of the writer."""
_COMMITMENT: Final = re.compile(r"hmac-sha256:[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Redaction:
    """What somebody signed for.

    Args:
        commitments: whose values are erased.
        by: who, in words.
    """

    store: str
    commitments: tuple[str, ...]
    reason: str
    by: str
    at_ns: int


@dataclass(frozen=True, slots=True)
class Value:
    """A value that is there, and is to be erased.

    Args:
        places: where it stood, without the numbers of list items.
        traces: of the events that name it.
        rows: file and row, each time that it is kept.
    """

    commitment: str
    places: tuple[str, ...]
    traces: tuple[str, ...]
    rows: tuple[tuple[Path, Placed], ...]


def signed(redaction: Redaction, key: PrivateKey) -> str:
    """The envelope of a redaction: the content of its event."""
    statement = {
        "schema": SCHEMA,
        "store": redaction.store,
        "commitments": list(redaction.commitments),
        "reason": redaction.reason,
        "by": redaction.by,
        "at_ns": redaction.at_ns,
    }
    return dsse.text(dsse.signed(dsse.Envelope(text_of(statement).encode(), PAYLOAD, ()), [key]))


def read(content: str, keys: Sequence[PublicKey], where: str) -> Redaction:
    """The redaction that a `redaction` event says.

    Args:
        content: of the event.
        keys: those that the store admits; one of them must have signed it.
        where: how errors call the event.

    Raises:
        EvidenceError: it is none, was changed, or nobody of these signed it.
    """
    try:
        envelope = dsse.read(content.encode("utf-8", "replace"), where)
        dsse.verified(envelope, keys, 1, where)
        data = parse(envelope.payload)
    except AuthorError as error:
        raise EvidenceError(error.message, where=where, hint=error.hint) from None
    except Malformed as error:
        raise EvidenceError(f"the redaction is no canonical JSON: {error}", where=where) from None
    names = ("schema", "store", "commitments", "reason", "by", "at_ns")
    match [data.get(name) for name in names] if isinstance(data, dict) and set(data) == set(names) else []:
        case ["govern/redaction/v1", str(store), list(commitments), str(reason), str(by), int(at_ns)] if (
            envelope.payload_type == PAYLOAD and all(isinstance(each, str) for each in commitments)
        ):
            return Redaction(store, tuple(commitments), reason, by, at_ns)
        case _:
            raise EvidenceError(f"the event is no `{SCHEMA}`", where=where)


def by_commitment(folder: str | Path, commitments: Iterable[str]) -> list[Value]:
    """The values of commitments that are there.

    Raises:
        UsageError: a word that is no commitment.
        EvidenceError: one of which no value is there; or the store is damaged.
        EnvironmentFailed: the store cannot be read.
    """
    wanted = dict.fromkeys(commitments)
    for each in wanted:
        if _COMMITMENT.fullmatch(each) is None:
            hint = "`hmac-sha256:` and 64 hex digits, as `govern reconstruct --format json` shows it"
            raise UsageError(f"`{each[:80]}` is no commitment", hint=hint)
    found = _values(folder, set(wanted))
    if lost := [each for each in wanted if each not in found]:
        hint = "it was erased already, or is of another store"
        raise EvidenceError(f"no value of `{lost[0]}` is there", where=str(folder), hint=hint)
    return list(found.values())


def of_trace(folder: str | Path, trace_id: str, place: str | None = None) -> list[Value]:
    """The values of a trace that are there.

    Args:
        place: only those that stood there or below, such as `args.email` or `args.items[*].iban`.

    Raises:
        EvidenceError: there is no such trace, or nothing of it is kept; or the store is damaged.
        EnvironmentFailed: the store cannot be read.
    """
    events = list(read_events(folder, "trace_id = ?", [trace_id]))
    if not events:
        raise EvidenceError(f"no trace `{trace_id}`", where=str(folder))
    named = {each for event in events for each in event.commitments}
    found = [value for value in _values(folder, named).values() if place is None or _stands(value, place)]
    if not found:
        what = "sensitive value" if place is None else f"sensitive value of `{place}`"
        hint = "it was erased already, or the charter did not call it sensitive when it was recorded"
        raise EvidenceError(f"no {what} of trace `{trace_id}` is there", where=str(folder), hint=hint)
    return found


def redact(
    folder: str | Path, key: PrivateKey, values: Sequence[Value], *, reason: str, by: str, now_ns: int | None = None
) -> list[Event]:
    """Erases values: first the signed events, one a trace, then the rows.

    Args:
        key: that the store admits.
        values: of `by_commitment` or `of_trace`.
        reason: why, in words that stay; they must not repeat a value.
        by: who asked for it.
        now_ns: UTC nanoseconds since 1970; None for the clock's.

    Returns:
        The redaction events.

    Raises:
        UsageError: no reason, nobody, or the reason repeats a value. Nothing is erased.
        EvidenceError: a legal hold keeps one of them. Nothing is erased.
        EnvironmentFailed: the store cannot be written. What an event names may be there still; do it again.
    """
    if not reason.strip() or not by.strip():
        raise UsageError("a redaction says why, and who asked for it", hint="--reason TEXT --by NAME")
    for value in values:
        kept = value.rows[0][1].row.value
        if any(len(text) > 3 and (text in reason or text in by) for text in _texts(kept)):
            raise UsageError("the reason repeats a value that is to be erased", where="--reason")
    _refuse_held(Path(folder), values)
    by_trace: dict[str, list[str]] = {}
    for value in values:
        for trace_id in value.traces or (NAME,):  # of a value whose event never came to be
            by_trace.setdefault(trace_id, []).append(value.commitment)
    now = time.time_ns() if now_ns is None else now_ns
    made: list[Event] = []
    with AuditLog(folder, NAME, key) as log:
        for trace_id, commitments in by_trace.items():
            content = signed(Redaction(log.store, tuple(sorted(commitments)), reason, by, now), key)
            said = {
                "type": "redaction", "trace_id": trace_id, "content": content, "reason": reason, "actor": by,
                "actor_kind": "human", "fidelity": "verbatim",
            }  # fmt: skip
            made += log._append_own([said], durable=False)
        log.flush()
        rows: dict[Path, list[Placed]] = {}
        for value in values:
            for path, placed in value.rows:
                rows.setdefault(path, []).append(placed)
        for path, of_path in sorted(rows.items()):
            sensitive.erase(path, of_path)
    return made


def _values(folder: str | Path, wanted: set[str]) -> dict[str, Value]:
    """The values of these commitments, with every row of each."""
    rows: dict[str, list[tuple[Path, Placed]]] = {}
    for path, placed in sensitive.rows(folder) if wanted else ():
        if placed.row.commitment in wanted:
            rows.setdefault(placed.row.commitment, []).append((path, placed))
    ids = sorted({placed.row.event_id for of_value in rows.values() for _, placed in of_value})
    traces = {event.event_id: event.trace_id for event in _by_id(folder, ids)}
    return {
        commitment: Value(
            commitment,
            tuple(dict.fromkeys(_general(placed.row.place) for _, placed in of_value)),
            tuple(dict.fromkeys(traces[id] for _, placed in of_value if (id := placed.row.event_id) in traces)),
            tuple(of_value),
        )
        for commitment, of_value in rows.items()
    }


def _by_id(folder: str | Path, ids: list[str]) -> Iterator[Event]:
    if ids:
        yield from read_events(folder, "event_id IN (SELECT unnest(?))", [ids])


def _general(place: str) -> str:
    return re.sub(r"\[[0-9]+\]", "[*]", place)


def _stands(value: Value, place: str) -> bool:
    wanted = _general(place)
    return any(each == wanted or each.startswith((f"{wanted}.", f"{wanted}[")) for each in value.places)


def _texts(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for item in value.values():
                yield from _texts(item)
        case list():
            for item in value:
                yield from _texts(item)
        case None | bool():
            return
        case _:
            yield text_of(value)


def _refuse_held(folder: Path, values: Sequence[Value]) -> None:
    """A legal hold keeps what it names, whoever asks.

    Raises:
        EvidenceError: it does.
    """
    holds = in_force(store_log.read(folder))
    if not holds:
        return
    ids = sorted({placed.row.event_id for value in values for _, placed in value.rows})
    for event in _by_id(folder, ids):
        for hold in holds:
            named = hold.traces is None or event.trace_id in hold.traces
            # Without a time nobody can say that an event lies outside of the hold.
            after = hold.from_ns is None or event.ts_ns is None or event.ts_ns >= hold.from_ns
            before = hold.to_ns is None or event.ts_ns is None or event.ts_ns < hold.to_ns
            if named and after and before:
                message = f"legal hold `{hold.id}` keeps trace `{event.trace_id}`: {hold.reason}"
                raise EvidenceError(message, where=str(folder), hint="`govern audit hold list` shows who may end it")
