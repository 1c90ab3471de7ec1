"""Canonical JSON: what is refused and why, the one text of a value, and what `load` keeps for `check` to refuse.

Leaves out the published suites (`tests/corpus/test_json_suites.py`) and how a log row with such a value is
treated (`tests/ingest`).
"""

from __future__ import annotations

import json
import struct
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from govern.events.canonical import (
    INT64_MAX,
    INT64_MIN,
    MAX_BYTES,
    MAX_DEPTH,
    Malformed,
    check,
    digest,
    load,
    normalise,
    parse,
    text_of,
)

REFUSED = [
    # traps 6 and 7: outside int64, no double, or a double that is not what stands there
    ("9223372036854775808", "number"),
    ("-9223372036854775809", "number"),
    ('{"a":9223372036854775808}', "number"),
    ("18446744073709551615", "number"),
    ("9007199254740993.0", "number"),
    ("0.1000000000000000055511151231257827", "number"),
    ("1e400", "number"),
    ("-1e400", "number"),
    ("1e-400", "number"),
    ("1e99999999999999999999", "number"),
    ("1" * 401, "number"),
    ("1" * 5000, "number"),
    ("NaN", "number"),
    ("Infinity", "number"),
    ("-Infinity", "number"),
    ('[{"a":[NaN]}]', "number"),
    # trap 9, and other texts that some readers take
    ('{"a":1,}', "syntax"),
    ("[1,]", "syntax"),
    ("{'a':1}", "syntax"),
    ("{a:1}", "syntax"),
    ('{"a":1} {"a":2}', "syntax"),
    ('{"a":1}\x00', "syntax"),
    ("\u00a0{}", "syntax"),
    ("\x0c{}", "syntax"),
    ('"a\tb"', "syntax"),
    ('"\\x41"', "syntax"),
    ("+1", "syntax"),
    (".5", "syntax"),
    ("5.", "syntax"),
    ("0x10", "syntax"),
    ("1_0", "syntax"),
    ("True", "syntax"),
    # trap 10: two readers take two values
    ('{"a":1,"a":2}', "duplicate_key"),
    ('{"a":1,"a":1}', "duplicate_key"),
    ('{"a":1,"\\u0061":2}', "duplicate_key"),
    ('[{"b":{"a":1,"c":0,"a":2}}]', "duplicate_key"),
    ('{"amount":5,"Amount":9}', "case_twins"),
    ('{"x":{"stra\u00dfe":1,"STRASSE":2}}', "case_twins"),
    ('{"k":1,"\u212a":2}', "case_twins"),
    ('{"a":1,"A":2,"a":3}', "duplicate_key"),
    # trap 11
    ('"\\ud800"', "surrogate"),
    ('"\\udc00\\ud800"', "surrogate"),
    ('{"\\ud83d":1}', "surrogate"),
    ("\ufeff{}", "encoding"),
    ("", "syntax"),
    (" \n", "syntax"),
    ("01", "syntax"),
    ("-01", "syntax"),
    ("/* c */ {}", "syntax"),
    ("{} // c", "syntax"),
    ("[" * 200_000, "depth"),
    ("[" * 200_000 + "]" * 200_000, "depth"),
    ('{"a":' * 200_000 + "1" + "}" * 200_000, "depth"),
]


def shown(text: str) -> str:
    return repr(text[:40])


@pytest.mark.parametrize(("text", "code"), REFUSED, ids=[shown(text) for text, _ in REFUSED])
@pytest.mark.parametrize("form", ["text", "bytes"])
def test_what_has_two_readings_is_refused(text: str, code: str, form: str) -> None:
    """Traps 6, 7 and 9 to 11: refused with the stable code, whether it comes as text or as bytes."""
    with pytest.raises(Malformed) as caught:
        parse(text if form == "text" else text.encode("utf-8", "surrogatepass"))
    assert code == caught.value.code
    assert caught.value.detail


@pytest.mark.parametrize(
    "raw", [b'"\xff"', b'"\xed\xa0\x80"', b'"\xc0\xaf"', b"\xff\xfe{\x00}\x00", b'"\xf4\x90\x80\x80"']
)
def test_bytes_that_are_no_utf8_are_refused(raw: bytes) -> None:
    with pytest.raises(Malformed, match="encoding: not UTF-8 at byte"):
        parse(raw)


def test_a_huge_text_is_refused_before_it_is_read() -> None:
    with pytest.raises(Malformed, match="size"):
        parse(b" " * (MAX_BYTES + 1))


