"""Every decision of one chain taken again: the same, another, or not to be taken from what the record tells.

The judgement is that of a replay (`replay.stream`), call by call, from what was recorded before each. Leaves out which
events these are (`past`), and how it is shown (`report`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from govern.events.model import Event
from govern.policy.verdict import Verdict
from govern.reconstruct.chain import Action, Chain
from govern.replay.groups import Judgement, Key, Kind, Policies
from govern.replay.shadow_lacking import lacking
from govern.replay.stream import judged
from govern.replay.told import SessionFacts


class Outcome(StrEnum):
    """What became of one decision."""

    SAME = "same"
    DIFFERS = "differs"
    MISSING = "inputs_missing"  # the record does not tell what decides, or which policy
    UNRECORDED = "unrecorded"  # decided now, and no check says what was decided then
    NO_CALL = "no_call"  # the action has no proposal of the agent, so there is nothing to decide


@dataclass(frozen=True, slots=True)
class Said:
    """One verdict in words.

    Args:
        effect: allow, approval, deny, or undecidable.
    """

    effect: str
    reasons: tuple[str, ...]
    rules: tuple[str, ...]
    gates: tuple[str, ...]
    policy_digest: str | None


@dataclass(frozen=True, slots=True)
class Again:
    """One action's decision, then and now.

    Args:
        index: of the action, from 1.
        event_id: of the call that was decided again; None without one.
        then: as its check recorded it; None where there is none.
        now: None where nothing was decided again.
        range: where it is undecidable, the loosest and the strictest effect it may have.
        missing: what the record does not tell, in words.
        how: what differs, in words; empty where nothing does.
        gates_unknown: whether the check's gates were not recorded, so that they could not be compared.
    """

    index: int
    event_id: str | None
    tool: str | None
    outcome: Outcome
    then: Said | None
    now: Said | None
    range: tuple[str, str] | None = None
    missing: tuple[str, ...] = ()
    how: tuple[str, ...] = ()
    gates_unknown: bool = False


def redecide(
    chain: Chain, events: Iterable[Event], policies: Policies, session_facts: SessionFacts | None = None
) -> tuple[Again, ...]:
    """Decides every action of a chain again.

    Args:
        chain: whose actions.
        events: the chain's as it has them, and all that policies ask of what came before (`past.events`), in any order.
        policies: to decide by; `Recorded` takes for each call the one whose digest it carries.
        session_facts: what the host asserted, by session or trace; None where nobody captured it.
    """
    wanted = {call.event_id for action in chain.actions for call in action.calls}
    keys = {
        event.event_id: key
        for event, key in judged(events, policies, session_facts)
        if key is not None and event.trace_id == chain.trace_id and event.event_id in wanted
    }
    return tuple(_again(action, keys, policies) for action in chain.actions)


def _again(action: Action, keys: dict[str, Key], policies: Policies) -> Again:
    then = _recorded(action)
    call = next((each for each in action.calls if each.event_id in keys), None)
    if call is None:
        return Again(action.index, None, action.tool, Outcome.NO_CALL, then, None)
    key = keys[call.event_id]
    judgement = policies.judge(key)
    if judgement is None or not judgement.decided:
        return _undecided(action, call, key, judgement, then, policies)
    now = _said(judgement.strictest)
    if then is None:
        return Again(action.index, call.event_id, action.tool, Outcome.UNRECORDED, None, now)
    how, unknown = _differences(then, now)
    outcome = Outcome.DIFFERS if how else Outcome.SAME
    return Again(action.index, call.event_id, action.tool, outcome, then, now, how=how, gates_unknown=unknown)


def _undecided(
    action: Action, call: Event, key: Key, judgement: Judgement | None, then: Said | None, policies: Policies
) -> Again:
    now = span = None
    if judgement is not None:
        now = Said("undecidable", (), (), (), judgement.strictest.policy_digest)
        span = (judgement.loosest.effect.label, judgement.strictest.effect.label)
    return Again(
        action.index, call.event_id, action.tool, Outcome.MISSING, then, now, span, _missing(key, policies)
    )  # fmt: skip


def _missing(key: Key, policies: Policies) -> tuple[str, ...]:
    if key.kind is Kind.MALFORMED:
        raise AssertionError("malformed arguments are decided: they are denied")
    return lacking(key, policies)


def _recorded(action: Action) -> Said | None:
    """What the check of a call said when it was proposed: the first one, since a release checks again."""
    check = next((each for each in action.checks if each.verdict is not None), None)
    if check is None or check.verdict is None:
        return None
    return Said(check.verdict, check.reasons, check.rules, check.gates, check.policy_digest)


def _said(verdict: Verdict) -> Said:
    return Said(verdict.effect.label, verdict.reasons, verdict.rules, verdict.gates, verdict.policy_digest)


def _differences(then: Said, now: Said) -> tuple[tuple[str, ...], bool]:
    """What differs in what may happen, and whether the gates could not be compared.

    Reasons and rules are not compared: another charter says the same for other reasons, and both are shown.
    """
    if then.effect != now.effect:
        return (f"was {then.effect}, is {now.effect}",), False
    if now.effect != "approval":
        return (), False
    if not then.gates:
        return (), True
    if set(then.gates) != set(now.gates):
        return (f"gates were {', '.join(then.gates)}, are {', '.join(now.gates)}",), False
    return (), False
