"""Fixes that write into sections: each one of the cases, applied alone, gives a charter without that finding.

Conditions before and after are looked at in `test_mended`, whole files in `test_mend`.
"""

from __future__ import annotations

import pytest

from govern.charter.load import load_text
from govern.findings import Finding
from govern.lint.engine import lint

from .fragments import whole
from .test_mended import edited
from .test_rules import read

# At least so many of the rule's cases have a fix.
FIXED = {
    "mutable-without-recheck": 3,
    "origin-not-user": 2,
    "reader-without-scope": 4,
    "secret-not-marked": 3,
    "sum-may-be-negative": 3,
}
BLOCK = """
tools:
  get_case:
    tier: read_only   # looks
    input:
      type: object
      required: [case_id]
      properties:
        case_id:
          type: string
  list_cases: {tier: read_only, input: {type: object, properties: {}}}
  close_case:
    tier: irreversible   # for good
    approval:
      ask: lead   # always
    input:
      type: object
      required: [case_id, amount]
      properties:
        case_id: {type: string}
        password: {type: string}
        amount:
          type: number   # of money
facts: {user: {from: session, fields: {id: string}}}
records:
  cases:
    read_by:
      - get_case   # one
    only_if: record.user == user.id
limits:
  - {id: most, tools: [close_case], sum: args.amount, max: 5, within: day, for_each: [agent], otherwise: deny}
"""


def found(text: str, rule: str) -> list[Finding]:
    loaded = load_text(text)
    assert () == loaded.findings
    return [finding for finding in lint(loaded) if finding.rule == rule]


def mended(text: str, rule: str) -> int:
    """How many findings of a rule have a fix; each must be gone once its fix is applied."""
    fixes = 0
    before = found(text, rule)
    for finding in before:
        if finding.fix is not None:
            fixes += 1
            assert len(found(edited(text, finding.fix.edits), rule)) < len(before)
    return fixes


@pytest.mark.parametrize("rule", FIXED)
def test_a_fix_mends_what_it_is_for(rule: str) -> None:
    """Each fix of each case loads, and its finding is gone."""
    texts = [whole(case["charter"]) for case in read(rule) if case["finds"] and "files" not in case]
    assert FIXED[rule] <= sum(mended(text, rule) for text in texts)


@pytest.mark.parametrize("rule", FIXED.keys() - {"origin-not-user"})
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_a_fix_keeps_the_layout(rule: str, ending: str) -> None:
    """With a key a line, a new key is a line of its own at the same depth; comments and line ends stay."""
    text = whole(BLOCK).replace("\n", ending)
    findings = found(text, rule)
    assert 1 == len(findings) == mended(text, rule)
    assert findings[0].fix is not None
    after = edited(text, findings[0].fix.edits)
    lines = after.split(ending)
    added = [line for line in lines if line not in text.split(ending)]
    assert 1 == len(added) == len(lines) - len(text.split(ending))
    assert not {"\r", "#"} & set(added[0])
