"""The language of statements: what it reads, and how it refuses what is none (`statement_errors.yaml`)."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.cli.running import ROOT

import govern.proof
from govern.compile.sources import one_policy
from govern.policy.model import Effect, Policy, Tier
from govern.proof import statement as said
from govern.proof.statement import Asks, Choice, Gets, Meets, Not, Statement
from govern.proof.statement_text import MAX_LENGTH, StatementError, parse_statement, read_statements

WRONG: list[dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("statement_errors.yaml").read_text("utf-8"))
PAGE = (Path(govern.proof.__file__).parent / "statements.md").read_text("utf-8")
FILLED = {
    "TOOLS": "refund", "GATE": "finance", "KIND": "external", "RULE": "no-links", "ONE": "large-refunds",
    "OTHER": "no-links", "A": "ask a gate", "B": "deny",
}  # fmt: skip
WORDS = [
    "never", "always", "no", "every", "allow", "deny", "approval", "ask", "for", "tier", "external", "irreversible",
    "tools", "tool", "is", "allowed", "asks", "a", "gate", "when", "unless", "implies", "and", "or", "not", "unknown",
    "after", "untrusted", "content", "over", "limit", "reachable", "unreachable", "rule", "applies", "covers",
    "refund", "send_reply", "*", "delete_*", "team-lead", "no-links", "args.amount", ">", "5", "(", ")", "'", '"',
    ",", "{",
]  # fmt: skip


@cache
def policy(name: str = "samples/support/charter.yaml") -> Policy:
    return one_policy(ROOT / name)


def read(text: str) -> Statement:
    return parse_statement(text, policy())


@pytest.mark.parametrize("case", WRONG, ids=lambda case: repr(case["text"])[:60])
def test_what_is_no_statement(case: dict[str, Any]) -> None:
    """The place, what is wrong with it, and what was probably meant."""
    with pytest.raises(StatementError) as refused:
        read(case["text"])
    (problem,) = refused.value.problems
    assert case["under"] == case["text"][problem.start : problem.end]
    for words in case["says"]:
        assert words in f"{problem.message}; {problem.hint}"


def test_a_statement_is_short() -> None:
    """What is longer than any person writes is refused before it is read."""
    with pytest.raises(StatementError, match="at most 8,192 are read"):
        read("never allow refund when args.amount > 1" + " " * MAX_LENGTH)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("never allow refund when " + " or ".join(["deny"] * 65), "more than 64 parts"),
        ("never allow " + ", ".join(["refund"] * 201), "more than 200 tools"),
        ("never allow refund when " + "(" * 4000, "nested deeper"),
    ],
)
def test_a_statement_is_no_program(text: str, says: str) -> None:
    """What would take long, or break a parser, is refused."""
    with pytest.raises(StatementError, match=says):
        read(text)


def test_any_number_of_nots() -> None:
    """They cancel each other out."""
    assert (
        read("never allow refund when deny").premise
        == read("never allow refund when " + "not " * 1800 + "deny").premise
    )


def test_every_wrong_condition_is_told() -> None:
    """Of one condition all that is wrong, each at its own place in the statement."""
    text = "never allow refund when foo.x == 1 && bar.y == 2"
    with pytest.raises(StatementError) as refused:
        read(text)
    assert ["foo", "bar"] == [text[each.start : each.end] for each in refused.value.problems]


@pytest.mark.parametrize(
    ("text", "tools"),
    [
        ("never allow refund", [Choice("refund")]),
        ("never allow refund, 'send_reply', delete_*", [Choice("refund"), Choice("send_reply"), Choice("delete_*")]),
        ("never allow tier read-only", [Choice(tier=Tier.READ_ONLY)]),
        ("never allow external tools", [Choice(external=True)]),
        ("never allow external irreversible tools, add_note",
         [Choice(tier=Tier.IRREVERSIBLE, external=True), Choice("add_note")]),
        ("never allow every tool", [Choice()]),
        ("no tool is allowed", [Choice()]),
        ("args.amount > 5 implies deny for refund", [Choice("refund")]),
        ("args.amount > 5 implies deny refund", [Choice("refund")]),
        ("deny refund implies ask a gate for refund", [Choice("refund")]),
        ("unreachable large-refunds", [Choice("refund")]),
    ],
)  # fmt: skip
def test_tools(text: str, tools: list[Choice]) -> None:
    """Names, globs, tiers, external tools; of a rule those that have it."""
    assert tools == list(read(text).tools)


def test_words_inside_conditions_are_no_words() -> None:
    """In brackets, strings and paths a word of the language means nothing."""
    text = (
        "never allow send_reply when lower(args.body).contains(' when or implies ') && args.template in ['for', 'and']"
    )
    made = read(text)
    assert isinstance(made.premise, Meets)
    assert text.partition(" when ")[2] == made.premise.condition.text


def test_unknown_counts_only_where_it_is_written() -> None:
    """`C or unknown` is one part, also beside others."""
    plain, wide = (read(f"never allow refund when args.amount > 5{more}").premise for more in ("", " or unknown"))
    assert isinstance(plain, Meets)
    assert isinstance(wide, Meets)
    assert (False, True) == (plain.unknown, wide.unknown)
    both = read("never allow refund when args.amount > 5 or unknown and not args.reason == 'x' or ask a gate").premise
    assert isinstance(both, said.Any)
    assert both.parts[1] == Asks(None)
    (left, right) = both.parts[0].parts if isinstance(both.parts[0], said.All) else ()
    assert isinstance(left, Meets)
    assert left.unknown
    assert isinstance(right, Not)


def test_what_a_claim_means() -> None:
    """Claims that a denial meets are about every call, the others about valid input."""
    assert (Not(Gets(Effect.ALLOW)), False) == claim("never allow refund")
    assert (Gets(Effect.DENY), False) == claim("always deny refund")
    assert (said.Any((Asks("finance"), Gets(Effect.DENY))), False) == claim("always ask finance for refund")
    assert (Gets(Effect.ALLOW), True) == claim("always allow refund")
    assert (Not(Gets(Effect.DENY)), True) == claim("never deny refund")
    assert claim("never allow tier irreversible") == claim("no irreversible tool is allowed")
    assert claim("always ask a gate for every tool") == claim("every tool asks a gate")


def claim(text: str) -> tuple[said.Formula, bool]:
    made = read(text)
    return made.conclusion, made.valid


def test_lines_of_a_file() -> None:
    """Comments and empty lines say nothing; each statement keeps its line, wrong ones too."""
    lines = read_statements(["never allow refund"], "# money\n\n never allow send_reply\r\nnever\n", policy())
    assert [0, 3, 4] == [line.number for line in lines]
    assert [Statement, Statement, StatementError] == [type(line.read) for line in lines]


def test_every_example_of_the_page_is_a_statement() -> None:
    """And the forms of its tables are those of the parser."""
    (block,) = re.findall(r"```statements\n(.*?)```", PAGE, re.DOTALL)
    lines = read_statements([], block, policy())
    assert 8 <= len(lines)
    assert [] == [line.read for line in lines if isinstance(line.read, StatementError)]
    forms = re.findall(r"^\| `([a-zA-Z ]+?)(?: …| \[for TOOLS\])?` \|", PAGE, re.MULTILINE)
    assert 11 == len(forms)
    for form in forms:
        read(re.sub(r"\b[A-Z]+\b", lambda word: FILLED[word[0]], form))


@settings(max_examples=300, deadline=None)
@given(st.lists(st.one_of(st.sampled_from(WORDS), st.text(max_size=8)), max_size=14))
def test_any_text_is_a_statement_or_refused(words: list[str]) -> None:
    """Nothing else ever comes of it, and every place lies in the text or at its end."""
    text = " ".join(words)
    (line,) = read_statements([text], None, policy())
    if isinstance(line.read, StatementError):
        places = [(each.start, each.end) for each in line.read.problems]
        assert places
        assert all(0 <= start < end <= len(line.read.text) + 1 for start, end in places)
