"""Inputs that two charters work out in two ways: facts that others are found by, origins, absence, limits by facts."""

from __future__ import annotations

import pytest
from tests.diff.comparing import ZONE, between, changed, loaded, told, way

from govern.diff.compare import compare
from govern.diff.model import Change

CHARTER = """
govern: 1
agent: desk
version: 1
purpose: Answers questions.
owner: lead
roles: [lead, board]
approvals:
  lead: {roles: [lead], if_no_answer: [{after: 8h, then: deny}]}
  board: {roles: [board], if_no_answer: [{after: 8h, then: deny}]}
facts:
  person: {from: {result_of: [whoami]}, fields: {id: string, grade: {enum: [plain, gold]}}}
  order: {from: {result_of: [get_order], where: {result.owner: person.id}}, fields: {total: number}}
tools:
  whoami: {tier: read_only, input: {type: object, properties: {}}}
  get_order:
    tier: read_only
    input: {type: object, properties: {}}
    show_only_if: "result.owner == person.id"
  pay:
    tier: irreversible
    approval: {ask: lead, unless: order.total < 10}
    input: {type: object, required: [to], properties: {to: {type: string}}}
  gift:
    tier: reversible
    input: {type: object, properties: {}}
    rules:
      - {id: known, when: "GUARD", then: {approval: lead}}
  send:
    tier: reversible
    input: {type: object, required: [to], properties: {to: {type: string}}}
    rules:
      - {id: said, only_if: "origin(args.to) == 'user' || origin(args.to) == 'trusted'", otherwise: {approval: lead}}
  post: {tier: reversible, input: {type: object, required: [to], properties: {to: {type: string}}}}
limits:
  - {id: posts, tools: [post], max: 3, within: trace, for_each: [person.id], otherwise: {approval: lead}}
untrusted:
  trusted: [whoami, get_order]
"""


def _text(*edits: tuple[str, str], guard: str = "person.grade != 'gold'") -> str:
    text = CHARTER.replace("GUARD", guard)
    for old, new in edits:
        assert 1 == text.count(old), old
        text = text.replace(old, new)
    return text


def _ways(*edits: tuple[str, str], guard: str = "person.grade != 'gold'") -> dict[str, str]:
    old, new = ({"desk.yaml": _text(*each, guard=guard)} for each in ((), edits))
    return changed(between(loaded(old), loaded(new)))


def test_a_fact_that_another_one_is_found_by_moves_it() -> None:
    """Who the person is decides which order is theirs, what is shown, and whose posts count together."""
    edit = ("person: {from: {result_of: [whoami]}", "person: {from: {result_of: [whoami, get_order]}")
    every = {"pay": "shifted", "gift": "shifted", "get_order": "shifted", "post": "shifted"}
    assert every == _ways(edit)


@pytest.mark.parametrize(
    ("guard", "expected"),
    [
        ("person.grade == 'plain'", "narrowed"),
        ("!(person.grade in ['gold', 'plain'])", "narrowed"),
        ("has(person.grade)", "widened"),
        # It is narrower; that it is no wider as well is not proven.
        ("!has(person.grade)", "widened"),
        ("!has(person.grade) || person.grade == 'plain'", "widened"),
        ("has(person.grade) && person.grade != 'plain'", "widened"),
    ],
)
def test_a_value_less_is_narrower_unless_a_condition_asks_whether_it_is_there(guard: str, expected: str) -> None:
    """What is no value any more is unknown, which loosens nothing, but where unknown is made false."""
    old = _text(("grade: {enum: [plain, gold]}", "grade: {enum: [plain, gold, old]}"), guard=guard)
    new = old.replace("[plain, gold, old]", "[plain, gold]")
    difference = between(loaded({"desk.yaml": old}), loaded({"desk.yaml": new}))
    assert {"gift": expected} == changed(difference), told(difference)


