"""The fixed patterns read alike by both engines, and a pattern is found where RE2's own interface finds it."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from govern.conditions import values

PARTS = st.lists(
    st.sampled_from(
        [
            "a", "B", "0", "-", ".", "..", "/", "//", "\\", "@", ":", "://", "?", "#", "%2e", "%5C", "%", "\n", "\r",
            "\x00", "\x7f", " ", "é", "\u2028", "\U0001f600", "https", "x" * 63, "x" * 64, "a.b", "corp.com", "+", "_",
            "$", "{",
        ]
    ),
    max_size=12,
).map("".join)  # fmt: skip
FIXED = (values.EMAIL, values.URL, values.DEVIOUS, values.PLAIN_PATH, values.DOTTED)


@pytest.mark.parametrize("pattern", FIXED)
def test_a_fixed_pattern_is_read_alike(pattern: str) -> None:
    """Found or not, and every group of it."""

    @given(PARTS)
    @example("a@b.c\n")
    @example("https://h/..\n")
    @example("/a\n")
    def check(text: str) -> None:
        own, other = values._plain(pattern).search(text), values.compiled(pattern).search(text)
        assert (own is None) == (other is None), text
        if own is not None and other is not None:
            assert other.groups() == own.groups(), text

    check()


@given(PARTS, st.sampled_from(["", "^a", "a$", "(?i)b", "[.]", "a.b", "\\d", "x*", "^$", "(/|\\\\)+$", "\u00e9"]))
def test_a_pattern_is_found_where_re2_finds_it(text: str, pattern: str) -> None:
    assert (values.compiled(pattern).search(text) is not None) == values.searcher(pattern)(text)


def test_without_what_the_wrapper_wraps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where RE2's package is built otherwise, its public interface says the same."""

    built = type("Built", (), {"search": lambda self, text: text or None})
    monkeypatch.setattr(values, "compiled", lambda pattern: built())
    search = values.searcher.__wrapped__("x")
    assert [True, False] == [search("a"), search("")]
