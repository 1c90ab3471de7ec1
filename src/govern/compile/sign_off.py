"""A sign-off: what a reviewer signed of one shadow day, as a statement, an envelope and an audit event.

The statement names by digest everything that was looked at: the report, the policy, the deployment, and the day's log.
It is signed as bundles are (`dsse`), under a type of its own, with the reviewer's key; the deployment says whose key it
is. The event carries the envelope whole, so that whoever reads the audit store believes the signature and no column.
Leaves out who may sign, and whether a sign-off still stands (`review`).
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date
from typing import Any, Final

from govern.errors import AuthorError
from govern.events.canonical import Malformed, digest, parse, text_of
from govern.events.model import ActorKind, Event, EventType, Fidelity, Mode
from govern.signing import dsse
from govern.signing.dsse import Envelope
from govern.signing.keys import PrivateKey, PublicKey

PAYLOAD_TYPE: Final = "application/vnd.govern.sign-off.v1+json"
SCHEMA: Final = "govern/sign-off/v1"
_DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}")
_DIGESTS: Final = ("policy", "bundle", "deployment", "report", "log")


@dataclass(frozen=True, slots=True)
class Statement:
    """What is signed.

    Args:
        agent, version, policy: of the policy that the report was made with; `policy` is its digest.
        bundle: the digest of the bundle that holds the charter as written.
        deployment: the digest of the deployment file.
        report: the digest of the report's bytes.
        day: on the wall clock of the deployment.
        log: the digest of the day's log (`replay.day_logs`).
        calls, unmapped, not_judged: what the report said: calls of the day; actions nobody mapped and calls that
            could not be judged, of the whole report.
        person, role: who signs, as the deployment calls them, and as what.
        at_ns: when, UTC nanoseconds since 1970.
        reason: in the signer's words; may be empty.
    """

    agent: str
    version: int
    policy: str
    bundle: str
    deployment: str
    report: str
    day: date
    log: str
    calls: int
    unmapped: int
    not_judged: int
    person: str
    role: str
    at_ns: int
    reason: str = ""

    @property
    def payload(self) -> bytes:
        """The bytes that are signed: canonical JSON."""
        return text_of({"schema": SCHEMA, **asdict(self), "day": self.day.isoformat()}).encode()


@dataclass(frozen=True, slots=True)
class Found:
    """A sign-off as it was read.

    Args:
        by: whose key signed it, as the deployment says; None where it is nobody's.
        event_id: of the event that carried it.
    """

    statement: Statement
    by: str | None
    event_id: str


def keys_of(people: Mapping[str, Sequence[str]]) -> dict[str, tuple[PublicKey, ...]]:
    """The keys of a deployment's people.

    Args:
        people: base64 of Ed25519 SubjectPublicKeyInfos, by identity, as a deployment file has them.
    """
    return {name: tuple(PublicKey(b64decode(key)[-32:], name) for key in keys) for name, keys in people.items()}


def whose(key: PublicKey, people: Mapping[str, Sequence[PublicKey]]) -> str | None:
    """Whom a key belongs to."""
    return next((name for name, keys in people.items() if key in keys), None)


def event_of(statement: Statement, key: PrivateKey) -> Event:
    """The audit event of a statement, signed."""
    envelope = dsse.signed(Envelope(statement.payload, PAYLOAD_TYPE, ()), [key])
    text = dsse.text(envelope)
    event_id = f"sign-off:{digest(text).removeprefix('sha256:')}"
    return Event(
        event_id=event_id, trace_id=f"sign-off:{statement.agent}", writer_id=event_id,
        wseq=0, type=EventType.SIGN_OFF, ts_ns=statement.at_ns, recorded_ns=statement.at_ns, agent=statement.agent,
        agent_version=str(statement.version), policy_digest=statement.policy, deployment_digest=statement.deployment,
        actor_kind=ActorKind.HUMAN, actor=statement.person, role=statement.role, decision="signed_off",
        reason=statement.reason or None, content=text, result_digest=statement.report, mode=Mode.SHADOW,
        fidelity=Fidelity.VERBATIM,
    )  # fmt: skip


def read(event: Event, people: Mapping[str, Sequence[PublicKey]]) -> Found:
    """What an audit event signs off, and who signed it.

    Args:
        people: keys by identity.

    Raises:
        AuthorError: it is no sign-off, or a byte of it was changed. No column of the event is believed.
    """
    where = event.event_id
    envelope = dsse.read((event.content or "").encode("utf-8", "surrogatepass"), where)
    if envelope.payload_type != PAYLOAD_TYPE or len(envelope.signatures) != 1:
        raise AuthorError("the envelope is of something else than a sign-off by one person", where=where)
    statement = _statement(envelope.payload, where)
    keys = [key for theirs in people.values() for key in theirs]
    checked = dsse.check(envelope, keys)[0]
    return Found(statement, whose(checked.key, people) if checked.key is not None else None, where)


def _statement(payload: bytes, where: str) -> Statement:
    """The statement of signed bytes, which must be written as it writes itself."""
    try:
        data = parse(payload)
    except Malformed as error:
        raise AuthorError(f"the sign-off is no canonical JSON: {error}", where=where) from None
    made = _made(data) if isinstance(data, dict) and data.get("schema") == SCHEMA else None
    if made is None or made.payload != payload:
        raise AuthorError(f"the sign-off is no `{SCHEMA}`", where=where)
    return made


def _made(data: dict[str, Any]) -> Statement | None:
    given = {key: value for key, value in data.items() if key != "schema"}
    if set(given) != {each.name for each in fields(Statement)}:
        return None
    numbers = ("version", "calls", "unmapped", "not_judged", "at_ns")
    if not all(type(value) is (int if name in numbers else str) for name, value in given.items()):
        return None
    if not all(_DIGEST.fullmatch(given[name]) for name in _DIGESTS):
        return None
    try:
        return Statement(**{**given, "day": date.fromisoformat(given["day"])})
    except ValueError:
        return None
