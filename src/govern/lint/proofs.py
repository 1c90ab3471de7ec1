"""What the solver says of one charter, for the rules of lint that ask it, within a time.

A rule asks only what its own look at the form of a condition did not settle, and claims only what was proven of every
call: out of time, or outside of what the solver reads, it finds nothing, and how often is counted. Only `lint --prove`
makes one of these: importing the solver and asking it takes longer than all the rest of lint, and what lint finds must
not depend on what happens to be installed.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from govern.policy.model import Policy
from govern.proof.question import Found, Proven, Question, Term, Undecided

BUDGET_S: Final = 5.0
"""For all questions about one charter, in seconds."""
_QUESTION_MS: Final = 500

Asked = Callable[[Question], tuple[Term, ...]]


class Proofs:
    """Questions about the calls of one charter.

    Attributes:
        open: how many questions were not decided.

    Args:
        policy: that the charter means.
        zone: the deployment's time zone by its IANA name.
        budget_s: for all of them, in seconds.
    """

    def __init__(self, policy: Policy, zone: str | None = None, budget_s: float = BUDGET_S) -> None:
        self.policy = policy
        self.zone = zone
        self.open = 0
        self._until = time.monotonic() + budget_s
        self._questions: dict[str, Question] = {}

    def some(self, tool: str, asked: Asked) -> bool | None:
        """Whether some call of a tool meets all terms; None where that was not decided of every call.

        Args:
            asked: makes the terms.

        Raises:
            EnvironmentFailed: the solver (extra `prove`) is not installed.
        """
        if time.monotonic() > self._until:
            self.open += 1
            return None
        if tool not in self._questions:
            self._questions[tool] = Question(tool, [self.policy], zone=self.zone, timeout_ms=_QUESTION_MS)
        question = self._questions[tool]
        match question.solve(*asked(question)):
            case Found():
                return True
            case Proven(()):
                return False
            case Proven() | Undecided():
                self.open += 1
                return None
