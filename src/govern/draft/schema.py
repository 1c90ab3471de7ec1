"""A list's JSON Schema in the words of the language: 2020-12, without prose, meaning the very same.

Older dialects are rewritten where one keyword becomes another exactly (`definitions`, `dependencies`, lists as
`items`, `exclusiveMinimum: true`, OpenAPI's `nullable`). What cannot be kept exactly is not guessed at: the whole
schema is refused with the reason. What no validator judges (titles, descriptions, examples, unknown formats,
unknown keywords) is dropped. An object of a schema that names nothing about its keys says so in words
(`additionalProperties: true`), since the language closes objects.

Sources: JSON Schema 2020-12 and its migration notes (https://json-schema.org/specification-links), OpenAPI 3.0.4
and 3.1.1 (https://spec.openapis.org). Leaves out whether the loader takes the result (`sheet` asks it).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from govern.charter.input_schema import FORMATS, KEYWORDS
from govern.draft.listing import Dialect
from govern.draft.prose import shown
from govern.events.canonical import Malformed, check, normalise

MAX_DEPTH = 40  # of the schema; the loader's own limit is on the whole file
MAX_VALUES = 3_000  # in one schema: nobody reviews more
MAX_KEY = 200  # characters

_NEW = ("https://json-schema.org/draft/2020-12/schema", "https://json-schema.org/draft/2019-09/schema")
_OLD = tuple(f"http://json-schema.org/draft-0{number}/schema" for number in (4, 6, 7))
_SPOKEN = frozenset(
    {"title", "description", "examples", "example", "$comment", "deprecated", "readOnly", "writeOnly", "externalDocs",
     "xml", "discriminator", "contentEncoding", "contentMediaType", "contentSchema", "$vocabulary"}
)  # fmt: skip
_REACHING = frozenset({"$anchor", "$dynamicRef", "$dynamicAnchor", "$recursiveRef", "$recursiveAnchor"})
_FIRST = ("$ref", "type", "const", "enum", "required", "properties")
_ONE = frozenset(
    {"items", "contains", "additionalProperties", "propertyNames", "if", "then", "else", "not", "unevaluatedItems",
     "unevaluatedProperties"}
)  # fmt: skip
_SEVERAL = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})
_NAMED = frozenset({"properties", "patternProperties", "dependentSchemas", "$defs"})
_ABOUT_KEYS = frozenset(
    {"properties", "patternProperties", "additionalProperties", "unevaluatedProperties", "propertyNames",
     "maxProperties", "allOf", "anyOf", "oneOf", "$ref", "if", "not", "enum", "const", "dependentSchemas"}
)  # fmt: skip


class CannotKeep(Exception):
    """The schema cannot be said in the language with the same meaning.

    Args:
        reason: why, as a part of a sentence.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Kept:
    """A schema with the same meaning.

    Args:
        schema: JSON Schema 2020-12 with the language's keywords only.
        open_at: arguments below which any key is allowed, as the list says it.
        ignored: keywords that nobody knows; by the standard they demand nothing.
    """

    schema: dict[str, Any]
    open_at: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()


def keep(schema: Any, dialect: Dialect = Dialect.JSON_SCHEMA, *, defaults: bool = "default" in KEYWORDS) -> Kept:
    """The schema of a tool's arguments, in the words of the language.

    Args:
        dialect: of a schema that does not name its own.
        defaults: whether `default` is kept; without it an argument that is left out stays left out.

    Raises:
        CannotKeep: not without changing what it means, or not at all.
    """
    if not isinstance(schema, dict):
        raise CannotKeep("its schema is no object")
    try:
        check(schema)
    except Malformed as error:
        raise CannotKeep(f"its schema is ambiguous JSON: {error.detail}") from None
    _bounds(schema)
    own = _dialect(schema.get("$schema"))
    reading = _Rewriting(dialect, own in _OLD, own == _NEW[0], defaults)
    made: dict[str, Any] = reading.schema(_pruned(normalise(schema)), "", 0)
    if made.get("type", "object") != "object":
        raise CannotKeep("its schema is not of an object")
    made = _ordered({"type": "object", **made})
    if not (_ABOUT_KEYS & made.keys()):
        made["properties"] = {}
    return Kept(made, tuple(dict.fromkeys(reading.open_at)), tuple(dict.fromkeys(reading.ignored)))


