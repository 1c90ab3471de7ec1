"""A tool's `input` and `output` in words: which arguments, of which kind, within which bounds.

Keywords that have no words here are shown as written, so that nothing that is demanded goes unsaid; notes
(`title`, `description`, `examples`, …) demand nothing and are left out.
"""

from __future__ import annotations

import json
from typing import Any

from govern.charter.sentences.document import code, counted, several

NOTES = frozenset(
    {"$schema", "$comment", "title", "description", "examples", "deprecated", "readOnly", "writeOnly"}
)  # fmt: skip
_TYPES = {
    "string": "text", "number": "a number", "integer": "a whole number", "boolean": "true or false", "null": "null",
    "array": "a list", "object": "an object",
}  # fmt: skip
_BOUNDS = {
    "minimum": "at least {}",
    "maximum": "at most {}",
    "exclusiveMinimum": "above {}",
    "exclusiveMaximum": "below {}",
    "multipleOf": "a multiple of {}",
}
_COUNTS = {
    "minLength": ("at least {}", "character", "characters"), "maxLength": ("at most {}", "character", "characters"),
    "minItems": ("at least {}", "item", "items"), "maxItems": ("at most {}", "item", "items"),
    "minProperties": ("at least {}", "entry", "entries"), "maxProperties": ("at most {}", "entry", "entries"),
}  # fmt: skip
_OPEN: tuple[Any, ...] = (None, True, {})
# What lets an object have fields; one that says none of it is closed and empty.
_FIELDS = frozenset(
    {"properties", "patternProperties", "additionalProperties", "unevaluatedProperties", "$ref", "allOf", "anyOf",
     "oneOf", "dependentSchemas", "if", "then", "else"}
)  # fmt: skip


def arguments(schema: dict[str, Any], what: str = "arguments") -> list[str]:
    """An object's schema as lines: one a property, then what else holds.

    Args:
        schema: as written; an object is closed unless it says otherwise.
        what: what the properties are called.
    """
    left = dict(schema)
    if left.get("type") == "object":
        del left["type"]
    required = left.pop("required", [])
    properties = left.pop("properties", {})
    lines = [
        f"{code(name)}{'' if name in required else ' (optional)'}: {value(sub)}" for name, sub in properties.items()
    ]
    missing = [name for name in required if name not in properties]
    if missing:
        lines.append(f"must be given: {', '.join(map(code, missing))}")
    other = left.pop("additionalProperties", False)
    if other in _OPEN:
        lines.append(f"any other {what} too")
    elif other is not False:
        lines.append(f"any other {what}: {value(other)}")
    elif not properties:
        lines.append(f"no {what}")
    return [*lines, *_rest(left)]


def value(schema: Any) -> str:
    """What one value must be."""
    if schema is True or schema == {}:
        return "anything"
    if schema is False:
        return "nothing is allowed"
    left = dict(schema)
    parts: list[str] = []
    kinds = left.pop("type", None)
    if kinds is not None:
        kinds = [kinds] if isinstance(kinds, str) else kinds
        said = several([_TYPES[kind] for kind in kinds], "or")
        parts.append(f"{said} without fields" if "object" in kinds and not _FIELDS & left.keys() else said)
    if "enum" in left:
        parts.append(f"one of {', '.join(map(_plain, left.pop('enum')))}")
    if "const" in left:
        parts.append(_plain(left.pop("const")))
    parts.extend(words.format(_plain(left.pop(word))) for word, words in _BOUNDS.items() if word in left)
    for word, (words, one, many) in _COUNTS.items():
        if word in left:
            parts.append(words.format(counted(left.pop(word), one, many)))
    if "pattern" in left:
        parts.append(f"matching {code(left.pop('pattern'))}")
    if "format" in left:
        parts.append(f"in the format {code(left.pop('format'))}")
    if left.pop("uniqueItems", False):
        parts.append("each once")
    if "items" in left:
        parts.append(f"every item ({value(left.pop('items'))})")
    if "properties" in left:
        inner = {key: left.pop(key) for key in ("properties", "required", "additionalProperties") if key in left}
        parts.append(f"with ({'; '.join(arguments(inner, 'fields'))})")
    return ", ".join([*parts, *_rest(left)]) or "anything"


def _rest(left: dict[str, Any]) -> list[str]:
    shown = {key: item for key, item in left.items() if key not in NOTES}
    return [f"as JSON Schema says: {code(json.dumps(shown, ensure_ascii=False, sort_keys=True))}"] if shown else []


def _plain(item: Any) -> str:
    return code(item) if isinstance(item, str) else json.dumps(item, ensure_ascii=False)
