"""Who is asked, who is called, whose account the agent works with, and who asserts what: in sentences."""

from __future__ import annotations

from govern.charter import vocabulary
from govern.charter.model import Charter, Escalation, Fact, FactField, Fatigue, Gate, Kind, Verdict
from govern.charter.sentences.conditions import in_words
from govern.charter.sentences.document import Item, Section, because, code, counted, names, origin, several, span

_EVENTS = {
    "unmapped": "the agent calls a tool that is not listed",
    "error": "a released call fails",
    "repeated_failure": "calls fail",
    "undecidable": "a verdict cannot be taken",
    "instructions_found": "output looks like instructions",
    "over_limit": "a call would go over a limit",
}
_ACTIONS = {
    "notify": "is told",
    "hold": "is told, and further calls wait",
    "halt": "is told, and the agent is halted",
}
_TYPES = {
    "string": "text", "number": "a number", "integer": "a whole number", "boolean": "true or false",
    "timestamp": "a point in time", "list": "a list", "object": "an object",
}  # fmt: skip


def roles(charter: Charter) -> Section | None:
    """The roles that are named; who holds them is not the charter's to say."""
    if not charter.roles:
        return None
    return Section("Roles", (f"It names {names(charter.roles)}. Who holds a role is in the deployment file.",))


def gates(charter: Charter) -> Section | None:
    if not charter.gates:
        return None
    items = tuple(
        Item(f"{code(gate.name)}: {_gate(gate)}{origin(charter, gate.at)}") for gate in charter.gates.values()
    )
    intro = "Where several gates are asked at once, all must approve, by different people unless a gate says otherwise."
    return Section("Who is asked", (intro,), items)


def _gate(gate: Gate) -> str:
    if gate.confirm:
        who = "the person served confirms, outside the model's words; this never counts as a role's approval"
    elif gate.quorum > 1:
        who = f"{gate.quorum} different holders of {names(gate.roles, 'or')} must approve"
    else:
        who = f"any holder of {names(gate.roles, 'or')} may approve"
    said = [f"{who}."]
    steps = [f"after {span(step.after_s)} {code(step.gate.name)} is asked too" for step in gate.steps]
    ends = "the call is allowed" if gate.end.verdict is Verdict.ALLOW else "the call is denied"
    said.append(f"If nobody answers: {', '.join([*steps, f'after {span(gate.end.after_s)} {ends}'])}.")
    said.append(f"An approval must be used within {span(gate.use_within_s)}.")
    if gate.shared:
        said.append("One person's answer may serve this gate and another of the same call.")
    if gate.needs_session_user:
        said.append("Without an authenticated user of the session it denies.")
    if gate.fatigue is not None:
        said.append(_fatigue(gate.fatigue))
    return " ".join(said)


def _fatigue(fatigue: Fatigue) -> str:
    most = [
        f"{fatigue.max_pending} open requests of one session" if fatigue.max_pending is not None else "",
        f"{counted(fatigue.per_hour, 'request')} of one session in an hour" if fatigue.per_hour is not None else "",
    ]
    said = [f"It denies beyond {several([each for each in most if each], 'or')}"] if any(most) else []
    if fatigue.cool_down_s is not None:
        said.append(f"for {span(fatigue.cool_down_s)} after a denial it takes no further request")
    text = "; ".join(said)
    return f"{text[0].upper()}{text[1:]}."


def identity(charter: Charter) -> Section | None:
    found = charter.identity
    if found is None:
        return None
    says = f"The agent works with the account {code(found.service_account.name)}."
    items = [Item(f"It always holds {names(found.standing)}.")] if found.standing else []
    items += [
        Item(f"{code(each.scope.name)} is issued for one released call, and lives {span(each.ttl_s)}.")
        for each in found.elevated
    ]
    return Section("Whose account", (says,), tuple(items))


def facts(charter: Charter) -> Section | None:
    if not charter.facts:
        return None
    items = tuple(_fact(charter, fact) for fact in charter.facts.values())
    says = "Beside a call's own arguments; none of it is what the model says of itself."
    return Section("What rules may ask about", (says,), items)


def _fact(charter: Charter, fact: Fact) -> Item:
    if fact.source is None:
        who = "the host asserts it for the session"
    else:
        which = "first" if fact.first else "latest"
        where = [_where(left.name, right.name) for left, right in fact.source.where]
        who = f"the {which} result of {names(fact.source.tools, 'or')} in the trace"
        who += f" {several(where)}" if where else ""
    fields = tuple(Item(_field(fact, field)) for field in fact.fields.values())
    return Item(f"{code(fact.name)}: {who}.{origin(charter, fact.at)}", fields)


def _where(left: str, right: str) -> str:
    of = f"whose {code(left)}" if left.startswith("result.") else f"whose argument {code(left)}"
    return f"{of} equals {code(right)} of the call that is judged"


def _field(fact: Fact, field: FactField) -> str:
    kind = _TYPES.get(field.kind, "a value")
    values = f", one of {', '.join(code(str(value)) for value in field.values)}" if field.values else ""
    elsewhere = fact.source is not None and field.path != f"result.{field.name}"
    return f"{code(field.name)}: {kind}{values}{f', from {code(field.path)}' if elsewhere else ''}."


def records(charter: Charter) -> Section | None:
    if not charter.records:
        return None
    items = []
    for each in charter.records.values():
        most = f", and at most {each.max} a call" if each.max is not None else ""
        items.append(
            Item(
                f"{code(each.name)}, read by {names(each.read_by)}: one is seen only if it is known that "
                f"{in_words(each.clause.condition)}{most}.{because(each.because)}{origin(charter, each.at)}"
            )
        )
    return Section("Which records it sees", items=tuple(items))


def escalation(charter: Charter) -> Section | None:
    if not charter.escalation:
        return None
    items = tuple(Item(_escalation(each) + origin(charter, each.at)) for each in charter.escalation)
    return Section("When a human is called", items=items)


def _escalation(each: Escalation) -> str:
    event = each.event.name
    what = _EVENTS[event] if event in vocabulary.EVENTS else f"{code(event)} holds a call back"
    often = f" {counted(each.times, 'time')} within {span(each.within_s)}" if each.within_s is not None else ""
    return f"If {what}{often}, {code(each.to.name)} {_ACTIONS[each.then]}."


def shadow(charter: Charter) -> Section | None:
    found = charter.shadow
    if found is None:
        return None
    least = f" A day with fewer than {counted(found.least_calls, 'call')} does not count." if found.least_calls else ""
    days = counted(found.business_days, "business day")
    says = (
        f"Before anything is enforced, the agent runs in shadow for {days}, each signed off by "
        f"{code(found.reviewer.name)}.{least}{origin(charter, found.at)}"
    )
    return Section("Shadow period", (says,))


def owner(charter: Charter) -> str:
    """Who answers for the file; empty of a library."""
    return "" if charter.kind is Kind.LIBRARY else f"Whoever holds {code(charter.owner.name)} answers for it."
