"""What tests notice of a charter's mutants: fates by hand, nothing remembered, tests that would notice."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from tests.scenario.test_mutants import BY_HAND, ROOT, SMALL, loaded

from govern.charter.cases import Case
from govern.charter.load import load
from govern.charter.model import Charter
from govern.charter.suite import load_suite
from govern.compile.lower import lower
from govern.errors import EvidenceError
from govern.policy.engine import Engine
from govern.report import mutation_json, mutation_text
from govern.scenario import mutation
from govern.scenario.mutants import Kind, Mutant, mutants
from govern.scenario.mutation import Fate, Mutation, joined, mutate, score
from govern.scenario.outcome import Outcome, State
from govern.scenario.run import run, run_case
from govern.scenario.stanza import stanza
from govern.scenario.suite import scenarios

TESTED = (
    SMALL
    + """\
scenarios:
  - {instruction: At the limit, call: {refund: {amount: 50}}, expect: allow}
  - {instruction: Over the limit, call: {refund: {amount: 51}}, expect: {approval: lead}}
  - {instruction: Wipe it, call: {delete_all: {}}, expect: {deny: never}}
"""
)
# By hand: which scenario notices what. Nobody looks at answers, at time, at invalid input, at the tier.
KILLED = {
    "tool/refund:waiver:1": "At the limit",
    "tool/refund:waiver:2": "Over the limit",
    "tool/refund:comparison:1": "At the limit",
    "tool/refund:number:1": "Over the limit",
    "tool/refund:number:2": "At the limit",
    "never/delete_*:never:1": "Wipe it",
}


def tried(charter: Charter, **options: int) -> Mutation:
    return mutate(charter, scenarios(charter), **options)


def test_fates_by_hand() -> None:
    """Each mutant of a small charter is killed by the test that looks at it, or survives because none does."""
    found = tried(loaded(TESTED))
    assert KILLED == {each.mutant.id: each.by.name for each in found.of(Fate.KILLED) if each.by}
    assert set(BY_HAND) - set(KILLED) == {each.mutant.id for each in found.of(Fate.SURVIVED)}
    assert () == found.of(Fate.EQUIVALENT)
    assert (6, 15, 40) == (found.score.seen, found.score.of, found.score.percent)


def test_groups_of_one_charter_notice_together() -> None:
    """Tests under several deployments are judged as one: each mutant once, killed where any group kills it."""
    charter = loaded(TESTED)
    cases = scenarios(charter)
    halves = [mutate(charter, part) for part in (cases[:1], cases[1:])]
    whole, together = mutate(charter, cases), joined(halves)
    assert set(KILLED) == {each.mutant.id for half in together for each in half.of(Fate.KILLED)}
    assert score(halves).of == 2 * score((whole,)).of
    assert score((whole,)) == score(together) == score(joined(halves[::-1]))


def test_a_mutant_that_changes_nothing_survives(monkeypatch: pytest.MonkeyPatch) -> None:
    """Killing is running tests again: where nothing was changed nothing fails, and it does not count as killed."""
    charter = loaded(TESTED)
    same = Mutant("same", Kind.NUMBER, charter.agent_at, "nothing was changed", lower(charter))
    monkeypatch.setattr(mutation, "mutants", lambda *_: iter([same]))
    (only,) = tried(charter).tried
    assert Fate.KILLED is not only.fate
    assert None is only.telling


def test_every_mutant_is_run_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever survives was run against every test that it may concern; no outcome of another one is taken."""
    charter = loaded(TESTED)
    seen: list[tuple[str, str]] = []

    def counted(engine: Engine, case: Case) -> Outcome:
        seen.append((engine.policy.digest, case.name))
        return run_case(engine, case)

    monkeypatch.setattr(mutation, "run_case", counted)
    found = tried(charter)
    for each in found.of(Fate.SURVIVED):
        names = {name for digest, name in seen if digest == each.mutant.policy.digest}
        concerned = {"Over the limit"} if each.mutant.id.startswith("gate/") else {"At the limit", "Over the limit"}
        assert concerned == names, each.mutant.id


