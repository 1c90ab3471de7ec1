"""Conversations that are logged again and again, longer each time: their calls are read once.

A log of API requests repeats in each request everything that was said before. A row that begins with a conversation
as an earlier row left it goes on in that row's run, and only what is new in it becomes events; a result there answers
the call that stands in the earlier row. Nothing but the messages themselves says that two rows belong together, so
they must be equal from the first to the last, ids of calls included.

Leaves out: what a message is (`chat`), which part of a row is the conversation (`adapters`).
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from govern.events.canonical import Json
from govern.events.model import Event
from govern.ingest.adapter import Row, Unusable
from govern.ingest.arguments import Arguments, storable
from govern.ingest.chat import Run

REMEMBERED: Final = 100_000
"""So many ends of conversations are kept, the latest; a few hundred bytes each."""
ALIKE: Final = 1_000
"""So many conversations that ended in the same words are told apart."""
LONGEST: Final = 100_000
"""Messages of a conversation whose messages stand in rows of their own: it is held in memory."""


@dataclass(frozen=True, slots=True)
class Tip:
    """How a row left its run: its trace, and the calls that wait for a result."""

    trace: str
    now: tuple[Any, ...]
    earlier: tuple[Any, ...]


class Continued(Run):
    """A run that may go on where an earlier row's stopped, and may take its messages from several rows.

    Args:
        row: ids are made from its digest.
        source_format: the adapter's id.
        agent: its name, where it is known.
        tip: where the run goes on; None where it begins.
        common: columns of every event.
    """

    def __init__(self, row: Row, source_format: str, agent: str | None, tip: Tip | None = None, **common: Any) -> None:
        if tip is not None:
            common["trace_id"] = tip.trace
        super().__init__(row, source_format, agent, **common)
        self._trace: str = common.get("trace_id", row.digest)
        self._heard = False
        if tip is not None:
            self._now, self._earlier = list(tip.now), list(tip.earlier)

    @property
    def tip(self) -> Tip:
        return Tip(self._trace, tuple(self._now), tuple(self._earlier))

    def propose(self, name: str, call_id: Json, arguments: Arguments, **columns: Any) -> None:
        """A call. Where calls stand on their own, those between two results are of one message."""
        if self._heard:
            self.next_message()
            self._heard = False
        super().propose(storable(name), call_id, arguments, **columns)  # a plain row may answer it

    def result(self, call_id: Json, tool: Json, content: Json, error: Json, **columns: Any) -> None:
        super().result(call_id, tool, content, error, **columns)
        self._heard = True

    def span_of(self, call_id: str) -> str | None:
        """The span of a call that waits for its result; of equal ids the latest."""
        waiting = [call for call in (*self._earlier, *self._now) if call_id and call.id == call_id]
        return waiting[-1].span if waiting else None

    def move(self, row: Row) -> None:
        """What is added from now on stands in another row."""
        self.row = replace(row, digest=self.row.digest, wseq=self.row.wseq)
        self._escape = row.has_surrogates
        self._common["source_ref"] = row.ref


@dataclass(slots=True)
class _Tips:
    """Ends that no row went on from yet, and the last one that a row did."""

    fresh: deque[Tip] = field(default_factory=lambda: deque(maxlen=ALIKE))
    used: Tip | None = None


class Conversations:
    """The ends of the conversations of one source, the latest `REMEMBERED`.

    Several conversations may have ended in the very same words. Each row that goes on from there takes the next of
    them: which is which cannot be told, and does not matter, since they are the same up to there. Where each was taken
    once, a further row is a second try.
    """

    def __init__(self) -> None:
        self._tips: OrderedDict[bytes, _Tips] = OrderedDict()

    def known(self, marks: Sequence[bytes]) -> tuple[int, Tip | None]:
        """How many of a row's messages an earlier row ended with, and that end; the longest such beginning that no
        row went on from yet, else the longest.

        Args:
            marks: of `chain`.
        """
        found: tuple[int, Tip | None] = (0, None)
        for count in range(len(marks), 0, -1):
            tips = self._tips.get(marks[count - 1])
            if tips is None:
                continue
            if tips.fresh:
                tips.used = tips.fresh.popleft()
                return count, tips.used
            if found[1] is None:
                found = (count, tips.used)
        return found

    def keep(self, mark: bytes, tip: Tip, *, again: bool = False) -> None:
        """Remembers how a row ended.

        Args:
            again: it is no end, but a question that may be asked a second time.
        """
        tips = self._tips.setdefault(mark, _Tips())
        if again:
            tips.used = tip
        else:
            tips.fresh.append(tip)
        self._tips.move_to_end(mark)
        if len(self._tips) > REMEMBERED:
            self._tips.popitem(last=False)


def chain(keys: Sequence[Json], before: bytes = b"") -> list[bytes]:
    """A mark for each message that stands for it and all before it.

    Args:
        keys: what tells one message from another; None for one that may be left out when it is said again.
        before: the mark to go on from.
    """
    marks = []
    for key in keys:
        if key is None:
            marks.append(before)
            continue
        said = json.dumps(key, sort_keys=True, default=lambda _: "a number without a value")
        before = hashlib.sha256(before + said.encode("ascii")).digest()
        marks.append(before)
    return marks


class Loose:
    """Messages that stand alone in their rows: all of a source, in its order, are one conversation.

    Args:
        source_format: the adapter's id.
        write: adds what a row says to a run; raises `Unusable` for a row that says nothing readable.
    """

    def __init__(self, source_format: str, write: Callable[[Continued, Row], None]) -> None:
        self._format = source_format
        self._write = write
        self._rows: list[Row] = []

    def add(self, row: Row) -> None:
        """Keeps a row until the conversation is whole.

        Raises:
            Unusable: it cannot be read, or there are more than `LONGEST`.
        """
        if len(self._rows) >= LONGEST:
            raise Unusable(f"more than {LONGEST:,} messages, each in a row of its own; write one conversation a row")
        self._write(Continued(row, self._format, row.agent), replace(row, notes=Counter()))
        self._rows.append(row)

    def events(self) -> list[Event]:
        """The conversation so far; its ids are made from all of its rows."""
        if not self._rows:
            return []
        first = self._rows[0]
        digest = hashlib.sha256("".join(row.digest for row in self._rows).encode("ascii")).hexdigest()[:32]
        run = Continued(replace(first, digest=digest), self._format, first.agent)
        for row in self._rows:
            run.move(row)
            self._write(run, row)
        return run.events

    def clear(self) -> None:
        """The next message begins another conversation."""
        self._rows.clear()
