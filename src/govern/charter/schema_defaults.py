"""What is wrong with the defaults of an `input`: where one cannot be applied, or is itself no valid argument.

Leaves out how they are applied (`policy.defaults`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from govern.charter.schema import Schema, closed, joined, property_names
from govern.events.canonical import text_of
from govern.policy.defaults import Defaults, Property
from govern.policy.schema_tree import below, moved, pointer

_SURE = frozenset({"properties", "allOf"})
_ALL = "#/$defs/all"
_OWN = "/allOf/1"  # where `joined` puts the charter's
_HINT = "a default is of a property, and holds in every call: at the top, in nested objects, through `allOf` and `$ref`"


@dataclass(frozen=True, slots=True)
class Wrong:
    """One mistake; `at` is its JSON pointer in the schema."""

    rule: str
    at: str
    message: str
    hint: str


def wrong_defaults(schema: dict[str, Any]) -> list[Wrong]:
    """Every default that cannot be applied, or that the schema itself would refuse.

    Args:
        schema: of a tool's arguments, as written, known to be usable.
    """
    if '"default"' not in text_of(schema):
        return []
    misplaced = _misplaced(schema)
    return misplaced or _wrong(schema, closed(schema))


def wrong_together(own: dict[str, Any], library: dict[str, Any]) -> list[Wrong]:
    """The same of a tool whose schema and its library's must both be satisfied; each alone has nothing wrong.

    Every pointer is into `own`: where it has no part in the mistake, it is empty.
    """
    both = joined(closed(own), closed(library))
    found = _wrong(both, both)
    return [replace(each, at=each.at.removeprefix(_OWN) if each.at.startswith(f"{_OWN}/") else "") for each in found]


def _misplaced(schema: Schema) -> list[Wrong]:
    """Defaults that would hold in some calls only, or that are of no property."""
    found: dict[str, Wrong] = {}
    defaults = Defaults(schema)
    for where in defaults.arguments:
        held = defaults.at(where)
        if isinstance(held, dict) and "default" in held:
            hint = "write it beside the argument, under `properties`"
            message = "the arguments as a whole have no `default`"
            found[where] = Wrong("schema-unsupported", f"{where}/default", message, hint)
    # Of each schema, the keyword under which it does not hold in every call; empty where it does.
    waiting, seen = [("", "")], set[tuple[str, str]]()
    while waiting:
        where, under = waiting.pop()
        held = defaults.at(where)
        if (where, under) in seen or not isinstance(held, dict):
            continue
        seen.add((where, under))
        if under and "default" in held and where not in found:
            message = f"`default` under `{under}` is not supported: it would depend on what a call is"
            found[where] = Wrong("schema-unsupported", f"{where}/default", message, _HINT)
        if isinstance(ref := held.get("$ref"), str):
            waiting.append((ref.removeprefix("#"), under))
        for steps, _ in below(held):
            if steps[0] != "$defs":  # what nothing refers to demands nothing
                waiting.append((where + pointer(steps), under or ("" if steps[0] in _SURE else steps[0])))
    return list(found.values())


def _wrong(written: Schema, judging: Schema) -> list[Wrong]:
    """Defaults against each other, and each against the schemas of its property.

    Args:
        written: where defaults are looked for.
        judging: the same with objects closed.
    """
    defaults = Defaults(written)
    found = [Wrong("schema-default", each.at, each.message, each.hint) for each in defaults.problems]
    held = [each for each in defaults.properties if _holders(defaults, each)]
    found += [wrong for each in held for wrong in _not_named(defaults, each)]
    if found or _all_valid(defaults, judging, held):
        return found
    return [wrong for each in held for wrong in _invalid(defaults, judging, each)]


def _holders(defaults: Defaults, prop: Property) -> list[str]:
    return [where for where in prop.schemas if "default" in _keywords(defaults.at(where))]


def _not_named(defaults: Defaults, prop: Property) -> list[Wrong]:
    """One default of a property that some schema of its object does not have."""
    for owner in prop.owners:
        names = property_names(defaults.at(owner), defaults.schema)
        if _shut(defaults.at(owner)) and names is not None and prop.name not in names:
            message = f"`{prop.name[:80]}` has a default, and another schema of the same object does not allow it"
            at = f"{_holders(defaults, prop)[0]}/default"
            return [Wrong("schema-default", at, message, "name it in both, or leave the default out")]
    return []


def _all_valid(defaults: Defaults, judging: Schema, properties: list[Property]) -> bool:
    """Whether every default satisfies every schema of its property: one validator, since a schema may have hundreds."""
    from govern.policy.schema import validator

    asked: dict[str, tuple[Any, str]] = {}
    for each in properties:
        for where in each.schemas:
            asked[str(len(asked))] = (defaults.value(each), where)
    schema = _in_place(judging, {"properties": {key: {"$ref": _ALL + where} for key, (_, where) in asked.items()}})
    return validator(text_of(schema))({key: value for key, (value, _) in asked.items()})


def _invalid(defaults: Defaults, judging: Schema, prop: Property) -> list[Wrong]:
    from govern.policy.schema import violations

    for where in prop.schemas:
        said = violations(
            text_of(_in_place(judging, {"$ref": _ALL + where})), defaults.value(prop), root=prop.name[:80]
        )
        if said:
            message = f"the default is no valid argument: `{said[0]}`"
            at = f"{_holders(defaults, prop)[0]}/default"
            return [Wrong("schema-default", at, message, "change one of the two")]
    return []


def _in_place(schema: Schema, asking: dict[str, Any]) -> Schema:
    """A schema that refers to parts of another, whose references lead where they led."""
    return {"$defs": {"all": moved(schema, _ALL.removeprefix("#"))}, **asking}


def _keywords(schema: Schema) -> dict[str, Any]:
    return schema if isinstance(schema, dict) else {}


def _shut(schema: Schema) -> bool:
    return any(_keywords(schema).get(key) is False for key in ("additionalProperties", "unevaluatedProperties"))
