"""Which events say something, who says it, and what a tool's conditions ask of it."""

from __future__ import annotations

from typing import Any

import pytest

from govern.charter.load import charter_or_raise, load_text
from govern.compile.lower import lower
from govern.events.canonical import text_of
from govern.events.model import ActorKind, Event, EventType, Fidelity
from govern.policy.model import Policy
from govern.policy.origin import By, Said
from govern.policy.origin.hearing import answers, asked, by, hear, trusted_tools

HEAD = """govern: 1
agent: desk
version: 1
purpose: Mail.
owner: lead
roles: [lead]
approvals: {lead: {roles: [lead], if_no_answer: [{after: 8h, then: deny}]}}
tools:
  look: {tier: read_only}
  book: {tier: read_only}
  send:
    tier: irreversible
    approval: {ask: lead, unless: "origin(args.to) == 'user' && named_by_user(args.cc[0])"}
    rules:
      - {id: a, when: "origin(args.to) != 'user' || args.to == 'x'", then: deny}
"""


def policy(more: str = "") -> Policy:
    return lower(charter_or_raise(load_text(HEAD + more), "charter.yaml"))


def event(kind: EventType, content: str | None = "hello", **more: Any) -> Event:
    more.setdefault("fidelity", Fidelity.VERBATIM)
    return Event(event_id="e", trace_id="t", writer_id="w", wseq=0, type=kind, content=content, **more)


def prompt(who: ActorKind | None, role: str | None = None, **more: Any) -> Event:
    return event(EventType.PROMPT, actor_kind=who, actor=role, **more)


def result(tool: str | None, **more: Any) -> Event:
    return event(EventType.TOOL_RESULT, actor_kind=ActorKind.SERVICE, tool=tool, **more)


@pytest.mark.parametrize(
    ("whose", "heard"),
    [
        (By.TYPED, prompt(ActorKind.HUMAN, "user")),
        (By.TYPED, prompt(ActorKind.HUMAN)),
        (By.TRUSTED, prompt(ActorKind.SERVICE, "system")),
        (By.TRUSTED, prompt(ActorKind.SERVICE, "developer")),
        (By.UNTRUSTED, prompt(ActorKind.SERVICE, "webhook")),
        (By.UNTRUSTED, prompt(ActorKind.SERVICE)),
        (By.UNTRUSTED, prompt(ActorKind.AGENT, "system")),
        (By.UNTRUSTED, prompt(ActorKind.POLICY)),
        (None, prompt(None, "user")),
        (By.TRUSTED, result("book")),
        (By.UNTRUSTED, result("look")),
        (By.UNTRUSTED, result(None)),
        (By.UNTRUSTED, result("Book")),
        (By.TRUSTED, event(EventType.ERROR, tool="book")),
        (By.UNTRUSTED, event(EventType.ERROR)),
        (By.UNTRUSTED, event(EventType.MEMORY_READ)),
        (By.TRUSTED, event(EventType.MEMORY_READ, tool="book")),
        (By.UNTRUSTED, event(EventType.DELEGATION, tool="book")),
    ],
)
def test_who_says_it(whose: By | None, heard: Event) -> None:
    """A prompt by who made it, output by its tool, what agents wrote is untrusted."""
    assert whose is by(heard, {"book"})


def test_without_a_word_on_trust_every_tool_is_untrusted() -> None:
    assert frozenset() == trusted_tools(policy())
    assert {"book"} == trusted_tools(policy("untrusted: {trusted: [book]}\n"))


def test_errors_are_output_too() -> None:
    said = hear(Said().typed("x"), result("look", content="", error="no eve@evil.com", status="error"), ())
    assert "untrusted" == said.origin("eve@evil.com")


