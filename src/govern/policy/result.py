"""What of a tool's result the agent may see: `output`, `show_only_if` and `hide`, judged once the tool has answered.

| key | withheld, with this reason, where |
|---|---|
| `output` | the result breaks the schema, or has no single meaning as JSON: `invalid_output` |
| `show_only_if` | the condition is false or unknown of it: `show_only_if` |
| `hide` | a place cannot be told apart from the rest, since something else stands there: `hide` |

Everything that withholds counts, and nothing shows what something else withholds. Of what is shown, the places of
`hide` are taken away: a key with its value, an item from its list (`[*]`: all items), the whole result (`result`). A
place that is not there hides nothing. A hidden value that stands elsewhere in the result too stays there.

**Text.** A result that is text is read as data where it is JSON, so that places in it exist and the schema's `object`
means what the text holds; unless `output` has a `type` that allows text and not that kind of data. What is shown is
text again: as it came where nothing was hidden, else canonical JSON. JSON text with two meanings (a key twice) is
withheld wherever one of the three keys is written. A tool without them shows everything as it came.

Leaves out the call's verdict, and enforcing: a boundary hands over the tool's own value (not a list of content blocks
around it), errors included, for nobody knows what an error's text holds.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from govern.conditions import Inputs, bound
from govern.conditions.python import decider
from govern.errors import AuthorError
from govern.events.canonical import Malformed, check, normalise, parse, text_of
from govern.policy.model import Policy, ToolPolicy
from govern.policy.schema import validator, violations
from govern.policy.schema_tree import Schema, pointer_target, read

_STEP = re.compile(r"\.([A-Za-z_][A-Za-z0-9_-]*)|\[(0|[1-9][0-9]*|\*)\]")
_ALL: Final = "*"
_TEXT: Final = frozenset({"string"})
_Place = tuple[str | int, ...]


class Withheld(StrEnum):
    """Why an agent does not see a result. Closed."""

    UNMAPPED = "unmapped"
    INVALID_OUTPUT = "invalid_output"
    SHOW_ONLY_IF = "show_only_if"
    HIDE = "hide"


@dataclass(frozen=True, slots=True)
class ResultVerdict:
    """What the agent may see of one result.

    Args:
        shown: what is shown, of the kind that came; None where it is withheld (and where the result is null).
        reasons: why it is withheld, in the order of `Withheld`; empty where it is shown.
        hidden: the places of `hide` at which something was taken away.
        unknown: whether `show_only_if` was unknown rather than false.
    """

    shown: Any
    reasons: tuple[Withheld, ...] = ()
    hidden: tuple[str, ...] = ()
    unknown: bool = False

    @property
    def withheld(self) -> bool:
        return bool(self.reasons)


@dataclass(frozen=True, slots=True)
class _Compiled:
    tool: ToolPolicy
    valid: Callable[[Any], bool] | None
    kinds: frozenset[str] | None
    show: Callable[[Inputs], bool | None] | None
    hide: tuple[tuple[str, _Place], ...]

    @property
    def judges(self) -> bool:
        return self.valid is not None or self.show is not None or bool(self.hide)


class ResultJudge:
    """Judges results under one policy. Safe for threads.

    Args:
        policy: in force.
        zone: as of `Engine`.

    Raises:
        AuthorError: an output schema is not usable, a hidden place is none, or there is no such zone.
    """

    def __init__(self, policy: Policy, zone: str | None = None) -> None:
        self._tools = {name: _compile(tool, policy.agent, zone) for name, tool in policy.tools.items()}

    def judge(self, tool: str, result: Any, given: Inputs) -> ResultVerdict:
        """What the agent may see of a result.

        Args:
            tool: that was called; the result of one that is not mapped is withheld.
            result: what it answered, JSON data or text; it is not changed.
            given: what the call was decided from (`conditions.Inputs`), its arguments as `args`.
        """
        compiled = self._tools.get(tool)
        if compiled is None:
            return ResultVerdict(None, (Withheld.UNMAPPED,))
        if not compiled.judges:
            return ResultVerdict(result)
        try:
            value = _read(result, compiled.kinds)
        except Malformed:
            return ResultVerdict(None, (Withheld.INVALID_OUTPUT,))
        reasons: list[Withheld] = []
        if compiled.valid is not None and not compiled.valid(value):
            reasons.append(Withheld.INVALID_OUTPUT)
        held = compiled.show({**given, "result": value}) if compiled.show is not None else True
        if held is not True:
            reasons.append(Withheld.SHOW_ONLY_IF)
        found: dict[str, list[_Place]] = {}
        for name, place in compiled.hide:
            at = _found(value, place, ())
            if at is None or () in at:
                reasons.append(Withheld.HIDE)
                break
            if at:
                found[name] = at
        if reasons:
            return ResultVerdict(None, tuple(reasons), unknown=held is None)
        if not found:
            return ResultVerdict(result)
        shown = _without(value, [place for places in found.values() for place in places])
        return ResultVerdict(text_of(shown) if isinstance(result, str) else shown, hidden=tuple(found))

    def problems(self, tool: str, result: Any) -> list[str]:
        """What the output schema says against a result, for people; it may quote the result."""
        compiled = self._tools.get(tool)
        if compiled is None or not compiled.judges:
            return []
        try:
            value = _read(result, compiled.kinds)
        except Malformed as error:
            return [f"result: {error.detail}"]
        schema = compiled.tool.output
        return violations(schema, value, root="result") if schema is not None else []


def _compile(tool: ToolPolicy, agent: str, zone: str | None) -> _Compiled:
    tree = bound(tool.show_only_if, tool=tool.name, agent=agent) if tool.show_only_if is not None else None
    return _Compiled(
        tool,
        validator(tool.output) if tool.output is not None else None,
        _kinds(read(tool.output)) if tool.output is not None else None,
        decider(tree, zone) if tree is not None else None,
        tuple((name, _place(name)) for name in tool.hide),
    )


def _place(text: str) -> _Place:
    """The steps below `result`; an item of a list is a number, all of them `*`."""
    rest = text.removeprefix("result")
    steps = _STEP.findall(rest)
    if not text.startswith("result") or len(rest) != sum(len(found[0]) for found in _STEP.finditer(rest)):
        raise AuthorError(f"`{text[:80]}` is no place of a result")
    return tuple(name if name else _ALL if index == _ALL else int(index) for name, index in steps)


# -- reading ---------------------------------------------------------------------------------------------


def _read(result: Any, kinds: frozenset[str] | None) -> Any:
    """The value that is judged.

    Args:
        kinds: the types that the output schema allows; None where it does not say.

    Raises:
        Malformed: it has no single meaning.
    """
    if not isinstance(result, str):
        check(result)
        return parse(text_of(normalise(result)))
    try:
        value = parse(result)
    except Malformed as error:
        if error.code == "syntax" or kinds == _TEXT:
            check(result)
            return result
        raise
    return result if kinds is not None and "string" in kinds and not _kind_of(value) & kinds else value


def _kind_of(value: Any) -> set[str]:
    match value:
        case None:
            return {"null"}
        case bool():
            return {"boolean"}
        case int():
            return {"integer", "number"}
        case float():
            return {"integer", "number"} if value.is_integer() else {"number"}
        case str():
            return {"string"}
        case list():
            return {"array"}
        case _:
            return {"object"}


def _kinds(schema: Schema) -> frozenset[str] | None:
    """The types that a schema allows by `type`, through `allOf` and `$ref`; None where it does not say."""
    found: frozenset[str] | None = None
    waiting, seen = [schema], set[int]()
    while waiting:
        each = waiting.pop()
        if not isinstance(each, dict) or id(each) in seen:
            continue
        seen.add(id(each))
        if "type" in each:
            own = frozenset([each["type"]] if isinstance(each["type"], str) else each["type"])
            own |= {"integer"} if "number" in own else frozenset()
            found = own if found is None else found & own
        waiting.extend(each.get("allOf", ()))
        target = pointer_target(schema, each["$ref"]) if isinstance(each.get("$ref"), str) else None
        waiting.extend([target] if target is not None else [])
    return found


# -- hiding ----------------------------------------------------------------------------------------------


def _found(value: Any, place: _Place, above: _Place) -> list[_Place] | None:
    """Where a place stands in a value, `*` written out; None where it cannot be told apart: text, an object or a
    list stands where another collection was expected, and may hold what should be hidden."""
    if not place:
        return [above]
    step, rest = place[0], place[1:]
    if value is None or isinstance(value, bool | int | float):
        return []
    if isinstance(step, str) and step != _ALL:
        if not isinstance(value, dict):
            return None
        return _found(value[step], rest, (*above, step)) if step in value else []
    if not isinstance(value, list):
        return None
    at: list[_Place] = []
    for index in range(len(value)) if step == _ALL else range(int(step), min(int(step) + 1, len(value))):
        below = _found(value[index], rest, (*above, index))
        if below is None:
            return None
        at += below
    return at


def _without(value: Any, places: Sequence[_Place]) -> Any:
    """A copy without some places; items are counted as they stood before any was taken away."""
    gone = {place[0] for place in places if len(place) == 1}
    inside: dict[str | int, list[_Place]] = {}
    for place in places:
        if len(place) > 1:
            inside.setdefault(place[0], []).append(place[1:])
    if isinstance(value, dict):
        return {key: _without(item, inside.get(key, ())) for key, item in value.items() if key not in gone}
    if isinstance(value, list):
        return [_without(item, inside.get(at, ())) for at, item in enumerate(value) if at not in gone]
    return value
