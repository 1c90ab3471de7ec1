"""The direction of every key of the language: how its values are ordered as requirements, and why.

One table, read by the comparison and shown to people as the reason of a change. `compose` takes the stricter of
everything by the same order. Leaves out levels of files that are no part of a charter: they say so in the table.
"""

from __future__ import annotations

from typing import Final

from govern.charter import vocabulary
from govern.charter.vocabulary import TIERS
from govern.diff.order import Direction, Way


def _d(way: Way, why: str, *scale: str) -> Direction:
    return Direction(way, why, scale)


# fmt: off

_WORDS = _d(Way.WORDS, "words for people: they ask for nothing")
_NAME = _d(Way.NAME, "under another name it is another one: the old one is gone, the new one added")
_TIER = _d(Way.SCALE, "a call of a higher tier is held to more, in shadow too: the higher, the narrower", *TIERS)
_EFFECT_OF = _d(Way.VERDICTS, "what applies and does more is narrower: the verdicts of its tools show it")
_SELECTS = _d(Way.VERDICTS, "about more tools, or more of their calls, is narrower: the verdicts of the tools show it")
_BESIDE = _d(Way.BESIDE, "a deployment file is compared by its own digest in every decision")
_TESTED = _d(Way.BESIDE, "a file of tests asks for nothing; charters are compared by what they ask for")

_OF_FILE = {
    "govern": _d(Way.ANOTHER, "another version of the language may mean something else by the same words"),
    "version": _d(Way.LATER, "a lower version is refused: it would bring back what was replaced"),
    "purpose": _WORDS,
    "owner": _d(Way.ANOTHER, "another role answers for the file: that is neither more nor less"),
    "extends": _d(Way.MORE, "a base only makes stricter, and goes on doing so when it changes: one more is narrower"),
    "roles": _d(Way.WORDS, "a role that is named may do nothing by that: gates name who answers"),
    "approvals": _d(Way.INSIDE, "a gate asks for nothing until something asks it"),
    "facts": _d(Way.HISTORY, "a fact asks for nothing: conditions that read it do, and the verdicts show it"),
    "rules": _d(Way.VERDICTS, "a rule only makes verdicts stricter: one more is narrower, one less is wider"),
    "limits": _d(Way.VERDICTS, "a limit only makes verdicts stricter: one more is narrower, one less is wider"),
    "never": _d(Way.INSIDE, "what is never released is refused whatever else is decided, in shadow too"),
    "untrusted": _d(Way.INSIDE, "without it nothing is asked after reading"),
    "escalation": _d(Way.INSIDE, "one call of a human more is narrower, one less is wider"),
    "shadow": _d(Way.INSIDE, "without it no shadow run is asked for"),
}

