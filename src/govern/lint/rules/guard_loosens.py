"""A guard that turns a missing argument into "does not apply": leaving it out lets the call pass.

For each argument that a condition both asks for (`has`, `== null`, `!= null`) and reads, the condition is
worked out with the argument missing, and null, for every value of everything else: once as written, once with
the guard unknown. If only the guard makes it pass, the guard loosens.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from govern.charter.model import Charter, Form, Tool
from govern.conditions.tree import Call, Has, Lit, Macro, Node
from govern.findings import Severity
from govern.lint.hit import Hit
from govern.lint.logic import Truth, assignments, atoms, formula, key, signed, value
from govern.lint.paths import Nothing, Path, item_path, look_up, path_of, readings, types
from govern.lint.sites import Site, sites

SEVERITY = Severity.WARNING
Bound = dict[str, Path | None]


def check(charter: Charter) -> Iterator[Hit]:
    for site in sites(charter):
        yield from _condition(site, site.clause.condition.tree, site.permits, {})


def _condition(site: Site, tree: Node, permits: bool, bound: Bound) -> Iterator[Hit]:
    parts = list(atoms(tree))
    for guard in parts:
        path = guarded(guard, bound)
        if path and _is_read(parts, guard, path, bound) and _loosens(site, tree, parts, path, permits, bound):
            yield _hit(site, guard, path)
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


def _loosens(site: Site, tree: Node, parts: list[Node], path: Path, permits: bool, bound: Bound) -> bool:
    guards = {key(part): part for part in parts if guarded(part, bound) == path}
    reads = {
        key(part)
        for part in parts
        if key(part) not in guards and any(r.path[: len(path)] == path for r in readings(part, bound))
    }
    others = [part for part in parts if key(part) not in guards and key(part) not in reads]
    unknown: dict[object, Truth] = dict.fromkeys(reads, None)
    whole = formula(tree)
    for absent in _absences(site, path, guards.values()):
        table = assignments(others)
        for row in table if table is not None else [{key(part): None for part in others}]:
            written = {**row, **unknown, **{name: _answer(part, absent) for name, part in guards.items()}}
            plain = {**row, **unknown, **dict.fromkeys(guards, None)}
            if value(whole, written) is permits and value(whole, plain) is not permits:
                return True
    return False


def _answer(guard: Node, absent: str) -> Truth:
    """What a guard says of an argument that is missing, or null."""
    match guard:
        case Has():
            return False
        case Call("=="):
            return True if absent == "null" else None
        case _:
            return False if absent == "null" else None


def _absences(site: Site, path: Path, guards: Iterable[Node]) -> list[str]:
    """The ways in which the argument can be absent without the input being refused."""
    found = set[str]()
    for tool in site.tools:
        found |= _tool_absences(tool, path)
    if site.rule is not None and site.rule.form is Form.ONLY_IF and _all_declare(site, path):
        # `!has(x) || …` in `only_if` says aloud what absence means.
        found -= {"missing", "null"} if all(isinstance(guard, Has) for guard in guards) else {"missing"}
    return sorted(found)


def _tool_absences(tool: Tool, path: Path) -> set[str]:
    if tool.input is None or len(path) != 1:
        return {"missing", "null"}
    found = look_up(tool.input.schema, path)
    if isinstance(found, Nothing):
        return set()  # always missing: `unknown-argument` says so
    ways = set()
    if path[0] not in tool.input.schema.get("required", []):
        ways.add("missing")
    said = types(found[0]) if found else None
    if said is None or "null" in said:
        ways.add("null")
    return ways


def _all_declare(site: Site, path: Path) -> bool:
    """Whether every tool's schema knows the argument, so that leaving it out was thought of."""
    return bool(site.tools) and all(
        tool.input is not None and isinstance(found := look_up(tool.input.schema, path), list) and bool(found)
        for tool in site.tools
    )


def _hit(site: Site, guard: Node, path: Path) -> Hit:
    name = "args" + "".join(f".{part}" if isinstance(part, str) else "[…]" for part in path)
    passes = "the gate is waived" if site.rule is None else "the rule does not apply"
    message = f"leaving `{name}` out is enough: {passes} then"
    if site.permits:
        hint = f"require `{name}` in `input`, or take the guard out: unknown does not pass"
    else:
        hint = f"require `{name}` in `input`, or write `!has({name}) || …`, or take the guard out"
    return Hit(message, site.clause.place(guard.start, guard.end), hint)