def _pruned(schema: dict[str, Any]) -> dict[str, Any]:
    """Without the definitions that nothing refers to: servers send all of theirs with every tool."""
    groups = [key for key in ("$defs", "definitions") if isinstance(schema.get(key), dict)]
    needed: set[str] = set()
    rest: list[Any] = [{key: value for key, value in schema.items() if key not in groups}]
    while rest:
        value = rest.pop()
        rest.extend(value.values() if isinstance(value, dict) else value if isinstance(value, list) else ())
        ref = value.get("$ref") if isinstance(value, dict) else None
        if ref == "#":
            return schema
        _, _, after = _local(ref).partition("#/$defs/") if isinstance(ref, str) else ("", "", "")
        name = after.partition("/")[0].replace("~1", "/").replace("~0", "~")
        if name not in needed:
            needed.add(name)
            rest.extend(schema[group][name] for group in groups if name in schema[group])
    kept = {group: {name: item for name, item in schema[group].items() if name in needed} for group in groups}
    return {**schema, **kept}


def _ordered(schema: dict[str, Any]) -> dict[str, Any]:
    """What it is, then what it must have, then its parts; definitions last."""
    rest = [key for key in schema if key not in _FIRST and key != "$defs"]
    return {key: schema[key] for key in (*_FIRST, *rest, "$defs") if key in schema}


def count(value: Any) -> int:
    """How many values there are in a schema, itself and collections included."""
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + sum(map(count, parts))


def _dialect(written: Any) -> str:
    """The dialect that a schema names, empty where it names none."""
    if written is None:
        return ""
    name = written.rstrip("#") if isinstance(written, str) else ""
    if name not in (*_NEW, *_OLD):
        raise CannotKeep(f"its schema is in another dialect, {shown(written)}")
    return name


def _bounds(schema: Any) -> None:
    values, rest = 0, [(schema, 1)]
    while rest:
        value, depth = rest.pop()
        values += 1
        if depth > MAX_DEPTH:
            raise CannotKeep(f"its schema is nested deeper than {MAX_DEPTH}")
        if values > MAX_VALUES:
            raise CannotKeep(f"its schema has more than {MAX_VALUES:,} values")
        if isinstance(value, dict):
            if any(len(key) > MAX_KEY for key in value):
                raise CannotKeep(f"its schema has a key of more than {MAX_KEY} characters")
            rest.extend((item, depth + 1) for item in value.values())
        elif isinstance(value, list):
            rest.extend((item, depth + 1) for item in value)


