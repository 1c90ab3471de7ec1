"""The second, independent verification: leaves, Merkle roots, chains and columns again, by nothing but SQL in DuckDB.

It shares no code with `verifying` but the texts of findings: records are cut out of the log's files by SQL, leaves are
its own SHA-256, trees are joined level by level, a writer's chain is folded over a list. So a fault of one of the two
is no fault of the other, and an auditor can read it as queries. It gives the same roots, or it says where not.

Leaves out signatures, the journal, side tables and checkpoints held elsewhere: SQL has no Ed25519.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Final

import duckdb

from govern.audit import canon_sql, read
from govern.audit.verifying.contract import Finding, Kind, Step
from govern.errors import EvidenceError

GROUP: Final = 500_000
"""Rows of files that are judged by one query."""
_LEAF: Final = r"unhex(sha256('\x00'::BLOB || encode({})))"
_NODE: Final = r"unhex(sha256('\x01'::BLOB || {} || {}))"
_LINK: Final = r"unhex(sha256('\x02'::BLOB || gv_chain || gv_leaf))"


@dataclass(slots=True)
class Recomputed:
    """What SQL gives.

    Args:
        size: records of the log.
        log_root: over all of them, hex; empty where the log cannot be read.
        roots: of each file record whose rows are there, hex, by the record's index.
        events: rows that were hashed.
        files: that were read.
    """

    size: int = 0
    log_root: str = ""
    roots: dict[int, str] = field(default_factory=dict)
    events: int = 0
    files: int = 0
    findings: list[Finding] = field(default_factory=list)

    @property
    def step(self) -> Step:
        """As one more step of a verification."""
        wrong = f"{len(self.findings):,} differ" if self.findings else "the same"
        said = f"{self.events:,} events, {len(self.roots):,} roots, the log's root, chains and columns: {wrong}"
        return Step("sql", said, tuple(self.findings))


@dataclass(frozen=True, slots=True)
class _File:
    index: int
    path: str
    rows: int
    members: tuple[int, ...]
    compacted: bool


def verify(
    folder: str | Path, *, progress: Callable[[int, int], None] | None = None, memory_limit: str | None = None
) -> Recomputed:
    """Computes everything that SQL can.

    Args:
        folder: the store.
        progress: is told how many events were judged, of how many.
        memory_limit: of the database, such as `1GB`; None for a quarter of the machine's.

    Raises:
        EvidenceError: the store has no log.
    """
    root = Path(folder)
    if not any((root / "log").glob("[0-9]*.json")):
        raise EvidenceError("the store has no log", where=str(folder), hint="`govern audit init` begins one")
    done = Recomputed()
    con = read.connect(memory_limit=memory_limit)
    try:
        try:
            _log(con, root, done)
        except duckdb.Error as error:
            done.findings.append(Finding(Kind.DAMAGED, "log", f"cannot be read in SQL: {_first(error)}"))
            return done
        files = _files(con)
        total = sum(file.rows for file in files)
        for group in _groups(files):
            _group(con, root, group, done)
            if progress is not None:
                progress(done.events, total)
    finally:
        con.close()
    return done


def _log(con: duckdb.DuckDBPyConnection, root: Path, done: Recomputed) -> None:
    """The records, cut out of the batches as they stand there, and the root over them."""
    con.execute(
        """
        CREATE TEMP TABLE batch AS SELECT filename AS path, content,
            json_extract_string(content, '$.checkpoint') AS note,
            list_transform(json_extract(content, '$.records[*]'), lambda part: length(part::VARCHAR)) AS lengths,
            strpos(content, '"records":[') + 11 AS start
        FROM read_text(?)""",
        [str(root / "log" / "[0-9]*.json")],
    )
    con.execute(
        f"""
        CREATE TEMP TABLE record AS
        WITH part AS (
            SELECT path, content, start, lengths, unnest(range(len(lengths))) AS place FROM batch
        ), cut AS (
            SELECT path, place,
                substr(content, (start + coalesce(list_sum(lengths[:place]), 0) + place)::BIGINT, lengths[place + 1])
                    AS said
            FROM part
        ), numbered AS (SELECT row_number() OVER (ORDER BY path, place) - 1 AS index, said FROM cut)
        SELECT index, said, {_LEAF.format("said")} AS leaf, json_extract_string(said, '$.kind') AS kind,
            json_extract_string(said, '$.path') AS path, json_extract(said, '$.rows')::BIGINT AS rows,
            json_extract_string(said, '$.root') AS root, json_extract_string(said, '$.writer') AS writer,
            json_extract(said, '$.first')::BIGINT AS first, json_extract(said, '$.last')::BIGINT AS last,
            json_extract_string(said, '$.before') AS before, json_extract_string(said, '$.after') AS after,
            json_extract(said, '$.files')::BIGINT[] AS files
        FROM numbered"""
    )
    con.execute("CREATE TEMP TABLE level AS SELECT 0::BIGINT AS tree, index AS place, leaf AS hash FROM record")
    (done.size,) = con.execute("SELECT count(*) FROM record").fetchall()[0]
    done.log_root = _roots(con).get(0, "")
    note = con.execute("SELECT split_part(note, chr(10), 2), hex(from_base64(split_part(note, chr(10), 3))) FROM batch "
                       "ORDER BY path DESC LIMIT 1").fetchall()  # fmt: skip
    if note != [(str(done.size), done.log_root.upper())]:
        what = f"SQL gives another root over its {done.size:,} records than its newest checkpoint says"
        done.findings.append(Finding(Kind.EDITED, "log", what))


def _roots(con: duckdb.DuckDBPyConnection) -> dict[int, str]:
    """The root of each tree in the table `level`, level by level; a last node without a sibling goes up unchanged."""
    while (con.execute("SELECT max(place) FROM level").fetchall()[0][0] or 0) > 0:
        con.execute(
            f"""
            CREATE OR REPLACE TEMP TABLE above AS
            SELECT one.tree, one.place // 2 AS place,
                CASE WHEN other.hash IS NULL THEN one.hash ELSE {_NODE.format("one.hash", "other.hash")} END AS hash
            FROM level one LEFT JOIN level other ON other.tree = one.tree AND other.place = one.place + 1
            WHERE one.place % 2 = 0"""
        )
        con.execute("DROP TABLE level")
        con.execute("ALTER TABLE above RENAME TO level")
    found = {tree: bytes(hash).hex() for tree, hash in con.execute("SELECT tree, hash FROM level").fetchall()}
    con.execute("DROP TABLE level")
    return found


def _files(con: duckdb.DuckDBPyConnection) -> list[_File]:
    """Files that must be there: neither compacted nor buried."""
    rows = con.execute(
        """
        WITH taken AS (SELECT index AS by_index, unnest(files) AS index FROM record WHERE kind = 'compaction'),
        buried AS (SELECT unnest(files) AS index FROM record WHERE kind = 'retention')
        SELECT r.index, r.path, r.rows, r.kind = 'compaction', coalesce(r.files, [r.index])
        FROM record r WHERE r.kind IN ('file', 'compaction')
            AND r.index NOT IN (SELECT index FROM buried)
            AND (r.kind = 'compaction' OR r.index NOT IN (SELECT index FROM taken))
            AND (r.kind = 'file' OR NOT EXISTS (
                SELECT 1 FROM record later WHERE later.kind = 'compaction' AND later.index > r.index
                    AND list_has_all(later.files, r.files)))
        ORDER BY r.index"""
    ).fetchall()
    return [
        _File(index, path or "", count or 0, tuple(members), packed) for index, path, count, packed, members in rows
    ]


def _groups(files: Sequence[_File]) -> Iterator[list[_File]]:
    group: list[_File] = []
    for file in files:
        if group and (sum(each.rows for each in group) + file.rows > GROUP or group[0].compacted != file.compacted):
            yield group
            group = []
        group.append(file)
    if group:
        yield group


def _group(con: duckdb.DuckDBPyConnection, root: Path, group: list[_File], done: Recomputed) -> None:
    """Judges several files by one query, and each alone where that fails."""
    outside = [file for file in group if ".." in PurePosixPath(file.path).parts or not file.path.startswith("events/")]
    group = [file for file in group if file not in outside]
    for file in outside:
        done.findings.append(Finding(Kind.EDITED, file.path[:200], f"record {file.index:,} names a file elsewhere"))
    if not group:
        return
    try:
        _read(con, root, group)
    except duckdb.Error as error:
        if len(group) == 1:
            there = (root / group[0].path).is_file()
            kind, words = (Kind.DAMAGED, _first(error)) if there else (Kind.MISSING, "it is not there")
            done.findings.append(Finding(kind, group[0].path, words))
            return
        for file in group:
            _group(con, root, [file], done)
        return
    _compare(con, group, done)


def _read(con: duckdb.DuckDBPyConnection, root: Path, group: list[_File]) -> None:
    names = [str(root / file.path) for file in group]
    tree, place = ('e."file"', 'e."row"') if group[0].compacted else ("f.index", "e.file_row_number")
    con.execute("CREATE OR REPLACE TEMP TABLE named (index BIGINT, path VARCHAR, file VARCHAR)")
    con.executemany(
        "INSERT INTO named VALUES (?, ?, ?)",
        [(file.index, file.path, name) for file, name in zip(group, names, strict=True)],
    )
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE judged AS
        SELECT f.path, {tree} AS tree, {place} AS place, e.file_row_number AS number, e.event_id, e.wseq, e.writer_id,
            {_LEAF.format("e.canon")} AS hash, {_LEAF.format("e.canon")} IS NOT DISTINCT FROM e.leaf AS is_leaf,
            {canon_sql.canon("e.")} IS NOT DISTINCT FROM e.canon AS is_canon
        FROM read_parquet(?, filename = true, file_row_number = true, hive_partitioning = false) e
        JOIN named f ON f.file = e.filename""",
        [names],
    )


