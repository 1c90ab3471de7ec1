"""A rule or a waiver that the model can satisfy by saying so.

Every argument is written by the model. Most say what the call does (`amount`, `to`); some only claim a fact
about the world (`checks_passed`, `approved_by`). If such claims alone let the call pass, whatever everything
else says, nothing was checked. Claims are known by their names: see the page.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from govern.charter.model import Charter
from govern.conditions.tree import Node
from govern.findings import Confidence, Severity
from govern.lint.hit import Hit, listed
from govern.lint.logic import assignments, atoms, formula, key, value
from govern.lint.paths import Reading, readings
from govern.lint.sites import Site, sites

SEVERITY = Severity.WARNING
CONFIDENCE = Confidence.MEDIUM

_DONE = (
    "agreed|allowed|approved|authenticated|authori[sz]ed|checked|cleared|confirmed|consented|eligible|entitled|"
    "passed|permitted|reviewed|safe|signed_off|tested|trusted|validated|verified"
)
_CLAIM = re.compile(
    rf"(?:.*_)?(?:{_DONE})(?:_by(?:_.*)?|_already)?|(?:.*_)?(?:approval|authori[sz]ation|consent|confirmation)"
    r"(?:_given|_received|_obtained|_granted|_ok)?|on_behalf_of|requested_by|requester(?:_.*)?|"
    r"(?:user|caller|my|requester|actor)_role|is_(?:admin|owner|manager|staff|internal|emergency|urgent|test)|"
    r"(?:tests|checks|build|ci)_(?:ok|green|pass|passed|succeeded)"
)
_EXCUSE = re.compile(r"(?:.*_)?(?:reason|justification|rationale|explanation|excuse)")


def check(charter: Charter) -> Iterator[Hit]:
    for site in sites(charter):
        tree = site.clause.condition.tree
        claims: list[Reading] = []
        parts: list[Node] = []
        for atom in atoms(tree):
            reads = list(readings(atom))
            if reads and all(_claims(reading, site) for reading in reads):
                claims.extend(reads)
                parts.append(atom)
        if parts and _enough(tree, parts, site.permits):
            names = list(dict.fromkeys(reading.name for reading in claims))
            first = claims[0].node
            what = "this waiver rests" if site.rule is None else "this rule rests"
            message = f"{what} only on {listed(names)}, which the model writes"
            yield Hit(message, site.clause.place(first.start, first.end), _HINT)


_HINT = "ask a gate, or judge what the call does; nothing that the model says of itself is evidence"


def _claims(reading: Reading, site: Site) -> bool:
    words = [part for part in reading.path if isinstance(part, str)]
    word = _snake(words[-1]) if words else ""
    if _CLAIM.fullmatch(word):
        return True
    return site.rule is None and _EXCUSE.fullmatch(word) is not None


def _snake(word: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", word).replace("-", "_").lower()


def _enough(tree: Node, parts: list[Node], permits: bool) -> bool:
    """Whether some claims make the condition pass whatever its other atoms are."""
    claimed = {key(part) for part in parts}
    others = [atom for atom in atoms(tree) if key(atom) not in claimed]
    table, rows = assignments(parts), assignments(others)
    if table is None or rows is None:
        return False
    whole, every = formula(tree), list(rows)
    return any(
        all(value(whole, {**claim, **row}) is permits for row in every)
        for claim in table
        if None not in claim.values()  # a claim is made, or its opposite
    )
