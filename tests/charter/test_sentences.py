"""A charter as sentences: nothing of it goes unsaid, and the sentences say what the engine does.

Leaves out how they are laid out; tests/cli/test_explain.py shows that.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import jsonschema_rs
import pytest
import yaml

from govern.charter import example
from govern.charter.files import within
from govern.charter.input_schema import KEYWORDS
from govern.charter.keyword_schema import keyword_schema
from govern.charter.kinds import (
    ConditionText,
    Duration,
    Effect,
    Either,
    Kind,
    ListOf,
    MapOf,
    Name,
    OneOf,
    PathText,
    Pattern,
    Tools,
)  # fmt: skip
from govern.charter.load import load_text
from govern.charter.places import entries, places
from govern.charter.sentences import Item, statement
from govern.charter.sentences.conditions import in_words
from govern.charter.sentences.schemas import NOTES, arguments, value
from govern.conditions import parse_condition
from govern.conditions.scope import FieldType, Scope

from .fragments import whole

PARTS = {name: example.text(name) for name in (*example.FILES.values(), *example.PARTS)}
# Said by the digest of the file it stands in: what a base or a library is called for, and since when.
PINNED = frozenset(
    {(file, key) for file in ("base.yaml", "library.yaml", "root.yaml") for key in ("version", "purpose", "owner")}
    | {("library.yaml", "source"), ("library.yaml", "server")}
)
# Where another file asks for more, or as much, what this one says changes nothing.
OUTDONE = frozenset({("library.yaml", ("tools", "send_email", "external"))})


def instead(kind: Kind) -> tuple[Any, ...]:
    """What a value of a kind may be instead; not all of it loads everywhere."""
    match kind:
        case Name(refers="role" | "gate"):
            return ("finance", "team-lead", "security")
        case Name(refers="tool") | Tools():
            return ("add_note", "get_ticket", "drop_*")
        case Name():
            return ("own-customer", "company/on-duty", "other_name")
        case OneOf(_, words):
            return tuple(reversed(words))
        case Duration():
            return ("7m", "7h")
        case ConditionText():
            return ("args.amount <= 7", "result.a == 7", "record.a == 7")
        case PathText():
            return ("args.other", "result.other", "args.order_id", "agent")
        case Pattern():
            return ("orders:write", "get_ticket")
        case Effect():
            return ("deny", {"approval": "security"})
        case ListOf(item) | MapOf(_, item):
            return instead(item)
        case Either(several):
            return tuple(each for one in several for each in instead(one))
        case _:
            return ()


def said(texts: dict[str, str], file: str = "charter.yaml") -> str | None:
    """The charter in one text, None where it does not load."""
    charter = load_text(texts[file], file, within(texts)).charter
    if charter is None:
        return None
    told = statement(charter)
    found = [told.title, *told.says]
    for section in told.sections:
        found += [section.title, *section.says, *(line for item in section.items for line in lines(item))]
    return "\n".join(found)


def lines(item: Item) -> Iterator[str]:
    yield item.text
    for below in item.below:
        yield from lines(below)


def of(fragment: str) -> str:
    text = said({"charter.yaml": whole(fragment)})
    assert text is not None
    return text


def leaves(data: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    for key, item in data.items() if isinstance(data, dict) else enumerate(data):
        if isinstance(item, dict | list) and item:
            yield from leaves(item, (*path, key))
        else:
            yield (*path, key), item


def changed(data: Any, path: tuple[str | int, ...], item: Any) -> str:
    copy = deepcopy(data)
    place = copy
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = item
    return yaml.dump(copy, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True)


def others(path: tuple[str | int, ...], item: Any) -> Iterator[Any]:
    match item:
        case bool():
            yield not item
        case int() | float():
            yield from (item + 1, item + 5)
        case str():
            named = entries(".".join(step for step in path if isinstance(step, str)))
            yield from (each for entry in named for each in instead(entry.key.value) if each != item)
            yield from (f"{item} more", "string" if item == "number" else "number", "token")


@pytest.mark.parametrize("file", ["charter.yaml", "base.yaml", "library.yaml", "root.yaml"])
def test_every_value_is_said(file: str) -> None:
    """Whatever value is changed so that the charter still loads, the sentences change."""
    before, data = said(PARTS), yaml.safe_load(PARTS[file])
    unsaid, tried = [], set()
    for path, item in leaves(data):
        if (file, path[0]) in PINNED or (file, path) in OUTDONE:
            continue
        for other in others(path, item):
            after = said({**PARTS, file: changed(data, path, other)})
            if after is not None:
                tried.add(next(step for step in reversed(path) if isinstance(step, str)))
                if after == before:
                    unsaid.append((path, other))
                break
    assert [] == unsaid
    assert len(tried) > {"charter.yaml": 60, "base.yaml": 12, "library.yaml": 5, "root.yaml": 1}[file]


@pytest.mark.parametrize("file", ["charter.yaml", "base.yaml", "library.yaml"])
def test_every_key_left_out_is_missed(file: str) -> None:
    """Whatever key is left out so that the charter still loads, the sentences change; but for what is the default."""
    before, data = said(PARTS), yaml.safe_load(PARTS[file])
    same = []
    for path in keys(data):
        copy = deepcopy(data)
        place = copy
        for step in path[:-1]:
            place = place[step]
        del place[path[-1]]
        written = yaml.dump(copy, Dumper=yaml.CSafeDumper, sort_keys=False)
        if (file, path[0]) not in PINNED and said({**PARTS, file: written}) == before:
            same.append(path)
    by_default = {
        "charter.yaml": [
            ("facts", "order", "take"),
            ("facts", "order", "fields", "status", "type"),
            ("tools", "send_email", "external"),  # the library says it too
            ("tools", "refund", "input", "type"),  # arguments are an object
        ],
        "base.yaml": [("untrusted",), ("untrusted", "on_instructions"), ("shadow",)],  # the charter says as much
        "library.yaml": [("tools", "send_email", "external"), ("tools", "send_email", "input", "type")],
    }
    assert [path for path in by_default[file] if path in same] == same


def keys(data: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    for key, item in data.items() if isinstance(data, dict) else enumerate(data):
        if isinstance(key, str):
            yield (*path, key)
        if isinstance(item, dict | list):
            yield from keys(item, (*path, key))


def test_every_place_has_an_example() -> None:
    """What the tests above change is the whole language."""
    used = {place.key for place in places() if example.excerpt(place)}
    assert {place.key for place in places()} == used


SCOPE = Scope(
    (("order", (("status", FieldType("string")), ("paid", FieldType("boolean")), ("at", FieldType("timestamp")))),)
)


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ("order.status == 'returned' && args.amount <= 50",
         "`order.status` is `returned` and `args.amount` is at most 50"),
        ("args.a > 1 || args.b < 2 || !has(args.c)",
         "`args.a` is above 1 or `args.b` is below 2 or `args.c` is not given"),
        ("args.x == '5'", "`args.x` is `5`"),
        ("args.x == 5", "`args.x` is 5"),
        ("args.x != null", "`args.x` is not null"),
        ("args.x in ['a', 'b']", "`args.x` is one of `a`, `b`"),
        ("!(args.x in ['a', 'b'])", "`args.x` is none of `a`, `b`"),
        ("order.paid", "`order.paid` is true"),
        ("!order.paid", "`order.paid` is false"),
        ("!args.body.contains('http')", "`args.body` does not contain `http`"),
        ("within(args.path, '/srv/a')", "`args.path` lies in the folder `/srv/a`"),
        ("size(args.to) <= 3", "the size of `args.to` is at most 3"),
        ("url(args.link).host == 'a.org'", "the host of `args.link` is `a.org`"),
        ("order.at <= at", "`order.at` is at most `at`"),
        ("calls('refund') < 2", "the number of earlier calls of `refund` is below 2"),
        ("args.labels.exists(l, l == 'x')", "there is an item `l` of `args.labels` for which `l` is `x`"),
        ("named_by_user(args.to)", "the user named `args.to`"),
        # Words would be ambiguous, or harder to read: as written.
        ("args.a && (args.b || args.c)", "`args.a && (args.b || args.c)`"),
        ("!(args.a && args.b)", "`!(args.a && args.b)`"),
        ("args.a ? args.b : args.c", "`args.a ? args.b : args.c`"),
        ("args.a == ''", "`args.a == ''`"),
        ("args.a == ' b'", "`args.a == ' b'`"),
        ("args.a\n  && (args.b || args.c)", "`args.a && (args.b || args.c)`"),
        ("args.x <= (args.a + 1) * 2", "`args.x <= (args.a + 1) * 2`"),
    ],
)  # fmt: skip
def test_conditions(condition: str, words: str) -> None:
    """Simple ones in words, others as written; text and numbers stay apart."""
    assert words == in_words(parse_condition(condition, SCOPE))


def test_an_expression_is_whole_or_not_in_words() -> None:
    """What stands between operators is shown as it is written, brackets and all."""
    assert "`args.a + args.b` is at most 5" == in_words(parse_condition("args.a + args.b <= 5"))


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "string", "minLength": 1}, "text, at least 1 character"),
        ({"type": ["integer", "null"], "maximum": 9}, "a whole number or null, at most 9"),
        ({"enum": ["5", 5]}, "one of `5`, 5"),
        ({"type": "object"}, "an object without fields"),
        ({"type": "array", "items": {"type": "string"}, "uniqueItems": True}, "a list, each once, every item (text)"),
        ({"not": {"const": 1}}, 'as JSON Schema says: `{"not": {"const": 1}}`'),
        ({"type": "string", "description": "x"}, "text"),
        (False, "nothing is allowed"),
    ],
)
def test_schemas(schema: Any, words: str) -> None:
    """What has words is said in them, every other keyword as written, notes not at all."""
    assert words == value(schema)


def test_an_open_object_is_said_to_be_open() -> None:
    assert ["any other arguments too"] == arguments({"type": "object", "additionalProperties": True})
    assert ["no arguments"] == arguments({"type": "object"})
    assert ["`a` (optional): text", "must be given: `b`"] == arguments(
        {"properties": {"a": {"type": "string"}}, "required": ["b"]}
    )


def test_no_keyword_is_dropped() -> None:
    """Each keyword that demands something appears, in words or as written."""
    inner = {"const": "zzz"}
    shapes: list[Any] = [inner, [inner], {"zzz": inner}, {"zzz": ["zzz"]}, 77, "zzz", ["zzz"]]
    judge = jsonschema_rs.Draft202012Validator(keyword_schema("#"))
    for word in KEYWORDS - NOTES - {"type", "uniqueItems", "format", "$ref", "required"}:
        demanded = [{word: shape} for shape in shapes if judge.is_valid({word: shape})]
        assert demanded, word
        for schema in demanded:
            assert re.search("zzz|77", value(schema)), schema
    assert "each once" == value({"uniqueItems": True})
    assert "`uuid`" in value({"format": "uuid"})
    assert "#/$defs/a" in value({"$ref": "#/$defs/a"})
    assert '"required": ["a"]' in value({"required": ["a"]})


def test_unknown_is_said() -> None:
    """Either form of a rule says what happens where its condition is not known."""
    text = of(
        """rules:
  - {id: a, tools: [refund], when: args.amount > 5, then: deny}
  - {id: b, tools: [refund], only_if: args.amount <= 5, otherwise: {approval: lead}}"""
    )
    assert "`a`: a call of `refund` is denied if `args.amount` is above 5, or if that is not known." in text
    assert (
        "`b`: a call of `refund` needs the approval of `lead` unless it is known that `args.amount` is at most 5."
        in text
    )


def test_what_never_runs_is_not_said_to_run() -> None:
    """A tool that is mapped and forbidden is said to be both."""
    text = of("never: [{tools: ['get_*'], because: No.}]")
    assert "`get_order` runs without asking. It stands under Never too: no call of it is ever released" in text


def test_a_tool_says_which_shared_rules_judge_it() -> None:
    """Also where only a raised tier makes them apply."""
    text = of(
        """tools:
  sql: {tier: reversible, rules: [{id: drop, when: args.q == 'x', then: {tier: irreversible, approval: lead}}]}
  look: {tier: read_only}
rules: [{id: hard, tiers: [irreversible], when: args.a == 1, then: deny}]"""
    )
    assert 1 == text.count("See also `hard` below.")
    assert 1 == text.count("But a rule may count a call of one as more")


def test_an_author_cannot_write_sentences() -> None:
    """The author's prose cannot leave its quotes, nor a name its backticks."""
    text = of(
        'purpose: "Reads.” Anyone may approve.\\n\\n## Never\\n“x"\n'
        "rules: [{id: a, tools: [refund], when: \"args.a == '`x` y'\", then: deny}]"
    )
    assert '“Reads." Anyone may approve. ## Never "x”' in text
    assert "if `args.a == '\\x60x\\x60 y'`, or" in text


def test_a_base_and_a_library_are_said_to_grant_nothing() -> None:
    base, library = said(PARTS, "base.yaml"), said(PARTS, "library.yaml")
    assert base is not None
    assert library is not None
    assert "It grants no tool." in base
    assert "It grants none" in library
