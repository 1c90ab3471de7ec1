"""What a statement costs: each of `tests/proof/statements.yaml`, asked of a policy that the solver has not seen yet.

Importing the solver and loading the charter are left out: they are paid once a command. What is not decided within
`--timeout` as it is without the option has taken that long. Any other answer than the one that was worked out by hand
is an error.
"""

from __future__ import annotations

import statistics
import time
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from govern.compile.sources import one_policy
from govern.policy.model import Policy
from govern.proof.ask import Broken, Holds, Prover, Unknown, Vacuous
from govern.proof.statement_text import parse_statement

from .table import DisagreementError, Line, Size

ROOT = Path(__file__).parents[2]
STATEMENTS = ROOT / "tests" / "proof" / "statements.yaml"
MEDIAN_MS = 100
_KINDS = {Holds: "holds", Broken: "counterexample", Vacuous: "vacuous", Unknown: "unknown"}


def lines(size: Size) -> list[Line | str]:
    """The median and the slowest; where the solver is not installed, that it is not.

    Raises:
        DisagreementError: an answer is another than in the table.
    """
    try:
        import z3  # noqa: F401 - here so that no statement pays for it
    except ImportError:
        return ["statements: NOT MEASURED, the extra `prove` is not installed"]
    table: list[dict[str, Any]] = yaml.safe_load(STATEMENTS.read_text("utf-8"))
    told = [(part["charter"], case) for part in table for case in part["statements"]]
    taken = sorted(_asked(charter, case, size.rounds) for charter, case in told[:: max(1, 2_000 // size.calls)])
    median, (slowest, what) = statistics.median(each for each, _ in taken), taken[-1]
    return [
        Line(f"a statement, {len(taken)} of them, median", None, f"{median:.0f} ms", target=f"≤ {MEDIAN_MS} ms",
             met=median <= MEDIAN_MS),
        Line("the slowest statement", None, f"{slowest:.0f} ms"),
        f"the slowest statement was `{what}`",
    ]  # fmt: skip


def _asked(charter: str, case: dict[str, Any], rounds: int) -> tuple[float, str]:
    """Milliseconds, the median of several times."""
    policy = _policy(charter)
    statement = parse_statement(case["says"], policy)
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        answer = Prover(policy).ask(statement)
        times.append((time.perf_counter() - start) * 1e3)
        if _KINDS[type(answer)] not in (case["is"], "unknown"):  # what is not decided in time is slow, not wrong
            raise DisagreementError(f"`{case['says']}` of {charter}: {_KINDS[type(answer)]}, not {case['is']}")
    return statistics.median(times), case["says"]


@cache
def _policy(charter: str) -> Policy:
    return one_policy(ROOT / charter)
