"""`govern lint --prove`: only who asks for the solver waits for it, needs it, and finds what it finds."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.proof.charters import HEAD

from govern.charter.load import charter_or_raise, load_text
from govern.compile.lower import lower
from govern.errors import EnvironmentFailed
from govern.lint import proofs
from govern.lint.proofs import Proofs
from govern.proof.question import Proven

from .running import govern

COVERED = f"""{HEAD}tools:
  pay:
    tier: irreversible
    approval: {{ask: lead}}
    input: {{type: object, required: [n], properties: {{n: {{type: number}}}}}}
    rules:
      - {{id: much, when: args.n > 500, then: deny, because: Too much.}}
      - {{id: too-much, when: args.n > 900, then: deny, because: Far too much.}}
escalation:
  - {{event: unmapped, to: head}}
"""


def missing(*_: Any, **__: Any) -> None:
    raise EnvironmentFailed("the solver is not installed", hint="pip install govern[prove]")


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "desk.yaml"
    file.write_text(COVERED, "utf-8")
    monkeypatch.chdir(tmp_path)
    return file


def test_only_who_asks_is_told(desk: Path, tmp_path: Path) -> None:
    """By the option or the configuration; without them lint finds the same whether the solver is there or not."""
    pytest.importorskip("z3", reason="the extra `prove` is not installed")
    said = "`too-much` adds nothing: wherever it applies, `much` applies too and is no weaker"
    assert said not in govern("lint", desk).out
    asked = govern("lint", desk, "--prove")
    assert (True, 1) == (said in asked.out, asked.exit_code)
    (tmp_path / "govern.toml").write_text("[lint]\nprove = true\n", "utf-8")
    assert said in govern("lint", desk).out
    (tmp_path / "govern.toml").write_text('[lint]\nprove = "yes"\n', "utf-8")
    wrong = govern("lint", desk)
    assert (3, True) == (wrong.exit_code, "`yes` is no value of `prove`" in wrong.err)


def test_without_the_solver(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Asked for and not installed is a failed environment, with what to install; not asked for, nobody notices."""
    monkeypatch.setattr(proofs, "Question", missing)
    ran = govern("lint", desk, "--prove")
    assert (4, "") == (ran.exit_code, ran.out)
    assert "pip install govern[prove]" in ran.err
    assert (1, "") == (govern("lint", desk).exit_code, govern("lint", desk).err)  # what lint finds alone


def test_lint_alone_imports_no_solver(desk: Path) -> None:
    """Neither z3 nor anything of proofs is loaded by a `govern lint` that was not asked to prove."""
    program = (
        "import sys\nfrom govern.cli import app\n"
        f"sys.argv = ['govern', 'lint', {str(desk)!r}]\n"
        "try:\n    app.main()\nexcept SystemExit:\n"
        "    found = [m for m in sys.modules if m == 'z3' or m.startswith(('govern.proof', 'govern.conditions.smt'))]\n"
        "    sys.stderr.write(str(found))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert "[]" == done.stderr


def test_out_of_time_is_counted(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was not asked in time, or is proven only within bounds, is not found, and the summary says how often."""
    monkeypatch.setattr(Proofs, "__init__", spent)
    ran = govern("lint", desk, "--prove")
    assert "adds nothing" not in ran.out
    assert "this condition is" not in ran.out
    assert "together deny" not in ran.out
    assert "questions to the solver not decided" in ran.out


def spent(self: Proofs, policy: Any, zone: Any = None, budget_s: float = 0.0) -> None:
    self.policy, self.zone, self.open = policy, zone, 0
    self._until, self._questions = 0.0, {}


def test_within_bounds_is_no_proof(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rule finds only what is proven of every call."""

    class Bounded:
        def __init__(self, *_: Any, **__: Any) -> None: ...

        def solve(self, *_: Any) -> Proven:
            return Proven(("lists of up to 4 items",))

    monkeypatch.setattr(proofs, "Question", Bounded)
    made = Proofs(lower(charter_or_raise(load_text(COVERED), "desk.yaml")))
    assert made.some("pay", lambda _: ()) is None
    assert 1 == made.open
