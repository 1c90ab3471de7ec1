"""Loading a test suite: each slip at its place, tables written out, what is given and expected as it is written."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from govern.charter import example, vocabulary
from govern.charter.cases import AllOrSome, AnswerStep, CallStep, Case, WaitStep
from govern.charter.files import within
from govern.charter.load import load, load_text
from govern.charter.suite import MOST_CASES, LoadedSuite, load_suite, read_suite
from govern.gate import State, Why
from govern.policy.model import Effect, Tier
from govern.policy.terms import EFFECTS

WHOLE = Path(__file__).parent / "whole"
FILES = {path.name: path.read_text("utf-8") for path in WHOLE.glob("*.yaml")}
CASES: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "suite_cases.yaml").read_text("utf-8"))
REST = {
    "govern": "govern: 1",
    "tests": "tests: desk",
    "charter": "charter: desk.yaml",
    "cases": "cases: [{name: one, call: {get_mail: {}}, expect: allow}]",
}


def read(fragment: str) -> LoadedSuite:
    """A suite of the desk's charter: what a fragment says, and the rest of a small one."""
    written = set(re.findall(r"^([a-z_]+):", fragment, re.MULTILINE))
    text = "\n".join((fragment, *(line for key, line in REST.items() if key not in written)))
    return read_suite(text.encode(), "desk.test.yaml", files=within(FILES))


def cases(fragment: str) -> tuple[Case, ...]:
    loaded = read(fragment)
    assert () == loaded.findings
    assert loaded.suite is not None
    return loaded.suite.cases


def call(case: Case) -> CallStep:
    (step,) = case.steps
    assert isinstance(step, CallStep)
    return step


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_a_slip(case: dict[str, Any]) -> None:
    """One slip: its own finding at its place, with words that help, and no other findings around it."""
    loaded = read(case["slip"])
    assert loaded.suite is None
    found = [finding for finding in loaded.findings if finding.rule == case["id"]]
    assert [case["at"]] == [f"{finding.location.line}:{finding.location.column}" for finding in found]
    assert case["hint"] in f"{found[0].message} {found[0].hint}"
    assert sorted(case.get("also", [])) == sorted(f.rule for f in loaded.findings if f.rule != case["id"])


def test_slips_are_many_and_distinct() -> None:
    names = [case["name"] for case in CASES]
    assert len(names) > 60
    assert sorted(set(names)) == sorted(names)


def test_what_is_filled_in_is_good() -> None:
    assert ["one"] == [case.name for case in cases("")]


def test_a_matrix_is_written_out() -> None:
    """Each row changes the call and what is given, and has a name of its own."""
    (one, two, three, four) = cases(
        """
at: "2026-11-23T14:00:00Z"
given: {customer: {id: C1, email: a@x.org}}
cases:
  - name: mail
    given: {customer: {id: C2}}
    call: {send_mail: {to: a@x.org, body: hello}}
    matrix:
      - {args: {to: b@x.org}, expect: {approval: team-lead}}
      - {without: [body], given: {customer: null}, expect: {deny: invalid_input}}
      - {name: at night, at: "2026-11-23T03:00:00Z", expect: deny}
      - {call: {get_mail: {}}, expect: allow}
"""
    )
    assert 'mail: to="b@x.org"' == one.name
    assert {"to": "b@x.org", "body": "hello"} == call(one).args
    assert {"customer": {"id": "C2"}} == call(one).facts
    assert "mail: without body, customer=null" == two.name
    assert ({"to": "a@x.org"}, {"customer": None}) == (call(two).args, call(two).facts)
    assert "mail: at night" == three.name
    assert one.clock_ns is not None
    assert three.clock_ns == one.clock_ns - 11 * 3600 * 10**9
    assert ("mail: get_mail {}", "get_mail", {}) == (four.name, call(four).tool, call(four).args)
    assert ["desk.test.yaml#" + each.name for each in (one, two, three, four)] == [
        each.id for each in (one, two, three, four)
    ]


def test_each_is_every_combination() -> None:
    found = cases("cases: [{name: a, call: {get_mail: {x: 1}}, each: {x: [1, null], y: [a, b]}, expect: allow}]")
    assert [{"x": 1, "y": "a"}, {"x": 1, "y": "b"}, {"x": None, "y": "a"}, {"x": None, "y": "b"}] == [
        call(each).args for each in found
    ]
    assert 4 == len({each.name for each in found})


