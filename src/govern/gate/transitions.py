"""How a request for approval moves: opened, answered, told, claimed, and by time alone.

Every function takes a standing and gives another; a store compares and sets it. Boundaries are half-open: a deadline
at a nanosecond has passed at that nanosecond, so an approval then is too late. An allowance by silence waits for that
nanosecond to end: a denial in it still counts. An approval is used before its `use_within` is over, not at its end.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from govern.gate.asked import NS, askings, end
from govern.gate.model import Again, Answer, Met, Refused, Request, Slot, Standing, State, Vote, Why
from govern.gate.quorum import met


def opened(request: Request, tired: frozenset[str] = frozenset()) -> Standing:
    """A request that was just asked. Where a gate needs an authenticated person of the session and there is none, it
    is denied at once.

    Args:
        tired: gates that take no further request now (`fatigue`): it is denied at once too.

    Raises:
        ValueError: it asks no gate: an empty "all of" would be met.
    """
    if not request.asks:
        raise ValueError("a request that asks nobody")
    lacking = frozenset(
        name
        for name in request.asks
        if name in tired
        or (request.person is None and (request.gates[name].confirm or request.gates[name].needs_session_user))
    )
    state = State.DENIED if lacking else State.PENDING
    return Standing(request, request.at_ns, request.at_ns, state, ended=lacking)


def at(standing: Standing, now_ns: int) -> Standing:
    """The same request at a later time: deadlines have passed.

    Raises:
        ValueError: the clock went back.
    """
    return _passed(standing, now_ns, allows_ns=now_ns)


def told(standing: Standing, gate: str, now_ns: int) -> Standing:
    """With the delivery of a gate's notification; the first one counts."""
    standing = at(standing, now_ns)
    if gate in standing.delivered or not standing.state.open:
        return standing
    return replace(standing, delivered={**standing.delivered, gate: now_ns})


def asked_now(standing: Standing) -> tuple[str, ...]:
    """The gates that wait for answers now, those by escalation too; none where it is not pending."""
    if standing.state is not State.PENDING:
        return ()
    found = dict.fromkeys(
        asking.gate
        for root in standing.request.asks
        if root not in standing.met
        for asking in askings(standing, root)
        if asking.at_ns <= standing.now_ns
    )
    return tuple(found)


def next_ns(standing: Standing) -> int | None:
    """The next nanosecond at which time alone changes something; None where it never does."""
    match standing.state:
        case State.PENDING:
            open_roots = [root for root in standing.request.asks if root not in standing.met]
            times = [each.at_ns for root in open_roots if (each := end(standing, root)) is not None]
            times += [asking.at_ns for root in open_roots for asking in askings(standing, root)]
            return min((each for each in times if each > standing.now_ns), default=None)
        case State.APPROVED:
            return _lapse(standing)
        case _:
            return None


def answered(standing: Standing, answer: Answer) -> Standing | Refused:
    """With a person's answer, or why it does not count.

    Raises:
        ValueError: the clock went back.
    """
    before = _passed(standing, answer.at_ns, allows_ns=answer.at_ns - 1)
    if before.state is not State.PENDING:
        return Refused(Why.CLOSED, at(before, answer.at_ns))
    slots = frozenset(_slots(before, answer))
    why = _refusal(before, answer, slots)
    if why is not None:
        return Refused(why, at(before, answer.at_ns))
    # Names that differ by case alone are one person, under the spelling that came first.
    spelt = next((vote.answer.person for vote in before.votes if _same(vote.answer.person, answer.person)), None)
    answer = replace(answer, person=spelt) if spelt is not None else answer
    if not answer.approve:
        ended = frozenset(root for root, _ in slots)
        return replace(
            before, state=State.DENIED, at_ns=answer.at_ns, ended=ended, votes=(*before.votes, Vote(answer, slots))
        )
    voted = replace(before, votes=(*before.votes, Vote(answer, slots)))
    return at(_counted(voted, answer.at_ns), answer.at_ns)


def claimed(standing: Standing, again: Again | None, now_ns: int) -> Standing:
    """A request whose approval is to be used, decided again under the policy in force.

    Args:
        again: what is asked now; None where it is denied now.

    Returns:
        CLAIMED where all that is asked now was met, by gates that are what they were; VOID where it is denied or
        anything else is asked; as it stands where it is not approved, or not any more.
    """
    now = at(standing, now_ns)
    if now.state is not State.APPROVED:
        return now
    good = again is not None and _still_met(now, again)
    return replace(now, state=State.CLAIMED if good else State.VOID, at_ns=now_ns)


