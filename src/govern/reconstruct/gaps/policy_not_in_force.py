"""`policy-not-in-force`: a check was taken under another policy than the one that was loaded then."""

from __future__ import annotations

from collections.abc import Iterator

from govern.events.model import Event, EventType
from govern.reconstruct.chain import Chain
from govern.reconstruct.gaps.contract import Found, GapKind, Pattern, Scene
from govern.reconstruct.order import shown_before
from govern.reconstruct.words import clock


def find(scene: Scene) -> Iterator[Found]:
    loads = [e for e in scene.chain.events if e.type is EventType.POLICY_LOADED and e.policy_digest is not None]
    if not loads:
        return
    for action in scene.chain.actions:
        for check in action.checks:
            load = in_force(loads, check)
            if load is not None and (why := _differs(scene.chain, loads, load, check)):
                yield Found(action, (load, check), why, check)


def in_force(loads: list[Event], check: Event) -> Event | None:
    """The load that a check stands under: the latest that its own writer wrote before it for its agent, else the latest
    that anybody did. None where none is shown to come before it."""
    before = [load for load in loads if shown_before(load, check) and _same_agent(load, check)]
    own = [load for load in before if load.writer_id == check.writer_id]
    known = own or before
    return known[-1] if known else None


def _same_agent(load: Event, check: Event) -> bool:
    return load.agent is None or check.agent is None or load.agent == check.agent


def _differs(chain: Chain, loads: list[Event], load: Event, check: Event) -> str:
    at = f" at {clock(load.ts_ns)}" if load.ts_ns is not None else ""
    if check.policy_digest is None:
        return f"the check does not say under which policy it was taken; {_short(load)} was loaded{at}"
    if check.policy_digest != load.policy_digest:
        said = f"decided under {_short(check)}, while {_short(load)} was loaded{at} by {load.writer_id}"
        if any(old.policy_digest == check.policy_digest and shown_before(old, load) for old in loads):
            return f"{said}: a process went on with the policy before"
        if any(new.policy_digest == check.policy_digest for new in loads):
            return f"{said}: that policy was loaded only later"
        if load.writer_id != check.writer_id:
            return f"{said}: {check.writer_id} has no record of loading it"
        return f"{said}: its loading was not logged, or the check comes from elsewhere"
    if (
        None not in (check.deployment_digest, load.deployment_digest)
        and check.deployment_digest != load.deployment_digest
    ):
        return f"decided under another deployment file than the one that was loaded{at}"
    return ""


def _short(event: Event) -> str:
    return (event.policy_digest or "").removeprefix("sha256:")[:12]


KIND = GapKind(
    id="policy-not-in-force",
    title="decided under a policy that was not in force",
    pattern=Pattern.SCOPE,
    needs=frozenset({"check"}),
    find=find,
)
