"""Whether approvals cover one run of a tool: the judgement that the gaps of gates share, made once for each run.

A run of an approval-tier call is covered when every gate that the check asked is met: by a request in the same
action, on the very arguments that ran, and by as many different people as the gate asks, each with an approving
decision on that request which is shown to come before the run, was not late, and has not been used before.

What a gate asks stands in its `approval_request`: in `gates` which gates it asks, and in `reasons` its terms:
`quorum:N` (N different people), `shared` (the answer of one person may count for another gate too), `confirm` (the
person served is asked); with no terms it is one person, of its own. `duration_ns` of a request says how long it may be
answered, that of a decision how long it may be used. An `escalation` on the same approval that names gates asks these
in place of the first one, with terms of its own. Different gates need different people, as the gate itself counts
(`gate.quorum`).

A run has one standing, so one hole in its approvals has one name. A decision that denies or expires is no approval,
and a request that was both approved and denied before the run is not approved. An `approval_id` alone connects
nothing: writers number their approvals, so the same id comes in other traces.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from govern.events.model import Event, EventType, Mode
from govern.reconstruct.chain import Action, Approval, Chain, Execution, args_digest
from govern.reconstruct.order import shown_before, why_not_before
from govern.reconstruct.words import span

if TYPE_CHECKING:
    from govern.gate.model import Slot
    from govern.policy.model import Gate

APPROVE: Final = "approve"
EXPIRED: Final = "expired"
CONFIRM: Final = "confirm"
VERDICTS = ("allow", "approval", "deny")  # from loose to strict
RELAXED_TIERS: Final = frozenset({"read_only", "reversible"})
_QUORUM: Final = re.compile(r"quorum:([1-9][0-9]{0,3})", re.ASCII)

Elsewhere = Mapping[str, Sequence[Event]]
"""Decisions of other traces, by approval id, for the ids that this trace asks for."""


class Stands(StrEnum):
    """How the gate of one run stood."""

    HELD = "held"
    RELAXED = "relaxed"  # shadow mode lets a reversible call run unapproved, as documented
    OTHER_ARGS = "other-args"  # its own approval was given for other arguments than ran
    DISCONNECTED = "disconnected"  # an approval exists, for something else
    REUSED = "reused"  # its approval had let something run before
    LAPSED = "lapsed"  # its approval was given too late, or used too late
    AFTER = "after"  # it was approved when it had run
    OPEN = "open"  # nothing approved it


@dataclass(frozen=True, slots=True)
class Standing:
    """The judgement on one run: how it stands, the events it rests on, and why in words.

    Args:
        approvals: the decisions that were taken for its approval, where it held.
        late: of an approval that came after the run.
    """

    stands: Stands
    events: tuple[Event, ...] = ()
    why: str = ""
    approvals: tuple[Event, ...] = ()
    late: tuple[Event, ...] = ()


@dataclass(frozen=True, slots=True)
class Judged:
    """One run of a tool, with the check that it stands on and how its gates stood (None where none was asked)."""

    action: Action
    run: Execution
    check: Event | None
    standing: Standing | None


def judged(chain: Chain, elsewhere: Elsewhere) -> Iterator[Judged]:
    """Every run of a chain, in order."""
    for action in chain.actions:
        for run in action.executions:
            check = deciding_check(action, run)
            yield Judged(action, run, check, _standing(chain, action, run, check, elsewhere))


def deciding_check(action: Action, run: Execution) -> Event | None:
    """The check that a run stands on, None where none is shown to come before it on the same arguments.

    It is the latest, since a release decides again under the policy in force; where the record does not say
    which is the latest, the strictest of those that may be.
    """
    same = [check for check in action.checks if _same_call(check, run)]
    if not any(shown_before(check, run.first) for check in same):
        return None
    possible = [check for check in same if not shown_before(run.first, check)]
    if len(possible) == 1:
        return possible[0]
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
    return _asked(action, run, deciding_check(action, run))


def _asked(action: Action, run: Execution, check: Event | None) -> Event | None:
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
    requests = _answered_by(action, decision)
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


def _answered_by(action: Action, decision: Event) -> tuple[Event, ...]:
    """The requests of an action that a decision answers; all of them where it names none."""
    if decision.approval_id is None:
        return action.requests
    return tuple(request for request in action.requests if request.approval_id == decision.approval_id)


def approved_args(action: Action, decision: Event) -> str | None:
    """The arguments that an approval of this action was given for, where it and its request agree on them."""
    asked = {found for r in _answered_by(action, decision) if (found := args_digest(r)) is not None}
    own = args_digest(decision)
    if not asked and own is not None and _answered_by(action, decision):
        return own
    if len(asked) != 1 or own not in (None, *asked):
        return None
    return next(iter(asked))


def _short(digest: str | None) -> str:
    return "of no known digest" if digest is None else digest.removeprefix("sha256:")[:8] + "…"


def _standing(
    chain: Chain, action: Action, run: Execution, check: Event | None, elsewhere: Elsewhere
) -> Standing | None:
    """How the gates of one run stood; None where it needed no approval, or has no check to say so."""
    asked = _asked(action, run, check)
    if asked is None:
        return _changed(action, run) if check is None else None
    votes = _Votes(action, asked, run)
    if not votes.unmet(votes.valid):
        return Standing(Stands.HELD, tuple(votes.bound), approvals=tuple(votes.valid))
    if check is not None and check.mode is Mode.SHADOW and check.tier in RELAXED_TIERS:
        return Standing(Stands.RELAXED, (check, run.first), "shadow mode does not hold reversible calls")
    evidence = (asked, *(r for r in action.requests if r is not asked and shown_before(r, run.first)))
    unmet = votes.unmet(votes.valid)
    own = [d for d in votes.bound if _concerns(action, d, unmet)]
    seen = (*evidence, *own, run.first)
    if not votes.unmet(votes.valid + votes.used):
        return Standing(Stands.REUSED, seen, "the approval had let this call run before, and it was run once more")
    if not votes.unmet(votes.valid + votes.used + votes.lapsed):
        return Standing(Stands.LAPSED, seen, _why_lapsed(action, votes.lapsed, run))
    after = [d for d in votes.late if shown_before(run.first, d)]
    if after and not votes.unmet(votes.valid + after):
        return Standing(Stands.AFTER, seen, late=tuple(after))
    if not own and (changed := _changed(action, run)) is not None:
        return changed
    strays = () if own else tuple(_strays(chain, action, run, elsewhere))
    # One stray approval explains one open gate: with fewer of them something was never approved at all.
    if strays and len({stray.event_id for stray, _ in strays}) >= len(unmet):
        events = (*evidence, *(stray for stray, _ in strays), run.first)
        used = next((other for stray, _ in strays if (other := _ran_on(chain, action, stray, run)) is not None), None)
        if used is not None:
            return Standing(Stands.REUSED, events, f"the approval had let action {used.index} run before")
        return Standing(Stands.DISCONNECTED, events, strays[0][1])
    return Standing(Stands.OPEN, seen, _why_open(votes, own, unmet))


@dataclass(frozen=True, slots=True)
class Terms:
    """What one gate asks, as its request says."""

    quorum: int = 1
    shared: bool = False


def terms_of(asks: Iterable[Event]) -> Terms:
    """The strictest terms of the events that ask a gate; one person of its own where none says any."""
    codes = [event.reasons for event in asks]
    found = [int(m[1]) for reasons in codes for code in reasons if (m := _QUORUM.fullmatch(code))]
    return Terms(max(found, default=1), all("shared" in reasons for reasons in codes))


class _Votes:
    """The approvals that lie before one run (or that were to release an action), and which gates they meet.

    Attributes:
        bound: all decisions on the arguments, approving or not.
        valid, used, lapsed, late: approving ones that count; that had let it run before; that came or were used after
            their time; that are not shown to come before the run.
    """

    def __init__(self, action: Action, asked: Event | None, run: Execution | None, digest: str | None = None) -> None:
        self.action, self.run = action, run
        self.digest = run.args_digest if run is not None else digest
        self.roots = _gates(action, asked)
        self.bound = [d for d in action.decisions if not unbound(action, d, self.digest)]
        self.valid: list[Event] = []
        self.used: list[Event] = []
        self.lapsed: list[Event] = []
        self.late: list[Event] = []
        self._of = {d.event_id: approval for approval in action.approvals for d in approval.decisions}
        for decision in self.bound:
            if decision.decision == APPROVE:
                self._sort(decision)

    def _sort(self, decision: Event) -> None:
        run = self.run
        if run is not None and not shown_before(decision, run.first):
            self.late.append(decision)
            return
        decided = self._of[decision.event_id].decisions
        others = [d for d in decided if not _approves(d) and (run is None or shown_before(d, run.first))]
        if any(d.decision != EXPIRED for d in others):
            return
        if others or self._too_late(decision):
            self.lapsed.append(decision)
        elif run is not None and any(shown_before(decision, earlier.first) for earlier in self._done(run)):
            self.used.append(decision)
        else:
            self.valid.append(decision)

    def _too_late(self, decision: Event) -> bool:
        return bool(lateness(self.action, decision, self.run))

    def _done(self, run: Execution) -> Iterator[Execution]:
        """Earlier runs of the action that took effect, for all that is recorded: a failed one may be tried again under
        its approval. A result that nothing accounts for is `result-without-call`, not another use."""
        if not run.explained:
            return
        for earlier in self.action.executions:
            if earlier is run:
                return
            if not failed(earlier) and earlier.args_digest == run.args_digest:
                yield earlier

    def unmet(self, approvals: Sequence[Event]) -> tuple[str, ...]:
        """The gates that these approvals do not meet."""
        # The gate comes with the policy's model: a third of the time in which a command starts that meets no approval.
        from govern.gate.model import Answer, Request, Vote
        from govern.gate.quorum import met

        gates = {name: self._gate(name) for name in self.roots}
        votes = []
        for decision in approvals:
            slots = frozenset(self._slots(decision))
            for _, name in slots:
                gates.setdefault(name, self._gate(name))
            # Nobody knows that two who are not named are two.
            person = (decision.actor or "").casefold()
            votes.append(Vote(Answer(person, frozenset(), True, 0), slots))
        found = met(Request(gates=gates, asks=self.roots, at_ns=0, person=None), votes, self.roots)
        return tuple(root for root in self.roots if root not in found)

    def terms(self, name: str) -> Terms:
        """What a gate asks, as its requests and escalations say."""
        asks = [r for r in self.action.requests if not name or not r.gates or name in r.gates]
        return terms_of(asks + [e for e in self.action.of(EventType.ESCALATION) if name and name in e.gates])

    def _gate(self, name: str) -> Gate:
        from govern.policy.model import Gate

        terms = self.terms(name)
        return Gate(name=name, roles=(), quorum=terms.quorum, if_no_answer=(), shared=terms.shared)

    def _slots(self, decision: Event) -> Iterator[Slot]:
        """For what a decision may be taken. One that names no gate answers those of its request, and a request that
        names none asks whichever is asked."""
        asked = {gate for request in self._of[decision.event_id].requests for gate in request.gates}
        of_request = [root for root in self.roots if not asked or not root or root in asked]
        if not decision.gates:
            yield from ((root, root) for root in of_request)
            return
        for name in decision.gates:
            if name in self.roots or self.roots == ("",):
                yield from ((root, root) for root in of_request if root in (name, ""))
            elif self._escalated(decision, name):
                yield from ((root, name) for root in of_request)

    def _escalated(self, decision: Event, gate: str) -> bool:
        return any(
            gate in event.gates and event.approval_id in (None, decision.approval_id) and shown_before(event, decision)
            for event in self.action.of(EventType.ESCALATION)
        )


def _gates(action: Action, asked: Event | None) -> tuple[str, ...]:
    """The gates to meet; one of no name where neither check nor requests name any."""
    of_check = () if asked is None else asked.gates
    named = of_check or tuple(gate for r in action.requests for gate in r.gates)
    return tuple(dict.fromkeys(named)) or ("",)


def lateness(action: Action, decision: Event, run: Execution | None) -> str:
    """In words, how an approval was given after its request's time, or used after its own; empty where it was not, or
    the record states no such time."""
    if decision.ts_ns is None:
        return ""
    for request in _answered_by(action, decision):
        if request.ts_ns is not None and request.duration_ns is not None:
            over = decision.ts_ns - request.ts_ns - request.duration_ns
            if over > 0:
                return f"it was given {span(over)} after the request had expired"
    if run is not None and run.first.ts_ns is not None and decision.duration_ns is not None:
        over = run.first.ts_ns - decision.ts_ns - decision.duration_ns
        if over > 0:
            return f"it was used {span(over)} after it had expired"
    return ""


def failed(run: Execution) -> bool:
    """Whether the record shows that a run ended with an error."""
    if run.result is not None:
        return run.result.error is not None or run.result.status == "error" or bool(run.errors)
    return bool(run.errors)


def undecided(action: Action) -> tuple[tuple[Event, ...], tuple[str, ...]]:
    """The requests of an action that never ran and that nobody ended, with their gates that are still open.

    A request whose decision was given for something else is not among them: `approval-disconnected` names it.
    """
    if action.executions or not action.requests:
        return (), ()
    if any(check.verdict == "deny" and shown_before(action.requests[0], check) for check in action.checks):
        return (), ()
    if any(d.decision not in (None, APPROVE) for d in action.decisions):
        return (), ()
    check = action.check
    asked = check if check is not None and check.verdict == "approval" else None
    for digest in dict.fromkeys(args_digest(request) for request in action.requests):
        requests = tuple(r for r in action.requests if args_digest(r) == digest)
        own = digest or next((args_digest(c) for c in (*action.calls, *action.checks) if args_digest(c)), None)
        votes = _Votes(action, asked, None, own)
        if any(unbound(action, d, own) for d in action.decisions):
            continue
        unmet = votes.unmet(votes.valid)
        if unmet:
            open_ones = tuple(r for r in requests if not r.gates or set(r.gates) & set(unmet) or unmet == ("",))
            return open_ones or requests, unmet
    return (), ()


def _concerns(action: Action, decision: Event, gates: Sequence[str]) -> bool:
    """Whether a decision is on one of these gates, as far as it and its request name any."""
    named = {gate for one in action.approvals if decision in one.decisions for gate in one.gates}
    return not named or "" in gates or bool(named & set(gates))


def _approves(decision: Event) -> bool:
    return decision.decision == APPROVE


def _changed(action: Action, run: Execution) -> Standing | None:
    """The standing of a run whose own approval was for other arguments; None where it has no such approval."""
    if run.args_digest is None:
        return None
    for decision in action.decisions:
        given = approved_args(action, decision)
        if not _approves(decision) or given in (None, run.args_digest) or not shown_before(decision, run.first):
            continue
        if any(other.args_digest == given and shown_before(other.first, run.first) for other in action.executions):
            continue  # that approval had its own run: this one is another matter
        requests = _answered_by(action, decision)
        why = f"approved were arguments {_short(given)}, executed were {_short(run.args_digest)}"
        return Standing(Stands.OTHER_ARGS, (*requests, decision, run.first), why)
    return None


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


def _ran_on(chain: Chain, action: Action, decision: Event, run: Execution) -> Action | None:
    """Another action of the chain that ran on this very approval before."""
    for other in chain.actions:
        if other is action or decision not in other.decisions:
            continue
        for earlier in other.executions:
            covered = not unbound(other, decision, earlier.args_digest) and shown_before(decision, earlier.first)
            if covered and earlier.args_digest == run.args_digest and shown_before(earlier.first, run.first):
                return other
    return None


def _why_lapsed(action: Action, lapsed: Sequence[Event], run: Execution) -> str:
    for decision in lapsed:
        if why := lateness(action, decision, run):
            return why
    return "it was withdrawn as expired before the call ran"


def _why_open(votes: _Votes, own: Sequence[Event], unmet: Sequence[str]) -> str:
    action, run = votes.action, votes.run
    if run is None:
        raise AssertionError("an action that did not run has no open gate")
    gates = ", ".join(f"`{gate}`" for gate in unmet if gate)
    of = f" of gate {gates}" if gates else ""
    refused = [d for d in own if not _approves(d) and shown_before(d, run.first)]
    if refused:
        last = refused[-1]
        return f"executed after the approval{of} ended as `{last.decision or 'undecided'}`"
    late = [d for d in own if _approves(d) and not shown_before(d, run.first)]
    if late:
        why = why_not_before(late[0], run.first)
        return f"executed with no approving decision{of} shown before it; one exists, but {why}"
    if votes.valid:
        return f"executed with too few approvals{of}: {_counted(votes, unmet)}"
    if not action.requests:
        return f"executed with no approving decision{of}, and none was asked for"
    return f"executed with no approving decision{of}"


def _counted(votes: _Votes, unmet: Sequence[str]) -> str:
    people = {(d.actor or "").casefold() for d in votes.valid}
    known = len(people - {""})
    needed = sum(votes.terms(root).quorum for root in votes.roots)
    if known >= needed:
        return "who approved did not answer for it, or it asked more people"
    said = f"{needed} different people were needed, {known} approved"
    return said + (", and one who is not named" if "" in people else "")


def approvals_of(action: Action) -> Iterator[tuple[Approval, Event]]:
    """Every approving decision of an action that answers a request of it, with its approval."""
    for approval in action.approvals:
        for decision in approval.decisions:
            if _approves(decision) and (approval.requests or decision.approval_id is None):
                yield approval, decision
