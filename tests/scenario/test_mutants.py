"""Mutants of charters: which are made, where they stand, and that each means something else."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from govern.charter.load import load, load_text
from govern.charter.model import Charter, Clause
from govern.charter.source import Source
from govern.compile.lower import lower
from govern.conditions import Scope, parse_condition
from govern.conditions.scope import FieldType
from govern.policy.engine import Engine
from govern.scenario.mutants import Kind, mutants
from govern.scenario.mutants.conditions import changed, neighbours
from govern.scenario.mutants.judged import judged
from govern.scenario.mutants.places import sources

ROOT = Path(__file__).parents[2]
CHARTERS = [*sorted(ROOT.glob("samples/*/charter.yaml")), ROOT / "tests/charter/whole/charter.yaml"]

SMALL = """\
govern: 1
agent: desk
version: 1
purpose: Pays back what went wrong.
owner: lead
roles: [lead]
approvals:
  lead: {roles: [lead], if_no_answer: [{after: 4h, then: deny}]}
tools:
  refund:
    tier: irreversible
    approval: {ask: lead, unless: "args.amount <= 50"}
    input: {type: object, required: [amount], properties: {amount: {type: number}}}
never:
  - {tools: [delete_*], because: Nothing is deleted.}
"""

# Every mutant of the charter above, worked out by hand: where it stands, and what it says.
BY_HAND = {
    "gate/lead:quorum:1": ("8:3", "`quorum: 1` became `2` in gate `lead`"),
    "gate/lead:deadline:1": ("8:48", "the deadline `4h` became `8h` in gate `lead`"),
    "gate/lead:deadline:2": ("8:48", "the deadline `4h` became `2h` in gate `lead`"),
    "gate/lead:gate:2": ("8:3", "`needs_session_user` became `true` in gate `lead`"),
    "gate/lead:deadline:3": ("8:3", "`use_within: 15m` became `30m` in gate `lead`"),
    "gate/lead:deadline:4": ("8:3", "`use_within: 15m` became `450s` in gate `lead`"),
    "tool/refund:tier:1": ("11:11", "`irreversible` of `refund` became `reversible`"),
    "tool/refund:waiver:1": ("12:35", "`unless` of `refund` was dropped"),
    "tool/refund:waiver:2": ("12:35", "`unless` of `refund` became always true"),
    "tool/refund:comparison:1": ("12:48", "`<=` became `<` in `unless` of `refund`"),
    "tool/refund:number:1": ("12:51", "`50` became `51` in `unless` of `refund`"),
    "tool/refund:number:2": ("12:51", "`50` became `49` in `unless` of `refund`"),
    "tool/refund:input:1": ("13:38", "`amount` was dropped from `required` in `input` of `refund`"),
    "tool/refund:input:2": ("13:12", "the object was opened (`additionalProperties: true`) in `input` of `refund`"),
    "never/delete_*:never:1": ("15:14", "`delete_*` was dropped from `never`"),
}


def loaded(text: str) -> Charter:
    found = load_text(text)
    assert () == found.findings
    assert found.charter is not None
    return found.charter


def charter_of(path: Path) -> Charter:
    found = load(path)
    assert found.charter is not None, found.findings
    return found.charter


def test_small_charter_by_hand() -> None:
    """Every mutant of a small charter, no more and no fewer: an allowance by silence that nothing could use, `shared`
    where one gate is asked and `external` that nothing asks for mean the same, and are not made."""
    found = {each.id: (f"{each.at.line}:{each.at.column}", each.words) for each in mutants(loaded(SMALL))}
    assert BY_HAND == found


@pytest.mark.parametrize("path", CHARTERS, ids=lambda path: path.parent.name)
def test_every_mutant_is_another_policy_at_a_place_that_exists(path: Path) -> None:
    """Each stands at text of one of the charter's files, has an id of its own, and means something else."""
    charter = charter_of(path)
    texts, own = sources(charter), judged(lower(charter))
    every = list(mutants(charter))
    assert 60 < len(every)
    assert [] == [id for id, count in Counter(each.id for each in every).items() if count > 1]
    for each in every:
        line = texts[each.at.file].line(each.at.line)
        assert "" != line[each.at.column - 1 :][:1].strip(), f"{each.id} stands at nothing: {each.at}"
        assert own != judged(each.policy), each.id
        Engine(each.policy)


def test_every_kind_is_made_somewhere() -> None:
    """No kind of change is dead: the charter with every feature, or a sample, has it."""
    made = {each.kind for path in CHARTERS for each in mutants(charter_of(path))}
    assert set() == set(Kind) - made - {Kind.ARITHMETIC}
    assert {"arithmetic"} <= {edit.kind.value for edit, _ in changed(clause("args.a + 1 == 3"), Scope())}


