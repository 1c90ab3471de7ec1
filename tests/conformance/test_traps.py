"""Every measured trap is a named case, held by each implementation that it concerns.

`traps.yaml` has the rows that one call shows. What takes many rules or the plan of a query has a test here named by its
number, what takes what came before one in `test_traps_history`; together they are 1 to 38.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from govern.audit import read, store
from govern.conditions import parse_condition
from govern.conditions.python import decider
from govern.conditions.sql import Columns, expression, json_root
from govern.events.canonical import Malformed, digest, load, parse, text_of
from govern.events.model import Event, EventType, Fidelity
from govern.ingest import read as read_logs
from govern.policy.document import sealed
from govern.policy.engine import Engine
from govern.policy.model import Effect, Policy, Rule, Tier, ToolPolicy, When
from govern.policy.sql import code_columns, decision_sql, truths_of
from govern.policy.verdict import FALSE, TRUE, UNKNOWN
from govern.replay import bulk, stream
from govern.replay.groups import Key, Kind, Policies, Replayed

from . import reference, test_traps_history

ROWS: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "traps.yaml").read_text(encoding="utf-8"))
LETTER = {True: "T", False: "F", None: "U"}
TRUTH = {"T": TRUE, "F": FALSE, "U": UNKNOWN}
AGENT = "agent-a"
LAST = 38


def of(*keys: str) -> list[Any]:
    """The rows that have a key, as parameters with the trap's name."""
    return [
        pytest.param(row, id=f"trap-{row['trap']:0>2}-{index}")
        for index, row in enumerate(ROWS)
        if any(key in row for key in keys)
    ]


def text(row: dict[str, Any]) -> str:
    """The arguments as a call brings them."""
    deep = row.get("nested", 0)
    return str(row["args"]).replace("$", "[" * deep + "]" * deep) if deep else str(row["args"])


# -- one call ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("row", of("condition"))
def test_condition(row: dict[str, Any]) -> None:
    """A condition has its value in the reference, per call and in SQL."""
    assert (row["expect"],) * 3 == (*one_by_one(row), in_sql(duckdb.connect(), row))


def one_by_one(row: dict[str, Any]) -> tuple[str, str]:
    args, condition = parse(text(row)), parse_condition(row["condition"])
    return reference.evaluate(condition.tree, args), LETTER[decider(condition.tree)({"args": args})]


def in_sql(con: duckdb.DuckDBPyConnection, row: dict[str, Any]) -> str:
    made = expression(parse_condition(row["condition"]).tree, Columns(json_root("args"), "args"))
    found = con.execute(f"SELECT {made} FROM (SELECT CAST(? AS VARCHAR) AS args)", [text_of(parse(text(row)))])
    return LETTER[found.fetchall()[0][0]]


def hold_all() -> None:
    """Every condition of the table at once, for those who plant faults."""
    rows = [row for row in ROWS if "condition" in row]
    for row in rows:
        assert (row["expect"],) * 2 == one_by_one(row), row
    con = duckdb.connect()
    for row in rows:
        assert row["expect"] == in_sql(con, row), row


@pytest.mark.parametrize("row", of("refused"))
def test_refused(row: dict[str, Any]) -> None:
    """What two readers could understand differently has no canonical form, and a call with it is denied."""
    with pytest.raises(Malformed) as caught:
        parse(text(row))
    assert row["refused"] == caught.value.code
    verdict = Engine(policy()).decide_text("plain", text(row))
    assert (Effect.DENY, ("invalid_input",)) == (verdict.effect, verdict.reasons)


@pytest.mark.parametrize("row", of("canonical"))
def test_canonical(row: dict[str, Any]) -> None:
    """The text of arguments, which is what is hashed, is one."""
    made = text_of(parse(text(row)))
    assert (row["canonical"], digest(row["canonical"])) == (made, digest(made))
    assert made == text_of(parse(made))


@pytest.mark.parametrize("row", of("schema"))
def test_schema(row: dict[str, Any]) -> None:
    """An input schema judges as the standard says, by the one validator: the call is denied or stays autonomous."""
    verdict = Engine(policy()).decide_text(tool(row), text(row))
    assert ("allow" if row["valid"] else "deny") == verdict.effect.label
    assert row["valid"] or verdict.reasons == ("invalid_input",)


# -- all of them in one log ----------------------------------------------------------------------------


def tool(row: dict[str, Any]) -> str:
    """A tool for each condition and each schema, so that odd shapes meet in one column."""
    return f"{row['condition']}" if "condition" in row else str(row.get("schema", "plain"))


