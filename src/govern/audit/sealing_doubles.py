"""Events of imported parts whose ids the store has elsewhere: in sealed files, in the journal, or in another part.

An id names one event. A part that has another event under an id that is taken is not sealed: nobody could say later
which of them happened. What says the same as `govern import` means it (`events.model.same`) is not sealed twice: the
part goes in without it. The sum is one hash of each id; only ids that meet are read with all their columns.

Leaves out the sealing itself (`sealing`, `sealing_parts`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import duckdb

from govern.audit import canon_sql, journal_rows
from govern.audit.journal import Segment
from govern.audit.read import culprit, literal
from govern.audit.sealing_parts import DROPPED, Part
from govern.errors import EnvironmentFailed, EvidenceError
from govern.events.model import COLUMNS

_SAID: Final = {"writer_id": "''", "wseq": "0", "source_ref": "NULL::VARCHAR", "recorded_ns": "NULL::BIGINT"}
"""What `events.model.same` does not look at, and what stands there instead."""


@dataclass(frozen=True, slots=True)
class Doubles:
    """What was found.

    Args:
        refused: parts that have another event under an id that is taken, by their names.
        dropped: of the other parts, how many of their events are sealed, or are going to be, from elsewhere.
    """

    refused: dict[str, EvidenceError] = field(default_factory=dict)
    dropped: dict[str, int] = field(default_factory=dict)


def look(
    con: duckdb.DuckDBPyConnection,
    parts: Sequence[Part],
    sealed: Sequence[Path],
    segments: Sequence[tuple[Segment, int]],
) -> Doubles:
    """Compares parts with what is sealed, with the journal, and with the parts before them.

    The rows to leave out are in the temporary table that `sealing_parts.rows` reads.

    Args:
        con: a connection; its table `gv_journal` is replaced.
        parts: in the order in which they are sealed.
        sealed: files that count, or are about to.
        segments: of the journal that stay, each with the number up to which its events are sealed.

    Raises:
        EvidenceError: a file or a segment is missing or damaged; `where` is it.
        EnvironmentFailed: not enough memory or disk.
    """
    con.execute(f"CREATE OR REPLACE TEMP TABLE {DROPPED} (part VARCHAR, number BIGINT)")
    if not parts:
        return Doubles()
    files = [part.path for part in parts]
    ours = _files(files)
    others = [_files(sealed)] if sealed else []
    if segments:
        journal_rows.load(con, segments)
        others.append(f"SELECT '' AS filename, 0::BIGINT AS file_row_number, * FROM {journal_rows.TABLE}")
    try:
        con.execute(f"CREATE OR REPLACE TEMP TABLE gv_ids AS SELECT hash(event_id) AS id FROM ({ours})")
        met = " UNION ".join(
            ["SELECT id FROM gv_ids GROUP BY id HAVING count(*) > 1"]
            + [f"SELECT hash(event_id) AS id FROM ({one}) WHERE id IN (SELECT id FROM gv_ids)" for one in others]
        )
        con.execute(f"CREATE OR REPLACE TEMP TABLE gv_met AS {met}")
        con.execute("DROP TABLE gv_ids")
        if not con.execute("SELECT 1 FROM gv_met LIMIT 1").fetchall():
            return Doubles()
        return _compared(con, parts, ours, others)
    except duckdb.OutOfMemoryException as error:
        raise EnvironmentFailed(f"not enough memory or disk: {str(error).splitlines()[0].lower()}") from None
    except duckdb.Error as error:
        raise culprit([*files, *sealed], error) from None


def _files(paths: Sequence[Path]) -> str:
    listed = ", ".join(literal(str(path)) for path in paths)
    return (
        f"SELECT filename, file_row_number, {', '.join(COLUMNS)} FROM read_parquet([{listed}], union_by_name = true, "
        "filename = true, file_row_number = true, hive_partitioning = false)"
    )


def _compared(con: duckdb.DuckDBPyConnection, parts: Sequence[Part], ours: str, others: Sequence[str]) -> Doubles:
    """Who has an id first is right: what is sealed or journalled, then parts in their order."""
    replaced = ", ".join(f"{value} AS {name}" for name, value in _SAID.items())
    sources = [f"SELECT 0 AS rank, * FROM ({one})" for one in others] + [f"SELECT 1 AS rank, * FROM ({ours})"]
    columns = f"rank, filename, file_row_number, {', '.join(COLUMNS)}"
    rows = " UNION ALL ".join(f"SELECT {columns} FROM ({one})" for one in sources)
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE gv_doubled AS SELECT rank, filename, file_row_number, event_id, "
        f"sha256({canon_sql.canon()}) AS said FROM "
        f"(SELECT * REPLACE ({replaced}) FROM ({rows}) WHERE hash(event_id) IN (SELECT id FROM gv_met))"
    )
    order = "PARTITION BY event_id ORDER BY rank, filename, file_row_number"
    odd = con.execute(
        f"SELECT filename, min(event_id), count(*) FROM (SELECT *, first_value(said) OVER ({order}) AS first_said "
        "FROM gv_doubled) WHERE rank = 1 AND said IS DISTINCT FROM first_said GROUP BY filename"
    ).fetchall()
    named = {str(part.path): part.name for part in parts}
    found = Doubles()
    for path, event_id, count in odd:
        more = "" if count == 1 else f", and so for {count - 1:,} more"
        what = f"the store has another event under the id `{event_id[:80]}`{more}"
        hint = "one of them is not what its source says: import it into a store of its own"
        found.refused[named[path]] = EvidenceError(what, where=path, hint=hint)
    con.execute("CREATE OR REPLACE TEMP TABLE gv_refused (filename VARCHAR)")
    if odd:
        con.executemany("INSERT INTO gv_refused VALUES (?)", [[path] for path, _, _ in odd])
    con.execute(
        f"INSERT INTO {DROPPED} SELECT filename, file_row_number FROM (SELECT *, row_number() OVER ({order}) AS place "
        "FROM gv_doubled WHERE filename NOT IN (FROM gv_refused)) WHERE place > 1 AND rank = 1"
    )
    for path, count in con.execute(f"SELECT part, count(*) FROM {DROPPED} GROUP BY part").fetchall():
        found.dropped[named[path]] = count
    con.execute("DROP TABLE gv_doubled; DROP TABLE gv_refused; DROP TABLE gv_met")
    return found
