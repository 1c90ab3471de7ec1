"""A tool that is trusted although people outside write what it brings."""

from __future__ import annotations

from collections.abc import Iterator

from govern.charter.model import Charter
from govern.findings import Confidence, Severity
from govern.lint.hit import Hit
from govern.lint.outside import brings_outside

SEVERITY = Severity.WARNING
CONFIDENCE = Confidence.MEDIUM


def check(charter: Charter) -> Iterator[Hit]:
    for word in charter.untrusted.trusted if charter.untrusted else ():
        tool = charter.tools.get(word.name)
        why = brings_outside(tool) if tool is not None else None
        if why is not None:
            message = f"`{word}` is trusted, and others write what it brings: {why}"
            yield Hit(message, word.at, "take it out of `trusted`: what it brings may carry instructions")
