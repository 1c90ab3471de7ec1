"""A fact whose source only says again what the model told it, or that is read from the model's own call."""

from __future__ import annotations

from collections.abc import Iterator

from govern.charter.model import Charter, Fact
from govern.findings import Confidence, Severity
from govern.lint.hit import Hit, listed
from govern.lint.outside import own_name, word_set
from govern.policy.verbs import words

SEVERITY = Severity.WARNING
CONFIDENCE = Confidence.MEDIUM

# Tools that give back what they were given.
_REPEATS = word_set("echo memorize note plan ponder print reason reflect remember repeat say scratchpad think todo")


def check(charter: Charter) -> Iterator[Hit]:
    for fact in charter.facts.values():
        if not charter.here(fact.at):
            continue
        for word in fact.source.tools if fact.source else ():
            verb = next(iter(words(own_name(word.name))), "")
            if verb in _REPEATS:
                message = f"`{word}` gives back what the model wrote: `{fact.name}` is the model's own word"
                yield Hit(message, word.at, "take it from a tool that looks it up, or from the session")
                break
        else:
            yield from _calls(fact)


def _calls(fact: Fact) -> Iterator[Hit]:
    """Fields that are arguments of the source's call. Beside others they may say which result it is."""
    every = fact.fields.values()
    severity = None if all(field.path.startswith("call.") for field in every) else Severity.NOTE
    for field in every:
        if field.path.startswith("call.") and fact.source is not None:
            tools = listed([word.name for word in fact.source.tools])
            message = f"`{fact.name}.{field.name}` is what the model wrote when it called {tools}, not an answer"
            hint = "take it from `result.…`; to find the result of a call, write `where`"
            yield Hit(message, field.at, hint, severity)
