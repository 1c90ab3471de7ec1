"""What of YAML is refused, at which place; and what a condition that YAML breaks is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from govern.charter.load import load, load_bytes, load_text
from govern.charter.scalars import Refused, resolve

from .fragments import whole

Place = tuple[str, int, int]


def places(text: str) -> list[Place]:
    return [(f.rule, f.location.line, f.location.column) for f in load_text(text).findings]


@pytest.mark.parametrize(
    ("fragment", "expected"),
    [
        ("version: 1\nversion: 2", [("yaml-duplicate-key", 2, 1)]),
        ("tools:\n  a: &x {tier: read_only}", [("yaml-anchor", 2, 6)]),
        ("purpose: *x", [("yaml-alias", 1, 10)]),
        ("tools:\n  a:\n    <<: {tier: read_only}\n    tier: read_only", [("yaml-merge-key", 3, 5)]),
        ("purpose: !!str x", [("yaml-tag", 1, 10)]),
        ("purpose: !x y", [("yaml-tag", 1, 10)]),
        ("tools:\n  a: {tier: read_only, external: no}", [("yaml-implicit-boolean", 2, 34)]),
        ("tools:\n  a: {tier: read_only, external: True}", [("yaml-implicit-boolean", 2, 34)]),
        ("tools:\n  no: {tier: read_only}", [("yaml-implicit-boolean", 2, 3)]),
        ("purpose: 12:30", [("yaml-sexagesimal", 1, 10)]),
        ("version: 010", [("yaml-leading-zero", 1, 10)]),
        ("version: 1_000", [("yaml-number-underscore", 1, 10)]),
        ("version: 0x1F", [("yaml-number-form", 1, 10)]),
        ("version: +1", [("yaml-number-form", 1, 10)]),
        ("version: 9223372036854775808", [("yaml-number-inexact", 1, 10)]),
        ("version: 1e999", [("yaml-number-inexact", 1, 10)]),
        ("version: -.inf", [("yaml-not-finite", 1, 10)]),
        ("purpose: 2026-01-31", [("yaml-date", 1, 10)]),
        ("purpose: 2026-01-31T10:00:00Z", [("yaml-date", 1, 10)]),
        ("purpose:", [("yaml-empty-value", 1, 1)]),
        ("purpose: ~", [("yaml-empty-value", 1, 10)]),
        ("purpose: ''", [("yaml-empty-value", 1, 10)]),
        ("purpose: {[a]: b}", [("yaml-key", 1, 11), ("wrong-value", 1, 10)]),
        ("tools:\n  12: {tier: read_only}", [("yaml-key", 2, 3)]),
        ("%YAML 1.1\n---\nversion: 1", [("yaml-directive", 1, 1)]),
        ("purpose: @home", [("yaml-syntax", 1, 10)]),
        ("purpose: a: b", [("yaml-syntax", 1, 11)]),
        ("tools:\n\ta: 1", [("yaml-tab", 2, 1)]),
    ],
)
def test_refused(fragment: str, expected: list[Place]) -> None:
    """Each form that two readers could understand differently has its own rule, at its own place."""
    found = places(whole(fragment))
    assert [place for place in found if place[0].startswith("yaml-") or place in expected] == sorted(
        expected, key=lambda place: place[1:]
    )


# What the language says that it refuses ("Closed vocabulary"), one by one.
TRAPS = {
    "duplicate keys": ("version: 1\nversion: 2", "yaml-duplicate-key", "stands twice"),
    "anchors": ("purpose: &x y", "yaml-anchor", "an anchor `&x`"),
    "aliases": ("purpose: *x", "yaml-alias", "an alias `*x`"),
    "merge keys": ("tools:\n  a:\n    <<: {tier: read_only}", "yaml-merge-key", "a merge key `<<`"),
    "tags": ("purpose: !!str x", "yaml-tag", "a tag `!!str`"),
    "implicit booleans": ("purpose: yes", "yaml-implicit-boolean", "`yes` is a truth value to some readers"),
    "a key called on": ("on: 1", "yaml-implicit-boolean", "`on` is a truth value to some readers"),
    "sexagesimals": ("purpose: 12:30", "yaml-sexagesimal", "`12:30` is a number in base 60"),
    "leading zeros": ("version: 010", "yaml-leading-zero", "`010` has a leading zero: octal"),
    "underscores in numbers": ("version: 1_000", "yaml-number-underscore", "`1_000` has `_` in a number"),
    "dates as values": ("purpose: 2026-01-31", "yaml-date", "`2026-01-31` is a date to some readers"),
    "empty values": ("purpose:", "yaml-empty-value", "a value is missing"),
    "a tilde": ("purpose: ~", "yaml-empty-value", "`~` is an empty value"),
    "hexadecimals": ("version: 0x1F", "yaml-number-form", "`0x1F` is a number in one reader"),
    "numbers without end": ("version: .inf", "yaml-not-finite", "`.inf` is not a finite number"),
    "numbers that no double holds": ("version: 1e999", "yaml-number-inexact", "`1e999` has no exact value"),
    "keys that are no text": ("12: x", "yaml-key", "the key `12` is not text"),
    "directives": ("%YAML 1.1\n---\nversion: 1", "yaml-directive", "a YAML directive"),
    "several documents": ("version: 1\n---\nversion: 2", "yaml-several-documents", "a second YAML document"),
    "tabs": ("tools:\n\ta: 1", "yaml-tab", "a tab where YAML allows only spaces"),
    "a missing colon": ("purpose Answers questions.", "yaml-missing-colon", "a `:` is missing after `purpose`"),
    "depth": (f"purpose: {'[' * 80}{']' * 80}", "yaml-too-deep", "nested deeper than 64"),
    "size": (f"purpose: {'x' * 1024 * 1024}", "file-too-large", "the file is larger than"),
    "a leading exclamation mark": ("tools:\n  a:\n    show_only_if: !result.x", "quote-condition", "does not read"),
    "a choice": ("tools:\n  a:\n    show_only_if: result.x ? true : false", "quote-condition", "does not read"),
    "a comment": ("tools:\n  a:\n    show_only_if: result.x == 'a # b'", "quote-condition", "for a comment"),
    "a comma in braces": ("tools:\n  a: {show_only_if: result.x in ['a', 'b']}", "quote-condition", "does not read"),
    "bidirectional characters": ("purpose: a\u202eb", "hidden-character", "U+202E"),
    "invisible characters": ("purpose: a\u200bb", "hidden-character", "U+200B"),
    "another line break": ("purpose: a # b\u2028c", "odd-line-break", "U+2028"),
    "control characters": ("purpose: a\x07b", "control-character", "U+0007"),
    "mixed scripts": ("roles: [lead, l\u0435ad]", "invalid-name", "a role is `l\u0435ad`"),
}


@pytest.mark.parametrize("trap", TRAPS)
def test_every_trap_has_its_own_message(trap: str) -> None:
    """Each is told in words of its own, with a hint on what to write instead wherever that can be said."""
    fragment, rule, words = TRAPS[trap]
    found = [finding for finding in load_text(whole(fragment)).findings if finding.rule == rule]
    assert [True] == [words in finding.message for finding in found]
    assert found[0].hint or rule in ("yaml-too-deep", "file-too-large", "yaml-key")


def test_no_two_traps_are_told_alike() -> None:
    """No message stands for two traps, but for conditions, whose cure is the same."""
    told = [(rule, words) for _, rule, words in TRAPS.values() if rule != "quote-condition"]
    assert len(told) == len(set(told))


@pytest.mark.parametrize("text", ["1", "-1", "0", "1.5", "1e3", "-0.5E-2", "true", "false", "null"])
def test_json_scalars_are_values(text: str) -> None:
    """JSON's scalars are what they are in JSON."""
    assert not isinstance(resolve(text), str | Refused)