DIRECTIONS: Final[dict[str, dict[str, Direction]]] = {
    "CHARTER": {
        **_OF_FILE,
        "agent": _d(Way.ANOTHER, "it is another agent that is governed"),
        "uses": _d(Way.WORDS, "a library grants and asks for nothing: its tools are compared as they are described"),
        "identity": _d(Way.INSIDE, "without it the agent has no account and no scope"),
        "tools": _d(Way.VERDICTS, "a tool that is not mapped is denied: one more is wider, one less is narrower"),
        "records": _d(Way.INSIDE, "a scope of records only withholds: one more is narrower, one less is wider"),
        "scenarios": _d(Way.INSIDE, "a test less is a promise less that somebody meant"),
    },
    "BASE": {**_OF_FILE, "base": _d(Way.NAME, "another base: the old one is gone, the new one added")},
    "LIBRARY": {
        "govern": _OF_FILE["govern"],
        "library": _d(Way.WORDS, "a library's name stands in the ids of its rules only"),
        "version": _OF_FILE["version"],
        "purpose": _WORDS,
        "server": _d(Way.WORDS, "the names of its tools follow from it, and tools are compared by name"),
        "source": _WORDS,
        "tools": _d(Way.VERDICTS, "none is granted by it: what it says is compared in the charter's tools"),
    },
    "IDENTITY": {
        "service_account": _d(Way.ANOTHER, "what another account may do is not written here"),
        "standing": _d(Way.FEWER, "a scope that is not held cannot be misused: the fewer, the narrower"),
        "elevated": _d(Way.FEWER, "a scope that is never issued cannot be misused: the fewer, the narrower"),
    },
    "ELEVATED": {"ttl": _d(Way.SMALLER, "a credential can be misused as long as it lives: the shorter, the narrower")},
    "GATE": {
        "roles": _d(Way.FEWER, "any holder of any of them may answer: the fewer, the narrower"),
        "confirm": _d(Way.ANOTHER, "the person served answers instead of a role: other people, neither more nor less"),
        "quorum": _d(Way.LARGER, "the more people must approve, the narrower"),
        "shared": _d(Way.FALSE, "where it is shared, one person's answer may serve two gates: `true` is wider"),
        "needs_session_user": _d(Way.TRUE, "a session without an authenticated user is denied: `true` is narrower"),
        "use_within": _d(Way.SMALLER, "the sooner an approval must be used, the narrower"),
        "fatigue": _d(Way.INSIDE, "without it there is no bound on requests"),
        "if_no_answer": _d(Way.INSIDE, "the same gates in the same order, as soon, ending as strictly"),
    },
    "FATIGUE": {
        "max_pending": _d(Way.SMALLER, "the fewer open requests it takes, the narrower; without it there is no bound"),
        "per_hour": _d(Way.SMALLER, "the fewer requests it takes in an hour, the narrower; without it is no bound"),
        "cool_down": _d(Way.LARGER, "the longer it takes no request after a denial, the narrower"),
    },
    "STEP": {
        "after": _d(Way.SMALLER, "a shorter deadline is stricter (a longer one, where silence allows)"),
        "ask": _d(Way.ANOTHER, "other people are asked too: that is neither more nor less"),
        "then": _d(Way.SCALE, "silence that denies is narrower than silence that allows", "allow", "deny"),
    },
    "FACT": {
        "from": _d(Way.HISTORY, "somebody else says it: it may be known to be anything it was not"),
        "take": _d(Way.HISTORY, "another result may say anything that this one did not"),
        "fields": _d(Way.HISTORY, "what is no longer declared is not read; what is unknown loosens nothing"),
    },
    "SOURCE": {
        "result_of": _d(Way.HISTORY, "results of other tools may say anything that these did not"),
        "where": _d(Way.HISTORY, "another result is taken, which may say anything that this one did not"),
    },
    "FIELD": {
        "type": _d(Way.HISTORY, "of another kind is unknown, which loosens nothing: the narrower kind is narrower"),
        "enum": _d(Way.HISTORY, "what is not listed is unknown, which loosens nothing: fewer are narrower"),
        "path": _d(Way.HISTORY, "another place may hold anything that this one did not"),
    },
    "TOOL": {
        "tier": _TIER,
        "external": _d(Way.TRUE, "what leaves the organisation is held to more: `true` is narrower"),
        "approval": _EFFECT_OF,
        "autonomous": _d(Way.VERDICTS, "without it an irreversible tool asks a gate; its reason is words"),
        "credentials": _d(Way.FEWER, "the fewer scopes a released call is given, the narrower"),
        "sensitive": _d(Way.PLACES, "the more is masked, the narrower; what is secret is masked too"),
        "secret": _d(Way.PLACES, "the more is kept as a commitment only, the narrower"),
        "input": _d(Way.VERDICTS, "a call that breaks it is denied: fewer values that satisfy it are narrower"),
        "output": _d(Way.SCHEMA, "a result that breaks it is withheld: fewer values that satisfy it are narrower"),
        "show_only_if": _d(Way.CONDITION, "a result is withheld unless it is true: true of fewer is narrower"),
        "hide": _d(Way.PLACES, "the more of a result is taken away, the narrower"),
        "rules": _OF_FILE["rules"],
    },
    "LIBRARY_TOOL": {
        "tier": _d(Way.VERDICTS, "compared in the charter's tool"),
        "external": _d(Way.VERDICTS, "compared in the charter's tool"),
        "sensitive": _d(Way.VERDICTS, "compared in the charter's tool"),
        "secret": _d(Way.VERDICTS, "compared in the charter's tool"),
        "input": _d(Way.VERDICTS, "compared in the charter's tool"),
        "output": _d(Way.VERDICTS, "compared in the charter's tool"),
        "rules": _d(Way.VERDICTS, "compared in the charter's tool"),
    },
    "ASK": {
        "ask": _d(Way.VERDICTS, "another gate is narrower where it asks for at least as much"),
        "unless": _d(Way.VERDICTS, "waived for fewer calls is narrower"),
        "recheck": _d(Way.ANOTHER, "another tool looks: that is neither more nor less; without one nobody does"),
    },
    "AUTONOMOUS": {"because": _WORDS},
    "OWN_RULE": {
        "id": _NAME, "when": _EFFECT_OF, "then": _EFFECT_OF, "only_if": _EFFECT_OF, "otherwise": _EFFECT_OF,
        "because": _WORDS,
    },
    "RULE": {
        "id": _NAME, "tools": _SELECTS, "tiers": _SELECTS, "external": _SELECTS, "when": _EFFECT_OF, "then": _EFFECT_OF,
        "only_if": _EFFECT_OF, "otherwise": _EFFECT_OF, "because": _WORDS,
    },
    "EFFECT": {
        "approval": _d(Way.VERDICTS, "another gate is narrower where it asks for at least as much"),
        "tier": _TIER,
    },
    "LIMIT": {
        "id": _NAME,
        "tools": _d(Way.HISTORY, "with more tools more calls count together, and more are held to it"),
        "tiers": _SELECTS,
        "external": _d(Way.HISTORY, "with more tools more calls count together, and more are held to it"),
        "sum": _d(Way.ANOTHER, "something else is added up: that is neither more nor less"),
        "max": _d(Way.SMALLER, "the smaller, the sooner it is exceeded"),
        "within": _d(Way.HISTORY, "the longer the time, the more earlier calls count"),
        "for_each": _d(Way.HISTORY, "with fewer keys more calls count together; a key that is unknown counts as over"),
        "counts": _d(Way.HISTORY, "more calls are proposed than executed, and more executed than succeeded"),
        "otherwise": _EFFECT_OF,
        "because": _WORDS,
    },
    "NEVER": {"tools": _d(Way.GLOBS, "the more tools are never released, the narrower"), "because": _WORDS},
    "RECORDS": {
        "read_by": _d(Way.MORE, "the more tools are held to it, the narrower"),
        "only_if": _d(Way.CONDITION, "a record is seen only where it is true: true of fewer is narrower"),
        "max": _d(Way.SMALLER, "the fewer records a call may see, the narrower; without it there is no bound"),
        "because": _WORDS,
    },
    "UNTRUSTED": {
        "trusted": _d(Way.FEWER, "the fewer tools are believed, the narrower"),
        "on_instructions": _d(Way.SCALE, "the less of it reaches the agent, the narrower", *vocabulary.ON_INSTRUCTIONS),
        "after_reading": _d(Way.VERDICTS, "it only makes verdicts stricter: one more is narrower, one less is wider"),
    },
    "AFTER_READING": {
        "id": _NAME, "tools": _SELECTS, "tiers": _SELECTS, "external": _SELECTS,
        "unless": _d(Way.VERDICTS, "waived for fewer calls is narrower"),
        "then": _EFFECT_OF, "because": _WORDS,
    },
    "ESCALATION": {
        "event": _NAME,
        "times": _d(Way.SMALLER, "the fewer times before a human is called, the narrower"),
        "within": _d(Way.LARGER, "the longer the time, the sooner it has happened so often"),
        "to": _d(Way.ANOTHER, "another role is called: that is neither more nor less"),
        "then": _d(Way.SCALE, "the more stops until a human looked, the narrower", *vocabulary.ACTIONS),
    },
    "SHADOW": {
        "business_days": _d(Way.LARGER, "the more days must be signed off, the narrower"),
        "reviewer": _d(Way.ANOTHER, "another role signs off: that is neither more nor less"),
        "least_calls": _d(Way.LARGER, "the more calls a day must have seen, the narrower"),
    },
    "SCENARIO": {
        "instruction": _WORDS,
        "given": _d(Way.NAME, "of other facts it is another test: the old one is gone, the new one added"),
        "call": _d(Way.NAME, "of another call it is another test: the old one is gone, the new one added"),
        "expect": _d(Way.ANOTHER, "another verdict is meant: the old promise is gone"),
    },
    "EXPECT": {
        "approval": _d(Way.ANOTHER, "another gate is meant: the old promise is gone"),
        "deny": _d(Way.TRUE, "with its cause the test promises more; another cause is another promise"),
    },
    "DEPLOYMENT": dict.fromkeys(
        ("govern", "deployment", "roles", "keys", "notifications", "secrets", "mode", "time_zone", "calendar",
         "minimums"),
        _BESIDE,
    ),
    "HELD": dict.fromkeys(("people", "notify"), _BESIDE),
    "CHANNEL": dict.fromkeys(("mail", "webhook", "command", "secret"), _BESIDE),
    "SECRET": dict.fromkeys(("env", "file"), _BESIDE),
    "MODE": {"shadow": _BESIDE},
    "SHADOW_MODE": {"until": _BESIDE},
    "CALENDAR": dict.fromkeys(("business_days", "holidays"), _BESIDE),
    "SUITE": dict.fromkeys(
        ("govern", "tests", "charter", "deployment", "at", "given", "fixtures", "cases"), _TESTED
    ),
    "CASE": dict.fromkeys(
        ("name", "tags", "skip", "at", "session", "given", "origins", "named_by_user", "history", "call", "each",
         "expect", "matrix", "steps"), _TESTED
    ),
    "ROW": dict.fromkeys(
        ("name", "at", "given", "origins", "named_by_user", "history", "call", "args", "without", "expect"), _TESTED
    ),
    "TOLD": dict.fromkeys(("limits", "tainted", "calls", "succeeded"), _TESTED),
    "SESSION": dict.fromkeys(("user", "chain"), _TESTED),
    "EXPECTED": dict.fromkeys(
        ("approval", "deny", "verdict", "gates", "rules", "reasons", "unknown", "tier"), _TESTED
    ),
    "TEST_STEP": dict.fromkeys(
        ("as", "after", "user", "operator", "call", "result", "error", "released", "used_after", "approve", "deny",
         "wait", "of", "expect", "then"), _TESTED
    ),
    "PERSON": dict.fromkeys(("person", "roles"), _TESTED),
    "OUTCOME": dict.fromkeys(("request", "refused", "gates", "asks"), _TESTED),
}

# fmt: on

SUPPRESSION: Final = Direction(Way.MORE, "a finding that a comment keeps quiet is seen by nobody: one more is wider")
PIN: Final = Direction(Way.MORE, "what the lock pins cannot change unnoticed: one pin more is narrower")
PINNED: Final = Direction(Way.ANOTHER, "the server describes it otherwise: it is another tool under the same name")


def direction(level: str, key: str) -> Direction:
    """The direction of a key.

    Args:
        level: by its name in `vocabulary.LEVELS`.

    Raises:
        KeyError: the table does not know it.
    """
    return DIRECTIONS[level][key]
