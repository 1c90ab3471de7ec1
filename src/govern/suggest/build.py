"""From a shadow report to suggestions: each unmapped action in its class, each suggestion judged on the same log.

Leaves out reading the log: who calls gives a replay, twice, since what rules say to a suggested tool is known only
once it stands in the charter.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from govern.draft.formats import name_problem
from govern.lint.config import Configuration
from govern.policy.model import Policy
from govern.replay.groups import Policies, Replayed
from govern.replay.shadow_model import ShadowReport, Unmapped
from govern.suggest import changed, drafting, held
from govern.suggest.model import Action, Edited, Held, InNewer, Refused, Suggestion, Suggestions, Target, Would

# A replay of the log that is suggested from, by these policies.
Judged = Callable[[Mapping[str, Policy]], tuple[Policies, Replayed]]
MOST = 500  # stanzas that one run writes: nobody reviews more


@dataclass(frozen=True, slots=True)
class Newer:
    """A newer version of a charter.

    Args:
        name: as on the command line.
    """

    name: str
    policy: Policy


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line says of suggestions.

    Args:
        gate: for what cannot be undone; None chooses one.
        values: whether values of arguments may be written.
    """

    gate: str | None = None
    values: bool = False


def suggestions(
    shadow: ShadowReport,
    policies: Policies,
    targets: Mapping[str, Target],
    newer: Mapping[str, Newer],
    asked: Asked,
    configuration: Configuration,
    judged: Judged,
) -> Suggestions:
    """Every unmapped action in its class.

    Args:
        shadow: of the charters as they are, by `policies`.
        targets, newer: by agent.
        judged: judges the same log by other policies.

    Raises:
        AuthorError: lint finds an error in a charter as it is.
    """
    found = _Found()
    for action in actions(shadow, policies):
        _classify(found, targets[action.agent], newer.get(action.agent), action, asked)
    made = _fit(found, targets, configuration)
    if found.suggested:
        found.suggested, apart = judged_with(found.suggested, targets, {**policies.by_agent, **made}, judged)
        found.held += apart
    return Suggestions(
        tuple(target for _, target in sorted(targets.items())), tuple(found.suggested), tuple(found.newer),
        tuple(found.held), tuple(found.refused),
    )  # fmt: skip


def edited(
    target: Target, accepted: Sequence[Suggestion], configuration: Configuration
) -> tuple[Edited, Policy, dict[str, str]]:
    """A charter with suggestions written into it, what it means, and why some could not be, by name."""
    return changed.fitting(target, [each.stanza for each in accepted], configuration)


def judged_with(
    suggested: Sequence[Suggestion], targets: Mapping[str, Target], tried: Mapping[str, Policy], judged: Judged
) -> tuple[list[Suggestion], list[Held]]:
    """Says of each suggestion what the charter would have said with it; those of which a rule denies every call apart.

    Args:
        tried: policies of the charters with the suggestions in them, by agent.
    """
    policies, replayed = judged(tried)
    charters = {agent: target.charter for agent, target in targets.items()}
    verdicts, wholly = held.would(replayed, policies, charters)
    left: list[Suggestion] = []
    apart: list[Held] = []
    for each in suggested:
        where = (each.action.agent, each.action.tool)
        said = verdicts.get(where, Would())
        if where in wholly:
            apart.append(Held(each.target, each.action, said.held))
        else:
            left.append(replace(each, would=said))
    return left, apart


class _Found:
    """What was found until now."""

    def __init__(self) -> None:
        self.suggested: list[Suggestion] = []
        self.newer: list[InNewer] = []
        self.held: list[Held] = []
        self.refused: list[Refused] = []


def actions(shadow: ShadowReport, policies: Policies) -> list[Action]:
    """The unmapped actions, those of one charter's agent together, in the report's order."""
    rows: dict[tuple[str, str], list[Unmapped]] = {}
    for row in shadow.unmapped:
        agent = policies.agent_for(row.agent)
        if agent is not None:
            rows.setdefault((agent, row.tool), []).append(row)
    return [_action(agent, tool, some) for (agent, tool), some in rows.items()]


def _action(agent: str, tool: str, rows: Sequence[Unmapped]) -> Action:
    """What was seen of a tool; of events with and without the agent's name the shapes are of those that are more."""
    first = [row.first_seen for row in rows if row.first_seen is not None]
    last = [row.last_seen for row in rows if row.last_seen is not None]
    return Action(
        tool=tool, agent=agent, calls=sum(row.calls for row in rows), runs=sum(row.runs for row in rows),
        errors=sum(row.errors for row in rows), first_ns=min(first, default=None), last_ns=max(last, default=None),
        samples=tuple(dict.fromkeys(trace for row in rows for trace in row.sample_traces))[:3],
        shapes=max(rows, key=lambda row: row.calls).shapes,
    )  # fmt: skip


def _classify(found: _Found, target: Target, newer: Newer | None, action: Action, asked: Asked) -> None:
    if problem := name_problem(action.tool):
        found.refused.append(Refused(target.name, action, problem))
        return
    if newer is not None and (tool := newer.policy.tools.get(action.tool)) is not None:
        found.newer.append(InNewer(target.name, action, newer.name, newer.policy.version, tool.tier))
        return
    if holders := (*held.by_never(target.charter, action), *held.by_scenario(target.charter, action)):
        found.held.append(Held(target.name, action, holders))
        return
    if len(found.suggested) >= MOST:
        found.refused.append(Refused(target.name, action, f"{MOST} are suggested at once; take these first"))
        return
    gate = asked.gate if asked.gate in target.charter.gates else None
    found.suggested.append(drafting.drafted(target, action, gate, values=asked.values))


def _fit(found: _Found, targets: Mapping[str, Target], configuration: Configuration) -> dict[str, Policy]:
    """Leaves out what cannot be written; the policies of the charters with the rest, by agent."""
    policies: dict[str, Policy] = {}
    kept: list[Suggestion] = []
    for agent, target in targets.items():
        own = [each for each in found.suggested if each.action.agent == agent]
        if not own:
            continue
        _, policies[agent], refused = changed.fitting(target, [each.stanza for each in own], configuration)
        if refused:  # an error that is there already would be blamed on each of them
            changed.sound(target, configuration)
        kept += [each for each in own if each.action.tool not in refused]
        found.refused += [
            Refused(target.name, each.action, refused[each.action.tool]) for each in own if each.action.tool in refused
        ]
    found.suggested = kept
    return policies
