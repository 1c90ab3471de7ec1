"""Terms of the solver (z3), made in one place: truth with its constants folded, texts, languages, numbers.

Python's True and False stand for the constant terms, so that what is known before any call never reaches the solver.
Terms are typed `Any`: z3's package has no types.

z3 knows code points up to 0x2FFFF, Unicode has them up to 0x10FFFF. Nothing here tells two characters from 0x20000 on
apart (`Outside` where a literal or class would), and z3 has 65,536 of them in their order: so every text of a call has
its like in z3, and what is proven of z3's texts is proven of all.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterable
from fractions import Fraction
from typing import Any, Final

import z3

from govern.conditions.smt import regular
from govern.conditions.smt.patterns import Outside
from govern.conditions.smt.regular import Alt, Both, Cat, Chars, Not, Regular, Repeat, Written

Bool = Any
"""True, False, or a term of truth."""
_ALIKE: Final = 0x20000
_LAST: Final = 0x2FFFF


class Terms:
    """Makes terms in a context of its own, so that questions share nothing."""

    def __init__(self) -> None:
        self.ctx = z3.Context()
        self._ref = self.ctx.ref()
        self._texts: dict[str, Any] = {}
        self._languages: dict[Regular, Any] = {}
        self._number = 0
        self._string = z3.StringSort(self.ctx)
        self._of_languages = z3.ReSort(self._string)
        self._functions: dict[str, Any] = {}
        self._predicates: dict[Regular, str] = {}

    # -- truth --

    def every(self, parts: Iterable[Bool]) -> Bool:
        kept = []
        for part in parts:
            if part is False:
                return False
            if part is not True:
                kept.append(part)
        return self._junction(kept, z3.Z3_mk_and, True)

    def some(self, parts: Iterable[Bool]) -> Bool:
        kept = []
        for part in parts:
            if part is True:
                return True
            if part is not False:
                kept.append(part)
        return self._junction(kept, z3.Z3_mk_or, False)

    def _junction(self, parts: list[Any], make: Any, empty: bool) -> Bool:
        if len(parts) < 2:
            return parts[0] if parts else empty
        array = (z3.Ast * len(parts))(*[part.ast for part in parts])
        return z3.BoolRef(make(self._ref, len(parts), array), self.ctx)

    def both(self, *parts: Bool) -> Bool:
        return self.every(parts)

    def either(self, *parts: Bool) -> Bool:
        return self.some(parts)

    def no(self, part: Bool) -> Bool:
        if part is True or part is False:
            return not part
        return z3.BoolRef(z3.Z3_mk_not(self._ref, part.ast), self.ctx)

    def implies(self, one: Bool, two: Bool) -> Bool:
        return self.either(self.no(one), two)

    def same(self, one: Bool, two: Bool) -> Bool:
        if isinstance(one, bool):
            return two if one else self.no(two)
        if isinstance(two, bool):
            return one if two else self.no(one)
        return one == two

    def choice(self, test: Bool, then: Bool, other: Bool) -> Bool:
        if test is True or test is False:
            return then if test else other
        if then is other:
            return then
        return self.either(self.both(test, then), self.both(self.no(test), other))

    def pick(self, test: Bool, then: Any, other: Any) -> Any:
        """A number or a text by a test."""
        if test is True or test is False:
            return then if test else other
        return then if then is other else z3.If(test, then, other, ctx=self.ctx)

    def term(self, part: Bool) -> Any:
        return z3.BoolVal(part, self.ctx) if isinstance(part, bool) else part

    # -- what may be anything --

    def _name(self, name: str) -> str:
        self._number += 1
        return f"{name}!{self._number}"

    def truth(self, name: str) -> Any:
        return z3.Bool(self._name(name), self.ctx)

    def real(self, name: str) -> Any:
        return z3.Real(self._name(name), self.ctx)

    def whole(self, name: str) -> Any:
        return z3.Int(self._name(name), self.ctx)

    def string(self, name: str) -> Any:
        return z3.String(self._name(name), self.ctx)

    def apply(self, name: str, argument: Any, result: str) -> Any:
        """A function that the solver knows nothing of but that it is one.

        Args:
            argument: a text or a number.
            result: `text`, `int` or `bool`.
        """
        if name not in self._functions:
            sort = {"text": self._string, "int": z3.IntSort(self.ctx), "bool": z3.BoolSort(self.ctx)}[result]
            self._functions[name] = z3.Function(name, argument.sort(), sort)
        return self._functions[name](argument)

    def predicate(self, of: Regular, text: Any) -> Any:
        """A language as a function that the solver knows nothing of (`texts` tells it)."""
        if of not in self._predicates:
            self._predicates[of] = f"in!{len(self._predicates)}"
        return self.apply(self._predicates[of], text, "bool")

    def before(self, one: Any, two: Any) -> Any:
        """Whether a text comes before another, as a function that the solver knows nothing of (`texts` tells it)."""
        if "before" not in self._functions:
            self._functions["before"] = z3.Function("before", self._string, self._string, z3.BoolSort(self.ctx))
        return self._functions["before"](one, two)

    # -- numbers --

    def number(self, value: float | Fraction) -> Any:
        """An exact number: of a double what its shortest form says."""
        exact = Fraction(repr(value)) if isinstance(value, float) else Fraction(value)
        return z3.RealVal(f"{exact.numerator}/{exact.denominator}" if exact.denominator > 1 else str(exact), self.ctx)

    def integer(self, value: int) -> Any:
        return z3.IntVal(value, self.ctx)

    def real_of(self, whole: Any) -> Any:
        return z3.ToReal(whole)

    def is_whole(self, number: Any) -> Bool:
        return z3.IsInt(number)

    def total(self, parts: list[Any]) -> Any:
        return z3.Sum(parts) if parts else self.integer(0)

    # -- texts --

    def text(self, value: str) -> Any:
        """A literal.

        Raises:
            Outside: a character that the solver does not tell from others.
        """
        if value not in self._texts:
            if any(ord(char) >= _ALIKE for char in value):
                raise Outside("a character beyond U+1FFFF")
            points = (ctypes.c_uint * len(value))(*map(ord, value))
            self._texts[value] = z3.SeqRef(z3.Z3_mk_u32string(self._ref, len(value), points), self.ctx)
        return self._texts[value]

    @property
    def literals(self) -> frozenset[str]:
        """All that were made."""
        return frozenset(self._texts)

    def length(self, text: Any) -> Any:
        return z3.Length(text)

    def starts(self, text: Any, part: Any) -> Bool:
        return z3.PrefixOf(part, text)

    def ends(self, text: Any, part: Any) -> Bool:
        return z3.SuffixOf(part, text)

    def contains(self, text: Any, part: Any) -> Bool:
        return z3.Contains(text, part)

    def among(self, text: Any, language: Regular) -> Bool:
        """Whether a text is in a language, by the solver's own reading.

        Raises:
            Outside: as of `text`.
        """
        return z3.InRe(text, self.language(language))

    def language(self, language: Regular) -> Any:
        found = self._languages.get(language)
        if found is None:
            found = self._languages[language] = self._language(language)
        return found

    def _language(self, language: Regular) -> Any:
        match language:
            case Written(text):
                return z3.Re(self.text(text), self.ctx)
            case Cat(()):
                return z3.Re(self.text(""), self.ctx)
            case Alt(()):
                return z3.Empty(self._of_languages)
            case regular.ALL:
                return z3.Full(self._of_languages)
            case regular.ANY_CHAR:
                return z3.AllChar(self._of_languages, self.ctx)
            case Chars(ranges):
                return self._union([self._range(low, high) for low, high in ranges if not _cut(low, high)])
            case Cat(parts):
                return self._joined(parts, z3.Concat)
            case Alt(parts):
                return self._union([self.language(part) for part in parts])
            case Both(parts):
                return self._joined(parts, z3.Intersect)
            case Not(of):
                return z3.Complement(self.language(of))
            case Repeat(of, 0, None):
                return z3.Star(self.language(of))
            case Repeat(of, 1, None):
                return z3.Plus(self.language(of))
            case Repeat(of, 0, 1):
                return z3.Option(self.language(of))
            case Repeat(of, low, None):
                return z3.Concat(z3.Loop(self.language(of), low, low), z3.Star(self.language(of)))
            case Repeat(of, low, high):
                return z3.Loop(self.language(of), low, high)

    def _joined(self, parts: tuple[Regular, ...], join: Any) -> Any:
        made = [self.language(part) for part in parts]
        return join(*made) if len(made) > 1 else made[0]

    def _union(self, parts: list[Any]) -> Any:
        return z3.Union(*parts) if len(parts) > 1 else parts[0] if parts else z3.Empty(self._of_languages)

    def _range(self, low: int, high: int) -> Any:
        return z3.Range(self._char(low), self._char(min(high, _LAST)), self.ctx)

    def _char(self, point: int) -> Any:
        points = (ctypes.c_uint * 1)(point)
        return z3.SeqRef(z3.Z3_mk_u32string(self._ref, 1, points), self.ctx)

    def text_of(self, value: Any) -> str:
        """A literal of the solver as text."""
        length = z3.Z3_get_string_length(self._ref, value.ast)
        points = (ctypes.c_uint * length)()
        z3.Z3_get_string_contents(self._ref, value.ast, length, points)
        return "".join(map(chr, points))


def _cut(low: int, high: int) -> bool:
    """Whether a range has no character for the solver.

    Raises:
        Outside: it has some of the characters that the solver does not tell apart, not all.
    """
    if high >= _ALIKE and not (low <= _ALIKE and high == regular.LAST):
        raise Outside("a class of characters beyond U+1FFFF")
    return False
