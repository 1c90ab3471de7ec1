"""A comparison that the input schema has decided already: one outcome for every valid call."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from govern.charter.model import Charter, Tool
from govern.conditions.tree import Call, Lit, Node
from govern.findings import Confidence, Severity
from govern.lint.hit import Hit, listed
from govern.lint.paths import Judged, Nothing, Path, judged, kinds_at, look_up
from govern.lint.ranges import MIRRORED
from govern.lint.sites import Site, sites

SEVERITY = Severity.NOTE
CONFIDENCE = Confidence.HIGH

Limit = tuple[float, bool]  # the bound, and whether it is allowed itself
_SIZES = {"string": ("minLength", "maxLength"), "array": ("minItems", "maxItems")}


def check(charter: Charter) -> Iterator[Hit]:
    for site in sites(charter):
        for part in judged(site.clause.condition.tree):
            match part.atom:
                case Call(fn, (left, right)) if fn in MIRRORED:
                    if isinstance(left, Lit):
                        fn, left, right = MIRRORED[fn], right, left
                    if (
                        isinstance(right, Lit)
                        and isinstance(right.value, int | float)
                        and type(right.value) is not bool
                    ):
                        yield from _compared(site, part, fn, left, right.value)


def _compared(site: Site, part: Judged, fn: str, left: Node, number: float) -> Iterator[Hit]:
    sized = isinstance(left, Call) and left.fn == "size"
    path = part.argument(left.operands[0] if isinstance(left, Call) and sized else left)
    if not path or not site.tools or (isinstance(left, Call) and not sized):
        return
    found = [(tool, *_outcome(tool, path, sized, fn, number)) for tool in site.tools]
    outcomes = {outcome for _, outcome, _ in found}
    if len(outcomes) != 1 or None in outcomes:
        return
    always = outcomes == {True}
    what = "always" if always else "never"
    said = ", ".join(sorted({bound for _, _, bound in found}))
    whose = listed([tool.name for tool, _, _ in found])
    message = f"the schema of {whose} says {said}: where the argument is there, this is {what} true"
    place = site.clause.place(part.atom.start, part.atom.end)
    yield Hit(message, place, "change the bound that is wrong, or keep only one of the two")


def _outcome(tool: Tool, path: Path, sized: bool, fn: str, number: float) -> tuple[bool | None, str]:
    """What the comparison gives wherever it is not unknown, and the keyword that says so."""
    if tool.input is None:
        return None, ""
    found, kinds = look_up(tool.input.schema, path), kinds_at(tool.input.schema, path)
    if isinstance(found, Nothing) or len(found) != 1 or kinds is None:
        return None, ""  # several: alternatives, one of which may say otherwise
    kinds -= {"null"}
    schema = found[0]
    if sized:
        if len(kinds) != 1 or not kinds <= _SIZES.keys():
            return None, ""
        least, most = _SIZES[next(iter(kinds))]
        bounds = [(schema.get(least, 0), True, f"`{least}: {schema.get(least)}`", True)] if least in schema else []
        bounds += [(schema[most], True, f"`{most}: {schema[most]}`", False)] if most in schema else []
    elif kinds == {"number"}:
        bounds = _number_bounds(schema)
    else:
        return None, ""
    for bound, itself, says, lower in bounds:
        outcome = _decided(fn, number, bound, itself, lower)
        if outcome is not None:
            return outcome, says
    return None, ""


def _number_bounds(schema: dict[str, Any]) -> list[tuple[float, bool, str, bool]]:
    found = []
    for keyword, itself, lower in (
        ("minimum", True, True), ("exclusiveMinimum", False, True), ("maximum", True, False),
        ("exclusiveMaximum", False, False),
    ):  # fmt: skip
        if isinstance(schema.get(keyword), int | float):
            found.append((schema[keyword], itself, f"`{keyword}: {schema[keyword]}`", lower))
    return found


def _decided(fn: str, number: float, bound: float, itself: bool, lower: bool) -> bool | None:
    """Whether one bound settles the comparison of what it bounds with a number."""
    if not lower:  # mirror it: x <= 100 is -x >= -100
        fn, number, bound = MIRRORED[fn], -number, -bound
    beyond = bound > number or (bound == number and not itself)  # then x > number
    match fn:
        case ">" | "!=":
            return True if beyond else None
        case ">=":
            return True if bound >= number else None
        case "<=" | "==":
            return False if beyond else None
        case _:
            return False if bound >= number else None
