"""A safe fix of a condition never lets more pass: the conditions of the cases, before and after, on many arguments.

The generic test of pages applies each fix to its page; this one looks at what the text means afterwards.
"""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from govern.charter.load import load_text
from govern.charter.model import Charter
from govern.conditions.python import decider
from govern.conditions.tree import Lit, walk
from govern.findings import Edit, Finding
from govern.lint.engine import lint
from govern.lint.sites import Site, sites

from .fragments import whole
from .test_rules import read

RULES = ["letter-case", "path-prefix", "unescaped-dot", "url-as-text"]


def edited(text: str, edits: tuple[Edit, ...]) -> str:
    for edit in sorted(edits, key=lambda edit: -edit.start):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text


def loaded(text: str) -> tuple[Charter, list[Finding]]:
    found = load_text(text)
    assert found.charter is not None, found.findings
    return found.charter, list(lint(found))


def texts(site: Site) -> list[Any]:
    """Texts around every literal of a condition, in several cases and with more before and behind."""
    literals = {
        node.value for node in walk(site.clause.condition.tree) if isinstance(node, Lit) and isinstance(node.value, str)
    }
    plain = {literal.strip("^$").replace("[.]", ".").replace(".*", "") for literal in literals}
    sides = (("", "a", "a@", "a@evil", "x."), plain, ("", "/", "/a", "/../a", "x", ".evil.example"))
    around = {f"{before}{literal}{behind}" for before, literal, behind in product(*sides)}
    return [None, 5, "", *sorted({form for text in around for form in (text, text.upper(), text.replace(".", "x"))})]


def passing(site: Site, values: list[Any]) -> set[tuple[int, str]]:
    """Which values, in which shape, let the site's condition pass a call, given as every argument at once."""
    names = {str(read.path[1]) for read in site.clause.condition.reads if len(read.path) > 1}
    judge = decider(site.clause.condition.tree)
    return {
        (at, shape)
        for at, value in enumerate(values)
        for shape, given in {"plain": value, "list": [value], "object": {"n": value}}.items()
        if judge({"args": dict.fromkeys(names, given)}) is site.permits
    }


@pytest.mark.parametrize("rule", RULES)
def test_a_safe_fix_lets_no_more_pass(rule: str) -> None:
    """Each safe fix of the rule's cases loads, mends what it is for, and no call passes that did not before."""
    mended = 0
    for case in read(rule):
        text = whole(case["charter"])
        before, found = loaded(text)
        for finding in found:
            if finding.rule != rule or finding.fix is None or not finding.fix.safe:
                continue
            after, left = loaded(edited(text, finding.fix.edits))
            assert finding.location not in [other.location for other in left if other.rule == rule], finding
            for old, new in zip(sites(before), sites(after), strict=True):
                values = texts(old)
                assert passing(new, values) <= passing(old, values), (old.clause.condition.text, finding.fix)
            mended += 1
    assert 3 <= mended
