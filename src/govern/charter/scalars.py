"""What a plain (unquoted) YAML scalar means, and which ones are refused because two readers would differ.

The accepted forms are JSON's: `true`, `false`, `null`, JSON numbers, and text. YAML 1.1 reads `no` as false,
`12:30` as 750 and `010` as 8; YAML 1.2 does not. Such scalars are refused with the advice to quote them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from govern.events.canonical import number

Value = str | bool | int | float | None


@dataclass(frozen=True, slots=True)
class Refused:
    """A plain scalar with no single meaning: the rule that says so, what is wrong, what to write."""

    rule: str
    message: str
    hint: str


_JSON_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_FIRST = frozenset("+-.0123456789")
_BOOLEANS = frozenset({"yes", "no", "on", "off", "true", "false"})
_QUOTE = "quote it if it is text"
_REFUSED = (
    ("yaml-date", re.compile(r"\d{4}-\d\d?-\d\d?(?:[Tt ].*)?"), "is a date to some readers", "quote it"),
    (
        "yaml-sexagesimal",
        re.compile(r"[-+]?\d[\d_]*(?::[0-5]?\d)+(?:\.[\d_]*)?"),
        "is a number in base 60 to some readers",
        "quote it",
    ),
    (
        "yaml-number-underscore",
        re.compile(r"[-+]?(?:0[xXoObB])?[\d.][\dA-Fa-f_.eE]*_[\dA-Fa-f_.eE+-]*"),
        "has `_` in a number",
        f"write the digits only, or {_QUOTE}",
    ),
    ("yaml-not-finite", re.compile(r"[-+]?\.(?:inf|Inf|INF|nan|NaN|NAN)"), "is not a finite number", _QUOTE),
    (
        "yaml-leading-zero",
        re.compile(r"[-+]?0\d+(?:\.\d*)?(?:[eE][+-]?\d+)?"),
        "has a leading zero: octal to some readers",
        f"drop the zero, or {_QUOTE}",
    ),
    (
        "yaml-number-form",
        re.compile(
            r"[-+]?0(?:[xX][\dA-Fa-f]+|[oO][0-7]+|[bB][01]+)|[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII
        ),
        "is a number in one reader and text in another",
        f"write it as JSON does, or {_QUOTE}",
    ),
)


def resolve(text: str) -> Value | Refused:
    """The value of a plain scalar, or why it has none.

    Args:
        text: the scalar as YAML gives it, without surrounding space.
    """
    if text == "true":
        return True
    if text == "false":
        return False
    if text == "null":
        return None
    if text == "":
        return Refused("yaml-empty-value", "a value is missing", "write one, or leave the key out")
    if text[0] in _FIRST:
        return _number_like(text)
    lower = text.lower()
    if lower in _BOOLEANS:
        meant = "true" if lower in ("yes", "on", "true") else "false"
        hint = f'write `{meant}`, or quote it if it is text: "{text}"'
        return Refused("yaml-implicit-boolean", f"`{text}` is a truth value to some readers", hint)
    if text == "~" or lower == "null":
        return Refused("yaml-empty-value", f"`{text}` is an empty value", "write one, or leave the key out")
    return text


def _number_like(text: str) -> Value | Refused:
    if _JSON_NUMBER.fullmatch(text):
        value = number(text)
        if isinstance(value, int | float):
            return value
        hint = "use an integer of 64 bits or a number that a double holds"
        return Refused("yaml-number-inexact", f"`{text[:40]}` has no exact value", hint)
    for rule, pattern, message, hint in _REFUSED:
        if pattern.fullmatch(text):
            return Refused(rule, f"`{text[:40]}` {message}", hint)
    return text
