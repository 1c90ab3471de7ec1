"""Sections of people, accounts and tests: the head of a file, identity, gates, records, escalation, shadow, scenarios.

Leaves out what leads to verdicts call by call (`sections_rules`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from govern.charter.model import Escalation, Gate, Kind, Records, Scenario, Verdict
from govern.diff.directions import PIN, PINNED, direction
from govern.diff.gates import Gates, parts
from govern.diff.inputs import Inputs
from govern.diff.order import BOTH, EQUAL, NARROWER, WIDER, Order
from govern.diff.released import shown as shown_order
from govern.diff.section import Found, names
from govern.diff.solver import Solver
from govern.events.canonical import text_of
from govern.findings import Location


def head(found: Found) -> None:
    """What stands at the top of a file."""
    old, new = found.old, found.new
    level = {Kind.CHARTER: "CHARTER", Kind.BASE: "BASE", Kind.LIBRARY: "LIBRARY"}[new.kind]
    if old.kind is not new.kind:
        found.top("agent", "CHARTER", (f"{old.kind} {old.agent}", f"{new.kind} {new.agent}"))
        return
    key = {Kind.CHARTER: "agent", Kind.BASE: "base", Kind.LIBRARY: "library"}[new.kind]
    order = direction("CHARTER", "agent").order(old.agent, new.agent) if level != "LIBRARY" else EQUAL
    found.top(key, level, (old.agent, new.agent), order)
    found.top("version", level, (old.version, new.version))
    found.top("purpose", level, (old.purpose, new.purpose))
    if level == "LIBRARY":
        found.top("server", level, (old.server, new.server))
        return
    found.top("owner", level, (str(old.owner), str(new.owner)))
    found.top("roles", level, (names(old.roles), names(new.roles)))
    bases = tuple(names(part.name for part in each.parts if part.kind is Kind.BASE) for each in (old, new))
    found.top("extends", level, (bases[0], bases[1]))
    if level == "CHARTER":
        libraries = [names(part.name for part in each.parts if part.kind is Kind.LIBRARY) for each in (old, new)]
        found.top("uses", level, (libraries[0], libraries[1]))


def identity(found: Found) -> None:
    """Whose account, and its scopes."""
    old, new = found.old.identity, found.new.identity
    if old is None or new is None:
        if old is not new:
            at = (old.at if old else None, new.at if new else None)
            found.whole("identity", "CHARTER", "identity", at, WIDER if old is None else NARROWER)
        return
    at = old.at, new.at
    accounts = str(old.service_account), str(new.service_account)
    found.key("identity", "IDENTITY", "service_account", at, accounts)
    found.key("identity", "IDENTITY", "standing", at, (names(old.standing), names(new.standing)))
    before, after = ({each.scope.name: each for each in one.elevated} for one in (old, new))
    table = direction("IDENTITY", "elevated")
    for scope in dict.fromkeys((*after, *before)):
        path = f"identity.elevated.{scope}"
        if scope in before and scope in after:
            ends = before[scope].scope.at, after[scope].scope.at
            found.key(path, "ELEVATED", "ttl", ends, (before[scope].ttl_s, after[scope].ttl_s))
        else:
            at_one = (before[scope].scope.at if scope in before else None,
                      after[scope].scope.at if scope in after else None)  # fmt: skip
            order = table.order([scope] if scope in before else [], [scope] if scope in after else [])
            found.whole(path, "IDENTITY", "elevated", at_one, order)


def gates(found: Found, both: Gates) -> None:
    """Who is asked. A gate that nothing asks asks for nothing."""

    def one(name: str, old: Gate, new: Gate) -> None:
        for part in parts(both.old[name], both.new[name]):
            step = part.path.split(".")[0] if part.path.startswith("if_no_answer") else part.path
            values = (part.old, part.new)
            sides = [each.key(at, step, _shown(value)) for each, at, value in
                     zip(found.written, (old.at, new.at), values, strict=True)]  # fmt: skip
            path = f"approvals.{name}.{part.path}"
            found.add(path, part.level, part.key, part.order, sides[0], sides[1])

    found.named("approvals", "CHARTER", "approvals", (found.old.gates, found.new.gates), EQUAL, one)


def _shown(value: Any) -> str:
    return "" if value is None else text_of(list(value) if isinstance(value, tuple) else value)


def records(found: Found, inputs: Inputs, solver: Solver) -> None:
    """Which records the agent may see."""

    def one(name: str, old: Records, new: Records) -> None:
        path, at = f"records.{name}", (old.at, new.at)
        found.key(path, "RECORDS", "read_by", at, (names(old.read_by), names(new.read_by)))
        texts = old.clause.condition.text, new.clause.condition.text
        order = shown_order(old.clause.condition, new.clause.condition, inputs, solver, "RECORDS", "only_if")
        found.key(path, "RECORDS", "only_if", at, texts, order)
        found.key(path, "RECORDS", "max", at, (old.max, new.max))
        found.key(path, "RECORDS", "because", at, (old.because, new.because))

    found.named("records", "CHARTER", "records", (found.old.records, found.new.records), NARROWER, one)


def shadow(found: Found) -> None:
    """How long the agent runs in shadow."""
    old, new = found.old.shadow, found.new.shadow
    if old is None or new is None:
        if old is not new:
            at = (old.at if old else None, new.at if new else None)
            found.whole("shadow", "CHARTER", "shadow", at, NARROWER if old is None else WIDER)
        return
    at_both = old.at, new.at
    found.key("shadow", "SHADOW", "business_days", at_both, (old.business_days, new.business_days))
    found.key("shadow", "SHADOW", "reviewer", at_both, (str(old.reviewer), str(new.reviewer)))
    found.key("shadow", "SHADOW", "least_calls", at_both, (old.least_calls, new.least_calls))


def escalation(found: Found) -> None:
    """When a human is called. Entries are the same where event and role are, then where the event is."""
    for old, new in _matched(found.old.escalation, found.new.escalation):
        if old is not None and new is not None:
            path, at = f"escalation.{new.event}", (old.at, new.at)
            found.key(path, "ESCALATION", "times", at, (old.times, new.times))
            # Without a time once is enough, and always in time.
            spans = [float("inf") if each.within_s is None else each.within_s for each in (old, new)]
            found.key(path, "ESCALATION", "within", at, (old.within_s, new.within_s),
                      direction("ESCALATION", "within").order(*spans))  # fmt: skip
            found.key(path, "ESCALATION", "to", at, (str(old.to), str(new.to)))
            found.key(path, "ESCALATION", "then", at, (old.then, new.then))
        elif new is not None:
            found.whole(f"escalation.{new.event}", "CHARTER", "escalation", (None, new.at), NARROWER)
        elif old is not None:
            found.whole(f"escalation.{old.event}", "CHARTER", "escalation", (old.at, None), WIDER)


def _matched(old: Iterable[Escalation], new: Iterable[Escalation]) -> list[tuple[Escalation | None, Escalation | None]]:
    left, right = list(old), list(new)
    pairs: list[tuple[Escalation | None, Escalation | None]] = []
    ways = (
        lambda one: (one.event.name, one.to.name, one.times, one.within_s, one.then),
        lambda one: (one.event.name, one.to.name),
        lambda one: (one.event.name,),
    )
    for way in ways:
        for one in list(left):
            other = next((each for each in right if way(each) == way(one)), None)
            if other is not None:
                left.remove(one)
                right.remove(other)
                pairs.append((one, other))
    return [*pairs, *((None, each) for each in right), *((each, None) for each in left)]


def scenarios(found: Found) -> None:
    """Tests: the same where facts and call are."""
    old, new = _by_call(found.old.scenarios), _by_call(found.new.scenarios)
    for key in dict.fromkeys((*new, *old)):
        before, after = old.get(key, []), new.get(key, [])
        for index in range(max(len(before), len(after))):
            if index >= len(before):
                _one_sided(found, None, after[index])
            elif index >= len(after):
                _one_sided(found, before[index], None)
            else:
                _scenario(found, before[index], after[index])


def _scenario(found: Found, old: Scenario, new: Scenario) -> None:
    path, at = f"scenarios.{new.instruction}", (old.at, new.at)
    found.key(path, "SCENARIO", "instruction", at, (old.instruction, new.instruction))
    expected = [(each.verdict.label, str(each.cause or "")) for each in (old, new)]
    order = BOTH if expected[0] != expected[1] else EQUAL
    if old.verdict is new.verdict is Verdict.DENY and (old.cause is None or new.cause is None):
        order = direction("EXPECT", "deny").order(old.cause, new.cause)
    if not order.equal:
        sides = [
            each.key(one.at, "expect", one.verdict.label) for each, one in zip(found.written, (old, new), strict=True)
        ]
        found.add(f"{path}.expect", "SCENARIO", "expect", order, sides[0], sides[1])


def _one_sided(found: Found, old: Scenario | None, new: Scenario | None) -> None:
    one = new or old
    name = one.instruction if one is not None else ""
    at: tuple[Location | None, Location | None] = (old.at if old else None, new.at if new else None)
    found.whole(f"scenarios.{name}", "CHARTER", "scenarios", at, NARROWER if old is None else WIDER)


def _by_call(scenarios: Iterable[Scenario]) -> dict[str, list[Scenario]]:
    made: dict[str, list[Scenario]] = {}
    for each in scenarios:
        made.setdefault(f"{each.tool} {_data(each.args)} {_data(each.given)}", []).append(each)
    for same in made.values():
        same.sort(key=lambda each: (each.instruction, each.verdict, str(each.cause)))
    return made


def _data(value: Any) -> str:
    from govern.events.canonical import Malformed

    try:
        return text_of(value)
    except Malformed:
        return repr(value)


def pins(found: Found) -> None:
    """What the lock of the folder pins. Which text a part has is compared as what it says."""
    old, new = ((each.locked.parts, each.locked.tools) if each.locked else ({}, {}) for each in (found.old, found.new))
    for what, before, after in (("parts", old[0], new[0]), ("tools", old[1], new[1])):
        for name in sorted({*before, *after}):
            order: Order = EQUAL
            if name not in before or name not in after:
                order = PIN.order([name] if name in before else [], [name] if name in after else [])
                gone = found.new if name in before else found.old
                part_of = {part.path for part in gone.parts} if what == "parts" else {*gone.tools}
                if name not in part_of:  # there is nothing to pin
                    continue
            elif what == "tools":
                order = PINNED.order(before[name], after[name])
            if not order.equal:
                sides = [
                    each.top("govern", "pinned") if name in pinned else None
                    for each, pinned in zip(found.written, (before, after), strict=True)
                ]
                found.add(f"govern.lock.{what}.{name}", "", "", order, sides[0], sides[1])
