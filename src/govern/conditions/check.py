"""Names and kinds of a parsed condition: what can be known to be wrong before any call is seen.

Every problem is collected, not the first only. Leaves out what depends on a tool's schema; lint knows that.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import re2

from govern.conditions.parse import parse
from govern.conditions.problems import ConditionError, Problem
from govern.conditions.python import decider
from govern.conditions.tree import (
    Call,
    Field,
    Has,
    Item,
    ListLit,
    Lit,
    LitValue,
    Macro,
    Name,
    Node,
    bind,
    children,
    walk,
)
from govern.conditions.values import MAX_NESTED, lexical_path
from govern.findings import did_you_mean

NAMES = ("args", "tool", "agent")
MAX_UNROLLED = 1000
URL_PARTS = ("host", "scheme", "path")
_BOOL, _NUMBER, _STRING, _LIST, _NULL, _ANY, _NEVER = (
    "truth value",
    "number",
    "string",
    "list",
    "null",
    "any",
    "?",
)
_RESULT = {
    "size": _NUMBER, "lower": _STRING, "domain": _STRING, "list": _LIST, "keys": _LIST, "within": _BOOL,
    "startsWith": _BOOL, "endsWith": _BOOL, "contains": _BOOL, "matches": _BOOL,
    "url.host": _STRING, "url.scheme": _STRING, "url.path": _STRING,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Read:
    """One input that a condition reads; `path` begins with `args`."""

    path: tuple[str | int, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition that is known to be well formed.

    Args:
        text: as written.
        tree: its syntax tree, `url(x).host` already a call of `url.host`.
        reads: every input path it reads, in order of appearance.
    """

    text: str
    tree: Node
    reads: tuple[Read, ...]


@lru_cache(maxsize=4096)
def parse_condition(text: str) -> Condition:
    """Parses and checks a condition.

    Raises:
        ConditionError: with every problem found (of a broken syntax only the first can be known).
    """
    tree = _url_parts(parse(text))
    checker = _Checker()
    kind = checker.kind(tree, ())
    if kind not in (_BOOL, _ANY, _NEVER):
        checker.wrong(tree, f"a condition is true or false, this is a {kind}", "compare it with something")
    if checker.problems:
        raise ConditionError(tuple(sorted(checker.problems, key=lambda problem: problem.start)))
    return Condition(text, tree, tuple(_reads(tree)))


def bound(condition: Condition, *, tool: str, agent: str) -> Node:
    """The tree for one tool of one agent, in which `tool` and `agent` are literals."""
    return bind(condition.tree, {"tool": tool, "agent": agent})


def constant(condition: Condition) -> bool | None:
    """True or False where the condition has that value for every input, else None. Folds literals only."""
    if any(isinstance(node, Name) for node in walk(condition.tree)):
        return None
    return decider(condition.tree)({})


def _url_parts(node: Node) -> Node:
    """Turns `url(x).host` into the call `url.host(x)`."""
    match node:
        case Field(Call("url", (operand,), start, _), key, _, end) if key in URL_PARTS:
            return Call(f"url.{key}", (_url_parts(operand),), start, end)
        case Field(base, key, start, end):
            return Field(_url_parts(base), key, start, end)
        case Item(base, index, start, end):
            return Item(_url_parts(base), index, start, end)
        case Call(fn, operands, start, end):
            return Call(fn, tuple(_url_parts(operand) for operand in operands), start, end)
        case Macro(fn, source, var, body, start, end):
            return Macro(fn, _url_parts(source), var, _url_parts(body), start, end)
        case _:
            return node


def _reads(node: Node) -> list[Read]:
    path = path_of(node)
    if path is not None:
        return [Read(path, node.start, node.end)]
    return [read for child in children(node) for read in _reads(child)]


def path_of(node: Node) -> tuple[str | int, ...] | None:
    """The input path a node stands for (`args`, `args.a.b`, `args.a[0]`), or None if it is anything else."""
    match node:
        case Name("args"):
            return ("args",)
        case Field(base, key):
            above = path_of(base)
            return None if above is None else (*above, key)
        case Item(base, index):
            above = path_of(base)
            return None if above is None else (*above, index)
        case _:
            return None


