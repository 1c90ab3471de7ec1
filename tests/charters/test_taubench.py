"""What the tau-bench charters mean, on conversations made for it: scenarios, facts, history, the table of bags.

Leaves out the runs of the corpus (`test_taubench_runs`).
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from govern.findings import Severity
from govern.lint.engine import lint
from govern.policy.given import first_call
from govern.policy.verdict import FALSE, TRUE, Verdict

from .taubench import HANDING_OVER, NOW, charter, consequential, each_agent, engine, loaded, policy
from .trajectories import Step, given

RISKIEST = {
    "airline": ("book_reservation", "update_reservation_flights", "update_reservation_baggages"),
    "retail": ("cancel_pending_order", "modify_pending_order_items", "return_delivered_order_items"),
}


@each_agent
def test_every_scenario_comes_out(agent: str) -> None:
    """The verdict that is meant, for its cause; the history is that of a conversation's first call."""
    for scenario in charter(agent).scenarios:
        tool, args = scenario.tool.name, scenario.args
        inputs = {**first_call(engine(agent).history, tool, args, scenario.given), **scenario.given}
        verdict = engine(agent).decide(tool, args, given=inputs)
        assert scenario.verdict == verdict.effect, scenario.instruction
        causes = (*verdict.rules, *verdict.gates, *verdict.reasons)
        assert scenario.cause is None or scenario.cause.name in causes, (scenario.instruction, causes)


@each_agent
def test_every_rule_decides_a_scenario(agent: str) -> None:
    """No rule stands there untried; what depends on the history has tests of its own below."""
    said: set[str] = set()
    for scenario in charter(agent).scenarios:
        known = first_call(engine(agent).history, scenario.tool.name, scenario.args, scenario.given)
        inputs = {**known, **scenario.given}
        said.update(engine(agent).decide(scenario.tool.name, scenario.args, given=inputs).rules)
    rules = {rule.id for tool in policy(agent).tools.values() for rule in tool.rules}
    history = {limit.id for limit in policy(agent).limits} | {"nothing-after-handing-over"}
    assert rules - history == said


@each_agent
def test_five_scenarios_for_each_of_the_riskiest(agent: str) -> None:
    told = Counter(scenario.tool.name for scenario in charter(agent).scenarios)
    assert [] == [tool for tool in RISKIEST[agent] if told[tool] < 5]


@each_agent
def test_lint_finds_nothing_above_a_note(agent: str) -> None:
    found = [finding for finding in lint(loaded(agent)) if finding.severity is not Severity.NOTE]
    assert [] == found


@each_agent
def test_every_change_asks_the_person_served_but_for_gifts(agent: str) -> None:
    """The written policies ask for the customer's own yes before every change; a certificate is the airline's gift."""
    for name, tool in policy(agent).tools.items():
        if consequential(agent, name):
            assert tool.unless is None, name
            assert tool.gate is not None, name
            assert policy(agent).gates[tool.gate].confirm == (name != "send_certificate"), name


def lookup(order: str, status: str) -> Step:
    return Step("get_order_details", {"order_id": order}, order_record(order, status), None)


def order_record(order: str, status: str) -> dict[str, Any]:
    payment = {"transaction_type": "payment", "amount": 10, "payment_method_id": "paypal_1"}
    return {
        "order_id": order, "user_id": "c1", "status": status, "items": [{"item_id": "1"}], "payment_history": [payment],
    }  # fmt: skip


FOUND = Step("find_user_id_by_email", {"email": "c1@example.com"}, "c1", None)
CANCEL = Step("cancel_pending_order", {"order_id": "#W1", "reason": "no longer needed"}, None, None)


def retail(step: Step, *before: Step) -> Verdict:
    return engine("retail").decide(step.tool, step.args, given=given(policy("retail"), before, step))


def test_an_error_is_no_fact() -> None:
    """A lookup that failed says nothing: neither who the customer is, nor what an order is."""
    nobody = Step(FOUND.tool, FOUND.args, None, "Error: user not found")
    unread = Step("get_order_details", {"order_id": "#W1"}, None, "Error: 503 Service Unavailable")
    assert "customer-first" in retail(CANCEL, nobody, lookup("#W1", "pending")).rules
    assert ("own-order", "pending-only") == retail(CANCEL, FOUND, unread).rules
    assert ("customer",) == retail(CANCEL, FOUND, unread, lookup("#W1", "pending")).gates


