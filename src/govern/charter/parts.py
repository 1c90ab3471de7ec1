"""The files that a charter names: each read once, cycles found, errors told where the file is named.

Leaves out what is in them (`read`) and how they are joined (`compose`).
"""

from __future__ import annotations

from collections.abc import Callable

from govern.charter.files import Files, joined
from govern.charter.model import Charter, Kind, Part, Word
from govern.charter.reader import Reader
from govern.events.canonical import digest
from govern.findings import Finding, Location

MOST_FILES = 100
DEEPEST = 20
_KEY = {Kind.BASE: "extends", Kind.LIBRARY: "uses"}


class Parts:
    """Reads parts of one charter.

    Args:
        files: gives their bytes.
        load: loads one of them by itself, with what it extends.
        whole: the charter's own file, from its folder; empty where it has none.
    """

    def __init__(
        self,
        files: Files,
        load: Callable[[bytes, str, Parts, str], tuple[Charter | None, tuple[Finding, ...]]],
        whole: str = "",
    ) -> None:
        self.files = files
        self.load = load
        self.known: dict[str, Charter | None] = {}
        self.parts: dict[str, Part] = {}
        self.causes: dict[Location, Finding] = {}  # where a broken file is named, the error at the bottom of it
        self.open: list[str] = [whole] if whole else []

    def one(self, reader: Reader, word: Word, kind: Kind, path: str) -> Charter | None:
        """A file that the reader's file names; an error where it is named, if it cannot be used.

        Args:
            path: of the file that names it.
        """
        place = joined(path, word.name)
        if place in self.open:
            way = " → ".join([*self.open[self.open.index(place) :], place])
            reader.told("extends-cycle", word.at, f"`{word}` comes back to itself: {way}", "let one of them end it")
            return None
        if place in self.known:
            charter = self.known[place]
            if charter is None:
                reader.told(
                    "broken-part", word.at, f"`{word}` does not load", "its error is told where it is first named"
                )
                return None
            return self._fits(reader, word, charter, kind)
        if len(self.known) + len(self.open) >= MOST_FILES:
            reader.told("broken-part", word.at, f"`{word}` is one file too many: a charter is at most {MOST_FILES}")
            return None
        if len(self.open) >= DEEPEST:
            message = f"`{word}` is extended over more than {DEEPEST} files, each by the one before"
            reader.told("broken-part", word.at, message, "extend it directly")
            return None
        given = self.files(place)
        if isinstance(given, Finding):
            hint = "a path is read from the folder of the file that names it"
            reader.told("file-unreadable", word.at, given.message, hint)
            return None
        data, shown = given
        self.open.append(place)
        charter, findings = self.load(data, shown, self, place)
        self.open.pop()
        self.known[place] = charter
        if charter is None:
            first = self.causes.get(findings[0].location, findings[0])
            self.causes[word.at] = first
            more = f" (and {len(findings) - 1} more)" if len(findings) > 1 else ""
            message = f"`{word}` does not load: {first.location}: {first.message}{more}"
            reader.told("broken-part", word.at, message, f"govern lint {first.location.file}")
            return None
        text = data.decode("utf-8")
        self.parts[place] = Part(charter.kind, place, charter.agent, text, digest(data), word.at)
        return self._fits(reader, word, charter, kind)

    def bases_of(self, base: Charter) -> list[Charter]:
        """The bases that a base extends itself; they were read with it."""
        path = next(path for path, known in self.known.items() if known is base)
        found = (self.known.get(joined(path, word.name)) for word in base.extends)
        return [each for each in found if each is not None]

    def _fits(self, reader: Reader, word: Word, charter: Charter, kind: Kind) -> Charter | None:
        if charter.kind is kind:
            return charter
        key = _KEY[kind]
        hints = {
            Kind.CHARTER: "a charter grants, and is never part of another file",
            Kind.BASE: "name it under `extends`",
            Kind.LIBRARY: "name it under `uses`",
        }
        message = f"`{word}` is a {charter.kind}, `{key}` takes {'bases' if kind is Kind.BASE else 'libraries'}"
        reader.told("wrong-kind-of-file", word.at, message, hints[charter.kind])
        return None
