"""`request-undecided`: an approval was asked for, and the record says neither yes, nor no, nor that its time passed."""

from __future__ import annotations

from collections.abc import Iterator

from govern.reconstruct.approvals import undecided
from govern.reconstruct.chain import Action
from govern.reconstruct.gaps.contract import Found, GapKind, Pattern, Scene
from govern.reconstruct.restart import restart_between, silence_after
from govern.reconstruct.words import span


def find(scene: Scene) -> Iterator[Found]:
    if not scene.still_open:
        for action in scene.chain.actions:
            requests, unmet = undecided(action)
            if requests:
                yield Found(action, (*requests, *action.decisions), _why(scene, action, unmet))


def _why(scene: Scene, action: Action, unmet: tuple[str, ...]) -> str:
    asked = undecided(action)[0][-1]
    name = f"approval `{asked.approval_id}`" if asked.approval_id else "an approval"
    gates = ", ".join(f"`{gate}`" for gate in unmet if gate)
    said = f"{name}{f' of gate {gates}' if gates else ''} was asked for and never answered"
    if action.decisions:
        said = f"{name} was answered in part{f', gate {gates} is still open' if gates else ''}"
    last = scene.chain.events[-1]
    if asked.duration_ns is not None and asked.ts_ns is not None and last.ts_ns is not None:
        over = last.ts_ns - asked.ts_ns - asked.duration_ns
        if over > 0:
            said += f", and its deadline passed {span(over)} before the record ends, with no event"
    if restarted := restart_between(scene.chain, asked, last):
        return f"{said}. {restarted[0].upper()}{restarted[1:]}, and the wait may not have survived"
    if end := silence_after(scene.chain, action):
        return f"{said}: still pending, or the wait was lost. {end[0].upper()}{end[1:]}"
    return f"{said}: still pending, or the wait was lost"


def relaxed(scene: Scene) -> int:
    return sum(bool(undecided(action)[0]) for action in scene.chain.actions) if scene.still_open else 0


KIND = GapKind(
    id="request-undecided",
    title="asked, and never answered",
    pattern=Pattern.TRAIL,
    needs=frozenset({"approval"}),
    find=find,
    relaxed=relaxed,
    excuse="still open: the run goes on",
    absence=True,
)
