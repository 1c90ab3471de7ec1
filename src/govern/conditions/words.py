"""Values of which all are known before any call: weekdays, hours, origins, and the enums of facts."""

from __future__ import annotations

from collections.abc import Mapping

from govern.conditions.inputs import ORIGINS, path_of, path_text
from govern.conditions.kinds import literal_kind
from govern.conditions.literals import day
from govern.conditions.problems import Problem
from govern.conditions.scope import FieldType
from govern.conditions.times import WEEKDAYS
from govern.conditions.tree import Call, Field, Lit, LitValue, Name, Node
from govern.findings import did_you_mean

Facts = Mapping[str, Mapping[str, FieldType]]
_SHOWN = {"weekday": "a weekday", "hour": "an hour", "origin": "an origin"}
_MOST = 12  # words of a hint


def compared(fn: str, node: Node, subject: Node, other: Node, facts: Facts) -> Problem | None:
    """What is wrong with comparing a subject by `fn`: its words are equal or not, never more or less."""
    if fn not in ("==", "!="):
        if any(isinstance(word, str) for word in words(subject, facts)):
            message = f"`{fn}` compares the letters of {_shown(subject)}, not their rank"
            hint = "name the ones that are meant, as in `x in ['a', 'b']`"
            return Problem(node.start, node.end, message, hint, "wrong-kind")
        return day(other) if isinstance(subject, Call) and subject.fn == "date" else None
    return one_of(subject, other, facts) if isinstance(other, Lit) else None


def one_of(subject: Node, literal: Lit, facts: Facts) -> Problem | None:
    """Why a subject is never equal to a literal, as far as its words are known."""
    if isinstance(subject, Call) and subject.fn == "date":
        return day(literal)
    known, kind = words(subject, facts), literal_kind(literal.value)
    if literal.value is None or not known:
        return None
    if any(literal_kind(word) == kind and word == literal.value for word in known):
        return None
    texts = [word for word in known if isinstance(word, str)]
    if isinstance(literal.value, str) and texts:
        hint = did_you_mean(literal.value, texts)
    else:
        hint = "one of " + ", ".join(f"`{_written(word)}`" for word in known[:_MOST]) + ", …" * (len(known) > _MOST)
    message = f"`{_written(literal.value)}` is never {_shown(subject)}"
    return Problem(literal.start, literal.end, message, hint, "not-in-enum")


def words(node: Node, facts: Facts) -> tuple[LitValue, ...]:
    """All values that a node can have; empty where that is not known."""
    match node:
        case Call("weekday"):
            return WEEKDAYS
        case Call("origin"):
            return ORIGINS
        case Call("hour"):
            return tuple(range(24))
        case Field(Name(fact), key) if fact in facts and key in facts[fact]:
            return facts[fact][key].values
        case _:
            return ()


def _shown(node: Node) -> str:
    if isinstance(node, Call):
        return _SHOWN[node.fn]
    return f"a value of `{path_text(path_of(node) or ())}`"


def _written(value: LitValue) -> str:
    return value if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else repr(value)
