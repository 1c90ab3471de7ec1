"""How a value of the language may be written: the kinds that the levels of `vocabulary` are made of.

One table is read by everybody: the loader checks names and closed words with it, `schema_file` makes the
JSON Schema for editors, `explain` and the language server describe keys, `fmt` orders them. Leaves out
reading (`reader`), which says what is wrong with a value.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

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
TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt](?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,9})?"
    r"(?:[Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
)
TIME_WORDS = 'a time with an offset, in quotes, as in `"2026-11-23T14:00:00Z"`'
# The SubjectPublicKeyInfo of an Ed25519 key (RFC 8410) in base64: always the same twelve bytes, then the key's 32. The
# last digit before `=` has two bits to spare, which are zero: one key is written in one way.
PUBLIC_KEY = re.compile(r"MCowBQYDK2VwAyEA[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=")
PUBLIC_KEY_WORDS = "the line between BEGIN and END of a public key, as `govern key new` writes it"
# A JSON key, of a call's arguments.
ARGUMENT = re.compile(r"[^\x00-\x1f]{1,128}")
ARGUMENT_PLACE = re.compile(r"args(?:\.[A-Za-z_][A-Za-z0-9_]*|\[(?:0|[1-9][0-9]{0,3})\])+")
# A rule or a limit as verdicts name it: of a base, with the base's name.
RULE_REFERENCE = re.compile(r"[a-z][a-z0-9_-]{0,63}(?:/[a-z][a-z0-9_-]{0,63})?")


class Held:
    """A value: compared, hashed and shown by what it holds. Plain classes, not dataclasses: every command that reads a
    charter imports all of these, and a dataclass takes 80 times as long to make.
    """

    __slots__: tuple[str, ...] = ()

    def _held(self) -> tuple[object, ...]:
        return tuple(getattr(self, name) for name in self.__slots__)

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and isinstance(other, Held) and self._held() == other._held()

    def __hash__(self) -> int:
        return hash((type(self), self._held()))

    def __repr__(self) -> str:
        return f"{type(self).__name__}{self._held()!r}"


class Text(Held):
    """Words for people."""

    __slots__ = ()


class Name(Held):
    """A name.

    Args:
        of: what it names, as messages call it: `a role`.
        refers: what it must be one of (`role`, `gate`, `tool`, `rule`, `fact`); empty where it names anew.
        pattern, words: its characters.
    """

    __slots__ = ("of", "pattern", "refers", "words")
    __match_args__ = ("of", "refers", "pattern", "words")

    def __init__(self, of: str, refers: str = "", pattern: re.Pattern[str] = NAME, words: str = NAME_WORDS) -> None:
        self.of, self.refers, self.pattern, self.words = of, refers, pattern, words


class Tools(Held):
    """A list of tools by exact name or glob; `mapped`: exact names must be the charter's own."""

    __slots__ = __match_args__ = ("mapped",)

    def __init__(self, mapped: bool) -> None:
        self.mapped = mapped


class Whole(Held):
    """A whole number from `least`."""

    __slots__ = __match_args__ = ("least",)

    def __init__(self, least: int) -> None:
        self.least = least


class Number(Held):
    """A number of at least zero, at most six decimal places."""

    __slots__ = ()


class Truth(Held):
    """`true` or `false`."""

    __slots__ = ()


class OneOf(Held):
    """One of a closed set of words; `rule` is the finding for any other."""

    __slots__ = ("rule", "what", "words")
    __match_args__ = ("what", "words", "rule")

    def __init__(self, what: str, words: tuple[str, ...], rule: str = "unknown-word") -> None:
        self.what, self.words, self.rule = what, words, rule


class Duration(Held):
    """`30s`, `15m`, `4h`, `2d`."""

    __slots__ = ()


class Pattern(Held):
    """Text of given characters that refers to nothing in the file."""

    __slots__ = ("pattern", "what", "words")
    __match_args__ = ("what", "pattern", "words")

    def __init__(self, what: str, pattern: re.Pattern[str], words: str) -> None:
        self.what, self.pattern, self.words = what, pattern, words


class ConditionText(Held):
    """A condition; `places` says which of `record` and `result` exist in it."""

    __slots__ = __match_args__ = ("places",)

    def __init__(self, places: tuple[str, ...] = ()) -> None:
        self.places = places


class PathText(Held):
    """A place below one of `roots`, as a condition writes it: `args.amount`, `order.total`."""

    __slots__ = __match_args__ = ("roots", "words")

    def __init__(self, roots: tuple[str, ...], words: tuple[str, ...] = ()) -> None:
        self.roots, self.words = roots, words


class SchemaText(Held):
    """A JSON Schema (2020-12): of arguments, which are an object, or of a result."""

    __slots__ = ()


class Effect(Held):
    """`deny`, or `{approval: GATE}`, `{tier: TIER}`, or both of these together."""

    __slots__ = ()


class Data(Held):
    """Plain data of any shape."""

    __slots__ = ()


class ListOf(Held):
    """A list that is not empty."""

    __slots__ = __match_args__ = ("item",)

    def __init__(self, item: Kind) -> None:
        self.item = item


class MapOf(Held):
    """A mapping with names of the author's choice, not empty."""

    __slots__ = __match_args__ = ("key", "value")

    def __init__(self, key: Name | Pattern, value: Kind) -> None:
        self.key, self.value = key, value


class Nested(Held):
    """A mapping of a level of its own, by its name in `vocabulary`."""

    __slots__ = __match_args__ = ("level",)

    def __init__(self, level: str) -> None:
        self.level = level


class Either(Held):
    """One of several ways to write it, told apart by shape."""

    __slots__ = __match_args__ = ("kinds",)

    def __init__(self, kinds: tuple[Kind, ...]) -> None:
        self.kinds = kinds


Kind = (
    Text | Name | Tools | Whole | Number | Truth | OneOf | Duration | Pattern | ConditionText | PathText | SchemaText
    | Effect | Data | ListOf | MapOf | Nested | Either
)  # fmt: skip


class Key(Held):
    """A key of a level.

    Args:
        says: what it means, one sentence or two, for people.
        by: what enforces it, and where.
        required: whether a level without it is an error.
    """

    __slots__ = __match_args__ = ("name", "value", "says", "by", "required")

    def __init__(self, name: str, value: Kind, says: str, by: str, required: bool = False) -> None:
        self.name, self.value, self.says, self.by, self.required = name, value, says, by, required


class Level(Held):
    """One level of a file.

    Args:
        what: how messages call it, with its article.
        keys: in the order in which `fmt` writes them.
        apart: required keys whose absence a reader of their own reports.
        elsewhere: keys that authors look for here and that stand elsewhere: the finding's id, and a hint.

    `known` are the names of all keys, in canonical order; `required` those whose absence the reader's common check
    tells.
    """

    __slots__ = ("apart", "elsewhere", "keys", "known", "required", "what")

    def __init__(
        self,
        what: str,
        keys: tuple[Key, ...],
        apart: tuple[str, ...] = (),
        elsewhere: Mapping[str, tuple[str, str]] = MappingProxyType({}),
    ) -> None:
        self.what, self.keys, self.apart, self.elsewhere = what, keys, apart, elsewhere
        self.known = tuple(key.name for key in keys)
        self.required = tuple(key.name for key in keys if key.required and key.name not in apart)

    def __hash__(self) -> int:
        return hash((self.what, self.keys))

    def key(self, name: str) -> Key:
        """The key of that name.

        Raises:
            KeyError: there is none.
        """
        for key in self.keys:
            if key.name == name:
                return key
        raise KeyError(name)
