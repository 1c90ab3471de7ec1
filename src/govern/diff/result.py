"""A whole diff: every charter of both sides with what differs, and what the change does to past calls.

Leaves out finding it (`compare`, `replay.compare`) and saying it (`report`).
"""

from __future__ import annotations

from dataclasses import dataclass

from govern.diff.model import Change, Difference, SectionChange, ToolChange
from govern.diff.revisions import Pair, Side
from govern.ingest import Summary
from govern.replay.comparison import LABELS, Comparison

VERDICTS = LABELS[:3]


@dataclass(frozen=True, slots=True)
class CharterChange:
    """One charter before and after.

    Args:
        difference: None where one side has no charter for the agent.
    """

    pair: Pair
    difference: Difference | None

    @property
    def agent(self) -> str:
        return self.pair.agent

    @property
    def change(self) -> Change:
        """`added` and `removed` of the charter itself; else which way all of it went."""
        if self.difference is None:
            return Change.ADDED if self.pair.old is None else Change.REMOVED
        if self.difference.widened:
            return Change.SHIFTED if self.difference.narrowed else Change.WIDENED
        return Change.NARROWED if self.difference.narrowed else Change.UNCHANGED

    @property
    def tools(self) -> tuple[ToolChange, ...]:
        return self.difference.tools if self.difference is not None else ()

    @property
    def sections(self) -> tuple[SectionChange, ...]:
        return self.difference.sections if self.difference is not None else ()


@dataclass(frozen=True, slots=True)
class OverLogs:
    """Past calls under both sides, and what was read of them."""

    comparison: Comparison
    summary: Summary


@dataclass(frozen=True, slots=True)
class Diff:
    """All of a diff.

    Args:
        charters: every one of either side, by agent.
        replay: None where no logs were given.
    """

    old: Side
    new: Side
    charters: tuple[CharterChange, ...]
    replay: OverLogs | None = None

    @property
    def widened(self) -> bool:
        """Whether anything is looser than it was, or not shown to be narrower; a charter that was added too."""
        return any(each.change in (Change.ADDED, Change.WIDENED, Change.SHIFTED) for each in self.charters) or bool(
            self.unexplained
        )

    @property
    def narrowed(self) -> bool:
        """Whether anything is narrower than it was; a charter that was removed too."""
        return any(each.change in (Change.REMOVED, Change.NARROWED, Change.SHIFTED) for each in self.charters)

    @property
    def changed(self) -> bool:
        """Whether anything is required otherwise."""
        return self.widened or self.narrowed

    @property
    def unexplained(self) -> int:
        """Past calls with a lower verdict than before, of tools that were found to be no looser. There are none unless
        something is wrong with how charters are compared; they count as widened."""
        if self.replay is None:
            return 0
        return sum(
            cell.calls
            for row in self.replay.comparison.by_tool
            if not self._explained(row.agent, row.tool)
            for cell in row.cells
            if cell.old in VERDICTS and cell.new in VERDICTS[: VERDICTS.index(cell.old)]
        )

    def _explained(self, agent: str | None, tool: str) -> bool:
        of = [each for each in self.charters if len(self.charters) == 1 or each.agent == agent]
        return any(
            each.difference is None
            or any(section.looser for section in each.sections)
            or any(found.looser for found in each.tools if found.tool == tool)
            for each in of
        )
