"""A word in which a letter of another script stands for a Latin one, or the other way round.

Looked at is the text as a reviewer reads it, comments included: that is where the eye is deceived. Left out are
whole words of another script, invisible characters (refused when loading), and letters that look like no Latin one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from govern.charter.model import Charter
from govern.findings import Confidence, Edit, Fix, Severity
from govern.lint.hit import Hit

SEVERITY = Severity.WARNING
CONFIDENCE = Confidence.HIGH

# Letters that common typefaces draw like a Latin one (compare the confusables of Unicode's UTS 39); full-width,
# mathematical and other forms of Latin letters come from normalisation.
_CYRILLIC = ("асԁеһіјӏорԛѕѵԝхуАВСЕНІЈКМОРЅТХУѴԜԚ", "acdehijlopqsvwxyABCEHIJKMOPSTXYVWQ")
_GREEK = ("οναιυρκτΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ovaiupktABEZHIKMNOPTYX")
_ARMENIAN = ("օսոցհ", "ounqh")
_LOOKS = {
    other: latin for pair in (_CYRILLIC, _GREEK, _ARMENIAN) for other, latin in zip(pair[0], pair[1], strict=True)
}
_WORD = re.compile(r"[^\W\d]\w*")
_PART = re.compile(r"[^_]+")


def check(charter: Charter) -> Iterator[Hit]:
    text = charter.source.text
    if text.isascii():
        return
    for match in _WORD.finditer(text):
        if not match[0].isascii():
            yield from _word(charter, match[0], match.start())


def _word(charter: Charter, word: str, start: int) -> Iterator[Hit]:
    twins = {at: latin_twin(char) for part in _suspect(word) for at, char in part if latin_twin(char)}
    if not twins:
        return
    at, twin = next(iter(twins.items()))
    script = unicodedata.name(word[at]).split()[0].capitalize()
    letter = f"`{word[at]}` (U+{ord(word[at]):04X}, {script})"
    message = f"`{word}` is not what it looks like: {letter} is drawn like the letter `{twin}`"
    plain = "".join(twins.get(at, char) for at, char in enumerate(word))
    place = charter.source.locate(start, start + len(word))
    if not plain.isascii():
        yield Hit(message, place, "write the whole word in one script")
        return
    edits = tuple(Edit(start + at, start + at + 1, twin) for at, twin in twins.items())
    # Not safe: a name that now means something may let a call pass.
    yield Hit(message, place, f"write `{plain}`", fix=Fix(f"write `{plain}`", edits, safe=False))


def _suspect(word: str) -> Iterator[list[tuple[int, str]]]:
    """The parts between `_` that mix scripts, or that wholly look Latin beside a part that is."""
    latin = any(_is_latin(char) for char in word)
    for part in _PART.finditer(word):
        letters = [(at, char) for at, char in enumerate(part[0], part.start()) if char.isalpha()]
        mixed = any(_is_latin(char) for _, char in letters)
        if mixed or (latin and all(latin_twin(char) for _, char in letters)):
            yield letters


def _is_latin(char: str) -> bool:
    return char.isascii() and char.isalpha()


def latin_twin(char: str) -> str:
    """The ASCII letter that a letter of another script, or of a compatibility form, is drawn like; else nothing."""
    if char.isascii():
        return ""
    if char in _LOOKS:
        return _LOOKS[char]
    plain = unicodedata.normalize("NFKC", char)
    return plain if len(plain) == 1 and _is_latin(plain) and char not in "ªº" else ""
