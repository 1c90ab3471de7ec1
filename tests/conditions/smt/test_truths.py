"""The solver's reading of conditions is held to the per-call engine: call by call, and over all calls."""

from __future__ import annotations

import os
import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests import conformance
from tests.conditions.smt.pinned import TooMany, pinned
from tests.conformance.generate import Conditions, arguments
from tests.conformance.outside import SCOPE, ZONES, Outside, beside, timed_arguments

from govern.conditions import Condition, ConditionError, parse_condition
from govern.conditions.python import decider
from govern.conditions.smt.given import Given, Inputs
from govern.conditions.smt.needs import needs
from govern.conditions.smt.search import Candidate, Nothing, search
from govern.conditions.smt.truths import Reader
from govern.events.canonical import parse, text_of

HERE, TABLES = Path(__file__).parent, Path(conformance.__file__).parent


def cases(path: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return found


OUTSIDE = cases(TABLES / "conditions" / "outside.yaml")
TRAPS = [case for case in cases(TABLES / "traps.yaml") if "condition" in case]
NUMBERS, ANSWERS = cases(HERE / "numbers.yaml"), cases(HERE / "answers.yaml")
CONDITIONS = int(os.environ.get("GOVERN_FUZZ_CONDITIONS", "600")) // 6
LETTER = {True: "T", False: "F", None: "U"}
TIMEOUT_MS = 20_000


class Read:
    """A condition as the solver has it."""

    def __init__(self, condition: Condition, zone: str | None = None, lists: tuple[tuple[str, ...], ...] = ()) -> None:
        self.condition = condition
        self.run = decider(condition.tree, zone)
        self.inputs = Inputs(needs([condition.tree], lists))
        self.pair = Reader(Given(self.inputs), zone).read(condition.tree)

    def asked(self, letter: str) -> Any:
        terms = self.inputs.terms
        unknown = terms.no(terms.either(self.pair.true, self.pair.false))
        return {"T": self.pair.true, "F": self.pair.false, "U": unknown}[letter]

    def of(self, args: dict[str, Any], given: dict[str, Any]) -> set[str]:
        """The truth values that the solver leaves one call, after it looked up what it does not know."""
        pins = pinned(self.inputs, args, given)
        return {letter for letter in "TFU" if not isinstance(self.find(letter, pins), Nothing)}

    def find(self, letter: str, more: list[Any] | None = None) -> Any:
        """A call for which the condition is that, by the per-call engine."""
        return self.search([*(more or ()), self.asked(letter)], lambda args, given: self.letter(args, given) == letter)

    def search(self, asked: list[Any], confirm: Any) -> Any:
        return search(self.inputs, asked, confirm, TIMEOUT_MS)

    def letter(self, args: dict[str, Any], given: dict[str, Any]) -> str:
        return LETTER[self.run({**given, "args": args})]


def written(rng: random.Random, count: int, *, more: bool) -> list[Condition]:
    """Random ones, over arguments, or over everything."""
    made: list[Condition] = []
    writer = Outside(rng) if more else Conditions(rng)
    while len(made) < count:
        try:
            made.append(parse_condition(writer.text(), SCOPE) if more else parse_condition(writer.text()))
        except ConditionError:
            continue
    return made


@pytest.mark.parametrize("more", [False, True])
def test_one_call(more: bool) -> None:
    """Of a call that is told value by value, the solver says what the per-call engine says, and nothing else."""
    rng = random.Random(31 + more)
    seen: Counter[str] = Counter()
    for condition in written(rng, CONDITIONS, more=more):
        zone = rng.choice(ZONES) if more else None
        for _ in range(3):
            args = timed_arguments(rng, arguments(rng)) if more else arguments(rng)
            given = beside(rng) if more else {}
            read = Read(condition, zone)
            try:
                found = read.of(args, given)
            except TooMany:
                seen["too many"] += 1
                continue
            expected = read.letter(args, given)
            assert {expected} == found, f"{condition.text}\n{text_of(args)}\n{given}\n{zone}\n{read.inputs.outside}"
            seen[expected] += 1
    assert min(seen[letter] for letter in "TFU") > sum(seen.values()) * 0.05, seen
    assert seen["too many"] < sum(seen.values()) * 0.2, seen


@pytest.mark.parametrize("more", [False, True])
def test_all_calls(more: bool) -> None:
    """What the solver says is never so, no random call is; what it says is so, one call shows."""
    rng = random.Random(41 + more)
    calls = [
        (timed_arguments(rng, arguments(rng)) if more else arguments(rng), beside(rng) if more else {})
        for _ in range(300)
    ]
    seen: Counter[str] = Counter()
    for condition in written(rng, CONDITIONS, more=more):
        zone = rng.choice(ZONES) if more else None
        read = Read(condition, zone)
        letters = {read.letter(args, given) for args, given in calls}
        for letter in "TFU":
            found = read.find(letter)
            seen[type(found).__name__] += 1
            if isinstance(found, Nothing):
                assert letter not in letters, f"{condition.text} is never {letter}? {zone}"
            elif isinstance(found, Candidate):
                assert letter == read.letter(found.args, found.given)
            else:
                seen[found.why] += 1
    assert seen["Nothing"] > 10
    assert seen["Open"] < seen["Candidate"] * 0.05, seen


@pytest.mark.parametrize(
    "case", OUTSIDE, ids=lambda case: f"{case['condition']} {case.get('given', '')} {case['expect']}"
)
def test_the_table(case: dict[str, str]) -> None:
    """The cases that hold every engine hold the solver's reading too."""
    read = Read(parse_condition(case["condition"], SCOPE), case.get("zone"))
    found = read.of(parse(case.get("args", "{}")), parse(case.get("given", "{}")))
    assert {case["expect"]} == found


@pytest.mark.parametrize("case", TRAPS, ids=lambda case: f"{case['trap']} {case['condition']} {case['expect']}")
def test_the_traps(case: dict[str, str]) -> None:
    """The measured traps of conditions are none for the solver."""
    read = Read(parse_condition(case["condition"]), None, (("args", "a"),) * 5)
    assert {case["expect"]} == read.of(parse(case["args"]), {})


@pytest.mark.parametrize("case", NUMBERS, ids=lambda case: f"{case['condition']} {case['a']} {case['b']}")
def test_numbers(case: dict[str, str]) -> None:
    """Numbers are exact, and what leaves the range of arithmetic is unknown."""
    args = parse(f'{{"a":{case["a"]},"b":{case["b"]}}}')
    assert {case["expect"]} == Read(parse_condition(case["condition"])).of(args, {})


@pytest.mark.parametrize("case", ANSWERS, ids=lambda case: f"{case['condition']} {case['of']} {case['answer']}")
def test_known_answers(case: dict[str, str]) -> None:
    """Conditions that are never so are proven never so; the others are shown."""
    found = Read(parse_condition(case["condition"]), "Europe/Berlin").find(case["of"])
    assert case["answer"] == {Nothing: "never", Candidate: "some"}.get(type(found), found)
