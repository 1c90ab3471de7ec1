"""Operations of an OpenAPI document as tools: one object of arguments, or a reason why there is none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from govern.draft import files
from govern.draft.formats import listing
from govern.draft.listing import Listed
from govern.draft.sheet import Head, draft
from govern.events.canonical import load

PET = {"type": "object", "required": ["name"], "properties": {"name": {"type": "string", "nullable": True}}}


def document(operation: Any, path: str = "/pets/{id}", method: str = "put", **other: Any) -> dict[str, Any]:
    return {"openapi": "3.0.3", "info": {}, "paths": {path: {method: operation}}, **other}


def only(made: Any) -> Listed:
    found = listing(load(json.dumps(made)), "x")
    assert () == found.left_out
    (tool,) = found.tools
    return tool


def body_of(ref: str) -> dict[str, Any]:
    return {"requestBody": {"content": {"application/json": {"schema": {"$ref": ref}}}}}


def test_parameters_and_body() -> None:
    """Parameters by their names, the JSON body as `body`, components as definitions."""
    operation = {
        "operationId": "replacePet",
        "summary": "Replaces",
        "parameters": [
            {"$ref": "#/components/parameters/Id"},
            {"name": "dry", "in": "query", "schema": {"type": "boolean"}},
            {"name": "Authorization", "in": "header", "schema": {"type": "string"}},
        ],
        "requestBody": {
            "required": True,
            "content": {"application/json; charset=utf-8": {"schema": {"$ref": "#/components/schemas/Pet"}}},
        },
    }
    components = {
        "parameters": {"Id": {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}},
        "schemas": {"Pet": PET, "Unused": {"type": "object"}},
    }
    tool = only(document(operation, components=components))
    assert ("replacePet", "PUT /pets/{id}: Replaces", "PUT", False) == (
        tool.name, tool.description, tool.method, tool.made_up,
    )  # fmt: skip
    (row,) = draft(listing(document(operation, components=components), "x"), Head()).rows
    assert row.kept is not None
    assert {
        "type": "object",
        "required": ["id", "body"],
        "properties": {"id": {"type": "string"}, "dry": {"type": "boolean"}, "body": {"$ref": "#/$defs/Pet"}},
        "$defs": {"Pet": {**PET, "properties": {"name": {"type": ["string", "null"]}}}},
    } == row.kept.schema


def test_an_operation_replaces_its_path_s_parameter() -> None:
    made = document({"operationId": "a", "parameters": [{"name": "q", "in": "query", "schema": {"type": "integer"}}]})
    made["paths"]["/pets/{id}"]["parameters"] = [{"name": "q", "in": "query", "schema": {"type": "string"}}]
    schema = only(made).schema
    assert {"q": {"type": "integer"}} == schema["properties"]
    assert "required" not in schema


def test_a_part_of_the_path_is_required() -> None:
    """Whatever the document says of it: without it there is no path."""
    made = document({"operationId": "a", "parameters": [{"name": "id", "in": "path", "schema": {"type": "string"}}]})
    assert ["id"] == only(made).schema["required"]


@pytest.mark.parametrize(
    ("path", "method", "name", "tier"),
    [
        ("/pets/{petId}", "get", "get_pets_petId", "read_only"),
        ("/pets", "post", "post_pets", "irreversible"),
        ("/pets/{id}", "put", "put_pets_id", "reversible"),
        ("/pets/{id}", "patch", "patch_pets_id", "reversible"),
        ("/pets/{id}", "delete", "delete_pets_id", "irreversible"),
        ("/orders/{id}", "put", "put_orders_id", "irreversible"),
        ("/", "get", "get", "read_only"),
    ],
)
def test_names_that_are_made_up(path: str, method: str, name: str, tier: str) -> None:
    """Without `operationId` method and path are the name, and the method says what it may do."""
    made = draft(listing(document({}, path, method), "x"), Head())
    assert (name, tier) == (made.rows[0].name, made.rows[0].guess.tier.value)


@pytest.mark.parametrize(
    ("operation", "reason"),
    [
        ({"parameters": {}}, "no list"),
        ({"parameters": [7]}, "no object"),
        ({"parameters": [{"name": "a"}]}, "no `in`"),
        ({"parameters": [{"name": "a", "in": "query", "content": {}}]}, "has no schema"),
        ({"parameters": [{"$ref": "#/components/nowhere"}]}, "leads nowhere"),
        ({"parameters": [{"$ref": "other.yaml#/a"}]}, "nothing is fetched"),
        ({"parameters": [{"$ref": "#/components/parameters/Loop"}]}, "in a circle"),
        (
            {"parameters": [{"name": "a", "in": place, "schema": {}} for place in ("query", "header")]},
            "two parameters",
        ),
        ({"requestBody": {"content": {"multipart/form-data": {"schema": {}}}}}, "not JSON: `multipart/form-data`"),
        ({"requestBody": {}}, "no content"),
        ({"requestBody": {"content": {"application/json": {}}}}, "no schema"),
        ({"parameters": [{"name": "body", "in": "query", "schema": {}}], **body_of("#/a")}, "called `body`"),
        (body_of("https://example.org/x"), "none of"),
        (body_of("#/components/schemas/No"), "nowhere"),
    ],
)
def test_no_input(operation: Any, reason: str) -> None:
    """An operation whose arguments cannot be said is drafted without `input`, and the draft says why."""
    loop = {"parameters": {"Loop": {"$ref": "#/components/parameters/Loop"}}, "schemas": {}}
    made = draft(listing(document({"operationId": "a", **operation}, components=loop), "x"), Head())
    assert reason in made.rows[0].no_input
    assert not made.whole
    assert f"# decide: its input; the list's is left out: {made.rows[0].no_input}" in made.text


def test_recursive_components() -> None:
    """A schema that holds itself is a definition that refers to itself."""
    node = {"type": "object", "properties": {"next": {"$ref": "#/components/schemas/Node"}}}
    body = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Node"}}}}
    made = document({"operationId": "a", "requestBody": body}, components={"schemas": {"Node": node}})
    (row,) = draft(listing(made, "x"), Head()).rows
    assert row.kept is not None
    assert {"$ref": "#/$defs/Node"} == row.kept.schema["$defs"]["Node"]["properties"]["next"]


def test_one_bad_operation() -> None:
    """It is left out; ambiguous ones too."""
    made = document({"operationId": "a"})
    made["paths"]["/b"] = {"get": []}
    found = listing(made, "x")
    assert ["`GET /b`"] == [one.what for one in found.left_out]
    text = '{"openapi": "3.1.0", "paths": {"/a": {"get": {"operationId": "a", "operationId": "b"}}}}'
    assert "ambiguous" in listing(load(text), "x").left_out[0].reason


def test_yaml(tmp_path: Path) -> None:
    """YAML is read through the charter's own reader, which refuses what two readers would understand differently."""
    path = tmp_path / "api.yaml"
    path.write_text('openapi: 3.1.0\npaths:\n  /a:\n    get: {operationId: listA, responses: {"200": {}}}\n')
    assert ["listA"] == [tool.name for tool in files.read([str(path)]).tools]
