"""The per-call engine: a policy compiled once to closures, indexed by tool.

No YAML, no SQL, no expression library at run time. Time for a decision does not depend on how many tools
the policy has.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from govern.conditions import Inputs, Read, bound
from govern.conditions.inputs import history_key, outside, path_text, reads
from govern.conditions.python import ABSENT, WRONG, decider, place
from govern.events.canonical import Malformed, normalise, parse
from govern.policy.defaults import Fill, apply_defaults
from govern.policy.history import History
from govern.policy.model import Policy, ToolPolicy
from govern.policy.schema import validator, violations
from govern.policy.verdict import FALSE, TRUE, UNCAPTURED, UNKNOWN, Verdict, deciding_unknowns, outcome

Truths = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Compiled:
    conditions: tuple[Callable[[Inputs], bool | None], ...]
    reads: tuple[tuple[Read, ...], ...]
    outside: tuple[frozenset[str], ...]
    valid: Callable[[Any], bool] | None
    fill: Fill | None
    told: tuple[str, ...]
    counters: tuple[str, ...]
    outcomes: dict[tuple[bool, Truths], Verdict]


class Engine:
    """Decides calls under one policy. Safe for threads: what it remembers are finished verdicts.

    Args:
        policy: in force.
        zone: the deployment's time zone by its IANA name; without one, what asks for local time is unknown.
        deployment_digest: of the deployment file that is in force beside it, for the verdicts.

    Raises:
        AuthorError: an input schema is not usable, or there is no such zone.
    """

    def __init__(self, policy: Policy, zone: str | None = None, deployment_digest: str | None = None) -> None:
        self.policy = policy
        self.zone = zone
        self.deployment_digest = deployment_digest
        self._tools = {name: self._compile(tool) for name, tool in policy.tools.items()}

    @cached_property
    def history(self) -> History:
        """What the policy needs to know of what came before a call."""
        return History(self.policy, self.zone, self.filled)

    def decide(self, tool: str, args: dict[str, Any], *, given: Inputs | None = None) -> Verdict:
        """The verdict on a call with normalised arguments (what `canonical.parse` gives).

        Args:
            given: facts, time and history (`conditions.Inputs`); what is not there is unknown.
        """
        compiled = self._tools.get(tool)
        if compiled is None:
            return self._outcome(tool, ())
        valid = True
        if compiled.fill is not None:
            args, valid = self.prepared(tool, args)
        elif compiled.valid is not None:
            valid = compiled.valid(args)
        truths: Truths = ()
        inputs: Inputs = {}
        if compiled.conditions:
            inputs = {"args": args} if given is None else {**given, "args": args}
            truths = tuple(
                [
                    UNKNOWN if (found := condition(inputs)) is None else TRUE if found else FALSE
                    for condition in compiled.conditions
                ]
            )
        verdict = compiled.outcomes.get((valid, truths))
        if verdict is None:
            verdict = compiled.outcomes[valid, truths] = self._outcome(tool, truths, valid=valid)
        if compiled.told and given:
            verdict = replace(
                verdict,
                history=tuple((key, given[key]) for key in compiled.told if key in given),
                counters=tuple(given[key] for key in compiled.counters if key in given),
            )
        if UNKNOWN in truths:
            return self._name_unknowns(tool, inputs, truths, verdict)
        return verdict

    def prepared(self, tool: str, args: dict[str, Any]) -> tuple[dict[str, Any], bool]:
        """Normalised arguments with the defaults of the tool's schema, which are judged and forwarded; and whether they
        are valid input. What would have no canonical form with its defaults stays as it is, and is not."""
        compiled = self._tools.get(tool)
        if compiled is None:
            return args, True
        if compiled.fill is not None:
            filled = compiled.fill(args)
            if filled is None:
                return args, False
            args = filled
        return args, compiled.valid is None or compiled.valid(args)

    def filled(self, tool: str, args: dict[str, Any]) -> dict[str, Any]:
        """The same arguments, where nobody asks whether they are valid."""
        compiled = self._tools.get(tool)
        filled = None if compiled is None or compiled.fill is None else compiled.fill(args)
        return args if filled is None else filled

    def _outcome(self, tool: str, truths: Truths, *, valid: bool = True) -> Verdict:
        verdict = outcome(self.policy, tool, truths, valid=valid)
        return replace(verdict, deployment_digest=self.deployment_digest) if self.deployment_digest else verdict

    def decide_value(self, tool: str, args: Any, *, given: Inputs | None = None) -> Verdict:
        """The verdict on arguments as plain Python data: what has no canonical form is invalid input."""
        try:
            from govern.events.canonical import check

            check(args)
        except Malformed:
            return self.decide_malformed(tool)
        value = normalise(args)
        return self.decide(tool, value, given=given) if isinstance(value, dict) else self.decide_malformed(tool)

    def decide_text(self, tool: str, text: str | bytes, *, given: Inputs | None = None) -> Verdict:
        """The verdict on arguments as JSON text: what has two meanings, or is no object, is invalid input."""
        try:
            value = parse(text)
        except Malformed:
            return self.decide_malformed(tool)
        return self.decide(tool, value, given=given) if isinstance(value, dict) else self.decide_malformed(tool)

    def decide_malformed(self, tool: str) -> Verdict:
        """The verdict on a call whose arguments have no canonical form: always a denial."""
        conditions = self._tools[tool].conditions if tool in self._tools else ()
        return self._outcome(tool, (UNKNOWN,) * len(conditions), valid=False)

    def truths(self, tool: str, args: dict[str, Any], *, given: Inputs | None = None) -> Truths:
        """FALSE, UNKNOWN or TRUE for each condition of a tool.

        Args:
            args: as `prepared` gives them.
        """
        return tuple([UNKNOWN if truth is None else truth for truth in self._found(tool, args, given or {})])

    def recorded_truths(self, tool: str, args: dict[str, Any], given: Inputs) -> Truths:
        """The same for a call out of a log: UNCAPTURED where a condition is unknown and reads an input that the
        log does not have. The bulk engine gives the same (`policy.sql`).

        Args:
            args: as `prepared` gives them.
            given: all that the log has of the call but its arguments.
        """
        compiled = self._tools[tool]
        return tuple(
            [
                truth if truth is not None else UNKNOWN if asked <= given.keys() else UNCAPTURED
                for truth, asked in zip(self._found(tool, args, given), compiled.outside, strict=True)
            ]
        )

    def _found(self, tool: str, args: dict[str, Any], given: Inputs) -> list[int | None]:
        inputs = {**given, "args": args}
        found = [condition(inputs) for condition in self._tools[tool].conditions]
        return [None if truth is None else TRUE if truth else FALSE for truth in found]

    def input_problems(self, tool: str, args: Any) -> list[str]:
        """What the input schema says against the arguments, for people."""
        mapped = self.policy.tools.get(tool)
        return violations(mapped.schema, args) if mapped and mapped.schema else []

    def _compile(self, tool: ToolPolicy) -> _Compiled:
        trees = [bound(condition, tool=tool.name, agent=self.policy.agent) for condition in tool.conditions]
        return _Compiled(
            tuple(decider(tree, self.zone) for tree in trees),
            tuple(reads(tree) for tree in trees),
            tuple(outside(tree) for tree in trees),
            validator(tool.schema) if tool.schema is not None else None,
            apply_defaults(tool.schema) if tool.schema is not None else None,
            tuple(sorted({key for tree in trees for key in outside(tree) if "(" in key})),
            tuple(history_key("counter", limit.id) for limit in self.policy.limits if tool.name in limit.tools),
            {},
        )

    def _name_unknowns(self, name: str, inputs: Inputs, truths: Truths, verdict: Verdict) -> Verdict:
        read = self._tools[name].reads
        paths: dict[str, None] = {}
        for index in deciding_unknowns(self.policy, name, truths, verdict.effect):
            paths.update(dict.fromkeys(unknown_inputs(read[index], inputs)))
        return replace(verdict, unknown=tuple(paths)) if paths else verdict


def unknown_inputs(asked: tuple[Read, ...], inputs: Inputs) -> tuple[str, ...]:
    """The paths that a condition asked for and that are missing or null; all of them where none is (a kind
    that the condition cannot use)."""
    missing: list[str] = []
    every: list[str] = []
    for read in asked:
        text = path_text(read.path)
        every.append(text)
        found = place(inputs, read.path)
        if found is ABSENT or found is WRONG or found is None:
            missing.append(text)
    return tuple(missing or every)
