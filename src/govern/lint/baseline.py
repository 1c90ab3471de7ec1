"""A baseline: the findings that were there when somebody looked, so that only new ones are shown.

A finding is known again by its fingerprint: SHA-256 over the rule, the file (as seen from the baseline's folder), the
text of its line (runs of space made one), its message, and which of several equal ones it is, counted in the file's
order. So it survives when lines move or are indented; what changes on the line itself, or in what is said of it, is
new. A baseline file is sorted and has no times: the same findings give the same bytes.

An error that keeps a charter from loading is never in a baseline. Leaves out suppressions (`suppress`), which a
reviewer reads at the place.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from govern.charter.source import Source
from govern.errors import AuthorError
from govern.findings import Finding

TextOf = Callable[[Finding], Source | None]
SCHEMA = "govern/lint-baseline/v1"
_KEYS = {"fingerprint": str, "rule": str, "file": str, "message": str, "text": str, "occurrence": int}


@dataclass(frozen=True, slots=True, order=True)
class Entry:
    """One known finding; `text` is its line, `occurrence` counts equal ones of a file from 0."""

    file: str
    rule: str
    text: str
    message: str
    occurrence: int

    @property
    def fingerprint(self) -> str:
        from hashlib import sha256

        parts = [self.rule, self.file, self.text, self.message, self.occurrence]
        return sha256(json.dumps(parts, ensure_ascii=True, separators=(",", ":")).encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Baseline:
    """The known findings of a baseline file.

    Args:
        name: the file, as messages show it.
        folder: file names in it are seen from here; absolute.
    """

    name: str
    folder: str
    entries: frozenset[Entry]

    @property
    def text(self) -> str:
        """The text of the file."""
        rows = [
            {
                "fingerprint": entry.fingerprint,
                "rule": entry.rule,
                "file": entry.file,
                "text": entry.text,
                "message": entry.message,
                "occurrence": entry.occurrence,
            }
            for entry in sorted(self.entries)
        ]
        return json.dumps({"schema": SCHEMA, "findings": rows}, indent=2, ensure_ascii=True) + "\n"

    def split(self, file: str, findings: Iterable[Finding], text_of: TextOf) -> Split:
        """Findings of one file, told apart.

        Args:
            file: the file's path as given; `-` is standard input.
            findings: in the file's order; no errors of loading.
            text_of: the text that a finding stands in.
        """
        name = named(file, self.folder)
        all_of_it = list(findings)
        entries = entries_of(name, all_of_it, text_of)
        pairs = list(zip(all_of_it, entries, strict=True))
        return Split(
            tuple(finding for finding, entry in pairs if entry not in self.entries),
            tuple(finding for finding, entry in pairs if entry in self.entries),
            sum(entry.file == name for entry in self.entries) - sum(entry in self.entries for entry in entries),
        )


@dataclass(frozen=True, slots=True)
class Split:
    """The findings of one file that are new, those that a baseline has, and how many of its entries are no more."""

    new: tuple[Finding, ...]
    known: tuple[Finding, ...]
    gone: int


def entries_of(name: str, findings: Sequence[Finding], text_of: TextOf) -> list[Entry]:
    """The entry of each finding of one file, in order.

    Args:
        name: the file's name as entries have it.
        text_of: the text that a finding stands in: the file, or one that it is composed with.
    """
    seen: Counter[tuple[str, str, str]] = Counter()
    found = []
    for finding in findings:
        source = text_of(finding)
        text = " ".join(source.line(finding.location.line).split()) if source and finding.location.line else ""
        same = (finding.rule, text, finding.message)
        found.append(Entry(name, finding.rule, text, finding.message, seen[same]))
        seen[same] += 1
    return found


def named(file: str, folder: str) -> str:
    """A file's name as seen from a folder, with `/`; `-` stays itself."""
    return file if file == "-" else os.path.relpath(os.path.abspath(file), folder).replace(os.sep, "/")


def parse_baseline(data: bytes, name: str, folder: str) -> Baseline:
    """The baseline that a file's bytes are.

    Args:
        name: the file, as messages show it.
        folder: the file's folder; absolute.

    Raises:
        AuthorError: the bytes are no baseline of this version; nothing of it is used then.
    """
    hint = "write it anew: `govern lint … --write-baseline FILE`"
    try:
        given = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        at = f"{name}:{error.lineno}:{error.colno}" if isinstance(error, json.JSONDecodeError) else name
        raise AuthorError("the baseline is not JSON", where=at, hint=hint) from error
    schema = given.get("schema") if isinstance(given, dict) else None
    if schema != SCHEMA:
        what = f"its schema is `{str(schema)[:60]}`" if schema is not None else "it names no schema"
        raise AuthorError(
            f"the file is no baseline for this version: {what}, expected `{SCHEMA}`", where=name, hint=hint
        )
    rows = given.get("findings")
    if not isinstance(rows, list):
        raise AuthorError("the baseline has no list `findings`", where=name, hint=hint)
    entries = frozenset(_entry(row, index, name, hint) for index, row in enumerate(rows))
    return Baseline(name, folder, entries)


def _entry(row: Any, index: int, name: str, hint: str) -> Entry:
    place = f"findings[{index}]"
    if not isinstance(row, dict):
        raise AuthorError(f"`{place}` of the baseline is no object", where=name, hint=hint)
    for key, kind in _KEYS.items():
        if type(row.get(key)) is not kind:
            raise AuthorError(f"`{place}` of the baseline has no valid `{key}`", where=name, hint=hint)
    entry = Entry(row["file"], row["rule"], row["text"], row["message"], row["occurrence"])
    if entry.fingerprint != row["fingerprint"]:
        message = f"`{place}` of the baseline was edited: its fingerprint does not belong to it"
        raise AuthorError(message, where=name, hint=hint)
    return entry
