"""A condition as a Rego term of the value true, false or null, by functions of `rego_values.rego`, `rego_numbers.rego`.

It follows the per-call engine node for node; a part whose value no call changes is computed here, by that engine.
What the engines of Rego do not do alike, or not exactly, is a gap, and the part of the condition is unknown.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from govern.compile.backends.contract import Gap
from govern.conditions.inputs import operand_key
from govern.conditions.python import ABSENT, WRONG, decider, value_of
from govern.conditions.times import duration_ns, time_kind
from govern.conditions.tree import OF_HISTORY, Call, Field, Has, Item, ListLit, Lit, Macro, Name, Node, bind, fixed
from govern.conditions.values import MAX_NESTED
from govern.events.canonical import text_of
from govern.policy.pattern import NotTheSame, for_validator

_COMPARISONS = ("==", "!=", "<", "<=", ">", ">=")
_ARITHMETIC = ("+", "-", "*", "neg")
_TEXT_TESTS = {"startsWith": "starts_with", "endsWith": "ends_with", "contains": "contains_text"}
_TEXT_FUNCTIONS = {
    "lower": "lowered", "domain": "domain", "url.host": "url_host", "url.scheme": "url_scheme", "url.path": "url_path",
}  # fmt: skip
_CLOCK = {"date": "date_of", "hour": "hour_of", "weekday": "weekday_of"}
PIECE, WIDTH = 400, 120  # characters; regorus refuses lines of more than 1,024
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|`[^`]*`|,')
DIGITS = 15  # of a number that is no integer of int64, so that every engine reads it exactly
UNKNOWN = "the part counts as unknown: a rule on it applies, a waiver by it does not hold"


@dataclass(slots=True)
class Terms:
    """Terms of one module.

    Args:
        zone: the deployment's time zone.

    `functions` are those that the terms call beside the shared ones, `gaps` what was left unknown, `lowers` whether
    `lower` is asked of anything.
    """

    zone: str | None
    functions: list[str] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    lowers: bool = False
    where: str = ""

    def condition(self, tree: Node, where: str) -> str:
        """The term of a checked tree in which `tool`, `agent` and the zone are literals.

        Args:
            where: the tool and the rule, for the gaps.
        """
        self.where = where
        return self.truth(tree, ())

    # -- truth --

    def truth(self, node: Node, names: tuple[str, ...]) -> str:
        if not names and fixed(node):
            return {True: "true", False: "false", None: "null"}[decider(node)({"args": {}})]
        match node:
            case Has(target):
                return f"has({self.value(target, names)})"
            case Macro(fn) if fn in ("all", "exists"):
                return self.quantifier(node, names)
            case Call("&&" | "||" as fn, operands):
                return self.junction(fn, [self.truth(operand, names) for operand in operands])
            case Call("!", (operand,)):
                return f"negated({self.truth(operand, names)})"
            case Call("?:", operands):
                return f"choice({', '.join(self.truth(operand, names) for operand in operands)})"
            case Call(fn, (left, right)) if fn in _COMPARISONS:
                return self.comparison(fn, left, right, names)
            case Call("in", (item, ListLit(items))):
                return self.junction("||", [self.comparison("==", item, literal, names) for literal in items])
            case Call("in", (item, source)):
                return self.member(item, source, names)
            case Call(fn, (left, right)) if fn in _TEXT_TESTS:
                return f"{_TEXT_TESTS[fn]}({self.value(left, names)}, {self.value(right, names, escapes=True)})"
            case Call("matches", (subject, Lit(str() as pattern))):
                return self.matches(subject, pattern, names)
            case Call("within", (subject, Lit(str() as folder))):
                below = folder.rstrip("/") + "/"
                return f"within({self.value(subject, names)}, {literal(folder)}, {literal(below)})"
            case _:
                return f"as_truth({self.value(node, names)})"

    def junction(self, fn: str, parts: list[str]) -> str:
        return f"{'any_of' if fn == '||' else 'all_of'}([{', '.join(parts)}])"

    def quantifier(self, node: Macro, names: tuple[str, ...]) -> str:
        if isinstance(node.source, ListLit):
            written = [self.truth(bind(node.body, {node.var: item.value}), names) for item in node.source.items]
            return self.junction("||" if node.fn == "exists" else "&&", written)
        how = "some_item" if node.fn == "exists" else "every_item"
        return self.over_items(node, names, lambda x, t: f"{how}(source, [t | some {x} in items(source); t := {t}])")

    def over_items(self, node: Macro, names: tuple[str, ...], write: Callable[[str, str], str]) -> str:
        """A call of a function of its own, which binds the source once.

        Args:
            write: of the item's name and the truth of the body, what the function gives.
        """
        body = self.truth(node.body, (*names, node.var))
        source = self.items(node.source, names)
        outer = [_variable(index) for index in range(len(names))]
        return self.function(["source", *outer], write(_variable(len(names)), body), [source, *outer])

    def function(self, parameters: list[str], made: str, operands: list[str]) -> str:
        name = f"each_{len(self.functions)}"
        self.functions.append(f"{name}({', '.join(parameters)}) := {made}")
        return f"{name}({', '.join(operands)})"

    def member(self, item: Node, source: Node, names: tuple[str, ...]) -> str:
        null = isinstance(item, Lit) and item.value is None
        same = "is_nothing([x])" if null else "is_equal(wanted, [x])"
        made = f"some_item(source, [t | some x in items(source); t := {same}])"
        wanted, among = self.value(item, names, escapes=True), self.items(source, names)
        return self.function(["wanted", "source"], made, [wanted, among])

    def comparison(self, fn: str, left: Node, right: Node, names: tuple[str, ...]) -> str:
        if time_kind(left) or time_kind(right):
            return f'order_time("{fn}", {self.time(left, names)}, {self.time(right, names)})'
        if _is_arithmetic(left) or _is_arithmetic(right):
            return f'order_exact("{fn}", {self.number(left, names)}, {self.number(right, names)})'
        for value, other in ((left, right), (right, left)):
            if isinstance(other, Lit) and other.value is None:
                return self.equality(fn, f"is_nothing({self.value(value, names)})")
        ordered = fn not in ("==", "!=")
        if unreadable := [side for side in (left, right) if isinstance(side, Lit) and not _is_exact(side.value)]:
            why = f"numbers of more than {DIGITS} digits are not read exactly by every engine"
            return self.gap(text_of(unreadable[0].value), why, "null")
        one, two = (self.value(side, names, escapes=not ordered) for side in (left, right))
        return f'order("{fn}", {one}, {two})' if ordered else self.equality(fn, f"is_equal({one}, {two})")

    def equality(self, fn: str, term: str) -> str:
        return term if fn == "==" else f"negated({term})"

    def matches(self, subject: Node, pattern: str, names: tuple[str, ...]) -> str:
        how = "matching"
        try:
            made = for_validator(pattern)
        except (NotTheSame, IndexError) as problem:
            return self.gap(pattern, f"not every engine reads it as RE2 does ({problem})", "null")
        if "(?-u:" in made:
            self.gap(pattern, "engines differ on where a word ends beyond ASCII", "", "there, " + UNKNOWN)
            made, how = made.replace("(?-u:\\b)", "\\b").replace("(?-u:\\B)", "\\B"), "matching_ascii"
        return f"{how}({self.value(subject, names)}, {raw(made)})"

    # -- values --

    def value(self, node: Node, names: tuple[str, ...], *, escapes: bool = False) -> str:
        """A value in a list of one, "absent" or "wrong".

        Args:
            escapes: whether a text may have what JSON escapes: rego-cpp keeps the escapes, and is right by them
                only where a whole text is compared or looked for.
        """
        if not names and fixed(node) and not _is_arithmetic(node):
            found = value_of(node, ())({"args": {}}, [None] * MAX_NESTED)
            if found is WRONG or found is ABSENT:
                return '"wrong"' if found is WRONG else '"absent"'
            return self.constant(found, escapes=escapes)
        match node:
            case Lit(value):
                return self.constant(value, escapes=escapes)
            case Name(name) if name in names:
                return f"[{_variable(names.index(name))}]"
            case Name("args"):
                return "[args]"
            case Name(name):
                return f"told({literal(name)})"
            case Field(Name(name), key) if name not in names and name not in ("args", "record", "result"):
                return f"fact({literal(name)}, {literal(key)})"
            case Field(base, key):
                return f"field({self.value(base, names)}, {literal(key)})"
            case Item(base, index):
                return f"item({self.value(base, names)}, {index})"
            case Call("size", (operand,)):
                listy = isinstance(operand, Macro) or (isinstance(operand, Call) and operand.fn in ("list", "keys"))
                return f"size({self.items(operand, names) if listy else self.value(operand, names)})"
            case Call(fn, (operand,)) if fn in _TEXT_FUNCTIONS:
                self.lowers = self.lowers or fn == "lower"
                return f"{_TEXT_FUNCTIONS[fn]}({self.value(operand, names)})"
            case Call(fn, (operand, Lit(str()))) if fn in _CLOCK:
                return f"{_CLOCK[fn]}({self.time(operand, names)})"
            case Call(fn) if fn in _CLOCK:
                return '"wrong"'  # there is no zone
            case Call("origin", (operand,)):
                return f"history_word({literal(operand_key('origin', operand))})"
            case Call(fn, (operand,)) if fn in OF_HISTORY:
                how = "history_count" if fn in ("calls", "succeeded") else "history_truth"
                return f"{how}({literal(operand_key(fn, operand))})"
            case Macro("count"):
                return f"size({self.kept(node, names)})"
            case _:
                return f"as_value({self.truth(node, names)})"

    def constant(self, value: Any, *, escapes: bool) -> str:
        if not _is_exact(value):
            why = f"numbers of more than {DIGITS} digits are not read exactly by every engine"
            return self.gap(text_of(value), why, '"wrong"')
        if not escapes and isinstance(value, str) and text_of(value) != f'"{value}"':
            return self.gap(text_of(value), "rego-cpp does not read escapes in texts", '"wrong"')
        return f"[{literal(value)}]"

    def items(self, node: Node, names: tuple[str, ...]) -> str:
        """A list as a value, or what is none."""
        match node:
            case Call("list", (operand,)):
                return f"list_of({self.value(operand, names)})"
            case Call("keys", (operand,)):
                return f"keys_of({self.value(operand, names)})"
            case Macro("filter"):
                return self.kept(node, names)
            case _:
                return f"array_of({self.value(node, names)})"

    def kept(self, node: Macro, names: tuple[str, ...]) -> str:
        return self.over_items(
            node, names, lambda x, t: f"kept(source, [[{x}, t] | some {x} in items(source); t := {t}])"
        )

    # -- times and exact numbers --

    def time(self, node: Node, names: tuple[str, ...]) -> str:
        match node:
            case Name("at"):
                return 'moment(told("at"))'
            case Call("timestamp", (operand,)):
                return f"timestamp({self.value(operand, names)})"
            case Call("duration", (Lit(str() as text),)):
                length = duration_ns(text)
                return "null" if length is None else str(length)
            case Call("+" | "-" as fn, (left, right)):
                return f"{'later' if fn == '+' else 'earlier'}({self.time(left, names)}, {self.time(right, names)})"
            case _:
                raise AssertionError(f"{node!r} stands for no time")

    def number(self, node: Node, names: tuple[str, ...]) -> str:
        match node:
            case Call("neg", (operand,)):
                return f"difference_of([0, 0, 0, 0, 0], {self.number(operand, names)})"
            case Call("+" | "-" | "*" as fn, (left, right)):
                how = {"+": "sum_of", "-": "difference_of", "*": "product_of"}[fn]
                return f"{how}({self.number(left, names)}, {self.number(right, names)})"
            case _:
                return f"exact({self.value(node, names)})"

    def gap(self, what: str, why: str, term: str, tighter: str = UNKNOWN) -> str:
        self.gaps.append(Gap(what, self.where, why, tighter))
        return term


def _variable(depth: int) -> str:
    return f"x{depth}"


def _is_arithmetic(node: Node) -> bool:
    return isinstance(node, Call) and node.fn in _ARITHMETIC


def _is_exact(value: Any) -> bool:
    return type(value) is not float or readable(value)


def readable(value: float) -> bool:
    """Whether every engine reads a number exactly that is no integer: few digits, within int64, no exponent."""
    text = text_of(value)
    return "e" not in text and abs(value) < 2.0**63 and len(text.replace(".", "").strip("-0")) <= DIGITS


def literal(value: Any) -> str:
    """A value as Rego writes it: as JSON does; a long text in pieces, for engines refuse long lines."""
    match value:
        case str() if len(value) > PIECE:
            return _joined([text_of(value[at : at + PIECE]) for at in range(0, len(value), PIECE)])
        case list():
            return f"[{', '.join(map(literal, value))}]"
        case dict():
            return f"{{{', '.join(f'{literal(key)}: {literal(each)}' for key, each in value.items())}}}"
        case _:
            return text_of(value)


def raw(pattern: str) -> str:
    """A pattern as a raw string; one with a backquote is written with escapes."""
    if "`" in pattern:
        return literal(pattern)
    pieces = [f"`{pattern[at : at + PIECE]}`" for at in range(0, max(len(pattern), 1), PIECE)]
    return pieces[0] if len(pieces) == 1 else _joined(pieces)


def _joined(pieces: list[str]) -> str:
    return f'concat("", [{", ".join(pieces)}])'


def wrapped(text: str) -> str:
    """The same Rego with no line much longer than WIDTH: broken after commas, which all stand in brackets here."""
    lines: list[str] = []
    for line in text.split("\n"):
        start = 0
        if len(line) > WIDTH and not line.lstrip().startswith("#"):
            indent = line[: len(line) - len(line.lstrip())] + "\t"
            for found in _TOKEN.finditer(line):
                if found[0] == "," and found.end() - start > WIDTH and found.end() < len(line):
                    lines.append(indent * bool(start) + line[start : found.end()].lstrip(" " if start else ""))
                    start = found.end()
            if start:
                lines.append(indent + line[start:].lstrip())
                continue
        lines.append(line)
    return "\n".join(lines)
