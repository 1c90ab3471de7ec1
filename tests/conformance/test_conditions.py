"""The engines of conditions are held to one table: reference, per call, bulk, and Google's runtime."""

from __future__ import annotations

import os
import random
import re
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from govern.conditions import Condition, ConditionError, parse_condition
from govern.conditions.python import decider
from govern.conditions.sql import Columns, expression, json_root
from govern.conditions.tree import Call, Has, walk
from govern.events.canonical import parse, text_of

from . import reference
from .generate import STRINGS, Conditions, arguments

HERE = Path(__file__).parent / "conditions"
REFUSED = yaml.safe_load((HERE / "refused.yaml").read_text(encoding="utf-8"))
LETTER = {True: "T", False: "F", None: "U"}
# 600 conditions on 200 argument objects are 120,000 cases; a nightly run sets more.
ARGS = Columns(json_root("args"), "args")
CONDITIONS = int(os.environ.get("GOVERN_FUZZ_CONDITIONS", "600"))
ROWS = 200


def in_bulk(con: duckdb.DuckDBPyConnection, condition: Condition) -> list[str]:
    query = f"SELECT {expression(condition.tree, ARGS)} FROM calls ORDER BY i"
    return [LETTER[row[0]] for row in con.execute(query).fetchall()]


def table_of(rows: list[dict[str, Any]]) -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    con.execute("CREATE TABLE calls (i INTEGER, args VARCHAR)")
    con.executemany("INSERT INTO calls VALUES (?, ?)", [(i, text_of(row)) for i, row in enumerate(rows)])
    return con


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case["text"])
def test_refused(case: dict[str, Any]) -> None:
    """A text that is no condition is refused at its place, in words that help."""
    if case.get("kind") == "ok":
        assert case["text"] == parse_condition(case["text"]).text
        return
    with pytest.raises(ConditionError) as caught:
        parse_condition(case["text"])
    first = caught.value.problems[0]
    assert case["at"] == first.start
    assert first.start < first.end
    assert case["says"] in f"{first.message} {first.hint}"


def test_every_problem_is_named() -> None:
    """A condition with several slips names all of them, in order."""
    with pytest.raises(ConditionError) as caught:
        parse_condition("arg.a == 1 && size(args.b) == 'x' && agnt == 'y'")
    assert [0, 14, 37] == [problem.start for problem in caught.value.problems]


def test_engines_agree() -> None:
    """Reference, per call and bulk agree row by row on random conditions and hostile arguments."""
    compared, seen = compare(seed=20261118, conditions=CONDITIONS)
    assert compared >= CONDITIONS * ROWS * 0.8
    assert {"T", "F", "U"} == set(seen)
    assert min(seen.values()) > compared * 0.08, seen


def compare(seed: int, conditions: int) -> tuple[int, dict[str, int]]:
    rng = random.Random(seed)
    rows = [arguments(rng) for _ in range(ROWS)]
    con = table_of(rows)
    writer = Conditions(rng)
    compared, seen = 0, {"T": 0, "F": 0, "U": 0}
    for _ in range(conditions):
        text = writer.text()
        try:
            condition = parse_condition(text)
        except ConditionError:
            continue
        run = decider(condition.tree)
        for args, bulk in zip(rows, in_bulk(con, condition), strict=True):
            expected = reference.evaluate(condition.tree, args)
            assert (expected, expected) == (LETTER[run({"args": args})], bulk), f"{text}\n{text_of(args)}"
            seen[expected] += 1
            compared += 1
    return compared, seen


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False).filter(lambda x: not (x.is_integer() and abs(x) > 2**53))
    | st.sampled_from(STRINGS)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "to"]), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.dictionaries(st.sampled_from(["a", "b", "to", "xs", "o"]), json_values))
def test_engines_agree_on_any_value(seed: int, args: dict[str, Any]) -> None:
    """The same on values that Hypothesis makes up and shrinks, twenty conditions for each."""
    args = parse(text_of(args))
    con = table_of([args])
    writer = Conditions(random.Random(seed))
    for _ in range(20):
        text = writer.text()
        try:
            condition = parse_condition(text)
        except ConditionError:
            continue
        expected = reference.evaluate(condition.tree, args)
        found = (LETTER[decider(condition.tree)({"args": args})], in_bulk(con, condition)[0])
        assert (expected, expected) == found, text


