"""What is said of a call beside its arguments: checked against the policy, and saying less never loosens.

Leaves out the command line (`tests/cli/test_decide.py`).
"""

from __future__ import annotations

import json
import random
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from govern.charter.load import charter_or_raise, load, load_text
from govern.charter.model import Charter
from govern.compile.lower import lower
from govern.errors import UsageError
from govern.policy.engine import Engine
from govern.policy.given import given
from govern.policy.history import History
from govern.policy.model import Effect, FactField, Policy

ROOT = Path(__file__).parents[2]
CHARTERS = {
    "whole": "tests/charter/whole/charter.yaml",
    "retail": "charters/taubench/retail.yaml",
    "airline": "charters/taubench/airline.yaml",
    "reviewer": "charters/code-review/reviewer.yaml",
    "assistant": "charters/desk/assistant.yaml",
}
each_charter = pytest.mark.parametrize("name", CHARTERS)
Call = tuple[str, dict[str, Any], dict[str, Any]]
NOW = "2026-11-23T14:00:00Z"
KINDS = """govern: 1
agent: desk
version: 1
purpose: Tries every type of a field.
owner: lead
roles: [lead]
facts:
  f:
    from: session
    fields:
      string: string
      number: number
      integer: integer
      boolean: boolean
      timestamp: timestamp
      list: list
      object: object
      word: {enum: [paid, sent]}
      size: {enum: [1, 2.5]}
tools: {look: {tier: read_only}}
"""


@cache
def charter(name: str) -> Charter:
    return charter_or_raise(load(ROOT / CHARTERS[name]), name)


@cache
def engine(name: str) -> Engine:
    return Engine(lower(charter(name)), "Europe/Berlin")


@cache
def kinds() -> Policy:
    return lower(charter_or_raise(load_text(KINDS), "charter.yaml"))


def said(facts: str | None, policy: Policy | None = None, **more: Any) -> dict[str, Any]:
    return dict(given(History(policy or kinds()), "look", "{}", **{"facts": facts, "at": None, "first": False, **more}))


def refused(facts: str | None, **more: Any) -> UsageError:
    with pytest.raises(UsageError) as caught:
        said(facts, **more)
    return caught.value


# --- facts --------------------------------------------------------------------------------------------------


def test_facts_are_given_as_they_are() -> None:
    assert {} == said(None) == said("{}")
    assert {"f": {}} == said('{"f": {}}')
    assert {"f": {"string": "a", "number": None}} == said('{"f": {"string": "a", "number": null}}')


@pytest.mark.parametrize(
    ("facts", "message", "hint"),
    [
        ("[]", "facts are an object", "as in"),
        ("null", "facts are an object", "as in"),
        ('"f"', "facts are an object", "as in"),
        ("", "no JSON: syntax", ""),
        ("{", "no JSON: syntax", ""),
        ("{} {}", "no JSON: syntax", ""),
        ('{"f": {}, "f": {}}', "no JSON: duplicate_key", ""),
        ('{"f": {"word": "paid", "word": "sent"}}', "no JSON: duplicate_key", ""),
        ('{"f": {"word": "paid", "Word": "sent"}}', "no JSON: case_twins", ""),
        ('{"f": {"number": NaN}}', "no JSON: number", ""),
        ('{"f": {"number": 9223372036854775808}}', "no JSON: number", ""),
        ('{"f": {"string": "\\ud800"}}', "no JSON: surrogate", ""),
        ('{"g": {}}', "`g` is no fact of `desk`", "`f`"),
        ('{"F": {}}', "`F` is no fact of `desk`", "`f`"),
        ('{"args": {}}', "`args` is no fact of `desk`", "`f`"),
        ('{"at": 7}', "`at` is no fact of `desk`", "`f`"),
        ("{\"tainted('session')\": false}", "is no fact of `desk`", "`f`"),
        ('{"f": null}', "the fact `f` is an object", ""),
        ('{"f": []}', "the fact `f` is an object", ""),
        ('{"f": {"wrod": "paid"}}', "`f` has no field `wrod`", "`word`"),
        ('{"f": {"word": "payd"}}', '`f.word` is never `"payd"`', '`"paid"`'),
        ('{"f": {"word": 1}}', "`f.word` is never `1`", '`"paid"`'),
        ('{"f": {"size": true}}', "`f.size` is never `true`", "`2.5`"),
    ],
)  # fmt: skip
def test_facts_that_the_charter_does_not_know(facts: str, message: str, hint: str) -> None:
    """What would be unknown or another thing than meant is a wrong command line, and says what is right."""
    error = refused(facts)
    assert "--facts" == error.where
    assert message in error.message
    assert hint in (error.hint or "")


FITTING: dict[str, tuple[str, ...]] = {
    "string": ('"a"', '""'),
    "number": ("1", "1.5", "-2"),
    "integer": ("1", "1.0"),
    "boolean": ("true", "false"),
    "timestamp": (f'"{NOW}"',),
    "list": ("[]", "[1]"),
    "object": ("{}", '{"a": 1}'),
    "word": ('"paid"', '"sent"'),
    "size": ("1", "2.5", "1.0"),
}
VALUES = sorted({value for values in FITTING.values() for value in values})
ALSO = {("string", f'"{NOW}"'), ("string", '"paid"'), ("string", '"sent"'), ("number", "2.5"), ("number", "1.0")}


@pytest.mark.parametrize("field", FITTING)
def test_a_value_is_of_the_declared_type(field: str) -> None:
    """Null is no value, and always fits; a whole double is a whole number."""
    assert said(f'{{"f": {{"{field}": null}}}}')
    for value in VALUES:
        facts = f'{{"f": {{"{field}": {value}}}}}'
        whole = field == "integer" and value in ("-2", "1")
        if value in FITTING[field] or (field, value) in ALSO or whole:
            assert json.loads(facts) == said(facts)
        else:
            assert f"`f.{field}`" in refused(facts).message, value


