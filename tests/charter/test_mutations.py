"""A typo never widens: every single mistake in a charter that loads is an error at its line, and none loads."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from govern.charter import vocabulary
from govern.charter.input_schema import KEYWORDS
from govern.charter.load import load_bytes, load_text
from govern.charter.source import Source
from govern.charter.yaml_tree import Map, Node, Scalar, Seq, parse

CHARTER = """\
govern: 1
agent: refund-desk
version: 4
purpose: Answers customers about their orders and refunds what went wrong.
owner: head-of-support
roles: [head-of-support, team-lead, finance]
approvals:
  lead:
    roles: [team-lead, finance]
    if_no_answer: [{after: 4h, ask: finance}, {after: 8h, then: deny}]
  finance:
    roles: [finance]
    quorum: 2
    if_no_answer:
      - {after: 24h, then: deny}
tools:
  get_order: {tier: read_only, input: {type: object, required: [id], properties: {id: {type: string}}}}
  add_note:
    tier: reversible
    input:
      type: object
      required: [body]
      properties: {body: {type: string, maxLength: 500, pattern: "^.*$"}}
  refund:
    tier: irreversible
    external: true
    approval: {ask: lead, unless: "args.amount <= 50 && has(args.id)"}
    input:
      type: object
      required: [id, amount]
      properties:
        id: {type: string}
        amount: {type: number, exclusiveMinimum: 0}
        lines: {type: array, items: {type: object, properties: {sku: {enum: [a, b]}}}}
    rules:
      - id: not-too-much
        only_if: args.amount <= 500
        otherwise: deny
        because: Nobody refunds more.
  ping: {tier: irreversible, autonomous: {because: It costs nothing.}}
rules:
  - id: much
    tools: [refund, "add_*"]
    when: "args.amount > 100 || args.id.matches('^X')"
    then: {approval: finance}
never:
  - {tools: ["delete_*", "*bank_account*"], because: Where money goes is changed by people.}
"""
SOURCE = Source.of(CHARTER, "charter.yaml")
TREE = parse(SOURCE)[0]

KEYS = frozenset(
    key
    for level in vars(vocabulary).values()
    if isinstance(level, vocabulary.Level)
    for key in level.known
) | KEYWORDS  # fmt: skip
# Keys of the author's choice: a new name there is a new thing, not a typo.
NAMED = {"approvals", "tools", "properties"}


def scalars(node: Node, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Scalar, bool]]:
    """Every scalar with the keys above it, and whether it is a key of the vocabulary."""
    match node:
        case Scalar():
            yield path, node, False
        case Seq(items):
            for item in items:
                yield from scalars(item, path)
        case Map(entries):
            for key, value in entries:
                if not path or path[-1] not in NAMED or isinstance(value, Seq):
                    yield path, key, True
                yield from scalars(value, (*path, str(key.value)))


assert TREE is not None
ALL = list(scalars(TREE))
VOCABULARY = [scalar for _, scalar, is_key in ALL if is_key]


def replaced(scalar: Scalar, text: str) -> str:
    return CHARTER[: scalar.start] + text + CHARTER[scalar.end :]


def line_of(scalar: Scalar) -> int:
    return SOURCE.position(scalar.start)[0]


def refused_at(text: str, line: int) -> None:
    loaded = load_text(text)
    assert loaded.charter is None
    assert loaded.findings
    lines = {finding.location.line for finding in loaded.findings}
    assert line in lines, [(str(finding.location), finding.message) for finding in loaded.findings]


def typos(word: str) -> Iterator[str]:
    """Letters swapped, dropped, doubled; another case."""
    yield word[1] + word[0] + word[2:] if word[0] != word[1] else word[1:]
    yield word[:-1]
    yield word + word[-1]
    yield word.upper()
    yield word + "_x"


def name(case: object) -> str:
    return f"{case.value}@{line_of(case)}" if isinstance(case, Scalar) else str(case)


def test_the_charter_is_good() -> None:
    """What is mutated is itself without error, and the mutations reach all of the vocabulary."""
    assert () == load_text(CHARTER).findings
    unreached = {"$ref", "$defs"}
    built = {key for level in vars(vocabulary).values() if isinstance(level, vocabulary.Level) for key in level.known}
    assert set() == built - {str(scalar.value) for scalar in VOCABULARY} - unreached


@pytest.mark.parametrize("key", VOCABULARY, ids=name)
def test_a_typo_in_a_key(key: Scalar) -> None:
    """Any key, any typo: an error at the key's line, with a suggestion unless the typo is far off."""
    for typo in typos(str(key.value)):
        if typo in KEYS:
            continue
        text = replaced(key, typo)
        refused_at(text, line_of(key))
        near = [f for f in load_text(text).findings if f"`{typo}`" in f.message]
        assert near, typo
        assert near[0].hint, typo