def test_the_first_customer_stays() -> None:
    """Whoever is looked up later in the conversation is not served."""
    other = Step(FOUND.tool, {"email": "c2@example.com"}, "c2", None)
    assert ("own-order",) == retail(CANCEL, other, FOUND, lookup("#W1", "pending")).rules


def test_another_order_is_no_fact_of_this_one() -> None:
    assert ("own-order", "pending-only") == retail(CANCEL, FOUND, lookup("#W2", "pending")).rules


def test_the_latest_status_counts_and_changes_report_it() -> None:
    """An order whose items were modified in this conversation is closed, without being read again."""
    change = Step(
        "modify_pending_order_items", {"order_id": "#W1"}, order_record("#W1", "pending (item modified)"), None
    )
    before = (FOUND, lookup("#W1", "pending"))
    assert ("customer",) == retail(CANCEL, *before).gates
    assert ("pending-only",) == retail(CANCEL, *before, change).rules


def test_only_a_success_uses_up_the_one_exchange() -> None:
    """What the tool refused may be tried again; the limit holds even where the record was never updated."""
    args = {"order_id": "#W1", "item_ids": ["1"], "new_item_ids": ["2"], "payment_method_id": "paypal_1"}
    failed = Step("exchange_delivered_order_items", args, None, "Error: new item 2 not found")
    done = Step("exchange_delivered_order_items", args, order_record("#W1", "delivered"), None)
    before = (FOUND, lookup("#W1", "delivered"))
    assert ("customer",) == retail(failed, *before, failed, failed).gates
    assert ("return-or-exchange-once",) == retail(failed, *before, done).rules


HANDED = Step(HANDING_OVER, {"summary": "wants more"}, "Transfer successful", None)


CUSTOMER = Step(
    "get_user_details", {"user_id": "p1"}, {"membership": "gold", "payment_methods": {"credit_card_1": {}}}, None
)
CANCEL_FLIGHT = Step("cancel_reservation", {"reservation_id": "R1"}, None, None)


def booked(cabin: str, date: str, created_at: str, flights: list[dict[str, str]] | None = None) -> Step:
    record = {
        "reservation_id": "R1", "user_id": "p1", "cabin": cabin, "created_at": created_at,
        "flights": flights or [{"flight_number": "F1", "date": date}],
    }  # fmt: skip
    return Step("get_reservation_details", {"reservation_id": "R1"}, record, None)


def airline(step: Step, *before: Step, at: int | None = NOW) -> Verdict:
    time = {} if at is None else {"at": at}
    return engine("airline").decide(step.tool, step.args, given=given(policy("airline"), before, step) | time)


@pytest.mark.parametrize(
    ("cabin", "date", "created_at", "expected"),
    [
        ("business", "2024-05-16", "2024-05-01T10:00:00", ("passenger",)),
        ("economy", "2024-05-16", "2024-05-15T00:00:00", ("passenger",)),
        ("business", "2024-05-15", "2024-05-01T10:00:00", ("passenger", "service-desk")),
        ("economy", "2024-05-16", "2024-05-14T23:59:59", ("passenger", "service-desk")),
        ("basic_economy", "2024-05-16", "2024-05-01T10:00:00", ("passenger", "service-desk")),
    ],
)
def test_cancelling_alone_is_for_business_or_the_day_of_booking_before_the_first_flight(
    cabin: str, date: str, created_at: str, expected: tuple[str, ...]
) -> None:
    """Whatever a result does not say goes to the service desk, and so does everything where the time is not known."""
    read = booked(cabin, date, created_at)
    assert expected == airline(CANCEL_FLIGHT, CUSTOMER, read).gates
    assert ("passenger", "service-desk") == airline(CANCEL_FLIGHT, CUSTOMER, read, at=None).gates


def test_nothing_is_changed_after_handing_over() -> None:
    order, reservation = lookup("#W1", "pending"), booked("business", "2024-05-16", "2024-05-01T10:00:00")
    assert ("nothing-after-handing-over",) == retail(CANCEL, FOUND, order, HANDED).rules
    assert ("nothing-after-handing-over",) == airline(CANCEL_FLIGHT, CUSTOMER, reservation, HANDED).rules


F1, F2 = {"flight_number": "F1", "date": "2024-05-16"}, {"flight_number": "F2", "date": "2024-05-17"}


