"""The replay sidecar gives, row by row, what JSON text and one call at a time give; it is believed while whole."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from govern.conditions import Condition, ConditionError, parse_condition
from govern.conditions.sql import cells
from govern.events.canonical import parse, text_of
from govern.policy.engine import Engine
from govern.policy.model import Effect, Policy, Rule, Tier, ToolPolicy, When
from govern.policy.sql import decision_sql, truths_of
from govern.policy.verdict import FALSE, TRUE, UNCAPTURED, UNKNOWN
from govern.replay import sidecar, sidecar_shape
from govern.replay.bulk import TUNING
from govern.replay.sidecar import Sidecar, build, codes_sql, open_sidecar

from .generate import Conditions, arguments, usual_value
from .outside import INSTANTS, SCOPE, ZONES, Outside, timed_arguments

AGENT = "agent-a"
TOOLS = ["refund", "a'b", "get_order"]
ROUNDS = int(os.environ.get("GOVERN_FUZZ_POLICIES", "260")) // 40
HERE = Path(__file__).parent
Row = tuple[str, dict[str, Any]]


def policy(rules: dict[str, list[Condition]]) -> Policy:
    tools = {
        name: ToolPolicy(
            name, Tier.REVERSIBLE,
            rules=tuple(Rule(f"r{i}", When.WHEN, each, Effect.DENY, None, "x") for i, each in enumerate(conditions)),
        )
        for name, conditions in rules.items()
    }  # fmt: skip
    return Policy(AGENT, 1, "p", "lead", ("lead",), {}, tools, ())


def calls(rows: list[tuple[str | None, str | None, str | None, int | None]]) -> duckdb.DuckDBPyConnection:
    """The view `calls` of rows of tool, args, args_error and time."""
    con = duckdb.connect()
    con.execute(TUNING)
    con.execute(
        "CREATE TABLE rows (event_id INTEGER, trace_id VARCHAR, ts_ns BIGINT, agent VARCHAR, tool VARCHAR, "
        "args VARCHAR, args_error VARCHAR)"
    )
    con.executemany(
        "INSERT INTO rows VALUES (?, 't', ?, 'agent-a', ?, ?, ?)",
        [(i, at, tool, args, error) for i, (tool, args, error, at) in enumerate(rows)],
    )
    con.execute("CREATE VIEW calls AS FROM rows")
    return con


def made(con: duckdb.DuckDBPyConnection, folder: Path) -> Sidecar:
    file = folder / "source.parquet"
    file.write_bytes(b"source")
    found = build(con, "calls", [file], folder / "sidecars")
    again = open_sidecar(folder / "sidecars", [file])
    assert found == again
    found.attach(con)
    return found


def compare(found: Policy, rows: list[Row], folder: Path, *, zone: str | None = None) -> list[int]:
    """All truth values of all rows, after they were the same three times."""
    folder.mkdir(parents=True, exist_ok=True)
    times = [INSTANTS[i % len(INSTANTS)] if i % 7 else None for i in range(len(rows))]
    con = calls([(tool, text_of(args), None, times[i]) for i, (tool, args) in enumerate(rows)])
    side = made(con, folder)
    engine = Engine(found, zone)
    by_text = {row[0]: row[2:] for row in con.execute(decision_sql(found, zone=zone)).fetchall()}
    query = codes_sql(side, found, keep=("event_id",), zone=zone)
    by_column = {row[0]: (row[1], row[2:]) for row in con.execute(query).fetchall()}
    seen: list[int] = []
    assert len(rows) == len(by_column) == len(by_text)
    for index, (tool, args) in enumerate(rows):
        given = {} if times[index] is None else {"at": times[index]}
        alone = engine.recorded_truths(tool, args, given)
        assert tool == by_column[index][0]
        many = truths_of(by_column[index][1], found.tools[tool])
        asked = found.tools[tool].conditions
        for place, condition in enumerate(asked):
            assert alone[place] == many[place], f"{condition.text}\n{text_of(args)}\n{zone}"
        assert alone == truths_of(by_text[index], found.tools[tool])
        seen += alone
    con.close()
    return seen


def some(rng: random.Random, writer: Conditions, count: int) -> list[Condition]:
    found: list[Condition] = []
    while len(found) < count:
        try:
            found.append(parse_condition(writer.text(), SCOPE))
        except ConditionError:
            continue
    return found


def regular(rng: random.Random) -> dict[str, Any]:
    """What one tool's calls usually look like: the same keys, with lists of objects, seldom something else."""
    made = {key: usual_value(rng, key) for key in ("a", "b", "to", "xs", "o") if rng.random() < 0.95}
    made["xs"] = [
        {key: usual_value(rng, key) for key in ("a", "to") if rng.random() < 0.9} for _ in range(rng.choice([0, 1, 3]))
    ]
    if rng.random() < 0.06:
        made[rng.choice(["a", "b", "to", "xs", "o"])] = rng.choice(
            [None, "x", 5, 2.5, True, [], {}, [1, "x", None], {"a": {"b": 1}}]
        )
    return made


