"""Texts as a solver's question has them: what is asked of each, and values that answer it.

The solver is given equality of texts, and for every language that a text is asked about a truth value of its own.
Whether one text can have all of these truth values is worked out here, on regular languages (`regular.witness`), and
what cannot be is told to the solver as a lemma: the parts that contradict each other. So patterns, addresses and paths
never reach the solver's own string theory, except beside what only that can do: order, containment and length of two
texts that are both the call's.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import permutations
from typing import Any, Final

import z3

from govern.conditions.smt import regular
from govern.conditions.smt.languages import applied, given
from govern.conditions.smt.patterns import Outside
from govern.conditions.smt.regular import (
    ALL,
    EMPTY,
    NONE,
    Alt,
    Both,
    Not,
    Regular,
    TooLarge,
    Written,
    accepts,
    before,
    both,
    negation,
    witness,
    written,
)
from govern.conditions.smt.terms import Bool, Terms

_TRIES: Final = 6
"""So many texts are looked up for one property; then those are tried that are like one."""
_CHAINED: Final = 7
_FEW: Final = 12
"""Of a language with so many texts all are told to the solver."""


@dataclass(frozen=True, slots=True)
class Lookup:
    """A property of texts that is no language here, and is looked up text by text.

    Args:
        name: of the property, the same for all texts.
        holds: whether a text has it.
        like: texts that have it, to try first.
    """

    name: str
    holds: Callable[[str], bool]
    like: Regular = ALL


@dataclass(slots=True, eq=False)
class Root:
    """A text that has no other form: an argument, a key, the result of a function.

    Args:
        term: the solver's.
        asked: the languages it is asked about, with the solver's truth values.
        literals: the texts it is compared with.
        compared: whether it may have to be equal to another text.
        crossed: whether the solver's own theory says something else about it.
        made: the function and the text that it is the result of.
        looked: what is looked up of it, with the solver's truth values.
    """

    term: Any
    asked: dict[Regular, Any] = field(default_factory=dict)
    literals: dict[str, Any] = field(default_factory=dict)
    compared: bool = False
    crossed: bool = False
    made: tuple[str, Root] | None = None
    looked: list[tuple[Lookup, Any]] = field(default_factory=list)


@dataclass(frozen=True, slots=True, eq=False)
class _Class:
    """Texts that are equal in a model, to a value of the solver's choice."""

    value: str
    members: list[Root]


