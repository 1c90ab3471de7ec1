"""What `govern lint` says of a text that need not be saved, with its places in the text.

Leaves out how findings come about (`govern.lint`) and the protocol (`server`).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass

from govern.charter import vocabulary
from govern.charter.deployment import read_deployment
from govern.charter.files import Files, is_suite
from govern.charter.load import load_bytes
from govern.charter.model import Charter
from govern.charter.source import Source
from govern.charter.suite import read_suite
from govern.charter.yaml_tree import Map
from govern.editor.parsed import parsed, seen
from govern.findings import Confidence, Finding, Location, Severity
from govern.lint.config import Configuration
from govern.lint.run import View, judge

_OURS = re.compile(r"^(?:govern|\"govern\"|'govern')[ \t]*:", re.MULTILINE)
_DEPLOYMENT = re.compile(r"^[ \t\"']*deployment\b", re.MULTILINE)
_ELSEWHERE = re.compile(r"(?P<file>[^\s`'\"(),;]+\.ya?ml):(?P<line>\d+)(?::(?P<column>\d+))?")
_ON_LINE = re.compile(r"\bon line (?P<line>\d+)")
# So many keys of one kind of file make a file one of this language, where `govern` is missing.
_ENOUGH = 4


@dataclass(frozen=True, slots=True)
class Related:
    """Another place that a finding names; lines and columns count from 1, column 0 means all of the line."""

    file: str
    line: int
    column: int
    message: str


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """A finding with its span in the text.

    Args:
        message: as shown: what is wrong, what to do, which other files it is about.
    """

    finding: Finding
    start: int
    end: int
    message: str
    related: tuple[Related, ...] = ()


@dataclass(frozen=True, slots=True)
class Diagnosed:
    """What a text gave.

    Args:
        source: the text that was judged.
        loads: whether it is a charter, base, library or deployment as it stands.
    """

    diagnostics: tuple[Diagnostic, ...]
    source: Source
    loads: bool = False


def is_ours(text: str, file: str) -> bool:
    """Whether a YAML text is, or is meant to be, a file of this language: `govern:` stands at its top level."""
    if _OURS.search(text):
        return True
    one = parsed(text, file)
    if not one.kind or not isinstance(one.root, Map):
        return False
    known = vocabulary.KINDS_OF_FILE[one.kind].known
    return sum(key.value in known for key, _ in one.root.entries) >= _ENOUGH


def diagnose(
    text: str,
    file: str,
    files: Files,
    configuration: Configuration,
    lock: bytes | Finding | None = None,
    root: str = "",
) -> Diagnosed:
    """Lints a text as it stands in the editor.

    Args:
        text: without a byte order mark.
        file: its path, or a name.
        files: gives the files that it names.
        configuration: what `govern lint` goes by.
        lock: the bytes of the lock beside it, None without one.
        root: the folder that messages see paths from; empty shows them whole.
    """
    data = text.encode("utf-8", "surrogatepass")
    source = Source.of(text, file)
    if _DEPLOYMENT.search(text) and parsed(text, file).kind == "deployment":
        deployment, findings = read_deployment(data, file)
        found = tuple(_diagnostic(finding, source, None, root) for finding in findings)
        return Diagnosed(found, source, deployment is not None)
    if is_suite(file):
        suite = read_suite(data, file)
        return Diagnosed(
            tuple(_diagnostic(finding, source, None, root) for finding in suite.findings),
            source,
            suite.suite is not None,
        )
    loaded = load_bytes(data, file, files, lock=lock)
    linted = judge(file, loaded, configuration)
    view = View(
        configuration.settings.min_severity or Severity.NOTE, configuration.settings.min_confidence or Confidence.LOW
    )
    shown = (finding for finding in linted.findings if view.shows(finding))
    found = tuple(_diagnostic(finding, source, loaded.charter, root) for finding in shown)
    return Diagnosed(found, source, linted.loads)


def _diagnostic(finding: Finding, source: Source, charter: Charter | None, root: str) -> Diagnostic:
    related = tuple(_related(finding, source.file))
    place = finding.location
    message = finding.message
    if place.file != source.file and charter is not None:
        related = (Related(place.file, place.line, place.column, "here"), *related)
        message = f"{seen(str(place), root)}: {message}"
        place = _named_at(place.file, source.file, charter)
    start, end = span(source, place)
    hint = f"\n{finding.hint}" if finding.hint else ""
    return Diagnostic(finding, start, end, seen(message + hint, root), related)


def span(source: Source, place: Location) -> tuple[int, int]:
    """The offsets of a place; of a file as a whole, its first line."""
    if place.file != source.file or not 1 <= place.line <= len(source.starts):
        return 0, len(source.line(1))
    start = source.starts[place.line - 1] + max(0, place.column - 1)
    last = place.end_line if place.line <= place.end_line <= len(source.starts) else place.line
    end = source.starts[last - 1] + max(0, place.end_column - 1)
    start = min(start, len(source.text))
    return start, min(max(end, start), len(source.text))


def _named_at(file: str, own: str, charter: Charter) -> Location:
    """Where a file of the charter is named in the charter's own text."""
    folder = os.path.dirname(own)
    places = {os.path.normpath(os.path.join(folder, *part.path.split("/"))): part.at for part in charter.parts}
    for _ in range(len(places) + 1):
        if file == own:
            break
        at = places.get(os.path.normpath(file))
        if at is None or at.file == own:
            return at or Location(own)
        file = at.file
    return Location(own)


def _related(finding: Finding, own: str) -> Iterator[Related]:
    """Other places that a finding's words name."""
    seen: set[tuple[str, int]] = set()
    for text in (finding.message, finding.hint):
        for match in _ELSEWHERE.finditer(text):
            place = (match["file"], int(match["line"]))
            if place not in seen:
                seen.add(place)
                yield Related(place[0], place[1], int(match["column"] or 0), "the other place")
        for match in _ON_LINE.finditer(text):
            place = (own, int(match["line"]))
            if place not in seen:
                seen.add(place)
                yield Related(own, place[1], 0, "the other place")
