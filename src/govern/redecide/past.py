"""Which recorded events a chain's decisions depend on, read from an audit store.

Facts, counts and taint are of a trace or its session. A limit that is shared beyond them (by agent, by tool, by an
argument) counts calls of any trace, so every call of the store before the chain's end may belong to it.
"""

from __future__ import annotations

from pathlib import Path

from govern.audit.read import read_events
from govern.events.model import Event
from govern.policy.history import LIFECYCLE
from govern.policy.model import Limit
from govern.reconstruct.chain import Chain
from govern.replay.groups import Policies


def events(folder: str | Path, chain: Chain, policies: Policies) -> list[Event]:
    """The events of a chain, and what came before them that its policies ask for.

    Args:
        folder: the store that the chain is of.
        policies: that will decide.

    Raises:
        EvidenceError: a damaged store.
    """
    asking = [engine.policy for engine in policies.engines.values() if engine.history.asks]
    if not asking:
        return list(chain.events)
    parts: list[str] = []
    values = [chain.trace_id]
    sessions = sorted({event.session_id for event in chain.events if event.session_id})
    if sessions:
        parts.append(f"session_id IN ({', '.join('?' * len(sessions))})")
        values += sessions
    if any(_shared(limit) for policy in asking for limit in policy.limits):
        kinds = ", ".join(f"'{kind.value}'" for kind in sorted(LIFECYCLE))
        parts.append(f"(type IN ({kinds}) AND {_before(chain)})")
    if not parts:
        return list(chain.events)
    # The chain's own are taken as it has them: there each has an id of its own, whatever was recorded.
    return [*chain.events, *read_events(folder, f"trace_id <> ? AND ({' OR '.join(parts)})", values)]


def _shared(limit: Limit) -> bool:
    """Whether calls of other sessions may count."""
    return limit.span != "trace" and not {"session", "trace"} & set(limit.for_each)


def _before(chain: Chain) -> str:
    """A condition for events that may come before the chain's last: those without a time may always."""
    return "true" if chain.ended_ns is None else f"(ts_ns IS NULL OR ts_ns <= {chain.ended_ns})"
