"""`origin` in bulk: the same as asking after each event, in a known order and in none, however much is read at once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any
from unittest import mock

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from govern.audit import schema
from govern.charter.load import charter_or_raise, load_text
from govern.compile.lower import lower
from govern.events.model import ActorKind, Event, EventType, Fidelity
from govern.policy import origin
from govern.policy.model import Policy
from govern.policy.origin import By, Said
from govern.policy.origin.hearing import hear
from govern.replay import origins, sayings

CHARTER = """govern: 1
agent: desk
version: 1
purpose: Mail.
owner: lead
roles: [lead]
approvals: {lead: {roles: [lead], if_no_answer: [{after: 8h, then: deny}]}}
tools:
  look: {tier: read_only}
  book: {tier: read_only}
  send:
    tier: irreversible
    approval: {ask: lead, unless: "named_by_user(args.to)"}
    rules:
      - {id: a, when: "origin(args.to) != 'user'", then: deny}
  post:
    tier: irreversible
    approval: {ask: lead}
    rules:
      - {id: b, when: "origin(args.text) != 'user'", then: deny}
untrusted: {trusted: [book]}
"""
POLICY: Policy = lower(charter_or_raise(load_text(CHARTER), "charter.yaml"))
TO, NAMED, TEXT = "origin(args.to)", "named_by_user(args.to)", "origin(args.text)"
KEYS = (TO, NAMED, TEXT, "calls('send')", "order")
VALUES = ("ann@x.com", "bob@x.com", "eve@evil.com", "1000", 1000, "", ["ann@x.com", "bob@x.com"])
TEXTS = ("ann@x.com", "to bob@x.com and 1000", "BOB%40x.com", "eve@evil.com", "none of them", "")


def event(at: int, of: dict[str, Any]) -> Event:
    where: dict[str, Any] = {"event_id": f"e{at:03d}", "trace_id": "t", "writer_id": "w", "wseq": at, "ts_ns": at}
    return Event(**(where | of))


def call(at: int, value: Any, tool: str = "send", **more: Any) -> Event:
    args = json.dumps({"text" if tool == "post" else "to": value}, separators=(",", ":"))
    of: dict[str, Any] = {"type": EventType.TOOL_CALL, "actor_kind": ActorKind.AGENT, "tool": tool, "args": args}
    return event(at, of | more)


def typed(at: int, text: str | None, **more: Any) -> Event:
    of: dict[str, Any] = {
        "type": EventType.PROMPT, "actor_kind": ActorKind.HUMAN, "actor": "user", "content": text,
        "fidelity": Fidelity.VERBATIM,
    }  # fmt: skip
    return event(at, of | more)


def output(at: int, text: str | None, tool: str | None = "look", **more: Any) -> Event:
    return typed(
        at,
        more.pop("content", text),
        type=EventType.TOOL_RESULT,
        actor_kind=ActorKind.SERVICE,
        actor=None,
        tool=tool,
        **more,
    )


@cache
def connection() -> duckdb.DuckDBPyConnection:
    return duckdb.connect(config={"threads": 1})


def columns(events: list[Event], **more: Any) -> dict[str, dict[str, Any]]:
    """What is told of each call, by id."""
    con = connection()
    con.register("gv", schema.table(events))
    found = origins.origins(con, "gv", POLICY, KEYS, **more)
    con.unregister("gv")
    rows = {row.pop("event_id"): row for row in found.to_pylist()}
    assert found.num_rows == len(rows)
    return rows


# --- a table --------------------------------------------------------------------------------------------------


def test_each_call_is_told_what_was_said_before_it() -> None:
    """Not what came later; a column for what another tool asks is empty."""
    events = [
        typed(1, "write to ann@x.com"),
        call(2, "eve@evil.com"),
        output(3, "eve@evil.com"),
        output(4, "book says joe@x.com", "book"),
        call(5, "eve@evil.com"),
        call(6, "ann@x.com"),
        call(7, "joe@x.com"),
        call(8, ""),
        call(9, "write to ann@x.com", "post"),
        call(10, "x", "look"),
    ]
    nothing = {TO: None, NAMED: None, TEXT: None}
    assert {
        "e002": nothing | {TO: "none", NAMED: 0},
        "e005": nothing | {TO: "untrusted", NAMED: 0},
        "e006": nothing | {TO: "user", NAMED: 2},
        "e007": nothing | {TO: "trusted", NAMED: 0},
        "e008": nothing | {TO: "", NAMED: 1},
        "e009": nothing | {TEXT: "user"},
    } == columns(events)


def test_the_table_has_the_types_that_conditions_read() -> None:
    con = connection()
    con.register("gv", schema.table([typed(1, "x"), call(2, "y")]))
    found = origins.origins(con, "gv", POLICY, KEYS)
    kinds = {field.name: str(field.type) for field in found.schema}
    assert {"event_id": "string", TO: "string", NAMED: "int8", TEXT: "string"} == kinds
    none = origins.origins(con, "gv", POLICY, ["calls('send')"])
    assert (["event_id"], 0) == (none.column_names, none.num_rows)
    con.unregister("gv")


def test_a_session_goes_over_its_traces_and_no_further() -> None:
    events = [
        typed(1, "ann@x.com", session_id="s", trace_id="t1"),
        output(2, "eve@evil.com", session_id="s", trace_id="t2"),
        call(3, ["ann@x.com"], session_id="s", trace_id="t3"),
        call(4, "eve@evil.com", session_id="s", trace_id="t3"),
        call(5, "ann@x.com", trace_id="s"),
        typed(6, "who", session_id="", trace_id="t9"),
        call(7, "ann@x.com", trace_id="t9"),
    ]
    assert {"e003": "user", "e004": "untrusted", "e005": None, "e007": "none"} == {
        name: row[TO] for name, row in columns(events).items()
    }


def test_calls_without_usable_arguments_and_of_others_are_left_out() -> None:
    events = [
        typed(1, "x"),
        call(2, "y", agent="desk", args=None),
        call(3, "y", agent="desk", args_error="syntax"),
        call(4, "y", agent="desk", actor_kind=ActorKind.HUMAN),
        call(5, "y", agent="other"),
        call(6, "y", agent="desk", actor_kind=None),
    ]
    assert {"e006"} == columns(events, mine="agent = 'desk'").keys()


def test_defaults_are_filled_in_before_asking() -> None:
    """A default is the charter's, not the person's."""
    events = [typed(1, "ann@x.com"), call(2, "ann@x.com"), call(3, "x", args="{}")]
    found = columns(events, fill=lambda tool, args: {"to": f"{tool}@default.com"} | args)
    assert ["user", "none"] == [found[name][TO] for name in ("e002", "e003")]


def test_one_time_and_two_writers_are_in_no_order() -> None:
    """What is untrusted counts as before, what is typed is uncaptured."""
    events = [
        typed(1, "ann@x.com"),
        output(5, "eve@evil.com", writer_id="a", ts_ns=5),
        typed(6, "bob@x.com", writer_id="a", ts_ns=5),
        call(7, "eve@evil.com", writer_id="b", ts_ns=5),
        call(8, "bob@x.com", writer_id="b", ts_ns=5),
        call(9, "bob@x.com", writer_id="b", ts_ns=6),
    ]
    found = columns(events)
    assert ["untrusted", None, "user"] == [found[name][TO] for name in ("e007", "e008", "e009")]
    assert [None, None, 2] == [found[name][NAMED] for name in ("e007", "e008", "e009")]


def test_an_untimed_trace_of_one_writer_is_in_its_order() -> None:
    events = [
        call(1, "bob@x.com", ts_ns=None),
        typed(2, "bob@x.com", ts_ns=None),
        call(3, "bob@x.com", ts_ns=None),
        output(4, "bob@x.com", ts_ns=None),
        call(5, "bob@x.com", ts_ns=None),
    ]
    found = columns(events)
    assert [None, "user", "untrusted"] == [found[name][TO] for name in ("e001", "e003", "e005")]


def test_a_trace_without_times_is_in_no_order_with_one_that_has_them() -> None:
    """In either: what is untrusted in the other counts as before, what was typed in it is uncaptured."""
    for other, own in (("u", "t"), ("t", "u")):

        def at(place: int, trace: str) -> dict[str, Any]:
            return {"trace_id": trace, "session_id": "s", "ts_ns": None if trace == "u" else place}

        events = [
            typed(1, "ann@x.com", **at(1, own)),
            call(2, "eve@evil.com", **at(2, own)),
            call(3, "bob@x.com", **at(3, own)),
            call(4, "joe@x.com", **at(4, own)),
            call(5, "ann@x.com", **at(5, own)),
            output(6, "eve@evil.com", **at(6, other)),
            typed(7, "bob@x.com", **at(7, other)),
            output(8, "joe@x.com", "book", **at(8, other)),
        ]
        found = columns(events)
        told = {name: (found[name][TO], found[name][NAMED]) for name in ("e002", "e003", "e004", "e005")}
        assert {"e002": ("untrusted", None), "e003": (None, None), "e004": (None, None), "e005": ("user", 2)} == told


def test_where_not_all_is_timed_all_that_was_said_counts_for_the_cap() -> None:
    """Who reads by time cannot know what comes first by sequence: both ways of reading leave out alike."""
    events = [
        typed(1, "ann@x.com", ts_ns=9),
        call(2, "ann@x.com", ts_ns=None),
        output(3, "z" * 95, ts_ns=1),
    ]
    for held in (-1, 10**9):
        for most, told in ((104, "user"), (103, "")):
            with caps(held, most):
                assert told == columns(events)["e002"][TO]


def test_what_is_in_no_order_counts_for_the_cap() -> None:
    """Also what was typed, of which nobody knows whether it came before."""
    events = [
        typed(1, "ann@x.com"),
        typed(2, "z" * 95, writer_id="a", ts_ns=5),
        call(3, "ann@x.com", writer_id="b", ts_ns=5),
    ]
    for held in (-1, 10**9):
        for most, told in ((104, "user"), (103, "")):
            with caps(held, most):
                assert told == columns(events)["e003"][TO]


# --- against asking after each event, by the rules as they are written ----------------------------------------

_KINDS = st.sampled_from(["typed", "operator", "nobody", "look", "book", "error", "call", "call", "post"])
_FIDELITIES = st.sampled_from([Fidelity.VERBATIM] * 6 + [None, Fidelity.TRUNCATED, Fidelity.ABSENT])


@st.composite
def logs(draw: st.DrawFn) -> list[Event]:
    """Sessions of several traces and writers, with times, without, and with the same ones."""
    made: list[Event] = []
    kinds: list[st.SearchStrategy[int | None]] = [
        st.integers(0, 99), st.integers(0, 2), st.none(), st.none() | st.integers(0, 2),
    ]  # fmt: skip
    times = draw(st.sampled_from(kinds))
    writers = draw(st.sampled_from([["w"], ["v", "w"]]))
    shared: list[list[str | None]] = [["s"], [None, "s"]]
    sessions = draw(st.sampled_from(shared))
    for at in draw(st.permutations(range(draw(st.integers(1, 12))))):
        more: dict[str, Any] = {
            "trace_id": draw(st.sampled_from("pq")),
            "session_id": draw(st.sampled_from(sessions)),
            "writer_id": draw(st.sampled_from(writers)),
            "ts_ns": draw(times),
        }
        kind, text = draw(_KINDS), draw(st.sampled_from(TEXTS))
        if kind in ("call", "post"):
            made.append(call(at, draw(st.sampled_from(VALUES)), "post" if kind == "post" else "send", **more))
            continue
        more["fidelity"] = draw(_FIDELITIES)
        content = None if more["fidelity"] is Fidelity.ABSENT else text
        match kind:
            case "typed":
                made.append(typed(at, content, **more))
            case "operator":
                made.append(typed(at, content, actor_kind=ActorKind.SERVICE, **more | {"actor": "system"}))
            case "nobody":
                made.append(typed(at, content, actor_kind=None, **more))
            case "error":
                made.append(output(at, "", None, error=content, **more))
            case _:
                made.append(output(at, content, kind, **more))
    return made


def expected(events: list[Event]) -> dict[str, dict[str, Any]]:
    """By the rules of `sayings`, of every pair of events."""
    found = {}
    for asking in events:
        if asking.type is not EventType.TOOL_CALL:
            continue
        own = [each for each in events if (each.session_id or each.trace_id, bool(each.session_id)) == (
            asking.session_id or asking.trace_id, bool(asking.session_id))]  # fmt: skip
        untimed = {each.trace_id for each in own if each.ts_ns is None}

        def moment(each: Event, untimed: set[str] = untimed) -> int | None:
            return None if each.trace_id in untimed else each.ts_ns

        at = moment(asking)
        shared = len({each.writer_id for each in own if moment(each) == at}) > 1
        said = Said()
        for each in own:
            if each.type is EventType.TOOL_CALL:
                continue
            when = moment(each)
            if when is None or at is None:
                before = False if when != at else each.writer_id == asking.writer_id and each.wseq < asking.wseq
                perhaps = when != at or each.writer_id != asking.writer_id
            else:
                same = when == at and each.writer_id == asking.writer_id
                before = when < at or (same and each.wseq < asking.wseq)
                perhaps = when == at and not same
            believed = each.tool == "book" or each.actor_kind is ActorKind.HUMAN or each.actor == "system"
            if before or (not believed and (perhaps or (when == at and shared))):
                said = hear(said, each, {"book"})
            elif perhaps:
                said = said.lacking(By.TRUSTED if each.actor_kind is ActorKind.SERVICE else By.TYPED)
        value = json.loads(asking.args or "")
        row: dict[str, Any] = {TO: None, NAMED: None, TEXT: None}
        if said.prompts:
            for key, fn in ((TEXT, "origin"),) if asking.tool == "post" else ((TO, "origin"), (NAMED, "named_by_user")):
                answer = said.answer(fn, value["text" if asking.tool == "post" else "to"])
                unknown: Any = 1 if key == NAMED else ""
                told = {None: unknown, origin.UNCAPTURED: None, True: 2, False: 0}
                row[key] = told[answer] if not isinstance(answer, str) else answer
        found[asking.event_id] = row
    return found


@contextmanager
def caps(held: int, most: int) -> Iterator[None]:
    """So much is kept of unfinished sessions, and so much of a session is searched."""
    with (
        mock.patch.object(origins, "HELD", held),
        mock.patch.object(origins, "MAX_TEXT", most),
        mock.patch.object(origin, "MAX_TEXT", most),
        mock.patch.object(sayings, "MAX_TEXT", most),
    ):
        origins._too_much.cache_clear()
        yield
    origins._too_much.cache_clear()


@settings(deadline=None, max_examples=60)
@given(logs())
def test_in_bulk_is_as_after_each_event(events: list[Event]) -> None:
    """Row by row, read in pieces and sorted."""
    wanted = expected(events)
    assert wanted == columns(events)
    with caps(held=-1, most=origin.MAX_TEXT):
        assert wanted == columns(events)


@settings(deadline=None, max_examples=40)
@given(logs(), st.sampled_from([0, 5, 21, 40]))
def test_what_is_left_out_of_long_sessions_is_what_nobody_is_told(events: list[Event], most: int) -> None:
    """Reading sorted leaves out text over the cap, reading in pieces does not: the answers are the same."""
    with caps(held=10**9, most=most):
        wanted = columns(events)
    with caps(held=-1, most=most):
        assert wanted == columns(events)


def test_a_giant_text_is_not_read() -> None:
    """It is over the cap by itself: what comes after it is unknown, what came before is told. Characters count."""
    for length, after in ((91, "user"), (92, ""), (101, "")):
        events = [typed(1, "ann@x.com"), call(2, "ann@x.com"), output(3, "é" * length), call(4, "ann@x.com")]
        for held in (-1, 10**9):
            with caps(held, most=100):
                found = columns(events)
            assert ["user", after] == [found[name][TO] for name in ("e002", "e004")]
    for column in ("content", "error"):
        for length in (92, 101):
            with caps(10**9, most=100):
                found = columns([typed(1, "ann@x.com"), output(3, "", **{column: "y" * length}), call(4, "ann@x.com")])
            assert "" == found["e004"][TO]


@pytest.mark.parametrize("tool", ["send", "post"])
def test_arguments_that_no_engine_reads_have_no_answer(tool: str) -> None:
    """A store may come from anywhere: text that is no object is left to the engine, which denies it."""
    for args in ('{"to":1,"to":2}', "[]", "{"):
        found = columns([typed(1, "x"), call(2, "y", tool, args=args)])
        assert {TO: None, NAMED: None, TEXT: None} == found["e002"]
