"""Faults to plant, one at a time, in each implementation of conditions and verdicts, and how they are planted.

A fault is one operator, one table entry, one rule forgotten: the slips that a change of an engine could bring. Most
are edits of a function's own text (`faults.yaml`), so what is planted is what stands there; a fragment that is no
longer there is an error, never a fault that nobody planted.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import operator
import pkgutil
import sys
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from govern.conditions import python
from govern.conditions.sql import truths
from govern.policy import engine

from . import reference

Plant = Callable[[pytest.MonkeyPatch], None]


@dataclass(frozen=True)
class Fault:
    """A fault and the comparison that must catch it: a key of `test_faults.COMPARISONS`."""

    name: str
    caught_by: str
    plant: Plant


def edited(place: str, old: str, new: str) -> Plant:
    """A function with a fragment of its text replaced, wherever the function is reached by its name.

    Args:
        place: the module or package that has it.
        old: stands in the text of one function there, once.
    """

    def plant(patch: pytest.MonkeyPatch) -> None:
        found = [each for each in functions(place) if old in each.text]
        assert 1 == len(found), f"`{old}` stands in {len(found)} functions of {place}: write the fault anew"
        function = found[0]
        assert 1 == function.text.count(old), f"`{old}` stands more than once in {function.name}"
        text = "from __future__ import annotations\n" + textwrap.dedent(function.text.replace(old, new))
        made: dict[str, Any] = {}
        exec(compile(text, function.name, "exec"), vars(function.module), made)
        if function.owner is not None:
            patch.setattr(function.owner, function.name, made[function.name])
            return
        honest = getattr(function.module, function.name)
        for module in list(sys.modules.values()):  # an import by name is a name of its own
            if isinstance(module, ModuleType) and vars(module).get(function.name) is honest:
                patch.setattr(module, function.name, made[function.name])

    return plant


@dataclass(frozen=True)
class Function:
    """A function of a module, or a method of a class of it, with its text."""

    module: ModuleType
    owner: type | None
    name: str
    text: str


def functions(place: str) -> Iterator[Function]:
    for module in modules(place):
        source = inspect.getsource(module)
        lines = source.splitlines(keepends=True)
        top = ast.parse(source).body
        classes = [(node, getattr(module, node.name)) for node in top if isinstance(node, ast.ClassDef)]
        for owner, body in [(None, top), *((cls, node.body) for node, cls in classes)]:
            for node in body:
                if isinstance(node, ast.FunctionDef):
                    start = min([node.lineno, *(each.lineno for each in node.decorator_list)]) - 1
                    yield Function(module, owner, node.name, "".join(lines[start : node.end_lineno]))


def modules(place: str) -> Iterator[ModuleType]:
    module = importlib.import_module(place, __package__)
    yield module
    for found in pkgutil.iter_modules(getattr(module, "__path__", [])):
        yield importlib.import_module(f"{module.__name__}.{found.name}")


def entry(mapping: dict[Any, Any], key: Any, value: Any) -> Plant:
    """A table with one entry that is wrong."""

    def plant(patch: pytest.MonkeyPatch) -> None:
        assert mapping[key] != value
        patch.setitem(mapping, key, value)

    return plant


def constant(place: Any, name: str, value: Any) -> Plant:
    def plant(patch: pytest.MonkeyPatch) -> None:
        assert getattr(place, name) != value
        patch.setattr(place, name, value)

    return plant


def tables() -> list[Fault]:
    """Entries of tables, and constants."""
    neighbour = {"<": operator.le, "<=": operator.lt, ">": operator.ge, ">=": operator.gt}
    in_sql = {"==": "<>", "!=": "=", "<": "<=", "<=": "<", ">": ">=", ">=": ">"}
    return [
        *(
            Fault(f"{name}: `{op}` is its neighbour", "conditions", entry(table, op, other))
            for name, table, others in (("per call", python._ORDER, neighbour), ("SQL", truths.SQL_OP, in_sql))
            for op, other in others.items()
        ),
        *(
            Fault(f"{name}: `{op}` is not turned with its sides", "conditions", entry(module._FLIPPED, op, op))
            for name, module in (("per call", python), ("SQL", truths))
            for op in neighbour
        ),
        Fault("per call: a truth value is a number", "conditions", constant(python, "_NUMBERS", (int, float, bool))),
        Fault("per call: sums have no range", "conditions", constant(python, "in_range", lambda value: value)),
        Fault("SQL: large integers go through doubles", "conditions", constant(truths, "_EXACT", 2**70)),
        Fault("per call: an unknown condition of a call is false", "verdicts", constant(engine, "UNKNOWN", 0)),
        Fault("per call: a true condition of a call is unknown", "verdicts", constant(engine, "TRUE", 1)),
    ]


_OTHER = {"T": "F", "F": "T", "U": "F", "V": "U", "first": "second", "second": "first", "empty": "V"}
_GIVEN = ("given", "timestamp", "time_order", "time_sum", "clock")


def normative() -> list[Fault]:
    """Every row of the normative table, wrong in the reference; what is on times and inputs has a test of its own."""
    return [
        Fault(f"reference: {name}: {row}", "conditions", entry(rows, row, _OTHER[outcome]))
        for name, rows in reference.TABLE.items()
        if name not in _GIVEN
        for row, outcome in rows.items()
    ]


def written() -> list[Fault]:
    """The edits of `faults.yaml`."""
    file = Path(__file__).parent / "faults.yaml"
    return [
        Fault(f"{group['of']}: {row['says']}", group["caught_by"], edited(group["place"], row["old"], row["new"]))
        for group in yaml.safe_load(file.read_text(encoding="utf-8"))
        for row in group["faults"]
    ]


FAULTS = [*tables(), *written(), *normative()]