NUMBERS = [
    # trap 8: one zero
    ("0", "0"),
    ("-0", "0"),
    ("-0.0", "0"),
    ("0e10", "0"),
    ("0E-7", "0"),
    # one form of a whole number
    ("1.0", "1"),
    ("1e2", "100"),
    ("1E+2", "100"),
    ("120e-1", "12"),
    ("1.5e1", "15"),
    ("9007199254740993", "9007199254740993"),
    ("9007199254740994.0", "9007199254740994"),
    ("1e18", "1000000000000000000"),
    (str(INT64_MAX), "9223372036854775807"),
    (str(INT64_MIN), "-9223372036854775808"),
    # one form of a double, ECMAScript's
    ("1.50", "1.5"),
    ("-0.10", "-0.1"),
    ("1e-6", "0.000001"),
    ("1e-7", "1e-7"),
    ("0.00000012", "1.2e-7"),
    ("1e19", "10000000000000000000"),
    ("1e20", "100000000000000000000"),
    ("1e21", "1e+21"),
    ("1.25E25", "1.25e+25"),
    ("-1e300", "-1e+300"),
    ("5e-324", "5e-324"),
    ("1.7976931348623157e308", "1.7976931348623157e+308"),
]


@pytest.mark.parametrize(("written", "canonical"), NUMBERS)
def test_a_number_has_one_form(written: str, canonical: str) -> None:
    assert canonical == text_of(parse(written))
    assert canonical == text_of(parse(canonical))


# RFC 8785, appendix B: the bits of a double and its text. Whole doubles between 2^53 and 2^63 are left out:
# there this form has all the digits of an integer.
RFC_8785_B = [
    ("0000000000000000", "0"),
    ("8000000000000000", "0"),
    ("0000000000000001", "5e-324"),
    ("8000000000000001", "-5e-324"),
    ("7fefffffffffffff", "1.7976931348623157e+308"),
    ("ffefffffffffffff", "-1.7976931348623157e+308"),
    ("4340000000000000", "9007199254740992"),
    ("c340000000000000", "-9007199254740992"),
    ("4430000000000000", "295147905179352830000"),
    ("44b52d02c7e14af5", "9.999999999999997e+22"),
    ("44b52d02c7e14af6", "1e+23"),
    ("44b52d02c7e14af7", "1.0000000000000001e+23"),
    ("444b1ae4d6e2ef4e", "999999999999999700000"),
    ("444b1ae4d6e2ef4f", "999999999999999900000"),
    ("444b1ae4d6e2ef50", "1e+21"),
    ("3eb0c6f7a0b5ed8c", "9.999999999999997e-7"),
    ("3eb0c6f7a0b5ed8d", "0.000001"),
    ("41b3de4355555553", "333333333.3333332"),
    ("41b3de4355555554", "333333333.33333325"),
    ("41b3de4355555555", "333333333.3333333"),
    ("41b3de4355555556", "333333333.3333334"),
    ("41b3de4355555557", "333333333.33333343"),
    ("becbf647612f3696", "-0.0000033333333333333333"),
]


@pytest.mark.parametrize(("bits", "canonical"), RFC_8785_B)
def test_doubles_are_written_as_the_rfc_lists_them(bits: str, canonical: str) -> None:
    (value,) = struct.unpack(">d", bytes.fromhex(bits))
    assert canonical == text_of(value)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), 1e17, 2**63, -(2**63) - 1])
def test_plain_values_without_an_exact_text_are_refused(value: float) -> None:
    with pytest.raises(Malformed) as caught:
        text_of([value])
    assert "number" == caught.value.code


@pytest.mark.parametrize("value", [{1: "a"}, {"a": {2}}, b"x", object()])
def test_python_values_that_are_no_json_are_refused(value: Any) -> None:
    with pytest.raises(Malformed, match="syntax"):
        text_of(value)


def test_keys_are_in_the_order_of_utf16_units() -> None:
    """RFC 8785, 3.2.3: the keys of its own example, where code points would give another order."""
    keys = ["\u20ac", "\r", "\ufb33", "1", "\U0001f600", "\x80", "\u00f6"]
    order = ["\r", "1", "\x80", "\u00f6", "\u20ac", "\U0001f600", "\ufb33"]
    assert order == list(json.loads(text_of(dict.fromkeys(keys, 0))))
    assert sorted(keys) != order


def test_strings_have_minimal_escapes_and_are_not_normalised() -> None:
    text = "\u20ac$\x0f\nA'B\"\\/\x7f\u2028e\u0301\u00e9\x00"
    assert '"\u20ac$\\u000f\\nA\'B\\"\\\\/\x7f\u2028e\u0301\u00e9\\u0000"' == text_of(text)
    assert '"\\b\\t\\n\\f\\r"' == text_of("\x08\x09\x0a\x0c\x0d")
    assert text == parse(text_of(text))


