"""Plain JSON is read and written by a library, and gives exactly what the definition gives; the rest never gets there.

The definition is the module's own reading and writing, which these tests reach by taking the library away.
"""

from __future__ import annotations

import json
from typing import Any

import orjson
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from govern.events import canonical
from govern.events.canonical import Malformed

KEYS = st.sampled_from(["a", "A", "b", "ab", ":", '":', "é", "É", "ß", "\\", "", "a\u2028", "k\u0000", "K", "\u212a"])
TEXTS = st.one_of(KEYS, st.text(max_size=8), st.sampled_from(['{"a":1,"a":2}', '":', ":", '\\":', " :", "\ud800"]))
NUMBERS = st.one_of(
    st.integers(-(2**70), 2**70),
    st.sampled_from([2**63 - 1, 2**63, -(2**63), -(2**63) - 1, 2**64 - 1, 2**64, 0]),
    st.floats(allow_nan=False, allow_infinity=False),
)
SPACE = st.sampled_from(["", "", "", " ", "\n", "\t", "\r", "  "])
WRITTEN_NUMBERS = st.sampled_from(
    ["0", "-0", "-0.0", "1.0", "1e2", "1e400", "01", "NaN", "0.1000000000000000055", "9" * 30]
)


def quoted(draw: Any, text: str) -> str:
    """A JSON string, some of its characters as escapes they do not need."""
    made = json.dumps(text, ensure_ascii=draw(st.booleans()))[1:-1]
    return '"' + draw(st.sampled_from([made, made.replace(":", "\\u003a"), made.replace('\\"', "\\u0022")])) + '"'


@st.composite
def documents(draw: Any, depth: int = 3) -> str:
    """JSON text, and text that is nearly JSON: duplicate keys, odd spaces, escapes, numbers of all kinds."""
    space = [draw(SPACE) for _ in range(4)]
    kind = draw(st.integers(0, 7 if depth else 4))
    if kind == 0:
        return draw(st.sampled_from(["null", "true", "false"]))
    if kind == 1:
        return json.dumps(draw(NUMBERS))
    if kind == 2:
        return draw(WRITTEN_NUMBERS)
    if kind in (3, 4):
        return quoted(draw, draw(TEXTS))
    if kind == 5:
        return "[" + space[0] + ("," + space[1]).join(draw(st.lists(documents(depth - 1), max_size=3))) + "]"
    fields = [
        f"{quoted(draw, draw(KEYS))}{space[2]}:{space[3]}{value}"
        for value in draw(st.lists(documents(depth - 1), max_size=4))
    ]
    return "{" + space[0] + ("," + space[1]).join(fields) + space[0] + "}"


def told(value: Any) -> Any:
    """A value with its types, and with what a marker hides."""
    match value:
        case dict():
            problem = getattr(value, "problem", None)
            said = None if problem is None else (problem.code, problem.detail)
            return (type(value).__name__, said, [(key, told(item)) for key, item in value.items()])
        case list():
            return [told(item) for item in value]
        case canonical._BadNumber():
            return ("bad number", value.text)
        case _:
            return (type(value).__name__, repr(value))


def outcome(work: Any, value: Any) -> Any:
    try:
        return told(work(value))
    except Malformed as error:
        return ("malformed", error.code, error.detail)


def both(monkeypatch: pytest.MonkeyPatch, work: Any, value: Any) -> tuple[Any, Any]:
    """What comes out with the library, and by the definition."""
    with monkeypatch.context() as patch:
        patch.setattr(canonical, "_orjson", orjson)
        quick = outcome(work, value)
        patch.setattr(canonical, "_orjson", None)
        patch.setattr(canonical, "_WORTH", 2**60)
        return quick, outcome(work, value)


@pytest.fixture(scope="module")
def patched() -> Any:
    with pytest.MonkeyPatch.context() as patch:
        yield patch


@given(documents())
@example('{"a":1,"a":2}')
@example('{"a":1,"a" :2}')
@example('{"a":{"b":":","b":1},"c":"\\u003a"}')
@example('{"a":"\\u0022:","a":1}')
@example('{"a":1,"a"\t:2}')
@example('{"a":1,"a"\n:2}')
@example('{"a":1,"a"\r:2}')
@example('{"a":1,"a":2,"c":"\\u003ax"}')
@example('{"a":1,"a":2,"c":"\\u003Ax"}')
@example('{"a":1,"a":2,"c":"\\u0022:"}')
@example('{"a":1,"A":2}')
@example('{"K":1,"\\u212a":2}')
@example("[1e400]")
@example("9223372036854775808")
@example('"\\ud800"')
@example("[" * 127 + "1" + "]" * 127)
@example("[" * 128 + "1" + "]" * 128)
@example("[" * 129 + "1" + "]" * 129)
@example("[" * 300 + "]" * 300)
@settings(deadline=None, max_examples=2_000)
def test_reading(patched: pytest.MonkeyPatch, text: str) -> None:
    """The same value, of the same types, with the same markers, or the same error; as text and as bytes."""
    quick, slow = both(patched, canonical.load, text)
    assert slow == quick
    try:
        raw = text.encode("utf-8")
    except UnicodeEncodeError:
        return
    quick, slow = both(patched, canonical.load, raw)
    assert slow == quick


VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(KEYS, inner, max_size=4)),
    max_leaves=12,
)


@given(VALUES)
@settings(deadline=None, max_examples=2_000)
def test_writing(patched: pytest.MonkeyPatch, value: Any) -> None:
    """The same canonical text, or the same refusal."""
    quick, slow = both(patched, canonical.text_of, value)
    assert slow == quick


@pytest.mark.parametrize("levels", [127, 128, 129, 130, 200, 300])
def test_depth(patched: pytest.MonkeyPatch, levels: int) -> None:
    """What is nested too deep is refused by both."""
    value: Any = 1
    for _ in range(levels):
        value = [value]
    quick, slow = both(patched, canonical.text_of, value)
    assert slow == quick
    assert (levels > canonical.MAX_DEPTH) == (slow[0] == "malformed")


def test_every_character_is_written_alike(patched: pytest.MonkeyPatch) -> None:
    """Each code point below U+3000, and some above, in a text and beside a quotation mark and a backslash."""
    for code in (*range(0x3000), 0xD7FF, 0xE000, 0xFEFF, 0xFFFF, 0x10000, 0x10FFFF):
        quick, slow = both(patched, canonical.text_of, [chr(code) + '"\\'])
        assert slow == quick


def test_plain_json_takes_the_quick_way() -> None:
    """What most rows are is not left to the slow way; what is ambiguous is."""
    long = '{"text":"' + "x" * canonical._WORTH + '","n":[1,{"a":null,"b":true}]}'
    assert canonical._quickly(long) == json.loads(long)
    for odd in ('{"a":1,"a":2}', '{"a":1.5}', '{"a":1,"A":2}', '{"é":1}', "nonsense", '{"a":"\\ud800"}'):
        assert canonical._quickly(odd) is canonical._NOT_PLAIN
