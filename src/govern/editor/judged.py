"""What a condition or a place in it is about: the tools that it judges, and the values that a name in it has."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from govern.charter.model import Tier
from govern.charter.yaml_tree import Node
from govern.conditions.inputs import ORIGINS
from govern.conditions.times import WEEKDAYS
from govern.editor import schemas
from govern.editor.names import Named, Names, Sort
from govern.editor.parsed import Parsed, entry, text_of, texts
from govern.editor.place import Spot
from govern.editor.schemas import Property
from govern.editor.words import field_type, field_values
from govern.lint.paths import ANY_ITEM, Path

_SECTIONS = ("rules", "limits")


@dataclass(frozen=True, slots=True)
class Judged:
    """What a condition is about.

    Args:
        tools: those whose calls, results or records it judges.
        everything: whether they are simply all tools.
    """

    tools: tuple[str, ...]
    names: Names
    everything: bool = False

    def below(self, written: str) -> tuple[Property, ...]:
        """What may stand behind `written.`: arguments, fields of facts, fields of results; with their kinds."""
        root, path = schemas.steps(written)
        match root:
            case "args":
                return self._below("args", path)
            case "result":
                return self._below("result", path)
            case "record":
                return self._records(path)
            case _:
                fields = self._fields(root) if not path else ()
                return tuple(_field(one) for one in fields)

    def one(self, written: str) -> Property | None:
        """What a place is; None where nothing says it."""
        root, path = schemas.steps(written)
        if not path:
            return None
        if root in ("args", "result"):
            return schemas.one(self._schemas(root), path)
        if root == "record":
            return next((each for each in self._records(path[:-1]) if each.name == path[-1]), None)
        return next((_field(one) for one in self._fields(root) if len(path) == 1 and _last(one) == path[0]), None)

    def _schemas(self, root: str) -> list[schemas.Schema]:
        return [schema for tool in self.tools for schema in self.names.arguments(tool, root)]

    def _below(self, root: str, path: Path) -> tuple[Property, ...]:
        return schemas.properties(self._schemas(root), path)

    def _records(self, path: Path) -> tuple[Property, ...]:
        """The fields of one record: of the items of every list that a reader's result is or has."""
        found: dict[str, Property] = {}
        every = self._schemas("result")
        lists: list[Path] = [()]
        lists += [(each.name,) for each in schemas.properties(every, ()) if "array" in each.kinds]
        for place in lists:
            for each in schemas.properties(every, (*place, ANY_ITEM, *path)):
                found.setdefault(each.name, each)
        return tuple(found.values())

    def _fields(self, fact: str) -> Iterable[Named]:
        return (one for one in self.names.of(Sort.FIELD) if one.name.partition(".")[0] == fact)


def judged(one: Parsed, spot: Spot, names: Names) -> Judged:
    """The tools that a condition, or a place that is written as in one, judges."""
    path = spot.path
    match path:
        case ("tools", str(tool), *_):
            return Judged((tool,), names)
        case (str(section), int(), *_) if section in _SECTIONS:
            return _selected(spot.above[2] if len(spot.above) > 2 else None, names)
        case ("untrusted", "after_reading", int(), *_):
            return _selected(spot.above[3] if len(spot.above) > 3 else None, names)
        case ("records", str(), *_):
            readers = texts(entry(spot.above[2], "read_by") if len(spot.above) > 2 else None)
            return Judged(tuple(str(word.value) for word in readers), names)
        case ("facts", str(fact), "fields", *_):
            sources = texts(entry(entry(one.get("facts", fact), "from"), "result_of"))
            return Judged(tuple(str(word.value) for word in sources), names)
        case _:
            return Judged(tuple(tool.name for tool in names.of(Sort.TOOL)), names, everything=True)


def _selected(rule: Node | None, names: Names) -> Judged:
    """The mapped tools that a rule chooses by name and tier; a raised tier counts too."""
    words = list(texts(entry(rule, "tools")))
    tools = names.tools_of(iter(words)) if words else tuple(one.name for one in names.of(Sort.TOOL))
    tiers = {str(word.value) for word in texts(entry(rule, "tiers"))} & set(Tier)
    if tiers and not words:
        tools = tuple(tool for tool in tools if not (told := _tier(tool, names)) or told in tiers)
    return Judged(tools, names, everything=not words)


def _tier(tool: str, names: Names) -> str:
    found = (text_of(entry(one.body, "tier")) for one in names.called(tool, Sort.TOOL, Sort.ENTRY))
    return next((tier for tier in found if tier), "")


def _last(one: Named) -> str:
    return one.name.partition(".")[2]


def _field(one: Named) -> Property:
    return Property(_last(one), (field_type(one.body),), field_values(one.body), "", False)


def words_of(call: str) -> tuple[str, ...]:
    """All texts that a function of one argument gives; empty where they cannot be listed."""
    return {"weekday": WEEKDAYS, "origin": ORIGINS}.get(call, ())