@pytest.mark.parametrize(
    "text",
    ["n", "y", "a", "1.2.3", "4h", "30s", "1-2", "10.0.0.1", "-", "--x", "1 2", ".", "..", "+", "x:y", "=", "1,5"],
)
def test_text_is_text(text: str) -> None:
    """What no reader of YAML takes for a number, a date or a truth value is text."""
    assert text == resolve(text)


@pytest.mark.parametrize(
    "written",
    [
        "!args.x",
        "!args.x && args.y",
        "!(args.x)",
        "args.x ? true : false",
        "args.x == 'a: b'",
        "'a' in args.x",
        '"a" == args.x',
        "[1, 2].exists(i, i == args.x)",
        "*args.x",
        "&& args.x",
        "args.x == 'a # b'",
        "{x: 1}.x == args.x",
    ],
)
def test_a_condition_that_yaml_breaks(written: str) -> None:
    """It is told to be quoted, at its own line, wherever a condition may stand; nothing else is said of it."""
    for key, other in (("when", "then"), ("only_if", "otherwise")):
        text = whole(f"rules:\n  - id: a\n    tools: [get_order]\n    {key}: {written}\n    {other}: deny")
        assert [("quote-condition", 4)] == [(rule, line) for rule, line, _ in places(text)]
    for text in (
        f"tools:\n  get_order:\n    tier: read_only\n    show_only_if: {written}\n    hide: [result.a]",
        f"records:\n  orders:\n    read_by: [get_order]\n    only_if: {written}\n    max: 5",
        f"untrusted:\n  after_reading:\n  - tools: [get_order]\n    unless: {written}\n    then: deny",
    ):
        assert [("quote-condition", 4)] == [(rule, line) for rule, line, _ in places(whole(text))]


