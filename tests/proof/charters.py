"""Small charters for statements, whole but for the part that a test is about."""

from __future__ import annotations

from govern.charter.load import charter_or_raise, load_text
from govern.compile.lower import lower
from govern.policy.model import Policy

HEAD = """\
govern: 1
agent: desk
version: 1
purpose: Tries statements.
owner: head
roles: [head, lead]
approvals:
  lead: {roles: [lead], if_no_answer: [{after: 4h, then: deny}]}
  head: {roles: [head], if_no_answer: [{after: 4h, then: deny}]}
"""
SHELL = """\
tools:
  run:
    tier: reversible
    approval: {ask: lead, unless: "args.command == 'ls'"}
    input: {type: object, required: [command], properties: {command: {type: string}, dry: {type: boolean}}}
    rules:
      - {id: removes, when: "args.command.startsWith('rm')", then: {tier: irreversible}}
      - {id: not-dry, only_if: args.dry, otherwise: {approval: head}}
  look: {tier: read_only, input: {type: object, properties: {}}}
  mail:
    tier: irreversible
    external: true
    approval: {ask: lead}
    input: {type: object, required: [to], properties: {to: {type: string}}}
rules:
  - {id: for-good, tiers: [irreversible], when: "true", then: {approval: head}}
limits:
  - {id: daily, tools: [mail], max: 3, within: day, for_each: [agent], otherwise: deny}
never:
  - {tools: ["close_*"], because: People do.}
untrusted:
  on_instructions: flag
  after_reading:
    - {id: read-before, tools: [mail], then: deny}
"""


def policy(part: str = SHELL) -> Policy:
    """The policy of a charter with this part."""
    return lower(charter_or_raise(load_text(HEAD + part), "charter.yaml"))
