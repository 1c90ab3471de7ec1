"""Random stores and policies for what must not change when a store is judged in parts."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.conformance import fuzz

from govern.audit import store
from govern.policy.model import Policy
from govern.replay.groups import Policies, Replayed
from govern.replay.shadow import report


@dataclass(frozen=True)
class Stored:
    """A store, and what it is judged by."""

    folder: str
    policies: Policies
    session_facts: Mapping[str, Mapping[str, Any]] | None


def stored(seed: int, folder: Path, events: int = 160) -> Stored:
    """A random policy of the whole language, and a random log."""
    found = fuzz.case(random.Random(seed), events)
    policy: Policy = found.policy
    each = {event.event_id: event for event in found.trace.events}
    store.write(iter(list(each.values())), folder, durable=False)
    return Stored(str(folder), Policies({policy.agent: policy}, found.zone), found.trace.session_facts)


def shown(found: Replayed, policies: Policies) -> tuple[object, ...]:
    """All that a replay says, whatever it keeps besides."""
    groups = {key: (seen.calls, seen.first_ns, seen.last_ns, seen.samples) for key, seen in found.groups.items()}
    return groups, found.runs, found.errors, report(found, policies)
