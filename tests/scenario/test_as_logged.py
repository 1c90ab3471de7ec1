"""A sequence is judged as a log of it would be: its events, replayed, give every call the same verdict."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from govern.charter.cases import Case
from govern.events.canonical import parse
from govern.events.model import Event, EventType
from govern.policy.engine import Engine
from govern.replay.groups import Policies
from govern.replay.told import told
from govern.scenario import sequence
from govern.scenario.outcome import Outcome
from govern.scenario.run import run_case

from .test_run import DESK, EXAMPLE, engine_and_cases

SEQUENCES = [(path, case.name) for path in (DESK, EXAMPLE) for case in engine_and_cases(path)[1] if case.sequence]


def recorded(engine: Engine, case: Case, monkeypatch: pytest.MonkeyPatch) -> tuple[Outcome, list[Event]]:
    """What came of a case, and the events that it made."""
    events: list[Event] = []
    record = sequence._Sequence.record

    def kept(self: Any, event: Event) -> None:
        events.append(event)
        record(self, event)

    monkeypatch.setattr(sequence._Sequence, "record", kept)
    return run_case(engine, case), events


def judged(engine: Engine, events: list[Event], facts: Any) -> Iterator[Any]:
    """The verdict of the replay on every call, in order."""
    policies = Policies({engine.policy.agent: engine.policy}, engine.zone)
    session = None if facts is None else {"test": dict(facts)}
    for event, given in sorted(told(events, policies, session), key=lambda each: each[0].wseq):
        if event.type is EventType.TOOL_CALL:
            args = parse(event.args or "")
            yield engine.decide(event.tool or "", args, given=given)


@pytest.mark.parametrize(("path", "name"), SEQUENCES, ids=lambda each: str(each)[-60:])
def test_replayed(path: Any, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    engine, cases = engine_and_cases(path)
    case = next(each for each in cases if each.name == name)
    outcome, events = recorded(engine, case, monkeypatch)
    first: dict[int, Any] = {}
    for decision in outcome.decisions:
        first.setdefault(decision.step, decision.verdict)
    replayed = list(judged(engine, events, case.facts))
    assert [(each.effect, each.reasons, each.rules, each.gates, each.counters) for each in first.values()] == [
        (each.effect, each.reasons, each.rules, each.gates, each.counters) for each in replayed
    ]


def test_there_are_sequences() -> None:
    assert len(SEQUENCES) > 15
