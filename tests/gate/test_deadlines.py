"""What silence means, to the nanosecond: escalation, denial, allowance, and what waits for a delivery."""

from __future__ import annotations

import pytest

from govern.gate import State, asked_now, at, next_ns, silence_may_allow, told
from govern.policy.model import Deadline, Effect, Policy, Tier, ToolPolicy
from govern.policy.verdict import Verdict

from .requests import ALLOW_8H, T0, H, after, asked, gate, no, why, yes

LEAD = gate("lead", steps=(Deadline(4 * 3600, ask="finance"), Deadline(8 * 3600, then=Effect.DENY)))
FINANCE = gate("finance", quorum=2, steps=(Deadline(24 * 3600, then=Effect.DENY),))
QUIET = gate("quiet", steps=ALLOW_8H)


def test_an_answer_at_the_last_nanosecond() -> None:
    assert State.APPROVED is after(asked(gate("g")), yes("ann", "g", at=T0 + 8 * H - 1)).state


def test_an_answer_at_the_deadline_is_too_late() -> None:
    standing = asked(gate("g"))
    assert "closed" == why(standing, yes("ann", "g", at=T0 + 8 * H))
    end = at(standing, T0 + 8 * H)
    assert (State.EXPIRED, T0 + 8 * H) == (end.state, end.at_ns)


def test_a_deadline_passes_whether_or_not_anything_runs() -> None:
    """Looked at days later, it ended when it ended."""
    end = at(asked(gate("g")), T0 + 300 * H)
    assert (State.EXPIRED, T0 + 8 * H, T0 + 300 * H) == (end.state, end.at_ns, end.now_ns)


def test_a_denial_counts_from_the_request_though_nobody_was_told() -> None:
    assert State.EXPIRED is at(asked(gate("g"), told=False), T0 + 8 * H).state


class TestEscalation:
    """A step that asks another gate too."""

    def test_from_its_nanosecond_on_another_gate_is_asked(self) -> None:
        standing = asked(LEAD, FINANCE, asks=("lead",))
        assert ("lead",) == asked_now(at(standing, T0 + 4 * H - 1))
        assert "no_role" == why(standing, yes("fin", "finance", at=T0 + 4 * H - 1))
        assert ("lead", "finance") == asked_now(at(standing, T0 + 4 * H))
        assert T0 + 4 * H == next_ns(standing)

    def test_either_answers_with_its_own_quorum(self) -> None:
        standing = asked(LEAD, FINANCE, asks=("lead",))
        one = after(standing, yes("fin-1", "finance", at=T0 + 4 * H))
        assert State.PENDING is one.state
        two = after(one, yes("fin-2", "finance", at=T0 + 5 * H))
        assert (State.APPROVED, "finance") == (two.state, two.met["lead"].gate)
        lead = after(one, yes("ann", "lead", at=T0 + 5 * H))
        assert (State.APPROVED, "lead") == (lead.state, lead.met["lead"].gate)

    def test_an_answer_from_before_is_not_one_to_it(self) -> None:
        """Who answered the first gate answers the second again, since that one was not asked then."""
        both = gate("lead", "lead", quorum=2, steps=LEAD.if_no_answer)
        single = gate("finance", quorum=1, steps=FINANCE.if_no_answer)
        one = after(asked(both, single, asks=("lead",)), yes("ann", "lead", "finance"))
        assert State.PENDING is at(one, T0 + 5 * H).state
        assert State.APPROVED is after(one, yes("ann", "lead", "finance", at=T0 + 5 * H)).state

    def test_the_first_gates_own_end_stays(self) -> None:
        end = at(asked(LEAD, FINANCE, asks=("lead",)), T0 + 8 * H)
        assert (State.EXPIRED, T0 + 8 * H) == (end.state, end.at_ns)

    def test_its_own_silence_ends_the_request_earlier(self) -> None:
        hasty = gate("finance", steps=(Deadline(3600, then=Effect.DENY),))
        end = at(asked(LEAD, hasty, asks=("lead",)), T0 + 9 * H)
        assert (State.EXPIRED, T0 + 5 * H) == (end.state, end.at_ns)

    def test_its_own_deadline_waits_for_the_delivery(self) -> None:
        hasty = gate("finance", steps=(Deadline(3600, then=Effect.DENY),))
        standing = asked(LEAD, hasty, asks=("lead",), told=False)
        assert State.PENDING is at(standing, T0 + 6 * H).state
        late = told(standing, "finance", T0 + 6 * H)
        assert (State.EXPIRED, T0 + 7 * H) == (at(late, T0 + 7 * H).state, at(late, T0 + 8 * H).at_ns)

    def test_its_silence_never_allows(self) -> None:
        loose = gate("finance", steps=(Deadline(3600, then=Effect.ALLOW),))
        standing = asked(LEAD, loose, asks=("lead",), silence=True)
        assert State.PENDING is at(standing, T0 + 8 * H - 1).state
        assert State.EXPIRED is at(standing, T0 + 8 * H).state

    def test_a_chain_of_gates(self) -> None:
        """Each is asked a time after the one before it was."""
        second = gate("second", steps=(Deadline(3600, ask="third"), Deadline(20 * 3600, then=Effect.DENY)))
        first = gate("first", steps=(Deadline(3600, ask="second"), Deadline(9 * 3600, then=Effect.DENY)))
        third = gate("third")
        standing = asked(first, second, third, asks=("first",))
        assert ("first", "second") == asked_now(at(standing, T0 + 2 * H - 1))
        assert ("first", "second", "third") == asked_now(at(standing, T0 + 2 * H))
        assert State.APPROVED is after(standing, yes("cy", "third", at=T0 + 2 * H)).state

    def test_a_denial_of_who_was_asked_too(self) -> None:
        standing = asked(LEAD, FINANCE, asks=("lead",))
        assert State.DENIED is after(standing, no("fin", "finance", at=T0 + 4 * H)).state

    def test_it_serves_beside_a_gate_of_its_own(self) -> None:
        """Where it is asked by the verdict too, it takes people of its own for each."""
        standing = after(
            asked(LEAD, FINANCE),
            *(yes(f"fin-{each}", "finance", at=T0 + 5 * H) for each in (1, 2, 3)),
        )
        assert (State.APPROVED, State.PENDING) == (standing.of("lead"), standing.of("finance"))
        assert State.APPROVED is after(standing, yes("fin-4", "finance", at=T0 + 6 * H)).state


