"""What a writer never wrote is found by comparing with who executed it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.evidence.stores import KEY, NOW, SECOND, action, store

from govern.audit.audit_log import AuditLog
from govern.errors import UsageError
from govern.events.canonical import digest, text_of
from govern.evidence.executions import Ran, same_arguments
from govern.evidence.reconcile import Kind, Reconciled, Span, overlap, reconcile
from govern.evidence.sources import Compared, compare, of_logs, of_store

ALL = Span(None, None)
WINDOW = 10 * SECOND


def ran(
    number: int, at: float | None = 0.0, *, tool: str = "refund", args: Any = None, outcome: str | None = "ok",
    call_id: str | None = None,
) -> Ran:  # fmt: skip
    text = text_of({"order_id": "7"} if args is None else args)
    return Ran(
        tool=tool, call_id=call_id, trace_id="t", event_id=f"e{number:04d}", args=text, args_digest=digest(text),
        at_ns=None if at is None else NOW + int(at * SECOND), outcome=outcome, where=f"line {number}",
    )  # fmt: skip


def compared(ours: Sequence[Ran], theirs: Sequence[Ran], span: Span = ALL) -> Reconciled:
    return reconcile(ours, theirs, span, window_ns=WINDOW)


def message(number: int, at: float, method: str | None = None, **members: Any) -> str:
    when = datetime.fromtimestamp(NOW // SECOND, UTC) + timedelta(seconds=at)
    body = {"jsonrpc": "2.0", "id": number, **({"method": method} if method else {}), **members}
    return json.dumps({"timestamp": when.isoformat(), "session_id": "s1", "message": body})


def server_log(path: Path, calls: Sequence[tuple[float, str, dict[str, Any], bool]]) -> Path:
    """An MCP server's messages: a call at each of these seconds, answered at once."""
    lines = []
    for number, (at, tool, args, failed) in enumerate(calls, start=1):
        lines.append(message(number, at, "tools/call", params={"name": tool, "arguments": args}))
        lines.append(message(number, at + 0.5, result={"content": [{"type": "text", "text": "x"}], "isError": failed}))
    path.write_text("\n".join(lines) + "\n")
    return path


def beside(folder: Path, log: Path, **how: Any) -> Compared:
    second, summary = of_logs([str(log)], same=how.pop("same", None))
    return compare(of_store(folder), second, summary, window_ns=how.pop("window_ns", WINDOW), **how)


def kinds(done: Reconciled) -> dict[str, int]:
    found = {Kind.NEVER_WRITTEN: len(done.never_written), Kind.ONLY_IN_STORE: len(done.only_in_store)}
    for pair in done.pairs:
        for kind in pair.differs:
            found[kind] = found.get(kind, 0) + 1
    return {str(kind): count for kind, count in found.items() if count}


@pytest.fixture
def audit(tmp_path: Path) -> Path:
    """Three executions of `refund`, at 2, 12 and 22 seconds, sealed, and one not yet, at 32."""
    folder = store(tmp_path / "audit")
    with AuditLog(folder, "desk", KEY) as log:
        action(log, "trace-0003", 3)
        log.append("session_end", trace_id="trace-0003", ts_ns=NOW + 60 * SECOND)
    return folder


def calls(*numbers: int) -> list[tuple[float, str, dict[str, Any], bool]]:
    return [(number * 10 + 2.2, "refund", {"order_id": str(number)}, False) for number in numbers]


def test_both_tell_the_same(audit: Path, tmp_path: Path) -> None:
    """Every execution of the server stands in the store, sealed or not: nothing is found."""
    done = beside(audit, server_log(tmp_path / "server.jsonl", calls(0, 1, 2, 3)))
    assert ({}, 4) == (kinds(done.result), len(done.result.pairs))
    assert 0 == done.unjudged


def test_what_was_never_written(audit: Path, tmp_path: Path) -> None:
    """The server executed a call that no event of the store tells."""
    log = server_log(tmp_path / "server.jsonl", [*calls(0, 1), (15, "refund", {"order_id": "99"}, False), *calls(2, 3)])
    done = beside(audit, log)
    assert {"never-written": 1} == kinds(done.result)
    (found,) = done.result.never_written
    assert ('{"order_id":"99"}', "refund") == (found.args, found.tool)