@pytest.mark.parametrize(
    "written",
    [
        "within(args.p, '/a')",
        "args.x in ['a', 'b']",
        "args.x ? true : false",
        "!args.x",
        "!args.x || args.y",
        "'a' == args.x",
        "args.l.all(i, i > 1)",
        "args.x == '}'",
    ],
)
def test_a_condition_that_a_flow_mapping_breaks(written: str) -> None:
    """A comma, bracket or colon inside `{…}` ends the value: it is told to be quoted, and nothing else is said."""
    rule = f"rules:\n  - {{id: a, tools: [get_order], only_if: {written}, otherwise: deny}}"
    assert [("quote-condition", 2)] == [place[:2] for place in places(whole(rule))]
    tool = f"tools:\n  refund: {{tier: irreversible, approval: {{ask: lead, unless: {written}}}}}"
    assert [("quote-condition", 2)] == [place[:2] for place in places(whole(tool))]
    shown = f"tools:\n  get_order: {{show_only_if: {written}, tier: read_only, hide: [result.a]}}"
    assert [("quote-condition", 2)] == [place[:2] for place in places(whole(shown))]
    record = f"records:\n  orders: {{only_if: {written}, read_by: [get_order], max: 5}}"
    assert [("quote-condition", 2)] == [place[:2] for place in places(whole(record))]


@pytest.mark.parametrize("quote", ['"', "'"])
def test_quoted_conditions_load(quote: str) -> None:
    """Quotes are always the cure."""
    condition = f"{quote}!has(args.x) || args.l.all(i, i in [1, 2]) ? true : args.y == 1{quote}"
    block = whole(f"rules:\n  - id: a\n    tools: [get_order]\n    when: {condition}\n    then: deny")
    flow = whole(f"rules:\n  - {{id: a, tools: [get_order], when: {condition}, then: deny}}")
    assert [] == places(block) == places(flow)


def test_errors_behind_a_broken_condition_are_found_too() -> None:
    """Three conditions that break YAML's syntax and three other errors: six findings in one run."""
    text = whole(
        """rules:
  - id: a
    tools: [get_order]
    when: args.a ? true : false
    then: deny
  - {id: b, tools: [get_order], when: args.a in ['a', 'b'], then: dney}
  - id: c
    tools: [get_odrer]
    when: 'a' in args.b
    then: deny
    becuase: So."""
    )
    assert [
        ("quote-condition", 4),
        ("quote-condition", 6),
        ("unknown-effect", 6),
        ("undefined-tool", 8),
        ("quote-condition", 9),
        ("unknown-key", 11),
    ] == [place[:2] for place in places(text)]


@pytest.mark.parametrize(
    ("fragment", "place"),
    [
        ("purpose: Answers\n  customers about\n  orders: and more", (3, 9)),
        ("purpose: Answers\n  customers about\nowner: @lead", (3, 8)),
        ("roles: [lead, head of support, finance\npurpose: x", (2, 8)),
    ],
)
def test_prose_before_a_syntax_error_is_no_key(fragment: str, place: tuple[int, int]) -> None:
    """A word is said to lack its colon only where a colon would mend the syntax; else the error keeps its place."""
    found = [(f.rule, (f.location.line, f.location.column)) for f in load_text(fragment).findings]
    assert [("yaml-syntax", place)] == found


def test_keys_without_colons_and_other_errors() -> None:
    """Keys that lack their colon are found all at once, and what stands behind them is judged in the same run."""
    fragment = "purpose Answers questions.\nroles: [lead]\nowner leed\nversion: x\ntools:\n  get_order {tier: readonly}"
    text = whole(fragment, without=("purpose", "owner"))
    assert [
        ("yaml-missing-colon", 1, 1),
        ("yaml-missing-colon", 3, 1),
        ("undefined-role", 3, 7),
        ("wrong-value", 4, 10),
        ("yaml-missing-colon", 6, 3),
    ] == places(text)


