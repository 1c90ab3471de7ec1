"""The replay sidecar: the calls of a source, sorted by tool, their arguments in typed columns. Derived and deletable.

It is a DuckDB file with a table a tool (`sidecar_shape`), the arguments' text beside the columns for what they do not
say, and depends on no policy: another charter is replayed over the same file. Every block of it carries a checksum
that DuckDB compares when it is read.

It is believed only while it is whole, of this version, and of this source. A source is its files: their content by
SHA-256. Reading all of it again would cost more than a replay, so a file counts as unchanged while its path, size,
inode and times of modification and of change are those that were recorded; the latter no program can set. A file that
changed less than two seconds before it was recorded is always read again.

Leaves out when one is built (`run`), which rows are judged, and by whom (`bulk`).
"""

from __future__ import annotations

import hashlib
import json
import os
import uuid
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

import duckdb

from govern.conditions import bound
from govern.conditions.inputs import outside
from govern.conditions.sql import LOCAL, Columns, json_root, reads_clock, text_literal
from govern.conditions.sql_times import local
from govern.errors import EnvironmentFailed
from govern.policy.model import Policy
from govern.policy.sql import GIVEN, code_columns, packed
from govern.replay.sidecar_shape import Place, Shape, arguments, filling, fits, shape_of

VERSION: Final = 1
"""Of the tables and of how they are filled; a file of another is built again."""
KEEP: Final = ("event_id", "trace_id", "ts_ns", "agent")
MAX_STRUCTURES: Final = 20_000
"""Different structures of a tool's arguments that are looked at; a tool with more is taken for untyped."""
_SETTLED_NS: Final = 2 * 10**9


@dataclass(frozen=True, slots=True)
class Source:
    """What was replayed.

    Args:
        files: each path with its size, inode, times (ns) and the SHA-256 of its content.
    """

    files: tuple[tuple[str, tuple[int, ...], str], ...]

    @property
    def name(self) -> str:
        """Of its sidecar: by the paths alone, so that a changed source replaces its own."""
        listed = "\n".join(path for path, _, _ in self.files)
        return hashlib.sha256(listed.encode("utf-8", "surrogateescape")).hexdigest()[:32]

    @property
    def content(self) -> tuple[str, ...]:
        return tuple(digest for _, _, digest in self.files)


def source(files: Iterable[Path], known: Source | None = None) -> Source:
    """What some files are now.

    Args:
        files: of the source, in any order.
        known: what they were; a file that is as it was is not read again.

    Raises:
        EnvironmentFailed: a file cannot be read.
    """
    before = {path: (stat, digest) for path, stat, digest in known.files} if known else {}
    found = []
    for path in sorted({str(Path(file).resolve()) for file in files}):
        try:
            stat = _stat(path)
            old = before.get(path)
            digest = old[1] if old is not None and old[0] == stat else _digest(path)
        except OSError as error:
            raise EnvironmentFailed(f"cannot read: {(error.strerror or str(error)).lower()}", where=path) from None
        found.append((path, stat, digest))
    return Source(tuple(found))


def _stat(path: str) -> tuple[int, ...]:
    found = os.stat(path)
    return (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


def _digest(path: str) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@dataclass(frozen=True, slots=True)
class Table:
    """The calls of one tool."""

    name: str
    tool: str | None
    rows: int
    shape: Shape


@dataclass(frozen=True, slots=True)
class Sidecar:
    """A sidecar that is whole and of its source.

    Args:
        file: where it is.
        keep: columns of the source that it has.
        tables: of calls that can be judged; the others are in the table `rest`.
    """

    file: Path
    keep: tuple[str, ...]
    tables: tuple[Table, ...]

    def attach(self, con: duckdb.DuckDBPyConnection, alias: str = "gv_sidecar") -> None:
        """Makes it readable by a connection, once.

        Raises:
            EnvironmentFailed: it is gone or damaged.
        """
        attached = {row[0] for row in con.execute("SELECT database_name FROM duckdb_databases()").fetchall()}
        if alias not in attached:
            try:
                con.execute(f"ATTACH {text_literal(str(self.file))} AS {alias} (READ_ONLY)")
            except duckdb.Error as error:
                raise EnvironmentFailed(f"sidecar unreadable: {_first_line(error)}", where=str(self.file)) from None


def open_sidecar(folder: Path, files: Iterable[Path]) -> Sidecar | None:
    """The sidecar of a source, or None where there is none, or it is stale, damaged, or of another version.

    Args:
        folder: where sidecars are kept.
        files: of the source.

    Raises:
        EnvironmentFailed: a file of the source cannot be read.
    """
    listed = sorted(files)
    file = _file(folder, source_names(listed))
    if not file.is_file():
        return None
    try:
        with duckdb.connect(str(file), read_only=True, config=_CONFIG) as con:
            row = con.execute("SELECT version, text FROM meta").fetchone()
            if row is None or row[0] != VERSION:
                return None
            meta = json.loads(row[1])
            found = Sidecar(file, tuple(meta["keep"]), tuple(_table(table) for table in meta["tables"]))
            counts = " UNION ALL ".join(f"SELECT '{each.name}', count(*) FROM {each.name}" for each in found.tables)
            counted = dict(con.execute(counts).fetchall()) if counts else {}
            size = con.execute(_SIZE).fetchone()
    except (duckdb.Error, ValueError, KeyError, TypeError, OSError):
        return None
    if size is None or file.stat().st_size < size[0]:
        return None  # cut off, perhaps where nothing was read yet
    if any(counted.get(table.name) != table.rows for table in found.tables):
        return None
    known = Source(tuple((path, tuple(stat), digest) for path, stat, digest in meta["source"]))
    return found if source(listed, known).content == known.content else None


_CONFIG: Final[dict[str, str | bool | int | float | list[str]]] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}
_SIZE: Final = "SELECT 3 * 4096 + total_blocks * block_size FROM pragma_database_size()"  # three headers, blocks