def fuzz(seed: int, folder: Path, rounds: int) -> list[int]:
    rng = random.Random(seed)
    seen: list[int] = []
    shapes: list[Callable[[random.Random], dict[str, Any]]] = [arguments, regular]
    for round_ in range(rounds):
        writer = Outside(rng) if round_ % 2 else Conditions(rng)
        found = policy({tool: some(rng, writer, rng.choice([5, 20, 40])) for tool in TOOLS})
        shape = {tool: shapes[(round_ + index) % 2] for index, tool in enumerate(TOOLS)}
        chosen = [rng.choice(TOOLS) for _ in range(240)]
        rows = [(tool, timed_arguments(rng, shape[tool](rng)) if round_ % 2 else shape[tool](rng)) for tool in chosen]
        seen += compare(found, rows, folder / str(round_), zone=rng.choice(ZONES))
    return seen


def test_three_ways_agree(tmp_path: Path) -> None:
    """Random conditions on regular and on hostile arguments: columns, text and one call at a time, row by row."""
    seen = fuzz(41, tmp_path, max(6, ROUNDS))
    assert {FALSE, UNKNOWN, TRUE, UNCAPTURED} == set(seen)
    assert min(seen.count(FALSE), seen.count(TRUE), seen.count(UNKNOWN)) > len(seen) * 0.05


@pytest.mark.parametrize("cases", ["traps.yaml", "conditions/outside.yaml"])
def test_shared_cases(cases: str, tmp_path: Path) -> None:
    """Every case of the shared tables, each alone and amid calls of another shape, has one answer in all three."""
    listed = [case for case in yaml.safe_load((HERE / cases).read_text(encoding="utf-8")) if "condition" in case]
    assert len(listed) > 50
    rules: dict[str, list[Condition]] = {}
    rows: list[Row] = []
    for index, case in enumerate(listed):
        condition, args = parse_condition(case["condition"], SCOPE), parse(case.get("args", "{}"))
        rules[f"alone{index}"] = rules[f"amid{index}"] = [condition]
        rows.append((f"alone{index}", args))
        odd: list[Any] = [None, 5, "x", [{"a": 1}, None, "x"], {"a": {"a": [1]}, "b": None}, True, 0.5, [], {}]
        rows += [(f"amid{index}", args), *((f"amid{index}", {"a": value, "xs": value, "o": value}) for value in odd)]
    compare(policy(rules), rows, tmp_path)


ODD: list[dict[str, Any]] = [
    {},
    {"": 1, "*": {"a": 2}, "a.b": {"c": 3}, 'a"b': 4, "ключ": {"ключ": "x"}, "0": {"0": 5, "-": 6, "a": 7}},
    {"a": 2**63 - 1, "b": -(2**63), "o": {"n": 2**53 + 1, "m": 9.223372036854776e18}},
    {"a": [[1, [2]], [], [[]]], "o": {"p": {"q": {"r": {"s": {"t": 1}}}}}},
    {"a": [], "b": {}, "o": {"p": []}, "xs": [{}]},
    {"xs": [{"a": 1, "b": [1]}, {"a": "x", "c": {"d": 1}}, None, 5]},
    {"xs": [{"a": 1.5}, {"a": None}, {}]},
    {"xs": ["a", None, "x\u0000y", "\u2028", '"', "\\", "😀"]},
    {"xs": [1, 2.5, None]},
    {"o": "text"},
    {"o": None},
    {"o": {"p": "text"}},
    {"o": {"p": None}},
    {"o": ["text"]},
    {"a": 'x\u0000"\\\n', "b": True},
    {"a": -0.5, "b": 1e300},
    {"A": 1},
    {"a": {"0": 1}},
    {"a": [7]},
]
ASKED = [
    "args.a > 1", "args.a == args.b", "args.b == true", "has(args.o.p)", "has(args.o.p.q)", "args.o.p.q.r.s.t == 1",
    "args['*'].a == 2", "args['a.b'].c == 3", "args['a\"b'] == 4", "args['ключ']['ключ'] == 'x'", "args['0']['0'] == 5",
    "args['0']['-'] == 6", "args[''] == 1", "size(args) > 2", "keys(args).exists(k, k == 'xs')", "size(args.o) == 1",
    "args.a == 9223372036854775807", "args.o.n == 9007199254740993", "args.o.m > 9223372036854775807",
    "args.b < -9223372036854775807", "args.xs.all(x, x.a > 1)", "args.xs.exists(x, x.c.d == 1)", "args.xs[0].a == 1",
    "args.xs.exists(x, has(x.a))",
    "args.xs.exists(x, x == null)", "list(args.xs).all(x, x != 'a')", "size(args.xs) == 0",
    "'x\\u0000y' in args.xs", "2.5 in args.xs", "args.xs.filter(x, x.a > 0).exists(x, x.b[0] == 1)",
    "args.xs[1] == null",
    "count(args.xs, x, x == 'a') == 1", "args.a[0][1][0] == 2", "args.a + 1 > 0", "args.a * args.b > 1",
    "size(args.a) == 3",
    "list(args.o.p).all(x, x == 1)", "has(args.nothing)", "has(args.o.nothing)",
    "args.nothing.all(x, x == 1)", "args.A == 1",
    "has(args.xs[0].a)", "has(args.xs[7].a)", "args.a['0'] == 1", "args.xs.exists(x, args.o.p == x)",
    "args.xs.all(x, x.b.all(y, y == 1))", "args.xs[0] == args.xs[1]", "args.a != null", "args.xs == args.o",
]  # fmt: skip


