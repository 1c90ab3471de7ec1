"""Seeded edits of a charter over every key of the language: each is classified rightly, each witness shows it."""

from __future__ import annotations

import random
from functools import cache

import pytest
from tests.diff.comparing import between, changed, loaded, told, way
from tests.diff.edits import EDITS, Edit, made

from govern.charter.model import Charter
from govern.diff.compare import compare
from govern.diff.model import Change

_BACK = {"narrowed": "widened", "widened": "narrowed", "shifted": "shifted", "unchanged": "unchanged"}
# One less and one more of these are no mirror images: a higher version is what every change has.
_ONE_WAY = {"CHARTER.version"}
_SEEDED = random.Random(20261123)
_BACKWARDS = _SEEDED.sample([edit for edit in EDITS if edit.key not in _ONE_WAY], 60)


@cache
def _base() -> Charter:
    return loaded(made())


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.name)
def test_an_edit_is_classified(edit: Edit) -> None:
    """The whole goes the way that the edit was made to go, and so do the tools that it reaches: for certain, each with
    a call for each way."""
    difference = between(_base(), loaded(made(edit)))
    assert edit.way == way(difference), told(difference)
    tools = changed(difference)
    if edit.way == "unchanged":
        assert {} == tools
    for tool in difference.tools if edit.way != "unchanged" else ():
        if tool.tool in edit.tools:
            assert tool.change in (edit.way, "added", "removed"), told(difference)
            assert tool.proven, told(difference)
            ways = {Change.ADDED: "widened", Change.REMOVED: "narrowed"}.get(tool.change, edit.way)
            both = {"widened", "narrowed"} if ways == "shifted" else {ways}
            assert both == {str(witness.way) for witness in tool.witnesses}


@pytest.mark.parametrize("edit", _BACKWARDS, ids=lambda edit: edit.name)
def test_an_edit_undone_goes_the_other_way(edit: Edit) -> None:
    """What narrows from here to there widens from there to here."""
    difference = between(loaded(made(edit)), _base())
    assert _BACK[edit.way] == way(difference), told(difference)


def test_a_charter_does_not_differ_from_itself() -> None:
    """No section, no tool; with a solver and without."""
    for solver in (True, False):
        difference = compare(_base(), _base(), solver=solver)
        assert (False, ()) == (difference.changed, difference.sections)
        assert {} == changed(difference)


def _several(ways: tuple[str, ...], seed: int) -> list[Edit]:
    """Edits of different places, one for each way."""
    rng = random.Random(seed)
    chosen: list[Edit] = []
    for each in ways:
        fitting = [
            edit for edit in EDITS
            if edit.way == each and len(edit.path) > 2
            and not any(edit.file == one.file and edit.path[:2] == one.path[:2] for one in chosen)
        ]  # fmt: skip
        chosen.append(rng.choice(fitting))
    return chosen


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("both", ["narrowed", "widened", "unchanged"])
def test_edits_that_go_one_way_go_it_together(both: str, seed: int) -> None:
    """Two tightenings are never looser, two loosenings never stricter, two that change nothing nothing."""
    difference = between(_base(), loaded(made(*_several((both, both), seed))))
    assert both == way(difference), told(difference)


@pytest.mark.parametrize("seed", range(20))
def test_a_tightening_never_hides_a_loosening(seed: int) -> None:
    """A change that is both is both: shifted."""
    difference = between(_base(), loaded(made(*_several(("narrowed", "widened"), seed))))
    assert "shifted" == way(difference), told(difference)


@pytest.mark.parametrize("seed", range(12))
def test_narrower_than_what_is_narrower_is_narrower(seed: int) -> None:
    """From a to b to c, each narrower: so is c than a, and no step shows anything looser."""
    one, other = _several(("narrowed", "narrowed"), 100 + seed)
    first, last = loaded(made(one)), loaded(made(one, other))
    assert ["narrowed", "narrowed", "narrowed"] == [
        way(compare(*pair, zone="Europe/Berlin")) for pair in ((_base(), first), (first, last), (_base(), last))
    ]
