"""The replay of stores in SQL: whole where they fit, else part by part, with what was found so far kept when it is
stopped. Leaves out the judging (`bulk`) and how stores are divided (`parts`)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Final

from govern.errors import EnvironmentFailed, EvidenceError, UsageError
from govern.ingest import FileReport, Summary
from govern.ingest.paths import File, Store
from govern.ingest.source import Refusal
from govern.replay.groups import Policies, Replayed
from govern.replay.means import Means, Partial, Step

if TYPE_CHECKING:
    import duckdb

    from govern.replay.parts import Part
    from govern.replay.sidecar import Sidecar
    from govern.replay.verdicts import Written

Inputs = Sequence[File | Store | Refusal]
_COUNTED: Final = ("events", "runs", "calls", "results", "errors", "unanswered")


def replay(
    inputs: Inputs, policies: Policies, agent: str | None, means: Means, summary: Summary | None
) -> tuple[Replayed, Partial | None]:
    """Judges stores.

    Args:
        inputs: stores and nothing else.
        policies: to judge by.
        agent: the agent's name where the events carry none.
        means: what it has beside them.
        summary: takes what was judged; None where that was counted on the way.

    Returns:
        What was found, and how far it came where it was stopped.

    Raises:
        UsageError, EvidenceError, EnvironmentFailed: as of `run.run`.
    """
    import duckdb

    from govern.audit.read import culprit, open_parts

    files = parts_of(inputs)
    with closing(open_parts(files, memory_limit=means.memory_limit)) as con:
        work = _Work(con, inputs, files, policies, agent, means)
        try:
            work.judge()
        except duckdb.OutOfMemoryException as error:
            raise EnvironmentFailed(
                f"not enough memory or disk: {str(error).splitlines()[0].lower()}", hint="a larger --memory-limit"
            ) from None
        except duckdb.Error as error:
            raise culprit(files, error) from error
    if summary is not None:
        state(summary, inputs, work.counts)
    return work.found, work.partial()


class _Work:
    """Stores on their way: what is judged of them."""

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        inputs: Inputs,
        files: Sequence[Path],
        policies: Policies,
        agent: str | None,
        means: Means,
    ) -> None:
        self._con, self._inputs, self._files = con, inputs, files
        self._policies, self._agent, self._means = policies, agent, means
        self.found = Replayed()
        self.counts: Counter[str] = Counter()
        self._parts, self._done = 1, 0
        self._events, self._total = 0, 0

    def judge(self) -> None:
        from govern.replay import parts as division

        size = self._means.part_events or division.events_of_part(self._policies)
        try:
            with self._means.stopping.ending(self._con):
                ((self._total,),) = self._con.execute("SELECT count(*) FROM events").fetchall()
                side = self._sidecar()
                if side is None and self._total > size:
                    parts = division.plan(self._con, self._files, self._policies, agent=self._agent, events=size)
                    self._parts = len(parts)
            if self._parts == 1:
                self._whole(side)
            else:
                for part in parts:
                    self._tell()
                    self._one(part)
            self._tell()
        except BaseException:
            if self._means.stopping.asked is None:
                raise

    def partial(self) -> Partial | None:
        """How far it came, where it was stopped before its end."""
        signal = self._means.stopping.asked
        if signal is None or self._done == self._parts:
            return None
        return Partial(signal, self._done, self._parts, self.found.calls, self._events, self._total)

    def _tell(self) -> None:
        self._means.tell(Step(self._done, self._parts, self._events, self._total))

    def _whole(self, side: Sidecar | None) -> None:
        import duckdb

        written = self._means.written
        try:
            with self._means.stopping.ending(self._con):
                try:
                    found, counts = self._judged(self._con, written, side)
                except duckdb.Error:
                    if side is None or self._means.stopping.asked is not None:
                        raise
                    if written is not None:
                        written.restart()
                    # Checksums are compared where a block is read: the sidecar is damaged, and the logs are not.
                    self._con.execute("DETACH gv_sidecar")
                    side.file.unlink(missing_ok=True)
                    found, counts = self._judged(self._con, written, None)
        except BaseException:
            if written is not None:
                written.restart()
            raise
        self.found, self.counts, self._done, self._events = found, Counter(counts), 1, self._total

    def _one(self, part: Part) -> None:
        from govern.replay import parts as division

        written = None if self._means.written is None else self._means.written.part()
        with closing(self._con.cursor()) as own:  # what it makes is gone with it
            try:
                with self._means.stopping.ending(own):
                    division.show(own, part)
                    found, counts = self._judged(own, written, None)
            except BaseException:
                if written is not None:
                    written.discard()
                raise
        if written is not None and self._means.written is not None:
            self._means.written.keep(written)
        self.found.merge(found)
        self.counts.update(counts)
        self._done, self._events = self._done + 1, self._events + part.events

    def _sidecar(self) -> Sidecar | None:
        from govern.replay import bulk, typed
        from govern.replay.sidecar import build, open_sidecar

        folder = self._means.sidecar
        if folder is None:
            return typed.of_store(self._inputs, self._policies)
        return open_sidecar(folder, self._files) or build(
            self._con, bulk.calls_as_recorded(self._con), self._files, folder
        )

    def _judged(
        self, con: duckdb.DuckDBPyConnection, written: Written | None, side: Sidecar | None
    ) -> tuple[Replayed, Mapping[str, int]]:
        from govern.replay import bulk

        found = bulk.replay(
            con, self._policies, agent=self._agent, session_facts=self._means.session_facts, written=written,
            sidecar=side,
        )  # fmt: skip
        return found, bulk.counts(con)


def overlap(inputs: Inputs, memory_limit: str | None) -> bool:
    """Whether several stores have an event in common: only reading them one by one counts it once."""
    if len(inputs) < 2:
        return False  # in one store, every event is once
    from govern.audit.read import open_parts

    with closing(open_parts(parts_of(inputs), memory_limit=memory_limit)) as con:
        ((twice,),) = con.execute("SELECT count(*) > count(DISTINCT event_id) FROM events").fetchall()
    return bool(twice)


def parts_of(inputs: Inputs) -> list[Path]:
    """The files of stores.

    Raises:
        UsageError: one is no store.
        EvidenceError: one cannot be read.
    """
    parts: list[Path] = []
    for found in inputs:
        match found:
            case Refusal():
                raise EvidenceError(found.reason, where=found.file)
            case File():
                raise UsageError(f"`{found.name}` is no store", hint="this engine reads what `govern import` wrote")
            case Store():
                parts.extend(found.parts)
    return parts


def counted(con: duckdb.DuckDBPyConnection, inputs: Inputs) -> Summary:
    """What stores have, of the view `events` over them."""
    from govern.replay import bulk

    summary = Summary()
    state(summary, inputs, bulk.counts(con))
    return summary


def state(summary: Summary, inputs: Inputs, counts: Mapping[str, int]) -> None:
    """Puts what was counted of stores into a summary.

    Args:
        counts: by the names of `bulk.counts`; one that is missing is 0.
    """
    events, runs, calls, results, errors, unanswered = (counts.get(name, 0) for name in _COUNTED)
    stores = [each for each in inputs if isinstance(each, Store)]
    lacks = [Refusal(each.name, 0, why, None) for each in stores for why in each.lacks]
    for each in lacks:
        summary.refuse(each)
    report = FileReport(
        path=", ".join(each.name for each in stores),
        format="canonical",
        rows=events,
        refused=len(lacks),
        duplicates=0,
        asides={},
        notes={},
        runs=runs,
        events=events,
        calls=calls,
        results=results,
        errors=errors,
        unanswered=unanswered,
    )
    summary.files.append(report)
    summary.stated = report
