"""What denies a tool whatever a charter's `tools` say: `never`, and rules that would deny every call that was seen.

To let such a tool through, something would have to be loosened, and that is never suggested. What rules deny is found
by judging the log again with the suggestions in the charter, so it is the same judgement as everywhere.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from govern.charter.model import Charter
from govern.policy.glob import matches
from govern.policy.terms import Effect, Reason
from govern.replay.groups import Kind, Policies, Replayed
from govern.suggest.model import Action, Holder, Would


def by_never(charter: Charter, action: Action) -> tuple[Holder, ...]:
    """Every entry of `never` that names a tool."""
    return tuple(
        Holder(f"never:{word.name}", never.because, str(word.at), action.calls)
        for never in charter.never
        for word in never.tools
        if matches(word.name, action.tool)
    )


def by_scenario(charter: Charter, action: Action) -> tuple[Holder, ...]:
    """Every scenario that says that a call of a tool is denied: somebody decided it, and wrote it down."""
    return tuple(
        Holder("scenario", f'"{each.instruction}" is denied', str(each.at), action.calls)
        for each in charter.scenarios
        if each.tool.name == action.tool and each.verdict is Effect.DENY
    )


@dataclass(slots=True)
class _Tally:
    """What a replay said of one tool.

    Args:
        malformed: calls that have no meaning: they are denied, and no rule has a part in it.
        ruled: calls that rules deny.
    """

    labels: Counter[str] = field(default_factory=Counter)
    invalid: int = 0
    malformed: int = 0
    ruled: int = 0
    rules: Counter[str] = field(default_factory=Counter)


def would(
    replayed: Replayed, policies: Policies, charters: Mapping[str, Charter]
) -> tuple[dict[tuple[str, str], Would], frozenset[tuple[str, str]]]:
    """What charters with suggestions say to the calls seen, by (agent, tool); and those of which every call is denied
    by a rule.

    Args:
        charters: those with the suggestions in them, by agent.
    """
    tallies: dict[tuple[str, str], _Tally] = {}
    for key, seen in replayed.groups.items():
        agent = policies.agent_for(key.agent)
        judgement = policies.judge(key)
        if agent is None or judgement is None:
            continue
        tally = tallies.setdefault((agent, key.tool), _Tally())
        tally.labels[judgement.label] += seen.calls
        verdict = judgement.loosest
        if not judgement.decided or verdict.effect is not Effect.DENY:
            continue
        if Reason.INVALID_INPUT in verdict.reasons:
            tally.invalid += seen.calls
        if key.kind is Kind.MALFORMED:
            tally.malformed += seen.calls
            continue
        if verdict.rules:
            tally.ruled += seen.calls
        tally.rules.update(dict.fromkeys(verdict.rules, seen.calls))
    found = {
        where: Would(
            allow=tally.labels["allow"], approval=tally.labels["approval"], deny=tally.labels["deny"],
            undecidable=tally.labels["undecidable"], invalid=tally.invalid,
            held=tuple(_holders(charters[where[0]], tally.rules)),
        )
        for where, tally in tallies.items()
        if where[0] in charters
    }  # fmt: skip
    wholly = frozenset(
        where
        for where, tally in tallies.items()
        if tally.ruled and tally.ruled + tally.malformed == sum(tally.labels.values())
    )
    return found, wholly


def _holders(charter: Charter, rules: Counter[str]) -> Iterator[Holder]:
    after = charter.untrusted.after_reading if charter.untrusted is not None else ()
    known = {
        **{rule.id.name: (rule.because, str(rule.at)) for rule in charter.every_rule},
        **{limit.id.name: (limit.because, str(limit.at)) for limit in charter.limits},
        **{each.id.name: (each.because, str(each.at)) for each in after if each.id is not None},
    }
    for id, calls in rules.most_common():
        because, at = known.get(id, ("", ""))
        yield Holder(id, because, at, calls)