@pytest.mark.parametrize("key", VOCABULARY, ids=name)
def test_a_key_twice(key: Scalar) -> None:
    """The first of two wins in one reader, the last in another: neither here."""
    place = SOURCE.position(key.start)
    indent = " " * (place[1] - 1)
    before = CHARTER[: key.start]
    flow = before.count("{") > before.count("}")
    doubled = f"{key.value}: x, " if flow else f"{key.value}: x\n{indent}"
    loaded = load_text(CHARTER[: key.start] + doubled + CHARTER[key.start :])
    assert loaded.charter is None
    assert "yaml-duplicate-key" in {finding.rule for finding in loaded.findings}


# Words of the author's that refer to nothing: prose, names of arguments, patterns, new names.
PROSE = {"purpose", "because", "agent", "id", "enum", "required", "pattern"}
CLOSED = [
    (path, scalar)
    for path, scalar, is_key in ALL
    if not is_key and isinstance(scalar.value, str) and path[-1] not in PROSE and path[0] not in ("never", "roles")
    and not re.search(r"[*'&<>]", scalar.value)
]  # fmt: skip


@pytest.mark.parametrize(("path", "scalar"), CLOSED, ids=name)
def test_a_typo_in_a_word(path: tuple[str, ...], scalar: Scalar) -> None:
    """A tier, a role, a gate, a tool of a rule, an effect, a type: an error at its line."""
    for typo in set(typos(str(scalar.value))) - {scalar.value}:
        if vocabulary.DURATION.fullmatch(typo):
            continue  # `42h` for `24h` is another duration, and nobody can know
        refused_at(replaced(scalar, typo), line_of(scalar))


@pytest.mark.parametrize(("path", "scalar"), [(p, s) for p, s, is_key in ALL if not is_key], ids=name)
def test_a_value_of_another_type(path: tuple[str, ...], scalar: Scalar) -> None:
    """A list, a mapping, nothing, an anchor, a tag, `no`, a date where a word, a number or a truth value belongs."""
    if "enum" in path:
        return  # any JSON value may stand there
    for other in ("[x]", "{x: y}", "&a x", "!a x", "no", "2026-01-31", "12:30", "010", "~", ""):
        if other == "" and CHARTER[: scalar.start].rstrip()[-1] in "[,":
            continue  # one item less is another list, not a mistake in this one
        text = replaced(scalar, other)
        loaded = load_text(text)
        assert loaded.charter is None, other
        lines = {finding.location.line for finding in loaded.findings}
        assert line_of(scalar) in lines, (other, loaded.findings)


@pytest.mark.parametrize("key", [s for s in VOCABULARY if SOURCE.position(s.start)[1] == 1], ids=name)
def test_a_section_left_out(key: Scalar) -> None:
    """Without one of its sections the charter does not load, save those that only make it stricter."""
    following = [s.start for s in VOCABULARY if SOURCE.position(s.start)[1] == 1 and s.start > key.start]
    text = CHARTER[: key.start] + CHARTER[following[0] if following else len(CHARTER) :]
    loaded = load_text(text)
    assert (key.value in ("rules", "never")) == (loaded.charter is not None), loaded.findings


@settings(max_examples=300, deadline=None)
@given(st.integers(0, len(CHARTER)), st.integers(0, 6), st.text(max_size=6))
def test_any_edit_gives_a_charter_or_findings(at: int, cut: int, put: str) -> None:
    """Never a traceback, never both, never neither; every finding stands inside the file."""
    text = CHARTER[:at] + put + CHARTER[at + cut :]
    loaded = load_bytes(text.encode("utf-8", "surrogatepass"), "x.yaml")
    assert (loaded.charter is None) == bool(loaded.findings)
    for finding in loaded.findings:
        assert 0 <= finding.location.line <= text.count("\n") + 2
        assert (finding.location.line, finding.location.column) <= (
            finding.location.end_line, finding.location.end_column
        )  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_give_findings(data: bytes) -> None:
    """Bytes that are no charter are refused without a traceback."""
    loaded = load_bytes(data, "x.yaml")
    assert loaded.charter is None
    assert loaded.findings


def test_charters_of_this_repository_load() -> None:
    """Every charter that is shipped loads."""
    root = Path(__file__).parents[2]
    paths = [*root.glob("charters/*/*.yaml"), *root.glob("samples/*/charter.yaml")]
    assert len(paths) >= 11
    for path in paths:
        assert () == load_text(path.read_text("utf-8")).findings, path