def _still_met(standing: Standing, again: Again) -> bool:
    """Whether the same or fewer gates are asked, all of them met by what was recorded."""
    before = standing.request.gates
    for root in again.asks:
        how = standing.met.get(root)
        if how is None or (not how.by and not again.silence_allows):
            return False
        if any(again.gates.get(name) != before[name] for name in (root, how.gate)):
            return False
    return True


def _passed(standing: Standing, now_ns: int, *, allows_ns: int) -> Standing:
    """With the deadlines that have passed: those that deny until `now_ns`, those that allow until `allows_ns`."""
    if now_ns < standing.now_ns:
        raise ValueError("the clock went back")
    while standing.state is State.PENDING:
        ends = [end(standing, root) for root in standing.request.asks if root not in standing.met]
        due = [each for each in ends if each and each.at_ns <= (allows_ns if each.allows else now_ns)]
        if not due:
            break
        first = min(due, key=lambda each: (each.at_ns, each.allows))
        if not first.allows:
            together = frozenset(each.root for each in due if not each.allows and each.at_ns == first.at_ns)
            standing = replace(standing, state=State.EXPIRED, at_ns=first.at_ns, ended=together)
            break
        met_now = {**standing.met, first.root: Met(first.root, (), first.at_ns)}
        standing = _counted(replace(standing, met=met_now), first.at_ns)
    if standing.state is State.APPROVED and _lapse(standing) <= now_ns:
        standing = replace(standing, state=State.EXPIRED, at_ns=_lapse(standing))
    return replace(standing, now_ns=now_ns)


def _counted(standing: Standing, at_ns: int) -> Standing:
    """With the gates that the votes meet; approved where these are all."""
    request = standing.request
    silent = {root: how for root, how in standing.met.items() if not how.by}
    approvals = [vote for vote in standing.votes if vote.answer.approve]
    # An answer stays with the gate that it met first.
    order = sorted(dict.fromkeys(request.asks), key=lambda root: root not in standing.met)
    found = met(request, approvals, [root for root in order if root not in silent])
    made = {root: Met(gate, by, _since(standing, root, at_ns)) for root, (gate, by) in found.items()}
    whole = {**silent, **made}
    if len(whole) < len(set(request.asks)):
        return replace(standing, met=whole)
    return replace(standing, met=whole, state=State.APPROVED, at_ns=at_ns)


def _since(standing: Standing, root: str, at_ns: int) -> int:
    before = standing.met.get(root)
    return before.at_ns if before is not None else at_ns


def _lapse(standing: Standing) -> int:
    """When an approval that was not used ends: the shortest `use_within` of all gates that had a part in it."""
    gates = standing.request.gates
    named = {name for root, how in standing.met.items() for name in (root, how.gate)}
    return standing.at_ns + min(gates[name].use_within_s for name in named) * NS


def _slots(standing: Standing, answer: Answer) -> Iterable[Slot]:
    """For what an answer may be taken: gates that are asked at its time, and that the person may answer."""
    request = standing.request
    for root in request.asks:
        for asking in askings(standing, root):
            gate = request.gates[asking.gate]
            if asking.at_ns > answer.at_ns or (gate.needs_session_user and request.person is None):
                continue
            if gate.confirm:
                if request.person is not None and answer.person == request.person:
                    yield root, asking.gate
            elif not _is_requester(request, answer.person) and answer.roles & set(gate.roles):
                yield root, asking.gate


def _refusal(standing: Standing, answer: Answer, slots: frozenset[Slot]) -> Why | None:
    if not slots:
        return Why.OWN_CALL if _is_requester(standing.request, answer.person) else Why.NO_ROLE
    before = [vote.slots for vote in standing.votes if _same(vote.answer.person, answer.person)]
    if answer.approve and before and slots <= frozenset().union(*before):
        return Why.ANSWERED
    return None


def _is_requester(request: Request, person: str) -> bool:
    """Whether somebody is in the requester's chain. Names that differ by case alone are one: it is not approved by
    spelling."""
    chain = {*request.chain, *(() if request.person is None else (request.person,))}
    return any(_same(person, each) for each in chain)


def _same(one: str, other: str) -> bool:
    return one.casefold() == other.casefold()