@cache
def policy() -> Policy:
    """A rule for each condition that denies unless it is false; each schema has a tool of its own."""
    tools = {"plain": ToolPolicy("plain", Tier.REVERSIBLE)}
    for row in ROWS:
        name = tool(row)
        if "condition" in row:
            rules = (Rule("r", When.WHEN, parse_condition(row["condition"]), Effect.DENY, None, "because"),)
            tools[name] = ToolPolicy(name, Tier.REVERSIBLE, rules=rules)
        elif "schema" in row:
            tools[name] = ToolPolicy(name, Tier.REVERSIBLE, schema=text_of(parse(row["schema"])))
    return sealed(Policy(AGENT, 1, "p", "owner", ("owner",), {}, tools, ()))


@dataclass(frozen=True)
class Log:
    """All rows as one imported log, in a store.

    Args:
        events: by the index of the row, and how the arguments stood: as a text, or as JSON.
    """

    folder: Path
    events: dict[tuple[int, str], Event]


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Log:
    """A log with each row's call twice: its arguments as a text, and as JSON of the line where they are some."""
    folder = tmp_path_factory.mktemp("traps")
    (folder / "log.jsonl").write_text("".join(lines()), encoding="utf-8")
    events: dict[tuple[int, str], Event] = {}
    for item in read_logs([str(folder / "log.jsonl")]):
        if isinstance(item, Event):
            index, form = item.trace_id.split("-")
            events[int(index), form] = item
    store.write(iter(events.values()), folder / "store")
    return Log(folder / "store", events)


def lines() -> Iterator[str]:
    for index, row in enumerate(ROWS):
        for form in ("text", "json"):
            if form == "json" and not readable(text(row)):
                continue
            args = f'"args_text":{json.dumps(text(row))}' if form == "text" else f'"args":{text(row)}'
            called = f'"type":"tool_call","agent":"{AGENT}","tool":{json.dumps(tool(row))}'
            place = f'"event_id":"{index}-{form}","trace_id":"{index}-{form}","writer_id":"w","wseq":{2 * index}'
            yield f"{{{place},{called},{args}}}\n"


def readable(args: str) -> bool:
    """Whether the arguments can stand in a line as an object: JSON, whatever its meaning."""
    try:
        return "\n" not in args and isinstance(load(args), dict)
    except Malformed as error:
        return error.code == "depth"


def test_every_call_is_an_event(log: Log) -> None:
    """None is dropped: what is refused is kept with the code of the refusal and the text as it stood."""
    assert {(index, "text") for index in range(len(ROWS))} == {key for key in log.events if key[1] == "text"}
    assert len(list(lines())) == len(log.events)
    for (index, form), event in log.events.items():
        row = ROWS[index]
        if "refused" not in row:
            assert (text_of(parse(text(row))), None) == (event.args, event.args_error), row
            continue
        assert event.args is None
        assert event.args_error is not None
        assert row["refused"] == event.args_error.partition(":")[0], row
        if form == "text":
            assert (text(row), Fidelity.VERBATIM) == (event.content, event.fidelity)
        elif row.get("nested"):  # what is too deep to be taken out of its line may be cut, and says so
            assert (Fidelity.TRUNCATED, True) == (event.fidelity, bool(event.content))
        else:  # a part of a line is written again, with every key and number as it stood
            assert (said(text(row)), Fidelity.RESERIALISED) == (said(event.content), event.fidelity)


def said(args: str) -> Any:
    """JSON as it stands: twins of keys are two, numbers are what was written."""
    return json.loads(args, object_pairs_hook=tuple, parse_int=str, parse_float=str, parse_constant=str)


def test_both_replays_of_them_agree(log: Log) -> None:
    """One row aborts no query: event by event and in SQL, every trap has its kind, truth value and verdict."""
    judges = Policies({AGENT: policy()})
    expected = Counter(key(ROWS[index]) for index, _ in log.events)
    one = stream.replay(read.read_events(log.folder), judges)
    many = bulk.replay(read.open_events(log.folder), judges)
    for found in (one, many):
        assert expected == calls(found)
        for each in found.groups:
            judged = judges.judge(each)
            assert judged is not None
            assert judged.decided
            assert label(each) == judged.label
            assert ("invalid_input" in judged.strictest.reasons) == (each.kind is Kind.MALFORMED or not each.valid)
    assert len(expected) > 100


def key(row: dict[str, Any]) -> tuple[str, Kind, bool, tuple[int, ...]]:
    if "refused" in row:
        return "plain", Kind.MALFORMED, True, ()
    truths = (TRUTH[row["expect"]],) if "condition" in row else ()
    return tool(row), Kind.JUDGED, row.get("valid", True), truths


def calls(found: Replayed) -> Counter[tuple[str, Kind, bool, tuple[int, ...]]]:
    counted: Counter[tuple[str, Kind, bool, tuple[int, ...]]] = Counter()
    for each, seen in found.groups.items():
        counted[each.tool, each.kind, each.valid, each.truths] += seen.calls
    return counted


