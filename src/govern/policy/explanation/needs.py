"""What would have to be so for a condition to come out otherwise, taken from its parts and their values.

Of what is false in an `&&` every part is named, of an `||` each of the ways. Leaves out how a value could be
changed (`policy.trials`) and words for values.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from govern.conditions.spans import widened
from govern.conditions.steps import Element, Step, Value
from govern.conditions.tree import Call

_OPPOSITE = {"==": "!=", "!=": "==", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}


class How(StrEnum):
    FACT = "fact"
    ALL = "all"
    ANY = "any"


@dataclass(frozen=True, slots=True)
class Need:
    """What would have to be so.

    Args:
        how: a fact, or all or any of the parts.
        text: of a fact, a condition that would have to be true.
        values: what that asks for, as it is now.
        unknown: whether it is unknown now, rather than the opposite.
        element: of a list, the item that decides.
        parts: of ALL and ANY at least two.
    """

    how: How
    text: str = ""
    values: tuple[Value, ...] = ()
    unknown: bool = False
    element: Element | None = None
    items: int | None = None
    parts: tuple[Need, ...] = ()

    def facts(self) -> tuple[Need, ...]:
        """The facts in it, in order."""
        return (self,) if self.how is How.FACT else tuple(fact for part in self.parts for fact in part.facts())


def needed(step: Step, want: bool, text: str) -> Need | None:
    """What would have to be so for a part to be true (or false); None where it is.

    Args:
        text: of the whole condition.
    """
    if step.truth is want:
        return None
    match step.node:
        case Call("!"):
            return needed(step.parts[0], not want, text)
        case Call("&&" | "||" as fn):
            how = How.ALL if (fn == "&&") is want else How.ANY
            found = [need for part in step.parts if (need := needed(part, want, text)) is not None]
            return joined(how, found)
        case Call("?:") if (test := step.parts[0].truth) is not None:
            return needed(step.parts[1 if test else 2], want, text)
        case _:
            values = step.values or tuple(value for part in step.walk() for value in part.values)
            element = step.elements[0] if len(step.elements) == 1 and step.truth is not None else None
            written = step.text if want else opposite(step, text)
            return Need(How.FACT, written, values, step.truth is None, element, step.items)


def joined(how: How, parts: list[Need]) -> Need:
    """One need of several; those of the same kind lie side by side."""
    flat = [inner for part in parts for inner in (part.parts if part.how is how else (part,))]
    return flat[0] if len(flat) == 1 else Need(how, parts=tuple(flat))


def opposite(step: Step, text: str) -> str:
    """A condition that is true exactly where a part is false."""
    match step.node:
        case Call(fn, (left, right)) if fn in _OPPOSITE:
            one, other = (slice(*widened(text, each.start, each.end)) for each in (left, right))
            return f"{text[one]} {_OPPOSITE[fn]} {text[other]}"
        case Call("in" | "?:"):
            return f"!({step.text})"
        case _:
            return f"!{step.text}"
