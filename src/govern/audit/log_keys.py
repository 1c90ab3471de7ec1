"""The keys of a store: which one signs its log now, which ones signed it before, which ones may sign for writers.

The first key stands in the `store` record. Another one takes its place by rotation: a `key` record that adds it, with
a DSSE statement (`application/vnd.govern.key.v1+json`) that the old and the new key both signed,

    {"at_ns": …, "index": N, "key": "<new>", "old": "<old>", "role": "log", "schema": "govern/key/v1", "store": "<id>"}

and right after it one that retires the old key. The checkpoint over both is signed by the new key. `index` is that of
the record that adds, so that a statement serves once. Keys of writers are added and retired by plain records: the
checkpoint signs them. The log's key of the time may always sign for writers.

Leaves out where records stand (`store_log`). No signature is checked but by `check_rotation`.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from binascii import Error as NoBase64
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from govern.audit.records import Key, Record, Store
from govern.errors import AuthorError, EvidenceError
from govern.events.canonical import Malformed, parse, text_of
from govern.signing import dsse
from govern.signing.keys import PrivateKey, PublicKey

SCHEMA: Final = "govern/key/v1"
PAYLOAD: Final = "application/vnd.govern.key.v1+json"
_RAW: Final = 32


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of a store at one moment of its log.

    Args:
        log: the one that signs checkpoints.
        ever: all that ever did, in their order; the last one is `log`.
        writers: those that may sign for writers beside `log`.
    """

    log: PublicKey
    ever: tuple[PublicKey, ...]
    writers: tuple[PublicKey, ...] = ()

    @property
    def admitted(self) -> tuple[PublicKey, ...]:
        """Those whose signature makes a writer one of this store."""
        return (self.log, *self.writers)


def text(key: PublicKey) -> str:
    """A key as records say it: base64 of its SubjectPublicKeyInfo."""
    return b64encode(key.der).decode()


def of_text(said: str, where: str = "") -> PublicKey:
    """The key that a record says.

    Raises:
        EvidenceError: it is no Ed25519 key, or not written as `text` writes it.
    """
    try:
        made = PublicKey(b64decode(said, validate=True)[-_RAW:])
    except (NoBase64, ValueError):
        made = PublicKey(b"")
    if len(made.raw) != _RAW or text(made) != said:
        raise EvidenceError(f"`{said[:60]}` is no Ed25519 key in base64", where=where)
    return made


def first(record: Store, where: str = "") -> Keys:
    """The keys after the first record."""
    key = of_text(record.key, where)
    return Keys(key, (key,))


def after(keys: Keys, record: Record, where: str = "") -> Keys:
    """The keys after one more record.

    Raises:
        EvidenceError: it adds what is there, or retires what is not.
    """
    if isinstance(record, Store):
        raise EvidenceError("a second `store` record", where=where)
    if not isinstance(record, Key):
        return keys
    key = of_text(record.key, where)
    match record.role, record.action:
        case "log", "add":
            if key in keys.ever:
                raise EvidenceError(f"a log key is added that the log had already: {key.keyid}", where=where)
            return replace(keys, log=key, ever=(*keys.ever, key))
        case "log", "retire":
            if key == keys.log or key not in keys.ever:
                raise EvidenceError(f"a log key is retired that no other one replaced: {key.keyid}", where=where)
            return keys
        case "writer", "add":
            if key in keys.admitted:
                raise EvidenceError(f"a key is added that is admitted already: {key.keyid}", where=where)
            return replace(keys, writers=(*keys.writers, key))
        case "writer", "retire":
            if key not in keys.writers:
                raise EvidenceError(f"a key is retired that is not admitted: {key.keyid}", where=where)
            return replace(keys, writers=tuple(each for each in keys.writers if each != key))
    raise EvidenceError(f"a key record of role `{record.role[:40]}`, action `{record.action[:40]}`", where=where)


def over(records: Iterable[Record], where: str = "") -> Keys | None:
    """The keys after records in their order; None without any.

    Raises:
        EvidenceError: the first one is no `store` record, or as `after`.
    """
    keys: Keys | None = None
    for record in records:
        if keys is None:
            if not isinstance(record, Store):
                raise EvidenceError("the first record is no `store` record", where=where)
            keys = first(record, where)
        else:
            keys = after(keys, record, where)
    return keys


def rotation(store: str, index: int, old: PrivateKey, new: PrivateKey, at_ns: int) -> tuple[Key, Key]:
    """The records that put a new key in the place of the old one; the new one signs the checkpoint over them.

    Args:
        store: its id.
        index: that the first of both will have.
    """
    statement = {
        "schema": SCHEMA,
        "store": store,
        "index": index,
        "role": "log",
        "old": text(old.public),
        "key": text(new.public),
        "at_ns": at_ns,
    }
    envelope = dsse.signed(dsse.Envelope(text_of(statement).encode(), PAYLOAD, ()), [old, new])
    return (
        Key(role="log", action="add", key=text(new.public), envelope=dsse.text(envelope), at_ns=at_ns),
        Key(role="log", action="retire", key=text(old.public), envelope=None, at_ns=at_ns),
    )


def check_rotation(record: Key, index: int, store: str, old: PublicKey, where: str = "") -> None:
    """Checks that the key in force before, and the new one, agreed to a record that adds a log key.

    Args:
        index: of the record.
        store: the store's id.
        old: the log's key before it.

    Raises:
        EvidenceError: one of them did not sign, or signed something else.
    """
    new = of_text(record.key, where)
    try:
        envelope = dsse.read((record.envelope or "").encode(), where)
        dsse.verified(envelope, [old, new], 2, where)
        said = parse(envelope.payload)
    except (AuthorError, Malformed) as error:
        raise EvidenceError(f"the rotation of the log's key is not good: {error.args[0]}", where=where) from None
    expected = {
        "schema": SCHEMA,
        "store": store,
        "index": index,
        "role": "log",
        "old": text(old),
        "key": record.key,
        "at_ns": record.at_ns,
    }
    if envelope.payload_type != PAYLOAD or said != expected or record.role != "log":
        raise EvidenceError("the rotation of the log's key was signed for something else", where=where)
