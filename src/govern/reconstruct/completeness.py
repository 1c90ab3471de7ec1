"""How complete the record of a chain is: for each field of each action present, missing, or not applicable.

Counts, never one score: a chain with every prompt and no check is not "half good".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from govern.events.model import Event, Fidelity
from govern.reconstruct.approvals import APPROVE, asked_of, deciding_check, unbound
from govern.reconstruct.chain import Action, Chain, Text, args_digest


class State(StrEnum):
    PRESENT = "present"
    MISSING = "missing"
    NA = "na"


@dataclass(frozen=True, slots=True)
class Count:
    """How many actions have a field, lack it, or have no use for it (their source cannot carry it, or the
    action came to nothing that would have it)."""

    present: int = 0
    missing: int = 0
    na: int = 0


def _has(present: bool) -> State:
    return State.PRESENT if present else State.MISSING


def _words(text: Text | None) -> State:
    return _has(text is not None and text.recorded)


def _input(action: Action) -> State:
    event = action.input
    kept = event is not None and (event.args is not None or event.content is not None)
    return _has(kept and event is not None and event.fidelity not in (Fidelity.ABSENT, Fidelity.DIGEST))


def _check(action: Action) -> State:
    if action.executions:
        return _has(all(deciding_check(action, run) is not None for run in action.executions))
    return _has(bool(action.checks))


def _approval(action: Action) -> State:
    asking = any(asked_of(action, run) is not None for run in action.executions)
    check = action.check
    if not asking and not action.requests and (check is None or check.verdict != "approval"):
        return State.NA
    digests = [run.args_digest for run in action.executions] or [args_digest(call) for call in action.calls]
    return _has(any(not unbound(action, d, digest) for d in action.decisions for digest in digests))


def _stopped(action: Action) -> bool:
    """Denied by a check or by people: there is no output to have."""
    if action.executions:
        return False
    denied = action.check is not None and action.check.verdict == "deny"
    return denied or any(d.decision not in (None, APPROVE) for d in action.decisions)


def _output(action: Action) -> State:
    if _stopped(action):
        return State.NA
    output = action.output
    return _has(output is not None and (output.recorded or output.event.error is not None))


def _timing(action: Action) -> State:
    return _has(all(event.ts_ns is not None for event in action.events))


def _errors(action: Action) -> State:
    """Whether each run says how it ended: well, or with which error."""
    if not action.executions:
        return State.NA if _stopped(action) else State.MISSING
    return _has(all(_says(run.result, run.errors) for run in action.executions))


def _says(result: Event | None, errors: tuple[Event, ...]) -> bool:
    if result is not None:
        return result.status is not None or result.error is not None
    return any(event.error or event.content or event.status for event in errors)


# The name of a field in the report, what a format calls it, and how an action has it.
FIELDS: Final[tuple[tuple[str, str, Callable[[Action], State]], ...]] = (
    ("prompt", "prompt", lambda action: _words(action.prompt)),
    ("response", "response", lambda action: _words(action.response)),
    ("tool", "tool", lambda action: _has(action.tool is not None)),
    ("input", "args", _input),
    ("check", "check", _check),
    ("approval", "approval", _approval),
    ("output", "output", _output),
    ("timing", "timing", _timing),
    ("errors", "errors", _errors),
)
CARRIED: Final = frozenset(carried for _, carried, _ in FIELDS)


def count(chain: Chain, carried: frozenset[str]) -> dict[str, Count]:
    """Per field, over the actions of a chain.

    Args:
        carried: what the sources of this trace can carry (`CARRIED` is all).
    """
    made = {}
    for name, needed, state_of in FIELDS:
        states = [state_of(action) if needed in carried else State.NA for action in chain.actions]
        made[name] = Count(*(states.count(state) for state in State))
    return made
