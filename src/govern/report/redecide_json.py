"""The JSON of `govern reconstruct --redecide` (`schemas/redecide.v1.json`)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from govern.reconstruct.chain import Chain
from govern.redecide.decisions import Again, Outcome, Said


def document(chain: Chain, found: Sequence[Again], charter: str) -> dict[str, Any]:
    """All decisions of a chain, then and now.

    Args:
        charter: what was decided by, as it was named.
    """
    counts = Counter(each.outcome for each in found)
    return {
        "schema": "govern/redecide/v1",
        "trace_id": chain.trace_id,
        "charter": charter,
        "counts": {outcome.value: counts[outcome] for outcome in Outcome},
        "actions": [
            {
                "index": each.index,
                "event_id": each.event_id,
                "tool": each.tool,
                "outcome": each.outcome.value,
                "then": _said(each.then),
                "now": _said(each.now),
                "range": None if each.range is None else {"loosest": each.range[0], "strictest": each.range[1]},
                "missing": list(each.missing),
                "how": list(each.how),
                "gates_recorded": not each.gates_unknown,
            }
            for each in found
        ],
    }


def _said(said: Said | None) -> dict[str, Any] | None:
    if said is None:
        return None
    return {
        "effect": said.effect,
        "reasons": list(said.reasons),
        "rules": list(said.rules),
        "gates": list(said.gates),
        "policy_digest": said.policy_digest,
    }