def test_a_charter_without_facts() -> None:
    text = KINDS[: KINDS.index("facts:")] + KINDS[KINDS.index("tools:") :]
    bare = lower(charter_or_raise(load_text(text), "charter.yaml"))
    assert "the charter declares no facts" in (refused('{"f": {}}', policy=bare).hint or "")


# --- the time -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "ns"), [("1970-01-01T00:00:01Z", 10**9), ("1970-01-01T01:00:00+01:00", 0)])
def test_a_time_is_nanoseconds(text: str, ns: int) -> None:
    assert {"at": ns} == said(None, at=text)


@pytest.mark.parametrize(
    "text",
    ["", "now", "14:00", "2026-11-23", "2026-11-23T14:00:00", "2026-02-30T14:00:00Z", "1764", "٢026-11-23T14:00:00Z"],
)
def test_what_is_no_time(text: str) -> None:
    """Without an offset nobody knows when it is."""
    assert ("--at", f"`{text}` is no time") == ((error := refused(None, at=text)).where, error.message)


# --- the first call -----------------------------------------------------------------------------------------


def test_a_first_call_of_arguments_that_cannot_be_read() -> None:
    """Nothing is summed, nothing fails: the call is denied anyway."""
    found = engine("whole")
    for args in ("", "{", "[1]", '{"amount": 1, "amount": 2}', b"\xff"):
        known = given(found.history, "refund", args, facts=None, at=None, first=True)
        assert "exceeded('budget')" not in known
        assert known["exceeded('once')"] is False
        assert Effect.DENY is found.decide_text("refund", args, given=known).effect


def test_nothing_is_said_where_nothing_is_given() -> None:
    assert {} == said(None)
    known = given(engine("whole").history, "refund", "{}", facts=None, at=None, first=True)
    asked = {"tainted('session')", "exceeded('once')", "exceeded('org/calm')"}
    counted = {f"counter('{limit}')" for limit in ("once", "budget", "org/calm")}
    assert asked | counted | {"order"} == set(known)
    assert known["order"] is None  # nothing was looked up before the first call


# --- saying less --------------------------------------------------------------------------------------------


MORE: dict[str, list[Call]] = {  # whose scenarios are almost all denied
    "whole": [
        (
            "refund",
            {"order_id": "7", "customer_id": "C1", "amount": 20},
            {"customer": {"id": "C1"}, "order": {"customer_id": "C1", "status": "paid", "total": 80}},
        )
    ],
    "reviewer": [
        (
            "github/pull_request_review_write",
            {"method": "create", "owner": "example", "repo": "shop", "pullNumber": 7, "event": "COMMENT"},
            {"review": {"owner": "example", "repo": "shop", "number": 7}},
        )
    ],
}


def calls(name: str) -> list[Call]:
    """Tool, arguments and facts of every scenario, and a few more."""
    told = [(each.tool.name, each.args, dict(each.given)) for each in charter(name).scenarios]
    return [*told, *MORE.get(name, []) * 5]


def value(rng: random.Random, field: FactField) -> Any:
    if field.values:
        return rng.choice(field.values)
    choices: dict[str, list[Any]] = {
        "string": ["C1", "7", "example", "ana@example.org", "pending"],
        "number": [0, 20, 50.5, 80, 5000],
        "integer": [0, 1, 7, 8],
        "boolean": [True, False],
        "timestamp": [NOW, "2024-05-15T15:00:00-05:00"],
        "list": [[], ["C1"], [1, 2]],
        "object": [{}, {"id": "C1"}],
    }
    return rng.choice(choices.get(field.kind, ["C1", 1, [], {}]))


def everything(
    rng: random.Random, policy: Policy, tool: str, args: dict[str, Any], told: dict[str, Any]
) -> dict[str, Any]:
    """All that may be said of a call: its scenario's facts or random ones, a time, what a first call knows."""
    facts = {
        name: {field.name: value(rng, field) for field in fact.fields}
        for name, fact in policy.facts.items()
        if name not in told or rng.random() < 0.3
    }
    return dict(given(History(policy), tool, json.dumps(args), facts=json.dumps({**told, **facts}), at=NOW, first=True))


@each_charter
def test_saying_less_never_loosens(name: str) -> None:
    """Of each scenario's call, and of it with an argument fewer: any subset of what is known gives the same verdict
    or a stricter one."""
    found, rng = engine(name), random.Random(name)
    loosened, stricter, effects = [], 0, set()
    for tool, written, told in calls(name):
        for _ in range(25):
            args = {key: item for key, item in written.items() if rng.random() < 0.95}
            whole = everything(rng, found.policy, tool, args, told)
            full = found.decide(tool, args, given=whole)
            effects.add(full.effect)
            for _ in range(8):
                less = {key: item for key, item in whole.items() if rng.random() < 0.7}
                verdict = found.decide(tool, args, given=less)
                dropped = verdict.effect == full.effect and not {*full.gates} <= {*verdict.gates}
                if verdict.effect < full.effect or dropped:
                    loosened.append((tool, args, whole, less))
                stricter += verdict.effect > full.effect
    assert [] == loosened
    assert stricter > 20
    assert len(effects) > 1


@each_charter
def test_nothing_given_is_the_strictest(name: str) -> None:
    """No effect of any call is stricter than the one where nobody says anything."""
    found, rng = engine(name), random.Random(name)
    for tool in found.policy.tools:
        for _, args, told in calls(name):
            silent = found.decide(tool, args)
            whole = everything(rng, found.policy, tool, args, told)
            assert silent.effect >= found.decide(tool, args, given=whole).effect
