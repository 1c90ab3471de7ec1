"""The per-call engine: a policy compiled once to closures, indexed by tool.

No YAML, no SQL, no expression library at run time. Time for a decision does not depend on how many tools
the policy has.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from govern.conditions import Condition, bound
from govern.conditions.python import ABSENT, WRONG, decider, place
from govern.events.canonical import Malformed, normalise, parse
from govern.policy.model import Policy, ToolPolicy
from govern.policy.schema import validator, violations
from govern.policy.verdict import FALSE, TRUE, UNKNOWN, Verdict, deciding_unknowns, outcome

Truths = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Compiled:
    conditions: tuple[Callable[[dict[str, Any]], bool | None], ...]
    valid: Callable[[Any], bool] | None
    outcomes: dict[tuple[bool, Truths], Verdict]


class Engine:
    """Decides calls under one policy. Safe for threads: what it remembers are finished verdicts.

    Args:
        policy: in force.

    Raises:
        AuthorError: an input schema is not usable.
    """

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self._tools = {name: self._compile(tool) for name, tool in policy.tools.items()}

    def decide(self, tool: str, args: dict[str, Any]) -> Verdict:
        """The verdict on a call with normalised arguments (what `canonical.parse` gives)."""
        compiled = self._tools.get(tool)
        if compiled is None:
            return outcome(self.policy, tool, ())
        valid = compiled.valid is None or compiled.valid(args)
        truths = tuple(
            [
                UNKNOWN if (found := condition(args)) is None else TRUE if found else FALSE
                for condition in compiled.conditions
            ]
        )
        verdict = compiled.outcomes.get((valid, truths))
        if verdict is None:
            verdict = compiled.outcomes[valid, truths] = outcome(self.policy, tool, truths, valid=valid)
        if UNKNOWN in truths:
            return self._name_unknowns(tool, args, truths, verdict)
        return verdict

    def decide_value(self, tool: str, args: Any) -> Verdict:
        """The verdict on arguments as plain Python data: what has no canonical form is invalid input."""
        try:
            from govern.events.canonical import check

            check(args)
        except Malformed:
            return self.decide_malformed(tool)
        value = normalise(args)
        return self.decide(tool, value) if isinstance(value, dict) else self.decide_malformed(tool)

    def decide_text(self, tool: str, text: str | bytes) -> Verdict:
        """The verdict on arguments as JSON text: what has two meanings, or is no object, is invalid input."""
        try:
            value = parse(text)
        except Malformed:
            return self.decide_malformed(tool)
        return self.decide(tool, value) if isinstance(value, dict) else self.decide_malformed(tool)

    def decide_malformed(self, tool: str) -> Verdict:
        """The verdict on a call whose arguments have no canonical form: always a denial."""
        conditions = self._tools[tool].conditions if tool in self._tools else ()
        return outcome(self.policy, tool, (UNKNOWN,) * len(conditions), valid=False)

    def truths(self, tool: str, args: dict[str, Any]) -> Truths:
        """FALSE, UNKNOWN or TRUE for each condition of a tool."""
        found = [condition(args) for condition in self._tools[tool].conditions]
        return tuple(UNKNOWN if truth is None else TRUE if truth else FALSE for truth in found)

    def valid(self, tool: str, args: Any) -> bool:
        """Whether the arguments satisfy the tool's input schema; True where it has none."""
        check = self._tools[tool].valid
        return check is None or check(args)

    def input_problems(self, tool: str, args: Any) -> list[str]:
        """What the input schema says against the arguments, for people."""
        mapped = self.policy.tools.get(tool)
        return violations(mapped.schema, args) if mapped and mapped.schema else []

    def _compile(self, tool: ToolPolicy) -> _Compiled:
        return _Compiled(
            tuple(decider(bound(condition, tool=tool.name, agent=self.policy.agent)) for condition in tool.conditions),
            validator(tool.schema) if tool.schema is not None else None,
            {},
        )

    def _name_unknowns(self, name: str, args: dict[str, Any], truths: Truths, verdict: Verdict) -> Verdict:
        conditions = self.policy.tools[name].conditions
        paths: dict[str, None] = {}
        for index in deciding_unknowns(self.policy, name, truths, verdict.effect):
            paths.update(dict.fromkeys(unknown_inputs(conditions[index], args)))
        return replace(verdict, unknown=tuple(paths)) if paths else verdict


def unknown_inputs(condition: Condition, args: dict[str, Any]) -> tuple[str, ...]:
    """The paths that a condition asked for and that are missing or null; all of them where none is (a kind
    that the condition cannot use)."""
    missing: list[str] = []
    every: list[str] = []
    for read in condition.reads:
        text = path_text(read.path)
        every.append(text)
        found = place(args, read.path[1:])
        if found is ABSENT or found is WRONG or found is None:
            missing.append(text)
    return tuple(missing or every)


def path_text(path: tuple[str | int, ...]) -> str:
    """A path as a condition would write it."""
    made = ""
    for step in path:
        if isinstance(step, int):
            made += f"[{step}]"
        elif step.isidentifier() and step.isascii():
            made += f".{step}" if made else step
        else:
            made += '["' + step.replace("\\", "\\\\").replace('"', '\\"') + '"]'
    return made
