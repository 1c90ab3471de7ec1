"""Three-valued reasoning about a condition's own form: atoms, truth tables over them, contradictions.

True, False, None (unknown). Everything here is safe in one direction: what it claims holds for every call;
what it cannot decide it does not claim. Leaves out values of arguments (`conditions` has the engines).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product

from govern.conditions.tree import Call, Field, Has, Item, ListLit, Lit, Macro, Name, Node, fixed
from govern.lint.ranges import MIRRORED, Known, Range

Truth = bool | None
EVERY: tuple[Truth, ...] = (True, False, None)
_LOGICAL = ("&&", "||", "!", "?:")
_MOST_ATOMS = 7  # 3 ** 7 rows of a truth table: milliseconds


def key(node: Node) -> object:
    """What a node says, without where it says it: equal keys, equal meaning."""
    match node:
        case Lit(value):
            return ("lit", type(value).__name__, value)
        case Name(name):
            return ("name", name)
        case Field(base, word):
            return ("field", key(base), word)
        case Item(base, index):
            return ("item", key(base), index)
        case Has(target):
            return ("has", key(target))
        case Call(fn, operands):
            return (fn, *(key(operand) for operand in operands))
        case Macro(fn, source, var, body):
            return (fn, key(source), var, key(body))
        case ListLit(items):
            return ("list", *(key(item) for item in items))


def atoms(node: Node) -> Iterator[Node]:
    """The parts that `&&`, `||`, `!` and `? :` join, from left to right."""
    if isinstance(node, Call) and node.fn in _LOGICAL:
        for operand in node.operands:
            yield from atoms(operand)
    else:
        yield node


@dataclass(frozen=True, slots=True)
class Formula:
    """How a condition joins its atoms: `fn` over `parts`, or the atom called `name`."""

    fn: str
    parts: tuple[Formula, ...]
    name: object = None


def formula(node: Node) -> Formula:
    if isinstance(node, Call) and node.fn in _LOGICAL:
        return Formula(node.fn, tuple(formula(operand) for operand in node.operands))
    return Formula("", (), key(node))


def value(of: Formula, given: Mapping[object, Truth]) -> Truth:
    """The value of a condition whose atoms have the values given (by `key`)."""
    match of.fn:
        case "":
            return given[of.name]
        case "!":
            inner = value(of.parts[0], given)
            return None if inner is None else not inner
        case "&&":
            values = [value(part, given) for part in of.parts]
            return False if False in values else None if None in values else True
        case "||":
            values = [value(part, given) for part in of.parts]
            return True if True in values else None if None in values else False
        case _:
            question = value(of.parts[0], given)
            return None if question is None else value(of.parts[1 if question else 2], given)


def assignments(nodes: list[Node]) -> Iterator[dict[object, Truth]] | None:
    """Every assignment of values to distinct atoms; None if there are too many to look at."""
    keys = list({key(node): None for node in nodes})
    if len(keys) > _MOST_ATOMS:
        return None
    return (dict(zip(keys, row, strict=True)) for row in product(EVERY, repeat=len(keys)))


def possible(node: Node) -> set[Truth]:
    """Values that the condition may take; what is missing it takes for no call."""
    found = set(EVERY)
    if _independent(list(atoms(node))):
        return found
    table = assignments(list(atoms(node)))
    if table is not None:
        whole = formula(node)
        by_key = {key(atom): atom for atom in atoms(node)}
        can = {name: atom_values(atom) for name, atom in by_key.items()}
        found = {
            value(whole, row)
            for row in table
            if all(row[name] in can[name] for name in row) and not _contradicts(row, by_key)
        }
    return found


def somewhere(trees: tuple[Node, ...], holds: Callable[[tuple[Truth, ...]], bool]) -> bool:
    """Whether some call may give several conditions values that `holds` accepts.

    False is certain. True may only mean that there are too many atoms to try through, or that they hang
    together in a way that is not looked at.
    """
    nodes = [atom for tree in trees for atom in atoms(tree)]
    table = assignments(nodes)
    if table is None:
        return True
    by_key = {key(atom): atom for atom in nodes}
    can = {name: atom_values(atom) for name, atom in by_key.items()}
    forms = [formula(tree) for tree in trees]
    return any(
        holds(tuple(value(form, row) for form in forms))
        and all(row[name] in can[name] for name in row)
        and not _contradicts(row, by_key)
        for row in table
    )


def _independent(parts: list[Node]) -> bool:
    """Whether each atom is free of the others: then the whole takes every value, since each stands once."""
    subjects: set[object] = set()
    for atom in parts:
        if fixed(atom) or len(atom_values(atom)) < len(EVERY):
            return False
        sides = atom.operands if isinstance(atom, Call) and len(atom.operands) == 2 else (atom,)
        named = {key(side) for side in sides if not isinstance(side, Lit)}
        if named & subjects:
            return False
        subjects |= named
    return True


def atom_values(atom: Node) -> set[Truth]:
    """Values that an atom may take by its own form, whatever the others are."""
    if fixed(atom):
        return {_folded(atom)}
    match atom:
        case Call("==" | "<=" | ">=", (left, right)) if key(left) == key(right):
            return {True, None}
        case Call("!=" | "<" | ">", (left, right)) if key(left) == key(right):
            return {False, None}
        case Call("in", (_, ListLit(()))):
            return {False, None}
        case _:
            return set(EVERY)


def _folded(atom: Node) -> Truth:
    """The value of an atom that reads nothing."""
    from govern.conditions.python import decider

    result: Truth = decider(atom)({})
    return result


def _contradicts(row: Mapping[object, Truth], by_key: Mapping[object, Node]) -> bool:
    """Whether no call gives the atoms these values: each on its own may be possible."""
    limits: dict[object, Range] = {}
    known: dict[object, Known] = {}
    for name, truth in row.items():
        compared = comparison(by_key[name])
        if compared is None:
            continue
        subject, fn, values = compared
        if known.setdefault(subject, Known()).clashes(fn, values, truth):
            return True
        if truth is None:
            continue
        limit = limits.setdefault(subject, Range())
        if fn == "in":
            limit.among(values, truth)
        else:
            limit.compare(fn, values[0], truth)
        if limit.empty:
            return True
    return False


def comparison(atom: Node) -> tuple[object, str, list[object]] | None:
    """An atom that compares one value with literals: what is compared, how as read from its side, with what."""
    if not (isinstance(atom, Call) and len(atom.operands) == 2):
        return None
    fn, (left, right) = atom.fn, atom.operands
    if isinstance(left, Lit) and fn in MIRRORED:
        fn, left, right = MIRRORED[fn], right, left
    if isinstance(left, Lit):
        return None
    if fn == "in" and isinstance(right, ListLit):
        return key(left), fn, [item.value for item in right.items]
    if isinstance(right, Lit) and fn in MIRRORED:
        return key(left), fn, [right.value]
    return None


def signed(node: Node, positive: bool = True) -> Iterator[tuple[Node, bool | None]]:
    """The atoms, and those inside `all` and `exists`, with their direction.

    The direction is true where the atom's truth pushes the condition towards true, false where it pushes
    towards false, None where both (the question of a ternary).
    """
    match node:
        case Call("!", (inner,)):
            yield from signed(inner, not positive)
        case Call("&&" | "||", operands):
            for operand in operands:
                yield from signed(operand, positive)
        case Call("?:", (question, yes, no)):
            for atom in atoms(question):
                yield atom, None
            yield from signed(yes, positive)
            yield from signed(no, positive)
        case Macro("all" | "exists", _, _, body):
            yield node, positive
            yield from signed(body, positive)
        case _:
            yield node, positive
