"""Hover and go-to-definition: what stands at a place means, and where it comes from."""

from __future__ import annotations

import pytest

from govern.editor.hover import hover
from govern.editor.parsed import parsed, whole
from govern.editor.targets import target

from .texts import HEAD, cursor, files

MORE = """  note:
    tier: reversible
    credentials: ["payments:refund"]
    show_only_if: "result.a == customer.id"
    input: {type: object, properties: {text: {type: string, description: What is noted.}}}
rules:
  - id: big
    tools: [refund, "mail/*"]
    when: "args.amount > 5 && order.status == 'paid' && calls('get_order') == 0"
    then: {approval: security}
  - {id: cc, tools: [mail/send_email], when: "args.cc.all(c, c.address == customer.email)", then: deny}
escalation:
  - {event: big, to: boss}
  - {event: org/night, to: on-call}
# govern: ignore[few-scenarios] later
scenarios:
  - {instruction: x, given: {order: {status: paid}}, call: {refund: {amount: 5}}, expect: {deny: big}}
  - {instruction: y, call: {mail/send_email: {to: a}}, expect: {deny: invalid_input}}
"""
WHOLE = HEAD + MORE


def at(word: str, plus: int = 1, last: bool = False) -> int:
    """An offset in the charter: in a word that stands there, or so far behind its beginning."""
    return (WHOLE.rindex(word) if last else WHOLE.index(word)) + plus


def found(offset: int) -> list[tuple[str, str]]:
    """Files and lines of the definitions, the lines without their indentation."""
    here = target(whole(parsed(WHOLE, "charter.yaml"), files()), offset)
    if here is None:
        return []
    return [(one.of.file, one.of.source.line(one.of.source.position(one.start)[0]).strip()) for one in here.places]


@pytest.mark.parametrize(
    ("offset", "file", "line"),
    [
        (at("owner: lead", 8), "charter.yaml", "roles: [lead, boss]"),
        (at("to: on-call", 5), "org/base.yaml", "roles: [chief, on-call]"),
        (at("ask: lead", 6), "charter.yaml", "lead: {roles: [lead], if_no_answer: [{after: 4h, then: deny}]}"),
        (at("security}", 2), "org/base.yaml", "security: {roles: [chief], if_no_answer: [{after: 4h, then: deny}]}"),
        (at("org/base.yaml", 3), "org/base.yaml", "govern: 1"),
        (at("uses: [mail.yaml", 9), "mail.yaml", "govern: 1"),
        (at("result_of: [get_order", 14), "charter.yaml", "get_order:"),
        (at("credentials: [\"payments", 17), "charter.yaml", ("identity: {service_account: svc, standing: "
         '["orders:read"], elevated: {"payments:refund": {ttl: 5m}}}')),
        (at("tools: [refund, ", 10), "charter.yaml", "refund:"),
        (at("mail/*", 2), "charter.yaml", "mail/send_email: {approval: {ask: lead}}"),
        (at("args.amount > 5", 7), "charter.yaml", ("properties: {amount: {type: number}, kind: "
         "{enum: [full, part]}, note: {type: string}}")),
        (at("order.status ==", 2), "charter.yaml", "order:"),
        (at("order.status ==", 8), "charter.yaml", "fields: {status: {enum: [paid, returned]}, total: number}"),
        (at("customer.email", 12), "org/base.yaml", "customer: {from: session, fields: {id: string, email: string}}"),
        (at("calls('get_order", 9), "charter.yaml", "get_order:"),
        (at("c.address", 4), "mail.yaml",
         "cc: {type: array, items: {type: object, properties: {address: {type: string}}}}"),
        (at("event: big", 8), "charter.yaml", "- id: big"),
        (at("org/night", 6), "org/base.yaml", ("- {id: night, external: true, when: hour(at) < 6, "
         "then: {approval: security}, because: Nobody looks.}")),
        (at("deny: big", 7), "charter.yaml", "- id: big"),
        (at("call: {refund", 9), "charter.yaml", "refund:"),
        (at("amount: 5", 2), "charter.yaml", ("properties: {amount: {type: number}, kind: "
         "{enum: [full, part]}, note: {type: string}}")),
        (at("given: {order", 10), "charter.yaml", "order:"),
        (at("{order: {status", 11), "charter.yaml", "fields: {status: {enum: [paid, returned]}, total: number}"),
        (at("where: {id", 9), "charter.yaml",
         "input: {type: object, required: [id], properties: {id: {type: string}}}"),
    ],
)  # fmt: skip
def test_definition(offset: int, file: str, line: str) -> None:
    """A name leads to where it is defined, in this file, its bases and its libraries."""
    assert (file, line) in found(offset)


