"""A condition that asks whether a value comes from anything but the user's own words.

`origin` is the worst of `user` < `trusted` < `none` < `untrusted`, by appearance: a value that somebody else's
text suggested in other words is `none`. Only `user` says something that a stranger cannot bring about.
"""

from __future__ import annotations

from collections.abc import Iterator

from govern.charter.model import Charter, Clause
from govern.conditions.tree import Call, ListLit, Lit, Node, walk
from govern.findings import Confidence, Fix, Severity
from govern.lint.hit import Hit
from govern.lint.paths import judged
from govern.lint.sites import Site, rewrite, sites

SEVERITY = Severity.WARNING
CONFIDENCE = Confidence.HIGH


def check(charter: Charter) -> Iterator[Hit]:
    asking = [clause for clause in charter.clauses if "origin" in clause.condition.outside and charter.here(clause.at)]
    by_clause = {id(site.clause): site for site in sites(charter)} if asking else {}
    for clause in asking:
        for node in walk(clause.condition.tree):
            for literal in _others(node):
                message = f"`origin` compared with `{literal.value}`: only `user` is more than an appearance"
                hint = "ask for `== 'user'`: what was suggested in other words is `none`"
                site = by_clause.get(id(clause))
                yield Hit(message, clause.place(literal.start, literal.end), hint, fix=_fix(clause, site, node))


def _others(node: Node) -> Iterator[Lit]:
    """The origins but `user` that a comparison names."""
    if not isinstance(node, Call) or node.fn not in ("==", "!=", "in", "<", "<=", ">", ">="):
        return
    if any(isinstance(operand, Call) and operand.fn == "origin" for operand in node.operands):
        for operand in node.operands:
            items = operand.items if isinstance(operand, ListLit) else (operand,)
            yield from (item for item in items if isinstance(item, Lit) and item.value != "user")


def _fix(clause: Clause, site: Site | None, node: Node) -> Fix | None:
    """`!= 'user'` where one origin is held back, `== 'user'` where all but one let pass: both hold back more."""
    if site is None or not isinstance(node, Call) or node.fn not in ("==", "!="):
        return None
    literal = next(operand for operand in node.operands if isinstance(operand, Lit))
    subject = next(operand for operand in node.operands if isinstance(operand, Call))
    for part in judged(clause.condition.tree):
        if part.atom is node and part.direction is not None:
            holding = part.direction is not site.permits
            if holding is not (node.fn == "=="):
                return None
            text = clause.condition.text
            quote = text[literal.start]
            made = f"{text[subject.start : subject.end]} {'!=' if holding else '=='} {quote}user{quote}"
            return rewrite(clause, "ask for the user's own words", (node.start, node.end, made), safe=False)
    return None
