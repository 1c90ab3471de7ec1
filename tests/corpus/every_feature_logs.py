"""The corpus's logs for the charters of `every_feature`: as they are, or with times, and what a host knows.

Times, sessions and facts are made up by a fixed seed: the logs have none, and without them no window and no clock
decides. Leaves out the judging.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from itertools import chain, product
from pathlib import Path
from typing import Any

from govern.charter.load import load_or_raise
from govern.compile.lower import lower
from govern.conditions.times import timestamp_ns
from govern.events.canonical import parse
from govern.events.model import Event, EventType
from govern.ingest import read as read_log
from govern.ingest.counts import Summary
from govern.policy.model import Policy

ROOT = Path(__file__).resolve().parents[2]
CORPUS = Path(os.environ.get("GOVERN_CORPUS") or ROOT.parent / "shared" / "corpus")
CHARTERS = Path(__file__).parent / "every_feature"
AGENTS = ("airline", "banking", "retail", "slack", "travel", "workspace")
LOGS = {
    "agentdojo/agentdojo-claude-3-5-sonnet-20241022.jsonl.zst": None,
    "agentdojo/agentdojo-command-r-plus.jsonl.zst": None,
    "agentdojo/agentdojo-gpt-4o-mini-2024-07-18.jsonl.zst": None,
    "taubench/airline_gpt-4o.json.zst": "airline",
    "taubench/retail_grok-3.json.zst": "retail",
}
"""Each log with the agent that `--agent` names: AgentDojo's name their own."""
AVAILABLE = all((CORPUS / name).is_file() for name in LOGS)
BERLIN = "Europe/Berlin"
SECOND = 10**9
# The days that the logs play on, and those in which Berlin's clocks go forward and back: each with its length, s.
BEGINNINGS = tuple(map(timestamp_ns, ("2024-03-29T06:00:00Z", "2024-05-14T18:00:00Z", "2024-10-26T04:00:00Z")))
LENGTH_S = 2 * 86_400
UNTIL = ("2024-05-15T21:00:00+02:00", "2024-03-30T12:00:00Z", "2027-05-01T00:00:00Z", "2024-10-27T02:30:00+02:00")
# Seconds, most of them whole ten minutes: windows and days end where events are, as well as between them.
TICK, STEPS = 600, (0, 0, 0, 1, 600, 600, 1_200, 1_800, 3_600, 14_400)

SessionFacts = dict[str, dict[str, Any]]


@cache
def policies() -> dict[str, Policy]:
    return {agent: lower(load_or_raise(CHARTERS / f"{agent}.yaml")) for agent in AGENTS}


@dataclass(frozen=True)
class Setting:
    """One way to replay the corpus.

    Args:
        times: of which events there is a time: `none` (the logs as they are), `all`, or `some` runs.
        zone: the deployment's, or None.
        known: whether the host says what it knows of each session.
    """

    times: str
    zone: str | None
    known: bool

    def __str__(self) -> str:
        return f"{self.times} times, {self.zone or 'no zone'}, facts {'given' if self.known else 'missing'}"


EVERY = tuple(Setting(*each) for each in product(("none", "some", "all"), (None, BERLIN), (False, True)))
# Each word of each respect is in one of these; `GOVERN_EVERY_SETTING=1` takes all.
FEW = (
    Setting("none", None, False),
    Setting("none", BERLIN, True),
    Setting("some", None, True),
    Setting("all", BERLIN, True),
)
SETTINGS = EVERY if os.environ.get("GOVERN_EVERY_SETTING") else FEW


@cache
def recorded(name: str) -> tuple[Event, ...]:
    """A log as it is imported."""
    return tuple(Summary().events(read_log([str(CORPUS / name)], agent=LOGS[name])))


@cache
def events(times: str) -> tuple[Event, ...]:
    """All logs; where there are times, with a session for every three runs of an agent."""
    of = [recorded(name) for name in LOGS]
    if times == "none":
        return tuple(chain(*of))
    return tuple(chain(*(_timed(each, 0.04 if times == "some" else 0) for each in of)))


def _timed(log: tuple[Event, ...], untimed: float) -> Iterator[Event]:
    """A log with times and sessions.

    Args:
        untimed: the share of runs of which the times are lost.
    """
    rng = random.Random(f"times of {log[0].trace_id}")
    begun: dict[str, int] = {}
    sessions: dict[str, str] = {}
    clocks: dict[str, int | None] = {}
    for event in log:
        trace = event.trace_id
        if trace not in sessions:
            session = f"{event.agent}-{log[0].trace_id[:4]}-{len(sessions) // 3}"
            begun.setdefault(session, rng.choice(BEGINNINGS) + rng.randrange(LENGTH_S // TICK) * TICK * SECOND)
            sessions[trace] = session
            start = begun[session] + rng.randrange(6) * TICK * SECOND
            clocks[trace] = None if rng.random() < untimed else start
        at = clocks[trace]
        clocks[trace] = at = None if at is None else at + rng.choice(STEPS) * SECOND
        yield replace(event, ts_ns=at, session_id=sessions[trace])


@cache
def known(times: str) -> SessionFacts:
    """What the host says of `person`, for most sessions or runs: all of it, part of it, or nothing."""
    rng = random.Random("what a host knows")
    users: dict[str, set[str]] = {}
    for event in events(times):
        named = users.setdefault(event.session_id or event.trace_id, set())
        args = parse(event.args) if event.type is EventType.TOOL_CALL and event.args is not None else None
        if isinstance(args, dict) and isinstance(args.get("user_id"), str):
            named.add(args["user_id"])
    return {where: {"person": _person(rng, sorted(named))} for where, named in users.items() if rng.random() < 0.85}


def _person(rng: random.Random, named: list[str]) -> dict[str, Any]:
    if rng.random() < 0.05:
        return {}
    person: dict[str, Any] = {
        "user_id": rng.choice([*named, "somebody_else_1"]),
        "team": rng.choice(["desk", "field", "lab"]),
        "clearance": rng.choice([1, 2, 3, 4]),
        "credit": rng.choice([0, 1.5, 3, 10.5, 20]),
        "trained": rng.random() < 0.5,
        "until": rng.choice(UNTIL),
        "since": rng.choice(["2019-02-01T00:00:00Z", "2024-05-15T06:00:00Z"]),
        "absent": rng.random() < 0.3,
        "sites": rng.choice([[], ["berlin"], ["bonn", "closed"]]),
        "prefs": rng.choice(
            [
                {},
                {"city": "Paris", "renewed": "2024-03-01T00:00:00Z", "page": "https://shop.example.org/me"},
                {"city": "none", "renewed": "2024-02-14T12:00:00+02:00", "page": "http://elsewhere.example/x?y=1"},
                {"renewed": "lately", "page": 7},
            ]
        ),
    }
    for field in [each for each in person if rng.random() < 0.08]:
        del person[field]
    return person
