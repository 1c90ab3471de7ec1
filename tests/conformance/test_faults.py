"""The comparisons can fail: a fault planted in any one implementation is caught, every one of them.

The comparisons are those that the other tests run: the traps, random conditions on hostile arguments, on facts, times
and history, and random policies on calls.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pytest

from . import test_conditions, test_outside, test_policies, test_traps, test_traps_history, test_uncaptured
from .faults import FAULTS, Fault


def conditions() -> None:
    test_traps.hold_all()
    test_conditions.compare(seed=20261118, conditions=600)


def history() -> None:
    with TemporaryDirectory() as folder:
        test_traps_history.hold_all(Path(folder))


COMPARISONS: dict[str, Callable[[], object]] = {
    "conditions": conditions,
    "outside": lambda: test_outside.compare(seed=20261119, conditions=500),
    "verdicts": lambda: test_policies.compare(seed=4, count=260),
    "uncaptured": test_uncaptured.test_engines_agree_on_what_is_given,
    "history": history,
    "range": test_uncaptured.test_uncaptured_is_a_range,
}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_planted_fault_is_caught(fault: Fault, monkeypatch: pytest.MonkeyPatch) -> None:
    """One operator or one table entry is wrong in one implementation, and the comparison does not pass."""
    fault.plant(monkeypatch)
    with pytest.raises((AssertionError, duckdb.Error)):
        COMPARISONS[fault.caught_by]()


def test_there_are_enough() -> None:
    """Each implementation has its faults, and no two have one name."""
    names = [fault.name for fault in FAULTS]
    counts = {
        prefix: sum(name.startswith(f"{prefix}: ") for name in names)
        for prefix in ("per call", "SQL", "verdict", "history", "reference")
    }
    print(f"\nplanted faults: {len(names)} {counts}")
    assert len(names) == len(set(names)) == sum(counts.values())
    assert counts["per call"] >= 40
    assert counts["SQL"] >= 40
    assert counts["verdict"] >= 15
    assert counts["history"] >= 5
    assert counts["reference"] >= 30
