"""Sealed files: events with their `canon` and `leaf`, written to Parquet beside their place, flushed, renamed.

A sealed file holds the columns of the event model, `canon` (text) and `leaf` (32 bytes), and one that came out of
compaction also `file` and `row`: the log record of the file that a row stood in first, and its row there. Its name is
made of the digest of its bytes. It counts only once the store's log has a record of it. The metadata names the attempt
that wrote it, so that no two attempts ever write the same name, and none removes what another one relies on.

Leaves out: which events are sealed (`sealing`), the log (`store_log`).
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from govern.audit import database, merkle, schema

ROW_GROUP: Final = 16_384
BLOOM: Final = ("event_id", "trace_id", "call_id")
BLOOM_FPP: Final = 0.01
ROWS: Final = 1_000_000
"""A sealed file has at most so many rows: its leaves are in memory at once."""
PREFIX: Final = "seal-"
_LEAF: Final = pa.binary(32)
SCHEMA: Final = schema.SCHEMA.append(pa.field("canon", pa.string(), nullable=False)).append(
    pa.field("leaf", _LEAF, nullable=False)
)
COMPACTED: Final = SCHEMA.append(pa.field("file", pa.int64(), nullable=False)).append(
    pa.field("row", pa.int64(), nullable=False)
)
ORDER: Final = database.ORDER


@dataclass(frozen=True, slots=True)
class File:
    """A sealed file as its record will describe it.

    Args:
        path: relative to the store, with `/`.
        digest: of the bytes, `sha256:` and hex.
        root: hex; the Merkle root over the leaves in the order of the rows.
        from_ns, to_ns: the least and the greatest `ts_ns`; None where no event has one.
    """

    path: str
    rows: int
    bytes: int
    digest: str
    root: str
    from_ns: int | None
    to_ns: int | None


def write(
    batches: Iterable[pa.RecordBatch], store: Path, folder: str, shape: pa.Schema = SCHEMA, most: int = ROWS
) -> Iterator[File]:
    """Writes rows that are in their order to one sealed file, or several where there are more than `most`.

    Args:
        batches: with the columns of `shape`, by name; extra ones are left out.
        store: the store.
        folder: where in it, such as `events/dt=2026-01-31`.
        shape: `SCHEMA` or `COMPACTED`.
        most: rows of a file.

    Raises:
        OSError: the folder cannot be written.
    """
    (store / folder).mkdir(parents=True, exist_ok=True)
    open_file: _Open | None = None
    try:
        for batch in batches:
            table = _shaped(batch, shape)
            while len(table):
                if open_file is None:
                    open_file = _Open(store, folder, shape)
                taken = table.slice(0, most - open_file.rows)
                open_file.add(taken)
                table = table.slice(len(taken))
                if open_file.rows == most:
                    made, open_file = open_file.close(), None
                    yield made
        if open_file is not None:
            made, open_file = open_file.close(), None
            yield made
    finally:
        if open_file is not None:
            open_file.discard()


def _shaped(batch: pa.RecordBatch, shape: pa.Schema) -> pa.Table:
    """DuckDB gives BLOBs as binary of any length; here they have 32 bytes."""
    columns = [batch.column(batch.schema.get_field_index(field.name)).cast(field.type) for field in shape]
    return pa.Table.from_arrays(columns, schema=shape)


class _Open:
    """A file on its way, beside its place."""

    def __init__(self, store: Path, folder: str, shape: pa.Schema) -> None:
        attempt = secrets.token_hex(16)
        self._folder, self._shown = store / folder, folder
        self._beside = self._folder / f".{PREFIX}{attempt}.tmp"
        self._leaves: list[bytes] = []
        self._least: int | None = None
        self._greatest: int | None = None
        index = shape.get_field_index
        self._sink = self._beside.open("xb")
        bloom: dict[str, Any] = {name: {"ndv": ROW_GROUP, "fpp": BLOOM_FPP} for name in BLOOM}
        self._writer = pq.ParquetWriter(
            self._sink,
            shape.with_metadata({b"govern.attempt": attempt.encode()}),
            compression="zstd",
            compression_level=3,
            use_dictionary=list(schema.DICTIONARY),
            bloom_filter_options=bloom,
            sorting_columns=[pq.SortingColumn(index("trace_id"))],
            write_page_checksum=True,
        )

    @property
    def rows(self) -> int:
        return len(self._leaves)

    def add(self, table: pa.Table) -> None:
        self._writer.write_table(table, row_group_size=ROW_GROUP)
        self._leaves += table.column("leaf").to_pylist()
        times = pc.min_max(table.column("ts_ns"))
        if (least := times["min"].as_py()) is not None:
            self._least = least if self._least is None else min(self._least, least)
            greatest = times["max"].as_py()
            self._greatest = greatest if self._greatest is None else max(self._greatest, greatest)

    def close(self) -> File:
        """The file in its place, and on the disk."""
        self._writer.close()
        self._sink.flush()
        os.fsync(self._sink.fileno())
        self._sink.close()
        with self._beside.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            size = file.tell()
        path = self._folder / f"{PREFIX}{digest[:32]}.parquet"
        self._beside.replace(path)
        flush_folder(self._folder)
        flush_folder(self._folder.parent)
        return File(
            path=f"{self._shown}/{path.name}",
            rows=len(self._leaves),
            bytes=size,
            digest=f"sha256:{digest}",
            root=merkle.root(self._leaves).hex(),
            from_ns=self._least,
            to_ns=self._greatest,
        )

    def discard(self) -> None:
        self._sink.close()
        self._beside.unlink(missing_ok=True)


def flush_folder(folder: Path) -> None:
    """Makes what was renamed into a folder, or removed from it, survive a loss of power."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
