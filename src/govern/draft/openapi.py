"""The operations of an OpenAPI 3 document as tools.

An operation's name is its `operationId`, else method and path. Its arguments are one object: every parameter by
its name, and the JSON body as `body`. References are followed inside the document only.

Source: OpenAPI 3.0.4 and 3.1.1 (https://spec.openapis.org/oas/v3.1.1.html). Leaves out callbacks, webhooks,
security schemes, and bodies that are not JSON: such an operation is drafted without `input`.
"""

from __future__ import annotations

import re
from typing import Any

from govern.draft.listing import Dialect, LeftOut, Listed, doubled
from govern.draft.prose import one_line, shown
from govern.draft.schema import MAX_VALUES, CannotKeep
from govern.errors import EvidenceError

_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_JSON = re.compile(r"application/(?:json|[a-z0-9.+-]+\+json)(?:;.*)?", re.IGNORECASE)
# Parameters of these names are ignored by the standard (4.7.12.1).
_IGNORED_HEADERS = frozenset({"accept", "content-type", "authorization"})
_COMPONENT = "#/components/schemas/"


def operations(document: Any, where: str) -> tuple[Listed | LeftOut, ...]:
    """Every operation, in the order of the document.

    Raises:
        EvidenceError: it is no OpenAPI 3 document.
    """
    version = document.get("openapi") if isinstance(document, dict) else None
    if not isinstance(version, str) or not re.fullmatch(r"3\.[0-2](\.\d+)?(-.*)?", version):
        old = isinstance(document, dict) and "swagger" in document
        what = "OpenAPI 2.0 (Swagger)" if old else f"`openapi` is {shown(version)}"
        raise EvidenceError(f"{what} is not read", where=where, hint="expected OpenAPI 3.0 or 3.1")
    paths = document.get("paths", {})
    if not isinstance(paths, dict):
        raise EvidenceError("`paths` is no object", where=where)
    if problem := doubled(document) or doubled(paths):
        raise EvidenceError(one_line(f"ambiguous JSON: {problem}"), where=where)
    reading = _Reading(document, where, Dialect.OPENAPI_30 if version.startswith("3.0") else Dialect.JSON_SCHEMA)
    return tuple(
        reading.operation(path, method, item)
        for path, item in paths.items()
        if isinstance(item, dict)
        for method in _METHODS
        if method in item
    )


