"""The JSON of `govern suggest`: the contract `govern/suggest/v1`."""

from __future__ import annotations

from typing import Any

from govern.draft.stanza import lines as stanza_lines
from govern.ingest import Summary
from govern.replay.shadow import instant_text
from govern.replay.shadow_model import ShadowReport
from govern.report import import_json
from govern.suggest.model import Action, Holder, Suggestion, Suggestions, Would


def document(found: Suggestions, shadow: ShadowReport, summary: Summary) -> dict[str, Any]:
    """The suggestions as one JSON document; times are ISO 8601 in UTC."""
    return {
        "schema": "govern/suggest/v1",
        "charters": [
            {"agent": each.charter.agent, "version": each.charter.version, "file": each.name} for each in found.targets
        ],
        "files": [import_json.file(file) for file in summary.files],
        "totals": import_json.counts(summary.totals),
        "refusals": [{"file": r.file, "line": r.line, "reason": r.reason} for r in summary.refusals],
        "refusals_not_listed": summary.refused - len(summary.refusals),
        "without_charter": [{"agent": row.agent, "calls": row.calls} for row in shadow.without_charter],
        "suggestions": [_suggestion(each) for each in found.suggested],
        "in_newer": [
            {
                **_action(each.action, each.target),
                "newer": each.newer,
                "version": each.version,
                "tier": each.tier.value,
            }
            for each in found.newer
        ],
        "held": [{**_action(each.action, each.target), "by": [_holder(one) for one in each.by]} for each in found.held],
        "refused": [{**_action(each.action, each.target), "reason": each.reason} for each in found.refused],
        "unmapped": found.unmapped,
        "judged": shadow.calls - sum(row.calls for row in shadow.without_charter),
        "not_judged": sum(row.calls for row in shadow.without_charter),
    }


def _suggestion(each: Suggestion) -> dict[str, Any]:
    stanza = each.stanza
    return {
        **_action(each.action, each.target),
        "tier": each.tier.value,
        "why": each.guess.why,
        "external": bool(stanza.external),
        "gate": each.gate,
        "library": each.library or None,
        "secret": list(stanza.secret),
        "input": stanza.input,
        "decide": list(each.decide),
        "stanza": "".join(f"{line}\n" for line in stanza_lines(stanza)),
        "with_it": _would(each.would) if each.would is not None else None,
    }


def _action(action: Action, target: str) -> dict[str, Any]:
    return {
        "tool": action.tool,
        "agent": action.agent,
        "charter": target,
        "calls": action.calls,
        "runs": action.runs,
        "errors": action.errors,
        "first_seen": instant_text(action.first_ns),
        "last_seen": instant_text(action.last_ns),
        "sample_traces": list(action.samples),
    }


def _would(would: Would) -> dict[str, Any]:
    return {
        "allow": would.allow,
        "approval": would.approval,
        "deny": would.deny,
        "undecidable": would.undecidable,
        "invalid_input": would.invalid,
        "held": [_holder(each) for each in would.held],
    }


def _holder(each: Holder) -> dict[str, Any]:
    return {"rule": each.id, "because": each.because, "at": each.at, "calls": each.calls}
