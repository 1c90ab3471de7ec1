"""Every part of the benchmark runs, and an answer that differs is an error. No figure is asserted."""

from __future__ import annotations

import json
import sys

import pytest

from govern.events.canonical import text_of
from govern.policy.engine import Engine
from govern.policy.verdict import UNKNOWN

from . import easy, hard, sets
from .__main__ import main
from .parts import PARTS
from .table import QUICK, DisagreementError, Line, agree


@pytest.mark.parametrize("name", PARTS)
def test_a_part_runs(name: str) -> None:
    """It measures something, and every answer in it agrees."""
    assert PARTS[name].measure(QUICK)


def test_another_answer_is_an_error(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Where what is written by hand says something else, nothing of that part is printed and the run fails."""
    honest = easy.by_hand
    monkeypatch.setattr(easy, "by_hand", lambda tool, args: "deny" if tool == easy.TOOLS[-1] else honest(tool, args))
    assert 1 == main(["decision", "--quick"])
    said = capsys.readouterr()
    assert "answers disagree" in said.err
    assert "one decision" not in said.out


def test_a_part_that_breaks_is_an_error(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The run fails and says where; the other parts are printed."""
    monkeypatch.setattr(easy, "charter_or_raise", None)
    assert 1 == main(["whole", "imports", "--quick"])
    said = capsys.readouterr()
    assert "whole: broke" in said.err
    assert "reading a log of samples" in said.out


def test_a_peer_that_is_not_there_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """No peer is left out in silence."""
    for module in ("cedarpy", "regorus", "regopy"):
        monkeypatch.setitem(sys.modules, module, None)
    lines = PARTS["peers"].measure(QUICK)
    assert 5 == sum(isinstance(line, Line) and "NOT MEASURED" in line.what for line in lines)
    assert 5 == len(lines)


def test_nothing_counted_is_no_agreement() -> None:
    """Two empty answers do not agree."""
    with pytest.raises(DisagreementError):
        agree("nothing", {"ours": {}, "by hand": {}})


def test_an_unknown_part_is_a_usage_error() -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["sidecars"])
    assert 2 == stopped.value.code


def test_the_hard_set_is_what_it_says() -> None:
    """100 tools, 66 rules, about 178 bytes, 2 to 3 % of calls with an unknown condition, in canonical text."""
    calls = hard.calls(10_000)
    engine = Engine(hard.policy())
    unknown = sum(UNKNOWN in engine.truths(tool, args) for tool, args in calls) / len(calls)
    length = sum(len(hard.text(args)) for _, args in calls) / len(calls)
    ids = {rule.id for tool in hard.policy().tools.values() for rule in tool.rules}
    assert (100, 66) == (len(hard.policy().tools), len(ids))
    assert 170 < length < 190
    assert 0.02 < unknown < 0.035
    assert [hard.text(args) for _, args in calls[:500]] == [text_of(args) for _, args in calls[:500]]


def test_the_hard_set_by_hand_is_ours_call_by_call() -> None:
    """Not by totals alone: every single call, odd ones too, and with input schemas."""
    engine = Engine(hard.policy())
    calls = hard.calls(5_000, seed=7)
    assert [hard.by_hand(tool, args) for tool, args in calls] == [
        engine.decide(tool, args).effect.label for tool, args in calls
    ]


@pytest.mark.parametrize("one", [sets.easy_set(), sets.hard_set()], ids=lambda one: one.name)
def test_the_order_of_rows_changes_no_row(one: sets.Set) -> None:
    """Sorted by tool are the same calls, each with its own arguments."""
    con = sets.connection()
    one.fill(con, 2_000, False)
    as_in_file = con.execute("SELECT * FROM calls ORDER BY event_id").fetchall()
    one.fill(con, 2_000, True)
    assert as_in_file == con.execute("SELECT * FROM calls ORDER BY event_id").fetchall()
    by_tool = [row[1] for row in con.execute("SELECT * FROM calls").fetchall()]
    assert sorted(by_tool) == by_tool
    assert 1900 < len({json.dumps(row[2]) for row in as_in_file})
