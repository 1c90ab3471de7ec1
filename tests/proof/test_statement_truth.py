"""Whether one call meets a formula: each part against what the engine says of the call."""

from __future__ import annotations

from typing import Any

import pytest

from govern.policy.engine import Engine
from govern.proof.statement import Statement
from govern.proof.statement_text import parse_statement
from govern.proof.statement_truth import Truth, judged

from .charters import policy

TAINTED = {"tainted('session')": True}


def met(text: str, tool: str, args: dict[str, Any], given: dict[str, Any] | None = None) -> bool:
    """Whether a call meets what comes before `implies`."""
    one = policy()
    made: Statement = parse_statement(f"{text} implies deny", one)
    truth = Truth(Engine(one))
    return truth.of(made.premise, judged(truth.engine, tool, args, given or {}))


@pytest.mark.parametrize(
    ("text", "tool", "args", "expected"),
    [
        ("allow", "look", {}, True),
        ("approval", "look", {}, False),
        ("deny", "look", {"x": 1}, True),  # invalid input
        ("ask lead", "run", {"command": "cat", "dry": True}, True),
        ("ask head", "run", {"command": "cat", "dry": True}, False),
        ("ask head", "run", {"command": "cat"}, True),
        ("ask head and ask lead", "run", {"command": "cat"}, True),
        ("ask a gate", "run", {"command": "ls", "dry": True}, False),
        ("rule removes applies", "run", {"command": "rm", "dry": True}, True),
        ("rule removes decides", "run", {"command": "rm", "dry": True}, False),  # it asks for nothing itself
        ("rule for-good applies", "run", {"command": "rm", "dry": True}, True),  # only since that one raised it
        ("rule for-good applies", "run", {"command": "ls", "dry": True}, False),
        ("rule for-good decides", "run", {"command": "rm", "dry": True}, True),
        ("rule not-dry applies", "run", {"command": "ls"}, True),  # unknown
        ("rule not-dry applies", "look", {}, False),
        ("args.dry", "run", {"command": "ls"}, False),
        ("args.dry or unknown", "run", {"command": "ls"}, True),
        ("not args.dry", "run", {"command": "ls"}, True),
        ("not args.dry", "run", {"command": "ls", "dry": True}, False),
        ("args.dry or args.command == 'ls' and allow", "run", {"command": "ls", "dry": False}, False),
        ("tool == 'run'", "run", {"command": "ls"}, True),
        ("agent == 'desk'", "look", {}, True),
    ],
)
def test_a_part(text: str, tool: str, args: dict[str, Any], expected: bool) -> None:
    """It is true of the call or not: what is unknown is not true."""
    assert expected is met(text, tool, args)


def test_circumstances() -> None:
    """Content that was read, a limit that is over: also where nobody knows."""
    mail = {"to": "ann"}
    assert met("after untrusted content", "mail", mail, TAINTED)
    assert met("after untrusted content", "mail", mail)
    assert not met("after untrusted content", "mail", mail, {"tainted('session')": False})
    assert met("over limit daily", "mail", mail)
    assert not met("over limit daily", "mail", mail, {"exceeded('daily')": False})


def test_the_tier_that_a_call_counts_as() -> None:
    """The tool's own, and each that a rule raises the call to."""
    one = policy()
    truth = Truth(Engine(one))
    statement = parse_statement("never allow tier irreversible", one)
    which = {tool.name: formula for tool, formula in statement.chosen(one)}
    assert {"run", "mail"} == which.keys()
    for command, expected in (("rm x", True), ("ls", False)):
        call = judged(truth.engine, "run", {"command": command, "dry": True}, {})
        assert expected is truth.of(which["run"], call)
