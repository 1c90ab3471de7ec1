"""The contract between the reader and one log format.

An adapter turns rows (lines of JSONL, elements of a JSON array, or one whole document) into events. Everything
that is the same for all formats is the reader's: files, compression, lines, JSON, refusals, duplicates, counts.

Adding a format: one module here with `ADAPTER`, one page beside it, a folder of cases in `tests/ingest`, one
line in `formats.py`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, Protocol

from govern.events.canonical import Json
from govern.events.model import Event

FIELDS: Final = frozenset(
    {"prompt", "response", "tool", "args", "check", "approval", "output", "timing", "errors"}
    | {"verbatim", "spans", "sessions", "sequence"}
)
"""What an audit record is made of; a format carries some of it. The last four: whether words are verbatim, which span
an event was made in, where sessions begin and end, and contiguous numbers of the writer's own."""


@dataclass(frozen=True, slots=True)
class FormatInfo:
    """What a log format can say.

    Args:
        id: the name of the adapter's module, of its page and of `--log-format`.
        title: for people.
        carries: of `FIELDS`; what is not in here is missing by nature, which is no gap of one log.
        lacks: the rest in words, for the import report.
    """

    id: str
    title: str
    carries: frozenset[str]
    lacks: str = ""

    def __post_init__(self) -> None:
        if unknown := self.carries - FIELDS:
            raise ValueError(f"unknown fields: {sorted(unknown)}")


class Unusable(Exception):
    """A row that gives no events; the text is the reason, for people. The reader makes a `Refusal` of it."""


class Aside(Exception):
    """A row that by its nature holds nothing an agent did; the text is what it is (`header`, `progress`, …), one of a
    few words for a format, because rows are counted and shown by it. It gives no events."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a source.

    Args:
        value: as `canonical.load` read it, ambiguous parts as markers.
        raw: its bytes, as they stand in the source, without the line end.
        digest: 32 hex digits: of the format's id and `raw`. The same row has the same digest wherever it
            stands, in whatever file, packed or not; ids of runs and events are made from it.
        ref: `<digest of the source>:<line>`, and `#<index>` in an array; for `source_ref`.
        writer: default `writer_id`.
        wseq: default `wseq` of the first event of this row.
        agent: the name given by the caller for sources that carry none.
        notes: counts what this source does not say and its format could, in words (`calls without arguments`); one
            counter for the whole source, which the report shows.
        refused: why parts of it are refused, while the rest is read; `parts.part` adds to it. Where nothing is left,
            the adapter raises `Aside`, and the row counts as refused.
    """

    value: Json
    raw: bytes
    digest: str
    ref: str
    writer: str
    wseq: int
    agent: str | None = None
    notes: Counter[str] = field(default_factory=Counter, repr=False, compare=False)
    refused: list[str] = field(default_factory=list, repr=False, compare=False)

    @property
    def has_surrogates(self) -> bool:
        """Whether a text in here may hold a lone surrogate: only an escape can write one."""
        return _known_escapes(self.raw) if len(self.raw) > _LARGE else _escapes(self.raw)


_LARGE: Final = 4096
"""Rows of more bytes are looked through once, not for each of their parts."""


def _escapes(raw: bytes) -> bool:
    return b"\\ud" in raw or b"\\uD" in raw


_known_escapes: Final = lru_cache(maxsize=1)(_escapes)


class Reading(Protocol):
    """One source on its way through an adapter; what a row must know of earlier ones is kept here."""

    def events(self, row: Row) -> Sequence[Event]:
        """The events of a row, in the source's own order.

        Raises:
            Unusable: the row is refused as a whole.
            Aside: the row, or what is left of it without its refused parts, holds nothing an agent did.
        """
        ...

    def end(self) -> Sequence[Event]:
        """The events that waited for a row that did not come; called once, after the last row.

        Raises:
            Unusable: nobody can say how much of them is lost.
        """
        ...


class Adapter(Protocol):
    """One log format."""

    @property
    def info(self) -> FormatInfo: ...

    def claims(self, value: Json) -> bool:
        """Whether a row looks like one of this format; called on the first readable rows of a source."""
        ...

    def reading(self) -> Reading:
        """For one source; called before its first row."""
        ...


class Stateless(ABC):
    """An adapter whose rows stand alone: it is its own `Reading`."""

    def reading(self) -> Reading:
        return self

    @abstractmethod
    def events(self, row: Row) -> Sequence[Event]:
        """As of `Reading`."""

    def end(self) -> Sequence[Event]:
        return ()
