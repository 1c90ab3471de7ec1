"""A glob of a charter's own rule that no mapped tool answers to. A base is written for tools of other charters."""

from __future__ import annotations

from collections.abc import Iterator

from govern.charter.model import Charter, Kind
from govern.findings import Confidence, Severity, did_you_mean
from govern.lint.hit import Hit
from govern.policy.glob import is_glob, matches

SEVERITY = Severity.WARNING
CONFIDENCE = Confidence.HIGH


def check(charter: Charter) -> Iterator[Hit]:
    if charter.kind is not Kind.CHARTER:
        return
    for rule in charter.rules:
        for word in rule.tools if charter.here(rule.at) else ():
            if is_glob(word.name) and not any(matches(word.name, name) for name in charter.tools):
                hint = did_you_mean(word.name, charter.tools)
                yield Hit(f"`{word.name}` matches no tool of this charter", word.at, hint)
