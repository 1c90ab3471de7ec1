"""What somebody with access to a store's files can do to them, with whatever keys they have."""

from __future__ import annotations

import hashlib
import json
from base64 import b64decode
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from govern.audit import canon, checkpoint, journal, log_keys, merkle, records, schema, store_log
from govern.audit.checkpoint import Checkpoint
from govern.events.canonical import text_of
from govern.events.model import Event
from govern.signing import dsse
from govern.signing.keys import PrivateKey

from .making import LOG, WRITER, Made

Batches = list[dict[str, Any]]
Change = Callable[[list[Event]], list[Event]]


def batches(made: Made) -> Batches:
    """The batches of the log, as JSON."""
    return [json.loads(path.read_bytes()) for path in sorted((made.folder / "log").glob("[0-9]*.json"))]


def put_batches(made: Made, found: Batches, sign: PrivateKey | None = None, since: int = 0) -> None:
    """Writes the log anew; with a key every checkpoint from batch `since` on is made again."""
    for path in (made.folder / "log").glob("[0-9]*.json"):
        path.unlink()
    leaves: list[bytes] = []
    origin = found[0]["records"][0]["origin"]
    for number, batch in enumerate(found):
        first = len(leaves)
        leaves += [canon.leaf(text_of(each).encode()) for each in batch["records"]]
        if sign is not None and number >= since:
            batch["checkpoint"] = checkpoint.sign(Checkpoint(origin, len(leaves), merkle.root(leaves)), sign)
        (made.folder / "log" / f"{first:012}.json").write_text(text_of(batch) + "\n")


def without(found: Batches, is_gone: Callable[[dict[str, Any]], bool]) -> Batches:
    """The log without some records, and everything that names others by their index corrected."""
    places: dict[int, int] = {}
    every = [each for batch in found for each in batch["records"]]
    for index, each in enumerate(every):
        if not is_gone(each):
            places[index] = len(places)
    for each in every:
        if each.get("previous") is not None:
            each["previous"] = places.get(each["previous"])
    for batch in found:
        batch["records"] = [each for each in batch["records"] if not is_gone(each)]
    return [batch for batch in found if batch["records"]]


def file_records(made: Made, writer: str | None) -> list[dict[str, Any]]:
    """The file records of a writer; of imported files for None."""
    found = (each for batch in batches(made) for each in batch["records"])
    return [each for each in found if each["kind"] == "file" and each["writer"] == writer]


def path_of(made: Made, writer: str | None, number: int = 0) -> Path:
    """A sealed file of a writer."""
    return made.folder / file_records(made, writer)[number]["path"]


def events_of(path: Path) -> list[Event]:
    """The events of a sealed file, by its `canon`."""
    return [canon.event(text) for text in pq.read_table(path).column("canon").to_pylist()]


def table_of(events: Sequence[Event]) -> pa.Table:
    """The table of a sealed file that has these events, all of it consistent."""
    texts = [canon.text(event) for event in events]
    leaves = [canon.leaf(text.encode()) for text in texts]
    made = schema.table(events)
    return made.append_column("canon", pa.array(texts)).append_column("leaf", pa.array(leaves, pa.binary(32)))


def put_table(path: Path, table: pa.Table) -> None:
    """A table in the place of a file."""
    pq.write_table(table, path, compression="zstd", write_page_checksum=True)


def put_part(day: Path, table: pa.Table) -> Path:
    """A part as an import would leave it: named by its bytes."""
    path = day / "part-new.parquet"
    put_table(path, table)
    return path.rename(day / f"part-{hashlib.sha256(path.read_bytes()).hexdigest()[:32]}.parquet")


def set_column(path: Path, name: str, row: int, value: Any) -> None:
    """Writes one value into a sealed file and leaves all others."""
    table = pq.read_table(path)
    column = table.column(name)
    values = [value if place == row else each for place, each in enumerate(column.to_pylist())]
    put_table(path, table.set_column(table.schema.get_field_index(name), name, pa.array(values, column.type)))


