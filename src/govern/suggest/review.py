"""One suggestion at a time: accept it, tighten it, widen it one step, skip it. Pure: asking is the command line's.

To tighten goes on from types to bounds (closed sets of values stand between, where they were asked for), then to a
stricter tier. To widen takes the last
step back, and at most lets arguments be left out: a tier looser than the guess is for an editor, not for a key.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from govern.policy.terms import Tier
from govern.suggest import drafting, gates
from govern.suggest.model import STEP_WORDS, Step, Suggestion, Target
from govern.suggest.tier import ORDER, stricter


class Answer(StrEnum):
    """What a person may say to a suggestion."""

    ACCEPT = "a"
    TIGHTEN = "t"
    WIDEN = "w"
    GATE = "g"
    SKIP = "s"
    QUIT = "q"
    HELP = "?"


ANSWERS = {
    Answer.ACCEPT: "accept",
    Answer.TIGHTEN: "tighten one step",
    Answer.WIDEN: "widen one step",
    Answer.GATE: "gate: ask the next one",
    Answer.SKIP: "skip",
    Answer.QUIT: "quit: what was accepted is kept",
    Answer.HELP: "help",
}


def answer(text: str) -> Answer | None:
    """The answer that was typed: its letter, or its word; None for anything else."""
    word = text.strip().lower()
    for each, says in ANSWERS.items():
        if word and word in (each.value, says.split()[0].rstrip(":")):
            return each
    return None


@dataclass(frozen=True, slots=True)
class Moved:
    """A suggestion after an answer.

    Args:
        said: what changed, or why nothing did.
    """

    suggestion: Suggestion
    said: str


def tightened(target: Target, before: Suggestion) -> Moved:
    """One step stricter."""
    closer = [step for step in before.steps if step > before.step]
    if closer:
        return _moved(target, before, before.tier, closer[0])
    tier = stricter(before.tier)
    if tier is None:
        return Moved(before, "it cannot be tighter: it asks somebody for every call, and takes what was seen")
    return _moved(target, before, tier, before.step)


def widened(target: Target, before: Suggestion) -> Moved:
    """One step back, and never to a tier looser than the guess."""
    at = ORDER.index(before.tier)
    if at > ORDER.index(before.guess.tier):
        return _moved(target, before, ORDER[at - 1], before.step)
    wider = [step for step in before.steps if step < before.step]
    if wider:
        return _moved(target, before, before.tier, wider[-1])
    if before.tier is before.guess.tier:
        return Moved(before, f"it is not made wider here: it looks {before.tier.value} ({before.guess.why})")
    return Moved(before, "it cannot be wider")


def next_gate(target: Target, before: Suggestion) -> Moved:
    """Another of the charter's gates is asked."""
    known = [name for name, gate in target.charter.gates.items() if gates.fits(gate)]
    if before.gate is None:
        return Moved(before, "nobody is asked at this tier: tighten it first")
    others = known[known.index(before.gate) + 1 :] + known if before.gate in known else known
    if not others or others[0] == before.gate:
        return Moved(before, "the charter has no other gate for this")
    return Moved(_made(target, before, before.tier, before.step, others[0]), f"asks {others[0]}")


def _moved(target: Target, before: Suggestion, tier: Tier, step: Step) -> Moved:
    gate = before.gate or gates.chosen(target.charter) or gates.drafted(target.charter).name
    said = f"tier {tier.value}" if tier is not before.tier else f"input: {STEP_WORDS[step]}"
    return Moved(_made(target, before, tier, step, gate), said)


def _made(target: Target, before: Suggestion, tier: Tier, step: Step, gate: str) -> Suggestion:
    entry = target.entries.get(before.action.tool)
    return drafting.suggestion(target, before.action, before.guess, tier, gate, step, before.steps, entry)
