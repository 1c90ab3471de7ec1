"""Offsets and positions of the protocol: exact for every character, in every encoding."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govern.editor.positions import Encoding, Lines

TEXT = "a😀b\né́x\r\n\u2028y\rz"
# `e` with an accent of its own is one code point; with a combining one it is two.


@pytest.mark.parametrize(
    ("encoding", "behind_emoji", "end_of_second"),
    [(Encoding.UTF8, 5, 5), (Encoding.UTF16, 3, 3), (Encoding.UTF32, 2, 3)],
)
def test_units(encoding: Encoding, behind_emoji: int, end_of_second: int) -> None:
    """An emoji is two UTF-16 units and four bytes; a combining character counts for itself."""
    lines = Lines.of(TEXT)
    assert (0, behind_emoji) == lines.position(TEXT.index("b"), encoding)
    assert TEXT.index("b") == lines.offset(0, behind_emoji, encoding)
    assert (1, end_of_second) == lines.position(TEXT.index("\r"), encoding)


def test_lines_end_where_the_protocol_says() -> None:
    """At line feeds and carriage returns, alone or together; not at what else Unicode calls a line break."""
    assert [0, 4, 9, 12] == list(Lines.of(TEXT).starts)
    assert (2, 1) == Lines.of(TEXT).position(TEXT.index("y"), Encoding.UTF16)


def test_positions_outside_are_the_nearest_inside() -> None:
    """A client may be ahead or wrong: no position raises, none leaves its line."""
    lines = Lines.of("ab\r\ncd")
    assert 2 == lines.offset(0, 99, Encoding.UTF16)
    assert 6 == lines.offset(1, 99, Encoding.UTF16)
    assert 6 == lines.offset(9, 0, Encoding.UTF16)
    assert 0 == lines.offset(-1, 5, Encoding.UTF16)
    assert 4 == lines.offset(1, -1, Encoding.UTF16)
    assert (1, 2) == lines.position(99, Encoding.UTF16)
    assert 1 == Lines.of("a😀b").offset(0, 2, Encoding.UTF16)  # inside the emoji


@given(st.text(st.sampled_from("ab😀é́\u2028\r\n\ufdd0\ud800"), max_size=30), st.sampled_from(list(Encoding)))
def test_there_and_back(text: str, encoding: Encoding) -> None:
    """Every offset that is not inside a line break comes back from its position."""
    lines = Lines.of(text)
    for offset in range(len(text) + 1):
        if text[offset - 1 : offset + 1] == "\r\n":
            continue
        line, character = lines.position(offset, encoding)
        expected = offset
        assert expected == lines.offset(line, character, encoding)
