"""Lists of tools from files, folders and standard input: bytes to documents, with a limit on everything.

JSON always; YAML for OpenAPI documents, through the charter's own reader, which refuses what two readers would
understand differently. Leaves out what a document means (`formats`).
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from govern.charter.source import MAX_BYTES as MAX_YAML_BYTES
from govern.charter.source import decode
from govern.charter.yaml_tree import Map, Node, Scalar, parse
from govern.draft.formats import ToolsFormat, listing, together
from govern.draft.listing import LeftOut, Listing
from govern.draft.prose import one_line
from govern.errors import EvidenceError
from govern.events.canonical import Malformed, load

MAX_BYTES = 16 * 1024 * 1024
MAX_FILES = 5_000
_SUFFIXES = (".json", ".snap", ".yaml", ".yml")
_OPENAPI = re.compile(rb"^[\"']?(?:openapi|swagger)[\"']?\s*:", re.MULTILINE)


def read(paths: Sequence[str], forced: ToolsFormat | None = None) -> Listing:
    """The tools of files, of the lists in folders (*.json, *.snap, *.yaml, *.yml), and of standard input (`-`).

    A file that is named and is no list of tools is an error; one in a folder is left out and counted.

    Raises:
        EvidenceError: a path is missing, unreadable, too large, or no list of tools; or no tool is left.
    """
    return together(one for path in paths for one in _lists(path, forced))


def _lists(path: str, forced: ToolsFormat | None) -> Iterator[Listing]:
    if path == "-":
        yield _list(sys.stdin.buffer.read(MAX_BYTES + 1), "standard input", forced)
    elif Path(path).is_dir():
        files = _files(Path(path))
        if not files:
            raise EvidenceError(f"no list of tools in the folder `{path}`", hint=f"looked for {', '.join(_SUFFIXES)}")
        for file in files:
            try:
                yield replace(_list(_bytes(file), str(file), forced), sources=_named(path))
            except EvidenceError as error:
                yield Listing((), (LeftOut(str(file), "the file", error.message),), _named(path))
    else:
        yield replace(_list(_bytes(Path(path)), path, forced), sources=_named(path))


def _named(path: str) -> tuple[str]:
    """A source as the draft names it: where it lies on somebody's disk is nobody's business."""
    return (Path(path).resolve().name or path,)


def _files(folder: Path) -> list[Path]:
    """In an order that no file system decides; hidden ones are not looked at, links to folders not followed."""
    found: list[Path] = []
    for path in folder.rglob("*"):
        if path.suffix in _SUFFIXES and not any(part.startswith(".") for part in path.relative_to(folder).parts):
            found.append(path)
            if len(found) > MAX_FILES:
                raise EvidenceError(f"more than {MAX_FILES:,} files", where=str(folder))
    return sorted(path for path in found if path.is_file())


def _bytes(path: Path) -> bytes:
    try:
        with open(path, "rb") as stream:
            return stream.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise EvidenceError("there is no such file", where=str(path)) from None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        words = (getattr(error, "strerror", None) or str(error)).lower()
        raise EvidenceError(f"cannot be read: {words}", where=str(path)) from None


def _list(data: bytes, where: str, forced: ToolsFormat | None) -> Listing:
    if len(data) > MAX_BYTES:
        raise EvidenceError(f"larger than {MAX_BYTES // 2**20} MB", where=where)
    if not data.strip():
        raise EvidenceError("the file is empty", where=where)
    looks_json = data.lstrip()[:1] in (b"{", b"[")
    if not looks_json and (forced is ToolsFormat.OPENAPI or _OPENAPI.search(data)):
        return listing(_yaml(data, where), where, ToolsFormat.OPENAPI)
    try:
        document = load(data)
    except Malformed as error:
        raise EvidenceError(f"not JSON: {error.detail}", where=where) from None
    return listing(document, where, forced)


def _yaml(data: bytes, where: str) -> Any:
    hint = "convert the document to JSON: YAML is read only where every reader understands it alike"
    if len(data) > MAX_YAML_BYTES:
        raise EvidenceError(f"YAML of more than {MAX_YAML_BYTES // 2**20} MB", where=where, hint=hint)
    source, findings = decode(data, where)
    node: Node | None = None
    if source is not None and not findings:
        node, findings = parse(source)
    if findings or node is None:
        first = min(findings, key=lambda finding: finding.location) if findings else None
        place = str(first.location) if first else where
        raise EvidenceError(one_line(first.message if first else "no YAML", 200), where=place, hint=hint)
    return _plain(node)


def _plain(node: Node) -> Any:
    match node:
        case Scalar():
            return node.value
        case Map():
            return {str(key.value): _plain(value) for key, value in node.entries}
        case _:
            return [_plain(item) for item in node.items]