class Texts:
    """All texts of one question."""

    def __init__(self, terms: Terms) -> None:
        self.terms = terms
        self.roots: list[Root] = []
        self._made: dict[tuple[str, int], Root] = {}
        self._looked: set[tuple[str, str]] = set()
        self._told: set[tuple[str, str]] = set()
        self.likely: list[Bool] = []
        self.ordered: list[tuple[Root, Root]] = []
        self.facts: list[Bool] = []

    def root(self, name: str) -> Root:
        found = Root(self.terms.string(name))
        self.roots.append(found)
        return found

    def result(self, fn: str, of: Root) -> Root:
        """The result of a function of a text, where it has one."""
        key = fn, id(of)
        if key not in self._made:
            found = Root(self.terms.apply(fn, of.term, "text"), made=(fn, of))
            self.roots.append(found)
            self._made[key] = found
        return self._made[key]

    def is_(self, root: Root, text: str) -> Bool:
        if text not in root.literals:
            root.literals[text] = root.term == self.terms.text(text)
        return root.literals[text]

    def among(self, root: Root, language: Regular) -> Bool:
        """Whether a text is in a language."""
        match language:
            case Written(text):
                return self.is_(root, text)
            case Not(of):
                return self.terms.no(self.among(root, of))
            case Both(parts):
                return self.terms.every(self.among(root, part) for part in parts)
            case Alt(parts) if all(isinstance(part, Written) or part is EMPTY for part in parts):
                return self.terms.some(self.among(root, part) for part in parts)
            case _:
                if language is ALL or language is NONE:
                    return language is ALL
                if language is EMPTY:
                    return self.is_(root, "")
                if language not in root.asked:
                    root.asked[language] = self.terms.predicate(language, root.term)
                return root.asked[language]

    def look(self, root: Root, lookup: Lookup) -> Bool:
        """Whether a text has a property."""
        for known, truth in root.looked:
            if known.name == lookup.name:
                return truth
        truth = self.terms.apply(lookup.name, root.term, "bool")
        root.looked.append((lookup, truth))
        self.likely.append(self.terms.same(truth, self.among(root, lookup.like)))
        return truth

    def before(self, one: Root, two: Root) -> Bool:
        """Whether a text comes before another by code points."""
        terms = self.terms
        one.compared = two.compared = True
        if not any(pair == (one, two) for pair in self.ordered):
            self._chain(one, two)
            self.ordered += [(one, two), (two, one)]
            less, more, same = terms.before(one.term, two.term), terms.before(two.term, one.term), one.term == two.term
            self.facts += [terms.some((less, more, same)), terms.no(terms.both(less, more))]
            self.facts += [terms.no(terms.both(less, same)), terms.no(terms.both(more, same))]
        return terms.before(one.term, two.term)

    def _chain(self, *new: Root) -> None:
        """That what comes before what comes before a text comes before it; of many texts it is looked up instead."""
        known = list(dict.fromkeys(root for pair in self.ordered for root in pair))
        for root in new:
            if root in known or len(known) >= _CHAINED:
                continue
            known.append(root)
            for a, b, c in permutations(known, 3):
                if root in (a, b, c):
                    less = [self.terms.before(x.term, y.term) for x, y in ((a, b), (b, c), (a, c))]
                    self.facts.append(self.terms.implies(self.terms.both(less[0], less[1]), less[2]))

    def order(self) -> list[Bool]:
        """The order in the solver's own reading, for where looking up does not end."""
        for one, two in self.ordered:
            one.crossed = two.crossed = True
        return [self.terms.same(self.terms.before(a.term, b.term), a.term < b.term) for a, b in self.ordered]

    # -- answers --

    def links(self) -> Iterator[Bool]:
        """What holds of all texts, as far as it is not looked up: results of functions, literals."""
        terms = self.terms
        for root in self.roots:
            if root.made is not None:
                fn, of = root.made
                for text, same in list(root.literals.items()):
                    yield terms.implies(
                        self.among(of, given(fn, ALL)), terms.same(same, self.among(of, given(fn, written(text))))
                    )
                for language, truth in list(root.asked.items()):
                    yield terms.implies(
                        self.among(of, given(fn, ALL)), terms.same(truth, self.among(of, given(fn, language)))
                    )
        for root in self.roots:
            for language in root.asked:
                for text in root.literals:
                    yield self._pin(language, text)

    def _pin(self, language: Regular, text: str) -> Bool:
        return self.terms.same(self.terms.predicate(language, self.terms.text(text)), accepts(language, text))

    def values(self, model: Any, hints: dict[int, str]) -> tuple[dict[int, str], list[Bool]]:
        """Values for all texts by what a model says of them.

        Args:
            hints: values to be taken where they will do, by `id` of the root.

        Returns:
            The values by `id` of the root, and lemmas where there are none; only one of them is of use.

        Raises:
            TooLarge: a text is asked too much to be told.
        """
        classes: dict[str | int, _Class] = {}
        for root in self.roots:
            value = self.terms.text_of(model.eval(root.term, model_completion=True))
            key: str | int = value if root.compared else id(root)
            classes.setdefault(key, _Class(value, [])).members.append(root)
        lemmas: list[Bool] = []
        values: dict[int, str] = {}
        # Results before what they are made of: the text is then looked for among those that give the result.
        for each in sorted(classes.values(), key=lambda each: -max(map(self.roots.index, each.members))):
            found = self._chosen(model, each, values, hints)
            if isinstance(found, str):
                values.update({id(root): found for root in each.members})
            else:
                lemmas += found
        return values, lemmas

    def _chosen(self, model: Any, of: _Class, values: dict[int, str], hints: dict[int, str]) -> str | list[Bool]:
        """A value for texts that are equal in a model, or lemmas."""
        signs = self._signs(model, of.members)
        compared = any(root.compared for root in of.members)
        known = self.terms.literals if compared else frozenset(text for root in of.members for text in root.literals)
        if of.value in known or any(root.crossed for root in of.members):
            wrong = [language for language, (_, sign) in signs.items() if accepts(language, of.value) is not sign]
            if not wrong:
                return of.value
            if of.value in known:
                return [self._pin(language, of.value) for language in wrong]
            return self._lemma(signs, of.members[0], crossed=True)
        taken = known | set(values.values()) if compared else known
        for root in of.members:
            hint = hints.get(id(root))
            if hint is not None and hint not in taken and _fits(signs, hint):
                return hint
        whole = [language if sign else negation(language) for language, (_, sign) in signs.items()]
        whole += [negation(written(text)) for text in taken]
        found = None
        if wishes := self._wishes(model, of, values):
            found = witness(both(*whole, *wishes))
        found = found if found is not None else witness(both(*whole))
        return found if found is not None else self._lemma(signs, of.members[0], crossed=False)

    def _wishes(self, model: Any, of: _Class, values: dict[int, str]) -> list[Regular]:
        """Languages of texts that give the chosen results, and are like those with the property that is wanted."""
        made = [
            given(root.made[0], written(values[id(root)]))
            for root in self.roots
            if root.made is not None and root.made[1] in of.members and id(root) in values
        ]
        for one, two in self.ordered:
            if one in of.members and id(two) in values:
                less = _holds(model, self.terms.before(one.term, two.term))
                made.append(
                    before(values[id(two)], equal=False) if less else negation(before(values[id(two)], equal=True))
                )
        return [*made, *(look.like for root in of.members for look, truth in root.looked if _holds(model, truth))]

    def lemmas(self, values: dict[int, str]) -> list[Bool]:
        """What functions give of the chosen values, where it is another text.

        Args:
            values: as `values` gave them.
        """
        terms, made = self.terms, list[Bool]()
        for root in self.roots:
            for lookup, _ in root.looked:
                key = lookup.name, values[id(root)]
                if key not in self._looked and sum(name == lookup.name for name, _ in self._looked) < _TRIES:
                    self._looked.add(key)
                    said = terms.apply(lookup.name, terms.text(key[1]), "bool")
                    made.append(terms.same(said, lookup.holds(key[1])))
            if root.made is not None:
                fn, of = root.made
                value = values[id(of)]
                found = applied(fn, value)
                if found is not None and found != values[id(root)]:
                    made.append(terms.apply(fn, terms.text(value), "text") == terms.text(found))
        for one, two in self.ordered:
            first, second = values[id(one)], values[id(two)]
            if (first, second) not in self._told and len(self._told) < _TRIES**2:
                self._told.add((first, second))
                made.append(terms.same(terms.before(terms.text(first), terms.text(second)), first < second))
        return made

    def _signs(self, model: Any, members: list[Root]) -> dict[Regular, tuple[Any, bool]]:
        signs: dict[Regular, tuple[Any, bool]] = {}
        for root in members:
            for language, truth in root.asked.items():
                signs[language] = truth, _holds(model, truth)
        return signs

    def _lemma(self, signs: dict[Regular, tuple[Any, bool]], root: Root, *, crossed: bool) -> list[Bool]:
        """Why no text has these truth values, or which few have. Of one text, whatever else is equal to it: a lemma
        is told for ever."""
        terms = self.terms
        parts = [
            (language if sign else negation(language), terms.predicate(language, root.term), sign)
            for language, (_, sign) in signs.items()
        ]
        whole = both(*(part for part, _, _ in parts))
        if witness(whole) is None:
            kept = list(parts)
            for part in parts:  # only what contradicts each other
                fewer = [other for other in kept if other is not part]
                if witness(both(*(other for other, _, _ in fewer))) is None:
                    kept = fewer
            return [terms.some(terms.no(truth) if sign else truth for _, truth, sign in kept)]
        against = [terms.no(truth) if sign else truth for _, truth, sign in parts]
        few: list[str] = []
        while (
            len(few) <= _FEW
            and (another := witness(both(whole, *(negation(written(text)) for text in few)))) is not None
        ):
            few.append(another)
        if len(few) <= _FEW:
            return [terms.some([*against, *(self.is_(root, text) for text in few)])]
        if not crossed:
            raise TooLarge
        return [terms.some([*against, terms.among(root.term, whole)])]


