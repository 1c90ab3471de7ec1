"""Arguments of a call as an event holds them: canonical text, or the reason why there is none.

A call whose arguments have no single meaning stays an event: an agent must not be able to drop its own calls
from a report.
"""

from __future__ import annotations

from dataclasses import dataclass

from govern.events import canonical
from govern.events.canonical import Json, Malformed
from govern.events.model import Fidelity


@dataclass(frozen=True, slots=True)
class Arguments:
    """The columns of an event that speak of arguments; `content` is their text where they were refused."""

    args: str | None
    args_error: str | None
    content: str | None
    fidelity: Fidelity

    @property
    def digest(self) -> str | None:
        return None if self.args is None else canonical.digest(self.args)


UNCAPTURED = Arguments(None, None, None, Fidelity.ABSENT)
"""The source does not say with which arguments the tool was called."""


def from_value(value: Json) -> Arguments:
    """Arguments that stood in the source as JSON. Where they are refused, the caller knows the text.

    Args:
        value: as `canonical.load` read it.
    """
    if not isinstance(value, dict):
        return Arguments(None, f"not_object: {kind(value)}, not an object", None, Fidelity.RESERIALISED)
    try:
        return Arguments(canonical.text_of(value), None, None, Fidelity.RESERIALISED)
    except Malformed as error:
        # What is nested too deep may have been cut already, to make the row readable (`depth`).
        fidelity = Fidelity.TRUNCATED if error.code == "depth" else Fidelity.RESERIALISED
        return Arguments(None, _reason(error), None, fidelity)


def from_text(text: str) -> Arguments:
    """Arguments that stood in the source as a text of JSON."""
    try:
        value = canonical.load(text)
        if not isinstance(value, dict):
            return Arguments(None, f"not_object: {kind(value)}, not an object", text, Fidelity.VERBATIM)
        written = canonical.text_of(value)
    except Malformed as error:
        return Arguments(None, _reason(error), text, Fidelity.VERBATIM)
    return Arguments(written, None, None, Fidelity.VERBATIM if written == text else Fidelity.RESERIALISED)


def _reason(error: Malformed) -> str:
    """The reason as text that can be stored: the detail may quote a lone surrogate."""
    return storable(f"{error.code}: {error.detail}")


def storable(text: str) -> str:
    """The text with each lone surrogate written as its escape, because UTF-8 cannot hold it."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def kind(value: Json) -> str:
    """What a JSON value is, for people."""
    match value:
        case None:
            return "null"
        case bool():
            return "true or false"
        case str():
            return "a text"
        case list():
            return "a list"
        case dict():
            return "an object"
        case _:
            return "a number"
