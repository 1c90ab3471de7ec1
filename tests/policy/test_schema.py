"""The validator as it is configured: numbers, lengths, formats, references, limits, and what it says to people."""

from __future__ import annotations

from typing import Any

import pytest

from govern.errors import AuthorError
from govern.events.canonical import MAX_DEPTH, parse, text_of
from govern.policy.schema import MAX_MESSAGE, MAX_VIOLATIONS, every_validator, validator, violations


def valid(schema: Any, text: str) -> bool:
    """Of a call's argument as written: numbers come as the boundary reads them."""
    return validator(text_of(schema))(parse(text))


@pytest.mark.parametrize(
    ("schema", "good", "bad"),
    [
        # `1.0` and `1e2` are integers; `1` and `1.0` are the same value, `true` is another.
        ({"type": "integer"}, ["1", "1.0", "1e2", "-0.0", "1e20", "9223372036854775807"], ["1.5", '"1"', "true"]),
        ({"enum": [1]}, ["1", "1.0", "1e0"], ["true", '"1"', "2"]),
        ({"const": 1.0}, ["1"], ["true"]),
        ({"const": 0}, ["-0", "0.0", "-0.0"], ["false", "null", '""']),
        ({"uniqueItems": True}, ["[1, 2]", "[1, true]", '[1, "1"]'],
         ["[1, 1.0]", '[{"a": 1, "b": 2}, {"b": 2, "a": 1}]']),
        # Exact, not as doubles.
        ({"multipleOf": 0.01}, ["19.99", "0.07", "1.1", "4.35", "8.2", "1e15"], ["0.075", "0.001"]),
        ({"multipleOf": 0.1}, ["0.3", "0.7", "1.1"], ["0.35"]),
        ({"const": 9007199254740993}, ["9007199254740993"], ["9007199254740992", "9007199254740994"]),
        ({"maximum": 9007199254740992}, ["9007199254740992"], ["9007199254740993"]),
        ({"exclusiveMaximum": 9223372036854775807}, ["9223372036854775806"], ["9223372036854775807", "1e19"]),
        ({"minimum": 0}, ["0", "-0.0", "5e-324"], ["-5e-324", "-1"]),
        # Lengths are in code points.
        ({"maxLength": 1}, ['"é"', '"\\ud83d\\ude00"'], ['"e\\u0301"']),
        ({"minLength": 2}, ['"e\\u0301"'], ['"\\ud83d\\ude00"']),
        # Formats are asserted.
        ({"format": "email"}, ['"a@b.example"', "5"], ['"a b"', '"a@"']),
        ({"format": "date"}, ['"2026-02-28"'], ['"2026-02-30"', '"28.2.2026"']),
        ({"format": "date-time"}, ['"2026-11-23T09:00:00Z"'], ['"2026-11-23 09:00"', '"2026-11-23T09:00:00"']),
        ({"format": "uuid"}, ['"2eb8aa08-aa98-11ea-b4aa-73b441d16380"'], ['"2eb8aa08"']),
        ({"format": "ipv4"}, ['"127.0.0.1"'], ['"127.0.0.01"', '"127.0.0.256"']),
        # A boolean is a schema.
        (True, ["1"], []),
        (False, [], ["1", "null"]),
    ],
)  # fmt: skip
def test_values(schema: Any, good: list[str], bad: list[str]) -> None:
    """As the standard says, whatever the number's spelling; alone and in a list of one."""
    for text in good:
        assert valid(schema, text), text
        assert every_validator(text_of(schema))([parse(text)]), text
    for text in bad:
        assert not valid(schema, text), text
        assert not every_validator(text_of(schema))([parse(text)]), text


@pytest.mark.parametrize(
    ("ref", "said"),
    [
        ("https://example.com/x.json", "is outside the document"),
        ("file:///etc/passwd", "is outside the document"),
        ("x.json", "No base URI"),
        ("//example.com/x", "No base URI"),
    ],
)
def test_nothing_is_fetched(ref: str, said: str) -> None:
    """A reference to elsewhere is refused when the validator is built, not when a call comes."""
    with pytest.raises(AuthorError) as refused:
        validator(text_of({"properties": {"a": {"$ref": ref}}}))
    assert said in str(refused.value)


@pytest.mark.parametrize(
    "schema",
    ['{"type":"int"}', '{"$ref":"#/$defs/x"}', '{"minLength":-1}', '{"pattern":"("}', '{"pattern":"(?=a)"}', "[]", "5",
     '{"a":1,"a":2}', "{", '{"pattern":"[a"}', '{"pattern":"\\\\"}'],
)  # fmt: skip
def test_what_is_no_schema_is_refused(schema: str) -> None:
    """Told, never a traceback: a policy may be a forged document."""
    with pytest.raises(AuthorError):
        validator(schema)


