"""`call-without-outcome`: an action was proposed or started, and the record does not say what came of it."""

from __future__ import annotations

from collections.abc import Iterator

from govern.events.model import Event
from govern.reconstruct.approvals import APPROVE, unbound
from govern.reconstruct.chain import Action, Chain, Execution, args_digest
from govern.reconstruct.gaps.contract import Found, GapKind, Pattern, Scene
from govern.reconstruct.restart import restart_between, silence_after


def find(scene: Scene) -> Iterator[Found]:
    for action in scene.chain.actions:
        for proposal in _proposals(action):
            if not _answered(action, proposal):
                yield Found(action, (proposal, *_after(action, proposal)), _why_nothing(scene.chain, action))
        if action.executions and not (run := action.executions[-1]).ended:
            yield Found(action, (run.first,), _why_unfinished(scene.chain, action, run))


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
    if digest is None and alone:  # arguments that no record has cannot tell one call from another
        asked = {request.approval_id for request in action.requests}
        return any(end.approval_id in asked for end in ends)
    return any(not unbound(action, decision, digest) for decision in ends)


def _after(action: Action, proposal: Event) -> tuple[Event, ...]:
    return tuple(event for event in action.events if event is not proposal)


def _why_nothing(chain: Chain, action: Action) -> str:
    end = silence_after(chain, action)
    if action.requests:
        asked = action.requests[-1]
        name = f"approval `{asked.approval_id}`" if asked.approval_id else "an approval"
        if any(d.decision == APPROVE for d in action.decisions):
            return _join("approved, and then neither executed nor withdrawn", end)
        restarted = restart_between(chain, asked, chain.events[-1])
        lost = f"{restarted}, and the wait may not have survived" if restarted else end
        return _join(f"{name} was asked for and never answered: still pending, or the wait was lost", lost)
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


KIND = GapKind(
    id="call-without-outcome",
    title="a call with no outcome",
    pattern=Pattern.TRAIL,
    needs=frozenset({"tool", "output"}),
    find=find,
)
