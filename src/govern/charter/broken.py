"""YAML that does not parse: what to say of it, and how to read on behind what broke it.

CEL and YAML meet badly: `!x`, `a ? b : c`, `['a', 'b']` in a flow mapping, a leading quote. Such a condition
gets its own message, and is blanked out so that the rest of the file can be judged in the same run. A key that
lacks its colon breaks the syntax somewhere behind it: it is found by trying, and told at its own place.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from govern.charter import vocabulary
from govern.charter.kinds import ConditionText
from govern.charter.source import Source
from govern.findings import Finding

_CONDITIONS = tuple(
    level for level in vocabulary.LEVELS.values() if any(isinstance(key.value, ConditionText) for key in level.keys)
)
CONDITION_KEYS = frozenset(
    key.name for level in _CONDITIONS for key in level.keys if isinstance(key.value, ConditionText)
)
QUOTE_HINT = "quote this condition: put it between double quotes"
_KEY = re.compile(rf"(?:^\s*(?:-\s+)*|[{{,]\s*)(?P<key>{'|'.join(sorted(CONDITION_KEYS))})\s*:\s+(?=\S)")
# What ends a condition inside a flow mapping: the next key that may stand beside it.
_NEXT_KEY = re.compile(rf",\s*(?:{'|'.join(sorted({key for level in _CONDITIONS for key in level.known}))})\s*:\s")
# A word at the beginning of a line, or after `{` or `,`, that no colon follows.
_BARE = re.compile(
    r"""(?:^[ ]*(?:-[ ]+)*|[{,][ ]*)(?P<word>"[^"\n]*"|'[^'\n]*'|[A-Za-z_][\w./@-]*)(?=[ ]|$)(?![ ]*:)"""
)
_LINES_TRIED = 8
_MOST_TRIED = 200_000


@dataclass(frozen=True, slots=True)
class Problem:
    """A syntax error at an offset; the entry that was being read began at `since`."""

    at: int
    since: int
    message: str


def without_condition(source: Source, text: str, problem: Problem, blanks: set[int]) -> tuple[str, int, Finding] | None:
    """The text with the condition that broke the syntax blanked out, the place of the blank, and the finding.

    Args:
        text: the source's text, possibly with blanks already: offsets are the same.
        blanks: where blanks stand.
    """
    for offset in {problem.at: None, problem.since: None}:
        line, _ = source.position(min(offset, len(text)))
        start = source.starts[line - 1]
        written = text[start : start + len(source.line(line))]
        for match in reversed(list(_KEY.finditer(written))):
            at, end = start + match.end(), start + _end(written, match.end())
            if at in blanks or end - at < 2 or at > max(problem.at, problem.since):
                continue
            if text[at] in "\"'" and _closes(text[at:end]):
                continue
            message = f"YAML does not read the condition of `{match['key']}` as it is written"
            blank = '"' + "_" * (end - at - 2) + '"'
            return text[:at] + blank + text[end:], at, source.finding("quote-condition", at, end, message, QUOTE_HINT)
    return None


def missing_colon(
    source: Source, text: str, problem: Problem, breaks: Callable[[str], int | None]
) -> tuple[int, int] | None:
    """The key that lacks its colon, if one explains a syntax error: with a colon, the text is good up to there.

    Args:
        breaks: where the syntax of a text breaks, None where it does not.
    """
    if len(text) > _MOST_TRIED:
        return None
    for start, end in _bare(source, text, problem.at):
        if end - start > 1:
            broken = breaks(f"{text[:start]}{'_' * (end - start - 1)}:{text[end:]}")
            if broken is None or broken > problem.at:
                return start, end
    return None


def _bare(source: Source, text: str, at: int) -> Iterator[tuple[int, int]]:
    """Words that stand where a key may and have no colon, before an offset, the nearest first."""
    line, _ = source.position(min(at, len(text)))
    tried = 0
    while line > 0 and tried < _LINES_TRIED:
        start = source.starts[line - 1]
        written = text[start : start + len(source.line(line))]
        if written.strip() and not written.lstrip().startswith("#"):
            tried += 1
            found = [match.span("word") for match in _BARE.finditer(written) if _may_begin(written, match.start())]
            yield from ((start + left, start + right) for left, right in reversed(found) if start + left < at)
        line -= 1


def _may_begin(line: str, at: int) -> bool:
    """Whether a key may begin there: with its line, or inside braces."""
    return line[at] != "," or line.count("{", 0, at) > line.count("}", 0, at)


def no_colon(word: str) -> tuple[str, str]:
    """What to say of a key without its colon: message and hint."""
    return f"a `:` is missing after `{word}`", f"write `{word}: …`"


def _closes(text: str) -> bool:
    """Whether a text that begins with a quote is one quoted scalar to its end."""
    body = text[1:-1].replace("''", "") if text[0] == "'" else re.sub(r"\\.", "", text[1:-1])
    return len(text) > 1 and text[-1] == text[0] and text[0] not in body


def _end(line: str, start: int) -> int:
    """Where the condition that begins at `start` was meant to end: at the next key, or before closing braces."""
    opened = sum(line[:start].count(char) for char in "{[") - sum(line[:start].count(char) for char in "}]")
    if opened <= 0:
        return len(line.rstrip())
    following = _NEXT_KEY.search(line, start)
    if following is not None:
        return len(line[: following.start()].rstrip())
    end = len(line.rstrip(" ,\t"))
    while opened and end > start and line[end - 1] in "}] ":
        opened -= line[end - 1] != " "
        end -= 1
    return end


def syntax_finding(source: Source, text: str, problem: Problem) -> Finding:
    """What to say of a syntax error that no condition explains."""
    at = min(problem.at, len(text))
    char = text[at : at + 1]
    message = f"not YAML: {problem.message}"
    if char == "\t":
        return source.finding("yaml-tab", at, at + 1, "a tab where YAML allows only spaces", "indent with spaces")
    if char == "*" or text[at - 1 : at] == "*":
        return source.finding("yaml-alias", at, at + 1, message, "quote text that begins with `*`")
    hint = ""
    if char and char in "@`%":
        hint = f"quote text that begins with `{char}`"
    elif char == ":":
        hint = "quote text that contains `: `"
    return source.finding("yaml-syntax", at, at + 1, message, hint)


def unbalanced(text: str) -> bool:
    """Whether brackets or quotes stay open: YAML ended the text at a comma of its own."""
    quote = ""
    depth = 0
    for char in text:
        if quote:
            quote = "" if char == quote else quote
        elif char in "'\"":
            quote = char
        elif char in "([":
            depth += 1
        elif char in ")]":
            depth -= 1
    return bool(quote) or depth != 0
