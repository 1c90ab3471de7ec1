"""A fact from a tool whose output may be written by others: whoever writes it decides what the rules see."""

from __future__ import annotations

from collections.abc import Iterator

from govern.charter.model import Charter, Kind
from govern.findings import Confidence, Severity
from govern.lint.hit import Hit
from govern.lint.outside import brings_outside
from govern.lint.scopes import own

SEVERITY = Severity.WARNING
CONFIDENCE = Confidence.HIGH


def check(charter: Charter) -> Iterator[Hit]:
    if charter.kind is not Kind.CHARTER:
        return  # whom to trust is the charter's to say
    trusted = {word.name for word in charter.untrusted.trusted} if charter.untrusted else set()
    for fact in charter.facts.values():
        for word in fact.source.tools if fact.source else ():
            tool = charter.tools.get(word.name)
            if charter.untrusted is not None and word.name not in trusted:
                message = f"`{fact.name}` comes from `{word}`, whose output is not trusted: it is unknown once flagged"
                hint = "take it from a tool under `trusted`; trust this one only if nobody outside writes what it gives"
                yield Hit(message, own(charter, word.at), hint)
            elif charter.untrusted is None and tool is not None and (why := brings_outside(tool)):
                message = f"`{fact.name}` comes from `{word}`, which others may write: {why}"
                hint = "take it from the system that holds the record"
                yield Hit(message, own(charter, word.at), hint, confidence=Confidence.MEDIUM)
