"""What it takes that a condition comes out one way: how many of its parts would have to change, and which must.

For searches that move a call step by step. Every part is compiled once, by the compiler of the per-call engine.
Leaves out which values to try (`explanation.candidates`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from govern.conditions import Inputs
from govern.conditions.check import Condition
from govern.conditions.python import Truth, truth_of
from govern.conditions.spans import located
from govern.conditions.tree import Call, Node, bind, fixed
from govern.conditions.values import MAX_NESTED
from govern.conditions.zones import zoned
from govern.policy.verdict import FALSE, TRUE, UNKNOWN

Costs = tuple[int, int, int]
"""Parts that would have to change for FALSE, UNKNOWN and TRUE."""
NEVER: Final = 1_000
Wanted = tuple[tuple["Part", int], ...]
"""Parts, and what each has to be."""


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """A part of a condition that is true, false or unknown.

    Args:
        node: its tree, with `tool` and `agent` as literals.
        parts: of `&&`, `||`, `!` and `?:` the operands.
        fixed: whether no call changes it.
    """

    node: Node
    parts: tuple[Part, ...]
    fixed: bool
    _run: Callable[[Inputs], Truth]

    def truth(self, inputs: Inputs) -> int:
        """FALSE, UNKNOWN or TRUE."""
        found = self._run(inputs)
        return UNKNOWN if found is None else TRUE if found else FALSE

    def costs(self, inputs: Inputs) -> Costs:
        """How many parts would have to change for each outcome; 0 for what it is."""
        match self.node:
            case Call("!"):
                no, unknown, yes = self.parts[0].costs(inputs)
                return yes, unknown, no
            case Call("&&"):
                return _both([part.costs(inputs) for part in self.parts])
            case Call("||"):
                no, unknown, yes = _both([part.costs(inputs)[::-1] for part in self.parts])
                return yes, unknown, no
            case Call("?:"):
                test, then, other = (part.costs(inputs) for part in self.parts)
                chosen = [min(test[TRUE] + then[each], test[FALSE] + other[each]) for each in (FALSE, UNKNOWN, TRUE)]
                return chosen[0], min(test[UNKNOWN], chosen[1]), chosen[2]
            case _:
                now = self.truth(inputs)
                cost = NEVER if self.fixed else 1
                return (cost if now != FALSE else 0, cost if now != UNKNOWN else 0, cost if now != TRUE else 0)

    def leaves(self, needed: Wanted = ()) -> Iterator[tuple[Part, Wanted]]:
        """The parts without parts, each with what the others must be for it to decide."""
        match self.node:
            case Call("&&" | "||" as fn):
                for part in self.parts:
                    others = tuple((each, TRUE if fn == "&&" else FALSE) for each in self.parts if each is not part)
                    yield from part.leaves((*needed, *others))
            case Call("!"):
                yield from self.parts[0].leaves(needed)
            case Call("?:"):
                test, then, other = self.parts
                yield from test.leaves((*needed, (then, TRUE), (other, FALSE)))
                yield from then.leaves((*needed, (test, TRUE)))
                yield from other.leaves((*needed, (test, FALSE)))
            case _:
                yield self, needed


def compiled(condition: Condition, *, tool: str, agent: str, zone: str | None = None) -> Part:
    """A condition of a tool, part by part.

    Args:
        zone: the deployment's time zone by its IANA name.

    Raises:
        AuthorError: no such zone.
    """
    return _part(zoned(bind(located(condition), {"tool": tool, "agent": agent}), zone))


def distance(wanted: Wanted, inputs: Inputs) -> int:
    """How many parts would have to change for all that is wanted."""
    return sum(part.costs(inputs)[want] for part, want in wanted)


def _part(node: Node) -> Part:
    parts: tuple[Part, ...] = ()
    if isinstance(node, Call) and node.fn in ("&&", "||", "!", "?:"):
        parts = tuple(_part(each) for each in node.operands)
    run = truth_of(node, ())
    return Part(node, parts, fixed(node), lambda inputs: run(inputs, [None] * MAX_NESTED))


def _both(parts: list[Costs]) -> Costs:
    """Of an `&&`: false with any, true with all, unknown with one and none false."""
    least = [min(part[UNKNOWN], part[TRUE]) for part in parts]
    unknown = min(sum(least) - low + part[UNKNOWN] for low, part in zip(least, parts, strict=True))
    return min(part[FALSE] for part in parts), unknown, sum(part[TRUE] for part in parts)
