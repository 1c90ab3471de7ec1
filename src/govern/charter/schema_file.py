"""`schemas/charter.v1.json`, `deployment.v1.json` and `suite.v1.json`, made from the table that the loader reads with.

Editors complete, explain and check a file with them while it is written. JSON Schema 2020-12, with the words
that editors knew before it (`if`/`then` rather than `dependentRequired`) and two of their own
(`markdownDescription`, `defaultSnippets`). What the loader accepts, a schema accepts; what it refuses for a
key that is unknown or missing, or a value of the wrong type, a schema refuses too. What a schema cannot know
(whether a name is defined, whether a condition makes sense, whether a duration is longer than a year, how a
number is spelled) only the loader does.

`python -m govern.charter.schema_file FOLDER` writes them. Leaves out the relations between keys (`relations`).
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any, assert_never

from govern.charter import kinds, vocabulary
from govern.charter.example import excerpt, value
from govern.charter.keyword_schema import keyword_schema
from govern.charter.kinds import (
    ConditionText,
    Data,
    Duration,
    Effect,
    Either,
    Key,
    Kind,
    Level,
    ListOf,
    MapOf,
    Name,
    Nested,
    Number,
    OneOf,
    PathText,
    Pattern,
    SchemaText,
    Text,
    Tools,
    Truth,
    Whole,
)
from govern.charter.places import Place, levels_of, places
from govern.charter.relations import RELATIONS, SNIPPETS, VALUES

DIALECT = "https://json-schema.org/draft/2020-12/schema"
NAMES = ("charter", "deployment", "suite")
_ROOTS = {
    "charter": (vocabulary.CHARTER, vocabulary.BASE, vocabulary.LIBRARY),
    "deployment": (vocabulary.DEPLOYMENT,),
    "suite": (vocabulary.SUITE,),
}
_INPUT = "json_schema"
_SEGMENT = r"(?:\.[A-Za-z_][A-Za-z0-9_-]*|\[(?:0|[1-9][0-9]{0,3})\]|\[\*\])"
Schema = dict[str, Any]


def document(name: str) -> Schema:
    """The schema of a kind of file, `charter` (with base and library), `deployment` or `suite`, as plain JSON data."""
    used = _reached(_ROOTS[name])
    head: Schema = {
        "$schema": DIALECT,
        "title": f"govern {name}, version 1" + (": a charter, a base or a library" if name == "charter" else ""),
        "description": _ABOUT[name],
        "type": "object",
    }
    if name == "charter":
        # By its name a file says what it is; one that says nothing is a charter that is being written.
        head |= {
            "if": {"required": ["base"]},
            "then": _ref("base"),
            "else": {"if": {"required": ["library"]}, "then": _ref("library"), "else": _ref("charter")},
            "defaultSnippets": SNIPPETS["FILE"],
        }
    else:
        head["$ref"] = f"#/$defs/{name}"
    defs = {each.lower(): _level(each, level) for each, level in vocabulary.LEVELS.items() if level in used}
    if name == "charter":
        defs[_INPUT] = keyword_schema(f"#/$defs/{_INPUT}")
    return {**head, "$defs": defs}


def text(name: str) -> str:
    """The file as it is published."""
    return json.dumps(document(name), indent=2, ensure_ascii=False) + "\n"


def write(folder: Path) -> None:
    """Writes all files into a folder."""
    for name in NAMES:
        (folder / f"{name}.v1.json").write_text(text(name), "utf-8")


_ABOUT = {
    "charter": "What an agent may do alone, what needs whose approval, what it must never do. The loader of "
    "`govern lint` is the judge; this schema is made from its table, for editors.",
    "deployment": "What is not policy: who holds which role, where notifications go, mode, time zone, calendar.",
    "suite": "Tests of a charter, `NAME.test.yaml` beside it: calls and the verdicts that are meant. `govern test` "
    "runs them; its loader is the judge, this schema is made from its table, for editors.",
}


def _reached(roots: tuple[Level, ...]) -> list[Level]:
    found: list[Level] = []
    waiting = list(roots)
    while waiting:
        level = waiting.pop()
        if level not in found:
            found.append(level)
            waiting.extend(inner for key in level.keys for inner in levels_of(key.value))
    return found


def _ref(level: str) -> Schema:
    return {"$ref": f"#/$defs/{level.lower()}"}


def _level(name: str, level: Level) -> Schema:
    made: Schema = {
        "type": "object",
        "properties": {key.name: _key(name, level, key) for key in level.keys},
        "additionalProperties": False,
    }
    if required := list(level.required):
        made["required"] = required
    if name in SNIPPETS:
        made["defaultSnippets"] = SNIPPETS[name]
    return {**made, **RELATIONS.get(name, {})}


def _key(name: str, level: Level, key: Key) -> Schema:
    made = {**_kind(key.value), **VALUES.get((name, key.name), {})}
    those = [place for place in places() if place.level is level and place.key is key]
    place = next((each for each in those if excerpt(each)), those[0])
    sample = value(place)
    if sample is not None and "enum" not in made:
        made["examples"] = [sample]
    made["description"] = f"{key.says}\n\nEnforced by {key.by}."
    made["markdownDescription"] = _markdown(place, key)
    return made


def _markdown(place: Place, key: Key) -> str:
    shown = excerpt(place)
    example = f"\n\n```yaml\n{shown}\n```" if shown else ""
    return f"{key.says}\n\n*Enforced by* {key.by}.{example}\n\n`govern explain {place.path}`"


def _pattern(pattern: re.Pattern[str], most: int | None = None) -> Schema:
    made: Schema = {"type": "string", "pattern": f"^(?:{pattern.pattern})$"}
    return made if most is None else {**made, "maxLength": most}


def _kind(kind: Kind) -> Schema:
    match kind:
        case Text():
            return {"type": "string", "pattern": r"\S"}
        case Name(_, _, pattern, _) | Pattern(_, pattern, _):
            return _pattern(pattern, kinds.TOOL_MAX if pattern is kinds.TOOL_NAME else None)
        case Tools():
            item = _pattern(kinds.TOOL_GLOB, kinds.TOOL_MAX)
            return {"type": "array", "minItems": 1, "uniqueItems": True, "items": item}
        case Whole(least):
            return {"type": "integer", "minimum": least}
        case Number():
            return {"type": "number", "minimum": 0}
        case Truth():
            return {"type": "boolean"}
        case OneOf(_, words):
            return {"enum": list(words)}
        case Duration():
            return _pattern(kinds.DURATION)
        case ConditionText():
            return {"type": "string", "pattern": r"\S"}
        case PathText(roots, words):
            return {"type": "string", "pattern": f"^(?:{_path(roots, words)})$"}
        case SchemaText():
            return {**_ref(_INPUT), "type": "object"}
        case Effect():
            return {"anyOf": [{"enum": ["deny"]}, _ref("effect")]}
        case Data():
            return {}
        case ListOf(item):
            made: Schema = {"type": "array", "minItems": 1, "items": _kind(item)}
            return made if isinstance(item, Text | Nested | Either) else {**made, "uniqueItems": True}
        case MapOf(name, item):
            names = {key: rule for key, rule in _kind(name).items() if key != "type"}
            return {"type": "object", "minProperties": 1, "propertyNames": names, "additionalProperties": _kind(item)}
        case Nested(level):
            return _ref(level)
        case Either(several):
            return {"anyOf": [_kind(each) for each in several]}
        case _:
            assert_never(kind)


def _path(roots: tuple[str, ...], words: tuple[str, ...]) -> str:
    """A place as `reader.Reader.place` reads it."""
    names = [*(root for root in roots if root != "facts"), *words]
    made = f"(?:{'|'.join(names)}){_SEGMENT}*" if names else ""
    return f"{made}|{kinds.FACT.pattern}{_SEGMENT}+" if "facts" in roots else made


if __name__ == "__main__":
    write(Path(sys.argv[1] if len(sys.argv) > 1 else "schemas"))
