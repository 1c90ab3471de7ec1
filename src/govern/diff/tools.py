"""One tool under two charters: unchanged, narrowed, widened, shifted, added, removed, and a call that shows it.

First what is plain by form, then calls that are tried, then the solver. What is still open counts as widened and is
said so. What comes after release (credentials, masks, results) is ordered by its keys. Leaves out sections.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from govern.diff.aligned import Aligned, aligned
from govern.diff.causes import no_wider
from govern.diff.gates import Gates
from govern.diff.inputs import Inputs
from govern.diff.model import Change, ToolChange, Witness
from govern.diff.order import NARROWER, UNPROVEN, WIDER, Order, joined
from govern.diff.released import after_release
from govern.diff.search import FIRST, Search
from govern.diff.solver import Solver
from govern.policy.model import ToolPolicy
from govern.proof.question import Found, Proven, Undecided


@dataclass(frozen=True, slots=True)
class _Way:
    """One way of a tool's verdicts.

    Args:
        goes: whether it goes that way, None where that is not known.
    """

    goes: bool | None
    witness: Witness | None = None
    why: tuple[str, ...] = ()


class Tools:
    """The tools of two policies.

    Args:
        inputs: of both, with the policies.
    """

    def __init__(self, inputs: Inputs, gates: Gates, search: Search, solver: Solver) -> None:
        self.inputs, self.gates, self.search, self.solver = inputs, gates, search, solver

    def changes(self) -> Iterator[ToolChange]:
        """Every tool of either, by name."""
        old, new = self.inputs.old.tools, self.inputs.new.tools
        for name in sorted({*old, *new}):
            if name not in old:
                yield self._mapped(name, Change.ADDED)
            elif name not in new:
                yield self._mapped(name, Change.REMOVED)
            else:
                yield self._both(name)

    def _mapped(self, name: str, change: Change) -> ToolChange:
        """A tool of one charter alone; the other denies it as unmapped."""
        added = change is Change.ADDED
        way = Change.WIDENED if added else Change.NARROWED
        policy = self.inputs.new if added else self.inputs.old
        witness = self.search.released(name, by_old=not added, by_new=added)
        why = "" if witness else "no call of it is released"
        if witness is None:
            found = self.solver.released((policy,), name, (0,))
            if isinstance(found, Found):
                call = found.call
                witness = self.search.running(name, call.args, call.given, by_old=not added, by_new=added)
            elif not isinstance(found, Proven):
                why = f"no call was found that is released: {found.why}"
        standing = in_short(policy.tools[name])
        return ToolChange(
            name,
            change,
            (replace(witness, way=way),) if witness else (),
            None if added else standing,
            standing if added else None,
            why=(f"is mapped: {standing}" if added else "is no longer mapped", *([why] if why and not witness else [])),
        )

    def _both(self, name: str) -> ToolChange:
        old, new = self.inputs.old.tools[name], self.inputs.new.tools[name]
        before, after = in_short(old), in_short(new)
        later = tuple(after_release(self.inputs, name, self.solver))
        wider, narrower = self._way(name, Change.WIDENED), self._way(name, Change.NARROWED)
        orders = [order for _, order in later]
        if wider.goes is not False:
            orders.append((WIDER if wider.goes else UNPROVEN).because(*wider.why))
        if narrower.goes or (narrower.goes is None and not any(each.wider for each in orders)):
            orders.append(replace(NARROWER, proven=narrower.goes is True).because(*narrower.why))
        order = joined(orders)
        shown = [self._shown(name, way, found, later) for way, found in _pairs(wider, narrower)]
        witnesses = tuple(each for each in shown if each is not None)
        why = (*_reasons(orders, wider=True), *_reasons(orders, wider=False))
        return ToolChange(name, order.change, witnesses, before, after, order.proven, tuple(dict.fromkeys(why)))

    def _shown(self, name: str, way: Change, found: _Way, later: tuple[tuple[str, Order], ...]) -> Witness | None:
        """The witness of one way: of the verdicts, else a call that runs, for what comes after release."""
        if found.witness is not None:
            return found.witness
        moved = [order for _, order in later if (order.wider if way is Change.WIDENED else order.narrower)]
        if not moved:
            return None
        running = self.search.released(name, by_old=True, by_new=True)
        why = "; ".join(dict.fromkeys(reason for order in moved for reason in order.why))
        return replace(running, way=way, why=f"once released: {why}") if running is not None else None

    def _way(self, name: str, way: Change) -> _Way:
        """Whether the verdicts go one way."""
        pair = aligned(self.inputs, name, way)
        if way is Change.WIDENED:
            plain = no_wider(pair.old, pair.new, name, self.gates)
        else:
            plain = no_wider(pair.new, pair.old, name, self.gates.reverse)
        if plain and pair.sure and not pair.lost:
            return _Way(False)
        witness = self.search.witness(pair, name, way, FIRST)
        if witness is None and plain and pair.sure:  # what one side takes for known may matter, and nothing else
            witness = self.search.witness(pair, name, way)
            if witness is None and pair.asked:
                why = (f"not proven: a condition asks if it is there: {each}" for each in pair.why)
                return _Way(None, None, tuple(why))
            return _Way(True, witness, pair.why if witness is None else (witness.why, *pair.why))
        if witness is not None:
            return _Way(True, witness, (witness.why, *pair.why))
        return self._solved(pair, name, way)

    def _solved(self, pair: Aligned, name: str, way: Change) -> _Way:
        found = self.solver.looser(pair, name, self.gates, way)
        if isinstance(found, Proven) and pair.sure and not pair.lost:
            return _Way(False)
        witness: Witness | None = None
        if isinstance(found, Found):
            old, new = pair.split(found.call.given)
            witness = self.search.shown(name, found.call.args, old, new, way)
        witness = witness or self.search.witness(pair, name, way)
        if witness is not None:
            return _Way(True, witness, (witness.why, *pair.why))
        match found:
            case Undecided(why):
                left: tuple[str, ...] = (why,)
            case Proven():
                left = pair.why or ("where values come from (`origin`) is worked out otherwise",)
            case Found():
                left = ("the call that the solver found shows no difference",)
        return _Way(None, None, tuple(f"not proven: {each}" for each in left))


def _pairs(wider: _Way, narrower: _Way) -> tuple[tuple[Change, _Way], ...]:
    return (Change.WIDENED, wider), (Change.NARROWED, narrower)


def _reasons(orders: list[Order], *, wider: bool) -> Iterator[str]:
    for order in orders:
        if order.wider is wider:
            yield from order.why


def in_short(tool: ToolPolicy) -> str:
    """A tool's standing in a few words: `irreversible, external, asks team-lead`."""
    words = [str(tool.tier)]
    if tool.external:
        words.append("external")
    if tool.gate is None:
        words.append("autonomous")
    else:
        words.append(f"asks {tool.gate}" + (" unless waived" if tool.unless is not None else ""))
    return ", ".join(words)
