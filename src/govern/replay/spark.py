"""The replay of stores on Spark: whole sessions are brought together by a shuffle, and each partition is judged by the
same SQL as on one machine (`spark_task`). What it finds equals what the other engines find.

Leaves out `--verdicts` and sidecars. Spark, of the extra `spark`, is imported when it is asked for.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from govern.errors import EnvironmentFailed, UsageError
from govern.events.canonical import text_of
from govern.events.model import INTEGERS
from govern.policy.document import to_document
from govern.replay import parts as division
from govern.replay.groups import Policies, Recorded, Replayed
from govern.replay.linked import Sets
from govern.replay.means import Means, Partial, Step, limit_bytes

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

EVENTS: Final = 1_000_000
"""Of a partition, about; more only where they belong together."""
LOCAL: Final = "local[*]"
_HINT: Final = "pip install govern[spark], and Java 17 or later"
_WAVE: Final = 4  # partitions a core that run before it is looked whether to go on

_LOGGING: Final = """status = error
appender.console.type = Console
appender.console.name = console
appender.console.target = SYSTEM_ERR
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %p %c{1}: %m%n
rootLogger.level = error
rootLogger.appenderRef.stderr.ref = console
"""


def replay(
    files: Sequence[Path], policies: Policies, agent: str | None, means: Means
) -> tuple[Replayed, Counter[str], Partial | None]:
    """Judges the events of Parquet files.

    Args:
        files: of stores; workers must find them under the same paths.
        policies: to judge by.
        agent: the agent's name where the events carry none.
        means: what it has beside them.

    Returns:
        What was found, the counts of `bulk.counts`, and how far it came where it was stopped.

    Raises:
        UsageError: verdicts or a sidecar are asked for.
        EnvironmentFailed: no Spark, no Java, or Spark failed.
    """
    if means.written is not None or means.sidecar is not None:
        raise UsageError("Spark writes no verdicts and no typed columns", hint="leave them out, or use `--engine sql`")
    spark = session(means)
    try:
        return replay_in(spark, files, policies, agent, means)
    finally:
        spark.stop()


def replay_in(
    spark: SparkSession, files: Sequence[Path], policies: Policies, agent: str | None, means: Means
) -> tuple[Replayed, Counter[str], Partial | None]:
    """As `replay`, in a session that stays open."""
    try:
        return _Work(spark, files, policies, agent, means).judged()
    except _spark_errors() as error:
        raise EnvironmentFailed(f"Spark failed: {_first_line(error)}", hint="its log says more") from None


class _Work:
    def __init__(
        self, spark: SparkSession, files: Sequence[Path], policies: Policies, agent: str | None, means: Means
    ) -> None:
        self._spark, self._policies, self._agent, self._means = spark, policies, agent, means
        kinds = ", ".join(f"{name} {'bigint' if name in INTEGERS else 'string'}" for name in _task().READ)
        self._events = spark.read.schema(kinds).parquet(*(str(file) for file in files))
        self._found, self._counts = Replayed(), Counter[str]()
        self._done, self._parts, self._total = 0, 1, 0

    def interrupt(self) -> None:
        """Ends what runs."""
        self._spark.sparkContext.cancelAllJobs()

    def judged(self) -> tuple[Replayed, Counter[str], Partial | None]:
        means = self._means
        try:
            with means.stopping.ending(self):
                self._total = self._events.count()
                rows = self._partitioned().mapInArrow(partial(_judge, self._order()), _task().FOUND).rdd
                self._parts = rows.getNumPartitions()
            wave = _WAVE * self._spark.sparkContext.defaultParallelism
            for start in range(0, self._parts, wave):
                self._tell()
                chosen = range(start, min(start + wave, self._parts))
                with means.stopping.ending(self):
                    found = self._spark.sparkContext.runJob(rows, _cells, list(chosen))
                self._take(found)
                self._done = chosen.stop
            self._tell()
        except BaseException:
            if means.stopping.asked is None:
                raise
        asked = means.stopping.asked
        if asked is None or self._done == self._parts:
            return self._found, self._counts, None
        events = self._counts["events"]
        stopped = Partial(asked, self._done, self._parts, self._found.calls, events, self._total)
        return self._found, self._counts, stopped

    def _tell(self) -> None:
        self._means.tell(Step(self._done, self._parts, self._counts["events"], self._total))

    def _take(self, found: Sequence[bytes]) -> None:
        for each in found:
            replayed, counts = _task().opened(each)
            self._found.merge(replayed)
            self._counts.update(counts)

    def _order(self) -> Any:
        documents = tuple((agent, text_of(to_document(policy))) for agent, policy in self._policies.by_agent.items())
        limit = _task_memory(self._means.memory_limit)
        recorded = isinstance(self._policies, Recorded)
        return _task().Order(documents, recorded, self._policies.zone, self._agent, self._means.session_facts, limit)

    # -- what belongs together --

    def _partitioned(self) -> DataFrame:
        """The events, all that belongs together in one partition."""
        from pyspark.sql import functions as F

        events = self._events.withColumn("gv_session", _session_key())
        sets = self._shared(events)
        if sets is not None:
            events = events.join(F.broadcast(sets), "gv_session", "left")
            events = events.withColumn("gv_session", F.coalesce("gv_set", "gv_session")).drop("gv_set")
        own = self._own(events)
        if own is not None:
            events = events.join(own, "gv_session", "left")
            events = events.withColumn("gv_session", F.coalesce("gv_own", "gv_session")).drop("gv_own")
        size = self._means.part_events or EVENTS
        cores = self._spark.sparkContext.defaultParallelism
        count = max(-(-self._total // size), min(cores, self._total), 1)
        return events.repartition(count, "gv_session").select(*_task().READ)

    def _shared(self, events: DataFrame) -> DataFrame | None:
        """Sessions that share a trace with others, and the set that each belongs to; None where there are none."""
        from pyspark.sql import functions as F

        several = (
            events.groupBy("trace_id")
            .agg(F.min("gv_session").alias("one"), F.max("gv_session").alias("other"))
            .where("one <> other")
            .select("trace_id")
        )
        if not several.take(1):
            return None
        found = events.join(several, "trace_id").select("trace_id", "gv_session").distinct().collect()
        names = sorted({row["gv_session"] for row in found})
        numbers = {name: number for number, name in enumerate(names)}
        first: dict[str, int] = {}
        sets = Sets(len(names))
        sets.join(
            (first.setdefault(row["trace_id"], number), number)
            for row in found
            for number in (numbers[row["gv_session"]],)
        )
        rows = [(name, f"=:{sets.of(number)}") for name, number in numbers.items()]
        return self._spark.createDataFrame(rows, "gv_session string, gv_set string")

    def _own(self, events: DataFrame) -> DataFrame | None:
        """Sessions with calls that a limit counts together with those of others; None where there are none."""
        from pyspark.sql import functions as F

        limited = division.wide(self._policies)
        if not limited:
            return None
        name = F.col("agent") if self._agent is None else F.coalesce("agent", F.lit(self._agent))
        tool = F.coalesce("tool", F.lit(""))
        counted = F.lit(False)
        for agent, tools in limited.items():
            whose = name.isNull() if agent is None else name == F.lit(agent)
            counted = counted | (whose & tool.isin(*sorted(tools)))
        seen = (
            events.where(counted).groupBy("gv_session").agg(
                F.sort_array(F.collect_set(F.coalesce(name, F.lit("")))).alias("agents")
            )
        )  # fmt: skip
        sets = division.together(tuple(row["agents"]) for row in seen.select("agents").distinct().collect())
        if not sets:
            return None
        of = F.create_map(*(F.lit(each) for pair in sets.items() for each in pair))
        return seen.select("gv_session", F.concat(F.lit("@:"), of[F.col("agents")[0]].cast("string")).alias("gv_own"))


def _session_key() -> Column:
    """As `policy.history.session_of`."""
    from pyspark.sql import functions as F

    named = F.coalesce("session_id", F.lit("")) != ""
    return F.when(named, F.concat(F.lit("s:"), "session_id")).otherwise(F.concat(F.lit("t:"), "trace_id"))


def _judge(order: Any, batches: Any) -> Any:
    yield from _task().judge(order, iter(batches))


def _cells(rows: Any) -> list[bytes]:
    return [bytes(row[0]) for row in rows]


def _task() -> Any:
    from govern.replay import spark_task

    return spark_task


# -- Spark itself --


def _task_memory(memory_limit: str | None) -> str:
    """Of a task's database, where there is a task for every core."""
    return f"{max(limit_bytes(memory_limit) // (os.cpu_count() or 1), 128 * 2**20)}B"


