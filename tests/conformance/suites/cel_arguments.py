"""An expression of CEL with what a condition cannot write as arguments of the call.

`{'a': 1}.a` becomes `args.v0.a` of the arguments `{"v0": {"a": 1}}`; so do lists where a condition has none, free
names, `dyn(1)` (an untyped value is what a call brings) and the least int64. Unsigned numbers lose their mark, since
numbers are one kind; a field that is quoted or a reserved word becomes `["field"]`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from govern.conditions import ConditionError
from govern.conditions.parse import RESERVED_WORDS
from govern.conditions.parse import parse as tree_of
from govern.conditions.tree import Lit
from govern.events.canonical import number

from .cel_cases import Outside, canonical

_TOKEN = re.compile(
    r"""(?P<space>\s+|//[^\n]*)
      | (?P<number>(?:0[xX][0-9A-Fa-f]+|(?:[0-9]*\.[0-9]+|[0-9]+)(?:[eE][+-]?[0-9]+)?)[uU]?)
      | (?P<string>[rRbB]*(?:\"{3}.*?\"{3}|'{3}.*?'{3}|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'))
      | (?P<name>[A-Za-z_][A-Za-z0-9_]*|`[^`]+`)
      | (?P<mark>\|\||&&|[=!<>]=|.)""",
    re.VERBOSE | re.DOTALL,
)


def with_arguments(text: str, args: dict[str, Any]) -> str:
    """The expression as a condition can write it; adds the values of what became an argument.

    Args:
        args: has the values of the free names.

    Raises:
        Outside: a number that no call can bring.
    """
    return _Rewriting(text, args).whole()


def argument(value: Any, args: dict[str, Any]) -> str:
    """A new argument with a value, as a condition names it."""
    name = f"v{len(args)}"
    args[name] = canonical(value)
    return f"args.{name}"


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    start: int
    end: int


_NONE = _Token("end", "", 0, 0)


class _Rewriting:
    def __init__(self, text: str, args: dict[str, Any]) -> None:
        self.text = text
        self.args = args
        self.bound = set(args)
        self.tokens = [
            _Token(str(found.lastgroup), found.group(), found.start(), found.end())
            for found in _TOKEN.finditer(text)
            if found.lastgroup != "space"
        ]
        self.made, self.done = "", 0

    def token(self, at: int) -> _Token:
        return self.tokens[at] if 0 <= at < len(self.tokens) else _NONE

    def whole(self) -> str:
        at = 0
        while at < len(self.tokens):
            at = self.after(at)
        return self.made + self.text[self.done :]

    def after(self, at: int) -> int:
        """Rewrites what begins at a token, and gives where to go on."""
        token, before, behind = self.token(at), self.token(at - 1), self.token(at + 1)
        fresh = at == 0 or (before.kind == "mark" and before.text not in (")", "]", "}", ".")) or before.text == "in"
        quoted = token.text[0] == "`" or (token.text in RESERVED_WORDS and behind.text != "(")
        if before.text == "." and token.kind == "name" and quoted:
            return self.put(at - 1, f'["{token.text.strip("`")}"]', at + 1)
        if fresh and token.text == "dyn" and behind.text == "(":
            found = self.constant(at + 2)
            if found is not None and self.token(found[1]).text == ")":
                return self.put(at, argument(found[0], self.args), found[1] + 1)
            return self.put(at, "", at + 1)
        if fresh and token.text in ("[", "{"):
            found = self.constant(at)
            if found is not None and not self.is_written(at, *found):
                return self.put(at, argument(found[0], self.args), found[1])
        if fresh and token.kind == "name" and token.text in self.bound and behind.text != "(":
            return self.put(at, f"args.{token.text}", at + 1)
        digits = behind if token.text == "-" and fresh else token
        if digits.kind == "number" and fresh and not _writable(digits.text):
            found = self.constant(at)
            if found is not None:
                return self.put(at, argument(found[0], self.args), found[1])
        if token.kind == "number" and token.text[-1] in "uU" and not _is_hex(token.text):
            return self.put(at, token.text[:-1], at + 1)
        return at + 1

    def put(self, at: int, instead: str, upto: int) -> int:
        """Writes something instead of the tokens from one up to another."""
        self.made += self.text[self.done : self.tokens[at].start] + instead
        self.done = self.tokens[upto - 1].end
        return upto

    def is_written(self, at: int, value: Any, end: int) -> bool:
        """Whether a literal stands where a condition may write a list."""
        if not isinstance(value, list) or any(isinstance(item, list | dict) for item in value):
            return False
        return self.token(at - 1).text == "in" or (
            self.token(end).text == "." and self.token(end + 1).text in ("all", "exists")
        )

    # -- literals --

    def constant(self, at: int) -> tuple[Any, int] | None:
        """The value of a literal of any depth at a token, and the place behind it; None where there is none."""
        token = self.token(at)
        match token.text:
            case "[":
                return self.items(at + 1)
            case "{":
                return self.entries(at + 1)
            case "dyn" if self.token(at + 1).text == "(":
                found = self.constant(at + 2)
                return None if found is None or self.token(found[1]).text != ")" else (found[0], found[1] + 1)
            case "-":
                digits = self.token(at + 1)
                return (
                    (_exact("-" + digits.text), at + 2)
                    if digits.kind == "number" and not _is_hex(digits.text)
                    else None
                )
        if token.kind == "number":
            return None if _is_hex(token.text) else (_exact(token.text), at + 1)
        try:
            node = tree_of(token.text)
        except ConditionError:
            return None
        return (node.value, at + 1) if isinstance(node, Lit) else None

    def items(self, at: int) -> tuple[Any, int] | None:
        made: list[Any] = []
        while self.token(at).text != "]":
            found = self.constant(at)
            if found is None or self.token(found[1]).text not in (",", "]"):
                return None
            made.append(found[0])
            at = found[1] + (self.token(found[1]).text == ",")
        return made, at + 1

    def entries(self, at: int) -> tuple[Any, int] | None:
        made: dict[str, Any] = {}
        while self.token(at).text != "}":
            key = self.constant(at)
            if key is None or not isinstance(key[0], str) or key[0] in made or self.token(key[1]).text != ":":
                return None
            found = self.constant(key[1] + 1)
            if found is None or self.token(found[1]).text not in (",", "}"):
                return None
            made[key[0]] = found[0]
            at = found[1] + (self.token(found[1]).text == ",")
        return made, at + 1


def _is_hex(text: str) -> bool:
    return text.lower().startswith("0x")


def _exact(text: str) -> int | float:
    found = number(text.rstrip("uU"))
    if not isinstance(found, int | float):
        raise Outside("numbers that no call can bring")
    return found


def _writable(text: str) -> bool:
    """Whether a number can stand in a condition. The least int64 cannot: it would be the negative of what is none."""
    return _is_hex(text) or isinstance(number(text.rstrip("uU")), int | float)