def test_odd_shapes(tmp_path: Path) -> None:
    """Keys like `*`, huge whole numbers, nested and mixed lists, empty objects: alone in their tool, and all in one."""
    asked = [parse_condition(text) for text in ASKED]
    rows = [("all", args) for args in ODD] + [(f"t{index}", args) for index, args in enumerate(ODD)]
    seen = compare(policy({tool: asked for tool, _ in rows}), rows, tmp_path)
    assert {FALSE, UNKNOWN, TRUE} == set(seen)


def test_more_places_than_columns(tmp_path: Path) -> None:
    """Places beyond the bound, and structures beyond theirs, are read from the text, with the same result."""
    wide = {f"k{index}": index if index % 2 else {"x": index} for index in range(300)}
    asked = [parse_condition(f"args.k{index} > 100 || has(args.k{index + 1}.x)") for index in range(0, 299, 7)]
    rows = [("wide", wide), ("wide", {**wide, "k7": "x", "k8": None}), ("wide", {})]
    compare(policy({"wide": asked}), rows, tmp_path)


def test_too_many_structures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tool whose calls are all built differently is taken for untyped, with the same result."""
    monkeypatch.setattr(sidecar, "MAX_STRUCTURES", 3)
    fuzz(43, tmp_path, 3)


def test_what_cannot_be_judged_is_kept_apart(tmp_path: Path) -> None:
    """Calls without arguments, or with what is no object, are no rows of a tool; which is which is told."""
    con = calls([
        ("a", '{"a":1}', None, 5), ("a", None, None, 5), ("a", None, "syntax", 5), ("a", '{"a":1}', "twins", 5),
        ("a", "[1]", None, 5), ("a", "{", None, 5), ("a", "", None, 5),
        (None, '{"a":2}', None, 5), ("b", "{}", None, None),
    ])  # fmt: skip
    side = made(con, tmp_path)
    found = policy({"a": [parse_condition("args.a == 1")]})
    rows = con.execute(codes_sql(side, found, keep=("event_id", "agent", "ts_ns"))).fetchall()
    assert {(0, AGENT, 5, "a", 2), (7, AGENT, 5, None, 0), (8, AGENT, None, "b", 0)} == set(rows)
    rest = con.execute("SELECT event_id, uncaptured FROM gv_sidecar.rest ORDER BY event_id").fetchall()
    assert [(1, True), (2, False), (3, False), (4, False), (5, False), (6, False)] == rest


def test_inputs_beside(tmp_path: Path) -> None:
    """What the history says comes from a table beside; a call that is not in it was not captured."""
    con = calls([("a", '{"a":1}', None, 5), ("a", '{"a":1}', None, 5), ("a", '{"a":1}', None, 5)])
    side = made(con, tmp_path)
    con.execute("CREATE TABLE history AS SELECT * FROM (VALUES (0, 2::TINYINT), (1, 1::TINYINT)) h(event_id, named)")
    found = policy({"a": [parse_condition("named_by_user(args.a) && args.a == 1")]})
    query = codes_sql(side, found, keep=("event_id",), given={"named_by_user(args.a)": "named"}, beside="history")
    assert [(0, "a", TRUE), (1, "a", UNKNOWN), (2, "a", UNCAPTURED)] == sorted(con.execute(query).fetchall())


# -- a fault is caught --


def faults() -> list[tuple[str, Any, str, Any]]:
    columns = sidecar_shape._columns
    return [
        ("a column is never filled", sidecar_shape, "_columns",
         lambda *of: [(name, "NULL::DOUBLE" if name == "d" else sql) for name, sql in columns(*of)]),
        ("what has no column is taken for filled", sidecar_shape, "_columns",
         lambda *of: [(name, "NULL::VARCHAR" if name == "s" else sql) for name, sql in columns(*of)]),
        ("missing is absent, whatever stands above", sidecar_shape, "_missing", lambda above: "0"),
        ("lists are not filled", sidecar_shape, "_list", lambda slot, place: "NULL::STRUCT(k UTINYINT)[]"),
        ("every object has only the known fields", cells.Cell, "_empty", lambda self, passing: self),
    ]  # fmt: skip


@pytest.mark.parametrize("fault", faults(), ids=lambda fault: fault[0])
def test_a_planted_fault_is_caught(
    fault: tuple[str, Any, str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Trap 27: a column that was not filled and is read all the same makes the comparison fail."""
    _, place, name, wrong = fault
    monkeypatch.setattr(place, name, wrong)
    with pytest.raises((AssertionError, duckdb.Error)):
        fuzz(41, tmp_path, 6)


