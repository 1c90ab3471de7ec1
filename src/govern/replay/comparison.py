"""Two charters over the same past calls, as a value: verdicts before and after, who is asked, what it costs.

Every call of an agent stands in exactly one cell of the matrix. A call that asks for approval under both charters, but
of other people, is on the diagonal and told apart. Leaves out the counting (`compare_report`) and words (`report`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from govern.replay.compare import First

NO_CHARTER = "no charter"
LABELS = ("allow", "approval", "deny", "undecidable", NO_CHARTER)


class Way(StrEnum):
    """Where a call's verdict went.

    `other`: approval by people of whom neither charter's are all of the other's. `undecided`: the log does not tell
    what one of them says, or the new one says nothing.
    """

    SAME = "same"
    LOOSER = "looser"
    STRICTER = "stricter"
    OTHER = "other"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class Event:
    """A call that stands for others: the first by time."""

    tool: str
    agent: str | None
    ts_ns: int | None
    trace_id: str
    event_id: str

    @property
    def place(self) -> tuple[bool, int, str, str]:
        return First(self.ts_ns, self.trace_id, self.event_id).place


@dataclass(frozen=True, slots=True)
class Cell:
    """Calls of one verdict before and one after; `old` and `new` are of LABELS."""

    old: str
    new: str
    calls: int
    first: Event


@dataclass(frozen=True, slots=True)
class GateChange:
    """Calls that ask for approval before and after, of others or on other terms.

    Args:
        old, new: the gates. Equal names where what they ask was changed.
    """

    old: tuple[str, ...]
    new: tuple[str, ...]
    way: Way
    calls: int
    first: Event


@dataclass(frozen=True, slots=True)
class ToolRow:
    """One tool of one agent, with its calls by where their verdict went, and the cells and gates that changed."""

    tool: str
    agent: str | None
    ways: Mapping[Way, int]
    cells: tuple[Cell, ...]
    gates: tuple[GateChange, ...]

    @property
    def calls(self) -> int:
        return sum(self.ways.values())

    @property
    def moved(self) -> int:
        """Calls whose verdict, or whose gates, are not what they were."""
        return sum(self.ways.get(way, 0) for way in (Way.LOOSER, Way.STRICTER, Way.OTHER))


@dataclass(frozen=True, slots=True)
class Cost:
    """What a gate costs under one charter.

    Args:
        roles: any of them may answer; empty where the person served confirms.
        quorum: how many must, each time.
        per_day: calls a day with calls; None where the log does not have all times.
    """

    roles: tuple[str, ...]
    quorum: int
    calls: int
    per_day: float | None


@dataclass(frozen=True, slots=True)
class Approvals:
    """What a gate costs before and after; None where a charter has no such gate.

    Args:
        days: each day (UTC) with such calls, and how many before and after; empty where the log has no times.
    """

    gate: str
    agent: str | None
    old: Cost | None
    new: Cost | None
    days: tuple[tuple[str, int, int], ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two charters over the same calls.

    Args:
        cells: those with calls, in the order of LABELS.
        gates: approvals that ask others, most calls first.
        ways: calls by where their verdict went.
        by_tool: every tool that was called; those that moved first, the loosened ones before all.
        approvals: every gate that was asked before or after.
        undecided: calls that one of the two could not decide, of any charter.
        undecided_same: of these, calls of tools of which both say exactly the same, whatever that is.
        unheard: calls for whose agent the new charters say nothing.
        malformed: calls whose arguments have no canonical form; both deny them.
        days: days (UTC) with calls that were judged.
        old, new: agent, version and digest of every policy.
    """

    cells: tuple[Cell, ...]
    gates: tuple[GateChange, ...]
    ways: Mapping[Way, int]
    by_tool: tuple[ToolRow, ...]
    approvals: tuple[Approvals, ...]
    undecided: int
    undecided_same: int
    unheard: int
    malformed: int
    days: tuple[str, ...]
    old: tuple[tuple[str, int, str], ...]
    new: tuple[tuple[str, int, str], ...]

    @property
    def calls(self) -> int:
        return sum(cell.calls for cell in self.cells)

    @property
    def looser(self) -> int:
        """Calls that need less than before."""
        return self.ways.get(Way.LOOSER, 0)

    @property
    def stricter(self) -> int:
        """Calls that need more than before."""
        return self.ways.get(Way.STRICTER, 0)

    @property
    def other(self) -> int:
        """Calls that need something else than before."""
        return self.ways.get(Way.OTHER, 0)

    @property
    def not_judged(self) -> int:
        """Calls of which it is not known what the change does to them."""
        return self.undecided + self.unheard

    def count(self, old: str, new: str) -> int:
        """Calls of a cell."""
        return next((cell.calls for cell in self.cells if (cell.old, cell.new) == (old, new)), 0)
