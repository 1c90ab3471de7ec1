"""What differs between two charters: tools with calls that show it, sections with their places and the way they went.

Leaves out finding the differences (`compare`), their words and the replay of logs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from govern.findings import Location
from govern.policy.verdict import Verdict


class Change(StrEnum):
    """Which way a requirement went.

    `narrowed`: nothing passes more easily than before, something passes less easily. `widened`: the other way round,
    and whatever is not proven to be neither. `shifted`: both. `unchanged`: proven equal, or words for people alone.
    """

    UNCHANGED = "unchanged"
    NARROWED = "narrowed"
    WIDENED = "widened"
    SHIFTED = "shifted"
    ADDED = "added"
    REMOVED = "removed"


LOOSER = frozenset({Change.WIDENED, Change.SHIFTED})
"""Ways of a requirement that `--fail-on widened` counts; an added tool counts too."""


@dataclass(frozen=True, slots=True)
class Witness:
    """A call that shows a change of a tool: `govern decide` under both charters gives these verdicts.

    Args:
        way: WIDENED where the new charter asks less of the call (or something else), NARROWED where it asks more.
        args: of the call, JSON data.
        given_old, given_new: facts, `at` (nanoseconds) and history beside the arguments (`conditions.Inputs`). They
            differ only where the charters work an input out in two ways (a limit that counts otherwise, a fact of
            another source): then each is what the same past means under its charter.
        old, new: the verdicts. They may be equal where what changed is what a gate of theirs asks, or what comes after
            release; `why` says it.
        why: what differs, in words.
    """

    way: Change
    args: Mapping[str, Any]
    given_old: Mapping[str, Any]
    given_new: Mapping[str, Any]
    old: Verdict
    new: Verdict
    why: str


@dataclass(frozen=True, slots=True)
class ToolChange:
    """One tool of either charter.

    Args:
        change: any word of `Change`. A tool under another name is removed and added.
        witnesses: at most one each way, the widening one first; empty where nothing changed, or none was found.
        old, new: its standing in a few words (`irreversible, external, asks team-lead`); None where it is not mapped.
        proven: whether the change is certain: equality and narrowness by proof, widening by a witness or by what is
            written. False where it counts as widened only because narrower could not be shown.
        why: reasons in words, the widening ones first: which requirement went which way, what could not be decided.
    """

    tool: str
    change: Change
    witnesses: tuple[Witness, ...] = ()
    old: str | None = None
    new: str | None = None
    proven: bool = True
    why: tuple[str, ...] = ()

    @property
    def looser(self) -> bool:
        """Whether it counts as widened."""
        return self.change in LOOSER or self.change is Change.ADDED

    @property
    def witness(self) -> Witness | None:
        """The witness to show where there is room for one: of the widening, else of the narrowing."""
        return self.witnesses[0] if self.witnesses else None


@dataclass(frozen=True, slots=True)
class Side:
    """A value as one charter writes it.

    Args:
        text: on one line, as a charter would write it.
        at: where it is written, or the nearest place above it that is.
    """

    text: str
    at: Location


@dataclass(frozen=True, slots=True)
class SectionChange:
    """One key whose value differs between the composed charters.

    Args:
        path: as `approvals.team-lead.quorum`; items of lists by their id, by their text, else by their number from 1.
        direction: which way the requirement went: unchanged, narrowed, widened or shifted.
        old, new: None where the charter does not write it.
        why: the key's direction, in words.
        level, key: the level of the vocabulary and the key that this is about; empty where it is no key of it (a
            suppression in a comment, a pin of the lock).
        by_verdicts: whether the key says nothing but verdicts: then the tools show what it does, and `direction` is
            that of the key by itself (a rule that went, though another one still denies the same calls).
        proven: whether the direction is certain; False where it counts as widened since narrower could not be shown.
    """

    path: str
    direction: Change
    old: Side | None
    new: Side | None
    why: str
    level: str = ""
    key: str = ""
    by_verdicts: bool = False
    proven: bool = True

    @property
    def change(self) -> Change:
        """`added`, `removed`, else the direction."""
        if self.old is None:
            return Change.ADDED
        return Change.REMOVED if self.new is None else self.direction

    @property
    def looser(self) -> bool:
        """Whether it counts as widened by itself: not where the tools show what it does."""
        return self.direction in LOOSER and not self.by_verdicts


@dataclass(frozen=True, slots=True)
class Difference:
    """All that differs.

    Args:
        tools: of either charter, those that did not change too, by name.
        sections: keys whose text differs, in the order of the vocabulary.
        solver: whether a solver was there to prove with; without it, calls were searched, and what was not proven
            by its form counts as widened.
    """

    tools: tuple[ToolChange, ...]
    sections: tuple[SectionChange, ...]
    solver: bool = True

    @property
    def widened(self) -> bool:
        """Whether anything is looser, or not proven narrower (`--fail-on widened`)."""
        return any(tool.looser for tool in self.tools) or any(section.looser for section in self.sections)

    @property
    def narrowed(self) -> bool:
        """Whether anything is narrower."""
        ways = (Change.NARROWED, Change.SHIFTED)
        return any(tool.change in (*ways, Change.REMOVED) for tool in self.tools) or any(
            section.direction in ways and not section.by_verdicts for section in self.sections
        )

    @property
    def changed(self) -> bool:
        """Whether any requirement differs."""
        return self.widened or self.narrowed
