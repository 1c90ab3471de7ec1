"""What came of tests as the JSON contract `govern/test/v1` (`schemas/test.v1.json`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from govern.findings import Finding, Location
from govern.policy.verdict import Verdict
from govern.report.decide_json import parts_json
from govern.scenario.because import because
from govern.scenario.collect import Group, Tested, Unread
from govern.scenario.outcome import Answered, Failure, Outcome, State

if TYPE_CHECKING:
    from govern.scenario.coverage import Coverage
    from govern.scenario.mutation import Mutation

SCHEMA = "govern/test/v1"


def document(
    run: Tested, coverage: Sequence[Coverage] | None = None, mutants: Sequence[Mutation] | None = None
) -> dict[str, Any]:
    """The document.

    Args:
        coverage, mutants: of each charter, None where nobody asked for it.
    """
    return {
        "schema": SCHEMA,
        "tests": len(run.outcomes),
        "passed": run.count(State.PASSED),
        "failed": run.count(State.FAILED),
        "skipped": run.count(State.SKIPPED),
        "not_chosen": run.unasked,
        "judged": run.judged,
        "not_judged": run.not_judged,
        "charters": [_group(group) for group in run.groups],
        "results": [_result(group, outcome) for group in run.groups for outcome in group.outcomes],
        "files": [{"file": file, "tests": _tests(run, file)} for file in run.files],
        "without_tests": list(run.without),
        "unread": [_unread(each) for each in run.unread],
        "coverage": _coverage(coverage),
        "mutants": _mutants(mutants),
    }


def _coverage(several: Sequence[Coverage] | None) -> dict[str, Any] | None:
    if several is None:
        return None
    from govern.report import coverage_json

    return coverage_json.document(several)


def _mutants(several: Sequence[Mutation] | None) -> dict[str, Any] | None:
    if several is None:
        return None
    from govern.report import mutation_json

    return mutation_json.document(several)


def _tests(run: Tested, file: str) -> int:
    return sum(outcome.case.at.file == file for outcome in run.outcomes)


def _group(group: Group) -> dict[str, Any]:
    states = [outcome.state for outcome in group.outcomes]
    return {
        "file": group.charter_file,
        "agent": group.charter.agent,
        "version": group.charter.version,
        "policy_digest": group.engine.policy.digest,
        "deployment_digest": group.deployment.digest if group.deployment else None,
        **{state.value: states.count(state) for state in State},
    }


def _result(group: Group, outcome: Outcome) -> dict[str, Any]:
    case = outcome.case
    return {
        "id": case.id,
        "name": case.name,
        **place(case.at),
        "charter": group.charter_file,
        "tags": list(case.tags),
        "state": outcome.state.value,
        "skip": case.skip or None,
        "verdicts": [{"step": each.step, "tool": each.tool, **_verdict(each.verdict)} for each in outcome.decisions],
        "answers": [_answered(each) for each in outcome.answers],
        "failures": [_failure(group, each, outcome) for each in outcome.failures],
    }


def _verdict(verdict: Verdict) -> dict[str, Any]:
    return {
        "effect": verdict.effect.label,
        "reasons": list(verdict.reasons),
        "rules": list(verdict.rules),
        "gates": list(verdict.gates),
        "unknown": list(verdict.unknown),
        "tier": verdict.tier.value if verdict.tier else None,
    }


def _answered(each: Answered) -> dict[str, Any]:
    return {
        "step": each.step,
        "gate": each.gate,
        "state": each.state,
        "by": list(each.by),
        "after_ns": each.after_ns,
    }


def _failure(group: Group, failure: Failure, outcome: Outcome) -> dict[str, Any]:
    conditions: list[Any] = []
    if failure.decision is not None:
        expect = getattr(outcome.case.steps[failure.step], "expect", None)
        conditions = parts_json(group.engine, failure.decision.tool, because(group.engine, failure.decision, expect))
    return {
        "what": failure.what,
        "expected": failure.expected,
        "got": failure.got,
        "step": failure.step,
        **place(failure.at),
        "conditions": conditions,
    }


def _unread(unread: Unread) -> dict[str, Any]:
    return {"file": unread.file, "findings": [_finding(each) for each in unread.findings]}


def _finding(finding: Finding) -> dict[str, Any]:
    return {"rule": finding.rule, "message": finding.message, "hint": finding.hint, **place(finding.location)}


def place(at: Location) -> dict[str, Any]:
    """A place as keys of a document."""
    return {"file": at.file, "line": at.line, "column": at.column}
