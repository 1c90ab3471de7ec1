"""The JSON of `govern reconstruct`: `govern/reconstruct/v1`, described by `schemas/reconstruct.v1.json`."""

from __future__ import annotations

from typing import Any

from govern.events.canonical import Malformed, parse
from govern.events.model import Event
from govern.reconstruct.approvals import APPROVE, unbound
from govern.reconstruct.chain import Action, Text, args_digest
from govern.reconstruct.completeness import Count
from govern.reconstruct.judge import Gap, Reconstruction
from govern.reconstruct.words import iso
from govern.report.chain_holes import Hole, hole
from govern.report.chain_masks import Opened
from govern.report.chain_record import NOT_VERIFIED, Record
from govern.report.chain_told import Block, told
from govern.report.chain_words import lane


def document(made: Reconstruction, *, record: Record = NOT_VERIFIED, opened: Opened | None = None) -> dict[str, Any]:
    """The whole chain, verbatim texts included; absent values are null, absent times too.

    Args:
        record: whether the store was verified.
        opened: sensitive values that may be shown, by commitment; texts and arguments keep their marks.
    """
    chain = made.chain
    story = told(made, opened)
    in_actions = {event.event_id for action in chain.actions for event in action.events}
    return {
        "schema": "govern/reconstruct/v1",
        "trace_id": chain.trace_id,
        "agents": list(chain.agents),
        "agent_versions": list(chain.agent_versions),
        "policy_digests": list(chain.policy_digests),
        "source_formats": list(chain.source_formats),
        "writers": list(chain.writers),
        "events": len(chain.events),
        "started": at(chain.started_ns),
        "ended": at(chain.ended_ns),
        "duration_ms": None
        if chain.started_ns is None or chain.ended_ns is None
        else milliseconds(chain.ended_ns - chain.started_ns),
        "times": {"whole_seconds": story.times.whole_seconds, "untimed": story.times.untimed},
        "record": {"status": record.status, "said": record.said, "findings": list(record.findings)},
        "opened": dict(opened or {}),
        "whole": not made.gaps,
        "actions": [_action(action) for action in chain.actions],
        "loose": [step(event) for event in chain.loose],
        "outside": [step(event) for event in chain.events if event.event_id not in in_actions],
        "gaps": [_gap(gap) for gap in made.gaps],
        "blocks": [_block(block, made.gaps) for block in story.blocks],
        "not_applicable": [{"id": one.id, "why": one.why} for one in made.not_applicable],
        "completeness": completeness(made.completeness),
    }


def _gap(gap: Gap) -> dict[str, Any]:
    found = hole(gap)
    return {
        "id": gap.id,
        "pattern": str(gap.pattern),
        "action": gap.action,
        "events": list(gap.events),
        "at": at(gap.at_ns),
        "cause": gap.cause,
        "lane": str(found.lane),
        "missing": found.missing or None,
    }


def _block(block: Block, gaps: tuple[Gap, ...]) -> dict[str, Any]:
    """The order in which people see events and gaps: names of events, places in `gaps`."""
    number = {id(gap): place for place, gap in enumerate(gaps)}
    return {
        "action": block.action.index if block.action is not None else None,
        "items": [
            {"gap": number[id(item.gap)]} if isinstance(item, Hole) else {"event": item.event.event_id}
            for item in block.items
        ],
    }


def completeness(counts: dict[str, Count]) -> dict[str, dict[str, int]]:
    """Per field of the audit record, how many actions have it, lack it, have no use for it."""
    return {name: {"present": one.present, "missing": one.missing, "na": one.na} for name, one in counts.items()}


def at(ts_ns: int | None) -> str | None:
    """RFC 3339 with nine digits, null where no time is recorded."""
    return None if ts_ns is None else iso(ts_ns)


def milliseconds(ns: int | None) -> float | None:
    return None if ns is None else ns / 1e6


