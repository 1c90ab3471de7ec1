"""Texts with a cursor, and a charter with a base and a library, that the tests of the editor share."""

from __future__ import annotations

from govern.charter.files import Files, within

CURSOR = "‸"
BASE = """govern: 1
base: org
version: 1
purpose: What holds for all.
owner: chief
roles: [chief, on-call]
approvals:
  security: {roles: [chief], if_no_answer: [{after: 4h, then: deny}]}
facts:
  customer: {from: session, fields: {id: string, email: string}}
rules:
  - {id: night, external: true, when: hour(at) < 6, then: {approval: security}, because: Nobody looks.}
"""
MAIL = """govern: 1
library: mail
version: 1
purpose: Describes a mail server.
server: mail
tools:
  send_email:
    tier: irreversible
    external: true
    input:
      type: object
      required: [to]
      properties:
        to: {type: string, description: Who gets it.}
        cc: {type: array, items: {type: object, properties: {address: {type: string}}}}
"""
HEAD = """govern: 1
agent: desk
version: 1
purpose: Answers customers.
owner: lead
extends: [org/base.yaml]
uses: [mail.yaml]
roles: [lead, boss]
approvals:
  lead: {roles: [lead], if_no_answer: [{after: 4h, then: deny}]}
facts:
  order:
    from: {result_of: [get_order], where: {id: args.id}}
    fields: {status: {enum: [paid, returned]}, total: number}
identity: {service_account: svc, standing: ["orders:read"], elevated: {"payments:refund": {ttl: 5m}}}
tools:
  get_order:
    tier: read_only
    input: {type: object, required: [id], properties: {id: {type: string}}}
    output: {type: object, properties: {lines: {type: array, items: {type: object, properties: {sku: {type: string}}}}}}
  mail/send_email: {approval: {ask: lead}}
  refund:
    tier: irreversible
    approval: {ask: lead}
    input:
      type: object
      required: [amount]
      properties: {amount: {type: number}, kind: {enum: [full, part]}, note: {type: string}}
"""
FILES = {"org/base.yaml": BASE, "mail.yaml": MAIL, "org/team.yaml": BASE.replace("base: org", "base: team")}


def files() -> Files:
    """The files beside the charter."""
    return within(FILES)


def folder(path: str) -> tuple[str, ...]:
    """What there is beside the charter."""
    return {"": ("charter.yaml", "mail.yaml", "notes.txt", "org/"), "org": ("base.yaml", "team.yaml")}.get(path, ())


def cursor(text: str) -> tuple[str, int]:
    """A text without its cursor, and where that stood."""
    assert 1 == text.count(CURSOR)
    return text.replace(CURSOR, ""), text.index(CURSOR)
