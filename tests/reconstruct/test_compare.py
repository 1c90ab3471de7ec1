"""Two chains side by side."""

from __future__ import annotations

from govern.reconstruct.compare import Compared, compare
from govern.reconstruct.judge import reconstruct

from .reading import Row, events_of

PAID = [
    {"is": "tool_call", "span": "a", "tool": "look"},
    {"is": "policy_check", "span": "a", "tool": "look", "verdict": "allow"},
    {"is": "tool_result", "span": "a", "tool": "look", "content": "12 items"},
    {"is": "tool_call", "span": "b"},
    {"is": "policy_check", "span": "b", "verdict": "allow"},
    {"is": "tool_result", "span": "b", "content": "paid"},
]  # fmt: skip


def compared(left: list[Row], right: list[Row]) -> Compared:
    return compare(reconstruct(events_of(left)), reconstruct(events_of(right)))


def test_a_chain_is_the_same_as_itself() -> None:
    """Times apart, everything is alike."""
    found = compared(PAID, [{**PAID[0], "at": 900}, *PAID[1:]])
    assert found.same
    assert 2 == len(found.pairs)


def test_every_field_that_differs_is_named_with_both_sides() -> None:
    """Input, verdict, output, execution."""
    right = [
        *PAID[:3],
        {**PAID[3], "args": {"amount": 9}},
        {**PAID[4], "verdict": "deny", "args": {"amount": 9}, "rules": ["cap"]},
    ]
    found = compared(PAID, right)
    assert not found.same
    assert not found.pairs[0].differences
    said = {each.field: (each.left, each.right) for each in found.pairs[1].differences}
    assert ('{"amount":5}', '{"amount":9}') == said["input"]
    assert ("allow", "deny") == said["verdict"]
    assert (None, "cap") == said["rules"]
    assert ("paid", None) == said["output"]
    assert ("executed, ok", "not executed") == said["execution"]
    assert (None, None) != said["gaps"]
    assert {"input", "verdict", "rules", "output", "execution", "gaps"} == set(said)


def test_an_action_without_a_counterpart_stands_alone() -> None:
    """A tool that only one of them used does not shift the others."""
    extra = [{"is": "tool_call", "span": "x", "tool": "mail"}]
    found = compared(PAID, [*PAID[:3], *extra, *PAID[3:]])
    assert [(1, 1), (None, 2), (2, 3)] == [
        (pair.left.index if pair.left else None, pair.right.index if pair.right else None) for pair in found.pairs
    ]
    assert not found.same
