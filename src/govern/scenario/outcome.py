"""What came of a test: judged calls, what gates came to, and what is not as expected."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from govern.charter.cases import Case
from govern.conditions import Inputs
from govern.findings import Location
from govern.policy.verdict import Verdict


class State(StrEnum):
    """What came of a test."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Decision:
    """One judged call of a test.

    Args:
        args: normalised, with the defaults of the tool's schema, as they were judged.
        given: all that was known beside them (`conditions.Inputs`).
        valid: whether they satisfy the input schema.
        truths: FALSE, UNKNOWN or TRUE for each of the tool's conditions; empty where it is unmapped.
        step: which of the case's steps, from 0. The release of an approved call is decided again: the same step
            twice.
    """

    tool: str
    args: Mapping[str, Any]
    given: Inputs
    valid: bool
    truths: tuple[int, ...]
    verdict: Verdict
    step: int = 0


@dataclass(frozen=True, slots=True)
class Answered:
    """What a gate of a call came to by the end of its test.

    Args:
        state: `approved`, `denied`, `expired` or `pending` (a word of `govern.gate.State`).
        by: the people whose answers it took.
        after_ns: from the request until then; None while it is pending.
        step: of the call.
    """

    gate: str
    state: str
    by: tuple[str, ...]
    after_ns: int | None
    step: int


@dataclass(frozen=True, slots=True)
class Failure:
    """Something that is not as expected.

    Args:
        what: `verdict`, `gates`, `rules`, `reasons`, `cause`, `unknown`, `tier`, `request`, `answer`.
        expected, got: in words.
        at: where the expectation is written.
        step: which of the case's steps, from 0.
        decision: of the call that it is about; None where it is about an answer.
    """

    what: str
    expected: str
    got: str
    at: Location
    step: int
    decision: Decision | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one test."""

    case: Case
    state: State
    failures: tuple[Failure, ...] = ()
    decisions: tuple[Decision, ...] = ()
    answers: tuple[Answered, ...] = ()