def _compare(con: duckdb.DuckDBPyConnection, group: list[_File], done: Recomputed) -> None:
    (events,) = con.execute("SELECT count(*) FROM judged").fetchall()[0]
    done.events += events
    done.files += len(group)
    wrong = con.execute(
        "SELECT path, number, event_id, is_leaf FROM judged WHERE NOT is_leaf OR NOT is_canon "
        "ORDER BY path, number LIMIT 100"
    ).fetchall()
    for path, at, event_id, is_leaf in wrong:
        kind = Kind.COLUMN if is_leaf else Kind.EDITED
        what = "SQL writes another `canon` from its columns" if is_leaf else "SQL gives it another leaf"
        done.findings.append(Finding(kind, path, what, at, event_id))
    recorded = _recorded(con, [index for file in group for index in file.members])
    con.execute("CREATE OR REPLACE TEMP TABLE level AS SELECT tree, place, hash FROM judged")
    odd = con.execute("SELECT tree FROM level GROUP BY tree HAVING max(place) <> count(*) - 1").fetchall()
    con.execute("DELETE FROM level WHERE tree IN (SELECT unnest(?))", [[tree for (tree,) in odd]])
    found = _roots(con)
    chains = _chains(con)
    for file in group:
        for index in file.members:
            said, got = recorded.get(index), found.get(index)
            if got is not None:
                done.roots[index] = got
            if said is None or got != said["root"]:
                what = (
                    f"SQL gives another root than record {index:,} says"
                    if got
                    else f"no whole rows of record {index:,}"
                )
                done.findings.append(Finding(Kind.EDITED, file.path, what))
            elif said["writer"] is not None and chains.get(index) != (said["after"], said["first"], said["last"]):
                what = f"SQL gives another chain, or other numbers, than record {index:,} says"
                done.findings.append(Finding(Kind.EDITED, file.path, what))


