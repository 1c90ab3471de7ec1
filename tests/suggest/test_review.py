"""The review of one suggestion: what each answer does, and that none is looser than the guess."""

from __future__ import annotations

import pytest

from govern.policy.model import Tier
from govern.suggest import drafting
from govern.suggest.model import Step
from govern.suggest.review import Answer, answer, next_gate, tightened, widened

from .seen import action, target

CALLS = [{"id": f"{number}", "mode": mode} for number in range(15) for mode in ("a", "b")] + [{"id": "1"}]


def test_answers() -> None:
    """Letters and words, in any case; anything else is none."""
    assert [Answer.ACCEPT, Answer.ACCEPT, Answer.TIGHTEN, Answer.GATE] == [
        answer(text) for text in ("a\n", " Accept ", "t", "gate")
    ]
    assert [None, None, None] == [answer(text) for text in ("", "x", "aa")]


def test_ladder() -> None:
    """From closed sets to bounds, to the stricter tiers; and back, at last to arguments that may be left out."""
    each = drafting.drafted(target(), action("add_note", CALLS), None, values=True)
    rungs = [(each.tier, each.step)]
    for _ in range(4):
        each = tightened(target(), each).suggestion
        rungs.append((each.tier, each.step))
    top = (Tier.IRREVERSIBLE, Step.BOUNDS)
    assert [(Tier.REVERSIBLE, Step.VALUES), (Tier.REVERSIBLE, Step.BOUNDS), top, top, top] == rungs
    assert each.gate == "finance"
    back = []
    for _ in range(6):
        each = widened(target(), each).suggestion
        assert each.tier in (Tier.REVERSIBLE, Tier.IRREVERSIBLE)
        back.append(each.step)
    wide = Step.OPTIONAL
    assert [Step.BOUNDS, Step.VALUES, Step.TYPES, wide, wide, wide] == back
    assert (Tier.REVERSIBLE, None) == (each.tier, each.gate)


@pytest.mark.parametrize("tool", ["get_a", "add_note", "delete_note", "frobnicate"])
def test_never_looser_than_the_guess(tool: str) -> None:
    """However often somebody widens."""
    each = drafting.drafted(target(), action(tool, CALLS), None, values=False)
    for _ in range(8):
        each = widened(target(), each).suggestion
        assert each.tier is each.guess.tier
    assert (each.gate is not None) == (each.tier is Tier.IRREVERSIBLE)


def test_values_are_a_step_only_where_asked_for() -> None:
    asked = drafting.drafted(target(), action("add_note", CALLS), None, values=True)
    silent = drafting.drafted(target(), action("add_note", CALLS), None, values=False)
    assert (True, False) == (Step.VALUES in asked.steps, Step.VALUES in silent.steps)
    for _ in range(4):
        silent = tightened(target(), silent).suggestion
    assert "enum" not in str(silent.stanza.input)


def test_next_gate() -> None:
    """The gates that may release it, in turn; a tool that asks nobody is asked about none."""
    each = drafting.drafted(target(), action("delete_note", CALLS), None, values=False)
    names = []
    for _ in range(3):
        each = next_gate(target(), each).suggestion
        names.append(each.gate)
    assert ["lead", "finance", "lead"] == names
    free = drafting.drafted(target(), action("get_a", CALLS), None, values=False)
    assert next_gate(target(), free).suggestion == free
