"""Who may answer a request, and when its gates are met: quorum, different people, shared, confirm, own calls."""

from __future__ import annotations

from itertools import combinations, permutations

import pytest

from govern.gate import Again, State, answered, asked_now, at, claimed, opened
from govern.gate.model import Refused
from govern.policy.model import Deadline
from govern.policy.terms import Effect

from .requests import DENY_8H, T0, H, after, asked, gate, no, request, why, yes

LEAD = gate("lead")
PAIR = gate("pair", "finance", quorum=2)
CUSTOMER = gate("customer", confirm=True)


def test_one_holder_of_a_role_approves() -> None:
    done = after(asked(LEAD), yes("ann", "lead"))
    assert State.APPROVED is done.state
    assert ("ann",) == done.met["lead"].by
    assert T0 + H == done.at_ns


def test_a_request_that_asks_nobody_is_an_error() -> None:
    """An empty "all of" would be met at once."""
    with pytest.raises(ValueError, match="asks nobody"):
        opened(request(LEAD).__class__({}, (), T0, "mia"))


def test_any_of_the_gates_roles() -> None:
    assert State.APPROVED is after(asked(gate("g", "lead", "finance")), yes("ann", "finance")).state


def test_a_role_that_is_not_asked() -> None:
    assert "no_role" == why(asked(LEAD), yes("ann", "finance"))
    assert "no_role" == why(asked(LEAD), yes("ann"))
    assert "no_role" == why(asked(LEAD), no("ann", "finance"))


@pytest.mark.parametrize("person", ["mia", "desk", "svc-desk", "Mia", "SVC-DESK"])
@pytest.mark.parametrize("approve", [True, False])
def test_nobody_answers_their_own_call(person: str, approve: bool) -> None:
    """The session's user, delegating agents, the agent, its account: whatever roles they hold, however it is spelt."""
    given = yes(person, "lead") if approve else no(person, "lead")
    assert "own_call" == why(asked(LEAD), given)


def test_one_denial_is_enough() -> None:
    standing = after(asked(PAIR), yes("ann", "finance"), no("bob", "finance", at=T0 + 2 * H))
    assert State.DENIED is standing.state
    assert State.DENIED is standing.of("pair")


def test_a_denial_by_who_approved_before() -> None:
    """Somebody who looked again may still say no."""
    assert State.DENIED is after(asked(PAIR), yes("ann", "finance"), no("ann", "finance")).state


def test_a_quorum_counts_people_not_answers() -> None:
    one = after(asked(PAIR), yes("ann", "finance"))
    assert State.PENDING is one.state
    assert "answered" == why(one, yes("ann", "finance"))
    assert "answered" == why(one, yes("ANN", "finance"))
    assert State.APPROVED is after(one, yes("bob", "finance")).state


def test_one_person_in_two_spellings_is_one() -> None:
    """Asked again by escalation, who answered before under another spelling is not a second person."""
    pair = gate("lead", quorum=2, steps=(Deadline(3600, ask="finance"), Deadline(8 * 3600, then=Effect.DENY)))
    standing = asked(pair, gate("finance", quorum=2), asks=("lead",))
    one = after(standing, yes("ann", "lead"), yes("ANN", "lead", "finance", at=T0 + 2 * H))
    assert State.PENDING is one.state
    assert State.APPROVED is after(one, yes("bob", "lead", at=T0 + 2 * H)).state


def test_after_the_end_no_answer_counts() -> None:
    assert "closed" == why(after(asked(LEAD), yes("ann", "lead")), no("bob", "lead"))
    assert "closed" == why(after(asked(LEAD), no("ann", "lead")), yes("bob", "lead"))


