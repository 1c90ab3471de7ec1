"""Facts, times and history: reference, per call and bulk agree, and local time is that of the zone's database."""

from __future__ import annotations

import os
import random
import zoneinfo
from bisect import bisect_right
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from govern.conditions import (
    Condition,
    ConditionError,
    FieldType,
    Scope,
    parse_condition,
    python,
    sql_times,
    zones,
)
from govern.conditions.inputs import history_key, outside
from govern.conditions.python import decider
from govern.conditions.sql import Columns, expression, json_root, places
from govern.conditions.sql import values as sql_values
from govern.conditions.tree import Call, Lit
from govern.errors import AuthorError
from govern.events.canonical import parse, text_of

from . import reference
from .generate import arguments, quote
from .outside import DURATIONS, INSTANTS, KEYS, NO_TIMES, SCOPE, TIMES, ZONES, Outside, beside, timed_arguments

HERE = Path(__file__).parent / "conditions"
CASES = yaml.safe_load((HERE / "outside.yaml").read_text(encoding="utf-8"))
REFUSED = yaml.safe_load((HERE / "refused_outside.yaml").read_text(encoding="utf-8"))
LETTER = {True: "T", False: "F", None: "U"}
CONDITIONS = int(os.environ.get("GOVERN_FUZZ_CONDITIONS", "500"))
ROWS = 120
TYPES = {"at": "BIGINT", "calls": "BIGINT", "succeeded": "BIGINT", "origin": "VARCHAR", "named_by_user": "TINYINT"}
COLUMNS = Columns(json_root("args"), "args", {key: f"c{index}" for index, key in enumerate(KEYS)})

Row = tuple[dict[str, Any], dict[str, Any]]


def table_of(rows: list[Row]) -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    types = [TYPES.get(key.split("(")[0], "VARCHAR") for key in KEYS]
    columns = "".join(f", c{index} {kind}" for index, kind in enumerate(types))
    con.execute(f"CREATE TABLE calls (i INTEGER, args VARCHAR{columns})")
    values = [[i, text_of(args), *(cell(key, inputs) for key in KEYS)] for i, (args, inputs) in enumerate(rows)]
    con.executemany(f"INSERT INTO calls VALUES (?, ?{', ?' * len(KEYS)})", values)
    return con


def cell(key: str, inputs: dict[str, Any]) -> Any:
    """What a column holds: NULL is what was not captured, and each kind has a value of its own for unknown."""
    if key not in inputs:
        return None
    match key.split("(")[0]:
        case "at" | "calls" | "succeeded":
            return inputs[key]
        case "origin":
            return inputs[key] or ""
        case "named_by_user":
            return {False: 0, None: 1, True: 2}[inputs[key]]
        case _:
            return text_of(inputs[key])


def in_bulk(con: duckdb.DuckDBPyConnection, condition: Condition, zone: str | None) -> list[str]:
    query = f"SELECT {expression(condition.tree, COLUMNS, zone)} FROM calls ORDER BY i"
    return [LETTER[row[0]] for row in con.execute(query).fetchall()]


def three(condition: Condition, row: Row, zone: str | None) -> tuple[str, str, str]:
    args, inputs = row
    return (
        reference.evaluate(condition.tree, args, inputs, zone),
        LETTER[decider(condition.tree, zone)({**inputs, "args": args})],
        in_bulk(table_of([row]), condition, zone)[0],
    )


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['condition']}-{case.get('given')}-{case.get('args')}")
def test_case(case: dict[str, Any]) -> None:
    """A row of the table has its expected value in the reference and in both engines."""
    inputs = parse(case.get("given", "{}"))
    condition = parse_condition(case["condition"], SCOPE)
    found = three(condition, (parse(case.get("args", "{}")), inputs), case.get("zone"))
    assert (case["expect"],) * 3 == found


def test_every_row_of_the_table_has_a_case() -> None:
    """No outcome of the table for times, inputs and clocks is without a case that reaches it."""
    reached: set[str] = set()
    for name in ("given", "timestamp", "time_order", "time_sum", "clock"):
        whole = reference.TABLE[name]
        for row in whole:
            reference.TABLE[name] = {key: outcome for key, outcome in whole.items() if key != row}
            try:
                if any(expected(case) != case["expect"] for case in CASES):
                    reached.add(f"{name}: {row}")
            finally:
                reference.TABLE[name] = whole
        assert {f"{name}: {row}" for row in whole} <= reached, name