class TestAllowance:
    """Silence that allows."""

    def test_at_its_nanosecond_it_is_allowed(self) -> None:
        standing = asked(QUIET, silence=True)
        assert State.PENDING is at(standing, T0 + 8 * H - 1).state
        done = at(standing, T0 + 8 * H)
        assert (State.APPROVED, ()) == (done.state, done.met["quiet"].by)

    def test_a_denial_at_the_same_nanosecond_wins(self) -> None:
        assert State.DENIED is after(asked(QUIET, silence=True), no("ann", "quiet", at=T0 + 8 * H)).state

    def test_where_it_may_not_allow_it_denies(self) -> None:
        """A rule, an unknown, a limit asked: silence is a denial at the same time."""
        end = at(asked(QUIET), T0 + 8 * H)
        assert (State.EXPIRED, T0 + 8 * H) == (end.state, end.at_ns)

    def test_it_counts_from_the_delivery(self) -> None:
        standing = asked(QUIET, silence=True, told=False)
        assert State.PENDING is at(standing, T0 + 100 * H).state
        assert next_ns(standing) is None
        late = told(standing, "quiet", T0 + 100 * H)
        assert State.PENDING is at(late, T0 + 108 * H - 1).state
        assert State.APPROVED is at(late, T0 + 108 * H).state

    def test_the_first_delivery_counts(self) -> None:
        late = told(told(asked(QUIET, silence=True, told=False), "quiet", T0), "quiet", T0 + 5 * H)
        assert State.APPROVED is at(late, T0 + 8 * H).state

    def test_another_gate_is_still_waited_for(self) -> None:
        one = at(asked(QUIET, gate("lead", steps=(Deadline(9 * 3600, then=Effect.DENY),)), silence=True), T0 + 8 * H)
        assert (State.PENDING, State.APPROVED) == (one.state, one.of("quiet"))
        assert State.EXPIRED is at(one, T0 + 9 * H).state

    def test_a_denial_of_who_was_asked_too_at_the_same_time(self) -> None:
        """The gate allows by silence at the nanosecond at which the one that it escalated to denies by silence."""
        quiet = gate("quiet", steps=(Deadline(4 * 3600, ask="finance"), *ALLOW_8H))
        finance = gate("finance", steps=(Deadline(4 * 3600, then=Effect.DENY),))
        assert State.EXPIRED is at(asked(quiet, finance, asks=("quiet",), silence=True), T0 + 8 * H).state

    def test_a_denial_before_an_allowance_at_the_same_time(self) -> None:
        both = asked(QUIET, gate("lead"), silence=True)
        assert State.EXPIRED is at(both, T0 + 8 * H).state


def test_next_is_when_something_changes_by_itself() -> None:
    """Walking from one to the next meets every change, and nothing changes between."""
    standing = asked(LEAD, FINANCE, asks=("lead",))
    seen = []
    while (due := next_ns(standing)) is not None:
        assert at(standing, due - 1).state is standing.state
        assert asked_now(at(standing, due - 1)) == asked_now(standing)
        standing = at(standing, due)
        seen.append((due - T0) // H)
    assert [4, 8] == seen
    assert State.EXPIRED is standing.state


def test_an_approval_ends_by_itself_too() -> None:
    done = after(asked(gate("g")), yes("ann", "g"))
    assert done.at_ns + 15 * 60 * 10**9 == next_ns(done)


def _policy(tier: Tier, *, external: bool = False) -> Policy:
    tool = ToolPolicy("t", tier, external, "quiet")
    return Policy("a", 1, "", "", (), {"quiet": QUIET}, {"t": tool}, ())


@pytest.mark.parametrize(
    ("tier", "external", "reasons", "allows"),
    [
        (Tier.REVERSIBLE, False, ("gate",), True),
        (Tier.READ_ONLY, False, ("gate",), True),
        (Tier.IRREVERSIBLE, False, ("gate",), False),
        (Tier.REVERSIBLE, True, ("gate",), False),
        (Tier.REVERSIBLE, False, ("gate", "unknown"), False),
        (Tier.REVERSIBLE, False, ("gate", "rule"), False),
        (Tier.REVERSIBLE, False, ("limit",), False),
        (Tier.REVERSIBLE, False, ("after_reading",), False),
    ],
)
def test_when_silence_may_allow(tier: Tier, external: bool, reasons: tuple[str, ...], allows: bool) -> None:
    """Only the tool's own authority, and only of an internal tool whose effect can be undone."""
    verdict = Verdict(Effect.APPROVAL, reasons, gates=("quiet",), tier=tier)
    assert allows is silence_may_allow(_policy(tier, external=external), "t", verdict)


def test_an_unmapped_tool_is_never_allowed_by_silence() -> None:
    verdict = Verdict(Effect.APPROVAL, ("gate",), gates=("quiet",))
    assert not silence_may_allow(_policy(Tier.REVERSIBLE), "other", verdict)
