"""The verdict on every call of a replay as one Parquet file, whichever engine judged.

A row is a call: whose it is, and what would have been decided. Verdicts are few and calls are many, so the SQL engine
joins each call's codes to a small table of outcomes; the words repeat, and Parquet keeps each of them once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from govern.errors import EnvironmentFailed
from govern.events.model import Event
from govern.replay.groups import Judgement, Key, Policies

_WORDS: Final = pa.list_(pa.string())
OUTCOME: Final = pa.schema(
    [
        ("effect", pa.string()), ("reasons", _WORDS), ("rules", _WORDS), ("gates", _WORDS), ("loosest", pa.string()),
        ("strictest", pa.string()), ("policy_digest", pa.string()),
    ]
)  # fmt: skip
"""What is said of a call. `effect` is allow, approval, deny, undecidable, or null where no policy speaks for its agent;
reasons, rules and gates are those of the loosest verdict it may have."""
SCHEMA: Final = pa.schema(
    [
        ("event_id", pa.string()), ("trace_id", pa.string()), ("ts_ns", pa.int64()), ("agent", pa.string()),
        ("tool", pa.string()), *OUTCOME,
    ]
)  # fmt: skip
_BATCH: Final = 65_536


def said(judgement: Judgement | None) -> tuple[Any, ...]:
    """The cells of OUTCOME of a judgement."""
    if judgement is None:
        return (None, [], [], [], None, None, None)
    loosest, strictest = judgement.loosest, judgement.strictest
    return (
        judgement.label, list(loosest.reasons), list(loosest.rules), list(loosest.gates), loosest.effect.label,
        strictest.effect.label, loosest.policy_digest,
    )  # fmt: skip


class Written:
    """A file that takes the calls of a replay, one by one or as a query's rows.

    Args:
        file: to write; what stands there is replaced when all is written.
        policies: that judge.
    """

    def __init__(self, file: Path, policies: Policies) -> None:
        self._file = file
        self._policies = policies
        self._part = file.with_name(f".{file.name}.part")
        self._rows: list[tuple[Any, ...]] = []
        self._known: dict[Key, tuple[Any, ...]] = {}
        self._open: pq.ParquetWriter | None = None
        if not file.parent.is_dir():
            raise EnvironmentFailed("cannot be written: there is no such folder", where=str(file))

    @property
    def _writer(self) -> pq.ParquetWriter:
        # When the first rows come: by then the logs are listed, and a half-written file among them is none of them.
        if self._open is None:
            try:
                self._open = pq.ParquetWriter(self._part, SCHEMA, compression="zstd")
            except OSError as error:
                reason = (error.strerror or str(error)).lower()
                raise EnvironmentFailed(f"cannot be written: {reason}", where=str(self._file)) from None
        return self._open

    def add(self, event: Event, key: Key) -> None:
        """One call, and the group that it belongs to."""
        cells = self._known.get(key)
        if cells is None:
            cells = self._known[key] = said(self._policies.judge(key))
        self._rows.append((event.event_id, event.trace_id, event.ts_ns, event.agent, event.tool or "", *cells))
        if len(self._rows) >= _BATCH:
            self._flush()

    def add_query(self, con: Any, agent: str | None, rows: str, outcomes: Mapping[tuple[Any, ...], Key]) -> None:
        """All rows of a query.

        Args:
            rows: gives event_id, trace_id, ts_ns, tool, kind, valid and the codes.
            outcomes: the group of every (tool, kind, valid, code0, …) that occurs in it.
        """
        if not outcomes:
            return
        width = len(next(iter(outcomes))) - 3
        names = ["tool", "kind", "valid", *(f"code{index}" for index in range(width))]
        keys = pa.schema([("tool", pa.string()), ("kind", pa.string()), ("valid", pa.bool_())])
        for name in names[3:]:
            keys = keys.append(pa.field(name, pa.int64()))
        table = _table(
            [(*each, *said(self._policies.judge(key))) for each, key in outcomes.items()],
            pa.schema([*keys, *OUTCOME]),
        )
        con.register("gv_outcomes", table)
        on = " AND ".join(f"r.{name} = o.{name}" for name in names)
        told = ", ".join(f"o.{field.name}" for field in OUTCOME)
        query = f"SELECT r.event_id, r.trace_id, r.ts_ns, r.tool, {told} FROM ({rows}) r JOIN gv_outcomes o ON {on}"
        for batch in con.sql(query).to_arrow_reader(_BATCH):
            columns = dict(zip(batch.schema.names, batch.columns, strict=True))
            columns["agent"] = pa.array([agent] * len(batch), pa.string())
            made = pa.table({name: columns[name] for name in SCHEMA.names}).cast(SCHEMA)
            self._writer.write_table(made)
        con.unregister("gv_outcomes")

    def part(self) -> Written:
        """For the calls of one part of the logs, that count only when they are all there (`keep`)."""
        return Written(self._part.with_name(f"{self._part.name}.own"), self._policies)

    def keep(self, part: Written) -> None:
        """Takes the calls of a part, which writes no more."""
        part._flush()
        if part._open is None:
            return
        part._open.close()
        try:
            with pq.ParquetFile(part._part) as file:
                for batch in file.iter_batches(_BATCH):
                    self._writer.write_batch(batch)
        finally:
            part.discard()

    def close(self) -> None:
        """Puts the file in its place."""
        self._flush()
        self._writer.close()
        self._part.replace(self._file)

    def restart(self) -> None:
        """Forgets what was written so far: all calls come again."""
        self.discard()
        self._open = None
        self._rows.clear()

    def discard(self) -> None:
        """Leaves nothing behind."""
        if self._open is not None:
            self._open.close()
            self._part.unlink(missing_ok=True)

    def _flush(self) -> None:
        if self._rows:
            self._writer.write_table(_table(self._rows, SCHEMA))
            self._rows.clear()


def _table(rows: Iterable[tuple[Any, ...]], schema: pa.Schema) -> pa.Table:
    columns = list(zip(*rows, strict=True))
    return pa.table([pa.array(column, kind) for column, kind in zip(columns, schema.types, strict=True)], schema=schema)
