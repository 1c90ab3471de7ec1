"""Rules on the sections of a base and of a library, and on a charter together with them.

What a base declares is for the charters that extend it: only what is wrong in itself is said of it.
"""

from __future__ import annotations

from govern.charter.files import within
from govern.charter.load import load_text
from govern.lint.engine import lint

from .fragments import NEARBY, whole

BASE = """\
govern: 1
base: house
version: 1
purpose: Rules of the house.
owner: chief
roles: [chief]
approvals: {chief: {roles: [chief], if_no_answer: [{after: 24h, then: deny}]}}
facts:
  order: {from: {result_of: [get_order], where: {order_id: args.order_id}}, fields: {total: number}}
  said: {from: {result_of: [think]}, fields: {total: number}}
rules:
  - {id: ours, tools: ["send_*"], when: "origin(args.to) == 'untrusted'", then: {approval: chief}}
limits:
  - {id: none, tools: ["wipe_*"], max: 0, within: day, otherwise: deny}
untrusted:
  after_reading: [{tiers: [irreversible], then: {approval: chief}}]
"""
LIBRARY = """\
govern: 1
library: login
version: 1
purpose: Logging in.
tools:
  open_session:
    tier: irreversible
    external: true
    input: {type: object, properties: {password: {type: string}}}
"""


def told(text: str, files: dict[str, str] | None = None) -> set[tuple[str, str]]:
    """Rules that found something, with the file in which."""
    loaded = load_text(text, files=within({**NEARBY, **(files or {})}))
    assert () == loaded.findings
    return {(finding.rule, finding.location.file) for finding in lint(loaded)}


def test_a_base_is_told_what_is_wrong_in_itself() -> None:
    """A fact that the model asserts, another origin than the user's, no room; not what a charter has yet to say."""
    rules = {rule for rule, _ in told(BASE)}
    assert {"fact-from-model", "origin-not-user", "limit-of-zero"} <= rules
    later = {"fact-never-read", "fact-from-untrusted", "fact-source-unkeyed", "no-shadow", "no-identity"}
    assert not rules & (later | {"few-scenarios", "unmapped-unheard", "untrusted-reach", "no-untrusted-section"})


def test_a_library_is_told_of_its_secrets() -> None:
    """What it describes is no agent: it needs no identity, no shadow days, no scenarios."""
    rules = {rule for rule, _ in told(LIBRARY)}
    assert "secret-not-marked" in rules
    assert not rules & {"no-identity", "no-shadow", "few-scenarios", "unmapped-unheard", "credentials-missing"}


def test_what_a_base_covers_is_covered() -> None:
    """After reading, escalation and shadow days of a base count for the charter that extends it."""
    charter = whole("""
extends: [org/house.yaml]
tools: {send_note: {tier: irreversible, approval: {ask: lead, unless: "args.n < 5"}}}
untrusted: {on_instructions: strip}
""")
    house = f"{BASE}escalation: [{{event: unmapped, to: chief}}]\nshadow: {{business_days: 5, reviewer: chief}}\n"
    alone = charter.replace("extends: [org/house.yaml]\n", "\n")
    own = {rule for rule, file in told(charter, {"org/house.yaml": house}) if file == "charter.yaml"}
    covered = {"untrusted-reach", "unmapped-unheard", "no-shadow"}
    assert covered <= {rule for rule, _ in told(alone)}
    assert not covered & own


def test_what_is_wrong_with_a_base_for_an_agent_stands_in_its_own_file() -> None:
    """A base's limits and facts judged by the charter's schemas are told at the charter's tool, or at its name."""
    house = f"""{BASE}escalation: [{{event: error, to: chief}}]
"""
    house = house.replace(
        "limits:\n",
        "limits:\n  - {id: sum, tiers: [reversible], sum: args.n, max: 5, within: day, "
        "for_each: [args.kind], otherwise: deny}\n",
    )
    charter = whole("""
extends: [org/house.yaml]
roles: [head, chief]
tools:
  get_order: {tier: read_only, input: {type: object, properties: {nr: {type: string}}}}
  mark: {tier: reversible, input: {type: object, properties: {}}}
  note: {tier: reversible, input: {type: object, required: [n], properties: {n: {type: number}, kind: {type: string}}}}
escalation: [{event: error, to: chief}]
rules: [{id: r, tools: [mark], only_if: order.total > 5, otherwise: deny}]
""")
    loaded = load_text(charter, files=within({"org/house.yaml": house}))
    assert () == loaded.findings
    places = {
        (finding.rule, loaded.source.line(finding.location.line).split()[0].rstrip(":"))
        for finding in lint(loaded)
        if loaded.source is not None and finding.location.file == "charter.yaml"
    }
    assert {
        ("sum-not-a-number", "mark"),
        ("sum-may-be-negative", "note"),
        ("limit-key-missing", "mark"),
        ("fact-where-unknown-argument", "agent"),
        ("fact-from-untrusted", "agent"),
    } <= places
    elsewhere = {finding.rule for finding in lint(loaded) if finding.location.file != "charter.yaml"}
    ours = {"fact-from-model", "fact-never-read", "limit-of-zero", "origin-not-user", "keyed-by-model"}
    assert not elsewhere & (ours | {rule for rule, _ in places if rule.startswith(("sum", "limit", "fact", "esc"))})
