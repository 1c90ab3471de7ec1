"""JSON Schema for the JSON Schema that stands in `input` and `output`: the keywords that are judged, closed.

The published metaschema would do, but editors would have to fetch it, and it lets every unknown keyword through.
Leaves out what the keywords mean for each other (`input_schema`).
"""

from __future__ import annotations

from typing import Any

from govern.charter.input_schema import DEFAULT, FORMATS, KEYWORDS

Schema = dict[str, Any]
_TYPES = ("array", "boolean", "integer", "null", "number", "object", "string")
_TEXT: Schema = {"type": "string"}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_FLAG: Schema = {"type": "boolean"}
_NUMBER: Schema = {"type": "number"}
_NAMES: Schema = {"type": "array", "items": _TEXT, "uniqueItems": True}
_SAYS = {
    "properties": "The arguments, each with its schema; an object is closed unless `additionalProperties` is written.",
    "required": "The arguments that every call must have.",
    "additionalProperties": "Whether, or which, other keys may be given.",
    "type": "The kind of the value.",
    "default": "What an argument is that a call leaves out: filled in before the call is judged, and forwarded.",
    "enum": "All values it can have.",
    "pattern": "An RE2 pattern; it is looked for anywhere unless `^` and `$` anchor it.",
    "format": "A format that is judged.",
    "$ref": "A place in this schema, as in `#/$defs/address`; nothing is fetched.",
}


def keyword_schema(ref: str) -> Schema:
    """The schema of a schema.

    Args:
        ref: how it refers to itself.
    """
    this: Schema = {"$ref": ref}
    several: Schema = {"type": "array", "minItems": 1, "items": this}
    named: Schema = {"type": "object", "additionalProperties": this}
    shapes: dict[str, Schema] = {
        **dict.fromkeys(("allOf", "anyOf", "oneOf", "prefixItems"), several),
        **dict.fromkeys(("properties", "patternProperties", "dependentSchemas", "$defs"), named),
        **dict.fromkeys(
            ("items", "contains", "additionalProperties", "propertyNames", "if", "then", "else", "not",
             "unevaluatedItems", "unevaluatedProperties"), this,
        ),
        **dict.fromkeys(
            ("minLength", "maxLength", "minItems", "maxItems", "minContains", "maxContains", "minProperties",
             "maxProperties"), _COUNT,
        ),
        **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"), _NUMBER),
        **dict.fromkeys(("$comment", "title", "description", "$schema"), _TEXT),
        **dict.fromkeys(("uniqueItems", "deprecated", "readOnly", "writeOnly"), _FLAG),
        "type": {"anyOf": [{"enum": list(_TYPES)},
                           {"type": "array", "items": {"enum": list(_TYPES)}, "minItems": 1, "uniqueItems": True}]},
        "enum": {"type": "array"},
        "const": {},
        "default": {},
        "examples": {"type": "array"},
        "multipleOf": {"type": "number", "exclusiveMinimum": 0},
        "pattern": _TEXT,
        "format": {"enum": sorted(FORMATS)},
        "required": _NAMES,
        "dependentRequired": {"type": "object", "additionalProperties": _NAMES},
        "$ref": {"type": "string", "pattern": "^#"},
    }  # fmt: skip
    properties = {
        word: {**shapes[word], "description": _SAYS[word]} if word in _SAYS else shapes[word]
        for word in sorted(KEYWORDS | {DEFAULT})
    }
    return {"type": ["object", "boolean"], "properties": properties, "additionalProperties": False}