def test_schemas_that_refer_to_themselves() -> None:
    """No stack is lost: not on a schema that goes round, nor on the deepest arguments there can be."""
    for schema in ({"$ref": "#"}, {"allOf": [{"$ref": "#"}]}, {"anyOf": [{"$ref": "#"}, {"type": "object"}]}):
        validator(text_of(schema))({})
    deep: dict[str, Any] = {}
    for _ in range(MAX_DEPTH - 1):
        deep = {"n": deep}
    closed = validator(text_of({"properties": {"n": {"$ref": "#"}}, "additionalProperties": False}))
    assert closed(deep)
    bottom = deep
    while bottom["n"]:
        bottom = bottom["n"]
    bottom["n"]["m"] = 1
    assert not closed(deep)


def test_a_hostile_text_stalls_no_pattern() -> None:
    """What backtracks for years elsewhere is judged: patterns are linear."""
    judged = validator(text_of({"pattern": "^(a+)+$"}))
    assert not judged("a" * 100_000 + "b")
    assert judged("a" * 100_000)


def test_violations_say_where_and_what() -> None:
    """The place as a condition writes it, begun with the name of the whole, and the pattern as it was written."""
    schema = {
        "properties": {"a": {"items": {"type": "string"}}, "b": {"pattern": r"^\s[[:alpha:]]$"}},
        "additionalProperties": False,
    }
    found = violations(text_of(schema), {"a": ["x", 5], "b": "Q", "c": 1})
    assert [
        'args.a[1]: 5 is not of type "string"',
        r"args.b: `Q` does not match `^\s[[:alpha:]]$`",
    ] == sorted(found)[:2]
    assert sorted(found)[2].startswith("args: ")
    odd = violations(text_of({"additionalProperties": {"type": "string"}}), {"a b": 1})
    assert ['args["a b"]: 1 is not of type "string"'] == odd
    assert violations(text_of({"type": "object"}), [], root="result")[0].startswith("result: ")
    assert [] == violations(text_of(schema), {})


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"properties": {"a": {"type": "integer"}}}, {"a": "x" * 1_000_000}),
        ({"properties": {"a": {"pattern": "^y" + "z?" * 300}}}, {"a": "x" * 1_000_000}),
        ({"properties": {"a": {"enum": ["y" * 10_000] * 1}}}, {"a": 1}),
        ({"additionalProperties": False}, {f"key{at}": 1 for at in range(50_000)}),
        ({"additionalProperties": {"type": "string"}}, {"k" * 100_000: 1}),
        ({"additionalProperties": {"type": "string"}}, {f"key{at}": 1 for at in range(1_000)}),
        ({"required": ["q" * 10_000]}, {}),
        ({"maxProperties": 0}, {"a": ["deep"] * 100_000}),
        ({"not": {}}, {"a": "x" * 100_000}),
        ({"anyOf": [{"type": "null"}]}, {"a": "x" * 100_000}),
    ],
)
def test_violations_are_bounded(schema: dict[str, Any], value: dict[str, Any]) -> None:
    """A value, a key, a schema may be of any size; what is said of them is not."""
    found = violations(text_of(schema), value)
    assert 1 <= len(found) <= MAX_VIOLATIONS
    assert max(map(len, found)) <= 2 * MAX_MESSAGE + 20


def test_names_that_look_like_keywords_are_names() -> None:
    """A property may be called `pattern`, `const`, `default` or `$ref`: what is below it is a schema like any other."""
    blank = {"pattern": r"^\s$"}
    names = ("pattern", "const", "default", "enum", "required", "$ref", "properties")
    schema = {
        "properties": {name: {"$ref": "#/$defs/pattern"} for name in names} | {"items": blank},
        "patternProperties": {"^x": blank},
        "$defs": {"pattern": blank},
    }
    one, every = validator(text_of(schema)), every_validator(text_of(schema))
    for name in (*names, "items", "x"):
        for text, good in ((" ", True), ("\u00a0", False), ("y", False)):
            assert good == one({name: text}) == every([{name: text}]), (name, text)


def test_two_spellings_of_one_pattern_both_count() -> None:
    """`patternProperties` with two patterns that the validator reads alike: neither is lost."""
    judged = validator(
        text_of({"patternProperties": {r"^\s": {"type": "string"}, "^[\\t\\n\\f\\r ]": {"minLength": 2}}})
    )
    assert judged({" a": "xy"})
    assert not judged({" a": "x"})
    assert not judged({" a": 5})