def expected(case: dict[str, Any]) -> str:
    tree = parse_condition(case["condition"], SCOPE).tree
    return reference.evaluate(tree, parse(case.get("args", "{}")), parse(case.get("given", "{}")), case.get("zone"))


def compare(seed: int, conditions: int) -> tuple[int, dict[str, int]]:
    rng = random.Random(seed)
    rows = [(timed_arguments(rng, arguments(rng)), beside(rng)) for _ in range(ROWS)]
    con = table_of(rows)
    writer = Outside(rng)
    compared, seen = 0, {"T": 0, "F": 0, "U": 0}
    while compared < conditions * ROWS:
        text = writer.text()
        try:
            condition = parse_condition(text, SCOPE)
        except ConditionError:
            continue
        zone = rng.choice(ZONES)
        run = decider(condition.tree, zone)
        for (args, inputs), bulk in zip(rows, in_bulk(con, condition, zone), strict=True):
            wanted = reference.evaluate(condition.tree, args, inputs, zone)
            got = (LETTER[run({**inputs, "args": args})], bulk)
            assert (wanted, wanted) == got, f"{text}\n{zone}\n{text_of(args)}\n{inputs}"
            seen[wanted] += 1
            compared += 1
    return compared, seen


def test_engines_agree() -> None:
    """Reference, per call and bulk agree row by row on random conditions over everything a call is decided from."""
    compared, seen = compare(seed=20261123, conditions=CONDITIONS)
    assert min(seen.values()) > compared * 0.08, seen


def test_a_planted_fault_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """The comparison fails when one part of one engine is off by as little as it can be."""
    faults: list[tuple[Any, str, Any]] = [
        (python, "in_int64", lambda value: value),
        (sql_times, "joined", lambda op, left, right: f"({left} {op} {right} + 1)"),
        (sql_times, "NS", 10**9 + 1),
        (python, "clock", lambda fn, at, zone: zones.clock(fn, at + 3600 * 10**9, zone)),
        (sql_values, "ORIGINS", ("user", "trusted", "none")),
        (places.Places, "is_fact", lambda self, node: False),
        (python, "PLACES", ("record", "result", "order")),
    ]
    for place, name, fault in faults:
        with monkeypatch.context() as planted:
            planted.setattr(place, name, fault)
            with pytest.raises((AssertionError, duckdb.Error)):
                compare(seed=20261123, conditions=CONDITIONS)


values = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.sampled_from([*TIMES, *NO_TIMES, "paid"])
moments = st.builds(
    lambda date, time, fraction, offset: f"{date}T{time}{fraction}{offset}",
    st.dates().map(str) | st.sampled_from(["2026-02-29", "2024-02-29", "1900-02-29", "1969-12-31", "2262-04-11"]),
    st.times().map(lambda time: f"{time:%H:%M:%S}"),
    st.just("") | st.integers(0, 999_999_999).map(lambda n: f".{n}"),
    st.sampled_from(["Z", "+00:00", "-00:01", "+14:00", "-12:30"]),
)


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 2**32),
    st.fixed_dictionaries({}, optional={"to": moments | values, "a": values, "xs": st.lists(values, max_size=3)}),
    st.fixed_dictionaries(
        {},
        optional={
            "at": st.integers(-(2**63), 2**63 - 1) | st.integers(0, 4_102_444_800 * 10**9) | st.sampled_from(INSTANTS),
            "order": st.dictionaries(st.sampled_from(["status", "total", "created", "items"]), moments | values)
            | values,
            "record": values,
            "calls('get_order')": st.integers(0, 5),
            "origin(args.to)": st.sampled_from(["user", "none", "x"]),
        },
    ),
    st.sampled_from(ZONES),
)
def test_engines_agree_on_any_value(seed: int, args: dict[str, Any], inputs: dict[str, Any], zone: str | None) -> None:
    """The same on times, facts and history that Hypothesis makes up and shrinks, fifteen conditions for each."""
    row = (parse(text_of(args)), {key: parse(text_of(value)) for key, value in inputs.items()})
    writer, con = Outside(random.Random(seed)), table_of([row])
    for _ in range(15):
        text = writer.text()
        try:
            condition = parse_condition(text, SCOPE)
        except ConditionError:
            continue
        wanted = reference.evaluate(condition.tree, row[0], row[1], zone)
        found = (LETTER[decider(condition.tree, zone)({**row[1], "args": row[0]})], in_bulk(con, condition, zone)[0])
        assert (wanted, wanted) == found, text


