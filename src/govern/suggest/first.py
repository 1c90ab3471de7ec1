"""What a log says of an agent's tools, as a list to draft a first charter from (`draft.sheet`): every tool that the
agent called, with the same tier, input and comments as a suggestion would have.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from govern.charter.kinds import AGENT, AGENT_WORDS
from govern.charter.load import charter_or_raise, load_text
from govern.compile.lower import lower
from govern.draft.formats import together
from govern.draft.listing import LeftOut, Listed, Listing
from govern.draft.prose import shown
from govern.draft.yaml_text import scalar
from govern.errors import EvidenceError, UsageError
from govern.ingest import Summary
from govern.policy.model import Policy
from govern.replay.groups import Policies, Replayed
from govern.replay.shadow_model import ShadowReport
from govern.suggest import drafting
from govern.suggest.build import actions
from govern.suggest.infer import infer
from govern.suggest.model import Action, Step
from govern.suggest.tier import by_values

NOBODY = "new-agent"
_SHOWN = 20

# A replay of the log by policies, and what was read for it.
Judged = Callable[[Policies], tuple[Replayed, Summary]]


@dataclass(frozen=True, slots=True)
class Seen:
    """What a log has of one agent.

    Args:
        agent: its name; None where neither the log nor the command line says it.
        others: calls of other agents, which are no part of it, by agent.
    """

    agent: str | None
    listing: Listing
    others: tuple[tuple[str, int], ...]


def tools(
    logs: Sequence[str], agent: str | None, judged: Judged, report: Callable[[Replayed, Policies], ShadowReport]
) -> Seen:
    """The tools that an agent called.

    Args:
        logs: as on the command line.
        agent: whose; None takes the only one that the log names.

    Raises:
        UsageError: the log has calls of several agents, and none was chosen.
        EvidenceError: no call was read.
    """
    policies = Policies({agent or NOBODY: _empty(agent or NOBODY)})
    replayed, summary = judged(policies)
    named = {key.agent for key in replayed.groups if key.agent is not None}
    if agent is None and len(named) > 1:
        some = ", ".join(shown(name) for name in sorted(named)[:6])
        raise UsageError(f"the log has calls of {len(named)} agents: {some}", hint="choose one with --agent")
    if agent is None and named:
        agent = named.pop()
        policies = Policies({agent: _empty(agent)})
        replayed, summary = judged(policies)
    found = report(replayed, policies)
    if not found.unmapped:
        if found.calls:
            some = ", ".join(shown(name) for name in sorted(named)[:6])
            raise EvidenceError(
                f"the log has no call of {shown(agent)}", where=", ".join(logs[:3]), hint=f"it has {some}"
            )
        first = summary.refusals[0] if summary.refusals else None
        hint = f"{first.file}: {first.reason}" if first else ""
        raise EvidenceError("no call of an agent was read", where=", ".join(logs[:3]), hint=hint)
    sources = tuple(Path(path).name or path if path != "-" else "standard input" for path in logs)
    listed = tuple(_listed(each) for each in actions(found, policies))
    listing = together(iter([Listing(listed, _lost(summary), sources)]))
    others = tuple((row.agent or "", row.calls) for row in found.without_charter)
    return Seen(agent, listing, others)


def _empty(agent: str) -> Policy:
    """A charter that maps nothing: every call of the agent is one that nobody mapped."""
    if not AGENT.fullmatch(agent):
        raise EvidenceError(f"the log calls the agent {shown(agent)}, which is no agent's name", hint=AGENT_WORDS)
    head = f"govern: 1\nagent: {scalar(agent)}\nversion: 1\n"
    text = head + "purpose: Maps nothing.\nowner: nobody\nroles: [nobody]\ntools: {none: {tier: read_only}}\n"
    return replace(lower(charter_or_raise(load_text(text), agent)), tools={})


def _listed(action: Action) -> Listed:
    found = infer(action.shapes, Step.TYPES)
    secret = drafting.secrets(found.schema) if found.schema is not None else ()
    decide = found.decide if found.schema is not None else ()
    return Listed(
        action.tool,
        schema=found.schema,
        where="the log",
        notes=(*drafting.seen(action), *(f"decide: {each}" for each in decide)),
        seen=by_values(action.shapes),
        secret=secret,
        silent="the log has no arguments of it",
    )


def _lost(summary: Summary) -> tuple[LeftOut, ...]:
    """What could not be read of the logs."""
    lost = [LeftOut(one.file, f"line {one.line}" if one.line else "the file", one.reason) for one in summary.refusals]
    more = summary.refused - _SHOWN
    rest = (LeftOut("the logs", f"{more:,} more", "refused too"),) if more > 0 else ()
    return (*lost[:_SHOWN], *rest)
