"""A charter that extends or uses other files, and no lock says which texts of them were looked at."""

from __future__ import annotations

from collections.abc import Iterator

from govern.charter.model import Charter, Kind
from govern.findings import Confidence, Severity
from govern.lint.hit import Hit

SEVERITY = Severity.NOTE
CONFIDENCE = Confidence.HIGH


def check(charter: Charter) -> Iterator[Hit]:
    if charter.kind is not Kind.CHARTER or charter.locked is not None:
        return
    named = (*charter.extends, *charter.uses)
    if named:
        files = f"{len(charter.parts)} file{'s' * (len(charter.parts) != 1)}"
        message = f"nothing pins the {files} that this charter is composed with: a change of one changes what it means"
        yield Hit(message, named[0].at, f"`govern lock {charter.source.file}`")
