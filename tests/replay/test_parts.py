"""A store judged in parts is the store judged whole; one that is stopped says how far it came."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from govern.audit import read, store
from govern.events.model import Event, EventType
from govern.policy.document import sealed
from govern.policy.model import Effect, Limit, Policy, Tier, ToolPolicy
from govern.replay import linked, parts
from govern.replay.groups import Policies
from govern.replay.means import Partial, Step
from govern.replay.run import EngineChoice, Run, run
from govern.replay.stopping import Stopped, Stopping

from .parts_cases import Stored, shown, stored

SEEDS = int(os.environ.get("GOVERN_FUZZ_PARTS", "8"))


def replayed(one: Stored, part_events: int, **beside: object) -> Run:
    return run(
        [one.folder], one.policies, engine=EngineChoice.SQL, session_facts=one.session_facts, part_events=part_events,
        **beside,  # type: ignore[arg-type]
    )  # fmt: skip


def test_parts_add_up_to_the_whole(tmp_path: Path) -> None:
    """Groups, samples, runs, errors, report, counts: for random policies of the whole language on random logs."""
    divided = limited = 0
    for seed in range(SEEDS):
        one = stored(seed, tmp_path / str(seed))
        steps: list[Step] = []
        whole, several = replayed(one, 10**9), replayed(one, 40, progress=steps.append)
        assert shown(whole.replayed, one.policies) == shown(several.replayed, one.policies), f"seed {seed}"
        assert whole.summary.totals == several.summary.totals
        assert (steps[-1].of_parts, steps[-1].of_events) == (steps[-1].parts, steps[-1].events)
        assert several.partial is None
        divided += steps[-1].of_parts > 1
        limited += steps[-1].of_parts > 1 and bool(parts.wide(one.policies))
    assert divided > SEEDS // 3
    assert limited > 0


def test_what_belongs_together_is_in_one_part(tmp_path: Path) -> None:
    """No trace and no session is in two parts, and every event is in one."""
    for seed in range(4):
        one = stored(seed, tmp_path / str(seed))
        files = store.parts(Path(one.folder))
        con = read.open_parts(files)
        ((total,),) = con.execute("SELECT count(*) FROM events").fetchall()
        found = parts.plan(con, files, one.policies, events=20)
        traces: dict[str, int] = {}
        sessions: dict[str, int] = {}
        for part in found:
            own = con.cursor()
            parts.show(own, part)
            rows = own.execute(f"SELECT trace_id, {parts.SESSION} FROM events").fetchall()
            assert part.events == len(rows)
            for trace, session in rows:
                assert part.number == traces.setdefault(trace, part.number)
                assert part.number == sessions.setdefault(session, part.number)
        assert total == sum(part.events for part in found)
        con.close()


def refunds(agents: list[str], traces: int) -> list[Event]:
    return [
        Event(
            event_id=f"e{index}", trace_id=f"t{index:03}", type=EventType.TOOL_CALL, writer_id="w", wseq=index,
            span_id=f"s{index}", ts_ns=index * 10**9, agent=agents[index % len(agents)], tool="refund", args="{}",
        )
        for index in range(traces)
    ]  # fmt: skip


def limited(agent: str, span: str, for_each: tuple[str, ...] = ("agent",)) -> Policy:
    limit = Limit("l", ("refund",), (), None, 3, None, span, for_each, "proposed", Effect.DENY, None, None, "x")
    refund = ToolPolicy("refund", Tier.REVERSIBLE)
    return sealed(Policy(agent, 1, "p", "o", (), {}, {"refund": refund}, (), limits=(limit,)))


@pytest.mark.parametrize(
    ("span", "for_each", "expected"),
    [
        ("forever", ("agent",), 2),
        ("day", ("agent",), 2),
        ("forever", ("agent", "trace"), 20),
        ("trace", ("agent",), 20),
    ],
)
def test_a_limit_beyond_a_session_has_a_part_of_its_own(
    span: str, for_each: tuple[str, ...], expected: int, tmp_path: Path
) -> None:
    """One for each agent; what is counted within a trace is divided."""
    store.write(iter(refunds(["a", "b"], 20)), tmp_path)
    judges = Policies({name: limited(name, span, for_each) for name in ("a", "b")}, "UTC")
    con = read.open_events(tmp_path)
    assert expected == len(parts.plan(con, store.parts(tmp_path), judges, events=1))


def test_sets_of_sets() -> None:
    """Chains, rings and repetitions."""
    sets = linked.Sets(7)
    sets.join([(5, 6), (1, 0), (2, 1), (0, 2), (2, 2), (6, 4)])
    assert [0, 0, 0, 3, 4, 4, 4] == sets.all()


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_keeps_what_was_judged(sent: signal.Signals, tmp_path: Path) -> None:
    """The parts that were judged are reported and their verdicts written; the rest is said to be missing."""
    events = refunds(["a"], 40)
    store.write(iter(events), tmp_path / "store")
    one = Stored(str(tmp_path / "store"), Policies({"a": limited("a", "trace")}), None)

    def interrupt(step: Step) -> None:
        if step.parts == 2:
            os.kill(os.getpid(), sent)

    before = signal.getsignal(sent)
    with Stopping() as stopping:
        done = replayed(one, 10, progress=interrupt, stopping=stopping, verdicts=tmp_path / "verdicts")
    assert before == signal.getsignal(sent)
    assert Partial(sent.name, 2, 4, 20, 20, 40) == done.partial
    assert (20, 20) == (done.replayed.calls, done.summary.totals.calls)
    judged = {row["event_id"] for row in pq.read_table(tmp_path / "verdicts").to_pylist()}
    assert judged == {event.event_id for event in events[:20]}
    assert ["store", "verdicts"] == sorted(each.name for each in tmp_path.iterdir())


def test_a_signal_ends_a_query() -> None:
    """What runs in the database is interrupted at once, and the second signal is not ours."""
    con = read.connect()
    start = time.monotonic()
    threading.Timer(0.3, lambda: os.kill(os.getpid(), signal.SIGTERM)).start()
    with Stopping() as stopping:
        try:
            with stopping.ending(con):
                con.execute("SELECT sum(hash(a.range * b.range)) FROM range(1000000) a, range(1000000) b").fetchall()
            ended = False
        except (Stopped, duckdb.Error, RuntimeError):
            ended = True
    assert ended
    assert "SIGTERM" == stopping.asked
    assert time.monotonic() - start < 30
    with pytest.raises(Stopped), stopping.ending(con):
        pass


def test_verdicts_in_parts_are_those_of_the_whole(tmp_path: Path) -> None:
    """The file has each call once, with the same verdict."""
    one = stored(3, tmp_path / "store")
    rows = []
    for part_events, name in ((10**9, "whole"), (40, "parts")):
        replayed(one, part_events, verdicts=tmp_path / name)
        rows.append(sorted(pq.read_table(tmp_path / name).to_pylist(), key=lambda row: row["event_id"]))
    assert rows[0] == rows[1]
    assert rows[0]
