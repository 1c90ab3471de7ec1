"""The published schemas of the language: in step with the table, and of one mind with the loader.

`UPDATE_SCHEMAS=1 pytest tests/charter/test_schema_file.py` writes them anew.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import jsonschema
import jsonschema_rs
import pytest
import yaml
from tests.shipped import shipped

from govern.charter import example
from govern.charter.deployment import read_deployment
from govern.charter.files import is_suite, within
from govern.charter.input_schema import DEFAULT, KEYWORDS
from govern.charter.keyword_schema import keyword_schema
from govern.charter.load import load, load_text
from govern.charter.places import places
from govern.charter.schema_file import NAMES, document, text, write
from govern.charter.suite import load_suite, read_suite
from govern.charter.vocabulary import LEVELS
from govern.findings import Finding

ROOT = Path(__file__).parents[2]
SCHEMAS = ROOT / "schemas"
SHIPPED = shipped("charters/**/*.yaml", "samples/*/charter.yaml")
WHOLE = sorted((Path(__file__).parent / "whole").glob("*.yaml"))
PARTS = {name: example.text(name) for name in (*example.FILES.values(), *example.PARTS)}
JUDGES = {name: jsonschema_rs.Draft202012Validator(document(name)) for name in NAMES}
# What the loader refuses and no schema can know: what a name refers to, what conditions and schemas mean, how a
# number is spelled, whether a time comes later than another, what silence may allow, and all that YAML itself is.
UNKNOWABLE = frozenset(
    {
        "undefined-role", "undefined-gate", "undefined-tool", "undefined-fact", "undefined-scope", "undefined-rule",
        "undefined-secret", "undefined-notification", "unknown-event", "unknown-name", "wrong-kind", "not-in-enum",
        "condition-syntax", "condition-pattern", "unknown-function", "no-answer-order", "escalation-cycle",
        "silence-allows", "irreversible-without-approval", "schema-invalid", "schema-required-unknown",
        "schema-pattern", "loosens-library", "duplicate-rule-id", "fact-cycle", "conflicting-parts", "unknown-zone",
        "file-unreadable", "broken-part", "yaml-date", "library-decides", "unsupported-language",
        "undefined-fixture", "undefined-call", "undefined-argument", "not-asked", "duplicate-item",
    }
)  # fmt: skip


def findings(file: str, data: Any) -> tuple[Finding, ...]:
    written = yaml.dump(data, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True)
    if file == "deployment.yaml":
        return read_deployment(written.encode(), file)[1]
    if is_suite(file):
        return read_suite(written.encode(), file, files=within(PARTS)).findings
    return load_text(written, file, within(PARTS)).findings


def accepts(file: str, data: Any) -> bool:
    name = "deployment" if file == "deployment.yaml" else "suite" if is_suite(file) else "charter"
    return JUDGES[name].is_valid(data)


def nodes(data: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The path of every value below the top."""
    for key, value in data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ():
        yield (*path, key)
        yield from nodes(value, (*path, key))


def at(data: Any, path: tuple[str | int, ...]) -> Any:
    for step in path:
        data = data[step]
    return data


def mutants(data: Any) -> Iterator[tuple[str, Any]]:
    """The data with one slip each: a value of another type, a key left out, a key that nobody knows."""
    for path in nodes(data):
        value = at(data, path)
        # What conditions, schemas, arguments and facts hold is data of the author.
        if {"input", "output", "given", "call", "fixtures", "args", "each", "result"} & set(path[:-1]):
            continue
        for other in (7, "?", None, [], {}, ["a", "a"]):
            if type(other) is not type(value) or other == "?":
                changed = deepcopy(data)
                at(changed, path[:-1])[path[-1]] = other
                yield f"{path} = {other!r}", changed
        if isinstance(path[-1], str):
            changed = deepcopy(data)
            del at(changed, path[:-1])[path[-1]]
            yield f"{path} left out", changed
        if isinstance(value, dict):
            changed = deepcopy(data)
            at(changed, path)["zzz"] = value.get(next(iter(value)))
            yield f"{path} with zzz", changed


def may_be_right(slip: str) -> bool:
    """A tool needs no tier where a library describes it; an `enum` of one kind is a matter of all its values; a suite
    needs no charter where one beside it is called like it."""
    return re.search(r"'tools', '\w+', 'tier'\) left out|\('charter',\) left out|'enum', \d+\) = 7", slip) is not None


@pytest.mark.parametrize("name", NAMES)
def test_the_file_is_in_step(name: str) -> None:
    """Byte for byte what the table gives; JSON Schema 2020-12 by its own metaschema."""
    if os.environ.get("UPDATE_SCHEMAS"):
        write(SCHEMAS)
    published = (SCHEMAS / f"{name}.v1.json").read_text("utf-8")
    assert text(name) == published
    jsonschema.Draft202012Validator.check_schema(json.loads(published))


def test_every_key_is_described() -> None:
    """Each key of each level stands in the schemas, says what it means and who enforces it."""
    defs = {key: level for name in NAMES for key, level in document(name)["$defs"].items()}
    for name, level in LEVELS.items():
        found = defs[name.lower()]["properties"]
        assert list(level.known) == list(found)
        for key in level.keys:
            assert found[key.name]["description"] == f"{key.says}\n\nEnforced by {key.by}."
            assert "```yaml" in found[key.name]["markdownDescription"]
        assert defs[name.lower()]["additionalProperties"] is False


def test_every_definition_is_reached() -> None:
    """Nothing in the file is dead, and no reference leads nowhere."""
    for name in NAMES:
        told = text(name)
        assert {f"#/$defs/{key}" for key in document(name)["$defs"]} == set(_refs(json.loads(told)))


