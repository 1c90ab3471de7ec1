"""What the tau-bench charters mean on the runs that they were written for, call by call.

Facts come from `trajectories`, not from a replay: the charters are tested, not what will run them. Every number here
stands in charters/taubench/README.md with its sentence of the written policy.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from govern.charter.load import Loaded, load
from govern.charter.model import Charter
from govern.compile.lower import lower
from govern.conditions.times import timestamp_ns
from govern.findings import Severity
from govern.lint.engine import lint
from govern.policy.derive import first_call
from govern.policy.engine import Engine
from govern.policy.model import Effect, Policy, Tier
from govern.policy.verdict import Verdict

from .trajectories import AVAILABLE, CORPUS, FILES, Run, Step, given, runs

ROOT = Path(__file__).resolve().parents[2]
NOW = timestamp_ns("2024-05-15T15:00:00-05:00")  # the day on which the written policy of the airline plays
ZONE = "Etc/GMT+5"  # EST, as both policies have it
HANDING_OVER = "transfer_to_human_agents"
RISKIEST = {
    "airline": ("book_reservation", "update_reservation_flights", "update_reservation_baggages"),
    "retail": ("cancel_pending_order", "modify_pending_order_items", "return_delivered_order_items"),
}

each_agent = pytest.mark.parametrize("agent", FILES)
needs_corpus = pytest.mark.skipif(not AVAILABLE, reason=f"no tau-bench runs under {CORPUS} (set GOVERN_CORPUS)")


@cache
def loaded(agent: str) -> Loaded:
    return load(ROOT / "charters" / "taubench" / f"{agent}.yaml")


def charter(agent: str) -> Charter:
    found = loaded(agent).charter
    assert found is not None
    return found


@cache
def engine(agent: str) -> Engine:
    return Engine(lower(charter(agent)), ZONE)


def policy(agent: str) -> Policy:
    return engine(agent).policy


def consequential(agent: str, tool: str) -> bool:
    return policy(agent).tools[tool].tier is not Tier.READ_ONLY and tool != HANDING_OVER


@cache
def decided(agent: str) -> tuple[tuple[Run, int, Step, Verdict], ...]:
    """Every call of the agent's runs with its verdict, the facts as they stood then."""
    return tuple(_decided(agent))


def _decided(agent: str) -> Iterator[tuple[Run, int, Step, Verdict]]:
    for run in runs(agent):
        for index, step in enumerate(run.steps):
            inputs = given(policy(agent), run.steps[:index], step) | {"at": NOW}
            yield run, index, step, engine(agent).decide(step.tool, step.args, given=inputs)


# -- without the corpus ----------------------------------------------------------------------------------


@each_agent
def test_every_scenario_comes_out(agent: str) -> None:
    """The verdict that is meant, for its cause; the history is that of a conversation's first call."""
    for scenario in charter(agent).scenarios:
        tool, args = scenario.tool.name, scenario.args
        inputs = {**first_call(policy(agent), tool, args), **scenario.given}
        verdict = engine(agent).decide(tool, args, given=inputs)
        assert scenario.verdict == verdict.effect, scenario.instruction
        causes = (*verdict.rules, *verdict.gates, *verdict.reasons)
        assert scenario.cause is None or scenario.cause.name in causes, (scenario.instruction, causes)


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


def test_nothing_is_changed_after_handing_over() -> None:
    handed = Step(HANDING_OVER, {"summary": "wants more"}, "Transfer successful", None)
    assert ("nothing-after-handing-over",) == retail(CANCEL, FOUND, lookup("#W1", "pending"), handed).rules


# -- on the corpus -----------------------------------------------------------------------------------------


@pytest.mark.corpus
@needs_corpus
@each_agent
def test_every_call_is_judged_once(agent: str) -> None:
    """Calls by tool are those that an independent count of the file gives."""
    facts = json.loads((CORPUS / "facts.json").read_text("utf-8"))["sources"][f"taubench/{FILES[agent]}"]
    assert facts["per_tool"] == Counter(step.tool for _, _, step, _ in decided(agent))
    assert facts["trajectories"] == len(runs(agent))


@pytest.mark.corpus
@needs_corpus
@each_agent
def test_nothing_is_unknown_that_the_trace_says(agent: str) -> None:
    """Where a consequential call wants for a fact, no earlier result of the run has it: the agent never looked."""
    wanting: Counter[str] = Counter()
    for run, index, step, verdict in decided(agent):
        if consequential(agent, step.tool):
            for place in verdict.unknown:
                fact = place.partition(".")[0]
                assert not _stood(agent, fact, run.steps[:index], step), (run.index, index, place)
                wanting[fact] += 1
    expected = {"airline": {"customer": 31, "profile": 30}, "retail": {}}
    assert expected[agent] == wanting


def _stood(agent: str, fact: str, before: tuple[Step, ...], step: Step) -> bool:
    """Whether some earlier result has the fact, found without its declaration."""
    done = [each for each in before if each.done]
    if fact in ("customer", "profile"):
        lookups = ("get_user_details",) if agent == "airline" else ("find_user_id_by_email", "find_user_id_by_name_zip")
        return any(each.tool in lookups for each in done)
    assert fact in ("order", "reservation"), fact
    record = step.args.get("order_id") or step.args.get("reservation_id")
    return any(isinstance(each.result, dict) and record in each.result.values() for each in done)


