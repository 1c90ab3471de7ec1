"""What an exporter keeps back: whole events, of which only the leaf goes out, with its proof.

A leaf is the hash of all that an event says, so an event is shown or withheld as a whole. Chains and pages in the same
package are told from blinded events: that something happened, when and by whom, without its words; nothing there can be
checked against the withheld ones, and no digest of their words goes out either, by which short ones could be guessed.

A leaf is such a digest too, and what keeps it from being guessed is the event's own id: that of a live event has 74
random bits, so it is withheld like the words. Ids of imported events are made of their source, and are no salt.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from govern.errors import UsageError
from govern.events.model import Event, EventType, Fidelity
from govern.findings import did_you_mean
from govern.reconstruct.build import build
from govern.reconstruct.judge import Reconstruction

_RANDOM: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
CAUSE: Final = "withheld: it concerns an event that this package does not show"


@dataclass(frozen=True, slots=True)
class Withhold:
    """Which events are withheld.

    Args:
        content: all that have a text (prompts, responses, outputs).
        types: all of these types.
        ids: those with these event ids.
    """

    content: bool = False
    types: frozenset[EventType] = frozenset()
    ids: frozenset[str] = frozenset()

    def hides(self, event: Event) -> bool:
        return event.type in self.types or event.event_id in self.ids or (self.content and bool(event.content))

    def guessable(self, event: Event) -> bool:
        """Whether it is hidden, and its leaf can be guessed by who knows all but its words: its id is not random."""
        return self.hides(event) and _RANDOM.fullmatch(event.event_id) is None

    @property
    def words(self) -> list[str]:
        """What it says, for the manifest: never ids that only the store knows."""
        said = ["content"] if self.content else []
        return said + sorted(self.types) + ([f"{len(self.ids)} named events"] if self.ids else [])


def asked(places: Sequence[str], content: bool, events: Iterable[Event]) -> Withhold:
    """What options ask for.

    Args:
        places: event types and event ids.
        events: those of the case: a place that hides none of them is a typo, and a typo would disclose.

    Raises:
        UsageError: a place is neither the type nor the id of one of the events.
    """
    found = list(events)
    types = {str(event.type) for event in found}
    ids = {event.event_id for event in found}
    for place in places:
        if place not in types and place not in ids:
            raise UsageError(
                f"`{place[:80]}` is neither a type nor an id of an event of the case",
                where="--withhold",
                hint=did_you_mean(place, sorted(types)) or "types such as `prompt`, ids as `--format json` lists them",
            )
    return Withhold(
        content=content,
        types=frozenset(EventType(place) for place in places if place in types),
        ids=frozenset(place for place in places if place in ids),
    )


def blind(event: Event, event_id: str) -> Event:
    """The event without its words, without digests of them, and under another id."""
    return replace(
        event,
        event_id=event_id,
        content=None,
        args=None,
        args_error=None,
        args_digest=None,
        result_digest=None,
        reason=None,
        error=None,
        commitments=(),
        source_ref=None,
        fidelity=Fidelity.REDACTED,
    )


def blinded(made: Reconstruction, hidden: Withhold) -> Reconstruction:
    """The chain told from blinded events, with the gaps and counts of the whole record."""
    if not any(hidden.hides(event) for event in made.chain.events):
        return made
    away = [event.event_id for event in made.chain.events if hidden.hides(event)]
    ids = {event_id: f"withheld-{number}" for number, event_id in enumerate(away, start=1)}
    events = made.chain.events
    chain = build([blind(each, ids[each.event_id]) if each.event_id in ids else each for each in events])
    gaps = (
        replace(gap, cause=CAUSE, events=tuple(ids.get(one, one) for one in gap.events))
        if not ids.keys().isdisjoint(gap.events)
        else gap
        for gap in made.gaps
    )
    return replace(made, chain=chain, gaps=tuple(gaps))