def _java_size(memory_limit: str | None) -> str:
    """A size as Java writes it; not less than Spark needs to start."""
    return f"{max(limit_bytes(memory_limit) // 2**20, 512)}m"


def session(means: Means) -> SparkSession:
    """A session on the master that was asked for.

    Raises:
        EnvironmentFailed: Spark is not installed, there is no Java, or the master does not answer.
    """
    try:
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise EnvironmentFailed(f"Spark is not installed: {str(error).lower()}", hint=_HINT) from None
    if not (shutil.which("java") or os.access(Path(os.environ.get("JAVA_HOME", "")) / "bin" / "java", os.X_OK)):
        raise EnvironmentFailed("Spark needs Java, and there is none", hint=_HINT)
    from govern.audit.read import spill

    master = means.spark_master or LOCAL
    settings = {
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.log.level": "ERROR",
        "spark.sql.adaptive.enabled": "false",  # it would run all before the first wave
        "spark.sql.execution.arrow.maxRecordsPerBatch": "20000",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.caseSensitive": "true",
    }
    if master.startswith("local"):
        os.environ["PYSPARK_PYTHON"] = sys.executable  # workers on this machine are of this installation
        os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
        settings |= {
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.driver.host": "127.0.0.1",
            "spark.local.dir": spill(),
            "spark.sql.shuffle.partitions": str(2 * (os.cpu_count() or 1)),  # of what is only looked up
            "spark.driver.memory": _java_size(means.memory_limit),
            "spark.driver.extraJavaOptions": f"-Dlog4j2.configurationFile=file:{_quiet()}",
        }
    builder = SparkSession.builder.master(master).appName("govern shadow-report")
    for name, value in settings.items():
        builder = builder.config(name, value)
    failures: tuple[type[BaseException], ...] = (OSError, *_spark_errors())
    try:
        spark = builder.getOrCreate()
    except failures as error:
        raise EnvironmentFailed(
            f"Spark does not start: {_first_line(error)}", where=means.spark_master or "", hint=_HINT
        ) from None
    means.stopping.take()  # Spark has put a handler of its own
    return spark


def _quiet() -> Path:
    """A file that lets Spark say on standard error what failed, and not how it starts."""
    from govern.audit.read import spill

    file = Path(spill()) / "log4j2.properties"
    file.write_text(_LOGGING, "utf-8")
    return file


def _spark_errors() -> tuple[type[BaseException], ...]:
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException

    return (Py4JError, PySparkException)


def _first_line(error: BaseException) -> str:
    return str(error).strip().split("\n")[0][:300] or type(error).__name__
