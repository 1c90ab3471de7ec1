"""Times in a solver's question: what text says a point in time, and local time.

A text's point in time is a function that the solver knows nothing of beyond the text's form; what it gives for one
text is looked up when a model needs it. Local time is arithmetic on nanoseconds, exact but for the zone's offset, which
is one of those the zone has; between which changes it is which, is told when a model gets it wrong.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from govern.conditions.smt import languages, regular
from govern.conditions.smt.patterns import fully
from govern.conditions.smt.regular import Regular, accepts
from govern.conditions.smt.terms import Bool, Terms
from govern.conditions.smt.texts import Place, Root, Text, Texts, Words
from govern.conditions.smt.values import Number, Value, Written
from govern.conditions.steps import moment
from govern.conditions.times import DAY_NS, EPOCH_DAY, INT64_MAX, INT64_MIN, NS, WEEKDAYS, is_date, timestamp_ns
from govern.conditions.zones import END_S, offsets

_HOUR_NS: Final = 3600 * NS
_FEW: Final = 4
_DATE: Final = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_THURSDAY: Final = 3  # 1970-01-01, counted from monday


@dataclass(slots=True, eq=False)
class Day(Text):
    """A date as text; what is asked of it by its letters is looked up.

    Args:
        day: since 1970, the solver's.
        root: the text.
    """

    terms: Terms
    texts: Texts
    day: Any
    root: Root

    def among(self, language: Regular) -> Bool:
        if isinstance(language, regular.Written) and (day := day_of(language.text)) is not None:
            return self.day == day
        return self.texts.among(self.root, language)

    def term(self) -> Any:
        self.root.compared = True
        return self.root.term

    def cross(self) -> Any:
        self.root.crossed = True
        return self.term()

    @property
    def place(self) -> Root | None:
        return self.root


@dataclass(frozen=True, slots=True)
class _Local:
    """A point in time in a zone."""

    ns: Any
    zone: str
    offset: Any
    day: Any
    hour: Any


class Clocks:
    """All times of one question."""

    def __init__(self, terms: Terms, texts: Texts, facts: list[Bool]) -> None:
        self.terms = terms
        self.texts = texts
        self.facts = facts
        self._moments: dict[int, tuple[Text, Any, Any]] = {}
        self._local: dict[tuple[int, str], _Local] = {}
        self._days: dict[int, Day] = {}
        self._told: set[tuple[str, int, int]] = set()

    def moment(self, text: Text) -> tuple[Bool, Any]:
        """Whether a text says a point in time, and its nanoseconds since 1970."""
        terms = self.terms
        if text.literal is not None:
            ns = timestamp_ns(text.literal)
            return ns is not None, terms.integer(ns or 0)
        term = text.term()
        if term.get_id() not in self._moments:
            known = terms.both(text.among(languages.moment()), terms.apply("is a moment", term, "bool"))
            ns = terms.apply("moment", term, "int")
            self.facts += [ns >= INT64_MIN, ns <= INT64_MAX]
            self._moments[term.get_id()] = text, known, ns
        _, known, ns = self._moments[term.get_id()]
        return known, ns

    def local(self, fn: str, known: Bool, ns: Any, zone: str) -> Value:
        """`date`, `hour` or `weekday` of a point in time."""
        terms = self.terms
        there = terms.every((known, ns >= 0, ns < END_S * NS))
        at = self._at(ns, zone)
        if fn == "hour":
            return Number(terms, there, terms.real_of(at.hour))
        if fn == "date":
            return Written(terms, there, self._day(at))
        week, rest = terms.whole("week"), terms.whole("weekday")
        self.facts += [at.day + _THURSDAY == week * 7 + rest, rest >= 0, rest < 7]
        return Written(terms, there, Words(terms, tuple((rest == index, word) for index, word in enumerate(WEEKDAYS))))

    def _at(self, ns: Any, zone: str) -> _Local:
        key = ns.get_id(), zone
        if key not in self._local:
            terms = self.terms
            made = _Local(ns, zone, terms.whole("offset"), terms.whole("day"), terms.whole("hour"))
            rest = terms.whole("rest")
            starts, values = offsets(zone)
            self.facts += [
                terms.some(made.offset == value for value in sorted(set(values))),
                ns + made.offset * NS == made.day * DAY_NS + made.hour * _HOUR_NS + rest,
                made.hour >= 0, made.hour < 24, rest >= 0, rest < _HOUR_NS,
            ]  # fmt: skip
            if len(starts) <= _FEW:
                self.facts += [self._stretch(made, index) for index in range(len(starts))]
            self._local[key] = made
        return self._local[key]

    def _stretch(self, at: _Local, index: int) -> Bool:
        """What the offset is between two changes."""
        starts, values = offsets(at.zone)
        end = starts[index + 1] if index + 1 < len(starts) else END_S
        terms = self.terms
        inside = terms.both(at.ns >= starts[index] * NS, at.ns < end * NS)
        return terms.implies(inside, at.offset == values[index])

    def _day(self, at: _Local) -> Day:
        key = at.day.get_id()
        if key not in self._days:
            root = Root(self.terms.apply("date", at.day, "text"))
            self.texts.roots.append(root)
            self.facts.append(self.texts.among(root, fully(_DATE)))
            self._days[key] = Day(self.terms, self.texts, at.day, root)
        return self._days[key]

    # -- looking up --

    def hints(self, model: Any) -> dict[int, str]:
        """By `id` of a root, the text that says the point in time, or the day, that a model has for it."""
        found: dict[int, str] = {}
        for text, _, ns in self._moments.values():
            if isinstance(text, Place):
                value = moment(int(model.eval(ns, model_completion=True).as_long()))
                if accepts(languages.moment(), value):
                    found[id(text.root)] = value
        for day in self._days.values():
            number = int(model.eval(day.day, model_completion=True).as_long()) + EPOCH_DAY
            if 0 < number <= date.max.toordinal():
                found[id(day.root)] = date.fromordinal(number).isoformat()
        return found

    def lemmas(self, model: Any, values: dict[int, str]) -> list[Bool]:
        """What a model gets wrong.

        Args:
            values: of texts, by `id` of their roots.
        """
        terms, made = self.terms, list[Bool]()
        for text, _, _ns in self._moments.values():
            said = {terms.text_of(model.eval(text.term(), model_completion=True))}
            if isinstance(text, Place):
                said.add(values[id(text.root)])
            for value in sorted(said):
                if ("moment", hash(value), 0) in self._told:
                    continue
                self._told.add(("moment", hash(value), 0))
                found, literal = timestamp_ns(value), terms.text(value)
                made.append(terms.same(terms.apply("is a moment", literal, "bool"), found is not None))
                if found is not None:
                    made.append(terms.apply("moment", literal, "int") == found)
        for at in self._local.values():
            second = int(model.eval(at.ns, model_completion=True).as_long()) // NS
            if not 0 <= second < END_S:
                continue
            index = bisect_right(offsets(at.zone)[0], second) - 1
            told = (at.zone, at.ns.get_id(), index)
            if told not in self._told:
                self._told.add(told)
                made.append(self._stretch(at, index))
        for day in self._days.values():
            number = int(model.eval(day.day, model_completion=True).as_long())
            if 0 <= number + EPOCH_DAY - 1 < date.max.toordinal() and ("day", number, 0) not in self._told:
                self._told.add(("day", number, 0))
                written = date.fromordinal(number + EPOCH_DAY).isoformat()
                made.append(terms.apply("date", terms.integer(number), "text") == terms.text(written))
        return made


def day_of(text: str) -> int | None:
    """The days since 1970 of a date's text."""
    return date.fromisoformat(text).toordinal() - EPOCH_DAY if is_date(text) else None