def signed(raw: bytes, key: PrivateKey, **changes: Any) -> bytes:
    """A statement signed by a key, with changes of what it says."""
    document = json.loads(raw)
    payload = text_of({**json.loads(b64decode(document["payload"])), **changes}).encode()
    return dsse.text(dsse.signed(dsse.Envelope(payload, document["payloadType"], ()), [key])).encode()


def rewrite(made: Made, writer: str, change: Change, *, log: PrivateKey = LOG, sign: PrivateKey = WRITER) -> None:
    """Changes the events of one writer and makes everything that follows from it again, with the given keys."""
    found = batches(made)
    for batch in found:
        for record in batch["records"]:
            if record["kind"] == "store":
                record["key"] = log_keys.text(log.public)
            elif record["kind"] == "key":
                record["key"] = log_keys.text(sign.public)
    for path in sorted((made.folder / "writers").glob("*.start.json")):
        name = path.name.removesuffix(".start.json")
        if sign is not WRITER:
            path.write_bytes(signed(path.read_bytes(), sign))
        _rewrite_writer(made, found, name, change if name == writer else lambda events: events, path, sign)
    put_batches(made, found, log)


def _rewrite_writer(made: Made, found: Batches, writer: str, change: Change, start: Path, sign: PrivateKey) -> None:
    chain, count = hashlib.sha256(start.read_bytes()).digest(), 0
    for batch in found:
        for record in batch["records"]:
            if record.get("writer") != writer:
                continue
            if record["kind"] == "writer":
                record["envelope"] = start.read_text()
            elif record["kind"] == "file":
                old = made.folder / record["path"]
                events = change(events_of(old))
                record["before"] = chain.hex()
                for event in sorted(events, key=lambda each: each.wseq):
                    chain = journal.next_chain(chain, canon.leaf(canon.text(event).encode()))
                    count += 1
                replace_file(made, record, table_of(events))
                record |= {"after": chain.hex(), "rows": len(events)}
            elif record["kind"] == "end":
                record |= {"chain": chain.hex(), "events": count}
                end = start.with_name(f"{writer}.end.json")
                if record["envelope"] is not None:
                    end.write_bytes(signed(end.read_bytes(), sign, chain=chain.hex(), events=count))
                    record["envelope"] = end.read_text()
    for path in journal.segments(made.folder).get(writer, []):
        chain, count = rechain(path, change, chain)
    end = start.with_name(f"{writer}.end.json")
    if end.exists() and journal.segments(made.folder).get(writer):
        end.write_bytes(signed(end.read_bytes(), sign, chain=chain.hex(), events=count))


def replace_file(made: Made, record: dict[str, Any], table: pa.Table) -> None:
    """Another file in the place of a recorded one, and a record that fits it."""
    path = made.folder / record["path"]
    put_table(path, table)
    raw = path.read_bytes()
    digest = hashlib.sha256(raw).hexdigest()
    path = path.rename(path.with_name(f"seal-{digest[:32]}.parquet"))
    record |= {
        "path": path.relative_to(made.folder).as_posix(), "bytes": len(raw), "digest": f"sha256:{digest}",
        "rows": len(table), "root": merkle.root(table.column("leaf").to_pylist()).hex(),
    }  # fmt: skip


def rechain(path: Path, change: Change, chain: bytes | None = None) -> tuple[bytes, int]:
    """Changes the events of a segment and chains them again; gives the chain after it, and the number that follows."""
    segment = journal.read_segment(path)
    chain = segment.head if chain is None else chain
    header = journal.Header(segment.header.store, segment.header.writer, segment.first, chain.hex())
    lines = [journal.header(header)]
    events = change([canon.event(text) for text, _ in segment.rows])
    for event in events:
        text = canon.text(event).encode()
        chain = journal.next_chain(chain, canon.leaf(text))
        lines.append(journal.line(chain, text))
    path.write_bytes(b"".join(lines))
    return chain, segment.first + len(events)


def append_as_operator(made: Made, *added: records.Record) -> None:
    """Records that the log's key signs, as the tools would append them."""
    store_log.append(made.folder, store_log.read(made.folder), added, LOG)
