"""A condition that is known to be well formed: parsed, its names and kinds checked, made ready for the engines.

Leaves out what is checked (`checker`) and what depends on a tool's schema; lint knows that.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from govern.conditions.checker import Checker
from govern.conditions.inputs import Read, reads
from govern.conditions.kinds import ANY, BOOL, NEVER, a
from govern.conditions.literals import pattern_problem as pattern_problem
from govern.conditions.parse import parse
from govern.conditions.problems import ConditionError
from govern.conditions.scope import Scope
from govern.conditions.times import time_kind
from govern.conditions.tree import Call, Field, Lit, Name, Node, bind, fixed, rewrite
from govern.conditions.words import Facts

URL_PARTS = ("host", "scheme", "path")


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition that is known to be well formed.

    Args:
        text: as written.
        tree: its syntax tree, `url(x).host` already a call of `url.host`, a fact's time a call of `timestamp`.
        reads: every input path it reads, in order of appearance.
    """

    text: str
    tree: Node
    reads: tuple[Read, ...]

    @property
    def outside(self) -> frozenset[str]:
        """What it reads beyond `args`, `tool` and `agent`: `at`, `record`, `result`, names of facts and of
        functions of the history (`calls`, `succeeded`, `origin`, `named_by_user`)."""
        return frozenset(str(read.path[0]).partition("(")[0] for read in self.reads) - {"args"}


@lru_cache(maxsize=4096)
def parse_condition(text: str, scope: Scope = Scope()) -> Condition:  # noqa: B008 - frozen
    """Parses and checks a condition.

    Args:
        text: as written.
        scope: the names that it may use beside `args`, `tool`, `agent` and `at`.

    Raises:
        ConditionError: with every problem found (of a broken syntax only the first can be known).
    """
    tree = rewrite(parse(text), _url_part)
    facts = _facts(scope)
    checker = Checker(scope, facts)
    kind = checker.kind(tree, ())
    if kind not in (BOOL, ANY, NEVER):
        checker.wrong(tree, f"a condition is true or false, this is {a(kind)}", "compare it with something")
    if checker.problems:
        raise ConditionError(tuple(sorted(checker.problems, key=lambda problem: problem.start)))
    if checker.timed:
        tree = rewrite(tree, lambda node: _read_time(node, facts))
    return Condition(text, tree, reads(tree))


def bound(condition: Condition, *, tool: str, agent: str) -> Node:
    """The tree for one tool of one agent, in which `tool` and `agent` are literals."""
    return bind(condition.tree, {"tool": tool, "agent": agent})


def constant(condition: Condition) -> bool | None:
    """True or False where the condition has that value for every input, else None. Folds literals only."""
    if not fixed(condition.tree):
        return None
    from govern.conditions.python import decider  # only what is decided needs an engine

    return decider(condition.tree)({})


def _url_part(node: Node) -> Node:
    """Turns `url(x).host` into the call `url.host(x)`."""
    match node:
        case Field(Call("url", (operand,), start, _), key, _, end) if key in URL_PARTS:
            return Call(f"url.{key}", (operand,), start, end)
        case _:
            return node


def _read_time(node: Node, facts: Facts) -> Node:
    """Turns a fact's time into a call of `timestamp`, but where it is only compared with null."""
    match node:
        case Field(Name(fact), key) if fact in facts and facts[fact][key].kind == "timestamp":
            return Call("timestamp", (node,), node.start, node.end)
        case Call("timestamp", (operand,)) if time_kind(operand):
            return operand
        case Call("==" | "!=" as fn, (Call("timestamp", (Field() as place,)), Lit(None) as null), start, end):
            return Call(fn, (place, null), start, end)
        case Call("==" | "!=" as fn, (Lit(None) as null, Call("timestamp", (Field() as place,))), start, end):
            return Call(fn, (null, place), start, end)
        case _:
            return node


@lru_cache(maxsize=64)
def _facts(scope: Scope) -> Facts:
    return {fact: dict(fields) for fact, fields in scope.facts}
