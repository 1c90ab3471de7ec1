"""Fixes of every rule: what a page says to avoid becomes what it says to prefer; no fix lets a call pass.

Leaves out applying them to files (`test_mend`).
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from itertools import product
from pathlib import Path
from runpy import run_path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from govern.charter.load import load_text
from govern.compile.lower import lower
from govern.conditions.parse import parse
from govern.findings import Finding
from govern.lint.config import Configuration
from govern.lint.engine import loading_ids, page, page_ids
from govern.lint.logic import atoms, formula, key, value
from govern.lint.mend import Mended, State, mend
from govern.lint.run import judge
from govern.lint.tighten import without
from govern.policy.engine import Engine

from .fragments import whole

CASES = Path(__file__).parent / "rules"
LOADING = loading_ids()
EFFECTS = ["allow", "approval", "deny"]


# That of the loading errors' pages, which another folder of tests has.
_FRAGMENTS: Callable[[str], str] = run_path(str(Path(__file__).parents[1] / "charter" / "fragments.py"))["whole"]


def block(id: str, heading: str) -> str | None:
    found = re.search(rf"^## {heading}\n```yaml\n(.*?)^```$", page(id) or "", re.MULTILINE | re.DOTALL)
    return found[1] if found else None


def complete(id: str, fragment: str) -> str:
    """The block in the charter that the page's own test puts it into."""
    if id in LOADING:
        return _FRAGMENTS(fragment)
    return whole(fragment)


def state(text: str, only: str | None = None) -> State:
    linted = judge("charter.yaml", load_text(text), Configuration())
    return State(text, linted.loads, tuple(one for one in linted.findings if only in (None, one.rule)))


def fixed(text: str, only: str | None = None) -> Mended | None:
    return mend(state(text, only), lambda again: state(again, only), unsafe=True)


def findings_with_fix(id: str) -> list[Finding]:
    avoid = block(id, "Avoid")
    return [one for one in state(complete(id, avoid)).findings if one.rule == id and one.fix] if avoid else []


FIXABLE = [id for id in page_ids() if findings_with_fix(id)]
# What the page prefers is another thing than the nearest known word, which is all that the fix has to offer.
ANOTHER_WAY = {"unknown-function"}


def test_some_have_a_fix() -> None:
    """The tests below judge rules and errors of loading."""
    assert {"guard-loosens", "role-unused", "gate-unused", "unanchored-regex", "unused-suppression"} <= set(FIXABLE)
    assert set(FIXABLE) > ANOTHER_WAY
    assert {"quote-condition", "unknown-key", "unknown-tier", "yaml-implicit-boolean"} <= set(FIXABLE)


@pytest.mark.parametrize("id", sorted(set(FIXABLE) - ANOTHER_WAY))
def test_avoid_becomes_prefer(id: str) -> None:
    """Applied to the block to avoid, the fixes of a rule give the block to prefer, to the character."""
    avoid, prefer = block(id, "Avoid"), block(id, "Prefer")
    assert avoid
    assert prefer
    mended = fixed(complete(id, avoid), id)
    assert mended is not None
    assert complete(id, prefer) == mended.after
    assert [] == [one.rule for one in state(mended.after).findings if one.rule == id]


def charters() -> list[Any]:
    """Every charter that a page or a case shows, and that loads."""
    texts = {
        f"{id}, {head}": complete(id, text)
        for id in page_ids()
        for head in ("Avoid", "Prefer")
        if (text := block(id, head))
    }
    for path in sorted(CASES.glob("*.yaml")):
        for case in yaml.safe_load(path.read_text("utf-8")):
            if "charter" in case:
                texts[f"{path.stem}: {case['case']}"] = whole(case["charter"])
    return [pytest.param(text, id=name) for name, text in texts.items() if load_text(text).charter]


VALUES: list[Any] = [0, 1, 3, 5, 6, 501, -1, "", "a", "x", "a@example.com", "/srv/data/x", True, False, None, [], ["a"]]


def calls(rng: random.Random, names: list[str]) -> list[dict[str, Any]]:
    """Calls that leave arguments out, send null and odd kinds."""
    return [{name: rng.choice(VALUES) for name in names if rng.random() < 0.7} for _ in range(200)]


@pytest.mark.parametrize("text", charters())
def test_no_fix_lets_a_call_pass(text: str) -> None:
    """Safe fixes keep a charter one, and none of many calls gets a weaker verdict, or asks fewer people."""
    mended = mend(state(text), state)
    if mended is None:
        return
    before, after = load_text(text).charter, load_text(mended.after).charter
    assert before is not None
    assert after is not None
    old, new = Engine(lower(before)), Engine(lower(after))
    names = sorted(set(re.findall(r"args\.(\w+)", text))) or ["n"]
    rng = random.Random(text)
    for tool, args in product([*before.tools, "unmapped"], calls(rng, names)):
        was, now = old.decide(tool, args), new.decide(tool, args)
        assert EFFECTS.index(was.effect.label) <= EFFECTS.index(now.effect.label), (tool, args)
        if was.effect.label == now.effect.label:
            assert set(was.gates) <= set(now.gates), (tool, args)