class _Reading:
    def __init__(self, document: dict[str, Any], where: str, dialect: Dialect) -> None:
        self.document = document
        self.where = where
        self.dialect = dialect

    def operation(self, path: str, method: str, item: dict[str, Any]) -> Listed | LeftOut:
        written, operation = f"{method.upper()} {path}", item[method]
        if not isinstance(operation, dict):
            return LeftOut(self.where, shown(written), "the operation is no object")
        if problem := doubled(operation) or doubled(item):
            return LeftOut(self.where, shown(written), one_line(f"ambiguous JSON: {problem}"))
        given = operation.get("operationId")
        made_up = not isinstance(given, str) or not given
        name = f"{method}_{re.sub('[^A-Za-z0-9]+', '_', path).strip('_')}".rstrip("_") if made_up else given
        schema, why = None, ""
        try:
            schema = self.arguments(operation, item.get("parameters", []))
        except CannotKeep as error:
            why = error.reason
        spoken = operation.get("summary") or operation.get("description") or ""
        return Listed(
            name=str(name),
            description=f"{written}: {spoken}" if isinstance(spoken, str) and spoken else written,
            schema=schema,
            no_schema=why,
            dialect=self.dialect,
            method=method.upper(),
            made_up=made_up,
            where=self.where,
        )

    def arguments(self, operation: dict[str, Any], shared: Any) -> dict[str, Any]:
        """One schema of all parameters and the body, with the components that they refer to."""
        if self.document.get("jsonSchemaDialect", "https://spec.openapis.org/oas/3.1/dialect/base") not in (
            "https://spec.openapis.org/oas/3.1/dialect/base",
            "https://json-schema.org/draft/2020-12/schema",
        ):
            raise CannotKeep("the document's schemas are in another dialect")
        properties: dict[str, Any] = {}
        required: list[str] = []
        for (place, name), parameter in self.parameters(shared, operation.get("parameters", [])).items():
            if place == "header" and name.lower() in _IGNORED_HEADERS:
                continue
            if name in properties:
                raise CannotKeep(f"two parameters are called {shown(name)}")
            if "schema" not in parameter:
                raise CannotKeep(f"the parameter {shown(name)} has no schema")
            properties[name] = parameter["schema"]
            if parameter.get("required") is True or place == "path":
                required.append(name)
        if "requestBody" in operation:
            body, wanted = self.body(operation["requestBody"])
            if "body" in properties:
                raise CannotKeep("a parameter is called `body`, as the body is")
            properties["body"] = body
            required += ["body"] if wanted else []
        made: dict[str, Any] = {"type": "object", "properties": properties}
        if required:
            made["required"] = required
        if defs := self.components(made):
            made["$defs"] = defs
        return made

    def parameters(self, *several: Any) -> dict[tuple[str, str], dict[str, Any]]:
        """By place and name; the operation's own replace those of its path."""
        found: dict[tuple[str, str], dict[str, Any]] = {}
        for some in several:
            if not isinstance(some, list):
                raise CannotKeep("`parameters` is no list")
            for one in some:
                parameter = self.resolved(one)
                name, place = parameter.get("name"), parameter.get("in")
                if not isinstance(name, str) or not isinstance(place, str):
                    raise CannotKeep("a parameter has no `name` or no `in`")
                found[(place, name)] = parameter
        return found

    def body(self, node: Any) -> tuple[Any, bool]:
        body = self.resolved(node)
        content = body.get("content")
        kinds = list(content) if isinstance(content, dict) else []
        kind = next((kind for kind in kinds if _JSON.fullmatch(kind)), None)
        if kind is None or not isinstance(content, dict):
            raise CannotKeep(f"its body is not JSON: {', '.join(map(shown, kinds[:3])) or 'no content'}")
        media = content[kind]
        if not isinstance(media, dict) or "schema" not in media:
            raise CannotKeep("its body has no schema")
        return media["schema"], body.get("required") is True

    def resolved(self, node: Any) -> dict[str, Any]:
        """A parameter or a body, behind at most eight references."""
        for _ in range(8):
            if not isinstance(node, dict):
                raise CannotKeep("a parameter or body is no object")
            ref = node.get("$ref")
            if ref is None:
                return node
            node = self.target(ref)
        raise CannotKeep(f"{shown(ref)} leads in a circle")

    def target(self, ref: Any) -> Any:
        if not isinstance(ref, str) or not ref.startswith("#/"):
            raise CannotKeep(f"{shown(ref)} lies outside the document, and nothing is fetched")
        target: Any = self.document
        for part in ref[2:].split("/"):
            key = part.replace("~1", "/").replace("~0", "~")
            if not isinstance(target, dict) or key not in target:
                raise CannotKeep(f"{shown(ref)} leads nowhere")
            target = target[key]
        return target

    def components(self, schema: Any) -> dict[str, Any]:
        """The document's schemas that a schema needs, also through each other, by name."""
        found: dict[str, Any] = {}
        rest, seen = [schema], 0
        while rest:
            value = rest.pop()
            seen += 1
            if seen > MAX_VALUES:
                raise CannotKeep(f"its schema has more than {MAX_VALUES:,} values")
            if isinstance(value, list):
                rest.extend(value)
            elif isinstance(value, dict):
                ref = value.get("$ref")
                if isinstance(ref, str):
                    if not ref.startswith(_COMPONENT) or "/" in ref.removeprefix(_COMPONENT):
                        raise CannotKeep(f"{shown(ref)} is none of the document's own schemas")
                    name = ref.removeprefix(_COMPONENT)
                    if name not in found:
                        found[name] = self.target(ref)
                        rest.append(found[name])
                rest.extend(value.values())
        return found
