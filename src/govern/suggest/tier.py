"""A tier for a tool that was seen at work: the strictest of what its name, its arguments and a library say.

What was seen can only make the guess stricter: that a tool never failed, or was always called with little, says
nothing about what it can do. Guesses are for people; no verdict depends on them.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from govern.charter.model import Tool
from govern.draft import tiers
from govern.draft.listing import Listed
from govern.draft.tiers import Guess
from govern.policy import verbs
from govern.policy.terms import Tier
from govern.replay.details import Shapes

ORDER = (Tier.READ_ONLY, Tier.REVERSIBLE, Tier.IRREVERSIBLE)


def guess(tool: str, schema: dict[str, Any] | None, shapes: Shapes, entry: Tool | None) -> Guess:
    """The guess for a tool.

    Args:
        schema: inferred from the arguments seen; None where none were.
        entry: what a library of the charter says of it.
    """
    found = tiers.guess(Listed(tool, schema=schema, seen=by_values(shapes)))
    return found if entry is None else _described(found, entry)


def _described(found: Guess, entry: Tool) -> Guess:
    """With what a library says: a name that says nothing says nothing against it."""
    library = f"the library `{entry.described.library if entry.described else ''}` says so"
    external = found.external or (library if entry.external else "")
    if found.why == verbs.SAYS_NOTHING:
        return Guess(entry.tier, library, external)
    return _stricter(replace(found, external=external), entry.tier, library)


def stricter(tier: Tier) -> Tier | None:
    """The next stricter tier; None above the strictest."""
    at = ORDER.index(tier) + 1
    return ORDER[at] if at < len(ORDER) else None


def _stricter(found: Guess, tier: Tier, why: str) -> Guess:
    if ORDER.index(tier) <= ORDER.index(found.tier):
        return found
    return replace(found, tier=tier, why=f"{why}; {found.why}")


def by_values(shapes: Shapes) -> tuple[tuple[Tier, str], ...]:
    """What the values of an argument that chooses say; no value is told."""
    worst: tuple[Tier, str] | None = None
    for place in shapes.places:
        if place.path.lower() not in tiers.CHOOSES:
            continue
        for text, _ in place.values:
            value = json.loads(text)
            first = next(iter(verbs.words(value)), "") if isinstance(value, str) else ""
            tier = verbs.tier_of(first)
            if tier is not None and (worst is None or ORDER.index(tier) > ORDER.index(worst[0])):
                worst = tier, f"`{place.path}` says more than reading"
        if place.distinct is None:  # there were more values than were kept
            return ((Tier.IRREVERSIBLE, f"`{place.path}` says many things"),)
    return (worst,) if worst is not None else ()