def source_names(files: Iterable[Path]) -> str:
    """The name of the sidecar of some files."""
    return Source(tuple((path, (), "") for path in sorted({str(Path(file).resolve()) for file in files}))).name


def _file(folder: Path, name: str) -> Path:
    return Path(folder) / f"{name}.sidecar"


def _table(found: Mapping[str, Any]) -> Table:
    places = [
        Place(**{**place, "path": tuple(place["path"]), "fields": tuple((key, sort) for key, sort in place["fields"])})
        for place in found["shape"]["places"]
    ]
    return Table(found["name"], found["tool"], found["rows"], Shape(places, found["shape"]["closed"]))


def build(
    con: duckdb.DuckDBPyConnection,
    view: str,
    files: Sequence[Path],
    folder: Path,
    *,
    keep: tuple[str, ...] = KEEP,
) -> Sidecar:
    """Writes the sidecar of a source, or replaces it, in one step.

    Args:
        con: a connection that has the view, and that spills to a folder.
        view: the calls of those files, with the columns of `keep`, `tool`, `args` and `args_error`.
        files: of the source.
        folder: where sidecars are kept; made where it does not exist.
        keep: columns to have beside.

    Raises:
        EnvironmentFailed: the folder cannot be written, or a file of the source cannot be read.
    """
    # Before anything is read: a file that changes meanwhile makes the sidecar stale, not wrong.
    of = _settled(source(files))
    made = _file(folder, of.name)
    part = made.with_name(f"{made.name}.{uuid.uuid4().hex}.part")
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
        con.execute(f"ATTACH {text_literal(str(part))} AS gv_made")
        try:
            tables = _fill(con, view, keep)
            meta = {"keep": keep, "tables": [asdict(table) for table in tables], "source": of.files}
            con.execute("CREATE TABLE gv_made.meta AS SELECT ?::INTEGER AS version, ?::VARCHAR AS text",
                        [VERSION, json.dumps(meta)])  # fmt: skip
            con.execute("CHECKPOINT gv_made")
        finally:
            con.execute("DETACH gv_made")
        os.replace(part, made)
    except (duckdb.IOException, OSError) as error:
        raise EnvironmentFailed(f"cannot write a sidecar: {_first_line(error)}", where=str(folder)) from None
    finally:
        part.unlink(missing_ok=True)
        part.with_name(part.name + ".wal").unlink(missing_ok=True)
    return Sidecar(made, keep, tuple(tables))


def _settled(found: Source) -> Source:
    """Without the times of files that changed a moment ago: another change might not show in them."""
    import time

    now = time.time_ns()
    return Source(
        tuple((path, stat if now - max(stat[3:]) > _SETTLED_NS else (), digest) for path, stat, digest in found.files)
    )


def _fill(con: duckdb.DuckDBPyConnection, view: str, keep: tuple[str, ...]) -> list[Table]:
    kept = ", ".join(keep)
    # What is no object has no places; json_extract of what is no JSON would end the query.
    judged = (
        "args IS NOT NULL AND args_error IS NULL "
        "AND CASE WHEN json_valid(args) THEN starts_with(args, '{') OR json_type(args) = 'OBJECT' END"
    )
    con.execute(
        f"CREATE TABLE gv_made.rest AS SELECT {kept}, tool, args IS NULL AND args_error IS NULL AS uncaptured "
        f"FROM {view} WHERE NOT coalesce({judged}, FALSE)"
    )
    try:
        con.execute(
            f"CREATE OR REPLACE TABLE gv_sorted AS SELECT {kept}, tool, args FROM {view} WHERE {judged} ORDER BY tool"
        )
        # Without its name a call is of no tool.
        seen = con.execute(
            f"SELECT tool, sum(calls)::BIGINT, count(*), list(structure)[:{MAX_STRUCTURES}] FROM "
            "(SELECT tool, json_structure(args) AS structure, count(*) AS calls FROM gv_sorted GROUP BY ALL) "
            "GROUP BY tool ORDER BY tool"
        ).fetchall()
        shapes = [
            (f"t{number}", tool, rows, shape_of(found, whole=distinct == len(found)))
            for number, (tool, rows, distinct, found) in enumerate(seen)
        ]
        # A tool's calls seldom fill more than the one block that a thread works on: tools stand side by side.
        with ThreadPoolExecutor(_threads(con)) as pool:
            return list(pool.map(lambda one: _write(con, one[0], one[1], one[2], one[3], kept), shapes))
    finally:
        con.execute("DROP TABLE IF EXISTS gv_sorted")


