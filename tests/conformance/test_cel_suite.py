"""The published conformance cases of CEL against the three evaluators of conditions.

A case agrees in every form that can be written, in the reference, per call and in SQL; or it is outside the
language, for a reason that `cel.yaml` has with its count; or `cel.yaml` states how the answer differs, and why.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import yaml

from govern.conditions import ConditionError, parse_condition
from govern.conditions.python import decider
from govern.conditions.sql import Columns, expression, json_root
from govern.events.canonical import text_of

from . import reference
from .suites.cel_cases import Case, Outside, cases
from .suites.cel_forms import Form, forms
from .suites.packed import members, needs_corpus

pytestmark = needs_corpus

STATED = yaml.safe_load((Path(__file__).parent / "suites" / "cel.yaml").read_text(encoding="utf-8"))
LETTER = {True: "T", False: "F", None: "U"}
ARGS = Columns(json_root("args"), "args")


@cache
def published() -> dict[str, Case]:
    """Every case by its id; of a name that stands twice in a section the second has a number."""
    found: dict[str, Case] = {}
    for case in cases(members("cel_spec_simple.tar.zst")):
        name, count = case.id, 2
        while name in found:
            name, count = f"{case.id}#{count}", count + 1
        found[name] = case
    return found


@cache
def written() -> tuple[dict[str, list[list[Form]]], dict[str, str]]:
    """The forms of every case that has some, and why the others have none."""
    inside: dict[str, list[list[Form]]] = {}
    outside: dict[str, str] = {}
    for name, case in published().items():
        try:
            inside[name] = forms(case)
        except Outside as reason:
            outside[name] = str(reason)
        except ConditionError as error:
            outside[name] = f"{error.problems[0].code}: {error.problems[0].message}"
    return inside, outside


@cache
def answers() -> dict[str, list[tuple[Form, str, str, str]]]:
    """Every condition of every case with the answers of the reference, the per-call engine and SQL."""
    con = duckdb.connect()
    return {name: [judged(con, each) for form in found for each in form] for name, found in written()[0].items()}


def judged(con: duckdb.DuckDBPyConnection, form: Form) -> tuple[Form, str, str, str]:
    tree = parse_condition(form.text).tree
    query = f"SELECT {expression(tree, ARGS)} FROM (SELECT CAST(? AS VARCHAR) AS args)"
    row = con.execute(query, [text_of(form.args)]).fetchone()
    assert row is not None
    return form, reference.evaluate(tree, form.args), LETTER[decider(tree)({"args": form.args})], LETTER[row[0]]


def differing() -> dict[str, set[str]]:
    """The answers where they are not what is published, by case."""
    found = {name: {one for form, one, *_ in rows if one != form.expect} for name, rows in answers().items()}
    return {name: letters for name, letters in found.items() if letters}


def test_the_three_agree_on_every_case() -> None:
    """Whatever the suite expects, reference, per call and SQL give one answer."""
    assert [] == [row for rows in answers().values() for row in rows if len(set(row[1:])) > 1]


def test_every_difference_is_stated() -> None:
    """The cases that are answered otherwise than published are exactly those of `cel.yaml`, each with the answer
    that it states."""
    stated = {name: {row["answer"]} for row in STATED["differences"] for name in row["cases"]}
    assert sum(len(row["cases"]) for row in STATED["differences"]) == len(stated)
    assert stated == differing()
    assert all(row["because"] for row in STATED["differences"])


def test_every_case_outside_has_a_reason() -> None:
    """A case that no condition can express falls under exactly one reason, and each reason has the stated count."""
    found = Counter[str]()
    for name, refusal in written()[1].items():
        reasons = [row["reason"] for row in STATED["outside"] if re.search(row["says"], refusal)]
        assert 1 == len(reasons), f"{name}: {refusal}: {reasons}"
        found[reasons[0]] += 1
    assert {row["reason"]: row["cases"] for row in STATED["outside"]} == found


def test_counts() -> None:
    """The suite is whole, most of what can be written was evaluated, and every case is in one class."""
    inside, outside = written()
    wrong = differing()
    counts = {
        "cases": len(published()),
        "agree": len(inside) - len(wrong),
        "differ as stated": len(wrong),
        "outside": len(outside),
        "conditions evaluated": sum(len(rows) for rows in answers().values()),
        "expecting": dict(Counter(form.expect for rows in answers().values() for form, *_ in rows)),
    }
    print(f"\nCEL conformance: {counts}")
    assert STATED["counts"] == {name: counts[name] for name in STATED["counts"]}
    assert counts["cases"] == counts["agree"] + counts["differ as stated"] + counts["outside"]


def test_a_difference_is_never_looser_by_error() -> None:
    """Where CEL fails, the answer is unknown: but for the stated ranges of unsigned numbers, nothing that fails
    there is true or false here."""
    stated = {name for row in STATED["differences"] if row["answer"] != "U" for name in row["cases"]}
    loose = {
        name for name, rows in answers().items() if any(form.expect == "U" and one != "U" for form, one, *_ in rows)
    }
    assert stated == loose


def test_the_words_of_the_forms() -> None:
    """What a case becomes, on a sample: names, literals, untyped values and errors."""

    def texts(expression: str, value: Any) -> list[str]:
        return [each.text for form in forms(Case("x", expression, value, ())) for each in form]

    assert ["(1 + 2) == 3", "(1 + 2) != 3"] == texts("1 + 2", ("int64_value", "3"))[:2]
    assert ["args.v0.a == 1", "!(args.v0.a == 1)"] == texts("{'a': 1}.a == 1", ("bool_value", "true"))[:2]
    assert ["args.v0 == args.v1"] == texts("dyn(1u) == dyn('a')", None)[:1]
    assert ["args.v0[7]", "args.v0[7]"] == texts("[1, 2][7]", None)
