"""AWS CloudTrail records: log files, single records, EventBridge events and looked-up events. See `cloudtrail.md`.

Source of the format: the AWS CloudTrail user guide ("CloudTrail record contents", "userIdentity element", "Non-API
events"), record version 1.11.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

from govern.events import canonical
from govern.events.canonical import Json, Malformed
from govern.events.model import ActorKind, Event, EventType, Fidelity
from govern.ingest import times
from govern.ingest.adapter import Aside, FormatInfo, Row, Stateless
from govern.ingest.arguments import UNCAPTURED, Arguments, storable
from govern.ingest.chat import Path, messages, plain, text, unusable
from govern.ingest.making import Maker
from govern.ingest.noted import instant
from govern.ingest.parts import part

INFO: Final = FormatInfo(
    id="cloudtrail",
    title="AWS CloudTrail records",
    carries=frozenset({"tool", "args", "output", "timing", "errors"}),
    lacks="prompts, responses, outputs of reads, policy checks, approvals, which principal is the agent",
)
RECORD: Final = frozenset({"eventSource", "eventName", "eventTime"})
"""S3's own notifications have these too, but neither of `OWN`."""
OWN: Final = frozenset({"eventID", "eventType"})
DIGEST: Final = frozenset({"digestS3Bucket", "logFiles"})
CONSOLE: Final = ("AwsConsoleSignIn", "AwsConsoleAction")
NO_CALL: Final = ("AwsCloudTrailInsight",)
"""Event types of records of which nobody called anything."""
HIDDEN: Final = frozenset({"HIDDEN_DUE_TO_SECURITY_REASONS", "***"})
"""What a service writes in place of a value."""

_Record = tuple[dict[str, Json], Path, bytes]


class CloudTrail(Stateless):
    info = INFO

    def claims(self, value: Json) -> bool:
        if not isinstance(value, dict):
            return False
        if _is_record(value) or set(value) >= DIGEST or _is_record(value.get("detail")):
            return True
        records, events = value.get("Records"), value.get("Events")
        if isinstance(records, list):
            return not records or any(map(_is_record, records))
        return (
            isinstance(events, list) and bool(events) and isinstance(events[0], dict) and "CloudTrailEvent" in events[0]
        )

    def events(self, row: Row) -> Sequence[Event]:
        value = plain(row.value)
        if set(value) >= DIGEST:
            raise Aside("digest file")
        made: list[Event] = []
        skipped = 0
        for at, item in _items(value):
            with part(row, *at):
                record, path, raw = _record(item, at, row.raw)
                if record.get("eventType") in NO_CALL:
                    skipped += 1
                    continue
                place = len(made)
                inner = replace(
                    row, raw=raw, wseq=row.wseq + place, digest=f"{row.digest}.{place}" if place else row.digest
                )
                made += _Built(inner, record, path).events
        if not made:
            raise Aside("insight" if skipped else "file without a record")
        if skipped:
            row.notes["records in which nobody called anything"] += skipped
        return made


