"""What holds a tool: `never`, a scenario that denies, rules that deny every call; and what is no rule's doing."""

from __future__ import annotations

from govern.charter.load import load_text
from govern.charter.model import Charter
from govern.compile.lower import lower
from govern.replay.groups import Key, Kind, Policies, Replayed, Seen
from govern.suggest.held import by_never, by_scenario, would

from .seen import CHARTER, action

RULED = CHARTER + "rules:\n  - {id: shut, tools: [refund], when: \"args.id != 'x'\", then: deny, because: It is off.}\n"


def charter(text: str) -> Charter:
    found = load_text(text).charter
    assert found is not None
    return found


def judged(*groups: tuple[Key, int]) -> tuple[dict[str, int], frozenset[str]]:
    """Calls by what would have been said, and the tools that rules wholly deny."""
    made = charter(RULED)
    policies = Policies({"desk": lower(made)})
    found, wholly = would(Replayed({key: Seen(calls) for key, calls in groups}), policies, {"desk": made})
    (said,) = found.values()
    return {"deny": said.deny, "invalid": said.invalid, **{each.id: each.calls for each in said.held}}, frozenset(
        tool for _, tool in wholly
    )


def test_never_and_scenarios() -> None:
    """By exact name or glob; a scenario holds only where it denies."""
    text = CHARTER + (
        "scenarios:\n  - {instruction: Do it, call: {add_a: {}}, expect: deny}\n"
        "  - {instruction: Do that, call: {add_b: {}}, expect: allow}\n"
    )
    found = charter(text)
    assert ["never:delete_*"] == [each.id for each in by_never(found, action("shop/delete_all"))]
    assert [] == [*by_never(found, action("undelete_all"))]
    assert ['"Do it" is denied'] == [each.because for each in by_scenario(found, action("add_a"))]
    assert [] == [*by_scenario(found, action("add_b")), *by_scenario(found, action("add_c"))]


def test_every_call_denied_by_a_rule() -> None:
    """`refund` has one condition of a rule: true denies."""
    assert ({"deny": 3, "invalid": 0, "shut": 3}, {"refund"}) == judged(
        (Key("desk", "refund", Kind.JUDGED, True, (2,)), 3)
    )


def test_some_calls_denied() -> None:
    """Then it is a matter of arguments, and the tool is not held."""
    groups = ((Key("desk", "refund", Kind.JUDGED, True, (2,)), 3), (Key("desk", "refund", Kind.JUDGED, True, (0,)), 1))
    assert ({"deny": 3, "invalid": 0, "shut": 3}, frozenset()) == judged(*groups)


def test_invalid_input_is_no_rule() -> None:
    """Calls that are denied for their arguments alone are not held, nor are malformed ones, where a rule does not know
    what it asks for."""
    assert ({"deny": 2, "invalid": 2}, frozenset()) == judged((Key("desk", "get_order", Kind.JUDGED, False, ()), 2))
    assert ({"deny": 2, "invalid": 2}, frozenset()) == judged((Key("desk", "refund", Kind.MALFORMED), 2))
