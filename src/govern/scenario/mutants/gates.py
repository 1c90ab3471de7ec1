"""Changes of gates: how many people, which roles, how long, what silence means."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from govern.charter.model import Charter, Gate, Verdict, Word
from govern.findings import Location
from govern.policy.durations import span
from govern.scenario.mutants.change import Change, Kind
from govern.scenario.mutants.places import Places

Made = tuple[Kind, Location, str, Gate]


def of_gates(charter: Charter, places: Places) -> Iterator[Change]:
    """Every change of every gate."""
    for name, gate in charter.gates.items():
        for kind, at, words, made in _of(charter, gate, places):
            whole = replace(charter, gates={**charter.gates, name: made})
            yield Change(kind, f"gate/{name}", at, f"{words} in gate `{name}`", whole)


def _of(charter: Charter, gate: Gate, places: Places) -> Iterator[Made]:
    if not gate.confirm:
        yield from _people(charter, gate, places)
    yield from _silence(gate, places)
    for key, value, made in (
        ("shared", gate.shared, replace(gate, shared=not gate.shared)),
        ("needs_session_user", gate.needs_session_user, replace(gate, needs_session_user=not gate.needs_session_user)),
    ):
        yield Kind.GATE, places.value(gate.at, key), f"`{key}` became `{str(not value).lower()}`", made
    for seconds in _around(gate.use_within_s, 0, None):
        words = f"`use_within: {span(gate.use_within_s)}` became `{span(seconds)}`"
        yield Kind.DEADLINE, places.value(gate.at, "use_within"), words, replace(gate, use_within_s=seconds)


def _people(charter: Charter, gate: Gate, places: Places) -> Iterator[Made]:
    at = places.value(gate.at, "quorum")
    for quorum in (gate.quorum - 1, gate.quorum + 1):
        if quorum > 0:
            words = f"`quorum: {gate.quorum}` became `{quorum}`"
            yield Kind.QUORUM, at, words, replace(gate, quorum=quorum)
    if len(gate.roles) > 1:
        for role in gate.roles:
            rest = tuple(each for each in gate.roles if each is not role)
            yield Kind.ROLES, role.at, f"`{role}` was dropped from `roles`", replace(gate, roles=rest)
    at = places.key(gate.at, "roles")
    for role in charter.roles:
        if role.name not in {each.name for each in gate.roles}:
            more = (*gate.roles, Word(role.name, at))
            yield Kind.ROLES, at, f"`{role}` was added to `roles`", replace(gate, roles=more)


def _silence(gate: Gate, places: Places) -> Iterator[Made]:
    times = [step.after_s for step in gate.steps] + [gate.end.after_s]
    for index, step in enumerate(gate.steps):
        at = places.value(gate.at, "if_no_answer", index, "after")
        for seconds in _around(step.after_s, times[index - 1] if index else 0, times[index + 1]):
            steps = (*gate.steps[:index], replace(step, after_s=seconds), *gate.steps[index + 1 :])
            words = f"`after: {span(step.after_s)}` until `{step.gate}` is asked became `{span(seconds)}`"
            yield Kind.DEADLINE, at, words, replace(gate, steps=steps)
        at = places.value(gate.at, "if_no_answer", index)
        rest = (*gate.steps[:index], *gate.steps[index + 1 :])
        yield Kind.SILENCE, at, f"the step that asks `{step.gate}` was dropped", replace(gate, steps=rest)
    end, last = gate.end, len(gate.steps)
    at = places.value(gate.at, "if_no_answer", last, "after")
    for seconds in _around(end.after_s, times[-2] if gate.steps else 0, None):
        words = f"the deadline `{span(end.after_s)}` became `{span(seconds)}`"
        yield Kind.DEADLINE, at, words, replace(gate, end=replace(end, after_s=seconds))
    other = Verdict.DENY if end.verdict is Verdict.ALLOW else Verdict.ALLOW
    words = f"`then: {end.verdict.label}` became `{other.label}`"
    yield Kind.SILENCE, end.at, words, replace(gate, end=replace(end, verdict=other))


def _around(seconds: int, least: int, most: int | None) -> Iterator[int]:
    """Twice as long and half as long, between other times."""
    for made in (seconds * 2, seconds // 2):
        if made > least and (most is None or made < most):
            yield made