def test_literal_keys_stay_what_they_are() -> None:
    """Trap 13: no key is a path or a wildcard."""
    value = {"": 1, "*": 2, "a.b": 3, 'a"b': 4}
    assert '{"":1,"*":2,"a\\"b":4,"a.b":3}' == text_of(value)
    assert value == parse(text_of(value))


def test_the_greatest_depth_is_read_and_one_more_is_not() -> None:
    assert "[" * MAX_DEPTH + "1" + "]" * MAX_DEPTH == text_of(parse("[" * MAX_DEPTH + "1" + "]" * MAX_DEPTH))
    with pytest.raises(Malformed, match="depth"):
        parse("[" * (MAX_DEPTH + 1) + "1" + "]" * (MAX_DEPTH + 1))


KEPT = [
    ('{"row":1,"args":{"a":1,"a":2}}', "duplicate_key"),
    ('{"row":1,"args":{"a":1,"A":2}}', "case_twins"),
    ('{"row":1,"args":[NaN]}', "number"),
    ('{"row":1,"args":{"a":1e400}}', "number"),
    ('{"row":1,"args":"\\ud800"}', "surrogate"),
    ('{"row":1,"args":' + "[" * 200 + "]" * 200 + "}", "depth"),
]


@pytest.mark.parametrize(("text", "code"), KEPT, ids=[code + "-" + shown(text) for text, code in KEPT])
def test_load_keeps_what_only_check_refuses(text: str, code: str) -> None:
    """The rest of the row is readable; neither the part nor the whole has a canonical text."""
    row = load(text)
    assert 1 == row["row"]
    for value in (row, row["args"], {"again": row["args"]}):
        for judge in (check, text_of):
            with pytest.raises(Malformed) as caught:
                judge(value)
            assert code == caught.value.code
    assert '{"row":1}' == text_of({"row": row["row"]})


@pytest.mark.parametrize("text", ["", "{", "\ufeff{}", "01"])
def test_load_refuses_what_is_no_json(text: str) -> None:
    with pytest.raises(Malformed):
        load(text)


numbers = st.integers(INT64_MIN, INT64_MAX) | st.floats(allow_nan=False, allow_infinity=False).filter(
    lambda real: not (real.is_integer() and 2.0**53 < abs(real) <= 2.0**63)
)
texts = st.text(st.characters(exclude_categories=["Cs"]))
values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(texts, inner, max_size=4).filter(lambda made: len({k.casefold() for k in made}) == len(made))
    ),
    max_leaves=20,
)


@settings(max_examples=500, deadline=None)
@given(values)
def test_the_text_means_the_value(value: Any) -> None:
    """parse(text_of(v)) is v, with whole doubles as integers; the text of it is the same text again."""
    text = text_of(value)
    again = parse(text)
    assert value == again
    assert _typed(normalise(value)) == _typed(again)
    assert text == text_of(again) == text_of(parse(text.encode()))
    # A whole double of 2^63 or more has the digits that ECMAScript writes, not all of its own.
    assert value == json.loads(text, parse_int=lambda digits: int(digits) if len(digits) < 19 else parse(digits))


def _typed(value: Any) -> Any:
    """The value with the type of each number, since 1 == 1.0 == True."""
    match value:
        case dict():
            return {key: _typed(item) for key, item in value.items()}
        case list():
            return [_typed(item) for item in value]
        case _:
            return (type(value).__name__, value)


@settings(max_examples=300, deadline=None)
@given(values)
def test_layout_and_key_order_do_not_change_the_text(value: Any) -> None:
    """Pretty-printed, escaped, in any key order: one canonical text, one digest."""
    text = text_of(value)
    pretty = json.dumps(json.loads(text), indent=3, ensure_ascii=True)
    assert text == text_of(parse(pretty))
    assert digest(text) == digest(text_of(parse(json.dumps(_reversed(json.loads(text))))))


def _reversed(value: Any) -> Any:
    match value:
        case dict():
            return {key: _reversed(value[key]) for key in reversed(value)}
        case list():
            return [_reversed(item) for item in value]
        case _:
            return value


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=40) | st.text('{}[]":,0123456789.eE+-nulltrefas\\ \n\x00', max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Nothing but `Malformed` ever comes out, and what is read has a text that is read again."""
    try:
        value = parse(text)
    except Malformed as error:
        code = error.code
    else:
        code = "read"
        assert text_of(value) == text_of(parse(text_of(value)))
    assert code in {"read", "syntax", "encoding", "duplicate_key", "case_twins", "number", "surrogate", "depth"}


def test_digest_is_of_the_utf8_bytes() -> None:
    assert "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a" == digest("{}") == digest(b"{}")
    assert digest("\u00e9") == digest("\u00e9".encode())
