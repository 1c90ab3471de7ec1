"""Questions about one tool under one or several policies: is there a call for which some statements hold?

A call is whatever an agent may send and a host may know: every argument may be absent, null or of any kind, every
fact may be missing, every input of the history unknown. Left out are calls whose arguments have no canonical form
(a key twice, half a character): they are denied whatever a policy says. Left out is also how the inputs of the
history come about (`calls('t')` is a whole number, not the trace that has so many).

Never a wrong counterexample: a `Found` was decided again by the per-call engine. Never a wrong proof: what the solver
does not read exactly may be anything, until it is looked up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from govern.conditions import Condition, bound
from govern.conditions.tree import Node
from govern.errors import EnvironmentFailed
from govern.events.canonical import Malformed, check
from govern.policy.engine import Engine
from govern.policy.model import EFFECTS, Effect, Policy
from govern.proof.judged import Judged

if TYPE_CHECKING:
    from govern.proof.reading import Reading  # imports the solver


@dataclass(frozen=True, slots=True)
class Call:
    """A call and what is known beside its arguments, ready for `Engine.decide_value(tool, args, given=given)`.

    Args:
        args: JSON data, without defaults of a schema.
        given: by the keys of `conditions.Inputs`; what is not there is unknown.
    """

    tool: str
    args: dict[str, Any]
    given: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Found:
    """There is one: the per-call engine was run on it, and everything that was asked holds."""

    call: Call


@dataclass(frozen=True, slots=True)
class Proven:
    """There is none.

    Args:
        bounds: what the answer is limited to, in words ("`args.xs` with up to 8 different items"); () where it is
            of every call.
    """

    bounds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Undecided:
    """Not known: out of time, or a part of a condition that the solver does not read.

    Args:
        why: which, in words.
    """

    why: str


Answer = Found | Proven | Undecided


class Term:
    """Something that is true or false of a call: joined by `&`, `|`, `~`."""

    def __and__(self, other: Term) -> Term:
        return _Both((self, other))

    def __or__(self, other: Term) -> Term:
        return _Either((self, other))

    def __invert__(self) -> Term:
        return _No(self)


@dataclass(frozen=True, slots=True)
class _Both(Term):
    parts: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class _Either(Term):
    parts: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class _No(Term):
    of: Term


@dataclass(frozen=True, slots=True)
class _Verdict(Term):
    """`at_least`, `asks`, `applies`, `decides` or `valid`."""

    what: str
    said: str
    of: int


@dataclass(frozen=True, slots=True)
class _Condition(Term):
    """A condition of `Question.conditions`, true (True), false (False) or unknown (None)."""

    index: int
    wanted: bool | None
    of: int


class Question:
    """What may be asked of the calls of one tool.

    Facts have the kinds and words that every policy declares for them, or are null or missing: what does not fit is
    dropped before a decision (`policy.history`).

    Args:
        tool: as calls name it; one that a policy does not map is denied there.
        policies: over the same inputs; terms name one by its index.
        zone: the deployment's time zone by its IANA name, as of `Engine`.
        timeout_ms: for each `solve`, in milliseconds.

    Raises:
        EnvironmentFailed: the solver (extra `prove`) is not installed.
        AuthorError: an input schema is not usable, or there is no such zone.
    """

    def __init__(
        self, tool: str, policies: Sequence[Policy], *, zone: str | None = None, timeout_ms: int = 5_000
    ) -> None:
        if find_spec("z3") is None:
            raise EnvironmentFailed("proofs need a solver that is not installed", hint="pip install govern[prove]")
        self.tool = tool
        self.policies = tuple(policies)
        self.zone = zone
        self.timeout_ms = timeout_ms
        self._engines = tuple(Engine(policy, zone) for policy in self.policies)
        self._conditions: list[tuple[Node, int]] = []
        self._reading: Reading | None = None

    def at_least(self, effect: Effect, of: int = 0) -> Term:
        """The verdict is at least this strict."""
        return _Verdict("at_least", effect.label, of)

    def asks(self, gate: str, of: int = 0) -> Term:
        """The verdict is approval, and this gate is among its gates."""
        return _Verdict("asks", gate, of)

    def applies(self, rule: str, of: int = 0) -> Term:
        """A rule applies: by its form, and for the tiers that the call counts as of. `""` is the tool's own gate."""
        return _Verdict("applies", rule, of)

    def decides(self, rule: str, of: int = 0) -> Term:
        """A rule, or `never:PATTERN`, is among the causes of the verdict. `""` is the tool's own gate."""
        return _Verdict("decides", rule, of)

    def valid(self, of: int = 0) -> Term:
        """The arguments, with their defaults, satisfy the input schema; true of every call without one."""
        return _Verdict("valid", "", of)

    def true(self, condition: Condition, of: int = 0) -> Term:
        """A condition is true of the call, of the arguments with the defaults of the policy's schema."""
        return self._condition(condition, True, of)

    def false(self, condition: Condition, of: int = 0) -> Term:
        """It is false."""
        return self._condition(condition, False, of)

    def unknown(self, condition: Condition, of: int = 0) -> Term:
        """It is neither."""
        return self._condition(condition, None, of)

    def _condition(self, condition: Condition, wanted: bool | None, of: int) -> Term:
        entry = bound(condition, tool=self.tool, agent=self.policies[of].agent), of
        if entry not in self._conditions:
            self._conditions.append(entry)
            if self._reading is not None and not self._reading.knows(entry[0], of):
                self._reading = None  # its lists may have too few items for one more condition
        return _Condition(self._conditions.index(entry), wanted, of)

    def solve(self, *terms: Term) -> Answer:
        """Is there a call for which all of these hold?"""
        from govern.conditions.smt.patterns import Outside
        from govern.conditions.smt.search import Candidate, Nothing, Open, search

        if self._reading is None:
            self._reading = self._read()
        reading = self._reading
        try:
            asked = [self._term(reading, term) for term in terms]
            asked += reading.declared()
        except Outside as error:
            return Undecided(f"not read: {error}")

        def confirmed(args: dict[str, Any], given: dict[str, Any]) -> bool:
            return self.holds(Call(self.tool, args, given), *terms)

        match search(reading.inputs, asked, confirmed, self.timeout_ms):
            case Candidate(args, given):
                return Found(Call(self.tool, args, given))
            case Nothing():
                return Proven(reading.bounds())
            case Open(why):
                return Undecided(why)

    def holds(self, call: Call, *terms: Term) -> bool:
        """Whether all of these hold of a call, by the per-call engine; never of one that has no canonical form."""
        try:
            check(call.args)
            check(call.given)
        except Malformed:
            return False
        judged = tuple(Judged.of(engine, call.args, call.given, self.tool) for engine in self._engines)
        return all(self._held(term, judged) for term in terms)

    def _held(self, term: Term, judged: tuple[Judged, ...]) -> bool:
        match term:
            case _Both(parts):
                return all(self._held(part, judged) for part in parts)
            case _Either(parts):
                return any(self._held(part, judged) for part in parts)
            case _No(of):
                return not self._held(of, judged)
            case _Verdict(what, said, index):
                return judged[index].says(what, said)
            case _Condition(index, wanted, of_policy):
                return judged[of_policy].truth(self._conditions[index][0], self.zone) is wanted
            case _:
                raise TypeError(f"{term!r} is no term of a question")

    def _read(self) -> Reading:
        from govern.proof.reading import Reading

        return Reading(self.tool, self.policies, self._conditions, self.zone)

    def _term(self, reading: Reading, term: Term) -> Any:
        terms = reading.terms
        match term:
            case _Both(parts):
                return terms.every(self._term(reading, part) for part in parts)
            case _Either(parts):
                return terms.some(self._term(reading, part) for part in parts)
            case _No(of):
                return terms.no(self._term(reading, of))
            case _Verdict("at_least", said, index):
                return reading.verdict(index).at_least(EFFECTS[said])
            case _Verdict("valid", _, index):
                return reading.valid(index)
            case _Verdict(what, said, index):
                return getattr(reading.verdict(index), what)(said)
            case _Condition(index, wanted, of_policy):
                pair = reading.pair(self._conditions[index][0], of_policy)
                if wanted is None:
                    return terms.no(terms.either(pair.true, pair.false))
                return pair.true if wanted else pair.false
            case _:
                raise TypeError(f"{term!r} is no term of a question")
