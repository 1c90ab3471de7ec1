"""`govern prove`: the report, the exit codes, the saved test, what is refused; with the solver and without one."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import pytest

from govern.charter.suite import load_suite
from govern.compile.lower import lower
from govern.compile.sources import one_policy
from govern.errors import EnvironmentFailed, Exit
from govern.policy.engine import Engine
from govern.proof import ask
from govern.proof.ask import Shown
from govern.report.prove_text import Command, one_line
from govern.scenario.run import State, run

from .running import ROOT, SUPPORT, Ran, govern
from .test_contracts import problems, undescribed

CHARTER = SUPPORT / "charter.yaml"
HELD, BROKEN, EMPTY = "never allow refund", "never allow send_reply", "never allow export_*"


def prove(*more: str | Path, charter: Path = CHARTER, stdin: bytes = b"") -> Ran:
    return govern("prove", charter, *more, stdin=stdin)


def no_solver(*_: Any, **__: Any) -> None:
    raise EnvironmentFailed("the solver is not installed", hint="pip install govern[prove]")


@pytest.fixture
def without_solver(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ask, "Question", no_solver)


@pytest.fixture
def solver() -> None:
    pytest.importorskip("z3", reason="the extra `prove` is not installed")


@pytest.mark.usefixtures("solver")
@pytest.mark.parametrize(
    ("statements", "code"),
    [
        ([HELD], Exit.OK),
        ([BROKEN], Exit.FOUND),
        ([HELD, BROKEN], Exit.FOUND),
        ([EMPTY], Exit.NOT_JUDGED),
        ([BROKEN, EMPTY], Exit.NOT_JUDGED),  # what was not judged may be worse
        (["reachable refund-ceiling"], Exit.OK),
        (["reachable refund-ceiling for get_order"], Exit.FOUND),
        (["unreachable refund-ceiling"], Exit.FOUND),
    ],
)
def test_exit_codes(statements: list[str], code: Exit) -> None:
    """0 all hold, 1 one does not, 3 one was not decided or is about nothing."""
    ran = prove(*statements)
    assert (code, "") == (ran.exit_code, ran.err)


@pytest.mark.usefixtures("solver")
def test_the_report() -> None:
    """The answer first, then the call, then the line that gives its verdict again, then how many of each."""
    ran = prove(HELD, BROKEN, EMPTY, "never allow refund when args.amount <= 0")
    lines = ran.out.splitlines()
    assert "holds           never allow refund" == lines[0]
    assert "of every call of refund" == lines[1].strip()
    assert "counterexample  never allow send_reply" == lines[2]
    assert "allow: send_reply (waived)" == lines[3].strip()
    assert any(line.startswith("vacuous         never allow export_*") for line in lines)
    assert "what it is about is invalid input of refund" in ran.out
    assert "support-desk v5: 2 proven to hold, 1 with a counterexample, 1 about no call" == lines[-1]
    (command,) = (line.strip() for line in lines if "govern decide" in line)
    again = govern(*shlex.split(command)[1:])
    assert (0, "allow: send_reply (waived)") == (again.exit_code, again.out.splitlines()[0])


@pytest.mark.usefixtures("without_solver")
def test_without_the_solver_nothing_holds() -> None:
    """A search finds counterexamples; what it does not find is not proven, and says how many calls were tried."""
    ran = prove(HELD, BROKEN, "--format", "json")
    held, broken = ran.json["statements"]
    assert (3, "") == (ran.exit_code, ran.err)
    assert ("unknown", "counterexample") == (held["answer"], broken["answer"])
    assert 0 < held["tried"]
    assert "search" == broken["call"]["found_by"]
    assert "pip install govern[prove]" in ran.json["no_solver"]
    text = prove(HELD).out
    assert "holds" not in text
    assert "which proves nothing" in text
    assert 1 == prove(BROKEN).exit_code


@pytest.mark.parametrize(("with_solver"), [True, False])
def test_the_contract(with_solver: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every kind of answer satisfies the published schema, which names all of its keys."""
    if with_solver:
        pytest.importorskip("z3", reason="the extra `prove` is not installed")
    else:
        monkeypatch.setattr(ask, "Question", no_solver)
    desk = ROOT / "charters" / "desk" / "assistant.yaml"
    told = [
        prove(
            HELD, BROKEN, EMPTY, "reachable refund-ceiling", "reachable no-links for refund", "--format", "json"
        ).json,
        prove("always deny send_gmail_message unless over limit mails-a-day", "--format", "json", charter=desk).json,
    ]
    for document in told:
        assert [] == problems("prove", document)
        assert [] == undescribed("prove", document)
    answers = {each["answer"] for document in told for each in document["statements"]}
    assert {"counterexample", "refuted", "vacuous", "holds"} <= answers
    assert with_solver is ("unknown" not in answers)