ATOMS = ["args.a", "has(args.b)", "args.n > 5", "args.n == 1"]
CONDITIONS = st.recursive(
    st.sampled_from(ATOMS),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["&&", "||"]), inner).map(lambda parts: f"({parts[0]} {parts[1]} {parts[2]})"),
        st.tuples(inner, inner).map(lambda parts: f"{parts[0]}  &&{parts[1]}"),
        inner.map(lambda part: f"!({part})"),
        st.tuples(inner, inner, inner).map(lambda parts: f"({parts[0]} ? {parts[1]} : {parts[2]})"),
    ),
    max_leaves=6,
)


@given(CONDITIONS, st.booleans(), st.data())
def test_without_a_part_fewer_calls_pass(text: str, permits: bool, data: st.DataObject) -> None:
    """Whatever part is taken out, no values of the atoms let a call pass that was held before."""
    tree = parse(text)
    part = data.draw(st.sampled_from(list(atoms(tree))))
    span = without(text, part.start, part.end, permits)
    if span is None:
        return
    changed = parse(text[: span[0]] + text[span[1] :])
    keys = list({key(atom) for atom in atoms(tree)})
    for row in product((True, False, None), repeat=len(keys)):
        given_ = dict(zip(keys, row, strict=True))
        if value(formula(changed), given_) is permits:
            assert value(formula(tree), given_) is permits


@pytest.mark.parametrize(
    ("text", "part", "permits", "expected"),
    [
        ("has(args.n) && args.n > 5", "has(args.n)", False, "args.n > 5"),
        ("args.n > 5 && has(args.n)", "has(args.n)", False, "args.n > 5"),
        ("args.a && has(args.n) && args.n > 5", "has(args.n)", False, "args.a && args.n > 5"),
        (
            "args.a || has(args.n)&&(args.n > 5 || args.n < 1)",
            "has(args.n)",
            False,
            "args.a || (args.n > 5 || args.n < 1)",
        ),
        ("!has(args.n) || args.n <= 5", "has(args.n)", True, "args.n <= 5"),
        ("!(has(args.n) && args.n > 5)", "has(args.n)", True, "!(args.n > 5)"),
        ("!(has(args.n) && args.n > 5)", "has(args.n)", False, None),
        ("!(!has(args.n) || args.n <= 5)", "has(args.n)", False, "!(args.n <= 5)"),
        ("(has(args.n)) && args.n > 5", "has(args.n)", False, None),
        ("has(args.n) ? args.n > 5 : false", "has(args.n)", False, None),
        ("args.l.exists(i, has(i.n) && i.n > 5)", "has(i.n)", False, "args.l.exists(i, i.n > 5)"),
        ("args.l.filter(i, has(i.n) && i.n > 5) == []", "has(i.n)", False, None),
        ("has(args.n)", "has(args.n)", False, None),
    ],
)
def test_taking_a_part_out(text: str, part: str, permits: bool, expected: str | None) -> None:
    """A conjunct or a disjunct goes with its operator where that is tighter; otherwise nothing is changed."""
    start = text.index(part)
    span = without(text, start, start + len(part), permits)
    assert expected == (None if span is None else text[: span[0]] + text[span[1] :])


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("when: !has(args.id)", 'when: "!has(args.id)"'),
        ("when: !has(args.id)   # why", 'when: "!has(args.id)"   # why'),
        ("when: 'a' == args.id", "when: \"'a' == args.id\""),
        ("when: '#' == args.id # why", "when: \"'#' == args.id\" # why"),
        ('when: "a" == args.id', "when: '\"a\" == args.id'"),
        ('when: !(args.id == "a")', "when: '!(args.id == \"a\")'"),
        ("when: args.id == 'a' ? true : false", "when: \"args.id == 'a' ? true : false\""),
        ("when: args.id == 'a # b'", "when: \"args.id == 'a # b'\""),
        (r"when: !args.id.matches('^a\\.b$')", r'''when: "!args.id.matches('^a\\\\.b$')"'''),
    ],
)
def test_quotes_around_a_condition(written: str, expected: str) -> None:
    """All of the condition is quoted, and nothing behind it; the charter loads then, with the condition as written."""
    text = whole(f"rules:\n  - id: a\n    tools: [get_note]\n    {written}\n    then: deny\n")
    mended = mend(state(text), state)
    assert mended is not None
    assert text.replace(written, expected) == mended.after
    assert load_text(mended.after).charter is not None


def test_quotes_inside_braces() -> None:
    """In a flow mapping the condition ends where the next key or the brace begins."""
    text = whole("rules: [{id: a, tools: [get_note], when: args.id in ['a', 'b'] && !args.x, then: deny}]\n")
    mended = mend(state(text), state)
    assert mended is not None
    assert """when: "args.id in ['a', 'b'] && !args.x", then: deny}]""" in mended.after


def test_truth_values() -> None:
    """Another spelling of the same value is safe; a word that may be text is for a human, and so says the fix."""
    for word, safe, after in (("True", True, "true"), ("no", False, "false"), ("On", False, "true")):
        text = whole(f"tools:\n  send: {{tier: reversible, external: {word}}}\n")
        (one,) = (found for found in state(text).findings if found.rule == "yaml-implicit-boolean")
        assert one.fix is not None
        assert (safe, after) == (one.fix.safe, one.fix.edits[0].text)