# Calls that a tool refused, by what it said: how many, and of these denied. What is not denied is of no sentence
# that a rule could be: what a tool adds up, seats, balances, certificates used up, orders that nobody has.
REFUSED = {
    "airline": {
        ("book_reservation", "payment amount"): (19, 8),
        ("book_reservation", "not enough"): (1, 0),
        ("book_reservation", "payment method"): (3, 3),
        ("update_reservation_baggages", "gift card"): (1, 0),
        ("update_reservation_flights", "certificate cannot"): (4, 4),
        ("update_reservation_flights", "flight HAT030"): (13, 13),
        ("update_reservation_flights", "flight HAT223"): (1, 1),
        ("update_reservation_flights", "gift card"): (11, 1),
        ("update_reservation_flights", "not enough"): (8, 2),
        ("update_reservation_flights", "payment method"): (2, 2),
    },
    "retail": {
        ("exchange_delivered_order_items", "non-delivered order"): (2, 2),
        ("modify_pending_order_address", "non-pending order"): (1, 1),
        ("modify_pending_order_items", "the number"): (5, 5),
    },
}


@pytest.mark.corpus
@needs_corpus
@each_agent
def test_what_the_tools_refused_is_foreseen(agent: str) -> None:
    """Of the consequential calls that a tool refused, those that the written policy covers are denied."""
    refused: dict[tuple[str, str], list[int]] = {}
    for _, _, step, verdict in decided(agent):
        if step.error is not None and consequential(agent, step.tool):
            words = " ".join(step.error.removeprefix("Error: ").split()[:2])
            counts = refused.setdefault((step.tool, words), [0, 0])
            counts[0] += 1
            counts[1] += verdict.effect is Effect.DENY
    found = {key: (total, denied) for key, (total, denied) in refused.items()}
    for (tool, words), (total, denied) in sorted(found.items()):
        print(f"{agent}: `{tool}`, refused with `{words} …`: {denied} of {total} denied by the charter")
    assert REFUSED[agent] == found


# Denied calls of runs that the benchmark rewards in full, by tool and deciding rules. The README has their sentences.
UNKNOWN_CUSTOMER = ("customer-first", "own-reservation", "own-payment")
REWARDED = {
    ("update_reservation_flights", UNKNOWN_CUSTOMER): 6,
    ("update_reservation_flights", ("basic-economy-keeps-its-flights", *UNKNOWN_CUSTOMER)): 3,
    ("update_reservation_flights", ("change-paid-by-card",)): 1,
    ("update_reservation_flights", ()): 1,  # the shape: `origin` and `destination` in each flight
    ("update_reservation_baggages", ("free-bags-later",)): 1,
    ("send_certificate", ("changed-before-the-certificate",)): 1,
}


@pytest.mark.corpus
@needs_corpus
def test_rewarded_runs_are_denied_only_by_a_sentence() -> None:
    """The airline's runs have whole rewards; each denial in a rewarded one is listed with its sentence."""
    found = Counter(
        (step.tool, verdict.rules)
        for run, _, step, verdict in decided("airline")
        if run.reward == 1 and verdict.effect is Effect.DENY
    )
    assert REWARDED == found


@pytest.mark.corpus
@needs_corpus
def test_no_retail_call_that_was_carried_out_is_denied() -> None:
    """Rewards of these runs are parts of one, by a measure of their own: so every call that was done is looked at."""
    assert [] == [
        (run.index, step.tool, verdict.rules)
        for run, _, step, verdict in decided("retail")
        if step.done and verdict.effect is Effect.DENY
    ]


# Airline calls that were carried out and break the written policy, by the rules that say so.
CARRIED_OUT = {
    ("book_reservation", ("free-bags",)): 1,
    ("book_reservation", ("free-bags-first",)): 4,
    ("book_reservation", ("one-certificate", "free-bags-first")): 2,
    ("cancel_reservation", ("customer-first", "own-reservation")): 1,
    ("send_certificate", ("changed-before-the-certificate",)): 1,
    ("update_reservation_baggages", UNKNOWN_CUSTOMER): 4,
    ("update_reservation_baggages", ("free-bags-later",)): 1,
    ("update_reservation_flights", ("basic-economy-keeps-its-flights", *UNKNOWN_CUSTOMER)): 1,
    ("update_reservation_flights", ("basic-economy-keeps-its-flights",)): 4,
    ("update_reservation_flights", UNKNOWN_CUSTOMER): 9,
    ("update_reservation_flights", ()): 1,
}


@pytest.mark.corpus
@needs_corpus
def test_what_was_carried_out_against_the_policy_is_found() -> None:
    found = Counter(
        (step.tool, verdict.rules)
        for _, _, step, verdict in decided("airline")
        if step.done and verdict.effect is Effect.DENY
    )
    assert CARRIED_OUT == found


# How often people of the organisation are asked, beside or instead of the person served.
ASKED = {
    "airline": {("passenger",): 49, ("passenger", "service-desk"): 37},
    "retail": {("customer",): 67, ("customer", "care-desk"): 6},
}


@pytest.mark.corpus
@needs_corpus
@each_agent
def test_how_often_people_are_asked(agent: str) -> None:
    found = Counter(verdict.gates for _, _, _, verdict in decided(agent) if verdict.effect is Effect.APPROVAL)
    assert ASKED[agent] == found