def test_google_agrees_on_times() -> None:
    """Where the table says true or false of times, Google's runtime says the same, with its own clocks."""
    cel = pytest.importorskip("cel_expr_python.cel", reason="the oracle is in the extra `dev`")
    env = cel.NewEnv(variables={"args": cel.Type.DYN})
    rng = random.Random(23)
    rows = [{"to": text} for text in (*TIMES, *NO_TIMES)]
    writer = Outside(rng)
    compared, silent = 0, 0
    for _ in range(400):
        ours, zone = timed(rng, writer), rng.choice([zone for zone in ZONES if zone])
        try:
            condition = parse_condition(ours)
            compiled = env.compile(googles(ours, zone))
        except (ConditionError, RuntimeError):
            continue
        for args in rows:
            wanted = reference.evaluate(condition.tree, args, {}, zone)
            if wanted == "U":
                continue
            answer = compiled.eval(data={"args": args})
            if answer.type() != cel.Type.BOOL:
                silent += 1
                continue
            assert (wanted == "T") == answer.value(), f"{ours} {zone} {args}"
            compared += 1
    assert compared > 3000
    assert silent < compared * 0.15


def timed(rng: random.Random, writer: Outside) -> str:
    def moment(depth: int) -> str:
        if depth and rng.random() < 0.4:
            return f"({moment(depth - 1)} {rng.choice('+-')} {writer.span(0, ())})"
        return rng.choice(["timestamp(args.to)", f"timestamp({quote(rng.choice(TIMES))})"])

    return rng.choice(
        [
            f"{moment(1)} {writer.op()} {moment(1)}",
            f"{moment(1)} - {moment(0)} {writer.op()} duration({quote(rng.choice(DURATIONS))})",
            f"hour({moment(1)}) {writer.op()} {rng.choice([0, 2, 9, 10, 23])}",
            f"weekday({moment(1)}) == 'sunday'",
        ]
    )


def googles(text: str, zone: str) -> str:
    """Our clock functions as CEL's methods; both write balanced brackets only."""
    for fn, method in (("hour", "getHours"), ("weekday", "getDayOfWeek")):
        if text.startswith(f"{fn}("):
            depth, end = 1, len(fn) + 1
            while depth:
                depth += {"(": 1, ")": -1}.get(text[end], 0)
                end += 1
            text = f"{text[len(fn) : end]}.{method}('{zone}')" + text[end:].replace("'sunday'", "0")
    return text


@pytest.mark.parametrize("name", ["exceeded", "tainted"])
@pytest.mark.parametrize(("held", "expect"), [(True, "T"), (False, "F"), (None, "U")])
def test_what_no_charter_writes(name: str, held: bool | None, expect: str) -> None:
    """Limits and what was read are asked for as history is; a charter that tries is refused."""
    tree = Call(name, (Lit("budget"),))
    key = history_key(name, "budget")
    assert expect == LETTER[decider(tree)({"args": {}, key: held})]
    query = expression(tree, Columns(json_root("args"), "args", {key: "held"}))
    stored = {False: 0, None: 1, True: 2}[held]
    row = duckdb.execute(f"SELECT {query} FROM (SELECT ?::TINYINT AS held)", [stored]).fetchone()
    assert row is not None
    assert expect == LETTER[row[0]]
    assert "U" == LETTER[decider(tree)({"args": {}})]
    row = duckdb.execute(f"SELECT {query} FROM (SELECT NULL::TINYINT AS held)").fetchone()
    assert (None,) == row
    assert {key} == outside(tree)
    with pytest.raises(ConditionError):
        parse_condition(key, SCOPE)


# -- what is wrong is said at its place --


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case["text"])
def test_refused(case: dict[str, Any]) -> None:
    """A name, a word of an enum or a kind of time that cannot be meant is refused at its place, with a code."""
    with pytest.raises(ConditionError) as caught:
        parse_condition(case["text"], SCOPE)
    first = caught.value.problems[0]
    assert case["at"] == case["text"][first.start : first.end]
    assert case["code"] == first.code
    assert case["says"] in f"{first.message}; {first.hint}"


@pytest.mark.parametrize(
    "text",
    [
        "order.status == 'paid' || customer.id == null",
        "order.count in [1, 3] && order.total > 2.5",
        "order.created < at && at - order.created < duration('36h')",
        "timestamp(order.created) == timestamp(at)",
        "order.items.exists(i, i.price > 3) && order.items[0].price > 1",
        "calls(tool) < 3 && succeeded('get_order') > 0",
        "origin(args.to[0].mail) == 'user' && !named_by_user(args.cc)",
        "weekday(at) != 'sunday' && hour(at) in [9, 10] && date(at) >= '2026-01-01'",
        "order.address.city == 'Ulm' && keys(order.address).exists(k, k == 'city')",
        "result.customer_id == customer.id && size(record) > 0",
    ],
)
def test_accepted(text: str) -> None:
    assert text == parse_condition(text, SCOPE).text


