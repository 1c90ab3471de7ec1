"""A `never` without a reason: the agent is told no, and neither it nor a reviewer learns why.

Rules are left out: a rule has an id that says what it is about, a `never` has only its globs.
"""

from __future__ import annotations

from collections.abc import Iterator

from govern.charter.model import Charter
from govern.findings import Confidence, Severity
from govern.lint.hit import Hit, listed

SEVERITY = Severity.NOTE
CONFIDENCE = Confidence.HIGH


def check(charter: Charter) -> Iterator[Hit]:
    for never in charter.never:
        if not never.because:
            names = listed([word.name for word in never.tools])
            message = f"nothing says why {names} is never released: a refusal names the glob only"
            yield Hit(message, never.tools[0].at, "add `because: …`")