def _threads(con: duckdb.DuckDBPyConnection) -> int:
    row = con.execute("SELECT current_setting('threads')").fetchone()
    return int(row[0]) if row else 1


def _whose(tool: str | None) -> str:
    return "tool IS NULL" if tool is None else f"tool = {text_literal(tool)}"


def _write(con: duckdb.DuckDBPyConnection, name: str, tool: str | None, rows: int, shape: Shape, kept: str) -> Table:
    places, texts, columns = filling(shape)
    bits = ", ".join(f"bit_or(1 << CAST(k{place.number} AS INTEGER))" for place in shape.places)
    with con.cursor() as own:  # one for every thread
        own.execute(
            f"CREATE TABLE gv_made.{name} AS SELECT {', '.join([kept, 'args', *columns])} FROM "
            f"(SELECT {', '.join([kept, 'args', *texts])} FROM "
            f"(SELECT {kept}, args, {places} AS gv_p FROM gv_sorted WHERE {_whose(tool)}))"
        )
        counted = own.execute(f"SELECT {bits} FROM gv_made.{name}").fetchone() if bits else ()
    found = [replace(place, kinds=kinds) for place, kinds in zip(shape.places, counted or (), strict=True)]
    return Table(name, tool, rows, _fitting(Shape(found, shape.closed)))


def _fitting(shape: Shape) -> Shape:
    """Without places that hold what they have no column for, and without all below them."""
    odd = {place.path for place in shape.places if not fits(place)}
    if not odd:
        return shape
    kept = [
        replace(place, closed=place.closed and not any(path[:-1] == place.path for path in odd))
        for place in shape.places
        if not any(place.path[: len(path)] == path for path in odd)
    ]
    return Shape(kept, shape.closed and not any(len(path) == 1 for path in odd))


# -- judging --


def codes_sql(
    sidecar: Sidecar,
    policy: Policy,
    *,
    keep: tuple[str, ...] = ("event_id", "trace_id", "ts_ns"),
    given: Mapping[str, str] = GIVEN,
    zone: str | None = None,
    beside: str | None = None,
    alias: str = "gv_sidecar",
) -> str:
    """A query over a sidecar that gives each call its codes, row by row what `policy.sql.decision_sql` gives.

    Args:
        sidecar: attached under `alias`.
        policy: to decide by.
        keep: columns to hand through.
        given: the columns of other inputs by key of `conditions.Inputs`, of the types of `Columns.given`.
        zone: the deployment's time zone by its IANA name.
        beside: a table or view with columns of `given` that the sidecar has not, one row an `event_id`.

    Returns:
        SQL for DuckDB, giving `keep`, `tool`, and `code0`, `code1`, … (BIGINT).

    Raises:
        AuthorError: no such zone.
    """
    made = [_codes(table, policy, keep, given, zone, beside, alias) for table in sidecar.tables]
    if made:
        return _union(made)
    kept = "".join(f"{column}, " for column in keep)
    codes = ", ".join(f"0::BIGINT AS code{index}" for index in range(code_columns(policy)))
    return f"SELECT {kept}tool, {codes} FROM {alias}.rest WHERE FALSE"


def _union(queries: list[str]) -> str:
    """All rows of all, by halves: a hundred in a row take a database much longer to plan."""
    if len(queries) == 1:
        return queries[0]
    middle = len(queries) // 2
    return f"({_union(queries[:middle])})\nUNION ALL\n({_union(queries[middle:])})"


def _codes(
    table: Table,
    policy: Policy,
    keep: tuple[str, ...],
    given: Mapping[str, str],
    zone: str | None,
    beside: str | None,
    alias: str,
) -> str:
    count = code_columns(policy)
    mapped = policy.tools.get(table.tool) if table.tool is not None else None
    conditions = mapped.conditions if mapped is not None else ()
    nodes = [bound(condition, tool=table.tool or "", agent=policy.agent) for condition in conditions]
    asked = frozenset().union(*(outside(node) for node in nodes))
    known = {key: column for key, column in given.items() if key in asked}
    rows = f"{alias}.{table.name}"
    if beside is not None and known:
        rows = f"(SELECT * FROM {rows} LEFT JOIN {beside} USING (event_id))"
    if zone is not None and any(reads_clock(node) for node in nodes):
        rows = f"(SELECT *, {local(given['at'], zone) if 'at' in given else 'NULL::BIGINT'} AS gv_local FROM {rows})"
        known[LOCAL] = "gv_local"
    columns = Columns(json_root("args"), "args", known, arguments(table.shape))
    tool = "NULL::VARCHAR" if table.tool is None else text_literal(table.tool)
    codes = "".join(f", {code} AS code{index}" for index, code in enumerate(packed(nodes, columns, count, zone)))
    return f"SELECT {''.join(f'{column}, ' for column in keep)}{tool} AS tool{codes} FROM {rows}"


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n")[0][:200].lower() or type(error).__name__
