"""What a sink is: it takes a signed checkpoint, holds it elsewhere, and says how.

Whoever can write the store can take its end away and sign a shorter log again, if he has the key. What he cannot take
back is a checkpoint that somebody else holds. A receipt is the store's own note of where one went; it proves nothing
by itself, but for the token of a time stamp.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from govern.audit.checkpoint import Signed


@dataclass(frozen=True, slots=True)
class Given:
    """What is to be anchored.

    Args:
        store: the folder of the store.
        signed: its newest checkpoint, read and verified.
        ca: a PEM file of the authorities whose time stamps are trusted; None for none given.
        timeout_s: for everything that waits for somebody else, in seconds.
    """

    store: Path
    signed: Signed
    ca: str | None = None
    timeout_s: float = 30.0


@dataclass(frozen=True, slots=True)
class Held:
    """Where it is held now.

    Args:
        words: for people, one line.
        more: what a receipt keeps beside the checkpoint.
        warning: what did not work besides, though it is held; empty for nothing.
    """

    words: str
    more: Mapping[str, str | int | None] = field(default_factory=dict)
    warning: str = ""


class Sink(Protocol):
    """Holds a checkpoint at a place named by the part of `--to` after the kind.

    Raises:
        UsageError: the target is none.
        EnvironmentFailed: it could not be held there.
        EvidenceError: a checkpoint is held there already that this log did not grow out of.
    """

    def __call__(self, target: str, given: Given) -> Held: ...
