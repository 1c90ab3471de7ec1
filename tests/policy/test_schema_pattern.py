"""Patterns of schemas mean what RE2 says, in a validator that has another engine."""

from __future__ import annotations

import jsonschema_rs
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from govern.conditions.literals import pattern_problem
from govern.conditions.values import compiled
from govern.errors import AuthorError
from govern.events.canonical import text_of
from govern.policy.pattern import NotTheSame, for_validator
from govern.policy.schema import validator

TEXTS = (
    "", "a", "k", "K", "\u212a", "s", "\u017f", "5", "\u0665", "é", "É", "ß", "_", "-", ".", " ", "\t", "\n", "\v",
    "\f", "\r", "\x07", "\x00", "\u00a0", "\u2028", "\ufeff", "\U0001f600", "a\n", "\na", "a b", "ab", "éa", "aé",
    "{", "}",
    "[", "]", "\\", "a{,2}", "<a", "l:", "^", "$", "S",
)  # fmt: skip


def said(pattern: str) -> list[bool]:
    """By the validator, of every text."""
    valid = validator(text_of({"pattern": pattern}))
    return [valid(text) for text in TEXTS]


def meant(pattern: str) -> list[bool]:
    """By RE2."""
    return [compiled(pattern).search(text) is not None for text in TEXTS]


@pytest.mark.parametrize(
    "pattern",
    [
        r"^\d$", r"^\D$", r"^\w$", r"^\W$", r"^\s$", r"^\S$", r"[\s]", r"^[\S]$", r"^[^\s]$", r"^[\D]$", r"^[^\W]$",
        r"\bé", r"\ba\b", r"a\b", r"\Ba", r"^.$", r"(?s)^.$", r"^a$", r"(?m)^a$", r"a\z", r"\Aa", r"^$",
        r"(?i)^k$", r"(?i)^s$", r"(?i)^\w$", r"(?i)^[a-z]$", r"(?i)^[[:lower:]]$", r"(?i)É", r"(?i:k)$", r"(?i)^[^k]$",
        r"^[[:alpha:]]$", r"[[:^alpha:]]", r"[[:word:]]", r"^[[:space:]]$", r"^[[:punct:]]$", r"^[[:cntrl:]]$",
        r"a{,2}", r"{", r"a{", r"}", r"]", r"[]a]", r"[^]a]", r"[[a]", r"[a[b]]", r"[a&&b]", r"[\w-a]", r"[--a]",
        r"[a-]", r"[a\-k]", r"[\]]", r"[\\]", r"\<a", r"\>", r"\_", r"\/", r"\a", r"\v", r"\x41", r"\x{1F600}", r"\.",
        r"\pL", r"^\p{Greek}$", r"\P{L}", r"\p{^L}", r"[\p{L}]", r"(?P<n>a)", r"(?<n>a)", r"a{1,2}", r"a+?", r"(?U)a+",
        r"a|", r"()", r"^*a", r"a{2}", r"[[:alpha:]-z]", r"^[ -~]$", r"^[\x00-\x{10ffff}]$", r"[é-ê]", r"[:alpha:]",
    ],
)  # fmt: skip
def test_a_pattern_means_what_re2_says(pattern: str) -> None:
    """Of texts with every kind of character in which the two engines differ by themselves."""
    assert not pattern_problem(pattern)
    assert meant(pattern) == said(pattern)


def test_engines_differ_by_themselves() -> None:
    """Without the translation a POSIX class and a blank are other sets: the test above has teeth."""
    for pattern in (r"^[[:alpha:]]$", r"^\s$", r"\bé", r"\<a"):
        plain = jsonschema_rs.Draft202012Validator({"pattern": pattern}, pattern_options=jsonschema_rs.RegexOptions())
        assert meant(pattern) != [plain.is_valid(text) for text in TEXTS]


@pytest.mark.parametrize(
    ("pattern", "part"),
    [
        (r"\Qa.b\E", r"`\Q`"), (r"\C", r"`\C`"), (r"\123", r"`\1`"), (r"\01", r"`\0`"), (r"(?i)[\W]", "(?i)"),
        (r"(?i)[[:^alpha:]]", "(?i)"), (r"(?i)\PL", "(?i)"),
    ],
)  # fmt: skip
def test_what_has_no_equal_is_refused(pattern: str, part: str) -> None:
    """RE2 takes it, the validator would read it otherwise: refused, and the part is named, also in a bundle."""
    assert not pattern_problem(pattern)
    with pytest.raises(NotTheSame) as refused:
        for_validator(pattern)
    assert part in str(refused.value)
    with pytest.raises(AuthorError):
        validator(text_of({"properties": {"a": {"pattern": pattern}}}))


_PARTS = st.sampled_from(
    ["a", "k", "s", "é", "É", "\u212a", ".", "^", "$", "|", "(", ")", "(?:", "(?i)", "(?s)", "(?m)", "(?i:", "*", "+",
     "?", "{2}", "{,2}", "{1,}", "{", "}", "[", "]", "[^", "-", "&&", "~~", ",", ":", "[:alpha:]", "[:^space:]",
     "[[:upper:]_]",
     r"\d", r"\D", r"\w", r"\W", r"\s", r"\S", r"\b", r"\B", r"\A", r"\z", r"\n", r"\x41", r"\x{e9}", r"\-", r"\]",
     r"\[", r"\\", r"\p{Greek}", r"\.", r"\<", "#", " ", "\n", "/", "5", "0"]
)  # fmt: skip
_MORE = st.text(st.sampled_from("akKsS5_é\u212a\u017f -[]{}^\n\t\v\u00a0:&~\\.<"), max_size=4)


@settings(max_examples=600, deadline=None)
@given(st.lists(_PARTS, max_size=8).map("".join), st.lists(_MORE, max_size=6))
def test_any_pattern_that_is_taken_means_what_re2_says(pattern: str, texts: list[str]) -> None:
    """Whatever RE2 takes is either refused or matches the same texts."""
    assume(not pattern_problem(pattern))
    try:
        valid = validator(text_of({"pattern": pattern}))
    except AuthorError:
        assume(False)
    for text in (*texts, *TEXTS):
        assert (compiled(pattern).search(text) is not None) == valid(text), (pattern, text)
