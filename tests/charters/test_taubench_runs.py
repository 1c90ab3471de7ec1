"""What the tau-bench charters say to the runs that they were written for, call by call.

Facts come from `trajectories`, not from a replay: the charters are tested, not what will run them. Every number here
stands in charters/taubench/README.md with its sentence of the written policy.
"""

from __future__ import annotations

import json
from collections import Counter

import pytest

from govern.policy.model import Effect

from .taubench import consequential, decided, each_agent
from .trajectories import AVAILABLE, CORPUS, FILES, Step, runs

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(not AVAILABLE, reason=f"no tau-bench runs under {CORPUS} (set GOVERN_CORPUS)"),
]


@each_agent
def test_every_call_is_judged_once(agent: str) -> None:
    """Calls by tool are those that an independent count of the file gives."""
    facts = json.loads((CORPUS / "facts.json").read_text("utf-8"))["sources"][f"taubench/{FILES[agent]}"]
    assert facts["per_tool"] == Counter(step.tool for _, _, step, _ in decided(agent))
    assert facts["trajectories"] == len(runs(agent))


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


def test_rewarded_runs_are_denied_only_by_a_sentence() -> None:
    """The airline's runs have whole rewards; each denial in a rewarded one is listed with its sentence."""
    found = Counter(
        (step.tool, verdict.rules)
        for run, _, step, verdict in decided("airline")
        if run.reward == 1 and verdict.effect is Effect.DENY
    )
    assert REWARDED == found


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


@each_agent
def test_how_often_people_are_asked(agent: str) -> None:
    found = Counter(verdict.gates for _, _, _, verdict in decided(agent) if verdict.effect is Effect.APPROVAL)
    assert ASKED[agent] == found
