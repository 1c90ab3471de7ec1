"""Canonical JSON: the one form that is hashed, judged, bound and forwarded; never the bytes that came in.

The form is RFC 8785 (JSON Canonicalization Scheme: keys by UTF-16 code units, ECMAScript numbers, minimal
escapes, no Unicode normalisation) with one stated difference: an integer of the int64 range is written with
all its digits, where RFC 8785 would round it to a double.

Refused, with a reason, because two readers could understand them differently: duplicate keys, keys that
differ only by case, NaN and infinities, numbers that do not survive a round trip through int64 or a double
as written (trailing zeros and exponent form aside: 1e20 does, 9223372036854775808 does not), lone surrogates,
a byte order mark, invalid UTF-8, nesting deeper than MAX_DEPTH, and whatever RFC 8259 refuses.

What is plain (`_keys`) is read and written by orjson, which is held to the code here by tests; it decides nothing:
where it could differ (doubles, ambiguous keys, errors), this module reads and writes by itself.

Leaves out: JSON text that is kept verbatim (prompts, outputs); that is the event's `content`.
"""

from __future__ import annotations

import json
from decimal import Decimal, InvalidOperation
from types import ModuleType
from typing import Any, Final

MAX_DEPTH = 128
MAX_BYTES = 64 * 1024 * 1024
INT64_MIN, INT64_MAX = -(2**63), 2**63 - 1

Json = Any  # None | bool | int | float | str | list[Json] | dict[str, Json]


class Malformed(ValueError):
    """JSON that two readers could understand differently, or that is no JSON at all.

    Args:
        code: short stable reason, one of `syntax`, `encoding`, `duplicate_key`, `case_twins`, `number`,
            `surrogate`, `depth`, `size`.
        detail: what was seen, in words.
    """

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail


