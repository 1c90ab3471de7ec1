"""What a condition reads, and under which key an engine finds it: one form for both engines.

Leaves out where the values come from: a call has its arguments, a host its facts, a replay its columns.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from govern.conditions.tree import OF_HISTORY, Call, Field, Item, Lit, Macro, Name, Node, children

Inputs = Mapping[str, Any]
"""All that a decision is taken from, in one flat mapping of normalised JSON data:

- `args`: the call's arguments, an object; the only key that must be there;
- `at`: the event's own time, an int of UTC nanoseconds since 1970;
- a fact's name: its fields, an object, or None; `record`, `result`: a value;
- `calls('refund')`, `succeeded('refund')`: an int; `origin(args.to)`: a word of ORIGINS; `named_by_user(args.to)`:
  a bool. The key is the text of `history_key`;
- `exceeded('budget')`, `tainted('session')`: a bool, of limits and of what was read (`policy.derive`).

What is not there is unknown, and so is every place under it. The same holds of None under any key but `record`
and `result`, where it is a value: it says that the input was looked for and is not known (a fact that no result
told, an origin that cannot be traced). Only a log's replay tells the two apart: an input that is not there was not
captured. In SQL the same keys name columns (`sql.Columns.given`).
"""

ORIGINS = ("user", "trusted", "none", "untrusted")
Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Read:
    """One input that a condition reads; `path` begins with its key in `Inputs`: `args`, a fact's name, `at`."""

    path: Path
    start: int
    end: int


def reads(node: Node, variables: tuple[str, ...] = ()) -> tuple[Read, ...]:
    """Every input path, in order of appearance. A variable of a macro is none, its source is."""
    path = path_of(node, variables)
    if path is not None:
        return (Read(path, node.start, node.end),)
    if isinstance(node, Macro):
        return (*reads(node.source, variables), *reads(node.body, (*variables, node.var)))
    return tuple(read for child in children(node) for read in reads(child, variables))


def path_of(node: Node, variables: tuple[str, ...] = ()) -> Path | None:
    """The input path that a node stands for (`args.a[0]`, `order.status`, `at`), or None if it is anything else."""
    match node:
        case Name(name):
            return None if name in variables or name in ("tool", "agent") else (name,)
        case Field(base, key):
            above = path_of(base, variables)
            return None if above is None else (*above, key)
        case Item(base, index):
            above = path_of(base, variables)
            return None if above is None else (*above, index)
        case Call(fn, (operand,)) if fn in OF_HISTORY:
            return (operand_key(fn, operand),)
        case _:
            return None


def outside(node: Node) -> frozenset[str]:
    """The keys of all inputs but the arguments, where `tool` and `agent` are already literals."""
    return frozenset(str(read.path[0]) for read in reads(node)) - {"args"}


def history_key(fn: str, of: str | Path) -> str:
    """The key of an input of the history.

    Args:
        fn: `calls` or `succeeded` of a tool's name; `origin` or `named_by_user` of a path that begins with `args`;
            `exceeded` of a limit's id, `tainted` of `session`.
        of: the name or the path.
    """
    if isinstance(of, str):
        return f"{fn}('{of.replace(chr(92), chr(92) * 2).replace(chr(39), chr(92) + chr(39))}')"
    return f"{fn}({path_text(of)})"


def operand_key(fn: str, operand: Node) -> str:
    """The same for a call in a checked tree; of an unbound `tool` it is `calls(tool)`."""
    if isinstance(operand, Lit):
        return history_key(fn, str(operand.value))
    return history_key(fn, path_of(operand) or ("tool",))


def path_text(path: Path) -> str:
    """A path as a condition would write it."""
    made = ""
    for step in path:
        if not made:
            made = str(step)
        elif isinstance(step, int):
            made += f"[{step}]"
        elif step.isidentifier() and step.isascii():
            made += f".{step}"
        else:
            made += '["' + step.replace("\\", "\\\\").replace('"', '\\"') + '"]'
    return made
