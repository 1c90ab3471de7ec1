"""The JSON of `govern reconstruct --compare` (`schemas/compare.v1.json`)."""

from __future__ import annotations

from typing import Any

from govern.reconstruct.chain import Action
from govern.reconstruct.compare import Compared
from govern.reconstruct.judge import Reconstruction


def document(found: Compared) -> dict[str, Any]:
    """Two chains, and in what they differ."""
    return {
        "schema": "govern/compare/v1",
        "left": _side(found.left),
        "right": _side(found.right),
        "same": found.same,
        "actions": [
            {
                "left": _action(pair.left),
                "right": _action(pair.right),
                "differences": [
                    {"field": each.field, "left": each.left, "right": each.right} for each in pair.differences
                ],
            }
            for pair in found.pairs
        ],
    }


def _side(made: Reconstruction) -> dict[str, Any]:
    return {
        "trace_id": made.chain.trace_id,
        "agents": list(made.chain.agents),
        "actions": len(made.chain.actions),
        "gaps": len(made.gaps),
    }


def _action(action: Action | None) -> dict[str, Any] | None:
    return None if action is None else {"index": action.index, "tool": action.tool}
