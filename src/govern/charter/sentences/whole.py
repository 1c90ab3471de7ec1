"""The whole statement: which sections, in which order; scenarios; the files that it is made of."""

from __future__ import annotations

import json
from typing import Any

from govern.charter.model import Charter, Kind, Scenario, Verdict
from govern.charter.sentences import people, rules
from govern.charter.sentences.document import Item, Section, Statement, code, counted, names, quoted
from govern.charter.sentences.tools import tools

_READING = (
    "How to read this: where several things apply to a call, the strictest holds: denied, else approval, else allowed. "
    "A condition that asks about something that is not known never makes a call easier. Words in “quotes” are the "
    "author's."
)


def statement(charter: Charter) -> Statement:
    """Everything that a charter says, composed with its bases and libraries.

    Args:
        charter: as loaded; a base or a library is said alone.
    """
    sections = [
        *tools(charter),
        rules.rules(charter),
        rules.limits(charter),
        rules.never(charter),
        people.gates(charter),
        people.roles(charter),
        people.facts(charter),
        people.records(charter),
        rules.untrusted(charter),
        people.identity(charter),
        people.escalation(charter),
        people.shadow(charter),
        scenarios(charter),
        files(charter),
    ]
    server = f" The server is {code(charter.server)}." if charter.server else ""
    owner = people.owner(charter)
    says = (quoted(charter.purpose) + server, *([owner] if owner else []), _READING)
    kind = {Kind.CHARTER: "the agent", Kind.BASE: "the base", Kind.LIBRARY: "the library"}[charter.kind]
    return Statement(
        f"Charter of {kind} {code(charter.agent)}, version {charter.version}" if charter.kind is Kind.CHARTER
        else f"{kind.capitalize()} {code(charter.agent)}, version {charter.version}",
        says,
        tuple(section for section in sections if section is not None),
    )  # fmt: skip


def scenarios(charter: Charter) -> Section | None:
    """Instructions with the verdict that is meant."""
    if not charter.scenarios:
        return None
    says = f"{counted(len(charter.scenarios), 'instruction')} with the verdict that is meant; each is a test."
    return Section("Scenarios", (says,), tuple(Item(_scenario(each)) for each in charter.scenarios))


def _scenario(each: Scenario) -> str:
    args = ", ".join(f"{name}: {_json(value)}" for name, value in each.args.items())
    match each.verdict:
        case Verdict.ALLOW:
            meant = "is allowed"
        case Verdict.DENY:
            meant = "is denied" + (f" by {code(each.cause.name)}" if each.cause else "")
        case _:
            meant = f"needs the approval of {names([each.cause] if each.cause else [])}"
    given = "; ".join(
        f"{name}.{field} = {_json(value)}" for name, fields in each.given.items() for field, value in fields.items()
    )
    where = f" Given {code(given)}." if given else ""
    return f"{quoted(each.instruction)}: {code(f'{each.tool.name}({args})')} {meant}.{where}"


def files(charter: Charter) -> Section | None:
    """The other files that it is composed with."""
    if not charter.parts:
        return None
    items = tuple(
        Item(
            f"{code(part.path)}: the {part.kind} {code(part.name)}, which "
            f"{'makes this stricter' if part.kind is Kind.BASE else 'describes tools'}."
        )
        for part in charter.parts
    )
    return Section("Other files it is made of", items=items)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
