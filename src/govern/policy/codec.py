"""Frozen dataclasses to plain JSON data and back, strictly: their types are the schema.

An unknown key, a missing one, or a value of another type is an error that names its place. Leaves out what the
values must mean together (`document`).

Fields may say in their metadata: `json` (a text that is written as the data it holds), `places` (the names
`record` or `result` exist in this condition), `as` (its key in the document), `apart` (not part of it).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from enum import Enum
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from govern.conditions import Condition, ConditionError, Scope, parse_condition
from govern.errors import AuthorError
from govern.events.canonical import parse, text_of
from govern.policy.model import EFFECTS, Effect

_T = TypeVar("_T")


def encode(value: Any) -> Any:
    """The plain data of a value of the model."""
    match value:
        case None | bool():
            return value
        case Effect():
            return value.label
        case Enum():
            return value.value
        case int() | float() | str():
            return value
        case Condition():
            return value.text
        case tuple() | list():
            return [encode(item) for item in value]
        case Mapping():
            return {key: encode(item) for key, item in value.items()}
    made: dict[str, Any] = {}
    for field in fields(value):
        held = getattr(value, field.name)
        if field.metadata.get("apart"):
            continue
        made[field.metadata.get("as", field.name)] = (
            parse(held) if field.metadata.get("json") and held is not None else encode(held)
        )
    return made


def decode(kind: type[_T], data: Any, where: str, scope: Scope) -> _T:
    """A value of the model from plain data.

    Args:
        kind: a dataclass of the model.
        where: how errors call the place.
        scope: the facts that conditions may ask about.

    Raises:
        AuthorError: the data is not of this type.
    """
    if not isinstance(data, dict):
        raise AuthorError(f"{where}: expected an object, got {type(data).__name__}")
    known = {
        field.metadata.get("as", field.name): field
        for field in fields(kind)  # type: ignore[arg-type]
        if not field.metadata.get("apart")
    }
    for key in data:
        if key not in known:
            raise AuthorError(f"{where}: `{str(key)[:80]}` is not known here")
    made: dict[str, Any] = {}
    for key, field in known.items():
        if key not in data:
            raise AuthorError(f"{where}: `{key}` is missing")
        if field.metadata.get("json"):
            made[field.name] = None if data[key] is None else text_of(data[key])
            continue
        places = frozenset(field.metadata.get("places", ()))
        here = Scope(scope.facts, places, scope.tools) if places else scope
        made[field.name] = _value(_hints(kind)[field.name], data[key], f"{where}.{key}", here)
    return kind(**made)


_KNOWN: dict[type, dict[str, Any]] = {}


def _hints(kind: type) -> dict[str, Any]:
    if kind not in _KNOWN:
        _KNOWN[kind] = get_type_hints(kind)
    return _KNOWN[kind]


def json_schema(kind: type) -> tuple[dict[str, Any], dict[str, Any]]:
    """JSON Schema (2020-12) of the data of a dataclass, and the definitions that it refers to (`#/$defs/…`)."""
    definitions: dict[str, Any] = {}
    return _schema_of(kind, definitions), definitions


def _schema_of(kind: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return {"anyOf": [_schema_of(each, definitions) for each in inner]}
    if origin is tuple:
        if inner[-1] is not Ellipsis:
            items = [_schema_of(each, definitions) for each in inner]
            return {"type": "array", "prefixItems": items, "minItems": len(inner), "maxItems": len(inner)}
        return {"type": "array", "items": _schema_of(inner[0], definitions)}
    if origin is not None and issubclass(origin, Mapping):
        return {"type": "object", "additionalProperties": _schema_of(inner[1], definitions)}
    if kind is Any:
        return {}
    if kind is Condition:
        return {"type": "string", "minLength": 1, "description": "a condition, as the charter writes it"}
    if kind is Effect:
        return {"enum": list(EFFECTS)}
    if isinstance(kind, type) and issubclass(kind, Enum):
        return {"enum": [member.value for member in kind]}
    plain = {str: "string", int: "integer", float: "number", bool: "boolean", NoneType: "null"}
    if kind in plain:
        return {"type": plain[kind]}
    name = kind.__name__.lower()
    if name not in definitions:
        definitions[name] = {}
        properties: dict[str, Any] = {}
        for field in fields(kind):
            if not field.metadata.get("apart"):
                key = field.metadata.get("as", field.name)
                json = {"description": "JSON Schema 2020-12, or null"} if field.metadata.get("json") else None
                properties[key] = json or _schema_of(_hints(kind)[field.name], definitions)
        definitions[name] = {
            "description": " ".join((kind.__doc__ or "").partition("\n\n")[0].split()),
            "type": "object",
            "required": list(properties),
            "properties": properties,
            "additionalProperties": False,
        }
    return {"$ref": f"#/$defs/{name}"}


def _value(kind: Any, data: Any, where: str, scope: Scope) -> Any:
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return _either(inner, data, where, scope)
    if origin is tuple:
        if not isinstance(data, list):
            raise AuthorError(f"{where}: expected a list, got {type(data).__name__}")
        if inner[-1] is not Ellipsis:
            if len(data) != len(inner):
                raise AuthorError(f"{where}: expected {len(inner)} items, got {len(data)}")
            return tuple(
                _value(each, item, f"{where}[{index}]", scope)
                for index, (each, item) in enumerate(zip(inner, data, strict=True))
            )
        return tuple(_value(inner[0], item, f"{where}[{index}]", scope) for index, item in enumerate(data))
    if origin is not None and issubclass(origin, Mapping):
        if not isinstance(data, dict):
            raise AuthorError(f"{where}: expected an object, got {type(data).__name__}")
        return {key: _value(inner[1], item, f"{where}.{key}", scope) for key, item in data.items()}
    if kind is Any:
        return data
    if kind is Condition:
        return _condition(data, where, scope)
    if kind is Effect:
        return _word(EFFECTS, data, where)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return _word({member.value: member for member in kind}, data, where)
    if kind in (str, int, float, bool):
        if type(data) is not kind:
            raise AuthorError(f"{where}: expected {_NAMES[kind]}, got {type(data).__name__}")
        return data
    return decode(kind, data, where, scope)


_NAMES = {str: "a text", int: "a whole number", float: "a number", bool: "`true` or `false`"}


def _either(kinds: tuple[Any, ...], data: Any, where: str, scope: Scope) -> Any:
    if data is None and NoneType in kinds:
        return None
    if float in kinds and type(data) is not int:  # a whole number is one of the numbers
        return _value(float, data, where, scope)
    told: AuthorError | None = None
    for kind in kinds:
        if kind is NoneType:
            continue
        try:
            return _value(kind, data, where, scope)
        except AuthorError as error:
            told = told or error
    raise told or AuthorError(f"{where}: nothing fits")


def _word(known: Mapping[str, _T], data: Any, where: str) -> _T:
    if not isinstance(data, str) or data not in known:
        raise AuthorError(f"{where}: `{str(data)[:80]}` is none of {', '.join(known)}")
    return known[data]


def _condition(data: Any, where: str, scope: Scope) -> Condition:
    if not isinstance(data, str):
        raise AuthorError(f"{where}: expected a condition, got {type(data).__name__}")
    try:
        return parse_condition(data, scope)
    except ConditionError as error:
        raise AuthorError(f"{where}: {error}") from None
