"""A reader of protocol buffers' text format, as far as the published cases use it.

Source: the text format language specification (protobuf.dev/reference/protobuf/textformat-spec). A message is a
list of fields in order; what a field means is for who reads it. Leaves out extensions, `<>` and lists of fields.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""(?P<skip>\s+|\#[^\n]*)
      | (?P<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
      | (?P<any>\[[A-Za-z0-9_./]+\])
      | (?P<word>[-+]?[A-Za-z0-9_.][A-Za-z0-9_.+-]*)
      | (?P<mark>[{}:,;\[\]])""",
    re.VERBOSE,
)
_ESCAPE = re.compile(
    rb"""\\(?:([0-7]{1,3})|[xX]([0-9A-Fa-f]{1,2})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|([abfnrtv\\'"?]))"""
)
_PLAIN = dict(zip(b"abfnrtv\\'\"?", b"\a\b\f\n\r\t\v\\'\"?", strict=True))


@dataclass(frozen=True, slots=True)
class Message:
    """Fields in the order they stand; a value is a message, the bytes of a string, or a word as written."""

    fields: tuple[tuple[str, Message | bytes | str], ...]

    def all(self, name: str) -> list[Message | bytes | str]:
        return [value for key, value in self.fields if key == name]

    def messages(self, name: str) -> list[Message]:
        return [value for value in self.all(name) if isinstance(value, Message)]

    def text(self, name: str) -> str:
        """A string field, empty where it is not there."""
        found = self.all(name)
        return found[-1].decode() if found and isinstance(found[-1], bytes) else ""

    def has(self, name: str) -> bool:
        return any(key == name for key, _ in self.fields)


def read(text: str) -> Message:
    """The message of a file.

    Raises:
        ValueError: the text is not of the form above.
    """
    tokens = list(_tokens(text))
    made, at = _fields(tokens, 0)
    if at != len(tokens):
        raise ValueError(f"`{tokens[at][1]}` is not expected here")
    return made


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise ValueError(f"not understood: {text[at : at + 40]!r}")
        if match.lastgroup not in (None, "skip"):
            yield str(match.lastgroup), match.group()
        at = match.end()


def _fields(tokens: list[tuple[str, str]], at: int) -> tuple[Message, int]:
    made: list[tuple[str, Message | bytes | str]] = []
    while at < len(tokens) and tokens[at][1] != "}":
        kind, name = tokens[at]
        if kind not in ("word", "any"):
            raise ValueError(f"`{name}` is no field")
        at += 1
        if tokens[at] == ("mark", ":"):
            at += 1
        value, at = _value(tokens, at)
        made.append((name.strip("[]"), value))
        if at < len(tokens) and tokens[at][1] in (",", ";") and tokens[at][0] == "mark":
            at += 1
    return Message(tuple(made)), at


def _value(tokens: list[tuple[str, str]], at: int) -> tuple[Message | bytes | str, int]:
    kind, text = tokens[at]
    if (kind, text) == ("mark", "{"):
        inner, at = _fields(tokens, at + 1)
        if at == len(tokens):
            raise ValueError("a message does not end")
        return inner, at + 1
    if kind == "string":
        parts = b""
        while at < len(tokens) and tokens[at][0] == "string":  # strings that touch are one
            parts += _unescaped(tokens[at][1][1:-1])
            at += 1
        return parts, at
    if kind == "word":
        return text, at + 1
    raise ValueError(f"`{text}` is no value")


def _unescaped(body: str) -> bytes:
    def change(match: re.Match[bytes]) -> bytes:
        octal, hexa, four, eight, plain = match.groups()
        if plain:
            return bytes([_PLAIN[plain[0]]])
        if four or eight:
            return chr(int(four or eight, 16)).encode()
        return bytes([int(octal, 8) if octal else int(hexa, 16)])

    return _ESCAPE.sub(change, body.encode())