def test_fixtures_are_merged_from_left_to_right() -> None:
    (case,) = cases(
        """
fixtures: {anna: {id: C1, email: a@x.org}, mail: {to: a@x.org, body: hello}}
cases: [{name: a, given: {customer: [anna, {email: null}]}, call: {send_mail: [mail, {cc: b}]}, expect: deny}]
"""
    )
    assert {"customer": {"id": "C1", "email": None}} == call(case).facts
    assert {"to": "a@x.org", "body": "hello", "cc": "b"} == call(case).args


def test_origins_say_what_they_imply() -> None:
    """What is the user's was typed; what is nobody's or trusted was not; of what is untrusted nobody knows."""

    def told(origin: str, more: str = "") -> dict[str, Any]:
        fragment = "cases: [{name: a, origins: {args.to: %s}, %s call: {send_mail: {}}, expect: deny}]"
        return dict(call(cases(fragment % (origin, more))[0]).given)

    assert {"origin(args.to)": "user", "named_by_user(args.to)": True} == told("user")
    assert {"origin(args.to)": "trusted", "named_by_user(args.to)": False} == told("trusted")
    assert {"origin(args.to)": "none", "named_by_user(args.to)": False} == told("none")
    assert {"origin(args.to)": "untrusted"} == told("untrusted")
    assert {"origin(args.to)": None} == told("unknown")
    assert {"origin(args.to)": "untrusted", "named_by_user(args.to)": True} == told(
        "untrusted", "named_by_user: {args.to: true},"
    )


def test_history_that_is_said() -> None:
    fragment = (
        "cases: [{name: a, history: {limits: {few: unknown}, tainted: true, calls: {send_mail: 2}, "
        "succeeded: {send_mail: unknown}}, call: {send_mail: {}}, expect: deny}]"
    )
    assert {
        "exceeded('few')": None,
        "tainted('session')": True,
        "calls('send_mail')": 2,
        "succeeded('send_mail')": None,
    } == call(cases(fragment)[0]).given


@pytest.mark.parametrize(
    ("written", "effect", "gates", "causes"),
    [
        ("allow", Effect.ALLOW, None, ()),
        ("{approval: team-lead}", Effect.APPROVAL, ("team-lead",), ()),
        ("{approval: [team-lead, finance]}", Effect.APPROVAL, ("team-lead", "finance"), ()),
        ("{deny: read-first}", Effect.DENY, None, ("read-first",)),
        ("{deny: [read-first, limit]}", Effect.DENY, None, ("read-first", "limit")),
        ("{deny: 'never:x_*'}", Effect.DENY, None, ("never:x_*",)),
    ],
)
def test_short_forms_name_some(
    written: str, effect: Effect, gates: tuple[str, ...] | None, causes: tuple[str, ...]
) -> None:
    expect = call(cases(f"cases: [{{name: a, call: {{send_mail: {{}}}}, expect: {written}}}]")[0]).expect
    assert expect is not None
    assert (effect, causes) == (expect.effect, expect.causes)
    assert gates == (expect.gates.names if expect.gates else None)
    assert expect.gates is None or AllOrSome.SOME is expect.gates.how


def test_the_whole_form_is_exact() -> None:
    written = "{verdict: approval, gates: [finance], rules: none, reasons: [gate], unknown: [args.to], tier: read_only}"
    expect = call(cases(f"cases: [{{name: a, call: {{send_mail: {{}}}}, expect: {written}}}]")[0]).expect
    assert expect is not None
    lists = (expect.gates, expect.rules, expect.reasons, expect.unknown)
    assert [("finance",), (), ("gate",), ("args.to",)] == [each.names for each in lists if each]
    assert {AllOrSome.ALL} == {each.how for each in lists if each}
    assert (Effect.APPROVAL, Tier.READ_ONLY) == (expect.effect, expect.tier)


def test_people_who_answer() -> None:
    """A role alone is another person each time; the person served; somebody with roles of the deployment."""
    (case,) = cases(
        """
at: "2026-11-23T14:00:00Z"
deployment: deployment.yaml
cases:
  - name: a
    session: {user: mia, chain: [planner]}
    steps:
      - {call: {send_mail: {}}, expect: deny}
      - {approve: [finance, finance, session.person, {person: kim, roles: [team-lead]}, {person: carol}], then: any}
      - {wait: 1h, then: {request: expired, gates: {finance: expired}, asks: [finance]}}
"""
    )
    assert ("mia", ("planner",)) == (case.session.person, case.session.chain)
    _, answer, wait = case.steps
    assert isinstance(answer, AnswerStep)
    assert isinstance(wait, WaitStep)
    assert [
        ("finance-1", ("finance",)),
        ("finance-2", ("finance",)),
        ("session.person", ()),
        ("kim", ("team-lead",)),
        ("carol", ("finance",)),
    ] == [(each.name, each.roles) for each in answer.people]
    assert wait.expect is not None
    assert ("expired", {"finance": "expired"}, ("finance",)) == (
        wait.expect.state, wait.expect.gates, wait.expect.asks,
    )  # fmt: skip