class _BadNumber:
    """A number as written that has no exact value; harmless where nobody judges it."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text


class _BadObject(dict[str, Any]):
    """An object with duplicate or case-twin keys; readable by the rest of a log line, never canonical."""

    problem: Malformed


def number(text: str) -> int | float | _BadNumber:
    """The exact value of a JSON number as written: an int of the int64 range, or a double."""
    if len(text) > 400:
        return _BadNumber(text[:40] + "…")
    try:
        value = int(text)
    except ValueError:
        pass
    else:
        if INT64_MIN <= value <= INT64_MAX:
            return value
    real = float(text)
    try:
        if Decimal(text) != Decimal(repr(real)):
            return _BadNumber(text)
    except InvalidOperation:  # an infinity
        return _BadNumber(text)
    if real.is_integer() and INT64_MIN <= (whole := int(real)) <= INT64_MAX:
        return whole
    return real


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    problem: Malformed | None = None
    if len(made) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                problem = Malformed("duplicate_key", f"the key `{key}` stands twice")
                break
            seen.add(key)
    elif len(made) > 1 and len(folded := {key.casefold() for key in made}) != len(made):
        twins = sorted(key for key in made if _folds_to_another(key, made))
        problem = Malformed("case_twins", f"keys differ only by case: {', '.join(twins)}")
        del folded
    if problem is None:
        return made
    bad = _BadObject(made)
    bad.problem = problem
    return bad


def _folds_to_another(key: str, keys: dict[str, Any]) -> bool:
    fold = key.casefold()
    return any(other != key and other.casefold() == fold for other in keys)


def _constant(text: str) -> Any:
    return _BadNumber(text)


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_int=number, parse_float=number, parse_constant=_constant)


def load(text: str | bytes) -> Json:
    """Reads JSON, keeping what has no single meaning as a marker that `text_of` refuses.

    A log line with one ambiguous object in it can so be read, and only that object is refused.

    Raises:
        Malformed: not JSON at all (`syntax`, `encoding`, `depth`, `size`).
    """
    if len(text) > MAX_BYTES:
        raise Malformed("size", f"{len(text):,} bytes, at most {MAX_BYTES:,} are read")
    if (value := _quickly(text)) is not _NOT_PLAIN:
        return value
    if isinstance(text, bytes):
        try:
            text = text.decode("utf-8")
        except UnicodeDecodeError as error:
            raise Malformed("encoding", f"not UTF-8 at byte {error.start}") from None
    if text.startswith("\ufeff"):
        raise Malformed("encoding", "starts with a byte order mark")
    try:
        # raw_decode and strip(" \t\n\r"), not decode: JSON has four kinds of white space.
        stripped = text.strip(" \t\n\r")
        value, end = _DECODER.raw_decode(stripped)
    except RecursionError:
        raise Malformed("depth", "nested too deep") from None
    except json.JSONDecodeError as error:
        raise Malformed("syntax", f"{error.msg.lower().removesuffix(' at')} at character {error.pos}") from None
    if end != len(stripped):
        raise Malformed("syntax", f"extra text at character {end}")
    return value


_NOT_PLAIN: Final = object()
_WORTH: Final = 20_000  # bytes read so far: below, importing orjson costs more than it saves
_orjson: ModuleType | None = None
_so_far = 0
_known_keys: dict[tuple[Any, ...], bool] = {}
_MOST_KNOWN: Final = 50_000


def ready() -> None:
    """Loads what reads and writes plain JSON quickly, for who is about to handle much of it."""
    global _orjson
    if _orjson is None:
        import orjson

        _orjson = orjson


def _quickly(text: str | bytes) -> Json:
    """What `load` gives, of plain JSON; `_NOT_PLAIN` for everything else, errors too.

    orjson takes the last of duplicate keys. So the keys in the value are counted against the places in the text where
    a quotation mark is followed by a colon: each key makes one, whether it is a duplicate or not. Texts make some too;
    then the value is written again, which makes the same ones for its texts, unless these were written as escapes.
    """
    global _so_far
    if _orjson is None:
        _so_far += len(text)
        if _so_far < _WORTH:
            return _NOT_PLAIN
        ready()
    if _orjson is None:
        raise AssertionError("it was just loaded")
    raw = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    if (b"\\u00" in raw and (b"\\u0022" in raw or b"\\u003" in raw)) or b" :" in raw:
        return _NOT_PLAIN
    if any(white in raw and white + b":" in raw for white in (b"\t", b"\n", b"\r")):
        return _NOT_PLAIN
    try:
        value = _orjson.loads(raw)
    except ValueError:
        return _NOT_PLAIN
    keys = _keys(value)
    if keys is None:
        return _NOT_PLAIN
    marks = raw.count(b'":')
    if marks != keys and marks != _orjson.dumps(value).count(b'":'):
        return _NOT_PLAIN
    return value


def _keys(value: Json) -> int | None:
    """How many keys all objects of a plain value have; None where it is not plain.

    Plain: null, truth values, texts, integers of 64 bits, lists, and objects whose keys are ASCII and no two of them
    differ by case alone; nested at most MAX_DEPTH deep. Not doubles: a text of one may say more than the double.
    """
    known = _known_keys
    count = 0
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        below: list[Json] = []
        for item in level:
            kind = item.__class__
            if kind is dict:
                names = tuple(item)
                if (good := known.get(names)) is None:
                    good = _good_keys(names)
                    if len(known) < _MOST_KNOWN and len(names) < 100:
                        known[names] = good
                if not good:
                    return None
                count += len(names)
                below += item.values()
            elif kind is list:
                below += item
            elif kind is int:
                if not INT64_MIN <= item <= INT64_MAX:
                    return None
            elif kind is not str and item is not None and kind is not bool:
                return None
        if not below:
            return count
        level = below
    return None


def _good_keys(names: tuple[Any, ...]) -> bool:
    return all(name.__class__ is str and name.isascii() for name in names) and len(
        {name.lower() for name in names}
    ) == len(names)


def parse(text: str | bytes) -> Json:
    """Reads JSON that has exactly one meaning.

    Raises:
        Malformed: with the reason.
    """
    value = load(text)
    check(value)
    return value


def check(value: Json, depth: int = 0) -> None:
    """Refuses a value that has no canonical form.

    Raises:
        Malformed: with the reason.
    """
    if depth > MAX_DEPTH:
        raise Malformed("depth", f"nested deeper than {MAX_DEPTH}")
    match value:
        case None | bool():
            pass
        case str():
            _check_text(value)
        case int():
            if not INT64_MIN <= value <= INT64_MAX:
                raise Malformed("number", f"{value} is outside the int64 range")
        case float():
            if value != value or value in (float("inf"), float("-inf")):
                raise Malformed("number", f"{value} is not finite")
            if value.is_integer() and INT64_MIN <= value < 2.0**63 and abs(value) > 2.0**53:
                raise Malformed("number", f"{value!r} is a double where an integer is exact")
        case _BadNumber():
            raise Malformed("number", f"{value.text} has no exact value as int64 or double")
        case list() | tuple():
            for item in value:
                check(item, depth + 1)
        case dict():
            if isinstance(value, _BadObject):
                raise value.problem
            for key, item in value.items():
                if not isinstance(key, str):
                    raise Malformed("syntax", f"a key is {type(key).__name__}, not text")
                _check_text(key)
                check(item, depth + 1)
        case _:
            raise Malformed("syntax", f"{type(value).__name__} is no JSON value")


def _check_text(text: str) -> None:
    if not text.isascii():
        try:
            text.encode("utf-8")
        except UnicodeEncodeError:
            raise Malformed("surrogate", "a lone surrogate") from None


def text_of(value: Json) -> str:
    """The canonical text of a value.

    Args:
        value: what `load` returned, or plain Python data.

    Raises:
        Malformed: the value has no canonical form.
    """
    if _orjson is not None and _keys(value) is not None:
        try:
            written: str = _orjson.dumps(value, option=_orjson.OPT_SORT_KEYS).decode()
        except (TypeError, ValueError):  # a lone surrogate: said below
            pass
        else:
            return written
    check(value)
    return _write(value)


def normalise(value: Json) -> Json:
    """The value as `parse(text_of(value))` would give it: whole doubles become integers, -0 becomes 0."""
    match value:
        case bool() | None | str() | int():
            return value
        case float():
            return int(value) if value.is_integer() and abs(value) < 2.0**63 else value
        case list() | tuple():
            return [normalise(item) for item in value]
        case dict():
            return {key: normalise(item) for key, item in value.items()}
        case _:
            return value


_quote = json.encoder.encode_basestring  # escapes exactly what RFC 8785 escapes; \u00XX in lower case


def _write(value: Json) -> str:
    match value:
        case None:
            return "null"
        case True:
            return "true"
        case False:
            return "false"
        case str():
            return _quote(value)
        case int():
            return str(value)
        case float():
            return _real(value)
        case list() | tuple():
            return "[" + ",".join([_write(item) for item in value]) + "]"
        case _:
            keys = sorted(value, key=_utf16) if not all(map(str.isascii, value)) else sorted(value)
            return "{" + ",".join([f"{_quote(key)}:{_write(value[key])}" for key in keys]) + "}"


def _utf16(key: str) -> bytes:
    return key.encode("utf-16-be")


def _real(value: float) -> str:
    """ECMAScript's Number::toString (ECMA-262, 6.1.6.1.20), on the digits of Python's shortest repr."""
    if value.is_integer() and abs(value) < 2.0**63:
        return str(int(value))
    sign = "-" if value < 0 else ""
    _, digit_tuple, exponent = Decimal(repr(abs(value))).normalize().as_tuple()
    digits = "".join(map(str, digit_tuple))
    point = len(digits) + int(exponent)  # the decimal point stands after this many digits
    if len(digits) <= point <= 21:
        return sign + digits + "0" * (point - len(digits))
    if 0 < point <= 21:
        return f"{sign}{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    mantissa = digits[0] + ("." + digits[1:] if len(digits) > 1 else "")
    return f"{sign}{mantissa}e{'+' if point > 0 else '-'}{abs(point - 1)}"


def digest(text: str | bytes) -> str:
    """`sha256:` and the hex SHA-256 of the text's UTF-8 bytes."""
    import hashlib  # OpenSSL: not before something is digested

    raw = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    return "sha256:" + hashlib.sha256(raw).hexdigest()
