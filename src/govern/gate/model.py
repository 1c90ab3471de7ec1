"""A request for approval as it stands: what is asked, who answered, what it came to. Frozen values, no behaviour."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from govern.policy.model import Gate, Policy
from govern.policy.terms import Effect, Reason, Tier
from govern.policy.verdict import Verdict


class State(StrEnum):
    """Of a request, and of each of its gates (which are never claimed or void)."""

    PENDING = "pending"
    APPROVED = "approved"
    CLAIMED = "claimed"
    DENIED = "denied"
    EXPIRED = "expired"
    VOID = "void"

    @property
    def open(self) -> bool:
        """Whether anything can still become of it."""
        return self in (State.PENDING, State.APPROVED)


class Why(StrEnum):
    """Why an answer does not count."""

    OWN_CALL = "own_call"  # they are in the requester's chain
    NO_ROLE = "no_role"  # they hold no role of a gate that is asked now
    ANSWERED = "answered"  # they have answered every gate that they can
    CLOSED = "closed"  # it is approved, denied, expired or void already


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for one call; it never changes.

    Args:
        gates: of the policy, by name: those that are asked and those that they ask in their turn.
        asks: the gates of the verdict, all of which must be met.
        at_ns: when it was asked, UTC nanoseconds since 1970.
        person: the authenticated person who is served; None without one.
        chain: everybody else that the call comes from: agents that delegated, the agent, its service account.
        silence_allows: whether silence may allow: only where nothing but the tool's own authority asked, and the tool
            is internal and reversible.
        told_at_once: whether a notification counts as delivered when it is due; where not, its delivery is recorded.
    """

    gates: Mapping[str, Gate]
    asks: tuple[str, ...]
    at_ns: int
    person: str | None
    chain: frozenset[str] = frozenset()
    silence_allows: bool = False
    told_at_once: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What a person answers.

    Args:
        person: as they authenticated.
        roles: that they hold at that moment.
        at_ns: by the store's clock.
    """

    person: str
    roles: frozenset[str]
    approve: bool
    at_ns: int


Slot = tuple[str, str]
"""A gate of the verdict, and the gate that answers for it: itself, or one that it escalated to."""


@dataclass(frozen=True, slots=True)
class Vote:
    """An answer that counts, and for what it may be taken."""

    answer: Answer
    slots: frozenset[Slot]


@dataclass(frozen=True, slots=True)
class Met:
    """How a gate of the verdict was met.

    Args:
        gate: that answered: itself, or one that it escalated to.
        by: the people whose answers it took; empty where silence allowed.
        at_ns: since when.
    """

    gate: str
    by: tuple[str, ...]
    at_ns: int


@dataclass(frozen=True, slots=True)
class Standing:
    """A request as it stands.

    Args:
        now_ns: until when it is known.
        at_ns: since when it has its state.
        votes: those that count, in their order.
        met: by gate of the verdict, those that are met.
        ended: the gates of the verdict that a denial or a deadline ended.
        delivered: when notifications of gates were delivered, by gate.
    """

    request: Request
    now_ns: int
    at_ns: int
    state: State = State.PENDING
    votes: tuple[Vote, ...] = ()
    met: Mapping[str, Met] = field(default_factory=dict)
    ended: frozenset[str] = frozenset()
    delivered: Mapping[str, int] = field(default_factory=dict)

    def of(self, gate: str) -> State:
        """What one gate of the verdict came to."""
        if gate in self.met:
            return State.APPROVED
        if gate in self.ended:
            return State.DENIED if self.state is State.DENIED else State.EXPIRED
        return State.PENDING


@dataclass(frozen=True, slots=True)
class Refused:
    """An answer that does not count; nothing changed by it but the time.

    Args:
        standing: as it was at the time of the answer.
    """

    why: Why
    standing: Standing


@dataclass(frozen=True, slots=True)
class Again:
    """What a second verdict asks, when an approval is to be used.

    Args:
        asks: gates; none where it allows.
        gates: of the policy that is in force then.
        silence_allows: as of a request, under that verdict.
    """

    asks: tuple[str, ...]
    gates: Mapping[str, Gate]
    silence_allows: bool = False


def silence_may_allow(policy: Policy, tool: str, verdict: Verdict) -> bool:
    """Whether silence may allow a call: the tool's own authority is the only cause, and it is internal and
    reversible."""
    mapped = policy.tools.get(tool)
    return (
        mapped is not None
        and verdict.effect is Effect.APPROVAL
        and verdict.reasons == (Reason.GATE,)
        and not mapped.external
        and verdict.tier is not Tier.IRREVERSIBLE
    )