@pytest.mark.parametrize("name", ["support", "scheduling", "crm"])
def test_choosing_tests_changes_no_fate(name: str) -> None:
    """Running only the tests that a mutant can concern finds what running all of them finds."""
    found = load(ROOT / f"samples/{name}/charter.yaml").charter
    assert found is not None
    cases = scenarios(found)
    quick = {each.mutant.id: each.fate is Fate.KILLED for each in mutate(found, cases, budget_ms=60_000).tried}
    for mutant in mutants(found):
        every = run(Engine(mutant.policy), cases)
        assert quick[mutant.id] is any(each.state is State.FAILED for each in every), mutant.id


def test_failing_tests_are_refused() -> None:
    """A mutant is judged by tests that pass: where one fails, or none is run, nothing is said of any mutant."""
    charter = loaded(TESTED.replace("{amount: 50}}, expect: allow", "{amount: 50}}, expect: deny"))
    with pytest.raises(EvidenceError, match="1 of 3 tests fail under the charter itself: `At the limit`"):
        tried(charter)
    with pytest.raises(EvidenceError, match="no test is run"):
        tried(loaded(SMALL))
    skipped = tuple(replace(case, skip="later") for case in scenarios(loaded(TESTED)))
    with pytest.raises(EvidenceError, match="no test is run"):
        mutate(loaded(TESTED), skipped)


def test_what_was_not_run_is_not_killed() -> None:
    """Out of time, the rest counts as not noticed, and is said."""
    found = tried(loaded(TESTED), budget_ms=0)
    assert {Fate.NOT_RUN} == {each.fate for each in found.tried}
    assert (0, 15) == (found.score.seen, found.score.of)
    lines: list[str] = []
    mutation_text.show([found], lambda line: lines.append(line.plain))
    assert "15 not run: out of time" in lines[0]


def test_what_means_the_same_is_counted_apart() -> None:
    """A change that a solver proves to judge no call otherwise is no gap of the tests."""
    pytest.importorskip("z3")
    text = TESTED.replace("args.amount <= 50", "args.amount <= 50 && args.amount <= 60")
    found = tried(loaded(text))
    same = {each.mutant.words for each in found.of(Fate.EQUIVALENT)}
    assert "`args.amount <= 60` was dropped in `unless` of `refund`" in same
    assert "`60` became `61` in `unless` of `refund`" in same
    assert "`args.amount <= 50` was dropped in `unless` of `refund`" not in same
    assert found.score.of == len(found.tried) - len(found.of(Fate.EQUIVALENT))


HISTORY = """\
govern: 1
agent: desk
version: 1
purpose: Pays back what went wrong.
owner: lead
roles: [lead, finance]
approvals:
  lead: {roles: [lead], if_no_answer: [{after: 2h, ask: finance}, {after: 4h, then: deny}]}
  finance: {roles: [finance], quorum: 2, if_no_answer: [{after: 24h, then: deny}]}
facts:
  order:
    from: {result_of: [get_order], where: {id: args.id}}
    fields: {total: number}
tools:
  get_order: {tier: read_only, input: {type: object, required: [id], properties: {id: {type: string}}}}
  read_mail: {tier: read_only, input: {type: object, properties: {}}}
  refund:
    tier: irreversible
    approval: {ask: lead}
    input: {type: object, required: [id, amount], properties: {id: {type: string}, amount: {type: number}}}
    rules:
      - {id: paid, only_if: args.amount <= order.total, otherwise: deny, because: Never more than was paid.}
limits:
  - {id: thrice, tools: [refund], max: 3, within: 24h, for_each: [args.id], counts: succeeded, otherwise: deny}
  - {id: budget, tools: [refund], sum: args.amount, max: 100, within: trace, otherwise: {approval: finance}}
untrusted:
  trusted: [get_order]
  after_reading:
    - {id: read, tools: [refund], then: {approval: finance}}
scenarios:
  - {instruction: Pay, given: {order: {total: 9}}, call: {refund: {id: "1", amount: 9}}, expect: {approval: lead}}
"""


@pytest.fixture(scope="module")
def history() -> Mutation:
    return mutate(loaded(HISTORY), scenarios(loaded(HISTORY)), budget_ms=120_000)


def test_tests_that_would_notice_do(history: Mutation) -> None:
    """Each survivor's test passes under the charter as it is and fails under the mutant."""
    own = Engine(lower(history.charter))
    told = [each for each in history.of(Fate.SURVIVED) if each.telling is not None]
    for each in told:
        assert each.telling is not None
        assert State.PASSED is run_case(own, each.telling.case).state, each.mutant.id
        assert State.FAILED is run_case(Engine(each.mutant.policy), each.telling.case).state, each.mutant.id
        assert each.telling.was != each.telling.becomes, each.mutant.id