def test_nobody_of_the_session() -> None:
    case = "{name: a, session: {user: none}, steps: [{call: {get_mail: {}}, expect: allow}]}"
    fragment = f'at: "2026-11-23T14:00:00Z"\ncases: [{case}]'
    assert cases(fragment)[0].session.person is None


def test_facts_of_results_are_not_given_to_a_sequence(tmp_path: Path) -> None:
    """Where steps are, results say them; a sequence with one would be judged by what did not happen."""
    suite = tmp_path / "charter.test.yaml"
    for name in ("charter.yaml", "base.yaml", "library.yaml", "root.yaml"):
        (tmp_path / name).write_text(example.text(name), "utf-8")
    suite.write_text(
        "govern: 1\ntests: a\nat: '2026-11-23T14:00:00Z'\ncases:\n"
        "  - {name: a, given: {order: {total: 1}}, steps: [{call: {get_order: {}}, expect: allow}]}\n",
        "utf-8",
    )
    (finding,) = load_suite(suite).findings
    assert ("wrong-value", 5) == (finding.rule, finding.location.line)
    assert "get_order" in finding.hint


def test_the_charter_beside_it_is_called_alike(tmp_path: Path) -> None:
    (tmp_path / "desk.yaml").write_text(FILES["desk.yaml"], "utf-8")
    suite = tmp_path / "desk.test.yaml"
    suite.write_text("govern: 1\ntests: a\ncases: [{name: a, call: {get_mail: {}}, expect: allow}]\n", "utf-8")
    loaded = load_suite(suite)
    assert loaded.suite is not None
    assert str(tmp_path / "desk.yaml") == loaded.suite.charter_file
    (tmp_path / "desk.yaml").unlink()
    assert ["missing-key"] == [finding.rule for finding in load_suite(suite).findings]


def test_a_charter_and_a_deployment_from_outside() -> None:
    """Those of the command line take the place of those that the suite names, broken or not."""
    text = b"govern: 1\ntests: a\ncharter: none.yaml\ncases: [{name: a, call: {get_mail: {}}, expect: allow}]\n"
    loaded = read_suite(
        text, "x.test.yaml", charter=str(WHOLE / "desk.yaml"), deployment=str(WHOLE / "deployment.yaml")
    )
    assert loaded.suite is not None
    assert loaded.suite.deployment is not None
    assert any(rule.id.name.startswith("org/") for rule in loaded.suite.charter.rules)


def test_a_suite_is_no_charter_and_no_deployment() -> None:
    """Named where a charter belongs, it says what it is, once."""
    (finding,) = load_text(FILES["suite.test.yaml"], "suite.test.yaml").findings
    assert ("wrong-kind-of-file", "`govern test` runs it") == (finding.rule, finding.hint)
    assert ["wrong-kind-of-file"] == [each.rule for each in load(WHOLE / "suite.test.yaml").findings]


@pytest.mark.parametrize(
    "data",
    [b"", b"# nothing\n", b"\xff\xfe", b"[]", b"a: [", b"govern: 2\n", b"- 1\n", b"null\n", b"govern: 1\n\x07"],
)
def test_bytes_that_are_no_suite(data: bytes) -> None:
    """Findings, never a traceback, never a suite."""
    loaded = read_suite(data, "x.test.yaml")
    assert loaded.suite is None
    assert loaded.findings


def test_a_suite_of_too_many_tests() -> None:
    """Written out it would fill the memory: it is refused, at the case that is too many."""
    each = f"each: {{a: {list(range(40))}, b: {list(range(25))}}}"
    lines = [
        f"  - {{name: c{n}, call: {{get_mail: {{}}}}, {each}, expect: allow}}" for n in range(MOST_CASES // 1000 + 1)
    ]
    loaded = read("\n".join(["cases:", *lines]))
    assert [("wrong-value", 12)] == [(finding.rule, finding.location.line) for finding in loaded.findings]


def test_words_are_those_of_the_gate_and_the_policy() -> None:
    """The vocabulary stands below the gate, and repeats its words: they are the same."""
    assert {each.value for each in State} - {"claimed"} == set(vocabulary.REQUEST_STATES)
    assert {each.value for each in Why} == set(vocabulary.REFUSALS)
    assert set(EFFECTS) == set(vocabulary.VERDICTS)
