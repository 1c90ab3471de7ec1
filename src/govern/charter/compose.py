"""Composition: a charter with its bases, the stricter of everything.

Limits, rules, `never` and escalations are joined: a verdict is the maximum, so that no order matters. The same
gate in two files gets the larger quorum, the shorter deadlines, the roles that both name. What cannot be made
stricter without a choice (two meanings of a fact, another way of escalation, no role in common) is an error
that names both places.

Leaves out reading files (`load`) and libraries, whose entries are taken while tools are read (`describe`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from govern.charter.facts import same, scope_of
from govern.charter.model import (
    AfterReading,
    Charter,
    Escalate,
    Escalation,
    Fact,
    Fatigue,
    Gate,
    Limit,
    Part,
    Rule,
    Shadow,
    Untrusted,
    Word,
)
from govern.charter.vocabulary import ON_INSTRUCTIONS
from govern.findings import Finding, Location, Severity


class Composition:
    """Joins files; what does not fit together is in `findings`.

    Args:
        own: the file itself.
        bases: every base that it extends, directly or not, each once, the outermost last.
        parts: all files that it is composed of, for the record.
    """

    def __init__(self, own: Charter, bases: Sequence[Charter], parts: tuple[Part, ...]) -> None:
        self.own = own
        self.bases = bases
        self.parts = parts
        self.findings: list[Finding] = []

    def charter(self) -> Charter:
        """The composed charter."""
        own, bases = self.own, self.bases
        if not bases:
            return replace(own, parts=self.parts)
        facts = self.facts()
        return replace(
            own,
            roles=tuple(_first(role for each in (own, *bases) for role in each.roles)),
            gates=self.gates(),
            facts=facts,
            rules=(*own.rules, *(_prefixed(base.agent, rule) for base in bases for rule in base.rules)),
            limits=(*own.limits, *(_limit(base.agent, limit) for base in bases for limit in base.limits)),
            never=(*own.never, *(never for base in bases for never in base.never)),
            untrusted=self.untrusted(),
            escalation=(*own.escalation, *(each for base in bases for each in _named(base))),
            shadow=self.shadow(),
            parts=self.parts,
            scope=scope_of(facts),
        )

    def conflict(self, rule: str, at: Location, message: str, other: Location) -> None:
        self.findings.append(Finding(rule, Severity.ERROR, message, at, f"the other place: {other}"))

    def gates(self) -> dict[str, Gate]:
        found = dict(self.own.gates)
        for base in self.bases:
            for name, gate in base.gates.items():
                found[name] = self.gate(found[name], gate) if name in found else gate
        return found

    def gate(self, one: Gate, other: Gate) -> Gate:
        """The stricter of two definitions of a gate."""
        if one.confirm != other.confirm:
            message = (
                f"the gate `{one.name}` is confirmed by the person served in one file, answered by a role in another"
            )
            self.conflict("conflicting-parts", one.at, message, other.at)
            return one
        common = tuple(role for role in one.roles if role.name in {each.name for each in other.roles})
        if not common and not one.confirm:
            message = f"no role may answer the gate `{one.name}`: the files name none in common"
            self.conflict("conflicting-parts", one.at, message, other.at)
        if [step.gate.name for step in one.steps] != [step.gate.name for step in other.steps]:
            message = f"the gate `{one.name}` asks other gates, or in another order, than in the base"
            self.conflict("conflicting-parts", one.at, message, other.at)
        steps = tuple(  # times that grow in both files grow in their minima too, and stay before the end
            Escalate(min(mine.after_s, theirs.after_s), mine.gate)
            for mine, theirs in zip(one.steps, other.steps, strict=False)
        )
        verdict = max(one.end.verdict, other.end.verdict)
        end = replace(one.end, after_s=min(one.end.after_s, other.end.after_s), verdict=verdict)
        return replace(
            one,
            roles=common,
            quorum=max(one.quorum, other.quorum),
            steps=steps,
            end=end,
            shared=one.shared and other.shared,
            needs_session_user=one.needs_session_user or other.needs_session_user,
            use_within_s=min(one.use_within_s, other.use_within_s),
            fatigue=_fatigue(one.fatigue, other.fatigue),
        )

    def facts(self) -> dict[str, Fact]:
        found = dict(self.own.facts)
        for base in self.bases:
            for name, fact in base.facts.items():
                if name in found and not same(found[name], fact):
                    message = f"the fact `{name}` is declared in two ways"
                    self.conflict("conflicting-parts", found[name].at, message, fact.at)
                found.setdefault(name, fact)
        return found

    def untrusted(self) -> Untrusted | None:
        every = [each.untrusted for each in (self.own, *self.bases) if each.untrusted is not None]
        if not every:
            return None
        after: list[AfterReading] = list(self.own.untrusted.after_reading) if self.own.untrusted else []
        for base in self.bases:
            for each in base.untrusted.after_reading if base.untrusted else ():
                after.append(replace(each, id=_id(base.agent, each.id) if each.id else None))
        trusted = self.own.untrusted.trusted if self.own.untrusted else ()
        strictest = max((each.on_instructions for each in every), key=ON_INSTRUCTIONS.index)
        return Untrusted(trusted, strictest, tuple(after), every[0].at)

    def shadow(self) -> Shadow | None:
        every = [each.shadow for each in (self.own, *self.bases) if each.shadow is not None]
        for other in every[1:]:
            if other.reviewer.name != every[0].reviewer.name:
                message = f"the shadow run is reviewed by `{every[0].reviewer}` here and `{other.reviewer}` in a base"
                self.conflict("conflicting-parts", every[0].at, message, other.at)
        if not every:
            return None
        days, least = max(each.business_days for each in every), max(each.least_calls for each in every)
        return replace(every[0], business_days=days, least_calls=least)


def _first(words: Iterable[Word]) -> Iterable[Word]:
    seen: dict[str, Word] = {}
    for word in words:
        seen.setdefault(word.name, word)
    return seen.values()


def _id(base: str, id: Word) -> Word:
    return Word(f"{base}/{id.name}", id.at)


def _prefixed(base: str, rule: Rule) -> Rule:
    return replace(rule, id=_id(base, rule.id))


def _limit(base: str, limit: Limit) -> Limit:
    return replace(limit, id=_id(base, limit.id))


def _named(base: Charter) -> Iterable[Escalation]:
    """Escalations of a base; one for a rule's id means the base's own rule."""
    after = base.untrusted.after_reading if base.untrusted else ()
    ids = (*(rule.id for rule in base.rules), *(limit.id for limit in base.limits), *(each.id for each in after))
    own = {id.name for id in ids if id is not None}
    for each in base.escalation:
        yield replace(each, event=_id(base.agent, each.event)) if each.event.name in own else each


def _fatigue(one: Fatigue | None, other: Fatigue | None) -> Fatigue | None:
    if one is None or other is None:
        return one or other
    cool = [each for each in (one.cool_down_s, other.cool_down_s) if each is not None]
    return Fatigue(
        _least(one.max_pending, other.max_pending),
        _least(one.per_hour, other.per_hour),
        max(cool) if cool else None,
    )


def _least(*values: int | None) -> int | None:
    known = [value for value in values if value is not None]
    return min(known) if known else None
