"""Input schemas in Rego, against the validator of the per-call engine: valid here is valid there."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from tests.conformance.suites.packed import needs_corpus
from tests.conformance.test_json_schema_suite import groups

from govern.charter.schema import closed
from govern.compile.backends import rego
from govern.errors import AuthorError
from govern.events.canonical import Malformed, check, normalise, text_of
from govern.policy.document import sealed
from govern.policy.engine import Engine
from govern.policy.model import Policy, Tier, ToolPolicy
from govern.policy.schema import validator
from govern.policy.schema_tree import moved

from .rego_engines import ENGINES, REGOPY, REGORUS
from .rego_engines import Engine as Rego

any_engine = pytest.mark.parametrize("engine", ENGINES, ids=lambda engine: engine.name)


def policy_of(schemas: dict[str, Any]) -> Policy:
    """A policy of autonomous tools, each with an input schema."""
    tools = {name: ToolPolicy(name, Tier.READ_ONLY, schema=text_of(schema)) for name, schema in schemas.items()}
    return sealed(Policy("a", 1, "p", "o", ("o",), {}, tools, ()))


def argument(schema: Any) -> dict[str, Any]:
    """The schema of arguments whose `v` satisfies a schema."""
    held = moved(schema, "/properties/v")
    return {"type": "object", "required": ["v"], "properties": {"v": held}, "additionalProperties": False}


def usable() -> Iterator[tuple[str, dict[str, Any], list[Any]]]:
    """The groups of the standard's suite whose schema the loader takes, as arguments, with their data."""
    for number, (_, group) in enumerate(groups()):
        schema = argument(group["schema"])
        try:
            validator(text_of(schema))
        except (AuthorError, Malformed):
            continue
        values = []
        for test in group["tests"]:
            try:
                check(test["data"])
            except Malformed:
                continue
            values.append(normalise(test["data"]))
        if "$id" not in text_of(schema):  # a reference below another base leads elsewhere once it is moved
            yield f"g{number}", schema, values


@needs_corpus[0]
@needs_corpus[1]
@any_engine
def test_suite(engine: Rego) -> None:
    """Every test of the standard's suite is judged as the validator judges it, or is denied where a gap says so."""
    found = list(usable())
    step = 40 if engine is not REGOPY else 10
    some = found if engine is not REGOPY else found[::8]
    tally: Counter[str] = Counter()
    for start in range(0, len(some), step):
        part = some[start : start + step]
        policy = policy_of({name: schema for name, schema, _ in part})
        made = rego.export(policy, tighter=True)
        gaps = {gap.where for gap in made.gaps}
        judge = Engine(policy)
        calls = [(name, {"v": value}) for name, _, values in part for value in values]
        (module,) = made.files.values()
        documents = [engine.input_of(name, args) for name, args in calls]
        answers = engine.answers(module, f"data.{rego.package(policy)}.verdict", documents)
        for (name, args), document, verdict in zip(calls, documents, answers, strict=True):
            expected = judge.decide(name, args).effect.label
            tally[expected] += 1
            if verdict["effect"] == expected:
                tally["equal"] += 1
                continue
            assert verdict["effect"] == "deny", f"LOOSER {policy.tools[name].schema} {text_of(args)}"
            patterns = not engine.re2 and "attern" in str(policy.tools[name].schema)
            assert name in gaps or "malformed" in document or patterns, f"{policy.tools[name].schema} {text_of(args)}"
            tally["tighter"] += 1
    assert min(tally[kind] for kind in ("allow", "deny", "equal", "tighter")) > 0, tally
    assert tally["equal"] > tally["tighter"] * (2 if engine.re2 else 1), tally  # the suite has a file for every format


DEFAULTS: list[tuple[dict[str, Any], list[Any]]] = [
    ({"properties": {"a": {"default": 7}, "Straße": {"default": "x"}}},
     [{}, {"a": 1}, {"A": 1}, {"STRASSE": 1}, {"straße": 2}, {"Straße": 2}]),
    ({"properties": {"o": {"properties": {"a": {"default": 2}}, "default": {"b": 1}}}},
     [{}, {"o": {}}, {"o": {"a": 5}}, {"o": {"A": 5}}, {"o": 3}, {"o": None}]),
    ({"properties": {"o": {"allOf": [{"properties": {"a": {"default": [1, {"x": 2}]}}}]}}},
     [{}, {"o": {}}, {"o": {"x": 1}}]),
]  # fmt: skip


