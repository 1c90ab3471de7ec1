"""Which gates of a verdict the answers meet: different people for each, unless a gate says `shared`.

A gate is met by as many people as its quorum asks, or in its place by a gate that it escalated to, with that one's
quorum. One person's answer counts for one gate, and beside it for any number that are `shared`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice, product

from govern.gate.model import Request, Slot, Vote

MOST_TRIES = 10_000  # ways of whose answer counts where; beyond them a gate counts as not met

People = tuple[str, ...]


def met(request: Request, votes: Sequence[Vote], roots: Sequence[str]) -> dict[str, tuple[str, People]]:
    """The gates of the verdict that are met, each with the gate that answered and whose answers it took.

    Args:
        votes: that count; approvals only.
        roots: gates of the verdict; where not all can be met at once, earlier ones are.
    """
    found: dict[str, tuple[str, People]] = {}
    for root in roots:
        made = _together(request, votes, (*found, root))
        if made is not None:
            found = made
    return found


def _together(request: Request, votes: Sequence[Vote], roots: Sequence[str]) -> dict[str, tuple[str, People]] | None:
    """Whose answers meet all of these gates at once; None where they do not."""
    voters: dict[Slot, list[str]] = {}
    for vote in votes:
        for slot in sorted(vote.slots):
            people = voters.setdefault(slot, [])
            if vote.answer.person not in people:
                people.append(vote.answer.person)
    ways = [
        [slot for slot in sorted(voters) if slot[0] == root and len(voters[slot]) >= request.gates[slot[1]].quorum]
        for root in roots
    ]
    # A gate's own people first: an escalation answers where they do not suffice.
    for root, slots in zip(roots, ways, strict=True):
        slots.sort(key=lambda slot: slot[1] != root)
    for chosen in islice(product(*ways), MOST_TRIES):
        taken = _apart(request, chosen, voters)
        if taken is not None:
            return {slot[0]: (slot[1], taken[slot]) for slot in chosen}
    return None


def _apart(request: Request, chosen: Sequence[Slot], voters: Mapping[Slot, list[str]]) -> dict[Slot, People] | None:
    """People for each slot, nobody twice among those that are not shared."""
    alone = [slot for slot in chosen if not request.gates[slot[1]].shared]
    places = [slot for slot in alone for _ in range(request.gates[slot[1]].quorum)]
    sits: dict[str, int] = {}  # person to place

    def seat(place: int, tried: set[str]) -> bool:
        for person in voters[places[place]]:
            if person not in tried:
                tried.add(person)
                if person not in sits or seat(sits[person], tried):
                    sits[person] = place
                    return True
        return False

    if not all(seat(place, set()) for place in range(len(places))):
        return None
    taken: dict[Slot, People] = {
        slot: tuple(sorted(person for person, place in sits.items() if places[place] == slot)) for slot in alone
    }
    for slot in chosen:
        if slot not in taken:
            taken[slot] = tuple(voters[slot][: request.gates[slot[1]].quorum])
    return taken