def label(each: Key) -> str:
    denied = each.kind is Kind.MALFORMED or not each.valid or (each.truths and each.truths != (FALSE,))
    return "deny" if denied else "allow"


# -- many rules, and the plan of a query -----------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 16, 17, 31, 32, 33, 62, 63, 200])
def test_trap_36_codes_do_not_overflow(count: int) -> None:
    """Rules of one tool keep their own truth values, however many there are."""
    rules = tuple(
        Rule(f"r{i}", When.WHEN, parse_condition(f"args.n == {i} || args.u == {i}"), Effect.DENY, None, "because")
        for i in range(count)
    )
    found = sealed(Policy(AGENT, 1, "p", "o", ("o",), {}, {"t": ToolPolicy("t", Tier.REVERSIBLE, rules=rules)}, ()))
    rows = [{"n": i, "u": -1} for i in range(-1, count)] + [{"n": count - 1}, {"n": "x", "u": 1}, {}]
    con = duckdb.connect()
    con.execute("CREATE TABLE calls (event_id INTEGER, tool VARCHAR, args VARCHAR)")
    con.executemany("INSERT INTO calls VALUES (?, 't', ?)", [(i, text_of(row)) for i, row in enumerate(rows)])
    answered = con.execute(decision_sql(found)).fetchall()
    engine = Engine(found)
    assert len(rows) == len(answered)
    for index, _, *codes in answered:
        truths = truths_of(tuple(codes[: code_columns(found)]), found.tools["t"])
        assert engine.truths("t", rows[index]) == truths
        if rows[index].get("u") == -1:
            assert tuple(TRUE if i == rows[index]["n"] else FALSE for i in range(count)) == truths
            assert (() if rows[index]["n"] < 0 else (f"r{rows[index]['n']}",)) == engine.decide("t", rows[index]).rules


class Watched:
    """A connection that keeps the plans of the queries that judge."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self._con = con
        self.plans: list[dict[str, Any]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._con, name)

    def execute(self, query: str, *given: Any) -> Any:
        if "json_extract(args" in query and "code0" in query and query.lstrip().startswith(("SELECT", "WITH")):
            row = self._con.execute(f"EXPLAIN (FORMAT json) {query}", *given).fetchall()[0]
            self.plans += json.loads(row[1])
        return self._con.execute(query, *given)


def projections(plan: dict[str, Any]) -> list[list[str]]:
    """What each projection of a plan gives, from the top."""
    given = plan.get("extra_info", {}).get("Projections", []) if plan["name"] == "PROJECTION" else []
    below = [made for child in plan["children"] for made in projections(child)]
    return [[given] if isinstance(given, str) else given, *below]


def test_trap_37_extraction_stands_alone() -> None:
    """The replay's query takes the arguments out of the text in a projection of their own, once a row, below the one
    that has the codes."""
    rules = tuple(
        Rule(f"r{i}", When.WHEN, parse_condition(f"args.{key} > {i} || args.{key} == 'x'"), Effect.DENY, None, "x")
        for i, key in enumerate("abc")
    )
    found = sealed(Policy(AGENT, 1, "p", "o", ("o",), {}, {"t": ToolPolicy("t", Tier.REVERSIBLE, rules=rules)}, ()))
    plain = duckdb.connect()
    events = [
        Event(event_id=f"{i}", trace_id=f"{i % 7}", type=EventType.TOOL_CALL, writer_id="w", wseq=i, agent=AGENT,
              tool="t", args='{"a":1,"b":2,"c":3}', ts_ns=i)
        for i in range(100)
    ]  # fmt: skip
    plain.register("kept", store.schema.table(events))
    plain.execute("CREATE TABLE events AS SELECT * FROM kept")
    watched = Watched(plain)
    replayed = bulk.replay(watched, Policies({AGENT: found}))  # type: ignore[arg-type]
    assert 100 == replayed.calls
    assert watched.plans
    for plan in watched.plans:
        made = projections(plan)
        places = [depth for depth, given in enumerate(made) if "gv_places" in given]
        codes = [depth for depth, given in enumerate(made) if "code0" in given]
        assert places
        assert all("code0" not in made[depth] for depth in places)
        assert max(codes) < min(places)
    merged = "SELECT tool, CASE WHEN (json_extract(args, ['/a']))[1] = '1' THEN 1 ELSE 0 END AS code0 FROM events"
    watched.plans.clear()
    watched.execute(merged)
    assert all("gv_places" not in given for plan in watched.plans for given in projections(plan))


def test_every_trap_has_a_case() -> None:
    """Rows 1 to 38, none missing, none that is not there."""
    by_row = {row["trap"] for row in ROWS if isinstance(row["trap"], int)}
    names = [*globals(), *vars(test_traps_history)]
    by_name = {int(name.split("_")[2]) for name in names if name.startswith("test_trap_")}
    assert set(range(1, LAST + 1)) == by_row | by_name
