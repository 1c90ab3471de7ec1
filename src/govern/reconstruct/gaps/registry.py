"""All gaps, worst first: what should not have happened, then approvals, then what the record lost, then its words."""

from __future__ import annotations

from typing import Final

from govern.reconstruct.gaps import (
    approval_after_execution,
    approval_disconnected,
    approval_expired,
    approval_reused,
    approved_not_executed_args,
    approver_unknown,
    call_without_outcome,
    clock_regression,
    executed_after_deny,
    gate_did_not_hold,
    no_session_end,
    orphan_span,
    policy_not_in_force,
    prompt_not_verbatim,
    request_undecided,
    response_not_verbatim,
    result_without_call,
    retry_unexplained,
    self_approval,
    sequence_gap,
    timing_missing,
    unchecked_execution,
)
from govern.reconstruct.gaps.contract import GapKind

KINDS: Final[tuple[GapKind, ...]] = (
    executed_after_deny.KIND,
    gate_did_not_hold.KIND,
    approved_not_executed_args.KIND,
    approval_disconnected.KIND,
    approval_reused.KIND,
    approval_expired.KIND,
    approval_after_execution.KIND,
    self_approval.KIND,
    approver_unknown.KIND,
    unchecked_execution.KIND,
    policy_not_in_force.KIND,
    retry_unexplained.KIND,
    result_without_call.KIND,
    call_without_outcome.KIND,
    request_undecided.KIND,
    sequence_gap.KIND,
    orphan_span.KIND,
    clock_regression.KIND,
    no_session_end.KIND,
    timing_missing.KIND,
    prompt_not_verbatim.KIND,
    response_not_verbatim.KIND,
)
RANK: Final = {kind.id: place for place, kind in enumerate(KINDS)}
BY_ID: Final = {kind.id: kind for kind in KINDS}