class _Built(Maker):
    """The events of one record: a call, and what came of it."""

    def __init__(self, row: Row, record: dict[str, Json], path: Path) -> None:
        found = record.get("eventID")
        self._id = found if isinstance(found, str) and found else row.digest
        whose = _part(record, "userIdentity")
        super().__init__(
            row,
            INFO.id,
            trace_id=_run(whose) or self._id,
            agent=row.agent,
            ts_ns=instant(row, lambda: times.iso(record.get("eventTime"))),
        )
        source = text(record.get("eventSource"), *path, "eventSource")
        tool = f"{source.partition('.')[0]}/{text(record.get('eventName'), *path, 'eventName')}"
        request = record.get("requestID")
        common: dict[str, Any] = {
            "tool": tool,
            "span_id": self._id,
            "call_id": request if isinstance(request, str) and request else None,
        }
        actor, kind = _actor(record, whose)
        self._call(record, path, actor=actor, actor_kind=kind, **common)
        self._result(record, **common)

    def _own(self, what: str) -> str:
        return hashlib.sha256(f"{INFO.id}\0{storable(self._id)}\0{what}".encode()).hexdigest()[:32]

    def _call(self, record: dict[str, Json], path: Path, **columns: Any) -> None:
        given = record.get("requestParameters")
        if given is None or (isinstance(given, dict) and given.get("omitted") is True):
            arguments = UNCAPTURED
            self.row.notes["calls without arguments"] += 1
        else:
            arguments = _honest(self.arguments(given, *path, "requestParameters"), given)
        self.call(arguments, event_id=self._own("call"), **columns)

    def _result(self, record: dict[str, Json], **columns: Any) -> None:
        code, words = record.get("errorCode"), record.get("errorMessage")
        said = [part for part in (code, words) if isinstance(part, str) and part]
        if said:
            content, fidelity = None, Fidelity.VERBATIM
        else:
            content, fidelity = self.content(record.get("responseElements"))
            fidelity = Fidelity.ABSENT if content is None else fidelity
        self.add(
            EventType.TOOL_RESULT,
            event_id=self._own("result"),
            actor_kind=ActorKind.SERVICE,
            content=content,
            status="error" if said else "ok",
            error=": ".join(said) or None,
            fidelity=fidelity,
            **columns,
        )


def _items(value: dict[str, Json]) -> Iterator[tuple[Path, Json]]:
    """What should be the records of a row, with their places.

    Raises:
        Unusable: there is no list of them.
    """
    for key in ("Records", "Events"):
        if key in value:
            for index, item in enumerate(messages(value[key], key)):
                yield (key, index), item
            return
    if not _is_record(value) and "detail" in value:
        yield ("detail",), value["detail"]
    else:
        yield (), value


def _record(item: Json, at: Path, raw: bytes) -> _Record:
    """A record, where it stands, and in what.

    Raises:
        Unusable: it is none.
    """
    value = plain(item, *at)
    if at[:1] == ("Events",):
        return _written(text(value.get("CloudTrailEvent"), *at, "CloudTrailEvent"), at)
    return value, at, raw


def _written(words: str, path: Path) -> _Record:
    """A record that stands in a row as text."""
    try:
        return plain(canonical.load(words)), (), words.encode("utf-8")
    except (Malformed, UnicodeEncodeError) as error:
        raise unusable(path, f"holds a record that cannot be read: {error}") from None


def _run(whose: dict[str, Json]) -> str:
    """What one use of credentials did: temporary ones have a key of their own."""
    principal = next((found for name in ("principalId", "arn", "invokedBy") if (found := _word(whose, name))), "")
    key = _word(whose, "accessKeyId")
    return f"{principal}/{key}" if principal and key else principal or key


def _actor(record: dict[str, Json], whose: dict[str, Json]) -> tuple[str | None, ActorKind | None]:
    """Who called; None where the record does not say whether that is a program or a human."""
    name = next(
        (found for key in ("arn", "invokedBy", "principalId", "userName") if (found := _word(whose, key))), None
    )
    if record.get("eventType") == "AwsServiceEvent" or whose.get("type") == "AWSService":
        return name, ActorKind.SERVICE
    if record.get("eventType") in CONSOLE or str(record.get("sessionCredentialFromConsole")).lower() == "true":
        return name, ActorKind.HUMAN
    return name, None


def _honest(made: Arguments, given: Json) -> Arguments:
    """Arguments of which the service hid a part are not what was sent."""
    todo = [given]
    while todo:
        item = todo.pop()
        if isinstance(item, dict):
            todo += item.values()
        elif isinstance(item, list):
            todo += item
        elif isinstance(item, str) and item in HIDDEN:
            return replace(made, fidelity=Fidelity.REDACTED)
    return made


def _is_record(value: Json) -> bool:
    return isinstance(value, dict) and set(value) >= RECORD and not OWN.isdisjoint(value)


def _part(value: dict[str, Json], key: str) -> dict[str, Json]:
    found = value.get(key)
    return found if isinstance(found, dict) else {}


def _word(value: dict[str, Json], key: str) -> str:
    found = value.get(key)
    return found if isinstance(found, str) else ""


ADAPTER: Final = CloudTrail()