def test_sql_does_not_explode() -> None:
    """Text of deep and long conditions grows with their length, not exponentially."""
    long_sum = " + ".join(["args.a"] * 60) + " > 1"
    nested = "args.a" + ".filter(x, x > 1)" * 30 + ".exists(x, true)"
    choice = "args.a" + " > 1 ? true : (args.a" * 14 + " > 1" + ")" * 14
    for text in (long_sum, nested, choice):
        made = expression(parse_condition(text).tree, ARGS)
        assert len(made) < 100_000
        con = table_of([{"a": 2}, {"a": [1, 2]}, {}])
        run = decider(parse_condition(text).tree)
        assert [LETTER[run({"args": args})] for args in ({"a": 2}, {"a": [1, 2]}, {})] == in_bulk(
            con, parse_condition(text)
        )


def test_lower_is_one_function() -> None:
    """`lower` agrees with DuckDB's on every code point, one at a time and within a word."""
    from govern.conditions.values import lower

    points = [point for point in range(1, 0x110000) if not 0xD800 <= point < 0xE000]
    con = duckdb.connect()
    rows = con.execute("SELECT p, lower(chr(p)), lower('A' || chr(p) || 'Σ') FROM (SELECT unnest(?) p)", [points])
    differing = [
        point
        for point, alone, inside in rows.fetchall()
        if (lower(chr(point)), lower("A" + chr(point) + "Σ")) != (alone, inside)
    ]
    assert [] == differing


# Where Google's runtime and the table differ by intent: it truncates text at NUL, `has` of null is true in CEL,
# mixed kinds are unequal instead of unknown, arithmetic is per type instead of exact, and an int beyond 2^53 is
# rounded before it is compared with a double.
_OURS = {"lower", "list", "keys", "within", "domain", "url.host", "url.scheme", "url.path", "+", "-", "*", "neg"}


def test_google_agrees_where_it_decides() -> None:
    """Where the table says true or false and CEL has an answer, it is the same answer."""
    cel = pytest.importorskip("cel_expr_python.cel", reason="the oracle is in the extra `dev`")
    env = cel.NewEnv(variables={"args": cel.Type.DYN})
    rng = random.Random(7)
    texts = [text_of(arguments(rng)).replace("\\u0000", "") for _ in range(120)]
    rows = [parse(text) for text in texts if not re.search(r"\d{16}", text)]
    writer = Conditions(rng)
    compared = 0
    for _ in range(1500):
        text = writer.text()
        if "\\u0000" in text or "count(" in text:
            continue
        try:
            condition = parse_condition(text)
        except ConditionError:
            continue
        if any(isinstance(n, Has) or (isinstance(n, Call) and n.fn in _OURS) for n in walk(condition.tree)):
            continue
        if re.search(r"\bin\b|null|9223372036854775", text):  # equality of mixed kinds is known to CEL
            continue
        try:
            compiled = env.compile(text)
        except RuntimeError:
            # CEL's checker knows kinds of literals; what it refuses is never decided wrongly here.
            continue
        for args in rows:
            expected = reference.evaluate(condition.tree, args)
            if expected == "U":
                continue
            try:
                answer = compiled.eval(data={"args": args})
            except RuntimeError:
                continue
            if answer.type() != cel.Type.BOOL:
                continue
            assert (expected == "T") == answer.value(), f"{text}\n{text_of(args)}"
            compared += 1
    assert compared > 3000


def complaint(env: Any, text: str) -> str:
    try:
        env.compile(text)
    except RuntimeError as error:
        return str(error)
    return ""


def test_the_parser_accepts_what_google_accepts() -> None:
    """Every random condition in CEL's own vocabulary that we accept is one that Google's parser accepts."""
    cel = pytest.importorskip("cel_expr_python.cel", reason="the oracle is in the extra `dev`")
    env = cel.NewEnv(variables={"args": cel.Type.DYN})
    writer = Conditions(random.Random(11))
    checked = 0
    for _ in range(800):
        text = writer.text()
        try:
            condition = parse_condition(text)
        except ConditionError:
            continue
        ours = {"lower", "list", "keys", "within", "domain", "url.host", "url.scheme", "url.path"}
        if "count(" in text or any(isinstance(n, Call) and n.fn in ours for n in walk(condition.tree)):
            continue
        # Kinds are judged differently there (1 == 1.5 has no overload); syntax must be the same.
        assert "Syntax error" not in complaint(env, text), text
        checked += 1
    assert checked > 300