def test_a_second_call_with_the_same_arguments(audit: Path, tmp_path: Path) -> None:
    """A call is paired once: the same again is never written, and the nearer one is taken for the written one."""
    log = server_log(tmp_path / "server.jsonl", [*calls(0, 1), (16, "refund", {"order_id": "1"}, False), *calls(2, 3)])
    done = beside(audit, log)
    assert {"never-written": 1} == kinds(done.result)
    assert NOW + 16 * SECOND == done.result.never_written[0].at_ns


def test_only_in_the_store(audit: Path, tmp_path: Path) -> None:
    """The store tells of an execution that the server never saw."""
    done = beside(audit, server_log(tmp_path / "server.jsonl", calls(0, 2, 3)))
    assert {"only-in-store": 1} == kinds(done.result)
    assert "trace-0001" == done.result.only_in_store[0].trace_id


def test_other_arguments_under_the_same_id() -> None:
    """Call ids agree and arguments do not: one finding, not two."""
    done = compared([ran(1, call_id="a", args={"amount": 5})], [ran(2, call_id="a", args={"amount": 500})])
    assert {"arguments-differ": 1} == kinds(done)


def test_another_outcome(audit: Path, tmp_path: Path) -> None:
    """The store says it went well, the server says it did not."""
    log = server_log(tmp_path / "server.jsonl", [*calls(0, 1, 2), (32.2, "refund", {"order_id": "3"}, True)])
    assert {"outcome-differs": 1} == kinds(beside(audit, log).result)


def test_tools_that_the_second_source_never_names(audit: Path, tmp_path: Path) -> None:
    """It can say nothing of them: they are counted, and are no finding."""
    with AuditLog(audit, "desk", KEY) as log:
        action(log, "trace-0004", 1, tool="send_email")
    done = beside(audit, server_log(tmp_path / "server.jsonl", calls(0, 1, 2, 3)))
    assert ({}, {"send_email": 1}) == (kinds(done.result), done.result.uncovered)


def test_outside_the_time_that_both_cover(audit: Path, tmp_path: Path) -> None:
    """Executions after the store's last event are not judged, and counted; a span that was asked for judges them."""
    log = server_log(tmp_path / "server.jsonl", [*calls(0, 1, 2, 3), (500, "refund", {"order_id": "9"}, False)])
    done = beside(audit, log)
    assert ({}, 1, (0, 1)) == (kinds(done.result), done.unjudged, done.result.outside)
    asked = beside(audit, log, span=Span(NOW, None))
    assert ({"never-written": 1}, 0) == (kinds(asked.result), asked.unjudged)


def test_a_call_without_an_answer_was_received(audit: Path, tmp_path: Path) -> None:
    """In a server's log a call is an execution, answered or not; its outcome is unknown and differs from none."""
    log = server_log(tmp_path / "server.jsonl", calls(0, 1, 2))
    log.write_text(
        log.read_text() + message(9, 32.2, "tools/call", params={"name": "refund", "arguments": {"order_id": "3"}})
    )
    done = beside(audit, log)
    assert ({}, 4) == (kinds(done.result), len(done.result.pairs))


def test_a_proposal_is_no_execution(tmp_path: Path) -> None:
    """A call that the store shows to be denied, and the server never got, is counted and not compared."""
    folder = store(tmp_path / "audit")
    with AuditLog(folder, "desk", KEY) as log:
        log.append("tool_call", trace_id="x", ts_ns=NOW + SECOND, tool="refund", args={"order_id": "5"}, span_id="x")
        log.append("session_end", trace_id="x", ts_ns=NOW + 60 * SECOND)
    done = beside(folder, server_log(tmp_path / "server.jsonl", calls(0, 1, 2)))
    assert ({}, 1) == (kinds(done.result), done.ours.proposals)


