"""`govern decide --history`: what happened before a call, said by whoever asks, and checked against the charter."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from .running import ROOT, Ran, govern

DESK = ROOT / "charters" / "desk" / "assistant.yaml"
RETAIL = ROOT / "charters" / "taubench" / "retail.yaml"
MAIL = {"user_google_email": "a@b.example", "to": "c@d.example", "body": "x"}
LIMITS = (
    "mails-a-day", "dev/calls-a-trace", "organisation/irreversible-a-day", "production/irreversible-a-day",
    "production/outside-an-hour", "staging/irreversible-a-day",
)  # fmt: skip
NOTHING: dict[str, Any] = {"tainted('session')": False, **{f"exceeded('{limit}')": False for limit in LIMITS}}


def decide(history: Any, *more: str | Path, tool: str = "send_gmail_message", charter: Path = DESK) -> Ran:
    told = history if isinstance(history, str) else json.dumps(history)
    args = json.dumps(MAIL)
    return govern("decide", "--policy", charter, "--tool", tool, "--args", args, "--history", told, *more)


def verdict(history: Any) -> tuple[str, list[str], list[str]]:
    ran = decide(history, "--facts", '{"person": {"email": "a@b.example"}}', "--format", "json")
    assert (0, "") == (ran.exit_code, ran.err)
    return ran.json["effect"], ran.json["rules"], ran.json["unknown"]


def test_what_is_said_decides() -> None:
    """A limit that is over, content that was read, and nothing of both; what nobody says is unknown."""
    assert ("approval", ["organisation/outside-for-good"], []) == verdict(NOTHING)
    assert ("deny", ["mails-a-day"], []) == verdict({**NOTHING, "exceeded('mails-a-day')": True})
    after = ["production/asked-outside", "staging/carried-out", "organisation/steered"]
    assert ("approval", ["organisation/outside-for-good", *after], []) == verdict(
        {**NOTHING, "tainted('session')": True}
    )
    effect, _, unknown = verdict({"tainted('session')": False})
    assert ("deny", ["exceeded('mails-a-day')", "exceeded('production/irreversible-a-day')"]) == (effect, unknown)


def test_a_key_in_any_spelling_of_conditions() -> None:
    """Other quotes and spaces mean the same; null says that it is not known."""
    keys = [f'exceeded( "{limit}" )' for limit in LIMITS]
    assert verdict(NOTHING) == verdict({'tainted("session")': False, **dict.fromkeys(keys, False)})
    assert verdict({}) == verdict(dict.fromkeys(NOTHING))


def test_counts() -> None:
    """Calls and successes of tools are numbers."""
    for count, rule in ((0, False), (1, True)):
        ran = decide({"succeeded('transfer_to_human_agents')": count}, "--format", "json",
                     tool="modify_user_address", charter=RETAIL)  # fmt: skip
        assert rule is ("nothing-after-handing-over" in ran.json["rules"])


@pytest.mark.parametrize(
    ("history", "says", "hint"),
    [
        ("{", "no JSON", ""),
        ("[]", "the history is an object, by name", "exceeded('budget')"),
        ({"taintd('session')": True}, "`taintd('session')` is no input of the history", "did you mean `tainted`?"),
        ({"tainted": True}, "is no input of the history", ""),
        ({"tainted('trace')": True}, "`trace` is no place that is tainted", "`session`"),
        ({"exceeded('mails')": True}, "`mails` is no limit of `assistant`", "did you mean `mails-a-day`?"),
        ({"exceeded(args.to)": True}, "is no input of the history", "exceeded('name')"),
        ({"calls('send_mail')": 1}, "`send_mail` is no tool of `assistant`", ""),
        ({"calls('get_events')": -1}, "a number of calls, `-1` is none", "a whole number from 0"),
        ({"calls('get_events')": True}, "a number of calls, `true` is none", ""),
        ({"calls('get_events')": 1.5}, "a number of calls, `1.5` is none", ""),
        ({"tainted('session')": "yes"}, 'is true or false, not `"yes"`', ""),
        ({"origin(args.too)": "user"}, "`too` is no argument of `send_gmail_message`", "did you mean `to`?"),
        ({"origin(args.to)": "usr"}, 'is never `"usr"`', "did you mean `user`?"),
        ({"origin('to')": "user"}, "is of an argument", "origin(args.to)"),
        ({"named_by_user(args.to)": 1}, "is true or false, not `1`", ""),
        ({"calls(": 1}, "`calls(`", ""),
        ({"calls('get_events') == 1": True}, "is no input of the history", ""),
        ({"origin(args.to)": "user", "origin( args.to )": "user"}, "`origin(args.to)` is said twice", ""),
        ({"\u001b[31m": 1}, "is no input of the history", ""),
    ],
)
def test_what_cannot_be(history: Any, says: str, hint: str) -> None:
    """A key that says nothing of the charter, or a value that it cannot have, is an error with what was meant."""
    ran = decide(history)
    assert (2, "") == (ran.exit_code, ran.out)
    assert "--history: " in ran.err
    assert says in ran.err
    assert hint in ran.err
    assert "\x1b" not in ran.err


def test_a_first_call_has_its_history() -> None:
    """`--first` says all of it but where values came from."""
    ran = decide({"tainted('session')": True}, "--first")
    assert (2, "") == (ran.exit_code, ran.out)
    assert "`--first` says `tainted('session')` too" in ran.err
    assert 0 == decide({"origin(args.to)": "user"}, "--first").exit_code


def test_an_explanation_uses_it() -> None:
    """`--explain` shows what was said as what was read."""
    ran = decide({**NOTHING, "exceeded('mails-a-day')": True}, "--explain")
    assert (0, "") == (ran.exit_code, ran.err)
    assert "mails-a-day" in ran.out