def test_time_people_and_history_are_told_apart_too(history: Mutation) -> None:
    """Quorum, roles, deadlines, limits, windows, keys, sources and trust: there is a sequence that shows each."""
    survived = {each.mutant.id: each.telling is not None for each in history.of(Fate.SURVIVED)}
    for id in (
        "gate/lead:quorum:1", "gate/lead:roles:1", "gate/lead:deadline:1", "gate/lead:deadline:3",
        "gate/lead:silence:1", "gate/lead:gate:2", "gate/finance:quorum:1",
        "fact/order:source:1", "fact/order:source:2",
        "limit/thrice:maximum:1", "limit/thrice:maximum:2", "limit/thrice:window:1", "limit/thrice:window:2",
        "limit/thrice:counts:1", "limit/thrice:keys:1", "limit/budget:maximum:1", "limit/budget:maximum:2",
        "untrusted:trusted:1", "untrusted:trusted:2",
    ):  # fmt: skip
        assert survived.get(id), id


def test_stanzas_can_be_pasted(history: Mutation, tmp_path: Path) -> None:
    """What is written of a test is read back as the same test, and passes."""
    (tmp_path / "desk.yaml").write_text(HISTORY, "utf-8")
    told = [each.telling for each in history.of(Fate.SURVIVED) if each.telling is not None]
    for index, telling in enumerate(told):
        named = replace(telling.case, name=f"{index}")
        (tmp_path / "desk.test.yaml").write_text("govern: 1\ntests: pasted\ncases:\n" + stanza(named), "utf-8")
        found = load_suite(tmp_path / "desk.test.yaml")
        assert found.suite is not None, [*found.findings, stanza(named)]
        (case,) = found.suite.cases
        assert State.PASSED is run_case(Engine(lower(found.suite.charter)), case).state, stanza(named)


def test_json_lists_every_survivor(history: Mutation) -> None:
    """The document has the number of killed ones, and each survivor with its place and the test that would notice."""
    document = mutation_json.document([history])
    assert len(history.of(Fate.KILLED)) == document["killed"]
    assert [each.mutant.id for each in history.of(Fate.SURVIVED)] == [each["id"] for each in document["survived"]]
    first = next(each for each in document["survived"] if each["test"])
    assert {"id", "kind", "change", "file", "line", "column", "was", "becomes", "test", "why"} == set(first)


def test_few_tests_are_run_against_each_mutant(monkeypatch: pytest.MonkeyPatch) -> None:
    """With 30 tools and 120 tests, a mutant of one tool is run against that tool's four at most, one of the gate
    against those that ask it: work does not grow with tools times tests times mutants. By hand, five mutants of each
    tool are killed: the waiver dropped and always true, the comparison, the number one up and one down."""
    tools = "".join(
        f'  tool{n}: {{tier: reversible, approval: {{ask: lead, unless: "args.amount <= {n}"}}, '
        f"input: {{type: object, required: [amount], properties: {{amount: {{type: number}}}}}}}}\n"
        for n in range(30)
    )
    cases = "".join(
        f"  - {{instruction: T{n}x{amount}, call: {{tool{n}: {{amount: {amount}}}}}, expect: {expect}}}\n"
        for n in range(30)
        for amount, expect in ((n, "allow"), (n + 1, "{approval: lead}"), (n - 1, "allow"), ('"x"', "deny"))
    )
    head, _, rest = SMALL.partition("  refund:\n")
    charter = loaded(head + tools + "never:" + rest.partition("never:")[2] + "scenarios:\n" + cases)
    count: Counter[str] = Counter()

    def counted(engine: Engine, case: Case) -> Outcome:
        count[engine.policy.digest] += 1
        return run_case(engine, case)

    monkeypatch.setattr(mutation, "run_case", counted)
    monkeypatch.setattr(mutation.Unlike, "told", lambda *_: "not looked for")
    found = mutate(charter, scenarios(charter))
    assert 150 == len(found.of(Fate.KILLED))
    most = {"gate": 30, "tool": 4, "never": 0}
    for each in found.tried:
        part = each.mutant.id.partition("/")[0]
        assert count[each.mutant.policy.digest] <= most[part], each.mutant.id