def test_names_of_one_tool() -> None:
    """`server/name`, `mcp__server__name` and `name` are one tool; other names are paired where the caller says so."""
    for name in ("desk/refund", "mcp__desk__refund"):
        assert {} == kinds(compared([ran(1)], [ran(2, tool=name)]))
    assert {"never-written": 1} == kinds(compared([ran(1)], [ran(2, tool="payments/Reverse")]))


def test_a_tool_that_is_called_otherwise(audit: Path, tmp_path: Path) -> None:
    """`--same-tool` says what the second source calls it; a name that it does not have is refused."""
    log = server_log(tmp_path / "s.jsonl", [(at, "Reverse", args, bad) for at, _, args, bad in calls(0, 1, 2, 3)])
    assert {"never-written": 4} == kinds(beside(audit, log).result)
    assert {} == kinds(beside(audit, log, same={"Reverse": "refund"}).result)
    with pytest.raises(UsageError, match="no tool of the second source"):
        of_logs([str(log)], same={"Revers": "refund"})


def test_values_that_one_side_has_as_a_mark() -> None:
    """The store commits to a value that the server logs: nobody can tell them apart, so they agree."""
    mark = {"email": {"$sensitive": "hmac-sha256:00"}, "order_id": "7"}
    ours, theirs = ran(1, args=mark), ran(2, args={"email": "a@example.org", "order_id": "7"})
    assert {} == kinds(compared([ours], [theirs]))
    assert same_arguments(ours, ran(3, args={"email": "a@example.org", "order_id": "8"})) is False


def test_which_of_several_is_meant() -> None:
    """Two alike at equal distance, and one partner: the pair is ambiguous, and the finding stands."""
    done = compared([ran(1, 5)], [ran(2, 4), ran(3, 6)])
    assert ({"never-written": 1}, 1) == (kinds(done), done.ambiguous)
    assert 0 == compared([ran(1, 5), ran(2, 5)], [ran(3, 5), ran(4, 5)]).ambiguous


def test_clocks_that_differ() -> None:
    """A poll each second and a server clock that is 4 s ahead: as many on both sides are paired in their order."""
    ours = [ran(number, number) for number in range(200)]
    theirs = [ran(1000 + number, number + 4) for number in range(200)]
    assert {} == kinds(compared(ours, theirs))
    assert {"never-written": 1} == kinds(compared(ours[:-1], theirs))
    many = [ran(number, number) for number in range(1_100)]
    assert {"never-written": 3} == kinds(compared(many[3:], many))


def test_sources_without_times() -> None:
    """They are paired by arguments, in their order, each once."""
    ours, theirs = [ran(1, None), ran(2, None)], [ran(3, None), ran(4, None), ran(5, None)]
    assert {"never-written": 1} == kinds(compared(ours, theirs))
    assert Span(None, None) == overlap((None, None), (1, 2))
    assert Span(3, 5) == overlap((1, 5), (3, 9))


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_what_is_removed_is_found(data: st.DataObject) -> None:
    """Of any executions that both tell, whatever the store does not have is found as never written: as many, and each
    with the arguments of one that was removed; and nobody is accused twice."""
    count = data.draw(st.integers(1, 12))
    theirs = [
        ran(number, data.draw(st.integers(0, 40)), args={"n": data.draw(st.integers(0, 2))}, call_id=f"c{number}")
        for number in range(count)
    ]
    removed = data.draw(st.sets(st.integers(0, count - 1)))
    with_ids = data.draw(st.booleans())
    shift = data.draw(st.integers(-3, 3)) if with_ids else 0
    ours = [
        ran(100 + n, (each.at_ns or 0) / SECOND - NOW / SECOND + shift, args=json.loads(each.args or ""),
            call_id=each.call_id if with_ids else None)
        for n, each in enumerate(theirs) if n not in removed
    ]  # fmt: skip
    done = compared(ours, theirs)
    assert len(removed) == len(done.never_written)
    assert () == done.only_in_store
    assert sorted(theirs[n].args or "" for n in removed) == sorted(each.args or "" for each in done.never_written)
    if with_ids:
        assert {theirs[n].event_id for n in removed} == {each.event_id for each in done.never_written}