@dataclass(slots=True)
class _Rewriting:
    """Rewrites one schema and its parts.

    Args:
        old: the schema says that it is of draft-04 to 07: siblings of `$ref` mean nothing.
        newest: it says that it is of 2020-12.
    """

    dialect: Dialect
    old: bool
    newest: bool
    defaults: bool
    open_at: list[str] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)

    def schema(self, schema: Any, path: str, depth: int) -> Any:
        """One schema; `path` is the argument that it judges, empty for all of them together."""
        if isinstance(schema, bool):
            return schema
        if not isinstance(schema, dict):
            raise CannotKeep(f"a part of its schema is {type(schema).__name__}, not a schema")
        if "$ref" in schema and (self.old or self.dialect is Dialect.OPENAPI_30):
            beside = {key: schema[key] for key in ("$defs", "definitions") if key in schema and depth == 0}
            schema = {**beside, "$ref": schema["$ref"]}  # the others mean nothing beside it
        made: dict[str, Any] = {}
        for key, value in schema.items():
            self.keyword(made, key, value, schema, path, depth)
        if schema.get("nullable") is True:
            self.nullable(made, schema)
        return _ordered(made)

    def keyword(
        self, made: dict[str, Any], key: str, value: Any, schema: dict[str, Any], path: str, depth: int
    ) -> None:
        match key:
            case "$ref":
                made[key] = _local(value)
            case "format":
                if not isinstance(value, str) or value in FORMATS:  # what is no format the loader refuses
                    made[key] = value
            case "default":
                if self.defaults:
                    made[key] = value
            case "$id" | "id" if isinstance(value, str):
                if depth:
                    raise CannotKeep(f"`{key}` inside its schema moves what references mean")
            case "definitions" | "$defs":
                self.definitions(made, key, value, depth)
            case "dependencies":
                self.dependencies(made, value, path, depth)
            case "items" if isinstance(value, list):
                if self.newest or "prefixItems" in schema:
                    raise CannotKeep("`items` is a list, which 2020-12 does not know")
                made["prefixItems"] = [self.schema(item, f"{path}[]", depth + 1) for item in value]
                if schema.get("additionalItems", True) is not True:
                    made["items"] = self.schema(schema["additionalItems"], f"{path}[]", depth + 1)
            case "additionalItems":
                pass  # said with `items`, and nothing without a list there
            case "exclusiveMinimum" | "exclusiveMaximum" if isinstance(value, bool):
                bound = key.removeprefix("exclusive").lower()
                if bound not in schema:
                    raise CannotKeep(f"`{key}` is {str(value).lower()}, and there is no `{bound}`")
                if value:
                    made[key] = schema[bound]
            case "minimum" | "maximum":
                if schema.get(f"exclusive{key.capitalize()}") is not True:
                    made[key] = value
            case "nullable":
                if self.dialect is not Dialect.OPENAPI_30 and value is not False:
                    raise CannotKeep("`nullable` is a word of OpenAPI 3.0: whether null is valid is not said")
            case _ if key in _REACHING:
                raise CannotKeep(f"`{key}` is not of the language")
            case _ if key in _SPOKEN or key.startswith("x-") or key == "$schema":
                pass
            case _ if key in _ONE:
                made[key] = self.one(key, value, path, depth)
            case _ if key in _SEVERAL:
                below = f"{path}[]" if key == "prefixItems" else path
                made[key] = [self.branch(item, below, depth, key) for item in _list(key, value)]
            case _ if key in _NAMED:
                made[key] = {
                    name: self.free(self.schema(item, _under(path, key, name), depth + 1), _under(path, key, name))
                    if key in ("properties", "patternProperties")
                    else self.schema(item, path, depth + 1)
                    for name, item in _dict(key, value).items()
                }
            case _ if key in KEYWORDS:
                made[key] = value
            case _:
                self.ignored.append(key)

    def one(self, key: str, value: Any, path: str, depth: int) -> Any:
        below = {"items": f"{path}[]", "additionalProperties": f"{path}.*"}.get(key, path)
        made = self.schema(value, below, depth + 1)
        if key == "additionalProperties" and made in (True, {}):
            self.open_at.append(path or "any argument")
        return self.free(made, below) if key in ("items", "additionalProperties") else made

    def branch(self, value: Any, path: str, depth: int, key: str) -> Any:
        made = self.schema(value, path, depth + 1)
        return made if key == "allOf" else self.free(made, path)

    def free(self, made: Any, path: str) -> Any:
        """An object about whose keys nothing is said takes any: the language would close it."""
        kinds = made.get("type") if isinstance(made, dict) else None
        if kinds != "object" and not (isinstance(kinds, list) and "object" in kinds):
            return made
        said = {key for key in _ABOUT_KEYS & made.keys() if key != "properties" or made[key]}
        if said or made.get("required"):
            return made
        self.open_at.append(path)
        return {**{key: value for key, value in made.items() if key != "properties"}, "additionalProperties": True}

    def definitions(self, made: dict[str, Any], key: str, value: Any, depth: int) -> None:
        if depth:
            raise CannotKeep(f"`{key}` stands below the top of its schema")
        defs = made.setdefault("$defs", {}) if value else {}
        for name, item in _dict(key, value).items():
            if name in defs:
                raise CannotKeep(f"{shown(name)} stands in both `definitions` and `$defs`")
            defs[name] = self.free(self.schema(item, name, depth + 1), name)

    def dependencies(self, made: dict[str, Any], value: Any, path: str, depth: int) -> None:
        for name, item in _dict("dependencies", value).items():
            if isinstance(item, list):
                made.setdefault("dependentRequired", {})[name] = item
            else:
                made.setdefault("dependentSchemas", {})[name] = self.schema(item, path, depth + 1)

    def nullable(self, made: dict[str, Any], schema: dict[str, Any]) -> None:
        """OpenAPI 3.0.4, 4.7.24.1: `nullable` adds null to `type`, and means nothing without one."""
        if isinstance(schema.get("type"), str):
            made["type"] = [made["type"], "null"]


def _local(ref: Any) -> str:
    if not isinstance(ref, str) or not ref.startswith("#"):
        raise CannotKeep(f"{shown(ref)} lies outside its schema, and nothing is fetched")
    for old in ("#/definitions/", "#/components/schemas/"):
        if ref.startswith(old):
            return "#/$defs/" + ref.removeprefix(old)
    return ref


def _under(path: str, key: str, name: str) -> str:
    part = name if key == "properties" else "*"
    return f"{path}.{part}" if path else part


def _dict(key: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise CannotKeep(f"`{key}` of its schema is no object")
    return value


def _list(key: str, value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise CannotKeep(f"`{key}` of its schema is no list")
    return value
