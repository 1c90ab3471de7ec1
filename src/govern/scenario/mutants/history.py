"""Changes of what depends on what came before: limits, `untrusted`, where facts come from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from govern.charter.model import AfterReading, Charter, Clause, Fact, Limit, ResultOf, Untrusted, Word
from govern.conditions import parse_condition
from govern.findings import Location
from govern.policy.durations import span
from govern.scenario.mutants.change import Change, Kind
from govern.scenario.mutants.conditions import changed, neighbours
from govern.scenario.mutants.places import Places
from govern.scenario.mutants.rules import effects, selections

# A test is one trace of one session: what only a second one shows is not changed.
_SPANS = {"trace": "day", "day": "trace", "forever": "day"}
_OF_A_TEST = frozenset({"agent", "session", "trace"})
_COUNTS = ("proposed", "executed", "succeeded")


def of_limits(charter: Charter, places: Places) -> Iterator[Change]:
    """Every change of every limit."""
    for index, limit in enumerate(charter.limits):
        of, inside = f"limit/{limit.id}", f"in limit `{limit.id}`"

        def put(*made: Limit, index: int = index) -> Charter:
            return replace(charter, limits=(*charter.limits[:index], *made, *charter.limits[index + 1 :]))

        yield Change(Kind.DROPPED, of, limit.at, f"limit `{limit.id}` was dropped", put())
        for kind, at, words, made in _of_limit(limit, places):
            yield Change(kind, of, at, f"{words} {inside}", put(made))
        for effect, words in effects(charter, limit.effect):
            yield Change(Kind.EFFECT, of, limit.effect.at, f"{words} {inside}", put(replace(limit, effect=effect)))
        for select, at, words in selections(limit.select, limit.at, places):
            yield Change(Kind.SELECTION, of, at, f"{words} {inside}", put(replace(limit, select=select)))


def _of_limit(limit: Limit, places: Places) -> Iterator[tuple[Kind, Location, str, Limit]]:
    at = places.value(limit.at, "max")
    for text in neighbours(str(limit.max)):
        to = float(text) if "." in text else int(text)
        if to >= 0:
            yield Kind.MAXIMUM, at, f"`max: {limit.max}` became `{to}`", replace(limit, max=to)
    at = places.value(limit.at, "within")
    if limit.within_s is not None:
        for seconds in (limit.within_s * 2, limit.within_s // 2):
            if seconds > 0:
                words = f"`within: {span(limit.within_s)}` became `{span(seconds)}`"
                yield Kind.WINDOW, at, words, replace(limit, within_s=seconds)
    elif limit.span is not None:
        to_span = _SPANS[limit.span]
        yield Kind.WINDOW, at, f"`within: {limit.span}` became `{to_span}`", replace(limit, span=to_span)
    at = places.value(limit.at, "counts")
    for counts in _COUNTS:
        if counts != limit.counts and not (counts == "proposed" and limit.sum is not None):
            yield Kind.COUNTS, at, f"`counts: {limit.counts}` became `{counts}`", replace(limit, counts=counts)
    for word in limit.for_each:
        if word.name in _OF_A_TEST:
            continue
        rest = tuple(each for each in limit.for_each if each is not word)
        yield Kind.KEYS, word.at, f"`{word}` was dropped from `for_each`", replace(limit, for_each=rest)


def of_untrusted(charter: Charter, places: Places) -> Iterator[Change]:
    """Every change of whose output is trusted, and of what reading any other costs."""
    untrusted = charter.untrusted
    if untrusted is None:
        return

    def put(made: Untrusted) -> Charter:
        return replace(charter, untrusted=made)

    for word in untrusted.trusted:
        rest = tuple(each for each in untrusted.trusted if each is not word)
        words = f"`{word}` was dropped from `trusted`"
        yield Change(Kind.TRUSTED, "untrusted", word.at, words, put(replace(untrusted, trusted=rest)))
    at = places.key(untrusted.at, "trusted")
    for name in charter.tools:
        if name not in {word.name for word in untrusted.trusted}:
            more = (*untrusted.trusted, Word(name, at))
            words = f"`{name}` was added to `trusted`"
            yield Change(Kind.TRUSTED, "untrusted", at, words, put(replace(untrusted, trusted=more)))
    for index, after in enumerate(untrusted.after_reading):
        name = after.id.name if after.id else f"after_reading:{index + 1}"

        def inside(*made: AfterReading, index: int = index) -> Charter:
            every = untrusted.after_reading
            return put(replace(untrusted, after_reading=(*every[:index], *made, *every[index + 1 :])))

        of = f"after_reading/{name}"
        yield Change(Kind.DROPPED, of, after.at, f"`{name}` was dropped", inside())
        if after.unless is not None:
            always = Clause(parse_condition("true", charter.scope), after.unless.at, after.unless.source, None)
            words = f"`unless` of `{name}`"
            yield Change(Kind.WAIVER, of, after.unless.at, f"{words} was dropped", inside(replace(after, unless=None)))
            yield Change(
                Kind.WAIVER, of, after.unless.at, f"{words} became always true", inside(replace(after, unless=always))
            )
            for edit, clause in changed(after.unless, charter.scope):
                at = after.unless.place(*edit.shown)
                yield Change(edit.kind, of, at, f"{edit.words} in {words}", inside(replace(after, unless=clause)))
        for effect, words in effects(charter, after.effect):
            yield Change(
                Kind.EFFECT, of, after.effect.at, f"{words} in `{name}`", inside(replace(after, effect=effect))
            )
        for select, at, words in selections(after.select, after.at, places):
            yield Change(Kind.SELECTION, of, at, f"{words} in `{name}`", inside(replace(after, select=select)))


def of_facts(charter: Charter, places: Places) -> Iterator[Change]:
    """Every change of where a fact comes from. What the host asserts is asserted whatever the charter says."""
    for name, fact in charter.facts.items():
        if fact.source is None:
            continue
        for at, words, made in _of_fact(fact, fact.source, places):
            whole = replace(charter, facts={**charter.facts, name: made})
            yield Change(Kind.SOURCE, f"fact/{name}", at, f"{words} in fact `{name}`", whole)


def _of_fact(fact: Fact, source: ResultOf, places: Places) -> Iterator[tuple[Location, str, Fact]]:
    was, to = ("first", "latest") if fact.first else ("latest", "first")
    yield places.value(fact.at, "take"), f"`take: {was}` became `{to}`", replace(fact, first=not fact.first)
    if len(source.tools) > 1:
        for word in source.tools:
            rest = tuple(each for each in source.tools if each is not word)
            made = replace(fact, source=replace(source, tools=rest))
            yield word.at, f"`{word}` was dropped from `result_of`", made
    for left, right in source.where:
        kept = tuple(each for each in source.where if each != (left, right))
        yield left.at, f"`{left}: {right}` was dropped from `where`", replace(fact, source=replace(source, where=kept))