@pytest.mark.usefixtures("without_solver")
def test_a_wrong_document_fails() -> None:
    """A counterexample without a call is none."""
    document = prove(BROKEN, "--format", "json").json
    document["statements"][0]["call"] = None
    assert problems("prove", document)


@pytest.mark.usefixtures("without_solver")
def test_a_file_of_statements(tmp_path: Path) -> None:
    """One a line, with comments; what is wrong in it is told with file, line and column, all in one run."""
    file = tmp_path / "money.statements"
    file.write_text(f"# money\n{BROKEN}\n\n  {EMPTY}\n", "utf-8")
    ran = prove("--file", file, "--format", "json")
    assert [BROKEN, EMPTY] == [each["statement"] for each in ran.json["statements"]]
    assert [BROKEN] == [
        each["statement"] for each in prove("--file", "-", "--format", "json", stdin=BROKEN.encode()).json["statements"]
    ]
    file.write_text(f"{BROKEN}\nnever allow refnd\nnevr\n", "utf-8")
    ran = prove("--file", file)
    assert (2, "") == (ran.exit_code, ran.out)
    assert f"{file}:2:13: `refnd` is no tool of `support-desk`; did you mean `refund`?" in ran.err
    assert f"{file}:3:1: no statement begins with `nevr`; did you mean `never`?" in ran.err
    assert "2 of 3 statements cannot be read; nothing was judged" in ran.err


@pytest.mark.parametrize(
    ("more", "code", "says"),
    [
        ([], 2, "no statement given"),
        ([""], 2, "an empty statement"),
        (["never allow refund", "--timeout", "0"], 2, "no time for --timeout"),
        (["never allow refund", "--timeout", "nan"], 2, "no time for --timeout"),
        (["never allow refund", "--save", "found.yaml"], 2, "end it in `.test.yaml`"),
        (["never allow refund", "--save", str(SUPPORT / "charter.yaml")], 2, "end it in `.test.yaml`"),
        (["never allow refund", "--agent", "another"], 2, "no policy for agent `another`"),
        (["--file", "no/such.statements"], 3, "no such file"),
        (["never \x1b[31mallow refund"], 2, "U+001B"),
        (["x" * 9000], 2, "at most 8,192 are read"),
    ],
)
def test_what_is_refused(more: list[str], code: int, says: str) -> None:
    """Nothing is judged, no traceback, no control character reaches the terminal."""
    ran = prove(*more)
    assert (code, "") == (ran.exit_code, ran.out)
    assert says in ran.err
    assert "\x1b" not in ran.err


def test_an_empty_file_is_not_green(tmp_path: Path) -> None:
    """No statement is exit 3, and so are bytes that are no text."""
    file = tmp_path / "none.statements"
    for data, says in ((b"# later\n\n", "no statement in this file"), (b"\xff\xfe", "not UTF-8")):
        file.write_bytes(data)
        ran = prove("--file", file)
        assert (3, "") == (ran.exit_code, ran.out)
        assert says in ran.err


