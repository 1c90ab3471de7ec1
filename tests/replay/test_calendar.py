"""Shadow days: what covers a business day, what signs it off, and what makes a sign-off void."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govern.replay.calendar import COVERED, Calendar, Coverage, Needed, Signed, State, coverage

MONDAY = date(2026, 11, 16)
NEEDED = Needed(business_days=2, reviewer="head-of-support", least_calls=10)
CALENDAR = Calendar(holidays=(date(2026, 11, 18),))


def day(number: int) -> date:
    return MONDAY + timedelta(days=number)


def signed(
    number: int, *, log: str = "log", charter: str = "p1", calls: int = 10, at: int = 1, refused: str = ""
) -> Signed:
    return Signed(day(number), at, "mara", "head-of-support", charter, log, calls, refused, f"e{number}-{at}")


def covered(calls: dict[int, int], *found: Signed, restarts: dict[str, str] | None = None, **logs: str) -> Coverage:
    now = {day(number): logs.get(f"d{number}", "log") for number, count in calls.items() if count}
    counts = {day(number): count for number, count in calls.items()}
    return coverage("desk", counts, CALENDAR, NEEDED, signed=found, logs=now, restarts=restarts)


def test_a_week_shows_every_day_and_why_it_does_not_count() -> None:
    """Weekends, holidays, quiet days and days between are days of the report, each with its reason."""
    found = covered({0: 10, 1: 9, 2: 50, 4: 10, 5: 50})
    assert [
        (MONDAY, State.OPEN, "not signed off"),
        (day(1), State.TOO_FEW, "9 of at least 10 calls"),
        (day(2), State.NOT_BUSINESS, "a holiday"),
        (day(3), State.NO_CALLS, "no calls"),
        (day(4), State.OPEN, "not signed off"),
        (day(5), State.NOT_BUSINESS, "Saturday is no business day"),
    ] == [(each.day, each.state, each.why) for each in found.days]
    assert (MONDAY, day(4)) == found.covered == found.to_sign


def test_signed_days_make_it_complete() -> None:
    """As many signed business days as the charter asks for; they need not follow each other."""
    found = covered({0: 10, 1: 10, 4: 10}, signed(0), signed(4))
    assert ((MONDAY, day(4)), 0, True) == (found.signed, found.lacking, found.complete)
    assert (day(1),) == found.to_sign


def test_one_day_signed_twice_is_one_day() -> None:
    """Sign-offs are not counted, days are; the latest that stands is shown."""
    found = covered({0: 10}, signed(0, at=1), signed(0, at=2))
    assert (1, False, 2) == (len(found.signed), found.complete, found.days[0].by and found.days[0].by.at_ns)


@pytest.mark.parametrize(
    ("calls", "log", "why"),
    [
        (11, "other", "1 call of that day came after it was signed"),
        (8, "other", "2 calls that it was signed over are not in the log"),
        (10, "other", "the log of that day changed after it was signed"),
    ],
)
def test_a_log_that_changed_voids_the_day(calls: int, log: str, why: str) -> None:
    """Late rows, lost rows and changed rows: what was signed is not what is there."""
    found = coverage("desk", {MONDAY: calls}, CALENDAR, Needed(1, "r"), signed=[signed(0)], logs={MONDAY: log})
    assert (State.VOID, why, ()) == (found.days[0].state, found.days[0].why, found.signed)


def test_a_day_without_a_log_is_not_signed() -> None:
    """A sign-off over a log that is gone proves nothing, and the day stays visible."""
    found = coverage("desk", {}, CALENDAR, Needed(1, "r"), signed=[signed(0)], logs={})
    assert [(MONDAY, State.NO_CALLS)] == [(each.day, each.state) for each in found.days]
    assert "the log of that day is not here" == found.days[0].void[0][1]


def test_a_widened_charter_restarts_the_count() -> None:
    """Days under a charter that restarts are void; days under any other stand."""
    found = covered({0: 10, 1: 10}, signed(0, charter="old"), signed(1), restarts={"old": "the charter was widened"})
    assert ((day(1),), (MONDAY,)) == (found.signed, found.of(State.VOID))
    assert "the charter was widened" == found.days[0].why


def test_signing_again_heals_a_void_day() -> None:
    """The void one stays shown beside the one that stands."""
    found = covered({0: 10}, signed(0, log="before", at=1), signed(0, at=2))
    assert (State.SIGNED, 1) == (found.days[0].state, len(found.days[0].void))


def test_a_refused_sign_off_never_counts() -> None:
    """A signature that is not good is no sign-off, whatever else fits."""
    found = covered({0: 10}, signed(0, refused="the signature is not good"))
    assert (State.VOID, "the signature is not good") == (found.days[0].state, found.days[0].why)


def test_signing_does_not_make_a_day_count() -> None:
    """Neither a weekend nor a quiet day counts because somebody signed it."""
    found = covered({1: 3, 5: 50}, signed(1, calls=3), signed(5, calls=50))
    assert () == found.signed
    assert {State.TOO_FEW, State.NOT_BUSINESS} <= {each.state for each in found.days}


def test_without_a_demand_nothing_is_complete() -> None:
    """A charter that asks for no shadow days is not done with them."""
    found = coverage("desk", {MONDAY: 1}, Calendar(), None)
    assert (False, 0, (MONDAY,)) == (found.complete, found.lacking, found.covered)


def test_far_apart_days_are_not_filled_up() -> None:
    """One call with a wrong clock does not make a list of twenty thousand days."""
    found = coverage("desk", {date(1970, 1, 1): 1, MONDAY: 1}, Calendar(), None)
    assert 2 == len(found.days)


@given(
    st.dictionaries(st.integers(0, 20), st.integers(0, 30), max_size=15),
    st.lists(
        st.tuples(st.integers(0, 20), st.sampled_from(["log", "x"]), st.sampled_from(["p1", "old"]), st.booleans()),
        max_size=12,
    ),
)
def test_a_signed_day_has_everything(calls: dict[int, int], given_: list[tuple[int, str, str, bool]]) -> None:
    """Whatever is given: a signed day is a business day with enough calls and a sign-off without any fault."""
    found_signed = [
        signed(number, log=log, charter=charter, at=place, refused="no" if bad else "")
        for place, (number, log, charter, bad) in enumerate(given_)
    ]
    found = covered(calls, *found_signed, restarts={"old": "widened"})
    for each in found.days:
        good = [
            one
            for one in found_signed
            if one.day == each.day and not one.refused and one.charter != "old" and one.log == "log"
        ]
        business = each.day.weekday() < 5 and each.day != date(2026, 11, 18)
        assert (each.state is State.SIGNED) == bool(business and each.calls >= 10 and good)
        assert (each.state in COVERED) == (business and each.calls >= 10)
        assert (each.by is not None) == (each.state is State.SIGNED)
