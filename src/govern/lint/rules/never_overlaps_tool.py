"""A tool that is mapped and stands under `never` too."""

from __future__ import annotations

from collections.abc import Iterator

from govern.charter.model import Charter
from govern.findings import Confidence, Severity
from govern.lint.hit import Hit
from govern.policy.glob import matches

SEVERITY = Severity.WARNING
CONFIDENCE = Confidence.HIGH


def check(charter: Charter) -> Iterator[Hit]:
    for never in charter.never:
        for word in never.tools:
            for tool in charter.tools.values():
                if matches(word.name, tool.name):
                    by = "" if word.name == tool.name else f", which means `{tool.name}` too"
                    yield Hit(
                        f"`{tool.name}` is mapped, and `never` denies every call of it",
                        word.at,
                        f"take it out of `tools` (line {tool.at.line}), or narrow `{word.name}`{by}",
                    )