def _fits(signs: dict[Regular, tuple[Any, bool]], text: str) -> bool:
    return all(accepts(language, text) is sign for language, (_, sign) in signs.items())


def _holds(model: Any, truth: Any) -> bool:
    return bool(z3.is_true(model.eval(truth, model_completion=True)))


class Text(ABC):
    """A text, as conditions ask about one."""

    @abstractmethod
    def among(self, language: Regular) -> Bool:
        """Whether it is in a language."""

    @abstractmethod
    def term(self) -> Any:
        """The solver's term.

        Raises:
            Outside: it has none.
        """

    def cross(self) -> Any:
        """The same, for what the solver's own theory says."""
        return self.term()

    @property
    def place(self) -> Root | None:
        """What it is, where it has no other form."""
        return None

    def look(self, lookup: Lookup) -> Bool:
        """Whether it has a property that is looked up.

        Raises:
            Outside: it is computed.
        """
        raise Outside("a property of a text that is computed")

    @property
    def literal(self) -> str | None:
        return None


@dataclass(slots=True, eq=False)
class Place(Text):
    """A text of the call."""

    texts: Texts
    root: Root

    def among(self, language: Regular) -> Bool:
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

    def look(self, lookup: Lookup) -> Bool:
        return self.texts.look(self.root, lookup)


