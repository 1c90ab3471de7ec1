"""The table of tests, coverage and mutants in the top README is what the tool gives for the shipped charters.

`UPDATE_SCORES=1` writes it anew, with the mutants that the solver proves equivalent. Which mutants are killed is
counted each time; that a survivor is equivalent hangs on a solver's time, and is only held to be possible.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from tests.benchmarks.imports import ROOT

from govern.charter.model import Charter
from govern.compile.lower import lower
from govern.scenario.collect import Choice, collect, run_tests
from govern.scenario.coverage import measured, total
from govern.scenario.mutation import Fate, mutate

README = ROOT / "README.md"
UPDATE = os.environ.get("UPDATE_SCORES") == "1"
CHARTERS = sorted(
    str(path.relative_to(ROOT))
    for folder in ("samples/*", "charters/agentdojo", "charters/code-review", "charters/desk", "charters/taubench")
    for path in ROOT.glob(f"{folder}/*.yaml")
    if not path.name.endswith(".test.yaml")
)
_ROW = re.compile(
    r"^\| \[([^\]]+)\]\([^)]*\) \| (\d+) \| (\d+) % \| (\d+) of (\d+) \| (\d+) \| (\d+) % \|$", re.MULTILINE
)
_HEAD = "| charter | tests | covered | mutants killed | equivalent | score |\n|---|---|---|---|---|---|\n"


@dataclass(frozen=True)
class Row:
    """What the tests of one charter are worth."""

    charter: str
    tests: int
    covered: int
    killed: int
    mutants: int
    equivalent: int

    @property
    def score(self) -> int:
        """Percent of mutants that mean something else and are noticed, rounded down."""
        return 100 * self.killed // (self.mutants - self.equivalent)

    @property
    def line(self) -> str:
        return (
            f"| [{self.charter}]({self.charter}) | {self.tests} | {self.covered} % "
            f"| {self.killed} of {self.mutants} | {self.equivalent} | {self.score} % |\n"
        )


@cache
def rows() -> dict[str, tuple[Row, int]]:
    """The table as it stands, with the score that it says."""
    found = {}
    for charter, tests, covered, killed, mutants, equivalent, score in _ROW.findall(README.read_text("utf-8")):
        found[charter] = Row(charter, *map(int, (tests, covered, killed, mutants, equivalent))), int(score)
    return found


def row(charter: str, *, tell: bool) -> Row:
    """What the tool gives: all cases of a charter and of the suite beside it pass first."""
    run = run_tests(collect([str(ROOT / charter)], Choice((), (), None, None)))
    assert (0, 0) == (run.failed, run.not_judged), charter
    (tested,) = {group.charter_file for group in run.groups}
    assert Path(tested) == ROOT / charter
    model: Charter = run.groups[0].charter
    coverage = measured(model, lower(model), run.outcomes)
    cases = [case for group in run.groups for case in group.cases]
    zone = run.groups[0].engine.zone
    fates = Counter(each.fate for each in mutate(model, cases, zone, budget_ms=900_000, tell=tell).tried)
    assert not fates[Fate.NOT_RUN]
    return Row(
        charter, run.judged, total((coverage,)).percent, fates[Fate.KILLED], fates.total(), fates[Fate.EQUIVALENT]
    )  # fmt: skip


@pytest.mark.skipif(not UPDATE, reason="writes the table; set UPDATE_SCORES=1")
def test_write_the_table() -> None:
    """Not a check: the table, made by the tool."""
    text = README.read_text("utf-8")
    begin = text.index(_HEAD) + len(_HEAD)
    end = text.index("\n\n", begin) + 1
    README.write_text(text[:begin] + "".join(row(each, tell=True).line for each in CHARTERS) + text[end:], "utf-8")


def test_every_shipped_charter_has_a_row() -> None:
    """None is left out, and every score is that of its row's counts."""
    assert CHARTERS == list(rows())
    for made, score in rows().values():
        assert made.score == score, made
        assert made.equivalent <= made.mutants - made.killed, made


@pytest.mark.parametrize("charter", CHARTERS)
def test_the_row_is_what_the_tool_gives(charter: str) -> None:
    """Tests, coverage and killed mutants are counted again."""
    stated, _ = rows()[charter]
    made = row(charter, tell=False)
    assert (stated.tests, stated.covered, stated.killed, stated.mutants) == (
        made.tests, made.covered, made.killed, made.mutants,
    )  # fmt: skip
