"""Loading tells the author of each slip: the rule, the place to the column, and what to write instead."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from govern.charter.files import within
from govern.charter.load import charter_or_raise, load_text
from govern.errors import AuthorError

from .fragments import whole

CASES: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "cases.yaml").read_text("utf-8"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_a_slip(case: dict[str, Any]) -> None:
    """One slip: its own finding at its place, with words that help, and no other findings around it."""
    text = case["slip"] if case.get("whole") else whole(case["slip"], without=tuple(case.get("without", ())))
    loaded = load_text(text, files=within(case.get("files", {})))
    assert loaded.charter is None
    found = [finding for finding in loaded.findings if finding.rule == case["id"]]
    assert [case["at"]] == [f"{finding.location.line}:{finding.location.column}" for finding in found]
    assert case["hint"] in f"{found[0].message} {found[0].hint}"
    assert sorted(case.get("also", [])) == sorted(f.rule for f in loaded.findings if f.rule != case["id"])


def test_cases_are_many_and_distinct() -> None:
    """The table is really read, and no name stands twice."""
    names = [case["name"] for case in CASES]
    assert len(names) > 250
    assert sorted(set(names)) == sorted(names)


def test_all_slips_in_one_run() -> None:
    """Ten slips in ten places of one file: ten findings, in the order of the file."""
    text = whole(
        """version: "1"
owner: leed
roles: [lead, finance]
neverr: [{tools: [x_*]}]
approvals:
  lead: {roles: [lead, finanse], if_no_answer: [{after: 8, then: deny}]}
tools:
  get_order: {tier: readonly}
  refund: {tier: irreversible, approval: {ask: lead, unless: args.x = 1}}
rules:
  - {id: a, tools: [refnud], when: arg.x, then: dney}"""
    )
    loaded = load_text(text)
    assert [
        (1, "wrong-value"),
        (2, "undefined-role"),
        (4, "unknown-key"),
        (6, "undefined-role"),
        (6, "invalid-duration"),
        (8, "unknown-tier"),
        (9, "condition-syntax"),
        (11, "undefined-tool"),
        (11, "unknown-name"),
        (11, "unknown-effect"),
    ] == [(finding.location.line, finding.rule) for finding in loaded.findings]


def test_every_problem_of_one_condition() -> None:
    """Two unknown names in one condition are two findings."""
    text = whole("rules:\n  - {id: a, tools: [refund], when: foo.x == 1 && bar.y == 2, then: deny}")
    assert [(2, 36), (2, 50)] == [(f.location.line, f.location.column) for f in load_text(text).findings]


@pytest.mark.parametrize("section", ["govern", "agent", "version", "purpose", "owner", "roles", "tools"])
def test_a_missing_section(section: str) -> None:
    """What every charter needs is asked for by name."""
    loaded = load_text(whole("", without=(section,)))
    assert loaded.charter is None
    missing = [finding for finding in loaded.findings if finding.rule == "missing-key"]
    assert [True] == [f"`{section}`" in finding.message for finding in missing]


def test_nothing_is_judged_with_a_broken_charter() -> None:
    """Who asks for the charter gets an error that lists every finding with its place and hint."""
    loaded = load_text(whole("owner: leed\nversion: 0"), "desk.yaml")
    with pytest.raises(AuthorError) as raised:
        charter_or_raise(loaded, "desk.yaml")
    assert "2 errors" in raised.value.message
    assert "desk.yaml:1:8: `leed` is not among `roles` [undefined-role]; did you mean `lead`?" in raised.value.message
    assert "desk.yaml:2:10" in raised.value.message
    assert raised.value.exit_code == 3


def test_a_whole_charter_is_read() -> None:
    """What loads carries every word: nothing that was written is dropped on the way to the model."""
    charter = charter_or_raise(
        load_text(
            whole(
                """approvals:
  lead: {roles: [lead], quorum: 2, if_no_answer: [{after: 90s, ask: boss}, {after: 2d, then: deny}]}
  boss: {roles: [finance], if_no_answer: [{after: 1h, then: deny}]}
tools:
  refund:
    tier: irreversible
    external: true
    approval: {ask: lead, unless: "args.a <= 5"}
    rules: [{id: own, only_if: "args.a < 9", otherwise: deny, because: Too much.}]
rules: [{id: all, tools: ["*"], when: "args.a == 7", then: {approval: boss}}]
never: [{tools: ["x_*"], because: Never.}]"""
            )
        ),
        "x",
    )
    lead, refund = charter.gates["lead"], charter.tools["refund"]
    assert (("lead",), 2, [(90, "boss")], (172800, "deny")) == (
        tuple(role.name for role in lead.roles), lead.quorum,
        [(step.after_s, step.gate.name) for step in lead.steps], (lead.end.after_s, lead.end.verdict.label),
    )  # fmt: skip
    assert refund.approval is not None
    assert ("irreversible", True, "lead") == (refund.tier.value, refund.external, refund.approval.gate.name)
    assert ["own", "all"] == [rule.id.name for rule in charter.every_rule]
    assert ["x_*"] == [word.name for never in charter.never for word in never.tools]