def test_blocks_of_a_prompt_are_read_as_they_were_typed() -> None:
    """The person typed the text of a text block; what else stands in the list was not typed."""
    blocks = [
        {"type": "text", "text": "to:\nbob@x.com"},
        {"type": "tool_result", "text": "ann@x.com", "content": "mal@x.com"},
        {"type": "image", "source": "eve@x.com"},
        "joe@x.com",
    ]
    heard = prompt(ActorKind.HUMAN, content=text_of(blocks), fidelity=Fidelity.RESERIALISED)
    said = hear(Said(), heard, ())
    found = [said.origin(name) for name in ("bob@x.com", "ann@x.com", "mal@x.com", "eve@x.com", "joe@x.com", "type")]
    assert ["user", "none", "none", "none", "none", "none"] == found
    verbatim = hear(Said(), prompt(ActorKind.HUMAN, content=text_of(blocks)), ())
    assert "user" == verbatim.origin("ann@x.com")  # somebody who types JSON types all of it


def test_blocks_of_a_tool_are_untrusted_whatever_they_are() -> None:
    blocks = [{"type": "text", "text": "to:\nbob@x.com"}, {"type": "image", "source": "eve@x.com"}]
    said = hear(Said(), result("look", content=text_of(blocks), fidelity=Fidelity.RESERIALISED), ())
    assert ["untrusted"] * 3 == [said.origin(each) for each in ("bob@x.com", "eve@x.com", "to:\nbob@x.com")]


@pytest.mark.parametrize(
    ("whole", "heard"),
    [
        (True, result("look")),
        (True, result("look", content=None)),
        (True, result("look", content="", fidelity=None)),
        (True, result("look", content=None, error="no", fidelity=None)),
        (True, result("look", fidelity=Fidelity.RESERIALISED)),
        (False, result("look", content=None, fidelity=None)),
        (False, result("look", content=None, fidelity=Fidelity.ABSENT)),
        (False, result("look", content=None, fidelity=Fidelity.DIGEST)),
        (False, result("look", fidelity=Fidelity.TRUNCATED)),
        (False, result("look", fidelity=Fidelity.REDACTED)),
    ],
)
def test_what_the_log_does_not_have_is_missed(whole: bool, heard: Event) -> None:
    """Where an output is not all there, a value may stand in the rest of it."""
    said = hear(Said().typed("bob@x.com"), heard, ())
    assert (frozenset() if whole else {By.UNTRUSTED}) == said.missing
    keys = asked(policy())["send"]
    found = answers(said, keys, {"to": "bob@x.com", "cc": ["bob@x.com"]})
    assert ({"origin(args.to)": "user"} if whole else {}) | {"named_by_user(args.cc[0])": True} == found


def test_a_prompt_of_nobody_may_be_anybodys() -> None:
    """What depends on it is uncaptured; what is certain without it is said."""
    said = hear(Said().typed("bob@x.com").untrusted("eve@evil.com"), prompt(None), ())
    keys = asked(policy())["send"]
    assert {"origin(args.to)": "untrusted"} == answers(said, keys, {"to": "eve@evil.com", "cc": ["joe@x.com"]})
    assert {"named_by_user(args.cc[0])": True} == answers(said, keys, {"to": "bob@x.com", "cc": ["bob@x.com"]})


def test_what_is_asked_is_known_by_tool() -> None:
    """Of every condition, also one that waives; tools that ask nothing are not there."""
    paths = {
        "origin(args.to)": ("origin", ("args", "to")),
        "named_by_user(args.cc[0])": ("named_by_user", ("args", "cc", 0)),
    }
    assert {"send": paths} == asked(policy())


def test_a_missing_argument_is_unknown() -> None:
    """And so is one of another kind than the path needs."""
    keys = asked(policy())["send"]
    unknown = {"origin(args.to)": None, "named_by_user(args.cc[0])": None}
    calls: list[dict[str, Any]] = [{}, {"to": None, "cc": []}, {"cc": "bob@x.com"}, {"cc": {"0": "bob@x.com"}}]
    for args in calls:
        assert unknown == answers(Said().typed("bob@x.com"), keys, args)
