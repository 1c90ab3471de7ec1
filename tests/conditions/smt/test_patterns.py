"""Patterns and the functions of texts as regular languages, held to what the other engines run."""

from __future__ import annotations

import random

import pytest
import re2
from tests.conformance.generate import PATTERNS, STRINGS
from tests.conformance.outside import NO_TIMES, TIMES

from govern.conditions.smt import languages, regular
from govern.conditions.smt.patterns import Outside, found_in, fully
from govern.conditions.smt.regular import ANY_CHAR, accepts, both, lowered, negation, repeat, starting, witness
from govern.conditions.times import RFC3339, timestamp_ns
from govern.conditions.values import DEVIOUS, DOTTED, EMAIL, PLAIN_PATH, URL, domain, lexical_path, lower, url_part

MORE = [
    r"\.(exe|sh)$", r"(?is)^\s*select\b", r"(?i)drop\s+table", r"(^a|b)c$", r"^$|x", r"a{2,3}", r"(?i)[a-c]+@", r"\b",
    r"^[^@]+@corp\.com$", r"(a|^b)*c", r"(^|/)\.\.(/|$)", r"a\b", r"\Ba", r"\bok\b|\bx", r"(?:a|ok)\b.x", r"o\Bk",
    r"(?i)\b(drop|truncate)\s+table\b", r"(a\b)? c", r"(?is)^(?:select|with)[[:space:]].*$", r"\Aa\z",
    r"(?i:k)[k]", r".",
    r"(?s).", r"[^\n]a", r"[]a]", r"[a\]-]", r"\x{41}\x42\103", r"\Qa.b\E", r"\pL{2}", r"[[:^alpha:]]$", r"(?i)[^k]",
    r"(?i)ß",
    r"(?U)a+", r"(?i)a(?-i)b", r"(?P<n>a)b", r"a*?b+?", r"[\d_]+$", r"(?i)\w", r"\W\D\S", r"\PL", r"[а-я]+", r"x{0}",
    r"()",
    EMAIL, URL, PLAIN_PATH, DOTTED, DEVIOUS,
]  # fmt: skip
TEXTS = [text for text in STRINGS if len(text) < 100] + [
    "abc", "bc", "ac", "bac", "cb", "aaa", "K", "k\u212a", "drop  table", "DROP TABLE x", "a@corp.com", "x/../y", "..",
    "selec", "select 1", "AB", "aB", "ab", "a.b", "]", "-", "ſ", "ẞ", "ключ", "_", "\ud7ff\ue000", "a\nb c",
]  # fmt: skip


@pytest.mark.parametrize("pattern", [*PATTERNS, *MORE])
def test_patterns(pattern: str) -> None:
    """A pattern is found in a text where RE2 finds it; in the text's lower case too."""
    language = found_in(pattern)
    rng = random.Random(pattern)
    texts = [*TEXTS, *("".join(rng.choices("abckKoxs@./ \n_AB1é", k=rng.randint(0, 7))) for _ in range(150))]
    compiled = re2.compile(pattern)
    for text in texts:
        assert (compiled.search(text) is not None) is accepts(language, text), repr(text)
        assert (compiled.search(lower(text)) is not None) is accepts(lowered(language), text), repr(text)
    for sought in (language, negation(language)):
        example = witness(sought)
        assert example is None or (compiled.search(example) is not None) is (sought is language)


@pytest.mark.parametrize("pattern", [r"(?m)^a$", r"(\ba)*b"])
def test_what_is_not_read(pattern: str) -> None:
    """A pattern that is not read is refused, not misread."""
    with pytest.raises(Outside):
        found_in(pattern)


@pytest.mark.parametrize("fn", ["lower", "domain", "url.host", "url.scheme", "url.path"])
def test_functions(fn: str) -> None:
    """The texts of which a function gives a text of a language are the ones that are said."""
    rng = random.Random(fn)
    mails = ["".join(rng.choices("aA@.-b1", k=rng.randint(3, 9))) for _ in range(200)]
    urls = [f"{s}://{h}{p}" for s in ("http", "HTTPS", "a+b", "1") for h in ("a.b", "A-b", "u@a", "a:80", "-a")
            for p in ("", "/", "/a/B?x#y", "/./x", "/%2e", "#", "?/..", "/a b")]  # fmt: skip
    results = ["", "/", "a", "corp.com", "http", "https", "/a/b", "/a/B", "a.b"]
    asked = [regular.ALL, starting("a"), starting("/a"), negation(starting("h")), *map(regular.written, results)]
    for text in (*TEXTS, *mails, *urls):
        made = lower(text) if fn == "lower" else domain(text) if fn == "domain" else url_part(fn, text)
        for language in asked:
            expected = made is not None and accepts(language, made)
            assert expected is accepts(languages.given(fn, language), text), repr(text)


def test_paths_and_moments() -> None:
    """The forms of paths and of points in time are those of the other engines."""
    for text in TEXTS:
        assert (lexical_path(text) is not None) is accepts(languages.plain_path(), text), repr(text)
    for text in (*TIMES, *NO_TIMES):
        assert accepts(languages.moment(), text) or timestamp_ns(text) is None
        assert (re2.fullmatch(RFC3339, text) is not None) is accepts(languages.moment(), text)


def test_order() -> None:
    """Texts before a text, by code points."""
    for text in TEXTS:
        for other in TEXTS:
            assert (text < other) is accepts(regular.before(other, equal=False), text)
            assert (text <= other) is accepts(regular.before(other, equal=True), text)


@pytest.mark.parametrize(
    ("language", "length"),
    [
        (repeat(ANY_CHAR, 5000, None), 5000), (both(repeat(ANY_CHAR, 5000, None), found_in("^[a-z]+$")), 5000),
        (both(repeat(ANY_CHAR, 5000, None), negation(repeat(ANY_CHAR, 5001, None)), starting("http")), 5000),
        (negation(repeat(ANY_CHAR, 0, None)), None),
        (both(negation(repeat(ANY_CHAR, 3, None)), starting("abcd")), None),
        (both(repeat(ANY_CHAR, 100, None), fully("[a-z]{3,120}")), 100),
        (both(repeat(ANY_CHAR, 200, None), fully("[a-z]{3,120}")), None),
    ],
)  # fmt: skip
def test_lengths(language: regular.Regular, length: int | None) -> None:
    """A text of a length is found without counting to it, and none where there is none."""
    found = witness(language)
    assert length == (None if found is None else len(found))
    assert found is None or accepts(language, found)


def test_no_character_beyond_the_last_cased_has_two_cases() -> None:
    """What the table of lower case leaves out changes nothing."""
    assert [] == [point for point in range(regular.LAST_CASED + 1, 0x110000) if lower(chr(point)) != chr(point)]