def test_who_is_trusted_moves_origins_both_ways() -> None:
    """`origin` may become better or worse: nothing is proven of a condition that reads it."""
    for edit in (
        ("trusted: [whoami, get_order]", "trusted: [whoami]"),
        ("[whoami, get_order]\n", "[whoami, get_order, gift]\n"),
    ):
        old, new = loaded({"desk.yaml": _text()}), loaded({"desk.yaml": _text(edit)})
        difference = compare(old, new, zone=ZONE)
        assert "widened" == changed(difference)["send"]
        assert [False] == [tool.proven for tool in difference.tools if tool.tool == "send"]


def test_a_limit_by_a_fact_is_over_where_the_fact_is_unknown() -> None:
    """Without the key a call of an unknown person is no longer over, and all others count together: both ways."""
    assert {"post": "shifted"} == _ways(("for_each: [person.id], ", ""))


def test_a_limit_is_of_one_agent_anyway() -> None:
    """`agent`, and `trace` within a trace, divide nothing."""
    assert {} == _ways(("for_each: [person.id]", "for_each: [agent, person.id, trace]"))


def test_a_tool_that_went_leaves_a_shared_limit_to_the_others() -> None:
    """It is called no more: the others may do what they might have done without it before."""
    shared = ("limits:\n  - {id: posts, tools: [post],", "limits:\n  - {id: posts, external: false,")
    old = _text(shared)
    new = old.replace("  gift:\n", "  gone:\n").split("  gone:\n")
    rest = new[1].split("  send:\n")[1]
    gone = f"{new[0]}  send:\n{rest}"
    difference = between(loaded({"desk.yaml": old}), loaded({"desk.yaml": gone}))
    assert ("narrowed", {"gift": "removed"}) == (way(difference), changed(difference)), told(difference)


def test_without_the_solver_what_is_not_plain_counts_as_widened() -> None:
    """It says that it is not proven, and why."""
    old = _text(("unless: order.total < 10", "unless: args.to.startsWith('ab')"))
    new = _text(("unless: order.total < 10", "unless: args.to.matches('^abc')"))
    difference = compare(loaded({"desk.yaml": old}), loaded({"desk.yaml": new}), solver=False)
    pay = next(tool for tool in difference.tools if tool.tool == "pay")
    assert (Change.WIDENED, False, False) == (pay.change, pay.proven, difference.solver)
    assert any("not proven: the solver is not installed" in why for why in pay.why)
    proven = compare(loaded({"desk.yaml": old}), loaded({"desk.yaml": new}))
    assert {"pay": "narrowed"} == changed(proven), told(proven)


def test_a_raised_tier_denies_until_somebody_answers_for_it() -> None:
    """Raised to irreversible, a call of a tool without a gate is denied; a reason to be autonomous lets it pass."""
    raising = "rules:\n  - {id: far, tools: [post], when: \"args.to != 'me'\", then: {tier: irreversible}}\n"
    old = _text(("limits:\n", f"{raising}limits:\n"))
    new = old.replace("  post: {tier: reversible,", "  post: {tier: reversible, autonomous: {because: It is small.},")
    assert {"post": "widened"} == changed(between(loaded({"desk.yaml": old}), loaded({"desk.yaml": new})))
    assert {"post": "narrowed"} == changed(between(loaded({"desk.yaml": new}), loaded({"desk.yaml": old})))


def test_a_tier_that_is_lower_for_some_calls_is_wider() -> None:
    """The gate is asked anyway: what is lower is the tier that shadow mode and the boundary go by."""
    far = "\"args.to.matches('^(?:aab|abc|bca) x{7}$')\""
    raising = f"rules:\n  - {{id: far, tools: [post], when: {far}, then: {{tier: irreversible}}}}\n"
    asking = ("  post: {tier: reversible,", "  post: {tier: reversible, approval: {ask: lead},")
    old = _text(("limits:\n", f"{raising}limits:\n"), asking)
    new = old.replace("|bca) x", ") x")
    for pair, expected in (((old, new), "widened"), ((new, old), "narrowed")):
        difference = between(*(loaded({"desk.yaml": each}) for each in pair))
        assert {"post": expected} == changed(difference), told(difference)
        assert [True] == [tool.proven for tool in difference.tools if tool.tool == "post"]
