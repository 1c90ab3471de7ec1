"""A writer's journal: its segments line by line, chained, and what the end of one says after a crash.

    journal/WRITER/000000000000.jsonl      named by the `wseq` of its first event, 12 digits
    {"first":0,"head":"<64 hex>","schema":"govern/journal/v1","store":"…","writer":"…"}
    <64 hex of the chain> <canon>          one line an event

chain = SHA-256(0x02 ‖ the chain before ‖ leaf). A writer's first chain is the SHA-256 of the bytes of its start
envelope, so the journal hangs on what the writer's key signed. `canon` never holds a line feed.

A segment begins to exist with its whole header (written beside, flushed, renamed), and only its end is ever written.
So a crash can leave there the beginning of one valid line, or zeros where the file's length reached the disk before
its bytes did: that is torn, and was never acknowledged. Everything else that does not follow is a problem: damage, or
somebody's hand.

Leaves out: writing (`audit_log`), who writes (`writers`), Parquet (`sealing`). Imports no database: what enforces
starts quickly.
"""

from __future__ import annotations

import hashlib
import re
from codecs import getincrementaldecoder
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from govern.audit.canon import leaf
from govern.errors import EnvironmentFailed, EvidenceError
from govern.events.canonical import Malformed, parse, text_of

SCHEMA: Final = "govern/journal/v1"
FOLDER: Final = "journal"
_HEX: Final = 64
_NAME: Final = re.compile(r"[0-9]{12}\.jsonl")
_CHAIN: Final = re.compile(rb"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Header:
    """The first line of a segment.

    Args:
        store: the store's id.
        writer: whose it is.
        first: the `wseq` of its first event.
        head: the chain before its first event, 64 hex digits.
    """

    store: str
    writer: str
    first: int
    head: str


@dataclass(frozen=True, slots=True)
class Segment:
    """What a segment says.

    Args:
        path: its file.
        header: its first line.
        rows: canonical text and chain (32 bytes) of each event, in the order of `wseq`, as far as the chain follows.
        torn: the bytes after the last whole line, where they are what a crash leaves; never acknowledged.
        problem: what does not follow, with the number of its line (the header is line 1); None where all does.
        problem_line: that number, or None.
        size: bytes of the header and of `rows`.
    """

    path: Path
    header: Header
    rows: tuple[tuple[bytes, bytes], ...]
    torn: bytes
    problem: str | None
    problem_line: int | None
    size: int

    @property
    def first(self) -> int:
        return self.header.first

    @property
    def next(self) -> int:
        """The `wseq` after that of its last event."""
        return self.header.first + len(self.rows)

    @property
    def head(self) -> bytes:
        """The chain before its first event."""
        return bytes.fromhex(self.header.head)

    @property
    def chain(self) -> bytes:
        """The chain after its last event."""
        return self.rows[-1][1] if self.rows else self.head

    @property
    def state(self) -> str:
        """`whole`, `torn` or `damaged`."""
        return "damaged" if self.problem else "torn" if self.torn else "whole"


def name(first: int) -> str:
    """The file name of the segment that begins with this `wseq`."""
    return f"{first:012d}.jsonl"


def header(made: Header) -> bytes:
    """The first line of a segment, with its line feed."""
    members = {
        "first": made.first, "head": made.head, "schema": SCHEMA, "store": made.store, "writer": made.writer,
    }  # fmt: skip
    return text_of(members).encode() + b"\n"


def first_chain(start_envelope: bytes) -> bytes:
    """The chain of a writer that has written nothing yet."""
    return hashlib.sha256(start_envelope).digest()


def next_chain(chain: bytes, of_event: bytes) -> bytes:
    """The chain after an event.

    Args:
        chain: the one before, 32 bytes.
        of_event: the event's leaf, 32 bytes.
    """
    return hashlib.sha256(b"\x02" + chain + of_event).digest()


def line(chain: bytes, canon: bytes) -> bytes:
    """The line of an event, with its line feed.

    Args:
        chain: the one after the event.
    """
    return b"%b %b\n" % (chain.hex().encode(), canon)


def segments(folder: str | Path) -> dict[str, list[Path]]:
    """The segments of a store by writer, each writer's in their order; an empty mapping where there is no journal."""
    found: dict[str, list[Path]] = {}
    for path in sorted(Path(folder).glob(f"{FOLDER}/*/*.jsonl")):
        if _NAME.fullmatch(path.name):
            found.setdefault(path.parent.name, []).append(path)
    return found


def read_segment(path: str | Path) -> Segment:
    """Reads a segment and follows its chain.

    Raises:
        EvidenceError: its header is no header of a segment, or is of another writer or place than the file's name.
        EnvironmentFailed: it cannot be read.
    """
    path = Path(path)
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise EnvironmentFailed(f"cannot be read: {(error.strerror or str(error)).lower()}", where=str(path)) from None
    return read_bytes(raw, path)


def read_bytes(raw: bytes, path: Path) -> Segment:
    """As `read_segment`, of bytes that were read already."""
    end = raw.find(b"\n") + 1
    made = _header(raw[:end], path)
    chain = bytes.fromhex(made.head)
    rows: list[tuple[bytes, bytes]] = []
    while end < len(raw):
        stop = raw.find(b"\n", end)
        if stop < 0:
            break
        canon = raw[end + _HEX + 1 : stop]
        after = next_chain(chain, leaf(canon))
        if raw[end : end + _HEX + 1] != after.hex().encode() + b" " or not canon:
            # A crash leaves no whole line with a wrong chain, not even as the last one.
            return _damaged(
                path, made, rows, end, "the chain does not follow: it was changed, or one before it is gone"
            )
        rows.append((canon, after))
        chain = after
        end = stop + 1
    tail = raw[end:]
    if tail and not _torn(tail, chain):
        what = "the end is not the beginning of a line: not what a crash leaves"
        return _damaged(path, made, rows, end, what)
    return Segment(path, made, tuple(rows), tail, None, None, end)


def _damaged(path: Path, made: Header, rows: list[tuple[bytes, bytes]], end: int, what: str) -> Segment:
    number = len(rows) + 2
    return Segment(path, made, tuple(rows), b"", f"line {number}: {what}", number, end)


def _header(raw: bytes, path: Path) -> Header:
    try:
        members = parse(raw)
    except Malformed as error:
        raise EvidenceError(f"the header is no canonical JSON: {error}", where=f"{path}:1") from None
    fields = ("schema", "store", "writer", "first", "head")
    match [members.get(field) for field in fields] if isinstance(members, dict) else []:
        case ["govern/journal/v1", str(store), str(writer), int(first), str(head)] if (
            _CHAIN.fullmatch(head.encode()) and 0 <= first < 10**12 and first.__class__ is int
        ):
            made = Header(store, writer, first, head)
        case _:
            raise EvidenceError("the first line is no header of a journal segment", where=f"{path}:1")
    if header(made) != raw:
        raise EvidenceError("the header was changed: it is not as it is written", where=f"{path}:1")
    if (writer, name(first)) != (path.parent.name, path.name):
        message = f"it is the segment of writer `{writer}` from event {first:,}, in another's place"
        raise EvidenceError(message, where=f"{path}:1")
    return made


def _torn(tail: bytes, chain: bytes) -> bool:
    """Whether the bytes after the last line feed are what a crash leaves: the beginning of one valid line, then
    zeros or nothing."""
    begun = tail.rstrip(b"\x00")
    if not _is_prefix(begun[:_HEX], begun[_HEX : _HEX + 1]):
        return False
    canon = begun[_HEX + 1 :]
    match _json_state(canon):
        case "open":
            return True
        case "whole":  # only the line feed is missing, so the chain must follow
            return begun[:_HEX] == next_chain(chain, leaf(canon)).hex().encode()
        case _:
            return False


def _is_prefix(digits: bytes, space: bytes) -> bool:
    return re.fullmatch(rb"[0-9a-f]{0,64}", digits) is not None and (space in (b"", b" "))


_TOKENS: Final = re.compile(rb'[^"{}\[\]\\\x00-\x1f]+|.', re.DOTALL)


def _json_state(canon: bytes) -> str:
    """Whether a text is a `whole` JSON object, one that is `open` still, or `none`."""
    try:
        getincrementaldecoder("utf-8")().decode(canon)
    except UnicodeDecodeError:
        return "none"
    depth, inside, escaped = 0, False, False
    for index, token in enumerate(_TOKENS.findall(canon)):
        if index and not depth:
            return "none"  # something after the object
        if token[0] < 0x20:
            return "none"  # canonical text escapes these
        if escaped:
            escaped = False
        elif inside:
            inside, escaped = token != b'"', token == b"\\"
        elif token in (b"{", b"["):
            depth += 1
        elif token in (b"}", b"]"):
            depth -= 1
        elif token == b'"':
            inside = True
        if not index and token != b"{":
            return "none"
    return "open" if depth or not canon else "whole"
