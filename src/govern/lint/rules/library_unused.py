"""A library of which the charter takes no entry."""

from __future__ import annotations

from collections.abc import Iterator

from govern.charter.model import Charter, Kind
from govern.findings import Confidence, Severity
from govern.lint.hit import Hit

SEVERITY = Severity.WARNING
CONFIDENCE = Confidence.HIGH


def check(charter: Charter) -> Iterator[Hit]:
    taken = {tool.described.library for tool in charter.tools.values() if tool.described is not None}
    for part in charter.parts:
        if part.kind is Kind.LIBRARY and part.name not in taken:
            message = f"no tool here is described by the library `{part.name}`"
            hint = "a tool takes an entry by its name, or by `server/name`; or take the file out of `uses`"
            yield Hit(message, part.at, hint)
