"""Imported parts as sealed files: `canon` and `leaf` are made in SQL, so memory stays bounded however large a part is.

Leaves out the log (`sealing`).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from govern.audit import canon_sql, sealed, snapshot
from govern.audit.read import check_part, culprit, literal
from govern.audit.store_log import StoreLog
from govern.errors import EnvironmentFailed, EvidenceError
from govern.events.model import COLUMNS

DROPPED: Final = "gv_dropped"
"""A temporary table (part, number): rows, from 0, that stand elsewhere too and are not sealed twice."""
_NAME: Final = re.compile(r"part-([0-9a-f]{32})\.parquet")


@dataclass(frozen=True, slots=True)
class Part:
    """A part that is not sealed.

    Args:
        name: its path below the store, with `/`.
        rows: as its footer says.
    """

    path: Path
    name: str
    rows: int


def look(root: Path, log: StoreLog) -> tuple[list[Part], list[EvidenceError]]:
    """The parts to seal, sorted, and what is wrong with files that are none.

    Raises:
        EvidenceError: a list of parts that are being sealed is none.
    """
    found: list[Part] = []
    problems: list[EvidenceError] = []
    replaced = snapshot.superseded(root, snapshot.paths(log))
    for path in sorted(root.glob("events/dt=*/*.parquet")):
        name = path.relative_to(root).as_posix()
        if path.name.startswith(sealed.PREFIX) or name in replaced:
            continue
        try:
            found.append(Part(path, name, check(path)))
        except EvidenceError as error:
            problems.append(error)
    return found, problems


def check(path: Path) -> int:
    """How many rows a part has, when it is as it was written and has the columns of events.

    Raises:
        EvidenceError: it is damaged, or no part.
    """
    _is_as_written(path)
    check_part(path)
    return int(pq.read_metadata(path).num_rows)


def check_rows(con: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Whether every row of a part is an event.

    Raises:
        EvidenceError: one is none.
        duckdb.Error: it cannot be read.
    """
    odd = con.execute(f"SELECT event_id FROM {source([path])} WHERE {canon_sql.impossible()} LIMIT 1").fetchall()
    if odd:
        raise EvidenceError(f"event `{str(odd[0][0])[:80]}` is none: a value that no event has", where=str(path))


def source(paths: Sequence[Path]) -> str:
    """The rows of parts, as SQL."""
    listed = ", ".join(literal(str(path)) for path in paths)
    return f"read_parquet([{listed}], hive_partitioning = false, filename = true, file_row_number = true)"


def _is_as_written(path: Path) -> None:
    """A part is named by its bytes: damage must not get a seal, and DuckDB does not look at checksums of pages."""
    if (match := _NAME.fullmatch(path.name)) is None:
        return
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if not digest.startswith(match[1]):
        hint = "import its logs again, into a new store"
        raise EvidenceError("damaged: its bytes are not those that it is named by", where=str(path), hint=hint)


def rows(con: duckdb.DuckDBPyConnection, part: Part) -> Iterator[pa.RecordBatch]:
    """The rows of a part in the total order, with `canon` and `leaf`; those in `DROPPED` are left out.

    Raises:
        EvidenceError: the part is damaged, or a row is no event.
        EnvironmentFailed: not enough memory or disk.
    """
    try:
        check_rows(con, part.path)
        query = (
            f"SELECT *, {canon_sql.leaf('canon')} AS leaf FROM "
            f"(SELECT {', '.join(COLUMNS)}, {canon_sql.canon()} AS canon FROM {source([part.path])} "
            f"WHERE file_row_number NOT IN (SELECT number FROM {DROPPED} WHERE part = {literal(str(part.path))})) "
            f"ORDER BY {sealed.ORDER}"
        )
        yield from con.sql(query).to_arrow_reader(sealed.ROW_GROUP)
    except duckdb.OutOfMemoryException as error:
        raise EnvironmentFailed(f"not enough memory or disk: {str(error).splitlines()[0].lower()}") from None
    except (duckdb.Error, pa.ArrowException) as error:
        raise culprit([part.path], error) from None
