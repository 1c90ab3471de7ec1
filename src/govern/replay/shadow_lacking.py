"""What could not be judged, and why: what the log does not tell, by the format of the log, and what closes it."""

from __future__ import annotations

from collections.abc import Mapping

from govern.policy.model import Effect, Policy
from govern.policy.verdict import UNCAPTURED, Verdict
from govern.replay.groups import Judgement, Key, Kind, Policies, Recorded, Replayed, Seen
from govern.replay.shadow_model import Undecided, Unjudged

TOOLS = 12
_ARGUMENTS = "the arguments"


def undecided(
    groups: Mapping[tuple[str, str | None], list[tuple[Key, Seen, Judgement]]], policies: Policies
) -> tuple[Undecided, ...]:
    """One row a tool: from the loosest verdict that any of its calls may have had to the strictest, and all that the
    log does not tell of them. The same in whatever order the groups come."""
    rows = []
    for (tool, agent), found in groups.items():
        together = Seen()
        lacking: set[str] = set()
        for key, seen, _ in found:
            together.merge(seen)
            lacking |= {_told(policies, key, name) for name in _lacking(key, policies)}
        loosest = min((judgement.loosest for _, _, judgement in found), key=_strictness)
        strictest = max((judgement.strictest for _, _, judgement in found), key=_strictness)
        same = loosest.effect == strictest.effect  # they ask different people
        rows.append(
            Undecided(
                tool, agent, together.calls, _side(loosest, gates=same), _side(strictest, gates=same),
                f"the log does not tell {', '.join(sorted(lacking))}", together.samples,
            )
        )  # fmt: skip
    return tuple(sorted(rows, key=lambda row: (-row.calls, row.tool, row.agent or "")))


def unjudged(replayed: Replayed, policies: Policies) -> tuple[Unjudged, ...]:
    """One row for everything that logs of a format do not tell; a call that lacks several things stands in several."""
    calls: dict[tuple[str, str, str | None], int] = {}
    tools: dict[tuple[str, str, str | None], set[str]] = {}
    for (key, form), count in replayed.formats.items():
        judgement = policies.judge(key)
        if judgement is not None and judgement.decided:
            continue
        if judgement is None:
            reasons = {_no_policy(key, policies)}
        else:
            reasons = {(_told(policies, key, name), _fix(policies, key, name)) for name in _lacking(key, policies)}
        for lacks, fix in reasons:
            row = (lacks, fix, form)
            calls[row] = calls.get(row, 0) + count
            tools.setdefault(row, set()).add(key.tool)
    made = (
        Unjudged(lacks, form, count, tuple(sorted(tools[lacks, fix, form])), fix)
        for (lacks, fix, form), count in calls.items()
    )
    return tuple(sorted(made, key=lambda row: (-row.calls, row.lacks, row.format or "")))


def lacking(key: Key, policies: Policies) -> tuple[str, ...]:
    """What the log does not tell of the calls of a group, in words: inputs that the verdict hangs on, or the policy."""
    if key.kind is Kind.NO_POLICY:
        return (_no_policy(key, policies)[0],)
    return tuple(sorted(_told(policies, key, name) for name in _lacking(key, policies)))


def _no_policy(key: Key, policies: Policies) -> tuple[str, str]:
    if isinstance(policies, Recorded):
        if key.policy is None:
            lacks = "the digest of the policy that judged them, on the call or on its check"
            return lacks, "judge these logs by a charter: --charter FILE"
        if key.policy in policies.by_agent:
            agent = policies.by_agent[key.policy].agent
            return f"a policy for their agent; the one they name is of `{agent}`", "see who wrote these events"
        return f"the policy {key.policy}", "put its bundle into the folder of --bundles"
    if key.agent is None:
        return "the name of the agent", "name it with --agent"
    return f"a charter for the agent `{key.agent}`", "write one whose `agent` is this name"


def _strictness(verdict: Verdict) -> tuple[Effect, int, tuple[str, ...]]:
    return verdict.effect, len(verdict.gates), verdict.gates


def _side(verdict: Verdict, *, gates: bool) -> str:
    return f"{verdict.effect.label} ({', '.join(verdict.gates)})" if gates else verdict.effect.label


def _lacking(key: Key, policies: Policies) -> set[str]:
    """The inputs that the log does not tell, and the verdict hangs on."""
    policy = policies.policy_of(key)
    tool = policy.tools.get(key.tool) if policy is not None else None
    if key.kind is Kind.UNCAPTURED or tool is None or policy is None:
        return {_ARGUMENTS}
    names: set[str] = set()
    for condition, truth in zip(tool.conditions, key.truths, strict=True):
        if truth == UNCAPTURED:
            names |= condition.outside
    # A fact from results is seldom what is lacking: only where nothing else can be.
    return {name for name in names if not _of_results(policy, name)} or names


def _of_results(policy: Policy, name: str) -> bool:
    return name in policy.facts and bool(policy.facts[name].result_of)


def _told(policies: Policies, key: Key, name: str) -> str:
    """An input in words."""
    if name == _ARGUMENTS:
        return name
    policy = policies.policy_of(key)
    fact = policy.facts.get(name) if policy is not None else None
    if fact is not None:
        return f"`{name}`" if fact.result_of else f"`{name}` (of the session: --session-facts)"
    words = {"at": "the time", "exceeded": "what limits count", "tainted": "what was read before"}
    return words.get(name, "what the user typed" if name in ("origin", "named_by_user") else f"`{name}`")


def _fix(policies: Policies, key: Key, name: str) -> str:
    """What closes it."""
    policy = policies.policy_of(key)
    fact = policy.facts.get(name) if policy is not None else None
    if fact is not None and fact.result_of:
        return f"log the results of {', '.join(fact.result_of)}: they say it"
    if fact is not None:
        return f"--session-facts FILE, with `{name}` of each session as the host knew it"
    return {
        _ARGUMENTS: "log what tools are called with, not only that they are",
        "at": "log when calls are made",
        "exceeded": "log whole sessions, with times and results",
        "tainted": "log whole sessions in order, with results",
        "origin": "log what users type and what tools return, verbatim",
        "named_by_user": "log what users type, verbatim",
    }.get(name, "log whole sessions, with prompts, results and times")
