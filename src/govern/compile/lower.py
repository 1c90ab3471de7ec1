"""From charter to policy: names resolved, every rule under its tool, input schemas closed.

What a rule for several tools means is decided here once; nothing after this knows that it was written once.
"""

from __future__ import annotations

from govern.charter import model as written
from govern.charter.schema import closed
from govern.errors import AuthorError
from govern.events.canonical import Malformed, text_of
from govern.policy.document import sealed
from govern.policy.glob import matches
from govern.policy.model import Deadline, Effect, Gate, Never, Policy, Rule, Tier, ToolPolicy, When


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
        roles=tuple(role.name for role in charter.roles),
        gates={name: _gate(gate) for name, gate in charter.gates.items()},
        tools={name: _tool(charter, tool) for name, tool in charter.tools.items()},
        never=tuple(Never(tuple(word.name for word in never.tools), never.because) for never in charter.never),
    )
    try:
        return sealed(policy)
    except Malformed as error:
        raise AuthorError(f"the charter has no canonical form: {error}", where=str(charter.agent_at)) from None


def _gate(gate: written.Gate) -> Gate:
    steps = [Deadline(step.after_s, ask=step.gate.name) for step in gate.steps]
    ends = Effect.ALLOW if gate.end.verdict is written.Verdict.ALLOW else Effect.DENY
    return Gate(
        gate.name,
        tuple(role.name for role in gate.roles),
        gate.quorum,
        (*steps, Deadline(gate.end.after_s, then=ends)),
    )


def _tool(charter: written.Charter, tool: written.Tool) -> ToolPolicy:
    ask = tool.approval
    shared = (rule for rule in charter.rules if any(matches(word.name, tool.name) for word in rule.tools))
    return ToolPolicy(
        name=tool.name,
        tier=Tier(tool.tier.value),
        external=tool.external,
        gate=ask.gate.name if ask else None,
        unless=ask.unless.condition if ask and ask.unless else None,
        autonomous=tool.autonomous.because if tool.autonomous else None,
        schema=text_of(closed(tool.input.schema)) if tool.input else None,
        rules=tuple(_rule(rule) for rule in (*tool.rules, *shared)),
    )


def _rule(rule: written.Rule) -> Rule:
    match rule.effect:
        case written.Deny():
            effect, gate = Effect.DENY, None
        case written.NeedsApproval(word):
            effect, gate = Effect.APPROVAL, word.name
    return Rule(rule.id.name, When(rule.form.value), rule.clause.condition, effect, gate, rule.because)
