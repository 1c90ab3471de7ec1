"""A charter test as it runs: calls, what is given with them, what is expected of each; frozen, of no policy.

Scenarios of a charter and the cases of a suite file (`suite`) both become these, tables written out row by row. Leaves
out reading (`suite`) and running (`govern.scenario.run`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from govern.findings import Location
from govern.policy.terms import Effect, Tier


class AllOrSome(StrEnum):
    """How a list of an expectation is compared."""

    SOME = "some"  # each that is named is there; others may be too
    ALL = "all"  # exactly these, in any order


@dataclass(frozen=True, slots=True)
class Named:
    """Names that are expected, and how they are compared."""

    names: tuple[str, ...]
    how: AllOrSome


@dataclass(frozen=True, slots=True)
class ExpectVerdict:
    """What is expected of a verdict; None of a part is not compared.

    Args:
        causes: rule ids, or reasons, of a denial, each among its rules and reasons.
        unknown: paths of inputs that were unknown.
        at: where it is written.
    """

    effect: Effect
    at: Location
    gates: Named | None = None
    causes: tuple[str, ...] = ()
    rules: Named | None = None
    reasons: Named | None = None
    unknown: Named | None = None
    tier: Tier | None = None


@dataclass(frozen=True, slots=True)
class ExpectRequest:
    """What is expected of a request for approval, after an answer or a time.

    Args:
        state: a word of `govern.gate.State`; None where only the others are said.
        refused: why the answer does not count, a word of `govern.gate.Why`, or `any`; empty where it is to count.
        gates: the state of gates by name.
        asks: the gates that are asked then, all of them; None where nobody says.
    """

    state: str | None
    at: Location
    refused: str = ""
    gates: Mapping[str, str] = field(default_factory=dict)
    asks: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """Who answers: a person, and the roles that they hold then.

    Args:
        name: as they authenticate; `session.person` is the one served.
    """

    name: str
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SayStep:
    """Something is said to the agent. `by` is `user` or `operator`."""

    text: str
    by: str
    after_s: int
    at: Location


@dataclass(frozen=True, slots=True)
class CallStep:
    """One call, judged.

    Args:
        args: plain JSON data.
        given: of a single call, inputs beside the arguments that are said (`conditions.Inputs`), which win over those
            of a first call; empty in a sequence, where they are worked out.
        facts: of a single call, by name; None where none is said.
        expect: None where the call only sets up what comes after it.
        name: for answers that are not to the latest call that waits.
        result: what it gives once it ran; with `error`, that it failed.
        released: whether it runs; None: as the verdict and the answers have it.
        used_after_s: how long after its approval it is run.
    """

    tool: str
    args: Mapping[str, Any]
    expect: ExpectVerdict | None
    at: Location
    given: Mapping[str, Any] = field(default_factory=dict)
    facts: Mapping[str, Any] | None = None
    after_s: int = 0
    name: str = ""
    result: Any = None
    error: str | None = None
    released: bool | None = None
    used_after_s: int = 0


@dataclass(frozen=True, slots=True)
class AnswerStep:
    """People answer a request for approval.

    Args:
        approve: whether they approve or deny; each in turn, at the same time.
        of: the name of the call; empty for the latest that waits.
    """

    people: tuple[Person, ...]
    approve: bool
    of: str
    expect: ExpectRequest | None
    after_s: int
    at: Location


@dataclass(frozen=True, slots=True)
class WaitStep:
    """Time passes, and nobody says anything."""

    wait_s: int
    of: str
    expect: ExpectRequest | None
    at: Location


Step = SayStep | CallStep | AnswerStep | WaitStep


@dataclass(frozen=True, slots=True)
class Session:
    """Whose session it is.

    Args:
        person: the authenticated person served; None without one.
        chain: who else is in the requester's chain: agents that delegated.
    """

    person: str | None = "session.person"
    chain: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Case:
    """One test.

    Args:
        id: unique among all tests of a run: `FILE#NAME`.
        name: as people know it; of a row of a table with what is special to the row.
        tags: lower-case words.
        skip: why it is not run; empty runs it.
        at: where it is written.
        steps: at least one. A single call has one `CallStep`.
        sequence: whether history is worked out from the steps; otherwise there is one call, and it is given.
        clock_ns: the time at which it begins, UTC nanoseconds since 1970; None: `at` is unknown to a single call, and
            a sequence begins at `CLOCK_NS`.
        facts: of the session, in a sequence; None where none is said.
    """

    id: str
    name: str
    at: Location
    steps: tuple[Step, ...]
    tags: tuple[str, ...] = ()
    skip: str = ""
    sequence: bool = False
    clock_ns: int | None = None
    facts: Mapping[str, Any] | None = None
    session: Session = field(default_factory=Session)


# Where a sequence begins that does not say when: conditions on the time are refused in it. A Monday, at noon.
CLOCK_NS = 1_767_614_400 * 10**9  # 2026-01-05T12:00:00Z
