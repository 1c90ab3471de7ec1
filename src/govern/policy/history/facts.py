"""Facts out of a trace: the latest (or first) result that is no error, for the same keys.

Leaves out who may assert a fact of the session; that is said from outside.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from govern.conditions import Inputs
from govern.conditions.python import ABSENT, WRONG, place
from govern.conditions.scope import is_of
from govern.events.canonical import Malformed, parse, text_of
from govern.events.model import Event, Fidelity
from govern.policy.history.records import UNCAPTURED, Args, Record, States, View, path_at
from govern.policy.history.tally import Grown
from govern.policy.model import Fact, FactField

_LESS: Final = frozenset({Fidelity.TRUNCATED, Fidelity.DIGEST, Fidelity.REDACTED, Fidelity.ABSENT})


@dataclass(frozen=True, slots=True)
class _Result:
    """A result that may be a fact.

    Args:
        args: of its call; None where nobody knows them.
        captured: whether the log has the result, and that it was no error.
    """

    value: Any
    args: Args
    captured: bool


_NO_RESULTS: Final[Grown[tuple[str, _Result]]] = Grown()


class Facts:
    """The facts of a policy.

    Args:
        declared: by name.
    """

    def __init__(self, declared: Mapping[str, Fact]) -> None:
        self._declared = declared
        self._order = _chained(declared)

    def before(self, names: frozenset[str]) -> frozenset[str]:
        """Names with those of all facts that these are found by; names of other things stay."""
        while True:
            found_by = (path_at(right)[0] for name in names & self._declared.keys()
                        for _, right in self._declared[name].where)  # fmt: skip
            more = frozenset(str(first) for first in found_by) - {"args"} - names
            if not more:
                return names
            names |= more

    def sources(self, names: frozenset[str]) -> frozenset[str]:
        """The tools whose results some of these facts come from."""
        return frozenset(tool for name in names & self._declared.keys() for tool in self._declared[name].result_of)

    def found(
        self,
        names: frozenset[str],
        states: States,
        call: Event,
        args: Args,
        *,
        ordered: bool = True,
        session: Inputs | None = None,
    ) -> dict[str, Any]:
        """Facts as they stand before a call; None where there is no such one. What was not captured is left out.

        Args:
            names: of the facts that are asked for, with those that they are found by.
            args: None where the log has none: what is found by them was not captured either.
            ordered, session: as of `History.inputs`.
        """
        found: dict[str, Any] = {}
        known: dict[str, Any] = {} if args is None else {"args": args}
        for name in self._order:
            if name not in names:
                continue
            fact = self._declared[name]
            if not fact.result_of or (session is not None and name in session):
                if session is None:
                    continue
                value = session.get(name)
                if value is not None:
                    value = {
                        each.name: value[each.name]
                        for each in fact.fields
                        if value.get(each.name) is not None and _fits(each, value[each.name])
                    }
            elif ordered:
                value = self._fact(fact, states, call, known)
                if value is UNCAPTURED:
                    continue
            else:
                continue
            known[name] = found[name] = value
        return found

    def keep(self, view: View, event: Event, record: Record) -> None:
        """Keeps a result that is no error, of a tool that facts come from."""
        kept: Grown[tuple[str, _Result]] = view.get(("results", event.trace_id), _NO_RESULTS)
        captured = event.status is not None and event.content is not None and event.fidelity not in _LESS
        result = _Result(_value(event.content) if captured else None, record.args, captured)
        view.set(("results", event.trace_id), kept.plus((record.tool, result)))

    def _fact(self, fact: Fact, states: States, call: Event, known: dict[str, Any]) -> Any:
        wanted: list[tuple[str, str]] = []
        for left, right in fact.where:
            path = path_at(right)
            if path[0] not in known:
                return UNCAPTURED
            value = place(known, path)
            if value is ABSENT or value is WRONG or value is None:
                return None
            wanted.append((left, text_of(value)))
        results: Grown[tuple[str, _Result]] = states.get(("results", call.trace_id), _NO_RESULTS)
        for tool, result in iter(results) if fact.first else results.latest_first():
            if tool not in fact.result_of:
                continue
            match _matches(result, wanted):
                case True if result.captured or not _of_result(fact):
                    return _read(fact, result)
                case False:
                    continue
                case _:
                    return UNCAPTURED
        return None


def _of_result(fact: Fact) -> bool:
    return any(field.path.startswith("result") for field in fact.fields)


def _matches(result: _Result, wanted: list[tuple[str, str]]) -> bool | None:
    """Whether a result is for the wanted keys; None where the log does not say."""
    sure = True
    for left, value in wanted:
        of_result = left.startswith("result")
        if (of_result and not result.captured) or (not of_result and result.args is None):
            sure = False
            continue
        found = place({"result": result.value}, path_at(left)) if of_result else (result.args or {}).get(left, ABSENT)
        if found is ABSENT or found is WRONG or text_of(found) != value:
            return False
    return True if sure else None


def _read(fact: Fact, result: _Result) -> dict[str, Any]:
    root = {"result": result.value, "call": result.args or {}}
    values = {field.name: place(root, path_at(field.path)) for field in fact.fields}
    return {field.name: values[field.name] for field in fact.fields if _fits(field, values[field.name])}


def _fits(field: FactField, value: Any) -> bool:
    """Whether a value is what the field is declared to hold; what is not is as if it were not there."""
    if value is ABSENT or value is WRONG or not is_of(value, field.kind):
        return False
    return not field.values or any(text_of(value) == text_of(each) for each in field.values)


def _value(content: str | None) -> Any:
    """A result as data: JSON where it is some, else the text itself."""
    if content is None:
        return None
    try:
        return parse(content)
    except Malformed:
        return content


def _chained(facts: Mapping[str, Fact]) -> tuple[str, ...]:
    """Facts, each after those that its `where` reads."""
    made: dict[str, None] = {}

    def visit(name: str) -> None:
        if name in made:
            return
        for _, right in facts[name].where:
            other = str(path_at(right)[0])
            if other in facts and other != name:
                visit(other)
        made[name] = None

    for name in sorted(facts):
        visit(name)
    return tuple(made)
