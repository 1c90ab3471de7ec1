"""Every condition of the judgement is held by a case: turned, one of them fails.

`cases/survivors.txt` lists the conditions that no case can tell from their mutants: most guard a value that cannot be
missing there, or choose between two that are equal. The list may only become shorter; whoever adds a condition adds a
case for it. `python -m tests.reconstruct.test_mutation` prints the survivors as they are,
and `GOVERN_MUTANTS=1` tries all of them.
"""

from __future__ import annotations

import os
import pkgutil
from collections.abc import Iterator

import pytest

from govern.reconstruct import gaps

from .mutants import Mutant, in_place, mutants
from .reading import HERE, Case
from .test_cases import CASES, all_words, words_of

EVERY = int(os.environ.get("GOVERN_MUTANTS", "5"))
"""Each so many-th mutant is tried; 1 tries all, which takes a minute."""
SURVIVORS = HERE / "survivors.txt"
_NO_JUDGEMENT = ("contract", "facts", "registry")
MODULES = [
    *(f"govern.reconstruct.gaps.{m.name}" for m in pkgutil.iter_modules(gaps.__path__) if m.name not in _NO_JUDGEMENT),
    *(f"govern.reconstruct.{name}" for name in ("approvals", "order", "restart")),
]


def survivors(module: str, every: int = 1) -> Iterator[Mutant]:
    """The mutants of a module (each `every`th) under which every case says what it said before."""
    words, unit = all_words(), module.rpartition(".")[2].replace("_", "-")
    nearest = sorted(CASES, key=lambda case: not case.name.startswith(f"{unit}-"))
    for mutant in mutants(module, every):
        with in_place(mutant):
            if all(_same(case, words) for case in nearest):
                yield mutant


def _same(case: Case, words: dict[str, list[str]]) -> bool:
    try:
        return words_of(case) == words[case.name]
    except Exception:  # a mutant may break in any way; then it is found
        return False


def line_of(mutant: Mutant) -> str:
    return f"{mutant.module.removeprefix('govern.reconstruct.')}: {mutant.key}"


@pytest.mark.parametrize("module", MODULES)
def test_a_condition_that_is_turned_is_found(module: str) -> None:
    """No condition survives its mutants but those that are listed."""
    listed = set(SURVIVORS.read_text("utf-8").splitlines())
    assert [] == [line_of(mutant) for mutant in survivors(module, EVERY) if line_of(mutant) not in listed]


if __name__ == "__main__":
    for each in MODULES:
        for survivor in survivors(each):
            print(line_of(survivor))
