"""Truth in SQL: BOOLEAN, NULL for unknown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeGuard

from govern.conditions.inputs import operand_key
from govern.conditions.sql.cells import Kind
from govern.conditions.sql.literals import text_literal
from govern.conditions.sql.numbers import Numbers
from govern.conditions.sql.places import ELEMENT, Untyped, is_place
from govern.conditions.sql.sorts import is_arithmetic, is_count, is_string, is_truth
from govern.conditions.sql.values import trit
from govern.conditions.times import time_kind
from govern.conditions.tree import Call, Has, ListLit, Lit, LitValue, Macro, Name, Node, bind
from govern.conditions.values import DOTTED, PLAIN_PATH

_EXACT = 2**53
_FLIPPED = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
SQL_OP = {"==": "=", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}


class Truths(Numbers):
    """The whole compiler."""

    def truth(self, node: Node) -> str:
        match node:
            case Lit(bool() as value):
                return "TRUE" if value else "FALSE"
            case Has(target):
                return self.has(target)
            case Macro("all" | "exists"):
                return self.quantifier(node)
            case Call("&&", operands):
                return "(" + " AND ".join(self.truth(operand) for operand in operands) + ")"
            case Call("||", operands):
                return "(" + " OR ".join(self.truth(operand) for operand in operands) + ")"
            case Call("!", (operand,)):
                return f"(NOT {self.truth(operand)})"
            case Call("?:", (test, then, other)):
                tested, first, second = trit(self.truth(test)), self.truth(then), self.truth(other)
                return f"(CASE {tested} WHEN 2 THEN {first} WHEN 0 THEN {second} END)"
            case Call("==" | "!=" | "<" | "<=" | ">" | ">=" as fn, (left, right)):
                return self.comparison(fn, left, right)
            case Call("in", (item, ListLit(items))):
                return self.one_of(item, items)
            case Call("in", (item, source)):
                return self.member(item, source)
            case Call("startsWith" | "endsWith" | "contains" as fn, (left, right)):
                name = {"startsWith": "starts_with", "endsWith": "ends_with", "contains": "contains"}[fn]
                return f"{name}({self.text(left)}, {self.text(right)})"
            case Call("matches", (subject, Lit(str() as pattern))):
                return f"regexp_matches({self.text(subject)}, {text_literal(pattern)})"
            case Call("within", (subject, Lit(str() as folder))):
                return self.within(self.text(subject), folder)
            case Call("named_by_user" | "exceeded" | "tainted" as fn, (operand,)):
                held = self.given.get(operand_key(fn, operand))
                return "NULL::BOOLEAN" if held is None else f"(CASE {held} WHEN 2 THEN TRUE WHEN 0 THEN FALSE END)"
            case _ if is_string(node) or is_count(node) or isinstance(node, Lit):
                return "NULL::BOOLEAN"
            case _:
                cell = self.cell(node)
                if cell is None:
                    text = f"CAST({self.json(node)} AS VARCHAR)"
                    return f"(CASE {text} WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE END)"
                if not cell.kinds & {Kind.TRUE, Kind.FALSE}:
                    return "NULL::BOOLEAN"
                return f"(CASE WHEN {cell.of(Kind.TRUE)} THEN TRUE WHEN {cell.of(Kind.FALSE)} THEN FALSE END)"

    # -- lists --

    def quantifier(self, node: Macro) -> str:
        universal = node.fn == "all"
        if isinstance(node.source, ListLit):
            parts = [self.truth(bind(node.body, {node.var: item.value})) for item in node.source.items]
            if not parts:
                return "TRUE" if universal else "FALSE"
            return "(" + (" AND " if universal else " OR ").join(parts) + ")"
        return self.fold(node.source, node.var, lambda: self.truth(node.body), universal=universal)

    def member(self, item: Node, source: Node) -> str:
        element = Name(ELEMENT)

        def same() -> str:
            if isinstance(item, Lit):
                return self.literal_comparison("==", element, item.value)
            return self.comparison("==", item, element)

        return self.fold(source, ELEMENT, same, universal=False)

    def fold(self, source: Node, var: str, body: Callable[[], str], *, universal: bool) -> str:
        """All or some of a list, over its typed columns where they say enough, else over the text."""
        fold, empty = ("list_min", 2) if universal else ("list_max", 0)

        def folded(items: str, tests: Callable[[str], str]) -> str:
            return f"CASE coalesce({fold}({tests(items)}), {empty}) WHEN 2 THEN TRUE WHEN 0 THEN FALSE END"

        def guarded(listed: str, tests: Callable[[str], str]) -> str:
            return self.let(
                listed, lambda items: f"(CASE WHEN {items} IS NULL THEN NULL ELSE {folded(items, tests)} END)"
            )

        typed = self.typed_items(source)
        if typed is not None:
            listed, item = typed
            try:
                tests = self.each(var, None if item is None else item(f"{var}_"), lambda: trit(body()))
            except Untyped:
                pass
            else:
                return guarded(listed, tests)
        tests = self.each(var, None, lambda: trit(body()))
        guard, listed = self.listed(source)
        if guard is None:
            return guarded(listed, tests)
        return f"(CASE WHEN {guard} THEN {folded(listed, tests)} END)"

    # -- comparisons --

    def comparison(self, fn: str, left: Node, right: Node) -> str:
        op = SQL_OP[fn]
        if time_kind(left) or time_kind(right):
            return f"({self.time(left)} {op} {self.time(right)})"
        if is_arithmetic(left) or is_arithmetic(right):
            return self.arithmetic_comparison(op, left, right)
        if isinstance(left, Lit) and not isinstance(right, Lit):
            left, right, fn = right, left, _FLIPPED[fn]
            op = SQL_OP[fn]
        if isinstance(right, Lit):
            return self.literal_comparison(fn, left, right.value)
        if is_string(left) or is_string(right):
            return f"({self.text(left)} {op} {self.text(right)})"
        if is_truth(left) or is_truth(right):
            return f"({self.truth(left)} {op} {self.truth(right)})"
        if is_count(left) and is_count(right):
            return f"({self.count(left)} {op} {self.count(right)})"
        if is_count(left) or is_count(right):
            # Sizes are far below 2^53, so a DOUBLE compares exactly with any number.
            return f"({self.double(left)} {op} {self.double(right)})"
        return self.value_comparison(fn, left, right)

    def one_of(self, item: Node, items: Sequence[Lit]) -> str:
        """`in` of a written list: one test for all its strings, and one for all its small numbers."""
        if time_kind(item) or is_arithmetic(item) or isinstance(item, Lit):
            tests = [self.comparison("==", item, literal) for literal in items]
        else:
            words = [text_literal(one.value) for one in items if isinstance(one.value, str)]
            small = [f"{float(one.value)!r}::DOUBLE" for one in items if _is_small(one.value)]
            # SQL's IN would become a chain of `=` that computes the item for each. NULL is contained in nothing: NULL.
            tests = [f"list_contains([{', '.join(words)}], {self.text(item)})"] if words else []
            tests += [f"list_contains([{', '.join(small)}], {self.double(item)})"] if small else []
            others = [one for one in items if not isinstance(one.value, str) and not _is_small(one.value)]
            tests += [self.comparison("==", item, literal) for literal in others]
        return "(" + " OR ".join(tests) + ")" if tests else "FALSE"

    def literal_comparison(self, fn: str, left: Node, value: LitValue) -> str:
        op = SQL_OP[fn]
        match value:
            case None:
                return self.null_test(fn, left)
            case bool():
                return f"({self.truth(left)} {op} {str(value).upper()})"
            case str():
                return f"({self.text(left)} {op} {text_literal(value)})"
            case _ if _is_small(value):
                return f"({self.double(left)} {op} {float(value)!r}::DOUBLE)"
            case int():
                return self.large_integer_comparison(op, left, value)
            case _:
                return f"({self.double_clamped(left)} {op} {value!r}::DOUBLE)"

    def null_test(self, fn: str, left: Node) -> str:
        """A comparison with a written null: known for whatever is there."""
        if isinstance(left, Lit):
            return "TRUE" if (left.value is None) is (fn == "==") else "FALSE"
        if is_string(left) or is_count(left) or is_truth(left):
            typed = self.text if is_string(left) else self.count if is_count(left) else self.truth
            return f"(CASE WHEN {typed(left)} IS NOT NULL THEN {'FALSE' if fn == '==' else 'TRUE'} END)"
        return self.is_null(left) if fn == "==" else f"(NOT {self.is_null(left)})"

    def large_integer_comparison(self, op: str, left: Node, value: int) -> str:
        """An integer literal of 2^53 and more: exact against integers, and against doubles (below 2^53, or
        2^63 and more in magnitude, since a whole double of the int64 range is an integer)."""
        whole, real = self.integer(left), self.double(left)
        beyond = f"(CASE WHEN {real} < 0 THEN -1 ELSE 1 END {op} 0)"
        near = f"({real} {op} {float(value)!r}::DOUBLE)"
        return (
            f"(CASE WHEN {whole} IS NOT NULL THEN {whole} {op} ({value})::BIGINT "
            f"WHEN abs({real}) >= 9223372036854775808.0::DOUBLE THEN {beyond} ELSE {near} END)"
        )

    def value_comparison(self, fn: str, left: Node, right: Node) -> str:
        op = SQL_OP[fn]
        numbers = (
            f"CASE WHEN {self.integer(left)} IS NOT NULL AND {self.integer(right)} IS NOT NULL "
            f"THEN {self.integer(left)} {op} {self.integer(right)} "
            f"ELSE {self.double_clamped(left)} {op} {self.double_clamped(right)} END"
        )
        if self.is_typed(left) or self.is_typed(right):
            # Each of these is NULL unless both sides are of its kind.
            tests = [f"{self.text(left)} {op} {self.text(right)}", numbers]
            if fn in ("==", "!="):
                tests.append(f"{self.truth(left)} {op} {self.truth(right)}")
                same = "TRUE" if fn == "==" else "FALSE"
                tests.append(f"CASE WHEN {self.is_null(left)} AND {self.is_null(right)} THEN {same} END")
            return f"coalesce({', '.join(tests)})"
        one, two = f"CAST({self.json(left)} AS VARCHAR)", f"CAST({self.json(right)} AS VARCHAR)"
        cases = f"""WHEN {one}[1] = '"' THEN {self.text(left)} {op} {self.text(right)} """
        if fn in ("==", "!="):
            cases += f"WHEN {one} IN ('true', 'false') THEN "
            cases += f"CASE WHEN {two} IN ('true', 'false') THEN {one} {op} {two} END "
            same = "TRUE" if fn == "==" else "FALSE"
            cases += f"WHEN {one} = 'null' THEN CASE WHEN {two} = 'null' THEN {same} END "
        return f"(CASE {cases}ELSE {numbers} END)"

    def is_typed(self, node: Node) -> bool:
        return is_place(node) and self.cell(node) is not None

    def within(self, text: str, folder: str) -> str:
        below = text_literal(folder.rstrip("/") + "/")
        return self.let(
            text,
            lambda path: (
                f"(CASE WHEN regexp_matches({path}, {text_literal(PLAIN_PATH)}) "
                f"AND NOT regexp_matches({path}, {text_literal(DOTTED)}) "
                f"THEN {path} = {text_literal(folder)} OR starts_with({path}, {below}) END)"
            ),
        )


def _is_small(value: LitValue) -> TypeGuard[int | float]:
    """A number that a DOUBLE compares exactly with any other."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _EXACT
