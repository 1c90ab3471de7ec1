"""Comments are found where YAML skips them, and nowhere else."""

from __future__ import annotations

import re

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from govern.charter.comments import comments, trivia
from govern.charter.source import Source


def found(text: str) -> list[str]:
    source = Source.of(text, "charter.yaml")
    assert all(source.text[one.start : one.end] == one.text for one in comments(source))
    return [one.text for one in comments(source)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("# a\n", ["# a"]),
        ("# a", ["# a"]),
        ("a: b # c\n", ["# c"]),
        ("a: b# c\n", []),
        ("a: b#c # d\n", ["# d"]),
        ("a: b # c # d\n", ["# c # d"]),
        ("a: b # c\r\n# d\r\n", ["# c", "# d"]),
        ("a:\t# c\n  b\n", ["# c"]),
        ("a: '# no' # c\n", ["# c"]),
        ("a: 'it''s # no'\n", []),
        ('a: "# \\" # no" # c\n', ["# c"]),
        ('"a # no": b # c\n', ["# c"]),
        ("a: it's # c's\nb: 'x'\n", ["# c's"]),
        ("a: [b, # c\n  d#e, 'f # no'] # g\n", ["# c", "# g"]),
        ("a: {b: c} # d\n", ["# d"]),
        ("a: | # c\n  b # no\n\n  # no\n# d\n", ["# c", "# d"]),
        ("a: >-\n  b # no\n # c\nd: e\n", ["# c"]),
        ("a:\n  - |\n    b # no\n  # c\n  - d\n", ["# c"]),
        ("a: |2\n    # no\n  b\n", []),
        ('a: "b\n  # no\n  c" # d\n', ["# d"]),
        ("a: b\n  c # d\n", ["# d"]),
        ("a: b\n  'c # d\n", ["# d"]),
        ("a: # c\n  # d\n  b # e\n", ["# c", "# d", "# e"]),
        ("# a\n\n\n# b\n", ["# a", "# b"]),
        ("a: \U0001f600 # c\nb: '# no' # d\n", ["# c", "# d"]),
        ("---\n# a\nb: c\n... # d\n", ["# a", "# d"]),
    ],
)
def test_where_comments_are(text: str, expected: list[str]) -> None:
    """Quoted text and blocks hold no comment; whatever stands behind them may."""
    assert expected == found(text)


def test_before_an_error() -> None:
    """Of a text that is no YAML, what stands before the error is known, and nothing behind it is guessed."""
    assert ["# a", "# c"] == found("# a\nb: 1 # c\nd: 'e\nf: g # no\n")[:2]
    assert "# no" not in found("# a\nb: 1 # c\nd: 'e\nf: g # no\n")


def test_long_values() -> None:
    """The spans of values of several lines, in which no comment can stand."""
    text = "a: |\n  b\nc: d\ne: 'f\n  g'\n"
    assert ["|\n  b\n", "'f\n  g'"] == [text[start:end] for start, end in trivia(Source.of(text, "f")).long]


PIECES = st.sampled_from(
    [
        "a: b",
        "- c",
        "  d: e",
        "# f",
        " # g",
        "'h # i'",
        '"j # k"',
        "l: |",
        "  m # n",
        "[o, # p",
        "q]",
        "r#s",
        "\t",
        " ",
        "",
    ]
)


@given(st.lists(PIECES, max_size=8).map("\n".join), st.lists(PIECES, max_size=3).map("".join))
def test_a_text_means_the_same_without_its_comments(text: str, more: str) -> None:
    """Each comment can be blanked out: YAML reads the same values, and then finds no comment there."""
    source = Source.of(f"{text}\n{more}\n", "f")
    try:
        before = yaml.compose(source.text, Loader=yaml.CSafeLoader)
    except yaml.YAMLError:
        return
    blanked = source.text
    for one in comments(source):
        blanked = blanked[: one.start] + " " * (one.end - one.start) + blanked[one.end :]
    after = yaml.compose(blanked, Loader=yaml.CSafeLoader)
    assert yaml.serialize(before) == yaml.serialize(after) if before is not None else after is None
    assert () == comments(Source.of(blanked, "f"))


@given(st.lists(PIECES, max_size=8).map("\n".join))
def test_no_comment_is_missed(text: str) -> None:
    """What the independent scanner in Python skips as comments is what is found: each `#` outside its tokens."""
    source = Source.of(text, "f")
    try:
        tokens = list(yaml.scan(text, Loader=yaml.SafeLoader))
        list(yaml.parse(text, Loader=yaml.CSafeLoader))
    except yaml.YAMLError:
        return
    scalars = [
        (token.start_mark.index, token.end_mark.index) for token in tokens if isinstance(token, yaml.ScalarToken)
    ]
    blocks = [span for span in scalars if text[span[0]] in "|>"]
    expected = set()
    for line in re.finditer("[^\n]+", text):
        for mark in re.finditer("#", line[0]):
            at = line.start() + mark.start()
            inside = any(start <= at < end for start, end in scalars)
            head = any(start <= at < end and "\n" not in text[start:at] for start, end in blocks)
            if not inside or head:
                expected.add(at)
                break
    assert expected == {one.start for one in comments(source)}


def test_five_thousand_lines() -> None:
    """Every comment of a long file is found."""
    source = Source.of("k: {b: c, d: 'e # f'} # g\n" * 5_000, "f")
    assert 5_000 == len(comments(source))
