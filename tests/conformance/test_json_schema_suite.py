"""The validator of input schemas, as configured, against the standard's own suite (JSON Schema 2020-12).

Every test of the suite agrees, or is in one of the tables of stated differences below; a table that names what
agrees fails as well. Leaves out the suite's remote documents: a schema refers to nothing outside itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest

from govern.charter.schema import closed
from govern.errors import AuthorError
from govern.events.canonical import Malformed, load, parse, text_of
from govern.policy import schema

from .suites.packed import members, needs_corpus

pytestmark = needs_corpus

FOLDER = "tests/draft2020-12/"

# Groups whose schema refers to another document: refused when the policy is read, since a validator that fetches
# is one that a network decides. By file, the number of groups: in refRemote.json that is every one.
REMOTE = {"refRemote.json": 15, "dynamicRef.json": 5, "optional/cross-draft.json": 1}

# The standard leaves formats as annotations unless a validator says otherwise; this one asserts them. The tests
# that say so, by the end of their names.
ANNOTATED = ("format.json", " is only an annotation by default")

# A meta-schema without the validation vocabulary, named by a schema, does not turn validation off: stricter.
VOCABULARY = ("vocabulary.json", " but it still validates")

# Patterns mean what RE2 says, as in conditions: `\s` is five ASCII characters, where ECMAScript has more, and `\c` is
# refused. Tests of one file, by the group's name and the answer; `\S` takes what `\s` leaves.
PATTERNS = {
    ("optional/ecmascript-regex.json | ECMA 262 \\s ", "invalid"): 5,
    ("optional/ecmascript-regex.json | ECMA 262 \\S ", "valid"): 5,
    ("optional/ecmascript-regex.json | ECMA 262 regex escapes control codes with \\c ", "schema: pattern"): 4,
}

# Numbers with no exact value as int64 or double: refused before any schema is asked (the call as invalid input,
# the schema when the policy is read), whatever the suite expects of them.
NUMBERS = "optional/bignum.json"


@cache
def outcomes() -> dict[str, tuple[bool, str]]:
    """What the suite expects and what is answered, by `file | group | test`: `valid`, `invalid`, `schema: …` for a
    schema that is refused, `data: …` for a value without canonical form."""
    found: dict[str, tuple[bool, str]] = {}
    for file, group in groups():
        answer = answers(group["schema"])
        for test in group["tests"]:
            name = f"{file} | {group['description']} | {test['description']}"
            assert name not in found
            found[name] = (test["valid"], answer(test["data"]))
    return found


def groups() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every group of the suite with its file."""
    for path, raw in sorted(members("json_schema_2020_12.tar.zst").items()):
        if FOLDER in path and path.endswith(".json"):
            for group in load(raw):
                yield path.partition(FOLDER)[2], group


def answers(written: Any) -> Callable[[Any], str]:
    """A function from a value to the answer under a schema."""
    try:
        valid = schema.validator(text_of(written))
    except Malformed as error:
        refusal = f"schema: {error.code}"
        return lambda data: refusal
    except AuthorError as error:
        said = {"is outside the document": "schema: remote", "a pattern of a schema": "schema: pattern"}
        refusal = next((short for part, short in said.items() if part in str(error)), f"schema: {error}")
        return lambda data: refusal

    def answer(data: Any) -> str:
        try:
            return "valid" if valid(parse(text_of(data))) else "invalid"
        except Malformed as error:
            return f"data: {error.code}"

    return answer


def differing() -> dict[str, str]:
    expected = {True: "valid", False: "invalid"}
    return {name: answer for name, (valid, answer) in outcomes().items() if answer != expected[valid]}


def named(ends: tuple[str, str]) -> set[str]:
    return {name for name in outcomes() if name.startswith(ends[0] + " | ") and name.endswith(ends[1])}


def test_every_difference_is_stated() -> None:
    """What the suite and the validator answer differently is exactly what the tables above state."""
    left = differing()
    remote = {name for name, answer in left.items() if answer == "schema: remote"}
    assert REMOTE == Counter(file for file, _ in {tuple(name.split(" | ")[:2]) for name in remote})
    annotated, vocabulary = named(ANNOTATED), named(VOCABULARY)
    assert dict.fromkeys(annotated, "invalid") == {name: left.get(name) for name in annotated}
    numbers = {name for name, answer in left.items() if answer in ("schema: number", "data: number")}
    assert {NUMBERS} == {name.split(" | ")[0] for name in numbers}
    assert dict.fromkeys(vocabulary, "invalid") == {name: left.get(name) for name in vocabulary}
    patterns = {
        (start, found): {name for name, answer in left.items() if name.startswith(start) and answer == found}
        for start, found in PATTERNS
    }
    assert {key: len(names) for key, names in patterns.items()} == PATTERNS
    by_pattern = set().union(*patterns.values())
    assert set(left) == remote | annotated | numbers | vocabulary | by_pattern
    counts = {
        "tests": len(outcomes()),
        "agree": len(outcomes()) - len(left),
        "remote reference": len(remote),
        "format asserted": len(annotated),
        "no exact number": len(numbers),
        "vocabulary": len(vocabulary),
        "pattern of RE2": len(by_pattern),
    }
    print(f"\nJSON Schema Test Suite 2020-12: {counts}")
    assert {
        "tests": 2225,
        "agree": 2137,
        "remote reference": 45,
        "format asserted": 19,
        "no exact number": 9,
        "vocabulary": 1,
        "pattern of RE2": 14,
    } == counts


