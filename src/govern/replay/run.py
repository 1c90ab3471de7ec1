"""Runs a replay over logs: chooses the engine, divides what is large, keeps what was read and what was refused."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Final

from govern.events.model import Event
from govern.ingest import Summary, read
from govern.ingest.paths import File, Store, expand
from govern.ingest.progress import Watch
from govern.ingest.source import Refusal
from govern.replay import stores, stream
from govern.replay.groups import Policies, Replayed
from govern.replay.means import Means, Partial, Step
from govern.replay.reading import Reading
from govern.replay.stopping import Stopping
from govern.replay.told import SessionFacts

BULK_FROM: Final = 300_000  # events: below, starting DuckDB costs more than it saves


class EngineChoice(StrEnum):
    """Which engine replays: all give the same groups."""

    AUTO = "auto"
    CALLS = "calls"
    SQL = "sql"
    SPARK = "spark"


@dataclass(frozen=True, slots=True)
class Run:
    """A replay and what it was of.

    Args:
        summary: what was read; of a replay that was stopped, what was judged.
        engine: the one that was used, CALLS, SQL or SPARK.
        partial: how far it came, where it was stopped.
    """

    replayed: Replayed
    summary: Summary
    engine: EngineChoice
    partial: Partial | None = None


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
    progress: Callable[[Step], None] | None = None,
    stopping: Stopping | None = None,
    part_events: int | None = None,
    spark_master: str | None = None,
    watch: Watch | None = None,
) -> Run:
    """Judges the calls of logs.

    Args:
        paths, format, agent, watch: as `govern.ingest.read`.
        policies: to judge by.
        session_facts: what the host asserted, by session or trace; None where nobody captured it.
        engine: SQL and SPARK only for stores, which `import` made. AUTO takes SQL for large stores, and for other logs
            once they have as many events: then they are kept in a temporary store.
        verdicts: a Parquet file to write, with the verdict on every call (`replay.verdicts`).
        sidecar: a folder for typed columns of the logs (`replay.sidecar`), which the SQL engine makes once and reads
            from then on; without one it reads those that stand beside a store (`replay.typed`), and makes none.
        memory_limit: of the SQL engine's database, as it writes it, such as `1GB`; for Spark, of its driver.
        progress: is told of every part that was judged.
        stopping: where something asks it to, the replay ends with the parts that it judged.
        part_events: about how many events are judged at once; None for as many as fit.
        spark_master: where SPARK runs, as a URL; None for this machine.

    Raises:
        UsageError: `format` is unknown.
        EvidenceError: with SQL or SPARK: a path is no store, or a file of it is damaged.
        EnvironmentFailed: `verdicts` cannot be written; not enough memory or disk; no Spark.
    """
    means = Means(
        session_facts, None, sidecar, memory_limit, progress, stopping or Stopping(), part_events, spark_master
    )  # fmt: skip
    if verdicts is None:
        return _run(paths, policies, format, agent, engine, means, watch)
    from govern.replay.verdicts import Written

    written = Written(verdicts, policies)
    try:
        done = _run(paths, policies, format, agent, engine, replace(means, written=written), watch)
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
    means: Means,
    watch: Watch | None,
) -> Run:
    inputs = inputs_of(paths)
    summary = Summary()
    if engine is EngineChoice.SPARK:
        from govern.replay import spark

        replayed, counts, partial = spark.replay(stores.parts_of(inputs), policies, agent, means)
        stores.state(summary, inputs, counts)
        return Run(replayed, summary, EngineChoice.SPARK, partial)
    if judged_in_sql(inputs, format, engine) and not (
        engine is EngineChoice.AUTO and stores.overlap(inputs, means.memory_limit)
    ):
        replayed, partial = stores.replay(inputs, policies, agent, means, summary)
        return Run(replayed, summary, EngineChoice.SQL, partial)
    reading = Reading(read(paths, format=format, agent=agent, watch=watch), summary, means.stopping)
    if engine is EngineChoice.CALLS:
        return _one_by_one(reading, reading.events(), policies, means)
    held = reading.held(BULK_FROM, means.memory_limit)
    if held is not None:
        return _one_by_one(reading, held, policies, means)
    with reading.spooled() as store:
        if means.stopping.asked is not None:  # what was read is judged; the next signal ends that too
            means = replace(means, stopping=Stopping())
        # The events have the agent's name, and were counted on their way.
        replayed, partial = stores.replay([store], policies, None, means, None)
    return Run(replayed, summary, EngineChoice.SQL, partial or reading.partial(replayed))


def _one_by_one(reading: Reading, events: Iterable[Event], policies: Policies, means: Means) -> Run:
    replayed = stream.replay(events, policies, means.session_facts, means.written)
    return Run(replayed, reading.summary, EngineChoice.CALLS, reading.partial(replayed))


def inputs_of(paths: Sequence[str]) -> list[File | Store | Refusal]:
    """What paths on a command line stand for."""
    if "-" in paths:
        return [File("-")]
    return [found for found in expand(paths) if not (isinstance(found, File) and found.left_out)]


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