def test_places_exist_only_where_they_do() -> None:
    """`record` and `result` are names only where the scope has them, and the hint says where that is."""
    for name in ("record", "result"):
        with pytest.raises(ConditionError) as caught:
            parse_condition(f"{name}.id == 'x'", Scope())
        assert ("unknown-name", 0, len(name)) == (
            caught.value.problems[0].code,
            caught.value.problems[0].start,
            caught.value.problems[0].end,
        )
        assert "known" in caught.value.problems[0].hint


def test_one_text_in_two_scopes() -> None:
    """A condition is remembered with its scope: what is right in one is still wrong in another."""
    text = "order.status == 'lost'"
    wide = Scope(facts=(("order", (("status", FieldType("string")),)),))
    assert text == parse_condition(text, wide).text
    for narrow in (SCOPE, Scope()):
        with pytest.raises(ConditionError):
            parse_condition(text, narrow)


@pytest.mark.parametrize("name", ["args", "at", "record", "calls", "in", "package"])
def test_no_fact_has_a_name_of_the_language(name: str) -> None:
    with pytest.raises(ValueError, match=f"no name of a fact or place: {name}"):
        Scope(facts=((name, ()),))


def test_what_is_read() -> None:
    """`outside` names what a log or a host must bring; `reads` gives paths into `Inputs`."""
    text = "args.a[0] > order.total && calls('get_order') < 2 && origin(args['to']) == 'user' && at > order.created"
    condition = parse_condition(text, SCOPE)
    assert {"order", "calls", "origin", "at"} == condition.outside
    assert [
        ("args", "a", 0), ("order", "total"), ("calls('get_order')",), ("origin(args.to)",), ("at",),
        ("order", "created"),
    ] == [read.path for read in condition.reads]  # fmt: skip
    assert frozenset() == parse_condition("args.at > 1 && tool == 'x' && args.xs.all(e, e.k == 1)").outside


# -- local time --


def files() -> dict[bytes, str]:
    """The files of the time zone database, each once however many names it has."""
    found = {}
    for name in sorted(zoneinfo.available_timezones()):
        for folder in zoneinfo.TZPATH:
            if not name.startswith(("right/", "posix/")) and (Path(folder) / name).is_file():
                found[(Path(folder) / name).read_bytes()] = name
                break
    return found


def transitions(data: bytes) -> list[int]:
    """The seconds at which a zone's own file (RFC 9636, version 2 and up) says that something changes."""
    counts = [int.from_bytes(data[20 + 4 * i : 24 + 4 * i], "big") for i in range(6)]
    isutc, isstd, leap, times_, types, chars = counts
    second = 44 + times_ * 5 + types * 6 + chars + leap * 8 + isstd + isutc
    count = int.from_bytes(data[second + 32 : second + 36], "big")
    start = second + 44
    return [int.from_bytes(data[start + 8 * i : start + 8 * i + 8], "big", signed=True) for i in range(count)]


def test_local_time_is_that_of_the_database() -> None:
    """In every zone, around every change that its file lists and at random, the compiled offsets are `zoneinfo`'s."""
    rng = random.Random(1970)
    looked = 0
    every = files()
    if not every:
        pytest.skip("the time zone database is no folder here")
    for data, name in every.items():
        zone = zoneinfo.ZoneInfo(name)
        starts, offsets = zones.offsets.__wrapped__(name)
        seconds = [at + step for at in transitions(data) for step in (-1, 0, 1)]
        seconds += [rng.randrange(zones.END_S) for _ in range(40)]
        for second in seconds:
            if 0 <= second < zones.END_S:
                there = datetime.fromtimestamp(second, UTC).astimezone(zone).utcoffset()
                assert there == timedelta(seconds=offsets[bisect_right(starts, second) - 1]), (name, second)
                looked += 1
    assert looked > 30_000


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../../etc/passwd", "", "/etc/localtime", "Europe", "a\0b"])
def test_no_zone(zone: str) -> None:
    """A zone that is none is told before any call is judged, by both engines."""
    tree = parse_condition("hour(at) > 8").tree
    with pytest.raises(AuthorError, match="no time zone"):
        decider(tree, zone)
    with pytest.raises(AuthorError, match="no time zone"):
        expression(tree, COLUMNS, zone)
