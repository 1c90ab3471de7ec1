"""The published cases of CEL written as conditions of this language.

A case is an expression and its value. A condition is true, false or unknown, so `1 + 2` with the value `3` becomes
`(1 + 2) == 3`, and an error becomes unknown. What CEL may write anywhere and a condition may not becomes an argument
(`cel_arguments`). Every case has a second form in which its other literals are arguments too, since engines treat
what they know before a call otherwise than what a call brings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from govern.conditions import ConditionError, parse_condition
from govern.conditions.parse import parse as tree_of
from govern.conditions.tree import Call, ListLit, Lit, Macro, Node, children
from govern.events.canonical import text_of

from .cel_arguments import argument, with_arguments
from .cel_cases import Case, Outside, canonical, plain
from .textproto import Message

_ANY = "type.googleapis.com/google.protobuf."
# The operand of these that must be written out: a pattern, a span of time.
_WRITTEN = {"matches": 1, "duration": 0}


@dataclass(frozen=True, slots=True)
class Form:
    """A condition to judge: its text, its arguments, and T, F or U."""

    text: str
    args: dict[str, Any]
    expect: str


def forms(case: Case) -> list[list[Form]]:
    """The forms of a case that are conditions: as near to what is published as can be written, then with literals as
    arguments. Each is a list, since a value is asked for and against.

    Raises:
        Outside: there is none.
        ConditionError: none is accepted; what is wrong with the first.
    """
    args: dict[str, Any] = {}
    for name, bound in case.bindings:
        if not name.isidentifier():
            raise Outside("qualified names")
        args[name] = canonical(plain(*bound.messages("value")[0].fields[0]))
    text = with_arguments(case.expression, args)
    made, refusals = [], []
    for change in (lambda form: form, _literals_moved):
        try:
            form = [change(each) for each in _asked(text, change, case.value, args)]
            for each in form:
                parse_condition(each.text)
        except ConditionError as error:
            refusals.append(error)
        else:
            made.append(form)
    if not made:
        raise refusals[0]
    return made


def _asked(
    text: str, change: Callable[[Form], Form], value: tuple[str, Any] | None, args: dict[str, Any]
) -> list[Form]:
    """The conditions that ask for a value of an expression, before the change that makes a form of them."""
    if value is None:
        return [Form(_erring(text, change, args), args, "U")]
    kind, raw = value
    if kind == "object_value":
        wanted = _time(raw)
    else:
        found = canonical(plain(kind, raw))
        if isinstance(found, bool):
            return [Form(text, args, "T" if found else "F"), Form(f"!({text})", args, "F" if found else "T")]
        if isinstance(found, dict):
            raise Outside("maps as values")
        if isinstance(found, list):
            if any(isinstance(item, list | dict) for item in found):
                raise Outside("lists as values")
            inside = "".join(f" && {_literal(item)} in {text}" for item in found)
            return [Form(f"size({text}) == {len(found)}{inside}", args, "T")]
        wanted = _literal(found)
    return [Form(f"({text}) == {wanted}", args, "T"), Form(f"({text}) != {wanted}", args, "F")]


def _erring(text: str, change: Callable[[Form], Form], args: dict[str, Any]) -> str:
    """A condition that is unknown where the expression fails, whatever kind of value it would have."""
    others = ("0", "''", "duration('0s')", "timestamp('1970-01-01T00:00:00Z')")
    for asked in (text, *(f"({text}) == {other}" for other in others)):
        try:
            parse_condition(change(Form(asked, args, "U")).text)
        except ConditionError:
            continue
        return asked
    return text


def _time(value: Message) -> str:
    """A timestamp or a duration, written out."""
    kind, inner = value.fields[0]
    if not isinstance(inner, Message) or kind.removeprefix(_ANY) not in ("Timestamp", "Duration"):
        raise Outside("messages")
    parts = {name: int(str(number)) for name, number in inner.fields}
    seconds, nanos = parts.get("seconds", 0), parts.get("nanos", 0)
    if kind.endswith("Duration"):
        total = seconds * 10**9 + nanos
        return f"duration('{'-' * (total < 0)}{abs(total) // 10**9}.{abs(total) % 10**9:09}s')"
    return f"timestamp('1970-01-01T00:00:00Z') + duration('{seconds}.{nanos:09}s')"


def _literal(value: Any) -> str:
    if isinstance(value, str):
        return "'" + "".join(f"\\U{ord(char):08x}" if char in "\\'" or char < " " else char for char in value) + "'"
    return text_of(value)


def _literals_moved(form: Form) -> Form:
    """The same with its literals as arguments, but where the language wants them written; a written null is a test of
    its own and stays."""
    args = dict(form.args)
    made, done = "", 0
    for node in sorted(_movable(tree_of(form.text)), key=lambda node: node.start):
        value = [item.value for item in node.items] if isinstance(node, ListLit) else node.value
        made += form.text[done : node.start] + " " + argument(value, args)
        done = node.end
    return Form(made + form.text[done:], args, form.expect)


def _movable(node: Node) -> Iterator[Lit | ListLit]:
    match node:
        case Lit(value):
            if value is not None:
                yield node
        case ListLit():
            yield node
        case Call(fn, operands):
            for index, operand in enumerate(operands):
                if _WRITTEN.get(fn) != index:
                    yield from _movable(operand)
        case Macro(_, source, _, body):
            yield from _movable(source)
            yield from _movable(body)
        case _:
            for child in children(node):
                yield from _movable(child)
