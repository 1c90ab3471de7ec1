"""What of a policy tests can see: that in which two policies differ for no test is left blank.

Leaves out differences that only a solver finds; `mutation` looks for those.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from govern.policy.derive import with_history, written
from govern.policy.history.facts import Facts
from govern.policy.history.limits import Limits
from govern.policy.model import AfterReading, Effect, Gate, Limit, Policy, Rule, Tier, ToolPolicy


def judged(policy: Policy) -> Policy:
    """The policy without what no decision and no gate looks at.

    Left blank are words for people, what only a boundary enforces, gates that nothing asks, facts that nothing reads,
    `external` (who is chosen by it is already listed) unless silence may allow, and whom to trust where nothing asks
    what was read. Equal policies are judged alike.
    """
    gates = _gates(policy)
    lenient = {name for name, gate in gates.items() if gate.if_no_answer[-1].then is Effect.ALLOW}
    facts = _read_facts(policy)
    untrusted = policy.untrusted
    if untrusted is not None:
        asks = any(_of_origin(key) for key in _keys(policy))
        trusted = tuple(sorted(untrusted.trusted)) if asks else ()
        after = tuple(replace(each, because="") for each in untrusted.after_reading)
        untrusted = replace(untrusted, trusted=trusted, on_instructions="", after_reading=after)
    return with_history(
        replace(
            policy,
            version=1, purpose="", owner="", roles=(), identity=None, records={}, escalation=(), shadow=None,
            gates=gates,
            facts={name: fact for name, fact in policy.facts.items() if name in facts},
            tools={name: _tool(tool, external=tool.gate in lenient) for name, tool in policy.tools.items()},
            never=tuple(replace(never, because="") for never in policy.never),
            limits=tuple(_limit(limit) for limit in policy.limits if limit.tools),
            untrusted=untrusted,
        )
    )  # fmt: skip


def _tool(tool: ToolPolicy, *, external: bool) -> ToolPolicy:
    return replace(
        tool,
        external=tool.external and external, autonomous="yes" if tool.autonomous else None,
        rules=tuple(replace(rule, because="") for rule in written(tool)),
        recheck=None, credentials=(), sensitive=(), secret=(), output=None, show_only_if=None, hide=(),
    )  # fmt: skip


def _limit(limit: Limit) -> Limit:
    # A limit counts the calls of one agent whether or not it says so; in which order keys stand means nothing.
    keys = tuple(sorted(each for each in limit.for_each if each != "agent"))
    return replace(limit, because="", for_each=keys)


def _gates(policy: Policy) -> dict[str, Gate]:
    """The gates that may be asked, without what never comes to count: an allowance by silence where no call may be
    allowed by it, `shared` where nothing asks a second gate."""
    reached, escalated, beside = asked(policy), _escalated(policy), _beside(policy)
    found: dict[str, Gate] = {}
    for name in policy.gates:
        if name not in reached:
            continue
        gate = policy.gates[name]
        own = (tool for tool in policy.tools.values() if tool.gate == name)
        silent = name in escalated or any(not tool.external and tool.tier is not Tier.IRREVERSIBLE for tool in own)
        last = gate.if_no_answer[-1]
        if last.then is Effect.ALLOW and not silent:
            last = replace(last, then=Effect.DENY)
        found[name] = replace(
            gate, if_no_answer=(*gate.if_no_answer[:-1], last), shared=gate.shared and name in beside, fatigue=None,
            roles=tuple(sorted(gate.roles)),
        )  # fmt: skip
    return found


def _escalated(policy: Policy) -> set[str]:
    return {step.ask for gate in policy.gates.values() for step in gate.if_no_answer if step.ask is not None}


def _beside(policy: Policy) -> set[str]:
    """The gates that a call may have to wait for beside another one."""
    found: set[str] = set()
    for tool in policy.tools.values():
        names = {name for name in (tool.gate, *(rule.gate for rule in tool.rules)) if name is not None}
        if len(names) > 1:
            found |= names
            found |= _escalated(policy)
    return found


def _effects(policy: Policy) -> Iterator[Rule | Limit | AfterReading]:
    for tool in policy.tools.values():
        yield from tool.rules
    yield from policy.limits
    yield from policy.untrusted.after_reading if policy.untrusted else ()


def asked(policy: Policy) -> set[str]:
    """The gates that a call may come to wait for, by escalation too."""
    names = {each.gate for each in _effects(policy)} | {tool.gate for tool in policy.tools.values()}
    return reached(policy, (name for name in names if name is not None))


def reached(policy: Policy, names: Iterable[str]) -> set[str]:
    """Gates with all that they come to ask."""
    found = set(names)
    waiting = list(found)
    while waiting:
        for step in policy.gates[waiting.pop()].if_no_answer:
            if step.ask is not None and step.ask not in found:
                found.add(step.ask)
                waiting.append(step.ask)
    return found


def _keys(policy: Policy) -> Iterator[str]:
    """All that conditions read, by the first step of its path."""
    for tool in policy.tools.values():
        for condition in tool.conditions:
            for read in condition.reads:
                yield str(read.path[0])


def _of_origin(key: str) -> bool:
    return key.startswith(("tainted(", "origin(", "named_by_user("))


def _read_facts(policy: Policy) -> frozenset[str]:
    """The facts that a decision may depend on, also by way of limits and of other facts."""
    of_limits = {fact for plan in Limits(policy.limits, None).plans for fact in plan.facts}
    return Facts(policy.facts).before(frozenset(_keys(policy)) | of_limits) & policy.facts.keys()
