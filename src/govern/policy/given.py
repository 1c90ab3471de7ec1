"""What somebody says of a call beside its arguments: facts, time, an empty history. For `decide`, and for replays.

Leaves out working facts out of a trace (`policy.history`): here they are given, and checked against the policy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NoReturn

from govern.conditions import Inputs
from govern.conditions.scope import is_of
from govern.conditions.times import timestamp_ns
from govern.errors import EvidenceError, GovernError, UsageError
from govern.events.canonical import Malformed, parse, text_of
from govern.events.model import ActorKind, Event, EventType
from govern.findings import did_you_mean
from govern.policy.history import History
from govern.policy.model import FactField, Policy


def given(
    history: History,
    tool: str,
    args: str | bytes,
    *,
    facts: str | None,
    at: str | None,
    first: bool,
    told: str | None = None,
) -> Inputs:
    """Inputs beside the arguments (`conditions.Inputs`).

    Args:
        history: of the policy that judges.
        args: the arguments as JSON text; of malformed ones nothing is said, they are denied anyway.
        facts: a JSON object of facts by name.
        at: an RFC 3339 time with an offset.
        first: whether it is the first call of its session.
        told: a JSON object of what happened before, by key of `conditions.Inputs`.

    Raises:
        UsageError: a fact, field or part of the history that the policy does not have, a value that it cannot have,
            something that is said of a first call otherwise, no JSON, no time.
    """
    found: dict[str, Any] = {}
    if at is not None:
        time = timestamp_ns(at)
        if time is None:
            raise UsageError(f"`{at[:80]}` is no time", where="--at", hint="as in `2026-11-23T14:00:00Z`")
        found["at"] = time
    policy = history.policy
    said = _facts((policy,), _object(facts, "--facts", UsageError), "--facts", UsageError) if facts is not None else {}
    if first:
        found |= first_call(history, tool, _arguments(args), said, found.get("at", 0))
    found |= said
    if told is not None:
        found |= _history(history, tool, told, found if first else {})
    return found


def _history(history: History, tool: str, text: str, before: Inputs) -> Inputs:
    from govern.policy.given_history import WHERE, told  # only who says it waits for it

    known = told(history, tool, _object(text, WHERE, UsageError, "the history is", _EXCEEDED))
    twice = next((key for key in known if key in before), None)
    if twice is not None:
        raise UsageError(f"`--first` says `{twice}` too", where=WHERE, hint="leave one of them out")
    return known


def first_call(history: History, tool: str, args: dict[str, Any], facts: Inputs, at_ns: int = 0) -> Inputs:
    """What the history says of the first call of a session: nothing was called, counted or read before it.

    Args:
        args: of the call, normalised.
        facts: that are known.
        at_ns: its time; any will do where nothing was counted in any window.
    """
    call = Event(
        event_id="", trace_id="", type=EventType.TOOL_CALL, writer_id="", wseq=0,
        agent=history.policy.agent, actor_kind=ActorKind.AGENT, tool=tool,
    )  # fmt: skip
    return history.inputs({}, call, history.filled(tool, args), at_ns=at_ns, session=facts or None)


def _arguments(text: str | bytes) -> dict[str, Any]:
    try:
        value = parse(text)
    except Malformed:
        return {}
    return value if isinstance(value, dict) else {}


def session_facts(policies: Iterable[Policy], raw: bytes, where: str) -> dict[str, Inputs]:
    """What a host asserted for each session of a log.

    Args:
        policies: that may ask for it.
        raw: JSON, an object of facts by the id of a session or trace: `{"s1": {"customer": {"id": "c1"}}}`.
        where: the file's name, for errors.

    Raises:
        EvidenceError: no such JSON; a fact that no policy takes from the session, a field or value it cannot have.
    """
    known = tuple(policies)
    found: dict[str, Inputs] = {}
    for session, facts in _object(raw, where, EvidenceError).items():
        here = f"{where}: `{session[:80]}`"
        if not isinstance(facts, dict):
            raise EvidenceError("facts are an object, by name", where=here)
        found[session] = _facts(known, facts, here, EvidenceError, asserted=True)
    return found


_PAID = 'as in `{"order": {"status": "paid"}}`'
_EXCEEDED = """as in `{"exceeded('budget')": true, "calls('refund')": 2}`"""


def _object(
    text: str | bytes, where: str, error: type[GovernError], what: str = "facts are", hint: str = _PAID
) -> dict[str, Any]:
    try:
        value = parse(text)
    except Malformed as problem:
        raise error(f"no JSON: {problem}", where=where) from None
    if not isinstance(value, dict):
        raise error(f"{what} an object, by name", where=where, hint=hint)
    return value


def _facts(
    policies: tuple[Policy, ...], value: dict[str, Any], where: str, error: type[GovernError], *, asserted: bool = False
) -> Mapping[str, Any]:
    """Facts that fit all policies that declare them, and that at least one declares."""

    def fail(message: str, hint: str = "") -> NoReturn:
        raise error(message, where=where, hint=hint)

    for name, fact in value.items():
        declared = [policy.facts[name] for policy in policies if name in policy.facts]
        agents = ", ".join(f"`{policy.agent}`" for policy in policies)
        if not declared:
            names = {name for policy in policies for name in policy.facts}
            fail(f"`{name[:80]}` is no fact of {agents}", did_you_mean(name, names) or "the charter declares no facts")
        if asserted and any(each.result_of for each in declared):
            fail(f"`{name}` comes from results, which the log has", "a host asserts facts `from: session`")
        if not isinstance(fact, dict):
            fail(f"the fact `{name}` is an object of its fields")
        for one in declared:
            known = [field.name for field in one.fields]
            for field in fact:
                if field not in known:
                    fail(f"`{name}` has no field `{field[:80]}`", did_you_mean(field, known))
            for each in one.fields:
                _fits(name, each, fact.get(each.name), fail)
    return value


def _fits(fact: str, field: FactField, value: Any, fail: Callable[[str, str], NoReturn]) -> None:
    """Refuses what the fact cannot be: a slip in a word of an enum would be judged as another word. Null is none."""
    if value is None:
        return
    shown = text_of(value)[:80]
    if field.values and not any(text_of(value) == text_of(each) for each in field.values):
        fail(
            f"`{fact}.{field.name}` is never `{shown}`", "one of " + ", ".join(f"`{text_of(v)}`" for v in field.values)
        )
    if not is_of(value, field.kind):
        as_in = 'as in `"2026-12-25T09:30:00Z"`' if field.kind == "timestamp" else ""
        fail(f"`{fact}.{field.name}` is of type `{field.kind}`, `{shown}` is not", as_in)
