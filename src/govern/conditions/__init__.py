"""Conditions: a subset of CEL with three truth values. Parsed and checked once, then run by several engines.

`parse_condition` is the way in. `python` decides one call, `sql` many; the tests hold both to one table.
"""

from govern.conditions.check import Condition, bound, constant, parse_condition
from govern.conditions.inputs import Inputs, Read
from govern.conditions.problems import ConditionError, Problem
from govern.conditions.scope import FieldType, Scope

__all__ = [
    "Condition",
    "ConditionError",
    "FieldType",
    "Inputs",
    "Problem",
    "Read",
    "Scope",
    "bound",
    "constant",
    "parse_condition",
]
