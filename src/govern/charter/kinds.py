"""How a value of the language may be written: the kinds that the levels of `vocabulary` are made of.

One table is read by everybody: the loader checks names and closed words with it, `schema_file` makes the
JSON Schema for editors, `explain` and the language server describe keys, `fmt` orders them. Leaves out
reading (`reader`), which says what is wrong with a value.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

# A role, a gate, a rule: lower-case words, so that two names never differ by case alone.
NAME = re.compile(r"[a-z][a-z0-9_-]{0,63}")
NAME_WORDS = "a lower-case letter, then at most 63 of a-z, 0-9, `_`, `-`"
# A fact stands in conditions, where `-` is minus.
FACT = re.compile(r"[a-z][a-z0-9_]{0,63}")
FACT_WORDS = "a lower-case letter, then at most 63 of a-z, 0-9, `_`"
# As logs write agents' names.
AGENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
AGENT_WORDS = "at most 128 of A-Z, a-z, 0-9, `.`, `_`, `-`, not beginning with a sign"
# What the Model Context Protocol allows in a tool's name (SEP-986), `server/name` where a server is known.
TOOL_NAME = re.compile(r"[A-Za-z0-9_.-]+(?:/[A-Za-z0-9_.-]+)*")
TOOL_WORDS = "`name` or `server/name` of A-Z, a-z, 0-9, `_`, `.`, `-`, at most 128"
TOOL_GLOB = re.compile(r"[A-Za-z0-9_.*?-]+(?:/[A-Za-z0-9_.*?-]+)*")
TOOL_MAX = 128
DURATION = re.compile(r"([1-9][0-9]{0,6})(s|m|h|d)")
DURATION_WORDS = "a number and `s`, `m`, `h` or `d`, as in `30s`, `15m`, `4h`, `2d`; at most 366 days"
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
MAX_SECONDS = 366 * 86400
# Files stay beside the charter: relative, forward slashes, no address.
FILE = re.compile(r"(?!/)(?![A-Za-z]:)(?:[A-Za-z0-9_.@+-]+/)*[A-Za-z0-9_@+-][A-Za-z0-9_.@+-]*\.ya?ml")
FILE_WORDS = "a path from this file's folder to a `.yaml` file, as in `org/base.yaml`"
# A scope of a credential, as providers write them.
SCOPE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/*@-]{0,127}")
SCOPE_WORDS = "at most 128 of A-Z, a-z, 0-9 and `.`, `_`, `:`, `/`, `*`, `@`, `-`"
DAY = re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])")
DAY_WORDS = 'a day in quotes, as in `"2026-12-25"`'


@dataclass(frozen=True, slots=True)
class Text:
    """Words for people."""


@dataclass(frozen=True, slots=True)
class Name:
    """A name.

    Args:
        of: what it names, as messages call it: `a role`.
        refers: what it must be one of (`role`, `gate`, `tool`, `rule`, `fact`); empty where it names anew.
        pattern, words: its characters.
    """

    of: str
    refers: str = ""
    pattern: re.Pattern[str] = NAME
    words: str = NAME_WORDS


@dataclass(frozen=True, slots=True)
class Tools:
    """A list of tools by exact name or glob; `mapped`: exact names must be the charter's own."""

    mapped: bool


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number from `least`."""

    least: int


@dataclass(frozen=True, slots=True)
class Number:
    """A number of at least zero, at most six decimal places."""


@dataclass(frozen=True, slots=True)
class Truth:
    """`true` or `false`."""


@dataclass(frozen=True, slots=True)
class OneOf:
    """One of a closed set of words; `rule` is the finding for any other."""

    what: str
    words: tuple[str, ...]
    rule: str = "unknown-word"


@dataclass(frozen=True, slots=True)
class Duration:
    """`30s`, `15m`, `4h`, `2d`."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """Text of given characters that refers to nothing in the file."""

    what: str
    pattern: re.Pattern[str]
    words: str


@dataclass(frozen=True, slots=True)
class ConditionText:
    """A condition; `places` says which of `record` and `result` exist in it."""

    places: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PathText:
    """A place below one of `roots`, as a condition writes it: `args.amount`, `order.total`."""

    roots: tuple[str, ...]
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SchemaText:
    """A JSON Schema (2020-12) of an object."""


@dataclass(frozen=True, slots=True)
class Effect:
    """`deny`, or `{approval: GATE}`, `{tier: TIER}`, or both of these together."""


@dataclass(frozen=True, slots=True)
class Data:
    """Plain data of any shape."""


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list that is not empty."""

    item: Kind


@dataclass(frozen=True, slots=True)
class MapOf:
    """A mapping with names of the author's choice, not empty."""

    key: Name | Pattern
    value: Kind


@dataclass(frozen=True, slots=True)
class Nested:
    """A mapping of a level of its own, by its name in `vocabulary`."""

    level: str


@dataclass(frozen=True, slots=True)
class Either:
    """One of several ways to write it, told apart by shape."""

    kinds: tuple[Kind, ...]


Kind = (
    Text | Name | Tools | Whole | Number | Truth | OneOf | Duration | Pattern | ConditionText | PathText | SchemaText
    | Effect | Data | ListOf | MapOf | Nested | Either
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Key:
    """A key of a level.

    Args:
        says: what it means, one sentence or two, for people.
        by: what enforces it, and where.
        required: whether a level without it is an error.
    """

    name: str
    value: Kind
    says: str
    by: str
    required: bool = False


@dataclass(frozen=True, slots=True)
class Level:
    """One level of a file.

    Args:
        what: how messages call it, with its article.
        keys: in the order in which `fmt` writes them.
        apart: required keys whose absence a reader of their own reports.
        elsewhere: keys that authors look for here and that stand elsewhere: the finding's id, and a hint.
    """

    what: str
    keys: tuple[Key, ...]
    apart: tuple[str, ...] = ()
    elsewhere: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    @property
    def known(self) -> tuple[str, ...]:
        """The names of all keys, in canonical order."""
        return tuple(key.name for key in self.keys)

    @property
    def required(self) -> tuple[str, ...]:
        """The keys that a level without them is told of by the reader's common check."""
        return tuple(key.name for key in self.keys if key.required and key.name not in self.apart)

    def key(self, name: str) -> Key:
        """The key of that name.

        Raises:
            KeyError: there is none.
        """
        for key in self.keys:
            if key.name == name:
                return key
        raise KeyError(name)
