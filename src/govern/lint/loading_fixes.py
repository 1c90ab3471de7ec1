"""What would mend an error of loading, where that is mechanical: quotes around a condition, a misspelt word, a truth
value in another spelling.

Derived from the finding and the text at its place, so that what refuses a file need not know how it is mended.
A suggestion is a guess at what somebody meant, so it is never applied without a human's look.
"""

from __future__ import annotations

import re
from dataclasses import replace

from govern.charter.source import Source
from govern.conditions.parse import parse
from govern.conditions.problems import ConditionError
from govern.findings import Edit, Finding, Fix, closest, suggested

_TRUTHS = {"true": "true", "yes": "true", "on": "true", "false": "false", "no": "false", "off": "false"}
# Where a condition may end on its line: before what YAML or a reader takes for something else.
_END = re.compile(r"\s*(?:[,}\]#]|$)")
_LONGEST = 1_000


def with_fixes(findings: tuple[Finding, ...], source: Source | None) -> tuple[Finding, ...]:
    """The findings of a file that does not load, with a fix where there is one."""
    if source is None:
        return findings
    return tuple(
        finding if finding.fix or not (fix := _fix(finding, source)) else replace(finding, fix=fix)
        for finding in findings
    )


def _fix(finding: Finding, source: Source) -> Fix | None:
    place = finding.location
    if place.file != source.file or not place.line:
        return None
    start = source.starts[place.line - 1] + place.column - 1
    end = source.starts[place.end_line - 1] + place.end_column - 1
    match finding.rule:
        case "quote-condition":
            return _quoting(source, start)
        case "yaml-implicit-boolean":
            return _truth(source, start, end)
        case _:
            return _suggestion(finding, source.text[start:end], start)


def _quoting(source: Source, start: int) -> Fix | None:
    """Quotes around the longest text from here to the end of the line that is a condition."""
    line, column = source.position(start)
    rest = source.line(line)[column - 1 :]
    if len(rest) > _LONGEST:
        return None
    for end in sorted({match.start() for match in _END.finditer(rest)}, reverse=True):
        text = rest[:end]
        if text and _is_condition(text):
            return Fix("quote the condition", (Edit(start, start + end, _quoted(text)),))
    return None


def _is_condition(text: str) -> bool:
    try:
        parse(text)
    except (ConditionError, RecursionError):
        return False
    return True


def _quoted(text: str) -> str:
    """Text as a quoted YAML scalar: between double quotes, unless it has some and no single ones."""
    if '"' in text and "'" not in text:
        return f"'{text}'"
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _truth(source: Source, start: int, end: int) -> Fix | None:
    """A truth value as JSON spells it; what is a key, or may be a word, is for a human."""
    word = source.text[start:end]
    if word.lower() not in _TRUTHS:
        return None
    if re.match(r"[ \t]*:(?:\s|$)", source.text[end:]):
        return Fix(f'write the key as text: `"{word}"`', (Edit(start, end, f'"{word}"'),))
    meant = _TRUTHS[word.lower()]
    return Fix(f"write `{meant}`", (Edit(start, end, meant),), safe=word.lower() == meant)


def _suggestion(finding: Finding, written: str, start: int) -> Fix | None:
    """The word that the hint suggests, in place of the one that the finding underlines and names."""
    word = suggested(finding.hint)
    bare = written.strip("\"'")
    if word is None or f"`{bare}`" not in finding.message or not re.fullmatch(r"[\w.*?/#$-]+", word):
        return None
    at = start + written.index(bare)
    if "." in bare and "." not in word:  # one step of a path is underlined as part of the whole
        step = closest(word, bare.split("."))
        if step is None or bare.split(".").count(step) != 1:
            return None
        at += f".{bare}.".index(f".{step}.")
        bare = step
    return Fix(f"write `{word}` instead of `{bare}`", (Edit(at, at + len(bare), word),), safe=False)
