"""Whether an approval covers one run of a tool: the judgement that three gaps share.

A run of an approval-tier call is covered when, for every gate that the check asked, a request stands in the
same action, on the very arguments that ran, and an approving decision on that request is shown to come before
the run. A decision that denies or expires is no approval, and a request that was both approved and denied
before the run is not approved. Quorums are not counted yet: one approving decision meets a gate.

An `approval_id` alone connects nothing: writers number their approvals, so the same id comes in other traces.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from govern.events.model import Event, EventType, Mode
from govern.reconstruct.chain import Action, Chain, Execution, args_digest
from govern.reconstruct.order import shown_before, why_not_before

APPROVE = "approve"
VERDICTS = ("allow", "approval", "deny")  # from loose to strict
_RELAXED_TIERS = frozenset({"read_only", "reversible"})

Elsewhere = Mapping[str, Sequence[Event]]
"""Decisions of other traces, by approval id, for the ids that this trace asks for."""


class Stands(StrEnum):
    """How the gate of one run stood."""

    HELD = "held"
    RELAXED = "relaxed"  # shadow mode lets a reversible call run unapproved, as documented
    DISCONNECTED = "disconnected"  # an approval exists, for something else
    OPEN = "open"  # nothing approved it


@dataclass(frozen=True, slots=True)
class Standing:
    """The judgement on one run: how it stands, the events it rests on, and why in words."""

    stands: Stands
    events: tuple[Event, ...] = ()
    why: str = ""


def deciding_check(action: Action, run: Execution) -> Event | None:
    """The check that a run stands on, None where none is shown to come before it on the same arguments.

    It is the latest, since a release decides again under the policy in force; where the record does not say
    which is the latest, the strictest of those that may be.
    """
    same = [check for check in action.checks if _same_call(check, run)]
    if not any(shown_before(check, run.first) for check in same):
        return None
    possible = [check for check in same if not shown_before(run.first, check)]
    latest = [c for c in possible if not any(shown_before(c, other) for other in possible)]
    return max(latest or possible, key=lambda check: VERDICTS.index(check.verdict or ""))


def _same_call(check: Event, run: Execution) -> bool:
    """Whether a check judged what ran: the same tool, the same arguments, with a verdict of the three."""
    if check.tool is not None and run.tool is not None and check.tool != run.tool:
        return False
    known = args_digest(check)
    return known is not None and known == run.args_digest and check.verdict in VERDICTS


def asked_of(action: Action, run: Execution) -> Event | None:
    """What made a run need an approval: its check, or a request on it after its check; None where nothing did."""
    check = deciding_check(action, run)
    if check is not None and check.verdict != "allow":
        return check if check.verdict == "approval" else None
    for request in action.requests:
        if check is not None and shown_before(request, check):
            continue
        if args_digest(request) in (None, run.args_digest) and not shown_before(run.first, request):
            return request
    return None


def unbound(action: Action, decision: Event, digest: str | None) -> str:
    """Why a decision does not belong to an action's arguments; empty where it does.

    Args:
        digest: of the arguments that ran, or were to run.
    """
    if not action.requests:
        return "the request that it answers is not in the record"
    if decision.approval_id is None:
        requests = action.requests
    else:
        requests = tuple(r for r in action.requests if r.approval_id == decision.approval_id)
        if not requests:
            return f"it answers `{decision.approval_id}`, which this call did not ask"
    own = args_digest(decision)
    if own is not None and own != digest:
        return f"it was given for arguments {_short(own)}, this call has {_short(digest)}"
    known = {found for r in requests if (found := args_digest(r)) is not None}
    if known and digest not in known:
        return f"its request was for arguments {_short(min(known))}, this call has {_short(digest)}"
    if own is None and not known:
        return "neither it nor its request says for which arguments"
    return ""


def _short(digest: str | None) -> str:
    return "of no known digest" if digest is None else digest.removeprefix("sha256:")[:8] + "…"


def standing(chain: Chain, action: Action, run: Execution, elsewhere: Elsewhere) -> Standing | None:
    """How the gate of one run stood; None where the run needed no approval, or has no check to say so."""
    asked = asked_of(action, run)
    if asked is None:
        return None
    bound = [d for d in action.decisions if not unbound(action, d, run.args_digest)]
    unmet = [gate for gate in _gates(action, asked) if not _met(action, gate, bound, run)]
    if not unmet:
        return Standing(Stands.HELD, tuple(bound))
    check = deciding_check(action, run)
    if check is not None and check.mode is Mode.SHADOW and check.tier in _RELAXED_TIERS:
        return Standing(Stands.RELAXED, (check, run.first), "shadow mode does not hold reversible calls")
    asked_here = tuple(r for r in action.requests if shown_before(r, run.first))
    evidence = (asked, *(r for r in asked_here if r is not asked))
    own = [d for d in bound if _concerns(action, d, unmet)]
    strays = () if own else tuple(_strays(chain, action, run, elsewhere))
    # One stray approval explains one open gate: with fewer of them something was never approved at all.
    if strays and len({stray.event_id for stray, _ in strays}) >= len(unmet):
        return Standing(Stands.DISCONNECTED, (*evidence, *(stray for stray, _ in strays), run.first), strays[0][1])
    return Standing(Stands.OPEN, (*evidence, *own, run.first), _why_open(action, own, unmet, run))


def _gates(action: Action, asked: Event) -> tuple[str, ...]:
    """The gates to meet; one of no name where neither check nor requests name any."""
    named = asked.gates or tuple(dict.fromkeys(gate for r in action.requests for gate in r.gates))
    return named or ("",)


def _met(action: Action, gate: str, bound: list[Event], run: Execution) -> bool:
    for approval in action.approvals:
        # A request or decision that names no gate is taken for whichever is asked; one that does, only for it.
        if gate and approval.gates and gate not in approval.gates:
            continue
        decided = [d for d in approval.decisions if shown_before(d, run.first)]
        approving = [d for d in decided if _approves(d) and d in bound]
        if approving and all(_approves(d) for d in decided):
            return True
    return False


def _concerns(action: Action, decision: Event, gates: list[str]) -> bool:
    """Whether a decision is on one of these gates, as far as it and its request name any."""
    named = {gate for one in action.approvals if decision in one.decisions for gate in one.gates}
    return not named or "" in gates or bool(named & set(gates))


def _approves(decision: Event) -> bool:
    return decision.decision == APPROVE


def _strays(chain: Chain, action: Action, run: Execution, elsewhere: Elsewhere) -> Iterator[tuple[Event, str]]:
    """Approvals that somebody gave and that look like this run's, but belong to something else."""
    for decision in action.decisions:
        if _approves(decision) and (why := unbound(action, decision, run.args_digest)):
            yield decision, why
    ids = {r.approval_id for r in action.requests if r.approval_id}
    for event in chain.events:
        if event.type is not EventType.APPROVAL_DECISION or not _approves(event) or event in action.decisions:
            continue
        if event.approval_id in ids:
            yield event, "the approval of this id is filed under another call"
        elif event in chain.loose and run.args_digest is not None and args_digest(event) == run.args_digest:
            yield event, "an approval of the same arguments stands alone: it answers no request of this call"
    for key in sorted(ids):
        for event in elsewhere.get(key, ()):
            if _approves(event):
                yield event, f"the approval of this id belongs to trace {event.trace_id}"


def _why_open(action: Action, bound: list[Event], unmet: list[str], run: Execution) -> str:
    gates = ", ".join(f"`{gate}`" for gate in unmet if gate)
    of = f" of gate {gates}" if gates else ""
    refused = [d for d in bound if not _approves(d) and shown_before(d, run.first)]
    if refused:
        last = refused[-1]
        return f"executed after the approval{of} ended as `{last.decision or 'undecided'}`"
    late = [d for d in bound if _approves(d) and not shown_before(d, run.first)]
    if late:
        why = why_not_before(late[0], run.first)
        return f"executed with no approving decision{of} shown before it; one exists, but {why}"
    if not action.requests:
        return f"executed with no approving decision{of}, and none was asked for"
    return f"executed with no approving decision{of}"
