"""A mapped tool whose input nobody checks."""

from __future__ import annotations

from collections.abc import Iterator

from govern.charter.model import Charter
from govern.findings import Confidence, Severity
from govern.lint.hit import Hit

SEVERITY = Severity.WARNING
CONFIDENCE = Confidence.HIGH


def check(charter: Charter) -> Iterator[Hit]:
    for tool in charter.tools.values():
        if tool.input is None:
            hint = "add `input`; without arguments: `input: {type: object, properties: {}}`"
            yield Hit(f"`{tool.name}` takes any arguments at all", tool.at, hint)
