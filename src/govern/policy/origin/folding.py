"""The one normaliser of `origin`: under it, two ways of writing a value look alike. It only ever finds *untrusted*.

A text is folded one character at a time, so that any part of it folds as it does alone: compatibility form (NFKD) and
case folding (Unicode 15, full), accents and other marks that combine dropped, invisible characters dropped, any
decimal digit as 0 to 9, and what is no letter or digit as a space. Before that it is read as it stands and, where it
has any, with its escapes resolved: `\\n`, `\\u0040`, `&#64;`, `%40`, and what these resolve to, three times over.

Two forms are searched, by needles that are made of a value:

- the *skeleton* has nothing but letters and digits: white space, punctuation, a trailing slash make no difference.
  For needles of LONG bytes or more, found anywhere in it; in base64 and hexadecimal too;
- the *words* keep where words end, for shorter needles, which the skeleton of any text would have by chance.

Leaves out: lookalikes of other alphabets, punycode, other encodings, values written in pieces or in other words.
"""

from __future__ import annotations

import base64
import html
import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from typing import Final

LONG: Final = 8
ROUNDS: Final = 3
_FEW: Final = 48  # so many different characters are replaced one after the other, more by a table

_LOWER: Final = bytes(code + 32 if 65 <= code <= 90 else code for code in range(256))
_ASCII: Final = bytes(range(128))
_SEPARATORS: Final = bytes(code for code in range(128) if not chr(code).isalnum())
_CONTROLS: Final = bytes(code for code in range(128) if not chr(code).isprintable() and not chr(code).isspace())
_WORDS: Final = bytes(32 if code in _SEPARATORS else low for code, low in enumerate(_LOWER))
# Blank, but neither white space nor of category Cf: Hangul fillers, Khmer inherent vowels, variation selectors.
_INVISIBLE: Final = frozenset(
    (
        *(0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180B, 0x180C, 0x180D, 0x180F, 0x3164, 0xFFA0),
        *range(0xFE00, 0xFE10),
        *range(0xE0100, 0xE01F0),
    )
)


def folded(char: str) -> str:
    """One character, folded: letters and digits, nothing, or a space."""
    made = char
    while (after := unicodedata.normalize("NFKD", made.casefold())) != made:
        made = after
    return "".join(map(_kept, made))


def _kept(char: str) -> str:
    category = unicodedata.category(char)
    if unicodedata.combining(char) or ord(char) in _INVISIBLE or category in ("Cf", "Me"):
        return ""
    if category == "Cc":
        return " " if char.isspace() else ""
    if category == "Nd":
        return str(unicodedata.decimal(char))
    if char == "ı":  # its capital is `I`, whose small letter is `i`
        return "i"
    return char if char.isalnum() or category[0] == "M" else " "


class _Table(dict[int, str]):
    """`folded` by code point, worked out once."""

    def __missing__(self, code: int) -> str:
        found = self[code] = folded(chr(code))
        return found


_TABLE: Final = _Table()
_FOLDED_LATIN: Final = [_TABLE[code] for code in range(128, 256)]
_LATIN: Final = _LOWER[:128] + bytes(
    ord(to) if len(to) == 1 and to.isascii() else code for code, to in enumerate(_FOLDED_LATIN, 128)
)
_LATIN_SEPARATORS: Final = _SEPARATORS + bytes(code for code, to in enumerate(_FOLDED_LATIN, 128) if not to.strip())


class _Known:
    """Which characters outside ASCII are of some kind, worked out once for each."""

    def __init__(self, is_one: Callable[[str], bool]) -> None:
        self._is_one = is_one
        self._ones: set[str] = set()
        self._others: set[str] = set()

    def others(self, chars: set[str]) -> set[str]:
        """The characters that are not of the kind."""
        left = chars - self._ones
        for char in left - self._others:
            (self._ones if self._is_one(char) else self._others).add(char)
        return left - self._ones


def _is_western(char: str) -> bool:
    """Whether one byte of Latin-1 or none says it all. Most texts of Western Europe have no others outside ASCII, and
    typographic punctuation; ß is two letters."""
    to = _TABLE[ord(char)]
    return char == "ß" or not to.strip() or (char <= "\xff" and len(to) == 1 and to.isascii())


_WESTERN: Final = _Known(_is_western)
_SAME: Final = _Known(lambda char: _TABLE[ord(char)] == char)


def skeleton(text: str) -> bytes:
    """The letters and digits of a text, folded, without anything between them."""
    if text.isascii():
        return text.encode().translate(_LOWER, _SEPARATORS)
    chars = _outside(text)
    if not _WESTERN.others(chars):
        data = text.encode("latin-1", "replace")  # each character that it has not becomes a separator
        return data.translate(_LATIN, _LATIN_SEPARATORS).replace(b"\xdf", b"ss")
    return _plain(text, chars).translate(_LOWER, _SEPARATORS)


def words(text: str) -> bytes:
    """The letters and digits of a text, folded, with a space for each character between them."""
    plain = text.encode() if text.isascii() else _plain(text, _outside(text))
    return b" " + plain.translate(_WORDS, _CONTROLS) + b" "


