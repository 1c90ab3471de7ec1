"""A fact that nothing reads: what it was declared for is not judged."""

from __future__ import annotations

from collections.abc import Iterator

from govern.charter.model import Charter, Kind
from govern.findings import Confidence, Severity
from govern.lint.hit import Hit

SEVERITY = Severity.WARNING
CONFIDENCE = Confidence.HIGH


def check(charter: Charter) -> Iterator[Hit]:
    if charter.kind is not Kind.CHARTER or not charter.facts:
        return  # a base declares facts for the charters that extend it
    read = {name for clause in charter.clauses for name in clause.condition.outside}
    read |= {_root(word.name) for limit in charter.limits for word in limit.for_each}
    waiting = [name for name in read if name in charter.facts]
    while waiting:  # a fact that only an unread fact is looked up by is unread as well
        source = charter.facts[waiting.pop()].source
        for _, place in source.where if source else ():
            name = _root(place.name)
            if name in charter.facts and name not in read:
                read.add(name)
                waiting.append(name)
    for fact in charter.facts.values():
        if fact.name not in read and charter.here(fact.at):
            given = any(fact.name in scenario.given for scenario in charter.scenarios)
            message = f"no condition reads the fact `{fact.name}`" + (": scenarios only give it" if given else "")
            yield Hit(message, fact.at, "write the rule that it was declared for, or delete it")


def _root(place: str) -> str:
    return place.replace("[", ".").partition(".")[0]
