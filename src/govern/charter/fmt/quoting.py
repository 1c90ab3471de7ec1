"""Scalars in canonical quotes: conditions always in some, other text plain where YAML gives it back as it is.

Quotes around text with signs (globs, patterns, addresses) stay, since a reader wonders about such text without
them. Values never change. Leaves out scalars of several lines (`lines`).
"""

from __future__ import annotations

import re

from govern.charter.kinds import DURATION
from govern.charter.scalars import resolve

# Words: letters first, then nothing that is a sign of YAML, of a pattern or of an address.
_WORDS = re.compile(r"[^\W\d_](?:[\w .;()'/+–—-]*[\w.;()'/+–—-])?")
_WORDS_IN_BLOCK = re.compile(r"[^\W\d_](?:[\w .,;()'/+–—-]*[\w.,;()'/+–—-])?")
# Truth values of YAML 1.1 that hardly any reader takes for such; whoever has quoted them knew why.
_TRUTH_OF_OTHERS = frozenset("yYnN")
_INDICATORS = frozenset(",[]{}#&*!|>'\"%@`")
_NAMED_ESCAPES = {"\n": "\\n", "\t": "\\t", "\r": "\\r", "\0": "\\0", "\\": "\\\\", '"': '\\"'}


def plain(text: str, *, flow: bool) -> bool:
    """Whether YAML gives a text back as it is without quotes, on one line.

    Args:
        flow: within brackets, where commas and brackets end a text.
    """
    if not text or text != text.strip() or "\t" in text or "\n" in text:
        return False
    if text[0] in _INDICATORS or (text[0] in "-?:" and (len(text) == 1 or text[1] in " ,[]{}")):
        return False
    if ": " in text or text[-1] == ":" or " #" in text or text[:3] in ("---", "...") or text in ("<<", "="):
        return False
    if flow and (text[0] in "?:" or ":?" in text or any(char in ",[]{}" for char in text)):
        return False
    return resolve(text) == text


def quoted(text: str, source: str = "", *, condition: bool = False) -> str:
    """A text in quotes: double ones, or single ones where those need fewer escapes.

    Args:
        source: as its author wrote it; what does not print is written as it is if it stands there so.
        condition: single quotes only for a text with double quotes in it, since CEL has both.
    """
    raw = all(char in source or char.isprintable() for char in text)
    double = '"' + "".join(_escaped(char, source) for char in text) + '"'
    if raw and not set("\n\t\r") & set(text) and ('"' in text or ("\\" in text and not condition)):
        single = "'" + text.replace("'", "''") + "'"
        return single if len(single) < len(double) else double
    return double


def _escaped(char: str, source: str) -> str:
    if char in _NAMED_ESCAPES:
        return _NAMED_ESCAPES[char]
    if char.isprintable() or char in source:
        return char
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def are_words(text: str, *, commas: bool) -> bool:
    """Whether quotes around a text do nothing, for YAML and for a reader.

    Args:
        commas: it may have commas, which end a text within brackets.
    """
    if DURATION.fullmatch(text):
        return True
    pattern = _WORDS_IN_BLOCK if commas else _WORDS
    return pattern.fullmatch(text) is not None and text not in _TRUTH_OF_OTHERS and plain(text, flow=not commas)


def on_one_line(text: str, source: str, *, flow: bool, condition: bool = False, bare: bool = True) -> str:
    """A text on one line, in quotes or without.

    Args:
        text: the value.
        source: as its author wrote it.
        flow: it stands within brackets.
        condition: it is a condition.
        bare: quotes that do nothing are dropped.
    """
    if condition:
        return quoted(text, source, condition=True)
    by_author = source[:1] not in ('"', "'", "|", ">")
    unquoted = plain(text, flow=flow) if by_author else bare and are_words(text, commas=not flow)
    return text if unquoted else quoted(text, source)