def _action(action: Action) -> dict[str, Any]:
    given = action.input
    check = action.check
    return {
        "index": action.index,
        "span_id": action.span_id,
        "tool": action.tool,
        "call_id": action.call_id,
        "args": _arguments(given),
        "args_error": given.args_error if given is not None else None,
        "args_text": given.content if given is not None and given.args_error is not None else None,
        "args_digest": args_digest(given) if given is not None else None,
        "prompt": action.prompt.text if action.prompt is not None else None,
        "response": action.response.text if action.response is not None else None,
        "check": _check(check) if check is not None else None,
        "approval": _decided(action),
        "approvals": [
            {
                "approval_id": one.approval_id,
                "gates": list(one.gates),
                "requests": [step(event) for event in one.requests],
                "decisions": [_decision(event) for event in one.decisions],
            }
            for one in action.approvals
        ],
        "output": action.output.text if action.output is not None else None,
        "error": action.error,
        "proposed": at(action.proposed_ns),
        "started": at(action.started_ns),
        "ended": at(action.ended_ns),
        "duration_ms": milliseconds(action.duration_ns),
        "retries": action.retries,
        "texts": {
            "prompt": _text(action.prompt),
            "response": _text(action.response),
            "output": _text(action.output),
        },
        "steps": [step(event) for event in action.events],
    }


def _arguments(given: Event | None) -> Any:
    """The arguments as an object; null where none were recorded, or none could be understood."""
    if given is None or given.args is None:
        return None
    try:
        return parse(given.args)
    except Malformed:  # a damaged record: the text is what there is
        return given.args


def _check(check: Event) -> dict[str, Any]:
    return {
        "effect": check.verdict,
        "reasons": list(check.reasons),
        "rules": list(check.rules),
        "gates": list(check.gates),
        "policy_digest": check.policy_digest,
        "tier": check.tier,
        "mode": check.mode,
        "at": at(check.ts_ns),
    }


def _decided(action: Action) -> dict[str, Any] | None:
    """The latest decision that belongs to this call; an approving one before others. `approvals` has all."""
    digests = {run.args_digest for run in action.executions} or {args_digest(call) for call in action.calls}
    bound = [d for d in action.decisions if any(not unbound(action, d, digest) for digest in digests)]
    if not bound:
        return None
    approving = [d for d in bound if d.decision == APPROVE]
    return _decision((approving or bound)[-1])


def _decision(event: Event) -> dict[str, Any]:
    return {
        "event_id": event.event_id,
        "decision": event.decision,
        "approver": event.actor,
        "role": event.role,
        "at": at(event.ts_ns),
        "reason": event.reason,
        "args_digest": args_digest(event),
        "approval_id": event.approval_id,
        "actor_kind": event.actor_kind,
        "shown": event.content,
    }


def _text(text: Text | None) -> dict[str, Any] | None:
    if text is None:
        return None
    return {
        "event_id": text.event.event_id,
        "bytes": text.size,
        "digest": text.digest,
        "fidelity": text.event.fidelity,
        "at": at(text.event.ts_ns),
    }


def step(event: Event) -> dict[str, Any]:
    """One event with every column that says something of it; absent values are null."""
    return {
        "event_id": event.event_id,
        "type": str(event.type),
        "lane": str(lane(event)),
        "at": at(event.ts_ns),
        "duration_ms": milliseconds(event.duration_ns),
        "writer_id": event.writer_id,
        "wseq": event.wseq,
        "span_id": event.span_id,
        "parent_span_id": event.parent_span_id,
        "session_id": event.session_id,
        "agent": event.agent,
        "actor_kind": event.actor_kind,
        "actor": event.actor,
        "role": event.role,
        "tool": event.tool,
        "call_id": event.call_id,
        "attempt": event.attempt,
        "args": event.args,
        "args_error": event.args_error,
        "args_digest": args_digest(event),
        "content": event.content,
        "result_digest": event.result_digest,
        "status": event.status,
        "error": event.error,
        "tier": event.tier,
        "verdict": event.verdict,
        "reasons": list(event.reasons),
        "rules": list(event.rules),
        "gates": list(event.gates),
        "policy_digest": event.policy_digest,
        "mode": event.mode,
        "approval_id": event.approval_id,
        "decision": event.decision,
        "reason": event.reason,
        "fidelity": event.fidelity,
        "commitments": list(event.commitments),
        "source_ref": event.source_ref,
    }