def _outside(text: str) -> set[str]:
    """The characters of a text outside ASCII."""
    data = text.encode("utf-8", "surrogatepass").translate(None, _ASCII)
    return set(data.decode("utf-8", "surrogatepass"))


def _plain(text: str, chars: set[str]) -> bytes:
    """UTF-8 in which everything outside ASCII is folded.

    Args:
        chars: those of the text outside ASCII.
    """
    odd = _SAME.others(chars)
    if len(odd) > _FEW:
        return text.translate(_TABLE).encode()
    data = text.encode("utf-8", "surrogatepass")
    for char in odd:
        data = data.replace(char.encode("utf-8", "surrogatepass"), _TABLE[ord(char)].encode())
    return data


# -- readings --------------------------------------------------------------------------------------------

_BACKSLASH: Final = re.compile(r"((?:\\u[0-9a-fA-F]{4})+)|((?:\\x[0-9a-fA-F]{2})+)|\\(.)", re.DOTALL)
_ENTITY: Final = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_PERCENT: Final = re.compile(r"(?:%[0-9a-fA-F]{2})+")
_NAMED: Final = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}


def readings(text: str) -> list[str]:
    """A text as it stands, and as it reads with its escapes resolved once, twice, three times."""
    found = [text]
    for _ in range(ROUNDS):
        after = _resolved(found[-1])
        if after == found[-1]:
            break
        found.append(after)
    return found


def _resolved(text: str) -> str:
    if "\\" in text:
        text = _unescaped(text)
    if "&" in text and ";" in text:
        text = _ENTITY.sub(lambda match: _entity(match[0]), text)
    if "%" in text:
        text = _PERCENT.sub(lambda match: bytes.fromhex(match[0].replace("%", "")).decode("utf-8", "replace"), text)
    return text


def _unescaped(text: str) -> str:
    if "\\\\" in text or "\\u" in text or "\\x" in text or "\\b" in text or "\\f" in text:
        return _BACKSLASH.sub(_escape, text)
    return text.replace("\\n", "\n").replace("\\t", "\t").replace("\\r", "\r").replace("\\", "")


def _escape(match: re.Match[str]) -> str:
    units, octets, char = match.groups()
    if units:
        return bytes.fromhex(units.replace("\\u", "")).decode("utf-16-be", "replace")
    if octets:
        return bytes.fromhex(octets.replace("\\x", "")).decode("utf-8", "replace")
    return _NAMED.get(char, char)


@lru_cache(maxsize=1024)
def _entity(written: str) -> str:
    return html.unescape(written)


# -- needles ---------------------------------------------------------------------------------------------

_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,31}://|(?i:mailto|tel|sms|urn|data|javascript):")


def needles(text: str) -> tuple[frozenset[bytes], frozenset[bytes]]:
    """What to look for to find a text written in any way that is known here.

    Returns:
        of skeletons, and of words: with single spaces, where any number of them may stand in the text. Both are
        empty where the text has no letter and no digit.
    """
    in_skeletons: set[bytes] = set()
    in_words: set[bytes] = set()
    for reading in readings(text):
        scheme = _SCHEME.match(reading)
        for part in (reading, reading[scheme.end() :]) if scheme else (reading,):
            bones = skeleton(part)
            if _is_long(bones):
                in_skeletons.add(bones)
            elif bones:
                in_words.add(b" " + b" ".join(words(part).split()) + b" ")
    # A text is found wherever a part of it is: of two needles the one within the other says it all.
    shortest = {each for each in in_skeletons if not any(other != each and other in each for other in in_skeletons)}
    data = text.encode("utf-8", "surrogatepass")
    if len(data) >= LONG:
        shortest.update(_in_base64(data))
        shortest.add(data.hex().encode())
    return frozenset(shortest), frozenset(in_words)


def _is_long(bones: bytes) -> bool:
    """Whether no text has it by chance: two letters of a script with thousands of them are rare, as are LONG others."""
    return len(bones) >= LONG or (len(bones) >= 6 and max(bones) >= 0xE3)


def _in_base64(data: bytes) -> list[bytes]:
    """The letters and digits that some bytes become within base64, at each of the three places they may stand."""
    found = []
    for shift in range(3):
        coded = base64.b64encode(bytes(shift) + data)
        inner = coded[-(-shift * 8 // 6) : (shift + len(data)) * 8 // 6]
        bones = inner.translate(_LOWER, _SEPARATORS)
        if len(bones) >= LONG:
            found.append(bones)
    return found


def number_forms(text: str) -> list[str]:
    """Ways to write a number of which its canonical text is given: digits in groups, two decimals."""
    whole, dot, rest = text.lstrip("-").partition(".")
    if not whole.isdigit() or not (rest.isdigit() or not dot):
        return [text]
    decimals = [rest, rest + "0"] if rest else [""]
    wholes = [whole, re.sub(r"\B(?=(?:[0-9]{3})+$)", ",", whole)]
    return list(dict.fromkeys(f"{each}.{more}" if more else each for each in wholes for more in decimals))
