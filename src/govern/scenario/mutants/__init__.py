"""Mutants of a charter: the same charter with one small change, as a slip or a hurried edit would make it.

Only what decisions, the history and approval gates of this version enforce is changed: a change of anything else
(credentials, what is masked, records, escalation, the shadow run, reasons for people) no test could notice. What means
the same by construction is not made: an unused gate or fact, `external` where nothing asks for it, a trusted tool where
nothing asks what was read. Bases and libraries are changed as they count in this charter.

A mutant's id is its part, its kind and a number within them (`rule/own-customer:comparison:1`): it stays when other
parts of the charter change.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from govern.charter.model import Charter
from govern.compile.lower import lower
from govern.errors import AuthorError
from govern.findings import Location
from govern.policy.engine import Engine
from govern.policy.model import Policy
from govern.scenario.mutants.change import Change, Kind
from govern.scenario.mutants.gates import of_gates
from govern.scenario.mutants.history import of_facts, of_limits, of_untrusted
from govern.scenario.mutants.judged import judged
from govern.scenario.mutants.places import Places
from govern.scenario.mutants.rules import of_never, of_rules
from govern.scenario.mutants.tools import of_tools

__all__ = ["Change", "Kind", "Mutant", "mutants"]


@dataclass(frozen=True, slots=True)
class Mutant:
    """A charter with one change, lowered.

    Args:
        id: unique among the mutants of a charter.
        kind: what the change is about.
        at: where, in the charter or a file that it is composed with.
        words: what was changed.
        policy: what the changed charter means.
    """

    id: str
    kind: Kind
    at: Location
    words: str
    policy: Policy


def mutants(charter: Charter, zone: str | None = None) -> Iterator[Mutant]:
    """Every mutant of a charter, part by part; no two of one part with the same meaning, none with
    the charter's own.

    Args:
        zone: the deployment's time zone, as of `Engine`.
    """
    own = judged(lower(charter))
    before: list[tuple[str, Policy]] = []
    numbers: Counter[tuple[str, Kind]] = Counter()
    for change in changes(charter):
        # Numbered before any is left out: which ones are depends on other parts of the charter.
        numbers[change.of, change.kind] += 1
        policy = _usable(change, zone)
        if policy is None:
            continue
        meant = judged(policy)
        if meant == own or any(meant == other for of, other in before if of == change.of):
            continue
        before = [*((of, other) for of, other in before if of == change.of), (change.of, meant)]
        id = f"{change.of}:{change.kind}:{numbers[change.of, change.kind]}"
        yield Mutant(id, change.kind, change.at, change.words, policy)


def changes(charter: Charter) -> Iterator[Change]:
    """Every change that is tried, in the order of a charter's sections."""
    places = Places(charter)
    yield from of_gates(charter, places)
    yield from of_facts(charter, places)
    yield from of_tools(charter, places)
    yield from of_rules(charter, places)
    yield from of_limits(charter, places)
    yield from of_never(charter)
    yield from of_untrusted(charter, places)


def _usable(change: Change, zone: str | None) -> Policy | None:
    """What a changed charter means; None where it means nothing (a schema that contradicts itself)."""
    try:
        policy = lower(change.charter)
        if change.kind is Kind.INPUT:
            Engine(policy, zone)
    except AuthorError:
        return None
    return policy
