"""What can be wrong with a condition's text."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong, with its span in the text (offsets in code points, the end exclusive)."""

    start: int
    end: int
    message: str
    hint: str = ""
    code: str = "condition-syntax"


class ConditionError(ValueError):
    """The text is no condition of the language.

    Args:
        problems: all that is wrong, in order; at least one.
    """

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("; ".join(problem.message for problem in problems))
        self.problems = problems