def _recorded(con: duckdb.DuckDBPyConnection, indexes: list[int]) -> dict[int, dict[str, Any]]:
    query = (
        "SELECT index, root, writer, first, last, after FROM record WHERE kind = 'file' AND index IN (SELECT unnest(?))"
    )
    rows = con.execute(query, [indexes]).fetchall()
    names = ("root", "writer", "first", "last", "after")
    return {index: dict(zip(names, rest, strict=True)) for index, *rest in rows}


def _chains(con: duckdb.DuckDBPyConnection) -> dict[int, tuple[str, int, int]]:
    """The chain after the last row of each file of a writer, from the recorded one before its first; and its numbers.

    A file whose rows are not all by its writer has none, nor one whose numbers are not contiguous.
    """
    rows = con.execute(
        f"""
        SELECT j.tree, lower(hex(list_reduce(list(j.hash ORDER BY j.wseq), lambda gv_chain, gv_leaf: {_LINK},
                unhex(any_value(r.before))))), min(j.wseq), max(j.wseq)
        FROM judged j JOIN record r ON r.index = j.tree AND r.kind = 'file'
        WHERE r.writer IS NOT NULL AND regexp_full_match(r.before, '[0-9a-f]{{64}}')
        GROUP BY j.tree
        HAVING bool_and(j.writer_id = r.writer) AND count(DISTINCT j.wseq) = count(*)
            AND max(j.wseq) - min(j.wseq) = count(*) - 1"""
    ).fetchall()
    return {tree: (chain, first, last) for tree, chain, first, last in rows}


def _first(error: Exception) -> str:
    return str(error).strip().split("\n")[0][:200].lower()
