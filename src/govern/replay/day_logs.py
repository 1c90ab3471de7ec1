"""What a log holds of each local day of an agent: how many calls, and one digest over all that happened.

A sign-off is over that digest, so that a row that comes later, is lost or is changed voids it. The digest is that of a
set: it does not hang on the order of rows, on files' names, or on how logs are packed, and it is made in one pass in
constant memory. Each event is hashed to a number of 3,072 bits, and the numbers are added (AdHash: Bellare and
Micciancio, "A New Paradigm for Collision-free Hashing", 1997). So long a sum withstands the best known way to find
other events with the same one, which takes 2^(2 sqrt(3072)), some 2^110 steps (Wagner, "A Generalized Birthday
Problem", 2002). What the reader of logs drops as a duplicate is not in it twice. Leaves out who signs
(`compile.sign_off`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from operator import attrgetter
from typing import Final

from govern.events.model import COLUMNS, ActorKind, Event, EventType
from govern.replay.groups import Policies

BYTES: Final = 384
_MASK: Final = (1 << 8 * BYTES) - 1
_encode: Final = json.JSONEncoder(ensure_ascii=True, separators=(",", ":")).encode
# Where and when a row was read says nothing of what happened: a log that is imported is the same log.
_NOT_SAID: Final = frozenset(("writer_id", "wseq", "source_ref", "recorded_ns"))
_SAID: Final = attrgetter(*(name for name in COLUMNS if name not in _NOT_SAID))
_EPOCH: Final = date(1970, 1, 1)


@dataclass(slots=True)
class DayLog:
    """One day of one agent.

    Args:
        calls: proposals by the agent, as the shadow report counts them.
        events: all that the digest is over.
        total: of the numbers of the events.
    """

    calls: int = 0
    events: int = 0
    total: int = field(default=0, repr=False)

    @property
    def digest(self) -> str:
        """`sha256:…` of the number of events and their total."""
        raw = self.events.to_bytes(8, "big") + self.total.to_bytes(BYTES, "big")
        return f"sha256:{hashlib.sha256(raw).hexdigest()}"

    def add(self, number: int, *, call: bool) -> None:
        self.calls += call
        self.events += 1
        self.total = (self.total + number) & _MASK


def number_of(event: Event) -> int:
    """The number that stands for all that an event says, but for its place in a file."""
    return int.from_bytes(hashlib.shake_256(_encode(_SAID(event)).encode()).digest(BYTES), "big")


def day_logs(events: Iterable[Event], policies: Policies, days: Iterable[date]) -> dict[str, dict[date, DayLog]]:
    """The logs of some days, by agent.

    Args:
        events: each once, in any order.
        policies: whose agents these are; an event without an agent belongs to the log of each of them.
        days: on the wall clock of `policies`; what happened on others is not looked at.

    Sign-offs themselves are no part of a log. Neither are events without a time: they belong to no day.
    """
    wanted = set(days)
    agents = tuple(policies.by_agent)
    found: dict[str, dict[date, DayLog]] = {agent: {} for agent in agents}
    for event in events:
        hour = policies.hour(event.ts_ns)
        if hour is None or event.type is EventType.SIGN_OFF:
            continue
        day = _EPOCH + timedelta(days=hour // 24)
        if day not in wanted:
            continue
        call = event.type is EventType.TOOL_CALL and event.actor_kind in (ActorKind.AGENT, None)
        number = number_of(event)
        judge = policies.agent_for(event.agent)
        for agent in agents if event.agent is None else (judge,) if judge is not None else ():
            found[agent].setdefault(day, DayLog()).add(number, call=call and agent == judge)
    return found