@dataclass(slots=True, eq=False)
class Result(Text):
    """The result of a function of a text, of one that the function takes."""

    texts: Texts
    fn: str
    of: Text

    def among(self, language: Regular) -> Bool:
        return self.of.among(given(self.fn, language))

    def _root(self) -> Root:
        match self.of:
            case Place(_, root):
                return self.texts.result(self.fn, root)
            case Result():
                return self.texts.result(self.fn, self.of._root())
            case _:
                raise Outside(f"`{self.fn}` of a text that is computed")

    def term(self) -> Any:
        root = self._root()
        root.compared = True
        return root.term

    def cross(self) -> Any:
        root = self._root()
        root.crossed = root.compared = True
        return root.term


@dataclass(slots=True, eq=False)
class Words(Text):
    """One of a few texts, each where its guard holds; the guards exclude each other."""

    terms: Terms
    words: tuple[tuple[Bool, str], ...]

    def among(self, language: Regular) -> Bool:
        return self.terms.some(guard for guard, word in self.words if accepts(language, word))

    def term(self) -> Any:
        *others, (_, last) = self.words
        made = self.terms.text(last)
        for guard, word in reversed(others):
            made = self.terms.pick(guard, self.terms.text(word), made)
        return made

    def look(self, lookup: Lookup) -> Bool:
        return self.terms.some(guard for guard, word in self.words if lookup.holds(word))

    @property
    def literal(self) -> str | None:
        return self.words[0][1] if len(self.words) == 1 else None


@dataclass(slots=True, eq=False)
class Either(Text):
    """One of two texts."""

    terms: Terms
    test: Bool
    then: Text
    other: Text

    def among(self, language: Regular) -> Bool:
        return self.terms.choice(self.test, self.then.among(language), self.other.among(language))

    def term(self) -> Any:
        return self.terms.pick(self.test, self.then.term(), self.other.term())

    def cross(self) -> Any:
        return self.terms.pick(self.test, self.then.cross(), self.other.cross())

    def look(self, lookup: Lookup) -> Bool:
        return self.terms.choice(self.test, self.then.look(lookup), self.other.look(lookup))


def lengths(low: int, high: int | None) -> Regular:
    """The texts of so many code points."""
    return regular.repeat(regular.ANY_CHAR, low, high)