def test_a_tool_leads_to_its_librarys_entry() -> None:
    """A charter's tool is defined here, and described there."""
    assert [("charter.yaml", "mail/send_email: {approval: {ask: lead}}"), ("mail.yaml", "send_email:")] == found(
        at("{mail/send_email: {to", 4)
    )
    assert ("mail.yaml", "send_email:") in found(at("  mail/send_email:", 5))


@pytest.mark.parametrize("offset", [at("purpose: Answers", 12), at("version: 1", 9), at("args.amount > 5", 12)])
def test_what_refers_to_nothing_leads_nowhere(offset: int) -> None:
    """Words for people, numbers and operators."""
    assert [] == found(offset)


@pytest.mark.parametrize(
    ("offset", "says"),
    [
        (at("agent: desk"), ["The agent's name", "*enforced by* every decision"]),
        (
            at("if_no_answer"),
            [
                "What silence means",
                "- {after: 4h, ask: finance}",
                "*keys of a step of `if_no_answer`* `after` (required)",
            ],
        ),
        (at("approval: {ask: lead"), ["The gate that a call waits for"]),
        (at("show_only_if"), ["Withholds a result unless", "the boundary"]),
        (at("tier: reversible", 8), ["can be undone"]),
        (at("calls("), ["How often the tool was called before", "`calls('tool')`"]),
        (at("args.amount > 5"), ["The arguments of the call"]),
        (at("args.amount > 5", 6), ["**amount**: number, required"]),
        (at("order.status ==", 8), ["string", "one of `paid`, `returned`"]),
        (at("owner: lead", 8), ["A role", "the deployment file says who holds it"]),
        (at("ask: lead", 6), ["A gate: any of `lead`", "`deny` without an answer after 4h"]),
        (at("few-scenarios"), ["**few-scenarios**", "riskiest tools"]),
        (at("invalid_input"), ["malformed, or do not satisfy"]),
        (at("uses: [mail.yaml", 9), ["a library, `mail`"]),
        (at("text: {type", 1), []),
    ],
)
def test_hover(offset: int, says: list[str]) -> None:
    """The words are those of `govern explain`; names come with their definition."""
    told = hover(WHOLE, offset, "charter.yaml", files())
    assert bool(says) == (told is not None)
    for each in says:
        assert told is not None
        assert each.lower() in told.says.lower(), told.says


def test_hover_works_in_a_text_that_does_not_load() -> None:
    """A half-typed file is explained as well."""
    text, offset = cursor('govern: 1\nagent: x\ntools:\n  a: {tier: read_only, appr‸oval: {ask: "le\n  b\n')
    told = hover(text, offset, "charter.yaml", files())
    assert told is not None
    assert "The gate that a call waits for" in told.says


def test_an_authors_text_cannot_leave_its_block() -> None:
    """Backticks of a charter end no block of Markdown."""
    text, offset = cursor("govern: 1\nagent: x\nroles: [a]\napprovals:\n  g:\n    roles: [a]\n    x: '```\n\n  # hi'\n"
                          "tools: {t: {approval: {ask: g‸}}}\n")  # fmt: skip
    told = hover(text, offset, "charter.yaml", files())
    assert told is not None
    assert "\n````yaml\n" in told.says
    assert told.says.rstrip().endswith("\n````")


def test_files_that_name_each_other_are_read_once() -> None:
    """A circle of bases, a file that is not there, and one that is no text end the search."""
    given = {
        "a.yaml": (b"govern: 1\nbase: a\nextends: [b.yaml]\nroles: [ra]\n", "a.yaml"),
        "b.yaml": (b"govern: 1\nbase: b\nextends: [a.yaml, gone.yaml, bad.yaml, ../up.yaml]\nroles: [rb]\n", "b.yaml"),
        "bad.yaml": (b"\xff\xfe", "bad.yaml"),
    }
    asked: list[str] = []

    def give(name: str) -> tuple[bytes, str]:
        asked.append(name)
        from govern.findings import Finding, Location, Severity

        return given.get(name) or Finding("file-unreadable", Severity.ERROR, "no", Location(name))  # type: ignore[return-value]

    made = whole(parsed("govern: 1\nagent: x\nextends: [a.yaml]\n", "c.yaml"), give)
    assert ["a.yaml", "b.yaml"] == [part.file for part in made.parts]
    assert ["a.yaml", "b.yaml", "gone.yaml", "bad.yaml", "../up.yaml"] == asked
