"""Gates as requirements: who answers, how many, what silence means; a gate includes those it asks after a time.

Leaves out which calls ask a gate (`tools`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from govern.diff.directions import direction
from govern.diff.order import BOTH, EQUAL, Order, joined
from govern.policy.model import Deadline, Effect, Gate


@dataclass(frozen=True, slots=True)
class Part:
    """One key of a gate.

    Args:
        path: below the gate, as `if_no_answer.2.after`.
        level, key: of the vocabulary.
    """

    path: str
    level: str
    key: str
    old: Any
    new: Any
    order: Order


def parts(old: Gate, new: Gate) -> Iterator[Part]:
    """The keys in which two gates differ, each with its order; gates they ask are compared by name alone."""
    if old.confirm != new.confirm:
        order = direction("GATE", "confirm").order(old.confirm, new.confirm)
        yield Part("confirm" if new.confirm else "roles", "GATE", "confirm", old.confirm, new.confirm, order)
    elif set(old.roles) != set(new.roles):
        yield _key("roles", old.roles, new.roles)
    for key, before, after in (
        ("quorum", old.quorum, new.quorum),
        ("shared", old.shared, new.shared),
        ("needs_session_user", old.needs_session_user, new.needs_session_user),
        ("use_within", old.use_within_s, new.use_within_s),
    ):
        if before != after:
            yield _key(key, before, after)
    yield from _fatigue(old, new)
    yield from _silence(old.if_no_answer, new.if_no_answer)


def _key(key: str, old: Any, new: Any, level: str = "GATE", path: str = "") -> Part:
    return Part(path or key, level, key, old, new, direction(level, key).order(old, new))


def _fatigue(old: Gate, new: Gate) -> Iterator[Part]:
    for key, name in (("max_pending", "max_pending"), ("per_hour", "per_hour"), ("cool_down", "cool_down_s")):
        before = getattr(old.fatigue, name) if old.fatigue else None
        after = getattr(new.fatigue, name) if new.fatigue else None
        if before != after:
            yield _key(key, before, after, "FATIGUE", f"fatigue.{key}")


def _silence(old: tuple[Deadline, ...], new: tuple[Deadline, ...]) -> Iterator[Part]:
    """Of `if_no_answer`: the gates asked, then the verdict at the end and its time."""
    asked, asks = [step.ask for step in old[:-1]], [step.ask for step in new[:-1]]
    if asked != asks:
        why = direction("STEP", "ask").why
        yield Part("if_no_answer", "STEP", "ask", asked, asks, BOTH.because(why))
    else:
        for index, (before, after) in enumerate(zip(old[:-1], new[:-1], strict=True), start=1):
            if before.after_s != after.after_s:
                yield _key("after", before.after_s, after.after_s, "STEP", f"if_no_answer.{index}.after")
    last, end = len(new), (old[-1], new[-1])
    before, after = end
    if before.then != after.then:
        said, says = (step.then.label if step.then is not None else None for step in end)
        yield _key("then", said, says, "STEP", f"if_no_answer.{last}.then")
    elif before.after_s != after.after_s:
        order = direction("STEP", "after").order(before.after_s, after.after_s)
        if after.then is Effect.ALLOW:  # people have less long to say no
            order = order.reverse
        yield Part(f"if_no_answer.{last}.after", "STEP", "after", before.after_s, after.after_s, order)


class Gates:
    """The gates of two policies.

    Args:
        old, new: by name.
    """

    def __init__(self, old: Mapping[str, Gate], new: Mapping[str, Gate]) -> None:
        self.old, self.new = old, new
        self.order = cache(self._order)
        self._reversed: Gates | None = None

    @property
    def reverse(self) -> Gates:
        """The same, the other way round."""
        if self._reversed is None:
            self._reversed = Gates(self.new, self.old)
        return self._reversed

    def covers(self, new: str, old: str) -> bool:
        """Whether a gate of the new policy asks for at least all that one of the old policy asks for."""
        return not self.order(old, new).wider

    def as_strict(self, old: str, among: tuple[str, ...]) -> tuple[str, ...]:
        """Gates of the new policy, of some, that ask for at least as much as one of the old policy."""
        return tuple(name for name in among if self.covers(name, old))

    def met(self, old: tuple[str, ...], new: tuple[str, ...]) -> bool:
        """Whether everything that old gates ask for together is asked for by new ones: each by one of its own, since
        gates that are asked at once are met by different people."""
        if not old:
            return True
        first, rest = old[0], old[1:]
        mine = sorted(self.as_strict(first, new), key=lambda name: name != first)
        return any(self.met(rest, tuple(each for each in new if each != name)) for name in mine)

    def _order(self, old: str, new: str, seen: frozenset[tuple[str, str]] = frozenset()) -> Order:
        one, other = self.old[old], self.new[new]
        found = [part.order.because(f"{part.path} {_said(part.old)} → {_said(part.new)}") for part in parts(one, other)]
        if [step.ask for step in one.if_no_answer] == [step.ask for step in other.if_no_answer]:
            names = [step.ask for step in one.if_no_answer if step.ask is not None]
            todo = [(name, name) for name in names if (name, name) not in seen]
            found += [self._order(*pair, seen | {*todo}) for pair in todo]
        return joined(found) if found else EQUAL


def _said(value: Any) -> str:
    match value:
        case None:
            return "none"
        case bool():
            return "true" if value else "false"
        case tuple() | list():
            return f"[{', '.join(str(each) for each in value)}]"
        case _:
            return str(value)