# -- what is believed --


def stored(folder: Path) -> tuple[Path, Path, Path]:
    source = folder / "source.parquet"
    source.write_bytes(b"one")
    con = calls([("a", text_of({"a": index, "to": f"x{index}" * 20}), None, 5) for index in range(5000)])
    side = build(con, "calls", [source], folder / "sidecars")
    con.close()
    assert side == open_sidecar(folder / "sidecars", [source])
    return source, folder / "sidecars", side.file


def test_a_changed_source_is_stale(tmp_path: Path) -> None:
    """Other content, though of the same size and with its time put back, and other files: not the same source."""
    source, folder, _ = stored(tmp_path)
    before = source.stat()
    source.write_bytes(b"two")
    os.utime(source, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert open_sidecar(folder, [source]) is None
    source.write_bytes(b"one")
    assert open_sidecar(folder, [source]) is not None
    other = tmp_path / "other.parquet"
    other.write_bytes(b"one")
    assert open_sidecar(folder, [other]) is None
    assert open_sidecar(folder, [source, other]) is None


def test_a_source_is_read_again_only_if_it_may_differ(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What has the times and the size that were recorded is not read, unless it had just changed then."""
    monkeypatch.setattr(sidecar, "_SETTLED_NS", 0)
    source, folder, _ = stored(tmp_path)
    read: list[str] = []
    digest = sidecar._digest
    monkeypatch.setattr(sidecar, "_digest", lambda path: (read.append(path), digest(path))[1])
    assert open_sidecar(folder, [source]) is not None
    assert [] == read
    source.touch()
    assert open_sidecar(folder, [source]) is not None
    assert [str(source.resolve())] == read


def test_a_broken_sidecar_is_not_believed(tmp_path: Path) -> None:
    """None, an empty one, a truncated one, another version, something else: there is none."""
    source, folder, file = stored(tmp_path)
    whole = file.read_bytes()
    for broken in (b"", b"text", whole[: len(whole) // 2], whole[:4096], b"\0" * len(whole)):
        file.write_bytes(broken)
        assert open_sidecar(folder, [source]) is None
    file.write_bytes(whole)
    with duckdb.connect(str(file)) as con:
        con.execute("UPDATE meta SET version = version + 1")
    assert open_sidecar(folder, [source]) is None
    file.write_bytes(whole)
    with duckdb.connect(str(file)) as con:
        con.execute("DELETE FROM t0 WHERE event_id = 7")
    assert open_sidecar(folder, [source]) is None
    file.unlink()
    assert open_sidecar(folder, [source]) is None


def test_a_changed_byte_is_told(tmp_path: Path) -> None:
    """A block that does not fit its checksum ends the query; no row of it is given."""
    source, folder, file = stored(tmp_path)
    whole = file.read_bytes()
    found = policy({"a": [parse_condition("args.a > 2500 && size(args.to) > 1")]})
    told = 0
    for at in range(12288 + 4096, len(whole), 40_009):
        file.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        side = open_sidecar(folder, [source])
        if side is None:
            told += 1
            continue
        con = duckdb.connect()
        try:
            side.attach(con)
            rows = con.execute(codes_sql(side, found, keep=("event_id",))).fetchall()
            assert {(i, "a", TRUE if i > 2500 else FALSE) for i in range(5000)} == set(rows)  # an unused part
        except (duckdb.Error, sidecar.EnvironmentFailed):
            told += 1
        finally:
            con.close()
    assert told > 0


def test_building_again_replaces_and_leaves_nothing(tmp_path: Path) -> None:
    """One file a source, and none half made, also where building failed."""
    source, folder, file = stored(tmp_path)
    con = calls([("a", '{"a":1}', None, 5)])
    assert file == build(con, "calls", [source], folder).file
    with pytest.raises(duckdb.Error):
        build(con, "no_such_view", [source], folder)
    assert [file.name] == [each.name for each in folder.iterdir()]
    again = open_sidecar(folder, [source])
    assert again is not None
    assert [1] == [table.rows for table in again.tables]
