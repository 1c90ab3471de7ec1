"""From charter to policy: names resolved, every rule under its tool, input schemas closed.

What a rule for several tools means is decided here once; nothing after this knows that it was written once.
"""

from __future__ import annotations

from govern.charter import model as written
from govern.charter.model import gate_of
from govern.charter.schema import closed, joined
from govern.errors import AuthorError
from govern.events.canonical import Malformed, text_of
from govern.policy.document import sealed
from govern.policy.model import (
    AfterReading,
    Deadline,
    Effect,
    Elevated,
    Escalation,
    Fact,
    FactField,
    Fatigue,
    Gate,
    Identity,
    Limit,
    Never,
    Policy,
    Records,
    Rule,
    Shadow,
    Tier,
    ToolPolicy,
    Untrusted,
)


def lower(charter: written.Charter) -> Policy:
    """The policy that a charter means.

    Args:
        charter: loaded, and so free of errors.

    Raises:
        AuthorError: it has no canonical form (tools or gates whose names differ only by case).
    """
    policy = Policy(
        agent=charter.agent,
        version=charter.version,
        purpose=charter.purpose,
        owner=charter.owner.name,
        roles=_names(charter.roles),
        gates={name: _gate(gate) for name, gate in charter.gates.items()},
        tools={name: _tool(charter, tool) for name, tool in charter.tools.items()},
        never=tuple(Never(_names(never.tools), never.because) for never in charter.never),
        facts={name: _fact(fact) for name, fact in charter.facts.items()},
        limits=tuple(_limit(charter, limit) for limit in charter.limits),
        untrusted=_untrusted(charter),
        identity=_identity(charter.identity) if charter.identity else None,
        records={name: _records(each) for name, each in charter.records.items()},
        escalation=tuple(
            Escalation(each.event.name, each.times, each.within_s, each.to.name, each.then)
            for each in charter.escalation
        ),
        shadow=Shadow(charter.shadow.business_days, charter.shadow.reviewer.name, charter.shadow.least_calls)
        if charter.shadow
        else None,
    )
    try:
        return sealed(policy)
    except Malformed as error:
        raise AuthorError(f"the charter has no canonical form: {error}", where=str(charter.agent_at)) from None


def _selected(charter: written.Charter, select: written.Selector) -> tuple[str, ...]:
    # Sorted: what a policy means does not depend on the order in which a charter lists its tools.
    return tuple(sorted(tool.name for tool in charter.tools.values() if select.concerns(tool)))


def _names(words: tuple[written.Word, ...]) -> tuple[str, ...]:
    return tuple(word.name for word in words)


def _gate(gate: written.Gate) -> Gate:
    steps = [Deadline(step.after_s, ask=step.gate.name) for step in gate.steps]
    fatigue = gate.fatigue
    return Gate(
        gate.name,
        _names(gate.roles),
        gate.quorum,
        (*steps, Deadline(gate.end.after_s, then=gate.end.verdict)),
        gate.confirm,
        gate.shared,
        gate.needs_session_user,
        gate.use_within_s,
        Fatigue(fatigue.max_pending, fatigue.per_hour, fatigue.cool_down_s) if fatigue else None,
    )


def _tool(charter: written.Charter, tool: written.Tool) -> ToolPolicy:
    ask = tool.approval
    shared = (rule for rule in charter.rules if rule.select.concerns(tool))
    return ToolPolicy(
        name=tool.name,
        tier=tool.tier,
        external=tool.external,
        gate=ask.gate.name if ask else None,
        unless=ask.unless.condition if ask and ask.unless else None,
        autonomous=tool.autonomous.because if tool.autonomous else None,
        schema=_schema(tool.input),
        rules=tuple(_rule(rule) for rule in (*tool.rules, *shared)),
        recheck=ask.recheck.name if ask and ask.recheck else None,
        credentials=_names(tool.credentials),
        sensitive=_names(tool.sensitive),
        secret=_names(tool.secret),
        output=_schema(tool.output),
        show_only_if=tool.show_only_if.condition if tool.show_only_if else None,
        hide=_names(tool.hide),
    )


def _schema(schema: written.Input | None) -> str | None:
    """The closed schema; with a library's, each is closed by itself, and a value must satisfy both."""
    if schema is None:
        return None
    if schema.also is None:
        return text_of(closed(schema.schema))
    return text_of(joined(closed(schema.schema), closed(schema.also.schema)))


def _effect(effect: written.Effect) -> tuple[Effect, str | None, Tier | None]:
    gate = gate_of(effect)
    tier = effect.tier if isinstance(effect, written.RaisesTier) else None
    if isinstance(effect, written.Deny):
        return Effect.DENY, None, None
    return (Effect.ALLOW if gate is None else Effect.APPROVAL), (gate.name if gate else None), tier


def _rule(rule: written.Rule) -> Rule:
    effect, gate, tier = _effect(rule.effect)
    return Rule(rule.id.name, rule.form, rule.clause.condition, effect, gate, rule.because, tier, rule.tiers)


def _fact(fact: written.Fact) -> Fact:
    source = fact.source
    return Fact(
        fact.name,
        _names(source.tools) if source else (),
        tuple(sorted((left.name, right.name) for left, right in source.where)) if source else (),
        fact.first,
        tuple(
            FactField(each.name, each.kind, each.values, each.path)
            for each in sorted(fact.fields.values(), key=lambda field: field.name)
        ),
    )


def _limit(charter: written.Charter, limit: written.Limit) -> Limit:
    effect, gate, tier = _effect(limit.effect)
    return Limit(
        id=limit.id.name,
        tools=_selected(charter, limit.select),
        tiers=limit.select.tiers,
        sum=limit.sum.name if limit.sum else None,
        max=limit.max,
        within_s=limit.within_s,
        span=limit.span,
        for_each=_names(limit.for_each),
        counts=limit.counts,
        effect=effect,
        gate=gate,
        tier=tier,
        because=limit.because,
    )


def _untrusted(charter: written.Charter) -> Untrusted | None:
    untrusted = charter.untrusted
    if untrusted is None:
        return None
    return Untrusted(
        _names(untrusted.trusted),
        untrusted.on_instructions,
        tuple(_after(charter, each, index) for index, each in enumerate(untrusted.after_reading, start=1)),
    )


def _after(charter: written.Charter, after: written.AfterReading, index: int) -> AfterReading:
    effect, gate, tier = _effect(after.effect)
    return AfterReading(
        after.id.name if after.id else f"after_reading:{index}",
        _selected(charter, after.select),
        after.select.tiers,
        after.unless.condition if after.unless else None,
        effect,
        gate,
        tier,
        after.because,
    )


def _identity(identity: written.Identity) -> Identity:
    elevated = tuple(sorted((Elevated(e.scope.name, e.ttl_s) for e in identity.elevated), key=lambda e: e.scope))
    return Identity(identity.service_account.name, _names(identity.standing), elevated)


def _records(records: written.Records) -> Records:
    return Records(records.name, _names(records.read_by), records.clause.condition, records.max, records.because)
