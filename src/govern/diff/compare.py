"""Compares two charters: every tool by its verdicts, every key by its direction.

    compare(old, new).widened   # what `--fail-on widened` asks

Charters are compared as composed: what a base says counts where it is extended. Leaves out logs (`replay.compare`),
revisions (`revisions`) and words (`report`).
"""

from __future__ import annotations

from govern.charter.model import Charter
from govern.compile.lower import lower
from govern.diff import sections_people as people
from govern.diff.gates import Gates
from govern.diff.inputs import Inputs
from govern.diff.model import Difference
from govern.diff.search import Search
from govern.diff.section import Found
from govern.diff.sections_rules import Rules
from govern.diff.solver import Solver
from govern.diff.suppressions import suppressions
from govern.diff.tools import Tools
from govern.policy.engine import Engine

BUDGET_MS = 20_000
"""For the solver, all tools together. What it did not come to counts as widened."""


def compare(
    old: Charter, new: Charter, *, zone: str | None = None, budget_ms: int = BUDGET_MS, solver: bool = True
) -> Difference:
    """What differs between two charters.

    Args:
        old, new: loaded, with what they are composed of.
        zone: the deployment's time zone by its IANA name; without one, what asks for local time is unknown.
        budget_ms: for questions to the solver, in milliseconds; 0 asks none.
        solver: False to do without it even where it is installed.

    Raises:
        AuthorError: a charter has no canonical form, a schema is not usable, or there is no such zone.
    """
    policies = lower(old), lower(new)
    gates, inputs = Gates(policies[0].gates, policies[1].gates), Inputs(*policies, zone)
    asked = Solver(zone, budget_ms, installed=solver)
    engines = Engine(policies[0], zone), Engine(policies[1], zone)
    tools = Tools(inputs, gates, Search(*engines, (new, old), gates), asked)
    changes = tuple(tools.changes())
    found = Found(old, new)
    _sections(found, inputs, gates, asked)
    return Difference(changes, tuple(found.changes), asked.installed)


def _sections(found: Found, inputs: Inputs, gates: Gates, solver: Solver) -> None:
    """Every key that differs, in the order of the vocabulary."""
    rules = Rules(found, inputs, gates, solver)
    people.head(found)
    people.identity(found)
    people.gates(found, gates)
    rules.facts()
    rules.tools()
    rules.rules()
    rules.limits()
    rules.never()
    people.records(found, inputs, solver)
    rules.untrusted()
    people.escalation(found)
    people.shadow(found)
    people.scenarios(found)
    people.pins(found)
    suppressions(found)
