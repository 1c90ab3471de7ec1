"""All gaps, worst first: what should not have happened, then approvals, then what the record lost."""

from __future__ import annotations

from typing import Final

from govern.reconstruct.gaps import (
    approval_after_execution,
    approval_disconnected,
    call_without_outcome,
    executed_after_deny,
    gate_did_not_hold,
    result_without_call,
    unchecked_execution,
)
from govern.reconstruct.gaps.contract import GapKind

KINDS: Final[tuple[GapKind, ...]] = (
    executed_after_deny.KIND,
    gate_did_not_hold.KIND,
    approval_disconnected.KIND,
    approval_after_execution.KIND,
    unchecked_execution.KIND,
    result_without_call.KIND,
    call_without_outcome.KIND,
)
RANK: Final = {kind.id: place for place, kind in enumerate(KINDS)}
BY_ID: Final = {kind.id: kind for kind in KINDS}
