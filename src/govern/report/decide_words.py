"""Words for an explanation: values, conditions of the history, changes, verdicts.

All of it is harmless on a terminal, and nothing hidden is in it. Leaves out lines and their order.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from govern.conditions.inputs import path_text
from govern.conditions.steps import State, Value, moment
from govern.events.canonical import text_of
from govern.policy.durations import span
from govern.policy.explanation.candidates import REMOVED, Proposal
from govern.policy.explanation.masking import Masked
from govern.policy.explanation.needs import How, Need
from govern.policy.explanation.obstacles import Fixed
from govern.policy.explanation.trials import Trial
from govern.policy.model import Limit, Reason, Rule, ToolPolicy, When
from govern.policy.verdict import Counter, Verdict
from govern.report.console import safe

HIDDEN = "(not shown)"
_LONGEST = 64
_SPANS = {"trace": " in a trace", "day": " in a day", "forever": " ever"}
_COUNTED = {"proposed": "what was proposed", "executed": "what ran", "succeeded": "what succeeded"}
_EXCEEDED = re.compile(r"(!?)exceeded\('((?:[^'\\]|\\.)*)'\)")
_TAINTED = re.compile(r"(!?)tainted\('session'\)")


def literal(value: Any) -> str:
    """JSON data as it is written, cut where it is long."""
    return safe(text_of(value), _LONGEST)


def shown(value: Value, hidden: Masked) -> str:
    """What is at a place: `= 80`, `is absent`, `is not known`."""
    match value.state:
        case State.VALUE if hidden.hides(value.of):
            return f"= {HIDDEN}"
        case State.VALUE:
            return f"= {literal(value.value)}"
        case State.NULL:
            return "= null"
        case State.ABSENT:
            return "is absent"
        case State.NOT_GIVEN:
            return "is not known"
        case State.WRONG_KIND:
            return "is in something of another kind"
        case State.UNKNOWN:
            return "has no result"


def reading(value: Value, hidden: Masked) -> str:
    """A value with its name; of the history only whether it is known, where that says the same as the condition."""
    name = condition(value.text)
    if name != " ".join(value.text.split()):
        return "" if value.state is State.VALUE else "(not known)"
    return f"{name} {shown(value, hidden)}"


def condition(text: str, longest: int | None = None) -> str:
    """A condition on one line; what no charter writes, in words."""
    text = _EXCEEDED.sub(lambda found: f"limit `{_plain(found[2])}` is {'not ' * bool(found[1])}exceeded", text)
    text = _TAINTED.sub(lambda found: f"{'nothing' if found[1] else 'something'} untrusted was read", text)
    return safe(" ".join(text.split()), longest)


def _plain(quoted: str) -> str:
    return re.sub(r"\\(.)", r"\1", quoted)


def name(rule: Rule | None, tool: ToolPolicy) -> str:
    """Whose condition it is."""
    return f"{kind(rule)} {safe(rule.id if rule is not None else tool.gate or '')}"


def asks(rule: Rule | None, tool: ToolPolicy) -> str:
    """What a condition is for, as the beginning of a sentence."""
    if rule is None:
        return "approval unless true"
    what = verdict(rule.effect.label, (rule.gate,) if rule.gate else ()) if rule.effect else ""
    raised = f"counts as {rule.tier.value}" if rule.tier else ""
    what = ", ".join(part for part in (what, raised) if part)
    only = f" (of calls that are {' or '.join(tier.value for tier in rule.tiers)})" if rule.tiers else ""
    return f"{what}{only} {'where true or unknown' if rule.form is When.WHEN else 'unless true'}"


def bound(limit: Limit, counter: Counter | None) -> str:
    """What a limit counts and up to where, and where it stands with this call, as far as that is known."""
    what = f"{limit.max:,} of {limit.sum} in all" if limit.sum else f"{limit.max:,} call{'s' * (limit.max != 1)}"
    within = f" within {span(limit.within_s)}" if limit.within_s is not None else _SPANS[limit.span or "forever"]
    each = f" for each {' and '.join(limit.for_each)}" if limit.for_each else ""
    used = f"; with this call {'' if counter.exact else 'at least '}{counter.used:,f}" if counter is not None else ""
    return safe(f"at most {what}{within}{each}, counting {_COUNTED[limit.counts]}{used}", 160)


def kind(rule: Rule | None) -> str:
    """What a condition belongs to: `gate` is the tool's own, that it waives."""
    if rule is None:
        return "gate"
    return {Reason.LIMIT: "limit", Reason.AFTER_READING: "reading"}.get(rule.reason, "rule")


def verdict(effect: str, gates: Sequence[str]) -> str:
    """`approval by lead and finance`."""
    return f"{effect} by {' and '.join(f'`{safe(gate)}`' for gate in gates)}" if gates else effect


def trial(made: Trial) -> str:
    """A change that was decided on, and what was decided."""
    said: list[str] = []
    for each in made.changes:
        text = change(each)
        said.append(text.removeprefix("with ") if said and said[-1].split()[0] not in ("without", "if") else text)
    return f"{', '.join(said)}: {outcome(made.verdict)}"


def outcome(made: Verdict) -> str:
    because = f" ({', '.join(safe(rule) for rule in made.rules)})" if made.rules and not made.gates else ""
    return verdict(made.effect.label, made.gates) + because


def change(proposal: Proposal) -> str:
    """`with args.amount = 50`."""
    place = condition(path_text(proposal.path))
    if proposal.value is REMOVED:
        return f"without {place}"
    if place != path_text(proposal.path):  # of the history
        return f"if {place}" if proposal.value is True else f"if {condition('!' + path_text(proposal.path))}"
    if proposal.hidden:
        return f"with another {safe(place)}"
    value = moment(proposal.value) if proposal.path == ("at",) else proposal.value
    return f"with {safe(place)} = {literal(value)}"


def never(fixed: tuple[Fixed, str]) -> str:
    """Why an effect is out of reach."""
    why, name = fixed[0], safe(fixed[1])
    match why:
        case Fixed.UNMAPPED:
            return f"never; a tool is used only where the charter has it in `tools`, and `{name}` is not there"
        case Fixed.NEVER:
            return f"never; the charter's `never` names `{name}`, and no argument, fact or approval changes that"
        case Fixed.ALWAYS_ASKED:
            return f"never; the gate `{name}` is asked about every call of this tool"
        case Fixed.CONSTANT:
            return f"never; the condition of `{name}` is the same for every call"


def needed(need: Need) -> str:
    """What would have to be so, in one line."""
    match need.how:
        case How.FACT:
            return condition(need.text)
        case How.ALL:
            return " and ".join(_grouped(part) for part in need.parts)
        case How.ANY:
            return " or ".join(_grouped(part) for part in need.parts)


def _grouped(need: Need) -> str:
    return needed(need) if need.how is How.FACT else f"({needed(need)})"
