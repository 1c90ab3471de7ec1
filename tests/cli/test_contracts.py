"""The published JSON Schemas: real output satisfies them, describes nothing more, and a wrong document fails.

Leaves out what the numbers mean; that is tested where they are made.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from tests.shipped import shipped

from .running import ROOT, SAMPLES, SUPPORT, govern

SCHEMAS = ROOT / "schemas"
CHARTER = SUPPORT / "charter.yaml"
MINE = ("decide", "import", "shadow-report", "bundle")


def schema(name: str) -> Any:
    return json.loads((SCHEMAS / f"{name}.v1.json").read_text("utf-8"))


def problems(name: str, document: Any) -> list[str]:
    checker = jsonschema.Draft202012Validator(
        schema(name), format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
    )
    return [f"{error.json_path}: {error.message}" for error in checker.iter_errors(document)]


def undescribed(name: str, document: Any) -> list[str]:
    """Keys of the document that the schema does not name: the same schema, with every object closed."""
    closed = deepcopy(schema(name))

    def close(node: Any) -> None:
        match node:
            case dict():
                if "properties" in node and "if" not in node:
                    node["unevaluatedProperties"] = False
                for key, item in node.items():
                    # `$defs` that are only bases of others are closed where they are used.
                    if key not in ("if", "then", "else", "allOf", "$defs"):
                        close(item)
            case list():
                for item in node:
                    close(item)

    close(closed)
    checker = jsonschema.Draft202012Validator(closed)
    return [f"{error.json_path}: {error.message}" for error in checker.iter_errors(document)]


def decided() -> list[Any]:
    """Verdicts of every effect and of every reason."""
    charter = ["decide", "--policy", CHARTER, "--format", "json", "--tool"]
    refund = '{"ticket_id":"T-1","order_id":"12345","amount":%s}'
    calls = [
        ("get_ticket", '{"ticket_id":"T-1"}'),
        ("get_ticket", "{"),
        ("send_reply", '{"ticket_id":"T-1","body":"x","template":"order-status"}'),
        ("send_reply", '{"ticket_id":"T-1","body":"x"}'),
        ("send_reply", '{"ticket_id":"T-1"}'),
        ("refund", refund % 5),
        ("refund", refund % 500),
        ("refund", refund % 5000),
        ("export_all", "{}"),
        ("unheard_of", "{}"),
    ]
    plain = [govern(*charter, tool, "--args", args).json for tool, args in calls]
    whole = ["decide", "--policy", ROOT / "tests" / "charter" / "whole" / "charter.yaml", "--format", "json"]
    said = '{"customer": {"id": "C1"}, "order": {"customer_id": "C1", "status": "paid", "total": 80}}'
    more = [
        govern(*whole, "--tool", "refund", "--args", args, *facts, *explain).json
        for args in ('{"order_id": "7", "customer_id": "C1", "amount": 200, "card": "1"}', '{"amount": "x"}', "{")
        for facts in (["--facts", said, "--first"], ["--facts", said])
        for explain in ([], ["--explain"])
    ]
    explained = [govern(*charter, tool, "--explain", "--args", args).json for tool, args in calls]
    return [*plain, *more, *explained]


def reports(tmp_path: Path) -> list[Any]:
    """Reports on good logs, bad logs, logs without times, and calls that nobody can judge."""
    bad = tmp_path / "bad.jsonl"
    bad.write_bytes((SUPPORT / "log.jsonl").read_bytes() + b"{\n")
    blind = tmp_path / "blind.jsonl"
    blind.write_text(
        "".join(
            json.dumps({"event_id": f"e{tool}", "trace_id": "t", "agent": agent, "type": "tool_call", "tool": tool})
            + "\n"
            for agent, tool in (("support-desk", "send_reply"), ("another", "x"), (None, "y"), ("support-desk", "z"))
        )
    )
    stories = [[story.parent / "log.jsonl", "--charter", story] for story in sorted(SAMPLES.glob("*/charter.yaml"))]
    others = [[bad, blind, tmp_path / "gone"], [tmp_path / "gone"], [blind], [tmp_path, "!bad*"]]
    lines = [*stories, *([*logs, "--charter", CHARTER] for logs in others)]
    return [govern("shadow-report", *line, "--format", "json").json for line in lines]


def imports(tmp_path: Path) -> list[Any]:
    bad = tmp_path / "bad.jsonl"
    bad.write_bytes((SUPPORT / "log.jsonl").read_bytes() + b"{\n")
    store = tmp_path / "store"
    lines = [[SUPPORT / "log.jsonl"], [SUPPORT / "log.jsonl"], [bad, tmp_path / "gone"], [tmp_path / "gone"]]
    return [govern("import", *line, "-o", store, "--format", "json").json for line in lines]


def bundles() -> list[Any]:
    charters = shipped("charters/*/*.yaml", "samples/*/charter.yaml")
    parts = ("base", "library")
    return [govern("compile", each, "-o", "-").json for each in charters if each.parent.name not in parts]


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], list[Any]]:
    """Real documents of each contract."""
    made = {
        "decide": decided(),
        "import": imports(tmp_path_factory.mktemp("import")),
        "shadow-report": reports(tmp_path_factory.mktemp("shadow")),
        "bundle": bundles(),
    }
    return made.__getitem__


@pytest.mark.parametrize("file", sorted(SCHEMAS.glob("*.json")), ids=lambda file: file.name)
def test_published_schemas_are_schemas(file: Path) -> None:
    """JSON Schema 2020-12, titled, without a reference to the network."""
    document = json.loads(file.read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(document)
    assert jsonschema.Draft202012Validator.META_SCHEMA["$id"] == document["$schema"]
    assert document["title"].startswith("govern")
    refs = set(re.findall(r'"\$ref": "([^"]*)"', file.read_text("utf-8")))
    assert all(ref.startswith("#/$defs/") for ref in refs)
    assert set(document.get("$defs", {})) == {ref.removeprefix("#/$defs/").partition("/")[0] for ref in refs}


@pytest.mark.parametrize("name", MINE)
def test_real_output_satisfies_its_schema(name: str, real: Callable[[str], list[Any]]) -> None:
    documents = real(name)
    assert len(documents) >= 4
    assert {f"govern/{name}/v1"} == {document["schema"] for document in documents}
    assert [[] for _ in documents] == [problems(name, document) for document in documents]


@pytest.mark.parametrize("name", MINE)
def test_every_key_of_real_output_is_described(name: str, real: Callable[[str], list[Any]]) -> None:
    """More keys may be added, but not without a word in the schema."""
    assert [[] for _ in real(name)] == [undescribed(name, document) for document in real(name)]
    assert undescribed(name, {**real(name)[0], "more": 1})


@pytest.mark.parametrize("name", MINE)
def test_every_key_is_required_and_typed(name: str, real: Callable[[str], list[Any]]) -> None:
    """A document that lacks a key, or has another kind of value for it, does not satisfy the schema."""
    for document in real(name)[:2]:
        for key in document:
            assert problems(name, {other: value for other, value in document.items() if other != key}), key
            for wrong in (3.5, {"no": "such"}, [[]]):
                assert problems(name, {**document, key: wrong}), (key, wrong)


def test_documents_show_everything_the_schemas_describe(real: Callable[[str], list[Any]]) -> None:
    """The real documents reach every list and every reason, so that the tests above judge them all."""
    verdicts = real("decide")
    assert {"allow", "approval", "deny"} == {verdict["effect"] for verdict in verdicts}
    assert set(schema("decide")["properties"]["reasons"]["items"]["enum"]) == {
        reason for verdict in verdicts for reason in verdict["reasons"]
    }
    lists = [key for key, part in schema("shadow-report")["properties"].items() if part.get("type") == "array"]
    assert [] == [key for key in lists if not any(document[key] for document in real("shadow-report"))]
    assert any(document["refusals"] for document in real("import"))
    assert any(document["store"]["present"] for document in real("import"))


def test_totals_add_up(real: Callable[[str], list[Any]]) -> None:
    """Nothing is lost between the parts of a report: every call has one verdict or no charter."""
    for document in real("shadow-report"):
        verdicts, calls = document["verdicts"], document["totals"]["calls"]
        without = sum(row["calls"] for row in document["without_charter"])
        assert calls == sum(verdicts.values()) + without == document["judged"] + document["not_judged"]
        assert document["not_judged"] == verdicts["undecidable"] + without
        for effect, count in verdicts.items():
            assert count == sum(row[effect] for row in document["by_tool"])
        assert sum(verdicts.values()) == sum(row["calls"] for row in document["by_tool"])
        assert {(row["tool"], row["agent"]) for row in document["unmapped"]} == {
            (row["tool"], row["agent"]) for row in document["by_tool"] if not row["mapped"]
        }
        assert verdicts["undecidable"] == sum(row["calls"] for row in document["undecidable"])
