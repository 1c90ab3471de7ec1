"""An input schema from the shapes of arguments that were seen: what calls had, closed, and nothing about what they
said.

Types are those that were seen, required is what every call had. Objects stay closed: an argument that was never seen
is refused until somebody writes it down. An object whose keys look like data (many, seldom the same, no plain words)
is a map: its values have a type, its keys are not written. Values are written only where a person asked for
them; bounds are rounded up, so that they tell no value.

Leaves out the tier (`tier`) and whether the loader takes the result (`changed` asks it).
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeVar

from govern.replay.details import Place, Shapes
from govern.suggest.model import Step

_Number = TypeVar("_Number", int, float)
# A name that a reviewer reads as a name, whoever made it up.
_PLAIN = re.compile(r"[A-Za-z_$][A-Za-z0-9_$.-]{0,63}")
_PIECE = re.compile(r"([^.\[\]]+)|(\[\])|\.")
_ORDER = ("string", "integer", "number", "boolean", "object", "array", "null")
MANY_KEYS = 24
_DEEPEST = 8  # as `replay.shapes` looks at arguments
# A closed set is evidence only where few values were seen, each again and again.
_MOST_VALUES = 8
_LEAST_CALLS = 20
_LEAST_EACH = 2
_LONGEST_VALUE = 40
_LARGEST = 10**15  # as a bound
_LEAST_FORM = 5  # values of one form that make it more than chance


@dataclass(frozen=True, slots=True)
class Inferred:
    """A schema, and what it leaves to decide.

    Args:
        schema: None where no call's arguments were captured.
        decide: what a person must settle, as parts of comments.
        steps: those that say something else than the one before, in order.
    """

    schema: dict[str, Any] | None
    decide: tuple[str, ...]
    steps: tuple[Step, ...]


@dataclass(slots=True)
class _Node:
    """A place with what stands below it."""

    place: Place | None = None
    below: dict[str, _Node] = field(default_factory=dict)
    items: _Node | None = None


@dataclass(frozen=True, slots=True)
class _Way:
    """How a schema is made; `values` writes closed sets, never of what is masked."""

    step: Step
    values: bool
    masked: frozenset[str]


def infer(
    shapes: Shapes, step: Step = Step.TYPES, *, values: bool = False, masked: frozenset[str] = frozenset()
) -> Inferred:
    """The schema that calls of these shapes fit.

    Args:
        values: whether somebody asked for values: else no step writes any.
        masked: places (`a`, `a.b`, `a[].b`) whose values are never written: secrets.
    """
    seen = shapes.looked_at
    if not seen:
        return Inferred(None, (_nothing(shapes), *_about(shapes, 0)), (Step.TYPES,))
    root, strange = _tree(shapes.places)
    decide = list(_about(shapes, strange))
    made = {each: _object(root, seen, _Way(each, values, masked), "", []) for each in Step}
    maps: list[str] = []
    _object(root, seen, _Way(step, values, masked), "", maps)
    if maps:
        decide.append(f"which keys {', '.join(maps[:4])} may have; the log has many")
    nothing = [f"`{place.path}`" for place in shapes.places if {kind for kind, _ in place.kinds} == {"null"}]
    if plain := [each for each in nothing if _PLAIN.fullmatch(each.strip("`"))]:
        decide.append(f"what {', '.join(plain[:4])} may be; the log has null only")
    steps = [Step.TYPES]
    for each in (Step.VALUES, Step.BOUNDS):
        if made[each] != made[steps[-1]]:
            steps.append(each)
    if made[Step.OPTIONAL] != made[Step.TYPES]:
        steps.insert(0, Step.OPTIONAL)
    return Inferred(made[step], tuple(decide), tuple(steps))


def _nothing(shapes: Shapes) -> str:
    if shapes.malformed or shapes.long:
        return "its input; no arguments of it could be looked at"
    return "its input; the log has no arguments of it"


def _about(shapes: Shapes, strange: int) -> Iterator[str]:
    if 0 < shapes.looked_at < 3:
        calls = "one call shows" if shapes.looked_at == 1 else "two calls show"
        yield f"its input; {calls} little of what it takes"
    if strange:
        names = f"{strange} argument{'s' * (strange != 1)} whose name{'s are' if strange != 1 else ' is'} no plain word"
        yield f"{names}: left out, and so refused"
    if shapes.malformed:
        yield f"{shapes.malformed:,} of the calls looked at had malformed arguments, and stay denied"
    if shapes.uncaptured and (shapes.looked_at or shapes.malformed or shapes.long):
        yield f"the log has no arguments of {shapes.uncaptured:,} of the calls looked at"
    if shapes.long:
        yield f"{shapes.long:,} of the calls had arguments too long to look at"
    if any(len(pieces(place.path)) >= _DEEPEST and _holds(place) for place in shapes.places):
        yield "its input; what lies deeper than was looked at is refused"
    if shapes.more_places:
        yield f"its input; {shapes.more_places:,} more places were seen and are left out, and so refused"


def _holds(place: Place) -> bool:
    return bool({"object", "array"} & dict(place.kinds).keys())


def _tree(places: Iterable[Place]) -> tuple[_Node, int]:
    """The places below the arguments, and how many arguments have no plain name and are not among them; a `?` in a
    name stands for what a path cannot say."""
    root = _Node()
    for place in places:
        node = root
        for name in pieces(place.path):
            if name == "[]":
                node.items = node.items or _Node()
                node = node.items
            else:
                node = node.below.setdefault(name, _Node())
        node.place = place
    _drop(root)
    strange = [name for name in root.below if not _PLAIN.fullmatch(name)]
    for name in strange:
        del root.below[name]
    return root, len(strange)


def _drop(node: _Node) -> None:
    """Takes out what hangs on a place that is not listed: only so many are."""
    node.below = {name: each for name, each in node.below.items() if each.place is not None}
    if node.items is not None and node.items.place is None:
        node.items = None
    for each in (*node.below.values(), *([node.items] if node.items is not None else ())):
        _drop(each)


def pieces(path: str) -> list[str]:
    """The steps of a place: `items[].id` is items, [], id."""
    return [match[1] or match[2] for match in _PIECE.finditer(path) if match[1] or match[2]]


def _object(node: _Node, count: int, way: _Way, path: str, maps: list[str]) -> dict[str, Any]:
    """An object of which `count` were seen."""
    if path and _is_map(node, count):
        maps.append(f"`{path}`")
        return {
            "type": "object",
            "additionalProperties": _value(_merged(list(node.below.values())), way, f"{path}.*", []),
        }
    made: dict[str, Any] = {"type": "object"}
    required = [name for name, each in node.below.items() if each.place and each.place.present >= count]
    if required and way.step is not Step.OPTIONAL:
        made["required"] = sorted(required)
    made["properties"] = {
        name: _value(each, way, f"{path}.{name}" if path else name, maps)
        for name, each in sorted(node.below.items(), key=lambda item: (item[0] not in required, item[0]))
    }
    return made


def _is_map(node: _Node, count: int) -> bool:
    if not all(_PLAIN.fullmatch(name) for name in node.below):
        return True
    seldom = sum(1 for each in node.below.values() if each.place and 2 * each.place.present < count)
    return len(node.below) > MANY_KEYS and 2 * seldom > len(node.below)


def _value(node: _Node, way: _Way, path: str, maps: list[str]) -> dict[str, Any]:
    place = node.place
    if place is None:
        return {}
    counts = dict(place.kinds)
    kinds = [kind for kind in _ORDER if kind in counts]
    if "number" in kinds and "integer" in kinds:
        kinds.remove("integer")
    shown = way.values and way.step >= Step.VALUES and path not in way.masked and not place.hidden
    if shown and (values := _closed_set(place)) is not None:
        return {"enum": values}
    made: dict[str, Any] = {"type": kinds[0] if len(kinds) == 1 else kinds}
    if "object" in kinds:
        inner = _object(node, counts["object"], way, path, maps)
        made |= {key: value for key, value in inner.items() if key != "type"}
    if "array" in kinds:
        if node.items is not None:
            made["items"] = _value(node.items, way, f"{path}[]", maps)
        else:  # what was never seen is refused until somebody writes it down
            made["maxItems"] = 0
    if way.step is Step.BOUNDS:
        made |= {key: bound for key, bound in _bounds(place, kinds).items() if key not in made}
    return made


def _closed_set(place: Place) -> list[Any] | None:
    """The values of a place where they are evidently all that there are."""
    if place.distinct is None or not 1 <= place.distinct <= _MOST_VALUES or len(place.values) != place.distinct:
        return None
    if sum(count for _, count in place.values) < _LEAST_CALLS or min(c for _, c in place.values) < _LEAST_EACH:
        return None
    values = [json.loads(text) for text, _ in place.values]
    if not all(isinstance(value, str) and len(value) <= _LONGEST_VALUE for value in values if value is not None):
        return None
    return sorted(values, key=lambda value: (value is None, value or ""))


def _bounds(place: Place, kinds: list[str]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    if "string" in kinds and place.longest is not None and "array" not in kinds:
        made["maxLength"] = rounded(place.longest)
        if dict(place.kinds)["string"] >= _LEAST_FORM and _surely(place):
            made["format"] = place.form
    if "array" in kinds and place.longest is not None and "string" not in kinds:
        made["maxItems"] = rounded(place.longest)
    if place.low is not None and place.high is not None and not place.hidden:
        if place.low >= 0:
            made["minimum"] = 0
        if place.high <= _LARGEST:
            made["maximum"] = rounded(place.high) if place.high > 0 else 0
    return made


def _surely(place: Place) -> bool:
    """Whether all texts of a place have its form as JSON Schema means it."""
    if place.form != "date":
        return place.form == "uuid"
    return len(place.values) == place.distinct and all(_is_day(json.loads(text)) for text, _ in place.values)


def _is_day(value: object) -> bool:
    try:
        return value is None or bool(date.fromisoformat(str(value)))
    except ValueError:
        return False


def rounded(seen: int | float) -> int:
    """The next of 1, 2, 5, 10, 20, 50 … from a number on, so that a bound tells no value that was seen."""
    power = 1
    while True:
        for step in (1, 2, 5):
            if step * power >= seen:
                return step * power
        power *= 10


def _merged(nodes: list[_Node]) -> _Node:
    """One node for what stands at several places; the values are not kept."""
    made = _Node()
    places = [node.place for node in nodes if node.place is not None]
    if places:
        kinds: Counter[str] = Counter()
        for place in places:
            kinds.update(dict(place.kinds))
        forms = {place.form for place in places}
        made.place = Place(
            path="*", kinds=tuple(kinds.items()), present=sum(place.present for place in places),
            low=_least(place.low for place in places), high=_most(place.high for place in places),
            shortest=_least(place.shortest for place in places), longest=_most(place.longest for place in places),
            values=(), distinct=None, form=forms.pop() if len(forms) == 1 else "",
        )  # fmt: skip
    names = dict.fromkeys(name for node in nodes for name in node.below)
    made.below = {name: _merged([node.below[name] for node in nodes if name in node.below]) for name in names}
    items = [node.items for node in nodes if node.items is not None]
    made.items = _merged(items) if items else None
    return made


def _least(found: Iterable[_Number | None]) -> _Number | None:
    return min((each for each in found if each is not None), default=None)


def _most(found: Iterable[_Number | None]) -> _Number | None:
    return max((each for each in found if each is not None), default=None)
