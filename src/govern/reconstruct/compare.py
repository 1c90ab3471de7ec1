"""Two chains side by side: which actions correspond, and in what they differ.

Actions correspond in order where they are of the same tool (the longest such matching, as `difflib` finds it); what
has no counterpart stands alone. Texts are compared as recorded, times only as durations: two runs are never at the
same time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

from govern.events.model import Event, EventType
from govern.reconstruct.approvals import APPROVE
from govern.reconstruct.chain import Action, Text, args_digest
from govern.reconstruct.judge import Reconstruction


@dataclass(frozen=True, slots=True)
class Difference:
    """One field in which two actions differ.

    Args:
        field: input, prompt, response, verdict, gates, rules, policy, approval, execution, output, error, retries or
            gaps.
        left, right: what each says, in a few words; None where it says nothing. Text of the record.
    """

    field: str
    left: str | None
    right: str | None


@dataclass(frozen=True, slots=True)
class Pair:
    """Two actions that correspond, or one that has no counterpart."""

    left: Action | None
    right: Action | None
    differences: tuple[Difference, ...] = ()


@dataclass(frozen=True, slots=True)
class Compared:
    """Two chains, and their actions in order."""

    left: Reconstruction
    right: Reconstruction
    pairs: tuple[Pair, ...]

    @property
    def same(self) -> bool:
        return all(pair.left and pair.right and not pair.differences for pair in self.pairs)


def compare(left: Reconstruction, right: Reconstruction) -> Compared:
    """What two chains have in common, and where they part."""
    ours, theirs = left.chain.actions, right.chain.actions
    matcher = SequenceMatcher(None, [a.tool for a in ours], [a.tool for a in theirs], autojunk=False)
    pairs: list[Pair] = []
    for kind, a, b, c, d in matcher.get_opcodes():
        if kind == "equal":
            pairs += [_pair(left, right, x, y) for x, y in zip(ours[a:b], theirs[c:d], strict=True)]
        else:
            pairs += [Pair(action, None) for action in ours[a:b]] + [Pair(None, action) for action in theirs[c:d]]
    return Compared(left, right, tuple(pairs))


def _pair(left: Reconstruction, right: Reconstruction, ours: Action, theirs: Action) -> Pair:
    told, other = list(_fields(left, ours)), list(_fields(right, theirs))
    return Pair(
        ours,
        theirs,
        tuple(
            Difference(field, shown, also)
            for (field, key, shown), (_, twin, also) in zip(told, other, strict=True)
            if key != twin
        ),
    )


def _fields(made: Reconstruction, action: Action) -> Iterator[tuple[str, object, str | None]]:
    """Every field of an action: its name, what is compared, and what is shown."""
    given = action.input
    yield "input", None if given is None else args_digest(given), None if given is None else given.args
    for name, text in (("prompt", action.prompt), ("response", action.response)):
        yield name, *_words(text)
    check = action.check
    yield "verdict", *_alike(None if check is None else check.verdict)
    yield "gates", *_alike(_listed(check.gates if check else ()))
    yield "rules", *_alike(_listed(check.rules if check else ()))
    yield "policy", *_alike(None if check is None else check.policy_digest)
    yield "approval", *_alike(_listed(tuple(_decided(each) for each in action.decisions)))
    yield "execution", *_alike(_ran(action))
    yield "output", *_words(action.output)
    yield "error", *_alike(action.error)
    yield "retries", *_alike(str(action.retries) if action.retries else None)
    found = sorted(gap.id for gap in made.gaps if gap.action == action.index)
    yield "gaps", *_alike(_listed(tuple(found)))


def _alike(shown: str | None) -> tuple[object, str | None]:
    return shown, shown


def _words(text: Text | None) -> tuple[object, str | None]:
    shown = None if text is None else text.text
    return shown, shown


def _listed(names: tuple[str, ...]) -> str | None:
    return ", ".join(names) or None


def _decided(event: Event) -> str:
    who = event.actor or "nobody named"
    role = f" as {event.role}" if event.role else ""
    verb = "approved" if event.decision == APPROVE else event.decision or "undecided"
    return f"{verb} by {who}{role}"


def _ran(action: Action) -> str:
    if not action.executions:
        return "not executed"
    last = action.executions[-1]
    if last.result is not None and last.result.status:
        return f"executed, {last.result.status}"
    failed = bool(last.errors) or any(each.type is EventType.ERROR for each in action.events)
    return "executed, failed" if failed else "executed" if last.result is not None else "started, no result"
