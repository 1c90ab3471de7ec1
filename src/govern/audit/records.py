"""The records of a store's log: what was sealed, by whom, and what was done to it since.

Each is one canonical JSON object with its `kind` and `at_ns`, the UTC nanoseconds at which it was logged; it is a leaf
of the log's tree. A file's record is what makes it evidence. Leaves out where records are kept (`store_log`).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from types import UnionType
from typing import Any, Final, get_args, get_origin, get_type_hints

from govern.errors import EvidenceError
from govern.events.canonical import Malformed, parse, text_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """The first record.

    Args:
        id: of the store, 32 hex digits.
        origin: the name of its checkpoints.
        key: that signs them, base64 of a SubjectPublicKeyInfo.
    """

    id: str
    origin: str
    key: str
    at_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A key that is admitted or retired.

    Args:
        role: `log` (signs checkpoints, and may sign for writers) or `writer`.
        action: `add` or `retire`; adding a log key replaces the one before.
        key: base64 of a SubjectPublicKeyInfo.
        envelope: of a log key: the DSSE envelope that the old and the new key signed.
    """

    role: str
    action: str
    key: str
    envelope: str | None
    at_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Writer:
    """A writer began; `envelope` is its signed start."""

    writer: str
    envelope: str
    at_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """A writer ended.

    Args:
        events: how many it wrote.
        chain: the hex of its chain after the last one.
        crashed: it did not say so itself.
        torn: of a crashed one: how many bytes of a torn last line were dropped, and their digest; None without any.
        envelope: its signed end; None of a crashed one.
    """

    writer: str
    events: int
    chain: str
    crashed: bool
    torn: dict[str, Any] | None
    envelope: str | None
    at_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A sealed file.

    Args:
        path: below the store, with `/`.
        rows: events in it.
        bytes: its length.
        digest: of its bytes, `sha256:` and hex.
        root: RFC 6962 root over the leaves in the order of its rows, hex.
        from_ns, to_ns: of `ts_ns`; None where no row has one.
        writer: whose events these are; None of imported ones, and with it all that follows.
        first, last: `wseq`.
        before, after: the writer's chain before the first and after the last, hex.
        previous: the index of the writer's record before; None of its first.
    """

    path: str
    rows: int
    bytes: int
    digest: str
    root: str
    from_ns: int | None
    to_ns: int | None
    writer: str | None
    first: int | None
    last: int | None
    before: str | None
    after: str | None
    previous: int | None
    at_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Compaction:
    """A file that took the rows of others.

    Args:
        files: indexes of the `file` records whose rows it has now.
    """

    path: str
    rows: int
    bytes: int
    digest: str
    files: list[int]
    at_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """Files that were deleted, by rule.

    Args:
        rule: why, in words.
        by: who.
        files: indexes of the records of the files that were there.
    """

    rule: str
    by: str
    files: list[int]
    at_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """What retention must leave alone.

    Args:
        id: of the hold.
        traces: trace ids; None for all within the times.
        from_ns, to_ns: of `ts_ns`, the end not among them; None for no bound.
    """

    id: str
    reason: str
    by: str
    traces: list[str] | None
    from_ns: int | None
    to_ns: int | None
    at_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Unhold:
    """A hold ends."""

    id: str
    reason: str
    by: str
    at_ns: int


Record = Store | Key | Writer | End | File | Compaction | Retention | Hold | Unhold
KINDS: Final[dict[str, type[Any]]] = {each.__name__.lower(): each for each in get_args(Record)}
_TYPES: Final = {
    each: {
        name: get_args(hint) if isinstance(hint, UnionType) else (hint,) for name, hint in get_type_hints(each).items()
    }
    for each in KINDS.values()
}


def text(record: Record) -> str:
    """The canonical text of a record: what its leaf is made of."""
    return text_of({"kind": type(record).__name__.lower(), **asdict(record)})


def to_json(record: Record) -> dict[str, Any]:
    """A record as a JSON object."""
    return {"kind": type(record).__name__.lower(), **asdict(record)}


def of_text(said: str | bytes, where: str = "") -> Record:
    """The record that a canonical text says.

    Raises:
        EvidenceError: it is none.
    """
    try:
        return of_json(parse(said), where)
    except Malformed as error:
        raise EvidenceError(f"no record: {error}", where=where) from None


def of_json(data: Any, where: str = "") -> Record:
    """The record of a JSON object; members of the right names and types, no more and no fewer.

    Raises:
        EvidenceError: it is none.
    """
    kind = data.get("kind") if isinstance(data, dict) else None
    made = KINDS.get(kind) if isinstance(kind, str) else None
    if made is None:
        raise EvidenceError(f"no record: its kind is {str(kind)[:40]!r}", where=where)
    given = {name: value for name, value in data.items() if name != "kind"}
    types = _TYPES[made]
    wrong = given.keys() ^ types.keys() or {name for name, value in given.items() if not _fits(value, types[name])}
    if wrong:
        names = ", ".join(f"`{name[:40]}`" for name in sorted(wrong)[:5])
        raise EvidenceError(f"no record: a `{kind}` with {names} missing, unknown or of another type", where=where)
    found: Record = made(**given)
    return found


def _fits(value: Any, kinds: tuple[Any, ...]) -> bool:
    if type(value) in kinds:  # a bare `list` or `dict` is never among them
        return True
    for kind in kinds:
        of = get_origin(kind)
        if of is list and type(value) is list and all(type(each) is get_args(kind)[0] for each in value):
            return True
        if of is dict and type(value) is dict:
            return True
    return False
