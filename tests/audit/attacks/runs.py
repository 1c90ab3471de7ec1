"""What verification says after each attack, and the README's table of it.

`python -m tests.audit.attacks.runs` prints the table.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from govern.audit.verify import verify
from govern.audit.verifying.contract import Kind, Status, Verified

from .kinds import ATTACKS, BY, Attack
from .making import LOG, Made, make

MARK = "<!-- attacks -->"


@dataclass(frozen=True)
class Shown:
    """What one run said: its status, and the kinds of its findings in the order in which they were made."""

    status: Status
    kinds: tuple[Kind, ...]

    @property
    def found(self) -> bool:
        return bool(self.kinds)

    @property
    def text(self) -> str:
        if not self.kinds:
            return "not found"
        return ", ".join(dict.fromkeys(f"`{kind}`" for kind in self.kinds))


@dataclass(frozen=True)
class Run:
    """One attack, verified with nothing from outside, with the log's key from outside, and with a checkpoint too."""

    attack: Attack
    alone: Shown
    key: Shown
    anchored: Shown


def run(attack: Attack, folder: Path) -> Run:
    """Does one attack to a copy of the store and verifies it three times."""
    made = _store().copy(folder / attack.id)
    attack.run(made)
    return Run(
        attack,
        shown(verify(made.folder)),
        shown(verify(made.folder, keys=[LOG.public])),
        shown(verify(made.folder, keys=[LOG.public], since=[made.outside])),
    )


def shown(found: Verified) -> Shown:
    return Shown(found.status, tuple(dict.fromkeys(each.kind for each in found.findings)))


@cache
def _store() -> Made:
    return make(Path(tempfile.mkdtemp(prefix="govern-attacks-")) / "store")


@cache
def runs() -> tuple[Run, ...]:
    """Every attack, run once in a process."""
    with tempfile.TemporaryDirectory(prefix="govern-attacks-") as folder:
        return tuple(run(attack, Path(folder)) for attack in ATTACKS)


def table(found: Sequence[Run]) -> str:
    """The README's table."""
    heads = (
        "attack", "who can, at the least", "found with nothing from outside", "with the key from outside",
        "with a checkpoint from outside",
    )  # fmt: skip
    lines = [f"| {' | '.join(heads)} |", "|---|---|---|---|---|"]
    lines += [
        f"| {each.attack.what} | {BY[each.attack.by]} | {each.alone.text} | {each.key.text} | {each.anchored.text} |"
        for each in found
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.stdout.write(table(runs()) + "\n")