class TestSeveralGates:
    """Gates asked at once."""

    def test_all_must_be_met(self) -> None:
        one = after(asked(LEAD, gate("finance")), yes("ann", "lead"))
        assert State.PENDING is one.state
        assert (State.APPROVED, State.PENDING) == (one.of("lead"), one.of("finance"))
        assert ("finance",) == asked_now(one)
        assert State.APPROVED is after(one, yes("bob", "finance")).state

    def test_by_different_people(self) -> None:
        both = asked(LEAD, gate("finance"))
        one = after(both, yes("ann", "lead", "finance"))
        assert State.PENDING is one.state
        assert "answered" == why(one, yes("ann", "lead", "finance"))
        assert State.APPROVED is after(one, yes("bob", "finance")).state

    def test_who_could_serve_both_serves_the_one_that_needs_them(self) -> None:
        """Ann holds both roles and answers first; Bob can only serve the first gate: together they meet both."""
        done = after(asked(LEAD, gate("finance")), yes("ann", "lead", "finance"), yes("bob", "lead"))
        assert State.APPROVED is done.state
        assert {"lead": ("bob",), "finance": ("ann",)} == {name: how.by for name, how in done.met.items()}

    @pytest.mark.parametrize("shares", [(True, False), (False, True), (True, True)])
    def test_shared_lets_one_person_serve_both(self, shares: tuple[bool, bool]) -> None:
        gates = (gate("lead", shared=shares[0]), gate("finance", shared=shares[1]))
        assert State.APPROVED is after(asked(*gates), yes("ann", "lead", "finance")).state

    def test_one_shared_gate_does_not_share_the_others(self) -> None:
        gates = (gate("a", "r", shared=True), gate("b", "r"), gate("c", "r"))
        one = after(asked(*gates), yes("ann", "r"))
        assert State.PENDING is one.state
        assert State.APPROVED is after(one, yes("bob", "r")).state

    def test_shared_does_not_lower_a_quorum(self) -> None:
        gates = (gate("a", "r", shared=True, quorum=2), gate("b", "r", shared=True))
        one = after(asked(*gates), yes("ann", "r"))
        assert (State.PENDING, State.APPROVED) == (one.of("a"), one.of("b"))
        assert State.APPROVED is after(one, yes("bob", "r")).state

    def test_an_answer_stays_with_the_gate_that_it_met(self) -> None:
        """What was met once is not given up for another gate: its deadline has nothing to say any more."""
        gates = (gate("slow", "x", "w", quorum=2), gate("quick", "x"))
        one = after(asked(*gates), yes("ann", "x"))
        assert (State.PENDING, State.APPROVED) == (one.of("slow"), one.of("quick"))
        two = after(one, yes("bob", "w"))
        assert (State.PENDING, State.APPROVED) == (two.of("slow"), two.of("quick"))
        assert State.APPROVED is after(two, yes("cy", "w")).state

    def test_no_order_of_answers_meets_more_than_another(self) -> None:
        """Whoever answers first, the same people meet the same gates: it is as a search over all seatings says."""
        gates = (gate("a", "x", quorum=2), gate("b", "x", "y"), gate("c", "y", "z"))
        people = {"p": ("x",), "q": ("x", "y"), "r": ("y",), "s": ("z",), "t": ("x", "z")}
        for count in range(1, 6):
            for chosen in combinations(people, count):
                states = set()
                for order in permutations(chosen):
                    standing = asked(*gates)
                    for person in order:
                        given = answered(standing, yes(person, *people[person]))
                        standing = given.standing if isinstance(given, Refused) else given
                    states.add(standing.state is State.APPROVED)
                assert {_seats(chosen, people)} == states, chosen


def _seats(chosen: tuple[str, ...], people: dict[str, tuple[str, ...]]) -> bool:
    """Whether four of these people fill a, a, b, c, by trying all orders."""
    wants = ({"x"}, {"x"}, {"x", "y"}, {"y", "z"})
    return any(
        all(set(people[person]) & want for person, want in zip(seated, wants, strict=True))
        for seated in permutations(chosen, 4)
    )


class TestConfirm:
    """A gate that asks the person served."""

    def test_only_they_confirm(self) -> None:
        assert State.APPROVED is after(asked(CUSTOMER), yes("mia")).state
        assert State.DENIED is after(asked(CUSTOMER), no("mia")).state
        assert "no_role" == why(asked(CUSTOMER), yes("ann", "lead"))
        assert "own_call" == why(asked(CUSTOMER), yes("desk"))

    def test_spelt_otherwise_it_is_not_they(self) -> None:
        assert "own_call" == why(asked(CUSTOMER), yes("Mia"))

    def test_it_never_counts_as_a_role(self) -> None:
        one = after(asked(CUSTOMER, LEAD), yes("mia", "lead"))
        assert (State.APPROVED, State.PENDING) == (one.of("customer"), one.of("lead"))
        assert State.APPROVED is after(one, yes("ann", "lead")).state

    def test_nor_does_a_shared_gate_take_it(self) -> None:
        one = after(asked(CUSTOMER, gate("lead", shared=True)), yes("mia", "lead"))
        assert State.PENDING is one.of("lead")

    @pytest.mark.parametrize("each", [CUSTOMER, gate("lead", needs=True)])
    def test_without_an_authenticated_person_it_denies(self, each: object) -> None:
        standing = asked(each, gate("other"), person=None)  # type: ignore[arg-type]
        assert State.DENIED is standing.state
        assert () == asked_now(standing)


