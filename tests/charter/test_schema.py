"""Closing of input schemas: what is not named is refused, and nothing is let through by closing."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import jsonschema
import jsonschema_rs
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from govern.charter.files import within
from govern.charter.input_schema import FORMATS, agree
from govern.charter.load import load_text
from govern.charter.model import Input
from govern.charter.reader import Reader
from govern.charter.schema import Schema, closed
from govern.charter.schema_defaults import wrong_together
from govern.charter.schema_path import missing
from govern.findings import Severity

from .fragments import whole

ADDRESS = {"type": "object", "properties": {"city": {"type": "string"}}}


def valid(schema: Schema, value: Any) -> bool:
    """By the validator that decides, and by another one: both must agree."""
    one = jsonschema_rs.Draft202012Validator(schema).is_valid(value)
    other = jsonschema.Draft202012Validator(schema).is_valid(value)
    assert one == other
    return one


@pytest.mark.parametrize(
    ("schema", "good", "bad"),
    [
        ({}, [{}], [{"a": 1}]),
        ({"type": "object"}, [{}], [{"a": 1}]),
        ({"properties": {"a": {}}}, [{}, {"a": 1}], [{"b": 1}]),
        ({"properties": {"a": ADDRESS}}, [{"a": {"city": "x"}}], [{"a": {"zip": 1}}, {"a": {"city": "x", "zip": 1}}]),
        ({"properties": {"a": {"type": "object"}}}, [{"a": {}}], [{"a": {"b": 1}}]),
        ({"properties": {"a": {"type": ["object", "null"]}}}, [{"a": None}, {"a": {}}], [{"a": {"b": 1}}]),
        ({"properties": {"a": {}}}, [{"a": {"anything": 1}}], []),
        ({"properties": {"a": {"items": ADDRESS}}}, [{"a": [{"city": "x"}]}], [{"a": [{"zip": 1}]}]),
        ({"properties": {"a": {"prefixItems": [ADDRESS]}}}, [{"a": [{"city": "x"}, 5]}], [{"a": [{"zip": 1}]}]),
        ({"patternProperties": {"^x-": ADDRESS}}, [{"x-a": {"city": "b"}}], [{"y": 1}, {"x-a": {"zip": 1}}]),
        ({"additionalProperties": ADDRESS}, [{"any": {"city": "x"}}], [{"any": {"zip": 1}}]),
        ({"properties": {}, "additionalProperties": True}, [{"a": 1}], []),
        ({"properties": {"a": {"type": "object", "additionalProperties": True}}}, [{"a": {"b": 1}}], [{"b": 1}]),
        # Several subschemas of one object are closed together, not each against the other.
        (
            {"allOf": [{"properties": {"a": {}}}, {"properties": {"b": ADDRESS}}]},
            [{"a": 1, "b": {"city": "x"}}],
            [{"c": 1}, {"b": {"zip": 1}}],
        ),
        (
            {"properties": {"k": {}}, "anyOf": [{"properties": {"a": {}}, "required": ["a"]}, {"required": ["b"]}]},
            [{"k": 1, "a": 1}],
            [{"a": 1, "c": 1}, {"b": 1}],
        ),
        (
            {"properties": {"a": {}, "b": {}}, "oneOf": [{"required": ["a"]}, {"required": ["b"]}]},
            [{"a": 1}],
            [{"c": 1}],
        ),
        (
            {"properties": {"k": {}}, "if": {"properties": {"k": {"const": 1}}}, "then": {"properties": {"a": {}}},
             "else": {"properties": {"b": {}}}},
            [{"k": 1, "a": 1}, {"k": 2, "b": 1}],
            [{"k": 1, "b": 1}, {"k": 2, "a": 1}, {"k": 1, "c": 1}],
        ),
        ({"$ref": "#/$defs/a", "$defs": {"a": ADDRESS}}, [{"city": "x"}], [{"zip": 1}]),
        (
            {"properties": {"to": {"$ref": "#/$defs/a"}}, "$defs": {"a": ADDRESS}},
            [{"to": {"city": "x"}}],
            [{"to": {"zip": 1}}],
        ),
        (
            {"properties": {"next": {"$ref": "#"}, "n": {}}},
            [{"next": {"next": {"n": 1}}}],
            [{"next": {"next": {"m": 1}}}],
        ),
        # Inside `not`, `if` and `contains`, a narrower schema would let more through: they stay as written.
        ({"properties": {"a": {}, "b": {}}, "not": {"properties": {"a": {"const": 1}}, "required": ["a"]}},
         [{"a": 2}], [{"a": 1}, {"a": 1, "b": 2}]),
        (
            {"properties": {"l": {"contains": ADDRESS, "maxContains": 1}}},
            [{"l": [{"zip": 1}]}],
            [{"l": [{"zip": 1}] * 2}],
        ),
        # References from there lead to the schema as written too.
        (
            {"properties": {"a": ADDRESS, "b": {}}, "not": {"$ref": "#/$defs/x"},
             "$defs": {"x": {"properties": {"a": {"type": "object", "properties": {"city": {"const": "x"}}}},
                             "required": ["a"]}}},
            [{"a": {"city": "y"}}, {"b": 1}],
            [{"a": {"city": "x"}}, {"a": {"zip": 1}}],
        ),
        # `oneOf`: what matches two branches as written matches too many, however closed they are.
        (
            {"properties": {"k": {}},
             "oneOf": [{"properties": {"a": ADDRESS}}, {"properties": {"a": {"type": "object"}}}]},
            [],
            [{"a": {"city": "x"}}, {"a": {"zip": 1}}],
        ),
    ],
)  # fmt: skip
def test_closed(schema: dict[str, Any], good: list[Any], bad: list[Any]) -> None:
    """What the schema names passes, what it does not name is refused; writing `additionalProperties` opens."""
    for value in good:
        assert valid(schema, value)
        assert valid(closed(schema), value)
    for value in bad:
        assert not valid(closed(schema), value)


def test_closing_changes_nothing_given() -> None:
    """The schema itself is not changed, and closing twice is closing once."""
    schema: dict[str, Any] = {"properties": {"a": ADDRESS}, "allOf": [{"properties": {"b": {"items": ADDRESS}}}]}
    before = repr(schema)
    once = closed(schema)
    assert before == repr(schema)
    assert once == closed(once)


_LEAF = st.sampled_from([{}, {"type": "string"}, {"type": "object"}, {"const": 1}, {"required": ["a"]}, ADDRESS])
_SCHEMAS = st.recursive(
    _LEAF,
    lambda inner: st.fixed_dictionaries(
        {},
        optional={
            "type": st.sampled_from(["object", ["object", "null"]]),
            "properties": st.dictionaries(st.sampled_from("abc"), inner, max_size=2),
            "allOf": st.lists(inner, min_size=1, max_size=2),
            "anyOf": st.lists(inner, min_size=1, max_size=2),
            "oneOf": st.lists(inner, min_size=1, max_size=2),
            "contains": inner,
            "$ref": st.sampled_from(["#/$defs/one", "#/$defs/two"]),
            "not": inner,
            "if": inner,
            "then": inner,
            "else": inner,
            "items": inner,
            "additionalProperties": st.one_of(st.booleans(), inner),
            "dependentSchemas": st.dictionaries(st.sampled_from("abc"), inner, max_size=1),
        },
    ),
    max_leaves=8,
)
_VALUES = st.recursive(
    st.sampled_from([1, "x", None]),
    lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(st.sampled_from("abcd"), inner, max_size=3)),
    max_leaves=8,
)


def without_refs(schema: Any) -> Any:
    """A copy without references: generated definitions must not go round in circles."""
    if isinstance(schema, list):
        return [without_refs(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {key: without_refs(item) for key, item in schema.items() if key != "$ref"}


@settings(max_examples=400, deadline=None)
@given(_SCHEMAS, _SCHEMAS.map(without_refs), _SCHEMAS, st.dictionaries(st.sampled_from("abcd"), _VALUES, max_size=3))
def test_closing_never_lets_more_through(
    schema: dict[str, Any], one: dict[str, Any], two: dict[str, Any], value: dict[str, Any]
) -> None:
    """Every value that the closed schema takes, the schema as written takes too."""
    schema = {**schema, "$defs": {"one": one, "two": without_refs(two)}}
    if valid(closed(schema), value):
        assert valid(schema, value)


def test_an_empty_input_takes_no_arguments() -> None:
    """A tool with `input: {}` takes no argument, rather than every one."""
    loaded = load_text(whole("tools:\n  get_order: {tier: read_only, input: {type: object}}"))
    assert loaded.charter is not None
    schema = loaded.charter.tools["get_order"].input
    assert schema is not None
    assert not valid(closed(schema.schema), {"a": 1})


@pytest.mark.parametrize("format", sorted(FORMATS))
def test_every_accepted_format_is_judged(format: str) -> None:
    """A format that the loader accepts refuses something: none passes everything."""
    validator = jsonschema_rs.Draft202012Validator({"format": format}, validate_formats=True)
    assert not all(validator.is_valid(text) for text in ["\x00 \\ {", "%%%", "(", "~", "/~2", "a b", ""])


@pytest.mark.parametrize(
    ("input", "rule", "underlined"),
    [
        ("{type: object, requried: [a]}", "schema-unknown-keyword", "requried"),
        ("{type: object, properties: {a: {items: {allOf: [{tpye: string}]}}}}", "schema-unknown-keyword", "tpye"),
        ("{type: object, $defs: {x: {maximun: 1}}}", "schema-unknown-keyword", "maximun"),
        ("{properties: {a: {type: string, default: 1}}}", "schema-default", "1"),
        ("{properties: {a: {anyOf: [{default: 7}]}}}", "schema-unsupported", "7"),
        ("{properties: {a: {oneOf: [{default: 7}]}}}", "schema-unsupported", "7"),
        ("{properties: {a: {not: {default: 7}}}}", "schema-unsupported", "7"),
        ("{properties: {a: {if: {default: 7}}}}", "schema-unsupported", "7"),
        ("{then: {properties: {a: {default: 7}}}}", "schema-unsupported", "7"),
        ("{properties: {a: {items: {properties: {b: {default: 7}}}}}}", "schema-unsupported", "7"),
        ("{patternProperties: {'^a': {default: 7}}}", "schema-unsupported", "7"),
        ("{additionalProperties: {default: 7}}", "schema-unsupported", "7"),
        ("{dependentSchemas: {a: {properties: {b: {default: 7}}}}}", "schema-unsupported", "7"),
        ("{default: {}, properties: {a: {}}}", "schema-unsupported", "{}"),
        ("{properties: {a: {items: {$ref: '#/$defs/x'}}, b: {$ref: '#/$defs/x'}}, $defs: {x: {default: 7}}}",
         "schema-unsupported", "7"),
        ("{properties: {a: {default: 1}}, allOf: [{properties: {a: {default: 2}}}]}", "schema-default", "2"),
        ("{properties: {a: {$ref: '#/$defs/x', default: 1}}, $defs: {x: {default: 2}}}", "schema-default", "2"),
        ("{properties: {a: {default: 1}}, allOf: [{properties: {A: {default: 2}}}]}", "schema-default", "2"),
        ("{properties: {a: {}, A: {}}}", "schema-invalid", "A"),
        ("{properties: {next: {$ref: '#', default: {}}}}", "schema-default", "{}"),
        ("{properties: {a: {type: object, default: {}, required: [b], properties: {b: {}}}}}", "schema-default", "{}"),
        ("{properties: {a: {type: object, default: {c: 1}, properties: {b: {}}}}}", "schema-default", "{c: 1}"),
        ("{properties: {a: {default: {x: 1, X: 2}}}}", "schema-invalid", "X"),
        ("{allOf: [{properties: {a: {default: 7}}}, {properties: {b: {}}, additionalProperties: false}]}",
         "schema-default", "7"),
        ("{properties: {a: {pattern: '\\Qa.b'}}}", "schema-pattern", "'\\Qa.b'"),
        ("{properties: {a: {$ref: '#/$defs/b%20c'}}, $defs: {b c: {}}}", "schema-invalid", "'#/$defs/b%20c'"),
        ("{properties: {type: {$ref: '#/$defs/b'}}}", "schema-invalid", "'#/$defs/b'"),
        ("{$ref: 'https://example.com/x'}", "schema-remote-ref", "'https://example.com/x'"),
        ("{$ref: 'file.json#/a'}", "schema-remote-ref", "'file.json#/a'"),
        ("{properties: {a: {$ref: '#/$defs/b'}}}", "schema-invalid", "'#/$defs/b'"),
        ("{properties: {a: {pattern: '(?<=a)b'}}}", "schema-pattern", "'(?<=a)b'"),
        ("{patternProperties: {'(?=a)': {}}}", "schema-pattern", "'(?=a)'"),
        ("{properties: {a: {format: mail}}}", "schema-unknown-format", "mail"),
        ("{properties: {a: {type: [string, int]}}}", "schema-invalid", "int"),
        ("{properties: {a: {type: [string, null]}}}", "schema-invalid", "null"),
        ("{type: array}", "schema-invalid", "array"),
        ("{properties: {a: {minLength: -1}}}", "schema-invalid", "-1"),
        ("{properties: {a: {maximum: x}}}", "schema-invalid", "x"),
        ("{properties: {a: 5}}", "wrong-value", "5"),
        ("{properties: {a: {properties: {b: {}}, required: [c]}}}", "schema-required-unknown", "c"),
        ("{$schema: 'http://json-schema.org/draft-07/schema#'}", "schema-unsupported", "'http://json-schema.org/draft-07/schema#'"),
        ("{properties: {a: {enum: [yes, no]}}}", "yaml-implicit-boolean", "yes"),
    ],
)  # fmt: skip
def test_mistakes_in_a_schema_stand_at_their_place(input: str, rule: str, underlined: str) -> None:
    """The vocabulary is closed at every depth, and each mistake is underlined exactly."""
    text = whole(f"tools:\n  get_order:\n    tier: read_only\n    input: {input}")
    loaded = load_text(text)
    assert loaded.charter is None
    found = next(finding for finding in loaded.findings if finding.rule == rule)
    line = text.split("\n")[found.location.line - 1]
    assert underlined == line[found.location.column - 1 : found.location.end_column - 1]


def test_enum_and_const_are_data_not_schemas() -> None:
    """Inside `enum`, `const`, `default` and `examples` any JSON stands, also words that look like keywords."""
    input = (
        "{properties: {a: {enum: [{requried: 1}, null, true]}, b: {const: {$ref: x}}, c: {examples: [{default: 1}]}, "
        "d: {default: {$ref: x, pattern: '(', default: 2, items: {default: 3}}}}}"
    )
    assert () == load_text(whole(f"tools:\n  get_order: {{tier: read_only, input: {input}}}")).findings


def test_all_mistakes_of_a_schema_in_one_run() -> None:
    """Two unknown keywords, a pattern and a remote reference: four findings."""
    input = "{requried: [a], properties: {a: {pattern: '(?=a)'}, b: {$ref: 'x.json'}, c: {mininum: 1}}}"
    loaded = load_text(whole(f"tools:\n  get_order: {{tier: read_only, input: {input}}}"))
    assert ["schema-pattern", "schema-remote-ref", "schema-unknown-keyword", "schema-unknown-keyword"] == sorted(
        finding.rule for finding in loaded.findings
    )


def test_a_result_may_be_anything() -> None:
    """Arguments are an object; a result may be a list or a text."""
    for kind in ("array", "string", "object"):
        tool = f"tools:\n  get_order: {{tier: read_only, output: {{type: {kind}}}}}"
        assert () == load_text(whole(tool)).findings
    refused = load_text(whole("tools:\n  get_order: {tier: read_only, output: {default: 1}}")).findings
    assert ["`default` is not supported in `output`"] == [finding.message for finding in refused]


@pytest.mark.parametrize(
    ("place", "schema", "lost"),
    [
        ("args", "{type: object}", None),
        ("args.a", "{properties: {a: {}}}", None),
        ("args.b", "{properties: {a: {}}}", "b"),
        ("args.b", "{type: object}", "b"),
        ("args.b", "{additionalProperties: true}", None),
        ("args.b", "{patternProperties: {'^b': {}}}", None),
        ("args.a.b.c", "{properties: {a: {}}}", None),
        ("args.a.c", "{properties: {a: {type: object, properties: {b: {}}}}}", "c"),
        ("args.a[0].c", "{properties: {a: {items: {properties: {b: {}}}}}}", "c"),
        ("args.a[*].b", "{properties: {a: {items: {properties: {b: {}}}}}}", None),
        ("args.a[1].c", "{properties: {a: {prefixItems: [{}, {properties: {b: {}}}]}}}", "c"),
        ("args.a[0].c", "{properties: {a: {prefixItems: [{}, {properties: {b: {}}}]}}}", None),
        ("args.b", "{allOf: [{properties: {a: {}}}, {properties: {b: {}}}]}", None),
        ("args.c", "{allOf: [{properties: {a: {}}}, {properties: {b: {}}}]}", "c"),
        ("args.a.b", "{properties: {a: {$ref: '#/$defs/x'}}, $defs: {x: {properties: {b: {}}}}}", None),
        ("args.a.c", "{properties: {a: {$ref: '#/$defs/x'}}, $defs: {x: {properties: {b: {}}}}}", "c"),
        ("args.a.a.a.b", "{$ref: '#/$defs/x', $defs: {x: {properties: {a: {$ref: '#/$defs/x'}}}}}", "b"),
        ("args.a.b", "{properties: {a: true}}", None),
    ],
)
def test_a_place_that_a_schema_has_no_room_for(place: str, schema: str, lost: str | None) -> None:
    """A masked place is checked against the closed schema, through references, lists and subschemas."""
    found = missing(place, yaml.safe_load(schema))
    assert lost == (found.name if found else None)


def test_a_place_may_be_known_to_the_library_alone() -> None:
    """Where charter and library both have a schema, a place is an error only if neither has room for it."""
    library = whole(
        "library: shop\ntools:\n  pay: {tier: read_only, input: {properties: {a: {type: object, properties: {b: {}}}}}}"
    )
    files = within({"shop.yaml": library})
    charter = "uses: [shop.yaml]\ntools:\n  pay: {secret: [args.%s], input: {properties: {a: {}, c: {}}}}"
    for place, rules in (("a.b", []), ("c", []), ("d", ["invalid-path"])):
        found = load_text(whole(charter % place), files=files).findings
        assert rules == [finding.rule for finding in found]


@pytest.mark.parametrize(
    "input",
    [
        "{properties: {a: {default: 1}}, required: [a]}",
        "{properties: {a: {default: null}, b: {default: [1]}, c: {default: {d: 1}}}}",
        "{properties: {a: {anyOf: [{type: string}, {type: 'null'}], default: null}}}",
        "{properties: {a: {default: 1}}, allOf: [{properties: {a: {default: 1.0}}}]}",
        "{properties: {a: {type: object, default: {}, required: [b], properties: {b: {default: 3}}}}}",
        "{properties: {a: {$ref: '#/$defs/x'}}, $defs: {x: {type: string, default: y}, unused: {items: {default: 1}}}}",
        "{properties: {next: {$ref: '#'}, n: {default: 2}}}",
        "{properties: {default: {type: string, default: x}, items: {default: 1}}}",
    ],
)
def test_defaults_that_hold_in_every_call_load(input: str) -> None:
    """At the top, below, by reference, in objects that refer to themselves, beside `anyOf`; the same one twice."""
    assert () == load_text(whole(f"tools:\n  get_order: {{tier: read_only, input: {input}}}")).findings


@pytest.mark.parametrize(
    ("own", "library", "said"),
    [
        ({"a": {"default": 1}}, {"a": {"default": 1}}, ()),
        ({"a": {"default": 1}}, {"a": {}}, ()),
        ({"a": {}}, {"a": {"type": "string", "default": "x"}}, ()),
        ({"a": {"default": 1}}, {"a": {"default": 2}}, ("two defaults",)),
        ({"a": {"type": "string"}}, {"a": {"default": 2}}, ("no valid argument",)),
        ({"a": {"default": 1}}, {"a": {"type": "string"}}, ("no valid argument",)),
        ({"b": {}}, {"a": {"default": 2}, "b": {}}, ("does not allow it",)),
    ],
)
def test_a_library_and_a_charter_agree_on_defaults(
    own: dict[str, Any], library: dict[str, Any], said: tuple[str, ...]
) -> None:
    """Both schemas judge every call, so the default of either must satisfy both, and there is one of an argument."""
    found = wrong_together({"properties": own}, {"properties": library})
    assert len(said) == len(found)
    for part, wrong in zip(said, found, strict=True):
        assert part in wrong.message
        assert "schema-default" == wrong.rule
        assert wrong.at in ("", "/properties/a/default")


def test_disagreement_with_a_library_is_told_in_the_charter() -> None:
    """At the charter's own default where it has one, else at its `input`: a library is not the charter's to mend."""

    def input_of(properties: str) -> Input:
        loaded = load_text(whole(f"tools:\n  get_order: {{tier: read_only, input: {{properties: {{{properties}}}}}}}"))
        assert loaded.charter is not None
        found = loaded.charter.tools["get_order"].input
        assert found is not None
        return found

    for own, library, same_line_as in (
        ("a: {default: 1}", "a: {default: 2}", "/properties/a/default"),
        ("a: {type: string}", "a: {default: 2}", ""),
    ):
        told = SimpleNamespace(findings=[])
        agree(cast(Reader, told), input_of(own), input_of(library))
        (finding,) = told.findings
        mine = input_of(own)
        assert finding.location == (mine.places[same_line_as] if same_line_as else mine.at)
        assert ("schema-default", Severity.ERROR) == (finding.rule, finding.severity)
