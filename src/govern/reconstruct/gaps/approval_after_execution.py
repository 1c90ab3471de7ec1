"""`approval-after-execution`: the approval of a call was given when it had already run."""

from __future__ import annotations

from collections.abc import Iterator

from govern.reconstruct.approvals import APPROVE, Stands, standing, unbound
from govern.reconstruct.gaps.contract import Found, GapKind, Pattern, Scene
from govern.reconstruct.order import shown_before
from govern.reconstruct.words import span


def find(scene: Scene) -> Iterator[Found]:
    for action in scene.chain.actions:
        # Each decision once: it may come after several runs.
        seen: set[str] = set()
        for run in action.executions:
            how = standing(scene.chain, action, run, scene.elsewhere)
            if how is None or how.stands is not Stands.OPEN:
                continue
            for decision in action.decisions:
                late = decision.decision == APPROVE and shown_before(run.first, decision)
                if not late or decision.event_id in seen or unbound(action, decision, run.args_digest):
                    continue
                seen.add(decision.event_id)
                after = ""
                if decision.ts_ns is not None and run.first.ts_ns is not None:
                    after = f" {span(decision.ts_ns - run.first.ts_ns)}"
                yield Found(
                    action,
                    (run.first, decision),
                    f"approved{after} after it had run: nobody who approved it could still have stopped it",
                )


KIND = GapKind(
    id="approval-after-execution",
    title="approved after it had run",
    pattern=Pattern.GATE,
    needs=frozenset({"check", "approval"}),
    find=find,
)
