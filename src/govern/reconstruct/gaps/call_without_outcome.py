"""`call-without-outcome`: an action was proposed or started, and the record does not say what came of it."""

from __future__ import annotations

from collections.abc import Iterator

from govern.events.model import Event
from govern.reconstruct.approvals import APPROVE, unbound, undecided
from govern.reconstruct.chain import Action, Chain, Execution, args_digest
from govern.reconstruct.gaps.approval_disconnected import foreign
from govern.reconstruct.gaps.contract import Found, GapKind, Pattern, Scene
from govern.reconstruct.restart import restart_between, silence_after


def find(scene: Scene) -> Iterator[Found]:
    for action, events, run in () if scene.still_open else _open(scene):
        if run is None:
            yield Found(action, events, _why_nothing(scene.chain, action))
        else:
            yield Found(action, events, _why_unfinished(scene.chain, action, run))


def _open(scene: Scene) -> Iterator[tuple[Action, tuple[Event, ...], Execution | None]]:
    """Proposals with no outcome, and runs with no end."""
    for action in scene.chain.actions:
        waiting = undecided(action)[0]
        for proposal in _proposals(action):
            # A request that nobody answered, or an answer that was filed wrongly, is named as such.
            if not _answered(action, proposal) and not waiting and not _misfiled(action):
                yield action, (proposal, *_after(action, proposal)), None
        if action.executions and not (run := action.executions[-1]).ended:
            yield action, (run.first,), run


def _misfiled(action: Action) -> bool:
    return not action.executions and any(foreign(action, decision) for decision in action.decisions)


def _proposals(action: Action) -> tuple[Event, ...]:
    """The proposals of an action, each distinct tool and arguments once: a repeated one is the same."""
    return tuple({(call.tool, args_digest(call)): call for call in action.calls}.values())


def _answered(action: Action, proposal: Event) -> bool:
    """Whether it ran, or was denied. With one proposal in the action, whatever ran is its outcome."""
    alone = len(_proposals(action)) == 1
    digest = args_digest(proposal)
    if any(alone or run.args_digest == digest for run in action.executions):
        return True
    if any(check.verdict == "deny" and (alone or args_digest(check) == digest) for check in action.checks):
        return True
    ends = [d for d in action.decisions if d.decision not in (None, APPROVE)]
    return any(not unbound(action, decision, digest) for decision in ends)


def _after(action: Action, proposal: Event) -> tuple[Event, ...]:
    return tuple(event for event in action.events if event is not proposal)


def _why_nothing(chain: Chain, action: Action) -> str:
    end = silence_after(chain, action)
    if any(d.decision == APPROVE for d in action.decisions):
        return _join("approved, and then neither executed nor withdrawn", end)
    if action.checks:
        return _join(
            f"checked ({action.checks[-1].verdict or 'no verdict'}), and then neither started nor answered", end
        )
    if not chain.checked:
        return _join("proposed, and no result is recorded", end)
    return _join("proposed, and then neither checked, started, denied nor answered", end)


def _why_unfinished(chain: Chain, action: Action, run: Execution) -> str:
    restarted = restart_between(chain, run.first, chain.events[-1])
    end = f"{restarted} while it ran" if restarted else silence_after(chain, action)
    return _join("started, and neither a result nor an error was recorded: it may have taken effect", end)


def _join(what: str, more: str) -> str:
    return f"{what}. {more[0].upper()}{more[1:]}" if more else what


def relaxed(scene: Scene) -> int:
    return sum(1 for _ in _open(scene)) if scene.still_open else 0


KIND = GapKind(
    id="call-without-outcome",
    title="a call with no outcome",
    pattern=Pattern.TRAIL,
    needs=frozenset({"tool", "output"}),
    find=find,
    relaxed=relaxed,
    excuse="still open: the run goes on",
    absence=True,
)