def _refs(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        node = list(node.values())
    for item in node if isinstance(node, list) else ():
        yield from _refs(item)


def test_every_keyword_of_an_input_schema() -> None:
    assert sorted(KEYWORDS | {DEFAULT}) == list(keyword_schema("#")["properties"])


@pytest.mark.parametrize("path", [*SHIPPED, *WHOLE], ids=lambda path: f"{path.parent.name}/{path.name}")
def test_what_we_ship_satisfies_it(path: Path) -> None:
    """Every file of ours that loads is accepted."""
    data = yaml.safe_load(path.read_text("utf-8"))
    if is_suite(path):
        assert () == load_suite(path).findings
        assert accepts(path.name, data)
    elif isinstance(data, dict) and "deployment" in data:
        assert accepts("deployment.yaml", data)
    elif load(path).charter is not None:
        assert [] == [error.message for error in JUDGES["charter"].iter_errors(data)]


def test_something_is_shipped() -> None:
    assert len(SHIPPED) > 10


def test_the_examples_use_the_whole_language() -> None:
    """They load, are accepted, and use every key."""
    for file, written in PARTS.items():
        assert () == findings(file, yaml.safe_load(written)), file
        assert accepts(file, yaml.safe_load(written)), file
    used = {place.key for place in places() if example.excerpt(place)}
    assert set() == {place.path for place in places() if place.key not in used}


@pytest.mark.parametrize("file", PARTS)
def test_one_slip(file: str) -> None:
    """What the loader refuses for its structure the schema refuses, and what the loader accepts it accepts."""
    data = yaml.safe_load(PARTS[file])
    looser, stricter, refused = [], [], 0
    for name, mutant in mutants(data):
        rules = {finding.rule for finding in findings(file, mutant)}
        valid = accepts(file, mutant)
        if not rules and not valid:
            stricter.append(name)
        if rules - UNKNOWABLE and valid and not may_be_right(name):
            looser.append((name, sorted(rules)))
        refused += not valid
    assert [] == stricter
    assert [] == looser
    assert refused > 40


@pytest.mark.parametrize(
    ("written", "valid"),
    [
        ("rules: [{id: a, tools: [x], when: args.a, then: deny}]", True),
        ("rules: [{id: a, tools: [x], when: args.a}]", False),
        ("rules: [{id: a, tools: [x], then: deny}]", False),
        ("rules: [{id: a, tools: [x], only_if: args.a}]", False),
        ("rules: [{id: a, tools: [x], only_if: args.a, otherwise: deny, when: args.b, then: deny}]", False),
        ("rules: [{id: a, when: args.a, then: deny}]", False),
        ("rules: [{id: a, tiers: [read_only], when: args.a, then: {tier: read_only}}]", False),
        ("rules: [{id: a, tools: [x], when: args.a, then: allow}]", False),
        ("escalation: [{event: error, to: lead, times: 3}]", False),
        ("escalation: [{event: repeated_failure, to: lead}]", False),
        ("approvals: {g: {confirm: session.person, roles: [lead], if_no_answer: [{after: 1h, then: deny}]}}", False),
        ("approvals: {g: {if_no_answer: [{after: 1h, then: deny}]}}", False),
        ("approvals: {g: {roles: [lead], if_no_answer: [{after: 1h, then: deny, ask: g}]}}", False),
        ("uses: [lib.yaml]\ntools: {x: {}}", True),
        ("tools: {x: {}}", False),
        ("base: b", False),
        ("deployment: d", False),
    ],
)
def test_keys_that_go_together(written: str, valid: bool) -> None:
    """Which keys need, or exclude, each other is known to an editor too."""
    head = "govern: 1\nagent: a\nversion: 1\npurpose: P.\nowner: lead\nroles: [lead]\n"
    tools = "" if "tools: {x" in written else "tools: {x: {tier: read_only}}\n"
    data = yaml.safe_load(f"{head}{tools}{written}")
    assert valid == accepts("charter.yaml", data)


@pytest.mark.parametrize(
    ("case", "valid"),
    [
        ("call: {a: {}}, expect: allow", True),
        ("call: {a: {}}", False),
        ("expect: allow", False),
        ("call: {a: {}, b: {}}, expect: allow", False),
        ("call: {a: {}}, expect: {verdict: allow, deny: x}", False),
        ("call: {a: {}}, expect: {approval: x, gates: [x]}", False),
        ("call: {a: {}}, expect: {gates: [x]}", False),
        ("call: {a: {}}, matrix: [{expect: allow}]", True),
        ("matrix: [{expect: allow}]", False),
        ("call: {a: {}}, expect: allow, matrix: [{expect: allow}]", False),
        ("call: {a: {}}, matrix: [{call: {b: {}}, args: {x: 1}, expect: allow}]", False),
        ("call: {a: {}}, expect: allow, each: {x: [1]}", True),
        ("steps: [{call: {a: {}}, expect: any}, {wait: 1h, then: pending}]", True),
        ("steps: [{call: {a: {}}, expect: any}], expect: allow", False),
        ("steps: [{call: {a: {}}}]", False),
        ("steps: [{approve: lead}]", False),
        ("steps: [{approve: lead, deny: lead, then: any}]", False),
        ("steps: [{user: hello, then: any}]", False),
        ("steps: [{after: 1h}]", False),
        ("steps: [{call: {a: {}}, result: 1, error: no, expect: allow}]", False),
    ],
)
def test_keys_of_a_case_that_go_together(case: str, valid: bool) -> None:
    """What the reader of suites refuses for its shape, an editor shows too."""
    data = yaml.safe_load(f"govern: 1\ntests: a\ncases: [{{name: a, {case}}}]")
    assert valid == accepts("a.test.yaml", data)