def test_nothing_is_looser_than_the_standard() -> None:
    """No value that the suite calls invalid is ever valid here, but for what `\\S` of RE2 takes."""
    found = loose(outcomes())
    ((start, count),) = [(start, count) for (start, answer), count in PATTERNS.items() if answer == "valid"]
    assert count == len(found)
    assert all(name.startswith(start) for name in found)


def loose(found: dict[str, tuple[bool, str]]) -> set[str]:
    return {name for name, (expected, answer) in found.items() if not expected and answer == "valid"}


def test_every_required_file_agrees() -> None:
    """Beside remote references, formats and vocabularies, every test of every required file agrees."""
    required = {name for name in outcomes() if not name.startswith("optional/")}
    files = {name.split(" | ")[0] for name in required}
    assert 46 == len(files)
    stated = {*REMOTE, "format.json", "vocabulary.json"}
    assert [] == [name for name in differing() if name in required and name.split(" | ")[0] not in stated]
    assert stated - {"optional/cross-draft.json"} <= files


def test_closing_is_only_ever_stricter() -> None:
    """What a closed schema of the suite accepts, the schema as written accepts: over every value of its group, and
    the values of all groups of its file."""
    compared = Counter[str]()
    for file, tests in by_file().items():
        values = [test["data"] for group in tests for test in group["tests"]]
        for group in tests:
            if not closable(group["schema"]):
                continue
            written, narrow = answers(group["schema"]), answers(closed(group["schema"]))
            for data in values:
                one, two = written(data), narrow(data)
                assert not two.startswith("schema"), f"{file} {group['description']}: {two}"
                assert not (two == "valid" and one == "invalid"), f"{file} {group['description']} {text_of(data)}"
                compared["both" if one == two else "stricter"] += 1
    print(f"\nclosed schemas: {dict(compared)}")
    assert compared["both"] > 10_000
    assert compared["stricter"] > 500


def test_many_at_once_are_judged_as_one() -> None:
    """The validator of batches, which a replay uses, says of every value of the suite what the one of a call says."""
    compared = 0
    for _, group in groups():
        if not closable(group["schema"]):
            continue
        text = text_of(group["schema"])
        one, every = schema.validator(text), schema.every_validator(text)
        values = [parse(text_of(test["data"])) for test in group["tests"] if canonical(test["data"])]
        good = [value for value in values if one(value)]
        assert every(good)
        for value in values:
            assert one(value) == every([value]) == every([*good, value]), f"{text} {text_of(value)}"
            compared += 1
    assert compared > 1_500


def canonical(data: Any) -> bool:
    try:
        text_of(data)
    except Malformed:
        return False
    return True


def by_file() -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for file, group in groups():
        found.setdefault(file, []).append(group)
    return found


def closable(written: Any) -> bool:
    """Whether a charter may hold the schema: usable, and its references are pointers into itself."""
    try:
        text = text_of(written)
        schema.validator(text)
    except (Malformed, AuthorError):
        return False
    return not any(word in text for word in ('"$id"', '"$anchor"', '"$dynamicAnchor"', '"$dynamicRef"', '"$ref":"http'))


@pytest.mark.parametrize("keyword", ["maxLength", "multipleOf", "enum", "unevaluatedProperties", "pattern"])
def test_a_weaker_validator_is_caught(keyword: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With one keyword not looked at, something that the suite calls invalid is valid."""
    honest = schema.validator

    def weaker(text: str) -> Callable[[Any], bool]:
        return honest(text_of(without(parse(text), keyword)))

    monkeypatch.setattr(schema, "validator", weaker)
    assert loose(outcomes.__wrapped__()) > loose(outcomes())


def without(value: Any, keyword: str) -> Any:
    if isinstance(value, list):
        return [without(item, keyword) for item in value]
    if not isinstance(value, dict):
        return value
    return {key: without(item, keyword) for key, item in value.items() if key != keyword}