@pytest.mark.parametrize("with_solver", [True, False])
def test_saved_calls_are_tests(with_solver: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is a suite for the charter, whose cases give the verdicts that were shown."""
    if with_solver:
        pytest.importorskip("z3", reason="the extra `prove` is not installed")
    else:
        monkeypatch.setattr(ask, "Question", no_solver)
    file = tmp_path / "found.test.yaml"
    ran = prove(BROKEN, "reachable refund-ceiling", "--save", file)
    assert 1 == ran.exit_code
    assert f"{file}: the calls that were found, as tests" in ran.out
    text = file.read_text("utf-8")
    assert "  - name: never allow send_reply\n" in text
    assert "    expect: allow\n" in text
    loaded = load_suite(file)
    assert () == loaded.findings
    assert loaded.suite is not None
    outcomes = run(Engine(lower(loaded.suite.charter)), loaded.suite.cases)
    assert [State.PASSED, State.PASSED] == [outcome.state for outcome in outcomes]
    again = prove(BROKEN, "--save", file)
    assert (2, "") == (again.exit_code, again.out)
    assert "exists" in again.err
    folder = govern("prove", SUPPORT, BROKEN, "--save", tmp_path / "folder.test.yaml")
    assert (2, "") == (folder.exit_code, folder.out)
    assert "a test names a charter file" in folder.err
    other = tmp_path / "none.test.yaml"
    assert 3 == prove(EMPTY, "--save", other).exit_code
    assert not other.exists()


HOSTILE = """govern: 1
agent: desk
version: 1
purpose: Tries.
owner: head
roles: [head]
approvals: {head: {roles: [head], if_no_answer: [{after: 4h, then: deny}]}}
tools:
  post:
    tier: reversible
    input: {type: object, required: [text], properties: {text: {enum: ["it's $(rm) `x` \\\\ é \\u001b[31m", b]}}}
    rules: [{id: no-b, when: "args.text == 'b'", then: deny, because: "\\u001b[31mred"}]
"""


@pytest.mark.usefixtures("solver")
def test_what_is_not_known_is_saved_as_such(tmp_path: Path) -> None:
    """A test begins with an empty history: limits and taint that nobody knows are written down as unknown."""
    file = tmp_path / "found.test.yaml"
    desk = ROOT / "charters" / "desk" / "assistant.yaml"
    statement = "never deny send_gmail_message when args.user_google_email == person.email && !has(args.bcc)"
    ran = prove(statement, "--save", file, "--format", "json", charter=desk)
    unknown = ran.json["statements"][0]["call"]["verdict"]["unknown"]
    limits = [key.removeprefix("exceeded('").removesuffix("')") for key in unknown if key.startswith("exceeded('")]
    assert limits
    loaded = load_suite(file)
    assert loaded.suite is not None, loaded.findings
    assert all(f"{limit}: unknown" in file.read_text("utf-8") for limit in limits)
    assert [State.PASSED] == [each.state for each in run(Engine(lower(loaded.suite.charter)), loaded.suite.cases)]


@pytest.mark.usefixtures("without_solver")
def test_hostile_values_stay_data(tmp_path: Path) -> None:
    """What stands in a charter reaches terminal and shell as text: escaped, quoted, and the same when read again."""
    charter = tmp_path / "it's.yaml"
    charter.write_text(HOSTILE, "utf-8")
    ran = prove("never allow post", charter=charter)
    assert 1 == ran.exit_code
    assert "\x1b" not in ran.out
    (command,) = (line.strip() for line in ran.out.splitlines() if "govern decide" in line)
    words = shlex.split(command)
    assert "it's $(rm) `x` \\ é \x1b[31m" == json.loads(words[words.index("--args") + 1])["text"]
    assert "allow: post (autonomous)" == govern(*words[1:]).out.splitlines()[0]


def test_a_command_line_is_quoted(tmp_path: Path) -> None:
    """Names with spaces, quotes and leading hyphens are the shell's words again."""
    engine = Engine(one_policy(CHARTER))
    call = Shown("get_ticket", {"ticket_id": "T-1"}, {}, engine.decide("get_ticket", {"ticket_id": "T-1"}))
    line = Command("-it's $(x).yaml", "an agent", "-de ploy.yaml").decide(engine, call)
    assert [
        "govern", "decide", "--policy=-it's $(x).yaml", "--agent", "an agent", "--deployment=-de ploy.yaml",
        "--tool", "get_ticket", "--args", '{"ticket_id":"T-1"}',
    ] == shlex.split(line)  # fmt: skip


def test_one_line_is_ascii_json() -> None:
    """Whatever is in it, a shell's line has no character that a terminal interprets."""
    value = {"\x7fé\u2028😀": "\x1b\n'\"\\"}
    text = one_line(value)
    assert text.isascii()
    assert text.isprintable()
    assert value == json.loads(text)
