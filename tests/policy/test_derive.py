"""Limits and what follows from reading, as rules: where they apply, what they ask for, what a first call knows."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest

from govern.charter.load import charter_or_raise, load_text
from govern.compile.lower import lower
from govern.policy.derive import with_history, written
from govern.policy.document import sealed, to_document
from govern.policy.engine import Engine
from govern.policy.given import first_call
from govern.policy.history import History
from govern.policy.model import Effect, Policy, Reason, Tier

HEAD = """govern: 1
agent: desk
version: 1
purpose: Refunds.
owner: lead
roles: [lead]
approvals: {lead: {roles: [lead], if_no_answer: [{after: 8h, then: deny}]}}
tools:
  look: {tier: read_only}
  note: {tier: reversible, autonomous: {because: Tried.}}
  wire: {tier: irreversible, autonomous: {because: Tried.}}
  sql:
    tier: reversible
    autonomous: {because: Tried.}
    rules: [{id: drops, when: args.drop, then: {tier: irreversible}}]
"""
EFFECTS = {"deny": Effect.DENY, "{approval: lead}": Effect.APPROVAL}


def policy(more: str) -> Policy:
    return lower(charter_or_raise(load_text(HEAD + more), "charter.yaml"))


def limits(*entries: str) -> str:
    return "limits:\n" + "".join(f"  - {{{entry}}}\n" for entry in entries)


def after(*entries: str) -> str:
    return "untrusted:\n  on_instructions: flag\n  after_reading:\n" + "".join(
        f"    - {{{each}}}\n" for each in entries
    )


def decided(
    found: Policy, tool: str, args: dict[str, Any] | None = None, **history: bool
) -> tuple[str, tuple[str, ...]]:
    """Effect and reasons; the history by the words before `(`."""
    keys = {"over": "exceeded('cap')", "tainted": "tainted('session')"}
    verdict = Engine(found).decide(tool, args or {}, given={keys[word]: truth for word, truth in history.items()})
    return verdict.effect.label, verdict.reasons


# --- limits -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("effect", EFFECTS)
def test_a_limit_applies_where_it_is_exceeded_or_nobody_knows(effect: str) -> None:
    found = policy(limits(f"id: cap, tools: [look, wire], max: 3, within: trace, otherwise: {effect}"))
    label = EFFECTS[effect].label
    for tool in ("look", "wire"):
        assert ("allow", ("autonomous",)) == decided(found, tool, over=False)
        assert (label, ("limit",)) == decided(found, tool, over=True)
        assert (label, ("limit", "unknown")) == decided(found, tool)
    assert ("allow", ("autonomous",)) == decided(found, "note", over=True)


def test_a_limit_that_raises_the_tier_brings_what_is_keyed_by_it() -> None:
    found = policy(
        limits("id: cap, tools: [note], max: 3, within: trace, otherwise: {tier: irreversible}")
        + "rules: [{id: big, tiers: [irreversible], when: 'true', then: deny}]\n"
    )
    assert ("allow", ("autonomous",)) == decided(found, "note", over=False)
    assert ("deny", ("rule",)) == decided(found, "note", over=True)
    assert "deny" == decided(found, "note")[0]
    assert [Tier.REVERSIBLE, Tier.IRREVERSIBLE] == [
        Engine(found).decide("note", {}, given={"exceeded('cap')": over}).tier for over in (False, True)
    ]


def test_a_limit_of_a_tier_concerns_what_is_raised_to_it() -> None:
    """Not only the tools that are of the tier as written: a call that a rule raises counts as of it."""
    found = policy(limits("id: cap, tiers: [irreversible], max: 3, within: trace, otherwise: deny"))
    assert "deny" == decided(found, "wire", over=True)[0]
    assert "deny" == decided(found, "sql", {"drop": True}, over=True)[0]
    assert "deny" == decided(found, "sql", {}, over=True)[0]  # nobody knows whether it drops
    assert "allow" == decided(found, "sql", {"drop": False}, over=True)[0]
    assert "allow" == decided(found, "note", over=True)[0]


# --- after reading ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("effect", EFFECTS)
def test_reading_applies_unless_its_exception_is_true(effect: str) -> None:
    """Every pair of taint and exception, each true, false and unknown."""
    found = policy(after(f"id: read, tools: [wire], unless: args.small, then: {effect}"))
    for tainted, small in itertools.product((True, False, None), repeat=2):
        args = {} if small is None else {"small": small}
        history = {} if tainted is None else {"tainted": tainted}
        label, reasons = decided(found, "wire", args, **history)
        applies = tainted is not False and small is not True
        assert (EFFECTS[effect].label if applies else "allow") == label, (tainted, small)
        assert (applies and None in (tainted, small)) == ("unknown" in reasons), (tainted, small)
        assert applies == ("after_reading" in reasons)


def test_reading_without_an_exception() -> None:
    found = policy(after("tiers: [irreversible], then: deny"))
    assert [("deny", ("after_reading",)), ("allow", ("autonomous",)), ("deny", ("after_reading", "unknown"))] == [
        decided(found, "wire", tainted=True), decided(found, "wire", tainted=False), decided(found, "wire")
    ]  # fmt: skip
    assert "allow" == decided(found, "note", tainted=True)[0]
    assert "deny" == decided(found, "sql", {"drop": True}, tainted=True)[0]


# --- written once -------------------------------------------------------------------------------------------


def test_the_document_never_holds_what_is_derived() -> None:
    """However often the policy is sealed; every tool has each derived rule once."""
    found = policy(
        limits("id: cap, tools: ['*'], max: 3, within: trace, otherwise: deny")
        + after("id: read, tools: ['*'], then: deny")
    )
    for each in (found, with_history(found), sealed(with_history(found))):
        document = json.dumps(to_document(each)["tools"])
        assert "exceeded" not in document
        assert "tainted" not in document
        for tool in each.tools.values():
            derived = [rule.id for rule in tool.rules if rule.reason is not Reason.RULE]
            assert ["cap", "read"] == derived
            assert [rule.id for rule in written(tool)] == [
                rule["id"] for rule in to_document(each)["tools"][tool.name]["rules"]
            ]


# --- the first call of a session ----------------------------------------------------------------------------


@pytest.mark.parametrize(("most", "exceeded"), [(0, True), (1, False), (3, False)])
def test_a_first_call_counts_as_one(most: int, exceeded: bool) -> None:
    found = policy(limits(f"id: cap, tools: [wire], max: {most}, within: trace, otherwise: deny"))
    assert exceeded == first_call(History(found), "wire", {}, {})["exceeded('cap')"]


@pytest.mark.parametrize("most", ["0", "5", "0.3", "2000.5", "1000000000000000000"])
def test_a_first_call_adds_its_own_term(most: str) -> None:
    """Exactly the maximum is not exceeded; a term that is missing, no number or negative leaves it unknown."""
    found = policy(limits(f"id: cap, tools: [wire], sum: args.amount, max: {most}, within: 1d, otherwise: deny"))
    number = float(most) if "." in most else int(most)
    terms: list[tuple[Any, bool | None]] = [
        (number, False), (0, False), (number + 1, True), (-1, None),
        (None, None), ("7", None), ([7], None), (True, None),
    ]  # fmt: skip
    for term, exceeded in terms:
        known = first_call(History(found), "wire", {"amount": term}, {})
        assert exceeded is known.get("exceeded('cap')"), term
        effect = Engine(found).decide("wire", {"amount": term}, given=known).effect
        assert (Effect.ALLOW if exceeded is False else Effect.DENY) is effect
    assert first_call(History(found), "wire", {}, {})["exceeded('cap')"] is None


def test_a_first_call_of_a_session_has_read_and_called_nothing() -> None:
    found = policy(
        "rules:\n"
        "  - {id: looked, tools: [wire], only_if: succeeded('look') >= 1, otherwise: deny}\n"
        "  - {id: again, tools: [wire], when: calls(tool) > 0, then: {approval: lead}}\n"
        + after("tools: [wire], then: deny")
    )
    known = first_call(History(found), "wire", {}, {})
    assert {"tainted('session')": False, "succeeded('look')": 0, "calls('wire')": 0} == known
    assert ("looked",) == Engine(found).decide("wire", {}, given=known).rules
    assert ("looked", "after_reading:1") == Engine(found).decide("wire", {}).rules
    assert {} == first_call(History(found), "look", {}, {})  # nothing asks
    assert {} == first_call(History(found), "nobody", {}, {})
