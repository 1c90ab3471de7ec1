"""The texts that an editor has open, and everything that is asked about them, without the protocol.

One `Documents` is one editor. What it answers is made from the texts as they stand, saved or not. Leaves out
messages, timers and threads (`server`).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from govern.charter.files import Files
from govern.charter.lock import lock_beside
from govern.charter.source import MAX_BYTES, read
from govern.editor.completion import complete
from govern.editor.diagnose import Diagnosed, diagnose, is_ours
from govern.editor.formatting import formatting
from govern.editor.hover import Hover, hover
from govern.editor.neighbours import Beside, alone
from govern.editor.outline import Symbol, outline
from govern.editor.parsed import Parsed, overlay, parsed, whole
from govern.editor.positions import Lines
from govern.editor.settings import chosen
from govern.editor.suggest import Suggestion
from govern.editor.targets import Place, target
from govern.findings import Edit, Finding

BOM = "\ufeff"


@dataclass(frozen=True, slots=True)
class Document:
    """A text that is open.

    Args:
        uri: as the client writes it.
        path: where it is on disk, absolute; None where it is not.
        text: without a byte order mark; offsets are into it.
        version: the client's number of this text.
        lines: of the text as the client has it.
    """

    uri: str
    path: str | None
    text: str
    version: int | None
    lines: Lines = field(repr=False)

    @classmethod
    def of(cls, uri: str, path: str | None, text: str, version: int | None) -> Document:
        return cls(uri, path, text.removeprefix(BOM), version, Lines.of(text))

    @property
    def file(self) -> str:
        """The name that findings show."""
        return self.path or "charter.yaml"

    @property
    def shift(self) -> int:
        """How far the client's offsets are ahead."""
        return len(self.lines.text) - len(self.text)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What linting an open text gave.

    Args:
        of: the text.
        asked: the files that were asked for: where one of them changes, it is to be linted again.
        error: why the configuration could not be used; may be empty.
        read: the text with its tree, for those who would have to wait for it.
    """

    of: Document
    diagnosed: Diagnosed
    asked: frozenset[str]
    error: str
    read: Parsed


class Documents:
    """The open texts of one editor.

    Args:
        roots: the folders of its workspace.
    """

    def __init__(self, roots: tuple[str, ...] = ()) -> None:
        self.roots = roots
        self.open: dict[str, Document] = {}
        self.judged: dict[str, Judgement] = {}

    def put(self, document: Document) -> None:
        """A text was opened or changed."""
        self.open[document.uri] = document

    def close(self, uri: str) -> None:
        self.open.pop(uri, None)
        self.judged.pop(uri, None)

    def buffers(self) -> dict[str, str]:
        """The open texts by path."""
        return {each.path: each.text for each in self.open.values() if each.path is not None}

    def root(self, document: Document) -> str:
        """The folder of the workspace that a text is in, else its own; empty where it has none."""
        if document.path is None:
            return self.roots[0] if self.roots else ""
        around = [root for root in self.roots if document.path.startswith(root.rstrip(os.sep) + os.sep)]
        return max(around, key=len, default=os.path.dirname(document.path))

    def depend_on(self, path: str | None) -> list[Document]:
        """The open texts, judged before, that a file is a part of."""
        return [self.open[uri] for uri, one in self.judged.items() if uri in self.open and path in one.asked]

    def text_of(self, path: str) -> str | None:
        """The text of a file, as it is open or on disk; None where there is none."""
        open_text = self.buffers().get(path)
        if open_text is not None:
            return open_text
        data = read(path) if os.path.isfile(path) else None
        if not isinstance(data, bytes) or len(data) > MAX_BYTES:
            return None
        return data.decode("utf-8", "replace").removeprefix(BOM)

    # What is asked

    def completion(self, document: Document, offset: int) -> tuple[Suggestion, ...]:
        if not (is_ours(document.text, document.file) or _is_new(document.text)):
            return ()
        folder = Beside(document.path) if document.path else alone
        latest = self.judged.get(document.uri)
        read = latest.read if latest is not None else None
        return complete(document.text, offset, document.file, self.files(document), folder, read)

    def hover(self, document: Document, offset: int) -> Hover | None:
        if not is_ours(document.text, document.file):
            return None
        one = self.judged.get(document.uri)
        fresh = one.diagnosed.diagnostics if one is not None and one.of.text == document.text else ()
        found = tuple((each.start, each.end, each.finding) for each in fresh)
        return hover(document.text, offset, document.file, self.files(document), found, self.root(document))

    def definition(self, document: Document, offset: int) -> tuple[Place, ...]:
        if len(document.text) > MAX_BYTES or not is_ours(document.text, document.file):
            return ()
        found = target(whole(parsed(document.text, document.file), self.files(document)), offset)
        return found.places if found is not None else ()

    def outline(self, document: Document) -> tuple[Symbol, ...]:
        return outline(document.text, document.file) if is_ours(document.text, document.file) else ()

    def formatting(self, document: Document) -> Edit | None:
        return formatting(document.text, document.file) if is_ours(document.text, document.file) else None

    def files(self, document: Document) -> Files:
        return overlay(document.path, self.buffers())


def judge(document: Document, root: str, buffers: Mapping[str, str]) -> Judgement:
    """Lints an open text; one that is not of this language has no findings.

    Safe to run in a thread of its own: it reads values only, and files on disk.

    Args:
        root: the folder of the workspace that it is in.
        buffers: every open text by path.
    """
    asked: set[str] = set()
    if not is_ours(document.text, document.file):
        nothing = parsed("", document.file)
        return Judgement(document, Diagnosed((), nothing.source), frozenset(), "", nothing)
    settings = chosen(root or os.getcwd())
    files = overlay(document.path, buffers, asked.add)
    lock = lock_beside(document.path) if document.path else None
    diagnosed = _diagnosed(document, files, lock, root)
    return Judgement(document, diagnosed, frozenset(asked), settings.error, parsed(document.text, document.file))


def _diagnosed(document: Document, files: Files, lock: bytes | Finding | None, root: str) -> Diagnosed:
    configuration = chosen(root or os.getcwd()).configuration
    return diagnose(document.text, document.file, files, configuration, lock, root)


def again(document: Document, root: str, buffers: Mapping[str, str], text: str) -> Diagnosed:
    """What linting another text in a document's place would give."""
    lock = lock_beside(document.path) if document.path else None
    return _diagnosed(replace(document, text=text), overlay(document.path, buffers), lock, root)


def _is_new(text: str) -> bool:
    """Whether nothing is written yet but comments and a word."""
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    return len(lines) <= 1 and ":" not in "".join(lines)
