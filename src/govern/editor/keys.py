"""Completion of keys: those that may stand here and do not yet, the required ones first."""

from __future__ import annotations

from collections.abc import Iterator

from govern.charter import notation
from govern.charter.kinds import (
    ConditionText,
    Data,
    Effect,
    Either,
    Key,
    Kind,
    Level,
    ListOf,
    MapOf,
    Nested,
    SchemaText,
    Text,
    Tools,
)
from govern.charter.vocabulary import TOOL_KEY
from govern.charter.yaml_tree import Map
from govern.editor import schemas
from govern.editor.names import Sort
from govern.editor.parsed import entry, texts
from govern.editor.place import What, keywords
from govern.editor.suggest import Asked, Sign, Suggestion, escaped, told
from govern.editor.words import key_lines
from govern.lint.paths import ANY_ITEM, Path


def keys(asked: Asked) -> Iterator[Suggestion]:
    """Keys that may be written at the cursor."""
    spot = asked.spot
    present = _present(asked)
    known: set[str] = set()
    wanted = [(level, key) for level in spot.levels for key in level.keys]
    for level, key in sorted(wanted, key=lambda each: not each[1].required):
        if key.name not in present | known:
            known.add(key.name)
            yield _of_level(asked, level, key)
    for name, schema in sorted(keywords(spot.kinds).items(), key=lambda each: "description" not in each[1]):
        if name not in present:
            yield _key(asked, name, "JSON Schema", schema.get("description", ""), ": ", ": ")
    yield from _named(asked, present)


def _present(asked: Asked) -> frozenset[str]:
    """The keys that stand beside the cursor already."""
    around = asked.spot.around if asked.spot.is_key else None
    if not isinstance(around, Map):
        return frozenset()
    return frozenset(str(key.value) for key, _ in around.entries if key is not asked.spot.node)


def _named(asked: Asked, present: frozenset[str]) -> Iterator[Suggestion]:
    """Keys that are names of the author's: tools of a library, facts and tools of a scenario, arguments."""
    path = asked.spot.path
    names = asked.names
    match path:
        case ("tools",) if asked.one.kind == "agent":
            for one in names.of(Sort.ENTRY):
                if one.name not in present:
                    yield _key(asked, one.name, f"of `{one.of.name}`", told(one), ": {}", ": {$1}")
        case ("scenarios", int(), "call"):
            for one in names.of(Sort.TOOL):
                if not present:
                    yield _key(asked, one.name, "tool", told(one), ": ", ": {$1}")
        case ("scenarios", int(), "call", str(tool), *rest):
            below = tuple(each if isinstance(each, str) else ANY_ITEM for each in rest)
            yield from _properties(asked, names.arguments(tool, "args"), below, present)
        case ("scenarios", int(), "given"):
            for one in names.of(Sort.FACT):
                if one.name not in present:
                    yield _key(asked, one.name, "fact", told(one), ": ", ": {$1}")
        case ("scenarios", int(), "given", str(fact)):
            for one in names.of(Sort.FIELD):
                owner, _, field = one.name.partition(".")
                if owner == fact and field not in present:
                    yield _key(asked, field, "field", told(one), ": ", ": ")
        case ("facts", str(), "from", "where"):
            yield from _where(asked, present)
        case ("identity", "elevated"):
            for word in dict.fromkeys(_credentials(asked)):
                if word not in present:
                    yield _key(asked, word, "a tool's `credentials`", "", ": ", ": {ttl: ${1:5m}}")


def _where(asked: Asked, present: frozenset[str]) -> Iterator[Suggestion]:
    """What says which result it is: arguments of the source's call, and fields of its result."""
    source = asked.spot.above[3] if len(asked.spot.above) > 3 else None
    tools = [str(word.value) for word in texts(entry(source, "result_of"))]
    for tool in tools:
        for each in schemas.properties(asked.names.arguments(tool, "args"), ()):
            if each.name not in present:
                yield _key(asked, each.name, f"argument of `{tool}`: {each.detail}", each.says, ": args.", ": args.$1")
        for each in schemas.properties(asked.names.arguments(tool, "result"), ()):
            name = f"result.{each.name}"
            if name not in present:
                yield _key(asked, name, f"field of the result of `{tool}`: {each.detail}", each.says, ": ", ": $1")


def _credentials(asked: Asked) -> Iterator[str]:
    for one in asked.names.of(Sort.TOOL):
        yield from (str(word.value) for word in texts(entry(one.body, "credentials")))


def _properties(asked: Asked, found: list[schemas.Schema], path: Path, present: frozenset[str]) -> Iterator[Suggestion]:
    for each in sorted(schemas.properties(found, path), key=lambda each: not each.required):
        if each.name not in present:
            yield _key(asked, each.name, each.detail, each.says, ": ", ": ")


def _of_level(asked: Asked, level: Level, key: Key) -> Suggestion:
    need = "required, " if key.required else ""
    says = "\n\n".join(key_lines(level, key))
    plain, snippet = _behind(asked, level, key)
    return _key(asked, key.name, f"{need}{short(key.value)}", says, plain, snippet)


def _key(asked: Asked, name: str, detail: str, says: str, plain: str, snippet: str) -> Suggestion:
    """A key with what is written behind it, unless a colon stands there already."""
    start, end = asked.word
    behind = asked.text[end : asked.text.find("\n", end) if "\n" in asked.text[end:] else None]
    if asked.quoted or behind.lstrip("\"'").lstrip().startswith(":"):
        return Suggestion(name, Sign.KEY, detail, says, name, "", start, end)
    bare = asked.value(name, Sign.KEY, detail, says)
    lead = asked.lead + _dash(asked)
    written = bare.insert.removeprefix(asked.lead)
    made = f"{lead}{escaped(written)}{snippet}" if "$" in snippet else ""
    return Suggestion(name, Sign.KEY, detail, says, f"{lead}{written}{plain}", made, start, end)


def _dash(asked: Asked) -> str:
    """The dash of a new item of a list, where the line has none."""
    around, node = asked.spot.around, asked.spot.node
    if isinstance(around, Map) or around is None or asked.flow or asked.lead:
        return ""
    before = asked.one.text[asked.one.text.rfind("\n", 0, node.start) + 1 : node.start]
    return "" if before.strip() else "- "


def _behind(asked: Asked, level: Level, key: Key) -> tuple[str, str]:
    """What follows a key, plain and as a snippet."""
    what = key.value.kinds[-1] if isinstance(key.value, Either) else key.value
    match what:
        case ConditionText():
            return ": ", ': "$1"'
        case Text():
            return ": ", ": $1"
        case ListOf() | Tools():
            return ": ", ": [$1]"
        case Nested() | MapOf() | SchemaText():
            if asked.flow:
                return ": {", ": {$1}"
            return ":", ""
        case Effect() | Data():
            return ": ", ""
        case _:
            return ": ", ""


def short(kind: Kind | What) -> str:
    """How a value is written, in a few words."""
    match kind:
        case ListOf():
            return "a list"
        case Tools():
            return "tools by name or glob"
        case MapOf() if kind.key is TOOL_KEY:
            return "tools by name"
        case MapOf() | Nested():
            return "a mapping"
        case ConditionText():
            return "a condition"
        case SchemaText():
            return "a JSON Schema"
        case Effect():
            return "an effect"
        case Either(several):
            return " or ".join(dict.fromkeys(short(each) for each in several))
    told = notation.written(kind) if not hasattr(kind, "schema") else "a value"
    return told.partition(":")[0].partition(";")[0]
