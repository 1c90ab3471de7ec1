"""The bytes of a charter as text with positions: what is refused before YAML is even looked at.

Leaves out YAML itself (`yaml_tree`). Nothing here raises for bad input: it comes back as a finding.
"""

from __future__ import annotations

import re
import sys
from bisect import bisect_right
from dataclasses import dataclass, field
from pathlib import Path

from govern.findings import Finding, Location, Severity

MAX_BYTES = 1024 * 1024

# What YAML 1.1 takes for a line break and an editor does not, and control characters: a comment would end
# where no reader sees it end.
_ODD_BREAK = re.compile("[\x85\u2028\u2029]|\r(?!\n)")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x84\x86-\x9f\ufffe\uffff]")
# Bidirectional controls, zero-width characters and tags (Unicode TR36, "Trojan Source", CVE-2021-42574):
# the text that is judged would not be the text that a reviewer reads.
_HIDDEN = re.compile(
    "[\u00ad\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0"
    "\U000e0000-\U000e0fff]"
)


@dataclass(frozen=True, slots=True)
class Source:
    """A file's text; `locate` turns offsets in code points into lines and columns, both from 1.

    Args:
        file: the name that findings show.
        text: without a byte order mark, line breaks as written.
    """

    file: str
    text: str
    starts: tuple[int, ...] = field(default=(0,), repr=False)

    @classmethod
    def of(cls, text: str, file: str) -> Source:
        starts = [0]
        starts.extend(match.end() for match in re.finditer("\n", text))
        return cls(file, text, tuple(starts))

    def locate(self, start: int, end: int) -> Location:
        line, column = self.position(start)
        end_line, end_column = self.position(max(start, end))
        return Location(self.file, line, column, end_line, end_column)

    def position(self, offset: int) -> tuple[int, int]:
        line = bisect_right(self.starts, offset)
        return line, offset - self.starts[line - 1] + 1

    def line(self, number: int) -> str:
        """The text of a line, counted from 1, without its line break; empty where there is none."""
        if not 1 <= number <= len(self.starts):
            return ""
        end = self.starts[number] if number < len(self.starts) else len(self.text)
        return self.text[self.starts[number - 1] : end].rstrip("\r\n")

    def finding(self, rule: str, start: int, end: int, message: str, hint: str = "") -> Finding:
        return Finding(rule, Severity.ERROR, message, self.locate(start, end), hint)


def read(path: str | Path) -> bytes | Finding:
    """The bytes of a file, at most MAX_BYTES and one more; `-` is standard input. A finding says why not."""
    name = str(path)
    try:
        if name == "-":
            return sys.stdin.buffer.read(MAX_BYTES + 1)
        if Path(path).is_dir():
            return _unreadable(name, "`" + name + "` is a folder, a charter is one file")
        with open(path, "rb") as stream:
            return stream.read(MAX_BYTES + 1)
    except FileNotFoundError:
        return _unreadable(name, f"there is no file `{name}`")
    except PermissionError:
        return _unreadable(name, f"no permission to read `{name}`")
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        return _unreadable(name, f"`{name}` cannot be read: {getattr(error, 'strerror', None) or error}")


def _unreadable(name: str, message: str) -> Finding:
    return Finding("file-unreadable", Severity.ERROR, message, Location(name))


def decode(data: bytes, file: str) -> tuple[Source | None, tuple[Finding, ...]]:
    """Text and positions of a file's bytes, or the reasons why it is no text to be trusted.

    Args:
        data: the bytes; more than MAX_BYTES are refused.
        file: the name that findings show.
    """
    if len(data) > MAX_BYTES:
        message = f"the file is larger than {MAX_BYTES:,} bytes"
        return None, (Finding("file-too-large", Severity.ERROR, message, Location(file)),)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        message = f"not UTF-8 at byte {error.start}"
        return None, (Finding("file-encoding", Severity.ERROR, message, Location(file, line, 1, line, 1)),)
    text = text.removeprefix("\ufeff")
    source = Source.of(text, file)
    if not text.strip():
        hint = "start with `govern: 1`, `agent:`, `version:`, `purpose:`"
        message = "the file is empty"
        return None, (Finding("file-empty", Severity.ERROR, message, Location(file), hint),)
    findings: list[Finding] = []
    if not text.isascii() or _CONTROL.search(text) or "\r" in text:
        findings.extend(_characters(source))
    return source, tuple(findings)


def _characters(source: Source, most: int = 20) -> list[Finding]:
    found: list[Finding] = []
    for rule, pattern, what in (
        ("control-character", _CONTROL, "a control character"),
        ("odd-line-break", _ODD_BREAK, "a line break that editors do not show as one"),
        ("hidden-character", _HIDDEN, "an invisible or direction-changing character"),
    ):
        for match in pattern.finditer(source.text):
            if len(found) == most:
                return found
            message = f"{what}: U+{ord(match[0]):04X}"
            found.append(source.finding(rule, match.start(), match.end(), message, "delete it"))
    return found