@any_engine
@pytest.mark.parametrize(("schema", "calls"), DEFAULTS, ids=["flat", "nested", "combined"])
def test_defaults(engine: Rego, schema: dict[str, Any], calls: list[Any]) -> None:
    """What the per-call engine fills in is filled in here; a key that differs by case from a filled one is invalid."""
    policy = policy_of({"t": {"type": "object", "additionalProperties": True, **schema}})
    judge = Engine(policy)
    (module,) = rego.export(policy, tighter=False).files.values()
    documents = [engine.input_of("t", args) for args in calls]
    answers = engine.answers(module, f"data.{rego.package(policy)}.judged", documents)
    expected = [judge.prepared("t", args) for args in calls]
    assert expected == [(answer["args"], answer["valid"]) for answer in answers]


@any_engine
@pytest.mark.parametrize("value", [0, 19.99, 0.01, 0.015, -7.5, 3, 10**15, 2**63 - 1, 123456789.12])
def test_multiples(engine: Rego, value: float) -> None:
    """`multipleOf` is exact on decimals."""
    policy = policy_of({"t": argument({"multipleOf": 0.01}), "u": argument({"multipleOf": 2.5})})
    (module,) = rego.export(policy, tighter=False).files.values()
    for name in ("t", "u"):
        (found,) = engine.answers(module, f"data.{rego.package(policy)}.verdict", [engine.input_of(name, {"v": value})])
        assert Engine(policy).decide(name, {"v": value}).effect.label == found["effect"]


def some_texts(rng: random.Random) -> dict[str, list[str]]:
    """Dates, times and addresses, right and almost right."""
    dates = [f"{rng.choice(['2024', '2023', '1900', '2000', '0000', '9999', '24'])}-{rng.randint(0, 13):02}-"
             f"{rng.choice([0, 1, 28, 29, 30, 31, 32]):02}" for _ in range(60)]  # fmt: skip
    hours = [f"{rng.choice([0, 9, 22, 23, 24]):02}:{rng.choice([0, 29, 30, 59, 60]):02}:"
             f"{rng.choice(['00', '59', '60', '61', '5'])}{rng.choice(['', '', '.5', '.', '.1234567891'])}"
             f"{rng.choice(['Z', 'z', '+00:00', '-01:00', '+23:59', '+05:30', '+24:00', '', '+0100'])}"
             for _ in range(200)]  # fmt: skip
    whole = [f"{rng.choice(dates)}{rng.choice(['T', 'T', 't', ' '])}{hour}" for hour in hours]
    parts = [
        "a",
        "b-c",
        "é",
        "a.b",
        "a..b",
        ".a",
        "x" * 63,
        "x" * 64,
        "x" * 65,
        "1",
        "-a",
        "a-",
        "a_b",
        "a b",
        "",
        "A!b'c",
    ]
    mails = [rng.choice(["@", "@", "@", "", "@@"]).join(
        [rng.choice(parts), ".".join(rng.choice(parts) for _ in range(rng.choice([1, 2, 2, 6])))]) for _ in range(400)
    ]  # fmt: skip
    leaps = [f"2016-12-31T{hour}Z" for hour in ("23:59:60", "23:58:60", "23:59:60.5")] + ["2016-12-31T22:59:60-01:00"]
    return {"date": dates + whole[:20], "date-time": whole + leaps + dates[:20], "email": mails}


@any_engine
def test_formats(engine: Rego) -> None:
    """Dates and times are judged as the validator judges them; an address that is valid here is valid there."""
    texts = some_texts(random.Random(3))
    policy = policy_of({name: argument({"format": name}) for name in texts})
    judge = Engine(policy)
    made = rego.export(policy, tighter=True)
    (module,) = made.files.values()
    assert ["email"] == [gap.where for gap in made.gaps]
    calls = [(name, {"v": text}) for name, some in texts.items() for text in some]
    documents = [engine.input_of(*call) for call in calls]
    tally: Counter[tuple[str, str]] = Counter()
    for (name, args), verdict in zip(
        calls, engine.answers(module, f"data.{rego.package(policy)}.verdict", documents), strict=True
    ):
        expected = judge.decide(name, args).effect.label
        tally[name, expected] += 1
        assert verdict["effect"] == expected or (name, expected) == ("email", "allow"), args
        tally[name, "equal"] += verdict["effect"] == expected == "allow"
    assert all(tally[name, kind] > 2 for name in texts for kind in ("allow", "deny", "equal")), tally


def test_gaps() -> None:
    """A keyword that is not translated is named and refused; with tighter, what it judges is denied."""
    policy = policy_of({"t": closed(argument({"type": "string", "format": "uri"}))})
    with pytest.raises(AuthorError, match="t: `input: format`"):
        rego.export(policy, tighter=False)
    made = rego.export(policy, tighter=True)
    (module,) = made.files.values()
    assert "# Stricter than the charter: t: `input: format`" in module
    documents = [json.dumps({"tool": "t", "args": {"v": value}}) for value in ("a@b.org", 5)]
    found = REGORUS.answers(module, f"data.{rego.package(policy)}.verdict", documents)
    assert ["deny", "deny"] == [verdict["effect"] for verdict in found]