class TestUse:
    """What an approval is good for, and how long."""

    def test_used_in_time(self) -> None:
        done = after(asked(LEAD), yes("ann", "lead"))
        last = done.at_ns + 15 * 60 * 10**9 - 1
        assert State.CLAIMED is claimed(done, Again(("lead",), done.request.gates), last).state

    def test_unused_it_ends_with_its_time(self) -> None:
        """At the nanosecond at which it is over it cannot be used any more."""
        done = after(asked(LEAD), yes("ann", "lead"))
        late = claimed(done, Again(("lead",), done.request.gates), done.at_ns + 15 * 60 * 10**9)
        assert (State.EXPIRED, done.at_ns + 15 * 60 * 10**9) == (late.state, late.at_ns)

    def test_the_shortest_of_all_gates_counts_from_the_last_answer(self) -> None:
        done = after(asked(gate("a", use=60), gate("b")), yes("ann", "a"), yes("bob", "b", at=T0 + 3 * H))
        assert State.APPROVED is at(done, T0 + 3 * H + 60 * 10**9 - 1).state
        assert State.EXPIRED is at(done, T0 + 3 * H + 60 * 10**9).state

    def test_used_once(self) -> None:
        done = after(asked(LEAD), yes("ann", "lead"))
        used = claimed(done, Again((), done.request.gates), done.at_ns)
        assert State.CLAIMED is claimed(used, None, used.at_ns).state
        assert "closed" == why(used, yes("bob", "lead"))

    def test_what_is_denied_now_is_void(self) -> None:
        done = after(asked(LEAD), yes("ann", "lead"))
        assert State.VOID is claimed(done, None, done.at_ns).state

    @pytest.mark.parametrize(
        ("asks", "state"), [((), "claimed"), (("lead",), "claimed"), (("lead", "more"), "void"), (("more",), "void")]
    )
    def test_the_same_or_fewer_gates(self, asks: tuple[str, ...], state: str) -> None:
        done = after(asked(LEAD, gate("more"), asks=("lead",)), yes("ann", "lead", "more"))
        assert state == claimed(done, Again(asks, done.request.gates), done.at_ns).state.value

    def test_a_gate_that_was_changed_since_is_void(self) -> None:
        done = after(asked(LEAD), yes("ann", "lead"))
        assert State.VOID is claimed(done, Again(("lead",), {"lead": gate("lead", quorum=2)}), done.at_ns).state

    def test_silence_is_no_answer_to_a_stricter_verdict(self) -> None:
        """Where silence allowed and nothing may be allowed by silence any more, the approval is void."""
        quiet = gate("lead", steps=(Deadline(3600, then=Effect.ALLOW),))
        done = at(asked(quiet, silence=True), T0 + H)
        gates = done.request.gates
        assert State.VOID is claimed(done, Again(("lead",), gates), T0 + H).state
        assert State.CLAIMED is claimed(done, Again(("lead",), gates, silence_allows=True), T0 + H).state

    def test_a_pending_request_is_not_claimed(self) -> None:
        assert State.PENDING is claimed(asked(LEAD), Again((), {}), T0).state


def test_the_clock_never_goes_back() -> None:
    standing = at(asked(LEAD), T0 + H)
    with pytest.raises(ValueError, match="clock"):
        at(standing, T0)
    with pytest.raises(ValueError, match="clock"):
        answered(standing, yes("ann", "lead", at=T0))


def test_deadlines_of_a_gate_are_its_own() -> None:
    """One gate is met in time, the other is not: the request ends with the other's silence."""
    slow = gate("slow", steps=(Deadline(2 * 3600, then=Effect.DENY),))
    one = after(asked(slow, gate("lead", steps=DENY_8H)), yes("ann", "lead"))
    end = at(one, T0 + 2 * H)
    assert (State.EXPIRED, State.EXPIRED, State.APPROVED) == (end.state, end.of("slow"), end.of("lead"))


def test_gates_that_end_at_the_same_time() -> None:
    end = at(asked(LEAD, gate("finance")), T0 + 8 * H)
    assert (State.EXPIRED, State.EXPIRED) == (end.of("lead"), end.of("finance"))
