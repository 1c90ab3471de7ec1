"""A record scope over a search that says nothing of how many records one call may bring."""

from __future__ import annotations

from collections.abc import Iterator

from govern.charter.model import Charter
from govern.findings import Confidence, Severity
from govern.lint.hit import Hit
from govern.lint.outside import own_name, word_set
from govern.policy.verbs import words

SEVERITY = Severity.NOTE
CONFIDENCE = Confidence.MEDIUM

_MANY = word_set("browse dump export find list query search")


def check(charter: Charter) -> Iterator[Hit]:
    for records in charter.records.values():
        many = [word for word in records.read_by if words(own_name(word.name))[:1] and _verb(word.name) in _MANY]
        if many and records.max is None:
            message = f"one call of `{many[0]}` may bring any number of `{records.name}`"
            yield Hit(message, many[0].at, "add `max`: at most so many records a call")


def _verb(tool: str) -> str:
    return words(own_name(tool))[0]