@pytest.mark.parametrize(
    "flights", [[F1], [F2], [F1, F1], [F1, F2, F2], [F1, {**F2, "date": "2024-05-18"}], [F1, F1, F2]]
)
def test_any_other_flight_is_a_change_of_flights(flights: list[dict[str, str]]) -> None:
    """One less, one more, one twice, another day: denied in basic economy, looked at by people in the others."""
    for cabin, both in (("basic_economy", [F1, F2]), ("economy", [F2, F1])):
        read = booked(cabin, "", "", both)
        same, other = (change(each) for each in (both[::-1], flights))
        assert ("passenger",) == airline(same, CUSTOMER, read).gates
        verdict = airline(other, CUSTOMER, read)
        if cabin == "economy":
            assert ("passenger", "service-desk") == verdict.gates
        else:
            assert ("basic-economy-keeps-its-flights",) == verdict.rules


def change(flights: list[dict[str, str]]) -> Step:
    args = {"reservation_id": "R1", "cabin": "business", "flights": flights, "payment_id": "credit_card_1"}
    return Step("update_reservation_flights", args, None, None)


# Free bags for each passenger, by membership: basic economy, economy, business.
FREE = {"regular": (0, 1, 2), "silver": (1, 2, 3), "gold": (2, 3, 3)}
CABINS = ("basic_economy", "economy", "business")


@pytest.mark.parametrize("membership", FREE)
@pytest.mark.parametrize("cabin", CABINS)
@pytest.mark.parametrize("people", [1, 2, 5])
def test_bags_are_free_as_far_as_membership_and_cabin_go(membership: str, cabin: str, people: int) -> None:
    """Every number of bags: one more for nothing is denied; paying for a free one is denied, or asked for later on."""
    free = people * FREE[membership][CABINS.index(cabin)]
    passengers: list[dict[str, Any]] = [{}] * people
    facts = {
        "customer": {"id": "p1", "membership": membership},
        "reservation": {"cabin": cabin, "passengers": passengers, "total_baggages": 0, "nonfree_baggages": 0},
    }
    for total in range(free + 3):
        for paid in range(total + 1):
            args = {"cabin": cabin, "passengers": passengers, "total_baggages": total, "nonfree_baggages": paid}
            too_many, too_few = total - paid > free, paid > max(0, total - free)
            applying = {
                rule.id
                for tool in ("book_reservation", "update_reservation_baggages")
                for rule, truth in zip(
                    policy("airline").tools[tool].rules, engine("airline").truths(tool, args, given=facts), strict=True
                )
                if rule.id.startswith("free-bags") and truth != TRUE
            }
            expected = {"free-bags", "free-bags-later"} if too_many else set()
            assert applying == expected | ({"free-bags-first", "free-bags-first-later"} if too_few else set()), args


def test_a_bag_that_was_paid_for_stays_paid_for() -> None:
    """Only what is added is looked at: an earlier payment is no reason to ask."""
    facts = {
        "customer": {"id": "p1", "membership": "gold"},
        "reservation": {"cabin": "economy", "passengers": [{}], "total_baggages": 1, "nonfree_baggages": 1},
    }
    tool = policy("airline").tools["update_reservation_baggages"]
    index = [rule.id for rule in tool.rules].index("free-bags-first-later")
    for paid, expected in ((1, TRUE), (2, FALSE)):
        args = {"total_baggages": 2, "nonfree_baggages": paid}
        assert expected == engine("airline").truths(tool.name, args, given=facts)[index]


def test_one_conversation_gives_away_no_more_than_500() -> None:
    """Certificates that were sent count, those that failed do not."""
    args = {"user_id": "p1", "amount": 300}
    sent = Step("send_certificate", args, "Certificate added", None)
    failed = Step("send_certificate", args, None, "Error: no such user")
    assert ("service-supervisor",) == airline(sent, CUSTOMER, failed).gates
    assert ("certificates-of-a-conversation",) == airline(sent, CUSTOMER, sent).rules


def test_a_certificate_for_a_delay_follows_the_change() -> None:
    certificate = Step("send_certificate", {"user_id": "p1", "amount": 150}, None, None)
    change = Step("cancel_reservation", {"reservation_id": "R1"}, {"reservation_id": "R1"}, None)
    assert ("changed-before-the-certificate",) == airline(certificate, CUSTOMER).rules
    assert ("service-supervisor",) == airline(certificate, CUSTOMER, change).gates
