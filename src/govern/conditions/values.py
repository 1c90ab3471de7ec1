"""What both engines agree on before any engine runs: patterns, ranges, text functions.

`MICRO` arithmetic: an operand is a number with at most six decimal places whose magnitude fits int64; a
result outside that is unknown. It is exact in Python's integers and in DuckDB's HUGEINT alike.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from functools import cache
from typing import Any

MAX_NESTED = 3  # macros within macros
MICRO = 1_000_000
MICRO_MIN, MICRO_MAX = -(2**63) * MICRO, (2**63 - 1) * MICRO

# An e-mail address as the HTML standard defines a valid one (section "E-mail state"); group 1 is the domain.
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
EMAIL = rf"^[A-Za-z0-9.!#$%&'*+/=?^_`{{|}}~-]{{1,64}}@({_LABEL}(?:\.{_LABEL})*)$"
# RFC 3986 with an authority of plain host and port; user information, backslashes and blanks do not match.
URL = (
    rf"^([A-Za-z][A-Za-z0-9+.-]*)://({_LABEL}(?:\.{_LABEL})*)(?::[0-9]{{1,5}})?"
    r"(/[^?#\\\x00-\x20\x7f]*)?(?:[?#][^\\\x00-\x20\x7f]*)?$"
)
URL_GROUP = {"url.scheme": 1, "url.host": 2, "url.path": 3}
# Segments that a server may resolve to another path than the one that is read here.
DEVIOUS = r"(?:^|/)\.{1,2}(?:/|$)|%2[eEfF]|%5[cC]"
# `lexical_path` as a pattern: absolute, no empty segment, no backslash, no control character; dots apart.
PLAIN_PATH = r"^(?:/[^/\\\x00-\x1f\x7f]+)+$"
DOTTED = r"/\.{1,2}(?:/|$)"


@cache
def compiled(pattern: str) -> Any:
    """A pattern for RE2, which is imported when the first is needed."""
    import re2

    options = re2.Options()
    options.log_errors = False
    return re2.compile(pattern, options)


@cache
def searcher(pattern: str) -> Callable[[str], bool]:
    """Whether a pattern of RE2 is found in a text, which has no lone surrogates."""
    found = compiled(pattern)
    # What RE2's Python package wraps: the wrapper turns offsets into characters, which takes six times as long.
    inner = getattr(found, "_regexp", None)
    if inner is None:
        return lambda text: found.search(text) is not None
    import re2

    match, unanchored, none = inner.Match, re2._re2.RE2.Anchor.UNANCHORED, (-1, -1)

    def search(text: str) -> bool:
        encoded = text.encode()
        return match(unanchored, encoded, 0, len(encoded))[0] != none  # type: ignore[no-any-return]

    return search


@cache
def _plain(pattern: str) -> re.Pattern[str]:
    """One of the patterns above for Python's own engine, several times as fast on short texts. It reads them alike:
    they name their characters, repeat nothing ambiguously, and end at the end of the text alone."""
    return re.compile(re.sub(r"\$(?=\)|$)", r"\\Z", pattern))


def micro(value: object) -> int | None:
    """A number in millionths, exact, or None where it has more places, is too large, or is no number."""
    if type(value) is int:
        return value * MICRO if MICRO_MIN <= value * MICRO <= MICRO_MAX else None
    if type(value) is float and abs(value) < 2.0**63:
        scaled = Decimal(repr(value)) * MICRO
        return int(scaled) if scaled == scaled.to_integral_value() else None
    return None


def in_range(value: int | None) -> int | None:
    """The number of millionths if it is inside the range of arithmetic, else None."""
    return value if value is not None and MICRO_MIN <= value <= MICRO_MAX else None


def lower(text: str) -> str:
    """Lower case by the simple mapping of single code points (Unicode's UnicodeData.txt, field 13).

    Python's own `lower` maps some characters to two and looks at the end of words; SQL engines do not.
    """
    if text.isascii():
        return text.lower()
    return "".join(["i" if char == "\u0130" else char.lower() for char in text])


def domain(text: str) -> str | None:
    """The domain of an e-mail address in lower case, or None where the text is none."""
    match = _plain(EMAIL).search(text)
    return match.group(1).lower() if match else None


def url_part(part: str, text: str) -> str | None:
    """`url.scheme`, `url.host` or `url.path` of an absolute URL, or None where the text is none.

    A path with dot segments, or with encoded dots, slashes or backslashes, is None: servers differ on it.
    """
    match = _plain(URL).search(text)
    if match is None:
        return None
    found: str | None = match.group(URL_GROUP[part])
    if part == "url.path":
        return None if found and _plain(DEVIOUS).search(found) else (found or "/")
    return found.lower() if found else None


def lexical_path(text: str) -> str | None:
    """The path itself if it is absolute and plain (no empty, `.` or `..` segment, no backslash, no control
    character), else None. Symbolic links are not seen.
    """
    return text if _plain(PLAIN_PATH).search(text) and not _plain(DOTTED).search(text) else None