def test_a_comment_behind_a_condition_is_fine() -> None:
    """` #` begins a comment; only a condition that it cuts in two is told so."""
    text = whole("rules:\n  - id: a\n    tools: [get_order]\n    when: args.x == 1 # 'one'\n    then: deny")
    assert [] == places(text)


@pytest.mark.parametrize(
    ("written", "column"),
    [
        ("args.x == 1 && foo", 26),
        ('"args.x == 1 && foo"', 27),
        ("'args.x == 1 && foo'", 27),
        ('"args.\\x78 == 1 && foo"', 11),
    ],
)
def test_problems_of_a_condition_stand_at_their_place(written: str, column: int) -> None:
    """Plain and quoted alike; where an escape moves the text, at the beginning of the value."""
    text = whole(f"rules:\n  - id: a\n    tools: [get_order]\n    when: {written}\n    then: deny")
    assert [("unknown-name", 4, column)] == places(text)


def test_a_folded_condition_is_read() -> None:
    """A condition may go over several lines; its problems stand at its beginning."""
    rule = "rules:\n  - id: a\n    tools: [get_order]\n    then: deny\n"
    good = f"{rule}    when: >-\n      args.x == 1 &&\n      args.y == 2"
    assert [] == places(whole(good))
    assert [("unknown-name", 5, 11)] == places(whole(good.replace("args.y", "arg.y")))


def test_columns_count_code_points() -> None:
    """A character outside the basic plane is one column."""
    text = whole(
        "tools:\n  get: {tier: read_only} # 😀\n"
        "rules:\n  - {id: a, tools: [get], because: 😀😀, wehn: args.x, then: deny}"
    )
    rule, line, column = next(place for place in places(text) if place[0] == "unknown-key")
    assert ("unknown-key", 4, text.split("\n")[3].index("wehn") + 1) == (rule, line, column)


def test_windows_files(tmp_path: Path) -> None:
    """A byte order mark and CRLF change nothing, not even the columns."""
    text = whole("version: 1\nnope: 1")
    crlf = "\ufeff" + text.replace("\n", "\r\n")
    assert [("unknown-key", 2, 1)] == places(text)
    path = tmp_path / "charter.yaml"
    path.write_bytes(crlf.encode("utf-8"))
    assert [("unknown-key", 2, 1)] == [(f.rule, f.location.line, f.location.column) for f in load(path).findings]


@pytest.mark.parametrize(
    "data",
    [
        b"a: &a [x]\n" + b"".join(b"%c: &%c [*%c, *%c]\n" % (c + 1, c + 1, c, c) for c in range(97, 120)),
        b"[" * 10_000,
        b"{a: " * 10_000,
        b"- " * 10_000,
        b"a: " + b"[" * 10_000 + b"]" * 10_000,
        b"".join(b" " * i + b"a:\n" for i in range(1000)),
        b"a" * 1024 * 1024,
        b"x: 1\n" * 200_000,
        b"- 1\n" * 200_000,
        b"".join(b"key%d: 1\n" % i for i in range(50_000)),
        b"tools:\n" + b"".join(b"  key%d: {teir: read_only, x: 1}\n" % i for i in range(20_000)),
        b"govern: 1\nroles: [" + b"a, " * 300_000 + b"]\n",
        b"rules: [{when: " + b"(" * 100_000 + b"}]",
        b"rules: [{when: '" + b"(" * 4000 + b"'}]",
        b"when: a ? b : c\n" * 50_000,
        b"- when: !x y & z\n" * 2000,
        b"? " * 5000,
        b"--- " * 5000,
        bytes(range(256)) * 100,
        b"\xff\xfea\x00:\x00",
        b"0" * (50 * 1024 * 1024),
        b"null",
        b"[]",
        b"govern",
        b"govern: 1",
        b'"',
        b"|",
        b"!",
        b"a: !!python/object/apply:os.system [id]",
    ],
    ids=lambda data: f"{len(data)} bytes",
)
def test_hostile_files_give_findings(data: bytes) -> None:
    """No traceback, no charter, at least one finding with a known place, whatever the bytes are."""
    loaded = load_bytes(data, "x.yaml")
    assert loaded.charter is None
    assert loaded.findings
    assert all(finding.location.file == "x.yaml" for finding in loaded.findings)


def test_a_folder_and_a_missing_file(tmp_path: Path) -> None:
    """What cannot be read says so, and is not called judged."""
    for path in (tmp_path, tmp_path / "none", tmp_path / "a\0b"):
        loaded = load(path)
        assert ["file-unreadable"] == [finding.rule for finding in loaded.findings]
        assert not loaded.read