class _Checker:
    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.unrolled = 1

    def wrong(self, node: Node, message: str, hint: str = "", code: str = "wrong-kind") -> str:
        self.problems.append(Problem(node.start, node.end, message, hint, code))
        return _NEVER

    def kind(self, node: Node, variables: tuple[str, ...]) -> str:
        """The kind of a node's value as far as it is known without a call."""
        match node:
            case Lit(value):
                return _literal_kind(value)
            case Name(name):
                return self.name(node, name, variables)
            case Field(base) | Item(base):
                return self.member(node, base, variables)
            case Has(target):
                self.kind(target, variables)
                return _BOOL
            case ListLit():
                return self.wrong(node, "a written list stands only after `in` or before `.all`, `.exists`")
            case Macro():
                return self.macro(node, variables)
            case Call():
                return self.call(node, variables)

    def name(self, node: Node, name: str, variables: tuple[str, ...]) -> str:
        if name in variables or name == "args":
            return _ANY
        if name in NAMES:
            return _STRING
        return self.wrong(
            node, f"`{name}` is not a name that conditions know", did_you_mean(name, (*NAMES, *variables)),
            "unknown-name",
        )  # fmt: skip

    def member(self, node: Node, base: Node, variables: tuple[str, ...]) -> str:
        if isinstance(base, Call) and base.fn == "url":
            return self.wrong(node, "`url(x)` has `host`, `scheme` and `path`", code="unknown-name")
        kind = self.kind(base, variables)
        if kind not in (_ANY, _NEVER):
            return self.wrong(node, f"a {kind} has no fields or items")
        if isinstance(base, Name) and base.name == "args" and isinstance(node, Item):
            return self.wrong(node, "`args` is an object: name the argument, as in `args.x`")
        return _ANY

    def source(self, node: Node, variables: tuple[str, ...]) -> None:
        if isinstance(node, ListLit):
            return
        kind = self.kind(node, variables)
        if kind not in (_ANY, _LIST, _NEVER):
            self.wrong(node, f"a list is needed here, this is a {kind}")

    def macro(self, node: Macro, variables: tuple[str, ...]) -> str:
        self.source(node.source, variables)
        if isinstance(node.source, ListLit) and node.fn in ("filter", "count"):
            self.wrong(node.source, f"`{node.fn}` of a written list is not in the language")
        if node.var in variables:
            self.wrong(node, f"`{node.var}` is already the name of an outer item", "use another name")
        if len(variables) >= MAX_NESTED:
            self.wrong(node, f"macros nested deeper than {MAX_NESTED}")
        outer = self.unrolled
        if isinstance(node.source, ListLit):
            self.unrolled *= max(len(node.source.items), 1)
            if self.unrolled > MAX_UNROLLED:
                return self.wrong(node.source, f"written lists in written lists: more than {MAX_UNROLLED} cases")
        body = self.kind(node.body, (*variables, node.var))
        self.unrolled = outer
        if body not in (_BOOL, _ANY, _NEVER):
            self.wrong(node.body, f"`{node.fn}` needs a condition, this is a {body}")
        return {"filter": _LIST, "count": _NUMBER}.get(node.fn, _BOOL)

    def call(self, node: Call, variables: tuple[str, ...]) -> str:
        fn, operands = node.fn, node.operands
        if fn == "in":
            self.operand(operands[0], variables, (_STRING, _NUMBER, _BOOL, _NULL), "`in` looks for a single value")
            self.source(operands[1], variables)
            return _BOOL
        if fn == "url":
            return self.wrong(node, "`url(x)` is used through `host`, `scheme` or `path`", "write `url(x).host`")
        if fn in ("&&", "||", "!", "?:"):
            for operand in operands:
                self.operand(operand, variables, (_BOOL,), f"`{'? :' if fn == '?:' else fn}` joins conditions")
            return _BOOL
        if fn in ("==", "!=", "<", "<=", ">", ">="):
            return self.comparison(node, variables)
        if fn in ("+", "-", "*", "neg"):
            for operand in operands:
                self.operand(operand, variables, (_NUMBER,), "arithmetic is of numbers")
            return _NUMBER
        if fn == "list":
            if not isinstance(operands[0], Name | Field | Item):
                return self.wrong(node, "`list` takes an argument's path, as in `list(args.cc)`")
            self.kind(operands[0], variables)
            return _LIST
        if fn == "keys":
            self.operand(operands[0], variables, (), "`keys` is of an object")
            return _LIST
        if fn == "size":
            self.operand(operands[0], variables, (_STRING, _LIST), "`size` is of a string, a list or an object")
            return _NUMBER
        for operand in operands:
            self.operand(operand, variables, (_STRING,), f"`{fn}` is of strings")
        if fn == "matches":
            self.pattern(operands[1])
        if fn == "within":
            self.folder(operands[1])
        return _RESULT[fn]

    def operand(self, node: Node, variables: tuple[str, ...], kinds: tuple[str, ...], message: str) -> None:
        kind = self.kind(node, variables)
        if kind not in (*kinds, _ANY, _NEVER):
            self.wrong(node, f"{message}, this is a {kind}")

    def comparison(self, node: Call, variables: tuple[str, ...]) -> str:
        left, right = (self.kind(operand, variables) for operand in node.operands)
        if _NEVER in (left, right):
            return _BOOL
        equality = node.fn in ("==", "!=")
        for operand, kind in zip(node.operands, (left, right), strict=True):
            if kind == _LIST or (kind in (_BOOL, _NULL) and not equality):
                self.wrong(operand, f"`{node.fn}` does not compare a {kind}", "compare sizes, or items with `exists`")
                return _BOOL
        if _ANY not in (left, right) and left != right and _NULL not in (left, right):
            self.wrong(node, f"a {left} is compared with a {right}: never true, never false")
        return _BOOL

    def pattern(self, node: Node) -> None:
        if not (isinstance(node, Lit) and isinstance(node.value, str)):
            self.wrong(node, "a pattern is a written string", "it must be known before any call")
            return
        problem = pattern_problem(node.value)
        if problem:
            self.wrong(node, f"the pattern is not RE2: {problem}", code="condition-pattern")

    def folder(self, node: Node) -> None:
        text = node.value if isinstance(node, Lit) else None
        if not isinstance(text, str) or not text.startswith("/") or (text != "/" and lexical_path(text) is None):
            self.wrong(
                node,
                "`within` needs a written absolute folder without `.`, `..`, an empty segment, a backslash or a "
                "trailing `/`",
                "as in `within(args.path, '/srv/reports')`",
            )


def _literal_kind(value: LitValue) -> str:
    match value:
        case None:
            return _NULL
        case bool():
            return _BOOL
        case str():
            return _STRING
        case _:
            return _NUMBER


def pattern_problem(pattern: str) -> str:
    """Why RE2 refuses a pattern, or an empty string."""
    options = re2.Options()
    options.log_errors = False
    try:
        re2.compile(pattern, options)
    except re2.error as error:
        detail = error.args[0]
        return detail.decode() if isinstance(detail, bytes) else str(detail)
    return ""
