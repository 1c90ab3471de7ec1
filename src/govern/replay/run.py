"""Runs a replay over logs: chooses the engine, keeps what was read and what was refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Final

from govern.ingest import FileReport, Summary, read
from govern.ingest.paths import File, Store, expand
from govern.ingest.source import Refusal
from govern.replay import stream
from govern.replay.groups import Policies, Replayed
from govern.replay.told import SessionFacts

if TYPE_CHECKING:
    import duckdb

    from govern.replay.sidecar import Sidecar
    from govern.replay.verdicts import Written

BULK_FROM: Final = 300_000  # events: below, starting DuckDB costs more than it saves


class EngineChoice(StrEnum):
    """Which engine replays: both give the same groups."""

    AUTO = "auto"
    CALLS = "calls"
    SQL = "sql"


@dataclass(frozen=True, slots=True)
class Run:
    """A replay and what it was of.

    Args:
        engine: the one that was used, CALLS or SQL.
    """

    replayed: Replayed
    summary: Summary
    engine: EngineChoice


def run(
    paths: Sequence[str],
    policies: Policies,
    *,
    format: str | None = None,
    agent: str | None = None,
    engine: EngineChoice = EngineChoice.AUTO,
    session_facts: SessionFacts | None = None,
    verdicts: Path | None = None,
    sidecar: Path | None = None,
    memory_limit: str | None = None,
) -> Run:
    """Judges the calls of logs.

    Args:
        paths, format, agent: as `govern.ingest.read`.
        policies: to judge by.
        session_facts: what the host asserted, by session or trace; None where nobody captured it.
        engine: SQL only for stores, which `import` made.
        verdicts: a Parquet file to write, with the verdict on every call (`replay.verdicts`).
        sidecar: a folder for typed columns of the logs (`replay.sidecar`), which the SQL engine makes once and reads
            from then on; without one it makes none.
        memory_limit: of the SQL engine's database, as it writes it, such as `1GB`.

    Raises:
        UsageError: `format` is unknown.
        EvidenceError: with SQL: a path is no store, or a file of it is damaged.
        EnvironmentFailed: `verdicts` cannot be written.
    """
    if verdicts is None:
        return _run(paths, policies, format, agent, engine, session_facts, None, sidecar, memory_limit)
    from govern.replay.verdicts import Written

    written = Written(verdicts, policies)
    try:
        done = _run(paths, policies, format, agent, engine, session_facts, written, sidecar, memory_limit)
    except BaseException:
        written.discard()
        raise
    written.close()
    return done


def _run(
    paths: Sequence[str],
    policies: Policies,
    format: str | None,
    agent: str | None,
    engine: EngineChoice,
    session_facts: SessionFacts | None,
    written: Written | None,
    sidecar: Path | None,
    memory_limit: str | None,
) -> Run:
    inputs = inputs_of(paths)
    if judged_in_sql(inputs, format, engine):
        return _in_sql(inputs, policies, agent, session_facts, written, sidecar, memory_limit)
    summary = Summary()
    events = summary.events(read(paths, format=format, agent=agent))
    return Run(stream.replay(events, policies, session_facts, written), summary, EngineChoice.CALLS)


def inputs_of(paths: Sequence[str]) -> list[File | Store | Refusal]:
    """What paths on a command line stand for."""
    return list(expand(paths)) if "-" not in paths else [File("-")]


def judged_in_sql(inputs: Sequence[File | Store | Refusal], format: str | None, engine: EngineChoice) -> bool:
    """Whether the SQL engine replays them: where it was chosen, or they are large stores and nothing else."""
    stores = [found for found in inputs if isinstance(found, Store)]
    only_stores = bool(stores) and len(stores) == len(inputs) and format is None
    return engine is EngineChoice.SQL or (engine is EngineChoice.AUTO and only_stores and _large(stores))


def _large(stores: Sequence[Store]) -> bool:
    import pyarrow as pa
    import pyarrow.parquet as pq

    total = 0
    for found in stores:
        for part in found.parts:
            try:
                total += pq.read_metadata(part).num_rows
            except (pa.ArrowException, OSError):
                return False  # reading event by event names the damage and keeps the rest
            if total >= BULK_FROM:
                return True
    return False


def _in_sql(
    inputs: Sequence[File | Store | Refusal],
    policies: Policies,
    agent: str | None,
    session_facts: SessionFacts | None,
    written: Written | None,
    folder: Path | None,
    memory_limit: str | None,
) -> Run:
    import duckdb

    from govern.audit.read import open_parts
    from govern.replay import bulk

    parts = parts_of(inputs)
    con = open_parts(parts, memory_limit=memory_limit)
    try:
        side = _sidecar(con, parts, folder) if folder is not None else None
        try:
            replayed = bulk.replay(
                con, policies, agent=agent, session_facts=session_facts, written=written, sidecar=side
            )
        except duckdb.Error:
            if side is None:
                raise
            if written is not None:
                written.restart()
            # Checksums are compared where a block is read: the sidecar is damaged, and the logs are not.
            con.execute("DETACH gv_sidecar")
            side.file.unlink(missing_ok=True)
            replayed = bulk.replay(con, policies, agent=agent, session_facts=session_facts, written=written)
        summary = counted(con, inputs)
    finally:
        con.close()
    return Run(replayed, summary, EngineChoice.SQL)


def parts_of(inputs: Sequence[File | Store | Refusal]) -> list[Path]:
    """The files of stores, for the SQL engine.

    Raises:
        UsageError: one is no store.
        EvidenceError: one cannot be read.
    """
    from govern.errors import EvidenceError, UsageError

    parts: list[Path] = []
    for found in inputs:
        match found:
            case Refusal():
                raise EvidenceError(found.reason, where=found.file)
            case File():
                raise UsageError(f"`{found.name}` is no store", hint="the SQL engine reads what `govern import` wrote")
            case Store():
                parts.extend(found.parts)
    return parts


def counted(con: duckdb.DuckDBPyConnection, inputs: Sequence[File | Store | Refusal]) -> Summary:
    """What stores have, of the view `events` over them."""
    from govern.replay import bulk

    found = bulk.counts(con)
    report = FileReport(
        path=", ".join(each.name for each in inputs if isinstance(each, Store)),
        format="canonical",
        rows=found["events"],
        refused=0,
        duplicates=0,
        asides={},
        notes={},
        runs=found["runs"],
        events=found["events"],
        calls=found["calls"],
        results=found["results"],
        errors=found["errors"],
        unanswered=found["unanswered"],
    )
    summary = Summary()
    summary.files.append(report)
    summary.stated = report
    return summary


def _sidecar(con: duckdb.DuckDBPyConnection, parts: Sequence[Path], folder: Path) -> Sidecar:
    from govern.replay import bulk
    from govern.replay.sidecar import build, open_sidecar

    return open_sidecar(folder, parts) or build(con, bulk.calls_as_recorded(con), parts, folder)