def test_ids_stay_when_another_part_changes() -> None:
    """A mutant keeps its id when something is written before it: baselines and reports can name it."""
    more = SMALL.replace("never:\n", "  extra: {tier: read_only, input: {type: object}}\nnever:\n")
    ids = {each.id for each in mutants(loaded(more))}
    assert set(BY_HAND) <= ids


def clause(text: str) -> Clause:
    facts = (("order", (("status", FieldType("string", ("paid", "returned"))),)),)
    condition = parse_condition(text, Scope(facts))
    source = Source.of(text, "x.yaml")
    return Clause(condition, source.locate(0, len(text)), source, 0)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("args.a < 5", {"args.a <= 5", "args.a < 6", "args.a < 4"}),
        ("args.a == 0.05", {"args.a != 0.05", "args.a == 0.06", "args.a == 0.04"}),
        ("args.a <= 0", {"args.a < 0", "args.a <= 1", "args.a <= -1"}),
        ("args.a > 9", {"args.a >= 9", "args.a > 10", "args.a > 8"}),
        ("args.a != 1", {"args.a == 1", "args.a != 2", "args.a != 0"}),
        ("args.a >= -1", {"args.a > -1", "args.a >= 0", "args.a >= -2"}),
        ("!args.a", {" args.a"}),
        (
            "args.a && args.b",
            {"((args.a) || (args.b))", "((args.b))", "((args.a))"},
        ),
        (
            "args.a || args.b && args.c",
            {
                "((args.a) && (args.b && args.c))",
                "((args.b && args.c))",
                "((args.a))",
                "args.a || ((args.b) || (args.c))",
                "args.a || ((args.c))",
                "args.a || ((args.b))",
            },
        ),
        (
            "args.a in ['x', 'y']",
            {"!(args.a in ['x', 'y'])", "args.a in ['y']", "args.a in ['x']"},
        ),
        ("args.a.startsWith('x')", {"args.a.endsWith('x')", "args.a.startsWith('')"}),
        (
            "lower(args.a).contains('x')",
            {"lower(args.a).startsWith('x')", "(args.a).contains('x')", "lower(args.a).contains('')"},
        ),
        ("args.a.exists(x, x)", {"args.a.all(x, x)"}),
        ("args.a ? args.b : args.c", {"((args.a) ? (args.c) : (args.b))"}),
        (
            "at - duration('24h') == at",
            {
                "at - duration('24h') != at", "at + duration('24h') == at", "at - duration('25h') == at",
                "at - duration('23h') == at",
            },
        ),
        ("calls('get_order') > 0", {"calls('get_order') >= 0", "calls('get_order') > 1", "calls('get_order') > -1"}),
        # A value that the fact never has would be no condition.
        ("order.status == 'paid'", {"order.status != 'paid'"}),
        ("has(args.a)", set()),
        ("true", {"false"}),
    ],
)  # fmt: skip
def test_changes_of_conditions(text: str, expected: set[str]) -> None:
    """Every operator, connective, negation, function and literal is changed once, each way; the rest stays."""
    facts = (("order", (("status", FieldType("string", ("paid", "returned"))),)),)
    made = [each.condition.text for _, each in changed(clause(text), Scope(facts))]
    assert sorted(expected) == sorted(made)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("5", ("6", "4")), ("0.05", ("0.06", "0.04")), ("-1", ("0", "-2")), ("1.50", ("1.51", "1.49")),
        ("1e3", ("1001", "999")),
    ],
)  # fmt: skip
def test_numbers_move_by_their_own_precision(text: str, expected: tuple[str, str]) -> None:
    """A limit of 0.05 is one off at 0.06, one of 5 at 6."""
    assert expected == neighbours(text)


def test_place_of_an_operator_is_the_operator() -> None:
    """What is pointed at is the operator itself, between parentheses and spaces."""
    found = {edit.words: edit.shown for edit, _ in changed(clause("(args.a + 1)  >= (args.b)"), Scope())}
    assert (14, 16) == found["`>=` became `>`"]
    assert (8, 9) == found["`+` became `-`"]


def test_parts_of_a_base_and_a_library_count_as_they_do_in_the_charter() -> None:
    """Rules of a base and schemas of a library are changed too, at their own files."""
    charter = charter_of(ROOT / "tests/charter/whole/charter.yaml")
    files = {Path(each.at.file).name for each in mutants(charter)}
    assert {"charter.yaml", "org.yaml", "shop.yaml", "mail.yaml"} == files
