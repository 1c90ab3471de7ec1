"""An elevated scope that no tool asks for."""

from __future__ import annotations

from collections.abc import Iterator

from govern.charter.model import Charter
from govern.findings import Confidence, Severity
from govern.lint.hit import Hit

SEVERITY = Severity.WARNING
CONFIDENCE = Confidence.HIGH


def check(charter: Charter) -> Iterator[Hit]:
    asked = {word.name for tool in charter.tools.values() for word in tool.credentials}
    for each in charter.identity.elevated if charter.identity else ():
        if each.scope.name not in asked:
            message = f"no tool is given the scope `{each.scope}`"
            yield Hit(message, each.scope.at, "name it in `credentials` of the tool that needs it, or take it out")
