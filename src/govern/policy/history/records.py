"""What a log records of one call, as far as a history needs it: small frozen states, and their scopes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from govern.conditions.inputs import Path, path_of
from govern.conditions.parse import parse as parse_text
from govern.conditions.tree import children
from govern.events.model import ActorKind, Event, EventType

Scope = tuple[object, ...]
States = Mapping[Scope, Any]
Args = dict[str, Any] | None  # None: malformed or not captured

LIFECYCLE: Final = frozenset(
    {
        EventType.TOOL_CALL, EventType.POLICY_CHECK, EventType.APPROVAL_REQUEST, EventType.APPROVAL_DECISION,
        EventType.TOOL_START, EventType.TOOL_RESULT,
    }
)  # fmt: skip
"""The events that a history is made of."""

GOVERNED: Final = (ActorKind.AGENT, None)
"""Who may have made a call that counts: a charter governs the agent, not the people and services in its log."""

APPROVE: Final = "approve"


@dataclass(frozen=True, slots=True)
class Record:
    """One call as recorded so far.

    Args:
        agent, session: of the event that opened it; what follows may name others, or none.
        text: its arguments as recorded; with `error`, why they have no meaning.
        at_ns: its place in time, None where the log has none.
        facts: those that a limit is counted for each of, as they stood.
        foreign: made by somebody whom no charter governs.
        held, freed, stopped, executed, done: what was recorded of it since.
        done_ns: the time of the result that made it succeed.
        sure: whether that result says that it was no error.
    """

    tool: str
    agent: str | None
    session: str
    text: str | None
    error: bool
    args: Args
    at_ns: int | None
    facts: Mapping[str, Any]
    foreign: bool = False
    held: bool = False
    freed: bool = False
    stopped: bool = False
    executed: bool = False
    done: bool = False
    done_ns: int | None = None
    sure: bool = True

    @property
    def counts(self) -> bool:
        """Whether it counts as executed."""
        return not self.stopped or self.executed

    @property
    def released(self) -> bool:
        return not self.held or self.freed


class View(Mapping[Scope, Any]):
    """States with changes on top."""

    def __init__(self, changed: dict[Scope, Any], below: States) -> None:
        self._changed = changed
        self._below = below

    def __getitem__(self, scope: Scope) -> Any:
        return self._changed[scope] if scope in self._changed else self._below[scope]

    def __iter__(self) -> Any:
        return iter({**self._below, **self._changed})

    def __len__(self) -> int:
        return len({**self._below, **self._changed})

    def set(self, scope: Scope, state: Any) -> None:
        self._changed[scope] = state

    def add(self, scope: Scope, count: int) -> None:
        self._changed[scope] = self.get(scope, 0) + count


class _Uncaptured:
    def __repr__(self) -> str:
        return "UNCAPTURED"


UNCAPTURED: Final = _Uncaptured()


@cache
def path_at(text: str) -> Path:
    """The path of a place as a charter writes it."""
    tree = parse_text(f"{text} == null")
    path = path_of(children(tree)[0])
    if path is None:
        raise ValueError(f"`{text}` is no place")
    return path


def session_of(event: Event) -> str:
    """A trace without a session is one of its own."""
    return f"s:{event.session_id}" if event.session_id else f"t:{event.trace_id}"


def same_call(one: Record, other: Record) -> bool:
    return (one.tool, one.text, one.error, one.foreign) == (other.tool, other.text, other.error, other.foreign)


def own_record(states: States, call: Event) -> Record | None:
    """The call itself, where it was proposed before."""
    if call.span_id is None:
        return None
    records: tuple[Record, ...] = states.get(("span", call.trace_id, call.span_id), ())
    mine = (call.tool or "", call.args, call.args_error is not None)
    return next((each for each in records if (each.tool, each.text, each.error) == mine and not each.foreign), None)
