"""Exact arithmetic in SQL: millionths in HUGEINT, or BIGINT where every part is a small whole number."""

from __future__ import annotations

from govern.conditions.sql.cells import Kind
from govern.conditions.sql.sorts import is_arithmetic, is_count, is_string, is_truth
from govern.conditions.sql.values import Values
from govern.conditions.tree import Call, Lit, Node
from govern.conditions.values import MICRO, MICRO_MAX, MICRO_MIN
from govern.conditions.values import micro as micro_of

_SAFE = 2**62
_BOUNDS = (2**53, 2**40, 2**30, 2**20, 2**15)
_PLACES = 8  # more places than these are not worth a test each


class Numbers(Values):
    """The part of the compiler for sums and products."""

    def arithmetic_comparison(self, op: str, left: Node, right: Node) -> str:
        exact = f"({self.micro(left)} {op} {self.micro(right)})"
        whole = self.whole_comparison(op, left, right)
        return exact if whole is None else f"(CASE WHEN {whole[0]} THEN {whole[1]} ELSE {exact} END)"

    def whole_comparison(self, op: str, left: Node, right: Node) -> tuple[str, str] | None:
        """A test that every operand is a small whole number, and the comparison in BIGINT under it, which is exact:
        no step can leave the range. None where it is not worth it."""
        places = [*_operands(left), *_operands(right)]
        if not 1 <= len(places) <= _PLACES or any(is_truth(place) or is_string(place) for place in places):
            return None
        for most in _BOUNDS:
            if _largest(left, most) is not None and _largest(right, most) is not None:
                tests = {f"{self.integer(place)} BETWEEN {-most} AND {most}": None for place in places}
                return " AND ".join(tests), f"({self.whole(left)} {op} {self.whole(right)})"
        return None

    def whole(self, node: Node) -> str:
        match node:
            case Call("neg", (operand,)):
                return f"(-{self.whole(operand)})"
            case Call("+" | "-" | "*" as fn, (left, right)):
                return f"({self.whole(left)} {fn} {self.whole(right)})"
            case Lit(value):
                return f"({value})::BIGINT"
            case _:
                return self.integer(node)

    def micro(self, node: Node) -> str:
        """HUGEINT of a number in millionths, NULL where it is unknown."""
        match node:
            case Call("neg", (operand,)):
                return self.ranged(f"(-{self.micro(operand)})")
            case Call("+" | "-" as fn, (left, right)):
                return self.ranged(f"({self.micro(left)} {fn} {self.micro(right)})")
            case Call("*", (left, right)):
                return self.product(self.micro(left), self.micro(right))
            case Lit(value):
                exact = micro_of(value)
                return "NULL::HUGEINT" if exact is None else f"({exact})::HUGEINT"
            case _ if is_count(node):
                return f"(CAST({self.count(node)} AS HUGEINT) * {MICRO})"
            case _ if is_truth(node) or is_string(node):
                return "NULL::HUGEINT"
            case _:
                return self.micro_of_place(node)

    def micro_of_place(self, node: Node) -> str:
        whole, real = self.integer(node), self.double(node)
        cell = self.cell(node)
        if cell is None:
            text = f"CAST({self.json(node)} AS VARCHAR)"
        elif Kind.REAL in cell.kinds:
            text = f"CAST({real} AS VARCHAR)"  # the shortest text that is read as the same number
        else:
            return f"(CAST({whole} AS HUGEINT) * {MICRO})"
        scaled = f"CAST(TRY_CAST({text} AS DECIMAL(38,6)) AS VARCHAR)"
        return (
            f"(CASE WHEN {whole} IS NOT NULL THEN CAST({whole} AS HUGEINT) * {MICRO} "
            f"WHEN abs({real}) < 9223372036854775808.0::DOUBLE AND CAST({scaled} AS DOUBLE) = {real} "
            f"THEN CAST(replace({scaled}, '.', '') AS HUGEINT) END)"
        )

    def product(self, left: str, right: str) -> str:
        return self.let(
            left,
            lambda one: self.let(
                right,
                lambda two: self.let(
                    f"(CASE WHEN abs(CAST({one} AS DOUBLE)) * abs(CAST({two} AS DOUBLE)) < 1e37::DOUBLE "
                    f"THEN {one} * {two} END)",
                    lambda exact: self.ranged(f"(CASE WHEN {exact} % {MICRO} = 0 THEN {exact} // {MICRO} END)"),
                ),
            ),
        )

    def ranged(self, number: str) -> str:
        return self.let(
            number,
            lambda n: f"(CASE WHEN {n} BETWEEN {MICRO_MIN}::HUGEINT AND {MICRO_MAX}::HUGEINT THEN {n} END)",
        )


def _operands(node: Node) -> list[Node]:
    """What a sum or product is made of, literals apart."""
    if isinstance(node, Call) and is_arithmetic(node):
        return [found for operand in node.operands for found in _operands(operand)]
    return [] if isinstance(node, Lit) else [node]


def _largest(node: Node, most: int) -> int | None:
    """The largest magnitude of a whole number and of each step to it, or None where one might be too large."""
    match node:
        case Call("neg", (operand,)):
            return _largest(operand, most)
        case Call("+" | "-" | "*" as fn, (left, right)):
            one, two = _largest(left, most), _largest(right, most)
            if one is None or two is None:
                return None
            found = one * two if fn == "*" else one + two
            return found if found < _SAFE else None
        case Lit(int() as value) if not isinstance(value, bool):
            return abs(value) if abs(value) < _SAFE else None
        case Lit():
            return None
        case _:
            return most
