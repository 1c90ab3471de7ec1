"""Breaks one condition of the judgement at a time, in memory: nothing on disk is changed.

A mutant is the source of one module with one condition turned: always true, always false, negated, another comparison,
`and` for `or`, or one part left out. It is run in place of the module in every module that uses its functions.
"""

from __future__ import annotations

import ast
import copy
import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, is_dataclass, replace
from enum import Enum
from itertools import islice
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

from govern.reconstruct import judge
from govern.reconstruct.gaps.contract import GapKind

SWAPS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip


@dataclass(frozen=True)
class Mutant:
    """One broken condition. `key` names it for those that cannot be told from the original."""

    module: str
    line: int
    before: str
    after: str
    tree: ast.Module

    @property
    def key(self) -> str:
        return f"{self.before} -> {self.after}"


def mutants(module: str, every: int = 1) -> Iterator[Mutant]:
    """Each so many-th mutant of a module."""
    file = importlib.import_module(module).__file__
    if file is None:
        raise ValueError(f"{module} has no source")
    original = ast.parse(Path(file).read_text("utf-8"))
    seen: set[tuple[int, str]] = set()  # the same change of the same place
    tests = {id(test) for each in ast.walk(original) for test in _tests(each)}
    number = -1
    for place, node in enumerate(ast.walk(original)):
        if not isinstance(node, ast.expr):
            continue
        for change in _changes(node, id(node) in tests):
            number += 1
            if number % every:
                continue
            tree = copy.deepcopy(original)
            target = next(islice(ast.walk(tree), place, None))
            made = _Put(target, change).visit(tree)
            text = ast.unparse(change)
            key = (place, text)
            if key not in seen:
                seen.add(key)
                yield Mutant(module, node.lineno, ast.unparse(node), text, ast.fix_missing_locations(made))


class _Put(ast.NodeTransformer):
    def __init__(self, target: ast.AST, change: ast.expr) -> None:
        self.target, self.change = target, change

    def visit(self, node: ast.AST) -> Any:
        return ast.copy_location(self.change, node) if node is self.target else self.generic_visit(node)


def _changes(node: ast.expr, is_test: bool) -> Iterator[ast.expr]:
    if is_test:
        yield ast.Constant(True)
        yield ast.Constant(False)
    match node:
        case ast.Compare(left, [op], comparators) if type(op) in SWAPS:
            yield ast.Compare(left, [SWAPS[type(op)]()], comparators)
        case ast.BoolOp(op, values):
            if is_test or isinstance(op, ast.And):
                yield ast.BoolOp(ast.Or() if isinstance(op, ast.And) else ast.And(), values)
            for index in range(len(values)):
                rest = values[:index] + values[index + 1 :]
                yield rest[0] if len(rest) == 1 else ast.BoolOp(op, rest)
        case ast.UnaryOp(ast.Not(), operand):
            yield operand


def _tests(node: ast.AST) -> tuple[ast.expr, ...]:
    match node:
        case ast.If(test) | ast.IfExp(test) | ast.While(test):
            return (test,)
        case ast.comprehension(ifs=ifs):
            return tuple(ifs)
    return ()


@contextmanager
def in_place(mutant: Mutant) -> Iterator[None]:
    """Runs a mutant in place of its module."""
    module = sys.modules[mutant.module]
    broken: dict[str, Any] = {"__name__": mutant.module, "__file__": module.__file__}
    was = dict(vars(module))
    # A class statement of the mutant registers nothing, and what compares by identity stays the original's.
    exec(compile(mutant.tree, mutant.module, "exec"), broken)
    for name, value in was.items():
        if isinstance(value, type) and (is_dataclass(value) or issubclass(value, Enum)):
            broken[name] = value
    swapped: list[tuple[ModuleType, str, Any]] = []
    for name, other in list(sys.modules.items()):
        if name.startswith("govern.reconstruct") and other is not None:
            for key, value in list(vars(other).items()):
                ours = isinstance(value, FunctionType) and value.__module__ == mutant.module
                if ours and was.get(value.__name__) is value:
                    swapped.append((other, key, value))
                    setattr(other, key, broken[value.__name__])
    kinds = judge.KINDS
    try:
        if isinstance(broken.get("KIND"), GapKind):
            kind = broken["KIND"]
            put = tuple(replace(k, find=kind.find, relaxed=kind.relaxed) if k.id == kind.id else k for k in kinds)
            judge.KINDS = put  # type: ignore[misc]
        yield
    finally:
        judge.KINDS = kinds  # type: ignore[misc]
        for other, key, value in swapped:
            setattr(other, key, value)
