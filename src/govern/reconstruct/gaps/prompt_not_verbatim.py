"""`prompt-not-verbatim`: what the agent was asked is not in the record word for word."""

from __future__ import annotations

from collections.abc import Iterator

from govern.events.model import Event, EventType, Fidelity
from govern.reconstruct.gaps.contract import Found, GapKind, Pattern, Scene


def find(scene: Scene) -> Iterator[Found]:
    for event in scene.chain.events:
        if event.type is EventType.PROMPT and scene.carry(event, "verbatim") and (why := not_verbatim(event)):
            yield Found(None, (event,), why)
    # Actions before any prompt: told once, at the first of them.
    for action in scene.chain.actions:
        if action.prompt is None and action.calls and scene.carry(action.calls[0], "verbatim"):
            yield Found(action, action.calls[:1], "no prompt is recorded before it: nobody knows what was asked")
            break


def not_verbatim(event: Event) -> str:
    """Why the words of an event are not shown to be those that were said; empty where they are."""
    match event.fidelity:
        case Fidelity.VERBATIM:
            return ""
        case Fidelity.REDACTED if event.commitments:
            return ""  # the values stand apart, bound to the event, or were erased by a signed redaction
        case Fidelity.REDACTED:
            return "parts of it were masked, and nothing binds what they were to the record"
        case Fidelity.TRUNCATED:
            return "it was cut short when it was written"
        case Fidelity.RESERIALISED:
            return "it was written anew from a parsed form: not the characters that were said"
        case Fidelity.DIGEST:
            return "only its digest was kept"
        case Fidelity.ABSENT:
            return "what writes the record never sees it"
        case None:
            return "the record does not say whether these are the very words"


KIND = GapKind(
    id="prompt-not-verbatim",
    title="a prompt that is not there word for word",
    pattern=Pattern.TRAIL,
    needs=frozenset({"prompt", "verbatim"}),
    find=find,
    absence=True,
)
