"""Loads a file of the language: bytes to text, text to tree, tree to model, all errors of the file in one run.

A file with any error gives no charter: nothing is ever judged with a part of what somebody meant. What it
`extends` and `uses` is read beside it and joined (`compose`). Leaves out advice (`lint`), which needs a charter
that loads, and deployment files (`deployment`).
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from govern.charter.files import Files, beside, nowhere
from govern.charter.lock import lock_beside, locked
from govern.charter.model import LANGUAGE_VERSION, Charter, Kind, Word
from govern.charter.parts import Parts
from govern.charter.read import own_sections
from govern.charter.reader import Reader
from govern.charter.source import MAX_BYTES, Source, decode, read
from govern.charter.yaml_tree import Map, Node, Scalar, parse
from govern.errors import AuthorError
from govern.findings import Finding, Location, Severity

# What keeps a file from being read at all: nobody can say whether it is right.
UNREAD = frozenset({"file-unreadable", "file-too-large", "file-encoding", "file-empty", "control-character"})


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a file gave.

    Args:
        charter: None if there is any finding; loading finds errors only.
        findings: in the order of the file.
        source: the text, None if it could not be read.
    """

    charter: Charter | None
    findings: tuple[Finding, ...]
    source: Source | None

    @property
    def read(self) -> bool:
        """Whether the file could be read as text at all."""
        return not any(finding.rule in UNREAD for finding in self.findings)


def load(path: str | Path, minimums: tuple[str, ...] = ()) -> Loaded:
    """Loads a charter, base or library file, with everything it is composed of.

    Args:
        path: a file; `-` is standard input.
        minimums: bases that it is composed with whatever it extends, as paths from its folder.
    """
    data = read(path)
    if isinstance(data, Finding):
        return Loaded(None, (data,), None)
    if str(path) == "-":
        return load_bytes(data, "standard input", beside(path), minimums)
    return load_bytes(data, str(path), beside(path), minimums, lock_beside(path))


def load_text(
    text: str,
    file: str = "charter.yaml",
    files: Files = nowhere,
    minimums: tuple[str, ...] = (),
    lock: bytes | Finding | None = None,
) -> Loaded:
    """Loads a charter from its text.

    Args:
        file: the name that findings show.
        files: gives the files that it names.
        minimums: as for `load`.
        lock: the bytes of the lock of its folder, None where there is none.
    """
    return load_bytes(text.encode("utf-8", "surrogatepass"), file, files, minimums, lock)


def load_bytes(
    data: bytes,
    file: str,
    files: Files = nowhere,
    minimums: tuple[str, ...] = (),
    lock: bytes | Finding | None = None,
) -> Loaded:
    """Loads a charter from its bytes; more than MAX_BYTES are refused. Arguments as for `load_text`."""
    source, node, findings = tree_of(data, file)
    if source is None or node is None:
        return Loaded(None, _ordered(findings), source)
    parts = Parts(files, _part, os.path.basename(file))
    charter, found = _read(source, node, parts, "", minimums, flawed=bool(findings))
    if charter is not None and lock is not None:
        own = charter
        if minimums:  # a lock pins what the charter names; a deployment's minimums are the deployment's
            own = _read(source, node, Parts(files, _part, os.path.basename(file)), "", (), flawed=False)[0] or charter
        charter, pinned = locked(charter, lock, own.parts)
        found += pinned
    findings = _ordered((*findings, *found))
    return Loaded(None if findings else charter, findings, source)


def tree_of(data: bytes, file: str) -> tuple[Source | None, Node | None, tuple[Finding, ...]]:
    """Text and tree of a file's bytes, with what was refused on the way."""
    source, findings = decode(data[: MAX_BYTES + 1], file)
    if source is None or any(finding.rule == "control-character" for finding in findings):
        return source, None, findings  # the YAML parser would stop there anyway
    node, refused = parse(source)
    findings += refused
    if node is None and not findings:
        findings = (Finding("file-empty", Severity.ERROR, "the file has comments only", Location(file)),)
    return source, node, findings


def load_or_raise(path: str | Path) -> Charter:
    """Loads a charter for judging with it.

    Raises:
        AuthorError: the file is no charter; the message lists everything wrong with it.
    """
    return charter_or_raise(load(path), str(path))


def charter_or_raise(loaded: Loaded, name: str) -> Charter:
    """The charter of what was loaded.

    Raises:
        AuthorError: there is none; the message lists everything wrong. Or it is a base or a library.
    """
    if loaded.charter is not None:
        if loaded.charter.kind is not Kind.CHARTER:
            message = f"a {loaded.charter.kind} grants nothing, and nothing is judged with it alone"
            hint = (
                "name a charter that extends it" if loaded.charter.kind is Kind.BASE else "name a charter that uses it"
            )
            raise AuthorError(message, where=name, hint=hint)
        return loaded.charter
    count = len(loaded.findings)
    lines = [
        f"  {finding.location}: {finding.message} [{finding.rule}]" + (f"; {finding.hint}" if finding.hint else "")
        for finding in loaded.findings
    ]
    message = f"nothing is judged with it: {count} error{'s' * (count != 1)}\n" + "\n".join(lines)
    raise AuthorError(message, where=name, hint="`govern lint` shows each at its line")


def _ordered(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    return tuple(sorted(set(findings), key=lambda finding: finding.sort_key))


def _part(data: bytes, file: str, parts: Parts, path: str) -> tuple[Charter | None, tuple[Finding, ...]]:
    """A file that another one names, by itself."""
    source, node, findings = tree_of(data, file)
    if source is None or node is None:
        return None, _ordered(findings)
    charter, found = _read(source, node, parts, path, (), flawed=bool(findings))
    findings = _ordered((*findings, *found))
    return (None if findings else charter), findings


def _read(
    source: Source, node: Node, parts: Parts, path: str, minimums: tuple[str, ...], *, flawed: bool
) -> tuple[Charter | None, tuple[Finding, ...]]:
    reader = Reader(source, flawed=flawed)
    if not isinstance(node, Map):
        reader.wrong(node, "a charter", "a mapping that begins with `govern: 1`")
        return None, tuple(reader.findings)
    if other_language(reader, node):
        return None, tuple(reader.findings)
    at = source.locate(node.start, node.start + 1)
    charter = own_sections(reader, node, parts, path, tuple(Word(each, at) for each in minimums))
    return charter, tuple(reader.findings)


def other_language(reader: Reader, node: Map) -> bool:
    """Whether the file says another language version: then no key of it can be judged."""
    for key, value in node.entries:
        if key.value == "govern" and isinstance(value, Scalar) and type(value.value) is int:
            if value.value != LANGUAGE_VERSION:
                message = f"version {value.value} of the language is not known here"
                reader.error("unsupported-language", value, message, f"this program reads `govern: {LANGUAGE_VERSION}`")
                return True
            return False
        if key.value == "govern":
            reader.wrong(value, "`govern`", f"the language version, `{LANGUAGE_VERSION}`")
            return False
    return False
