"""A guard that turns a missing argument into "does not apply": leaving it out lets the call pass.

For each argument that a condition both asks for (`has`, `== null`, `!= null`) and reads, the condition is
worked out with the argument missing, and null, for every value of everything else: once as written, once with
the guard unknown. If only the guard makes it pass, the guard loosens.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from govern.charter.model import Charter, Form, Tool
from govern.conditions.tree import Call, Has, Lit, Macro, Node
from govern.findings import Confidence, Fix, Severity
from govern.lint.hit import Hit
from govern.lint.logic import EVERY, Truth, assignments, atom_values, atoms, formula, key, signed, value
from govern.lint.paths import ANY_ITEM, Nothing, Path, item_path, kinds_at, look_up, path_of, readings, types
from govern.lint.sites import Site, rewrite, sites
from govern.lint.tighten import without

SEVERITY = Severity.WARNING
CONFIDENCE = Confidence.HIGH
Bound = dict[str, Path | None]


def check(charter: Charter) -> Iterator[Hit]:
    for site in sites(charter):
        yield from _condition(site, site.clause.condition.tree, site.permits, {})


def _condition(site: Site, tree: Node, permits: bool, bound: Bound) -> Iterator[Hit]:
    parts = list(atoms(tree))
    for guard in parts:
        path = guarded(guard, bound)
        if path and _is_read(parts, guard, path, bound):
            ways = _loosening(site, tree, parts, path, permits, bound)
            if ways:
                yield _hit(site, guard, path, ways)
    for atom, direction in signed(tree):
        # Inside `all` and `exists` the body pushes the whole the way it goes itself.
        if isinstance(atom, Macro) and atom.fn in ("all", "exists") and atom in parts and direction is not None:
            inner = permits if direction else not permits
            yield from _condition(site, atom.body, inner, {**bound, atom.var: item_path(atom.source, bound)})


def guarded(atom: Node, bound: Bound) -> Path | None:
    """The argument whose absence an atom asks for, or None."""
    match atom:
        case Has(target):
            return path_of(target, bound)
        case Call("==" | "!=", (side, Lit(None))) | Call("==" | "!=", (Lit(None), side)):
            return path_of(side, bound)
        case _:
            return None


def _is_read(parts: list[Node], guard: Node, path: Path, bound: Bound) -> bool:
    return any(
        not reading.asked and reading.path[: len(path)] == path
        for part in parts
        if key(part) != key(guard) and guarded(part, bound) != path
        for reading in readings(part, bound)
    )


def _loosening(site: Site, tree: Node, parts: list[Node], path: Path, permits: bool, bound: Bound) -> tuple[str, ...]:
    """The absences that let the call pass only because of the guard."""
    guards = {key(part): part for part in parts if guarded(part, bound) == path}
    reads = {
        key(part)
        for part in parts
        if key(part) not in guards and any(r.path[: len(path)] == path for r in readings(part, bound))
    }
    others = [part for part in parts if key(part) not in guards and key(part) not in reads]
    unknown: dict[object, Truth] = dict.fromkeys(reads, None)
    rows: list[dict[object, Truth]]
    if (table := assignments(others)) is None:  # too many to try all: alike is where a guard decides, if anywhere
        rows = [dict.fromkeys([key(part) for part in others], each) for each in EVERY]
    else:
        can = {key(part): atom_values(part) for part in others}
        rows = [row for row in table if all(truth in can[name] for name, truth in row.items())]
    whole, plain = formula(tree), {**unknown, **dict.fromkeys(guards, None)}
    found = []
    for absent in _absences(site, path):
        written = {**unknown, **{name: _answer(part, absent) for name, part in guards.items()}}
        if any(
            value(whole, {**row, **written}) is permits and value(whole, {**row, **plain}) is not permits
            for row in rows
        ):
            found.append(absent)
    return tuple(found)


def _answer(guard: Node, absent: str) -> Truth:
    """What a guard says of an argument that is missing, or null."""
    match guard:
        case Has():
            return False
        case Call("=="):
            return True if absent == "null" else None
        case _:
            return False if absent == "null" else None


def _absences(site: Site, path: Path) -> list[str]:
    """The ways in which the argument can be absent without the input being refused."""
    return sorted({way for tool in site.tools for way in _tool_absences(tool, path)})


def _tool_absences(tool: Tool, path: Path) -> set[str]:
    if tool.input is None:
        return {"missing", "null"}
    schema = tool.input.schema
    found = look_up(schema, path)
    if isinstance(found, Nothing):
        return set()  # always missing: `unknown-argument` says so
    ways = set()
    if not _always_there(schema, path):
        ways.add("missing")
    if kinds_at(schema, path) is None or any("null" in (types(part) or ()) for part in found):
        ways.add("null")
    return ways


def _always_there(schema: dict[str, Any], path: Path) -> bool:
    """Whether each step is required by the object above it, or is some item of a list."""
    for depth, part in enumerate(path):
        if part == ANY_ITEM:
            continue
        above = look_up(schema, path[:depth])
        if not isinstance(part, str) or isinstance(above, Nothing) or not above:
            return False
        is_object = depth == 0 or kinds_at(schema, path[:depth]) == frozenset({"object"})
        if not is_object or part not in above[0].get("required", []):
            return False
    return True


def _said_aloud(site: Site, path: Path) -> bool:
    """Whether `only_if` says of an argument that every tool's schema knows as optional what its absence means.

    It may be meant ("no amount: it stays what it was"), so it is a note: the call passes all the same.
    """
    return (
        site.rule is not None
        and site.rule.form is Form.ONLY_IF
        and bool(site.tools)
        and all(
            tool.input is not None and isinstance(found := look_up(tool.input.schema, path), list) and bool(found)
            for tool in site.tools
        )
    )


def _hit(site: Site, guard: Node, path: Path, ways: tuple[str, ...]) -> Hit:
    name = "args" + "".join(f".{part}" if isinstance(part, str) else "[…]" for part in path)
    passes = "the gate is waived" if site.rule is None else "the rule does not apply"
    way = f"leaving `{name}` out" if "missing" in ways else f"`{name}` null"
    if site.permits:
        hint = f"require `{name}` in `input`, or take the guard out: unknown does not pass"
    else:
        hint = f"require `{name}` in `input`, or write `!has({name}) || …`, or take the guard out"
    aloud = _said_aloud(site, path)
    severity = Severity.NOTE if aloud else None
    at = site.clause.place(guard.start, guard.end)
    return Hit(f"{way} is enough: {passes} then", at, hint, severity, fix=None if aloud else _fix(site, guard))


def _fix(site: Site, guard: Node) -> Fix | None:
    """The condition without the guard: what is missing is unknown then, and unknown does not pass."""
    text, places = site.clause.condition.text, site.clause.places
    span = without(text, guard.start, guard.end, site.permits)
    if span is None or places is None:
        return None
    rest = text[: span[0]] + text[span[1] :]
    quoted = site.clause.source.text[places - 1 : places] in ("'", '"')
    if not quoted and not (rest[0].isalnum() or rest[0] == "("):  # YAML takes `!` for a tag
        return None
    return rewrite(site.clause, "take the guard out: unknown does not pass", (*span, ""))
