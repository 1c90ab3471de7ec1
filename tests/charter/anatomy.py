"""Files with everything in them, and what each scalar of them is: a key of a level, a closed word, a reference, prose.

Walks a tree along the vocabulary's own table, so that a new key without a place in `whole/` fails a test.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from govern.charter import kinds, vocabulary
from govern.charter.deployment import read_deployment
from govern.charter.files import within
from govern.charter.input_schema import KEYWORDS
from govern.charter.kinds import Kind, Level
from govern.charter.load import load_text
from govern.charter.source import Source
from govern.charter.suite import read_suite
from govern.charter.yaml_tree import Map, Node, Scalar, Seq, parse
from govern.findings import Finding

FOLDER = Path(__file__).parent / "whole"
TEXTS = {path.name: path.read_text("utf-8") for path in sorted(FOLDER.glob("*.yaml"))}
NAMED_BELOW = {"properties", "patternProperties", "$defs", "dependentSchemas", "enum", "const", "examples", "required"}

KEYS = {key.name for level in vocabulary.LEVELS.values() for key in level.keys} | KEYWORDS
# What may stand anywhere by mistake.
OTHERS = ("[x]", "{x: y}", "&a x", "!a x", "no", "2026-01-31", "12:30", "010", "~", '""')


@dataclass(frozen=True)
class Spot:
    """One scalar of one file.

    Args:
        source: the file's text.
        level: the name of the level whose key, or whose key's value, it is; `SCHEMA` inside a JSON Schema.
        key: that key.
        kind: how it may be written, None for a key of the vocabulary.
    """

    source: Source
    level: str
    key: str
    scalar: Scalar
    kind: Kind | None

    @property
    def file(self) -> str:
        return self.source.file

    @property
    def is_key(self) -> bool:
        return self.kind is None

    @property
    def place(self) -> tuple[int, int]:
        return self.source.position(self.scalar.start)

    @property
    def written(self) -> str:
        return self.source.text[self.scalar.start : self.scalar.end]

    def replaced(self, text: str) -> str:
        """The file with something else in its place."""
        whole = self.source.text
        return whole[: self.scalar.start] + text + whole[self.scalar.end :]

    def __str__(self) -> str:
        return f"{self.file}:{self.place[0]}:{self.place[1]}:{self.level}.{self.key}"


def errors(file: str, text: str) -> tuple[Finding, ...]:
    """What loading a file in place of the good one finds; nothing if it loads.

    A file that loads with findings, or neither loads nor has one, fails here.
    """
    if file == "deployment.yaml":
        made, findings = read_deployment(text.encode("utf-8", "surrogatepass"), file)
        assert (made is None) == bool(findings)
        return findings
    if file.endswith(".test.yaml"):
        suite = read_suite(text.encode("utf-8", "surrogatepass"), file, files=within(TEXTS))
        assert (suite.suite is None) == bool(suite.findings)
        return suite.findings
    loaded = load_text(text, file, within(TEXTS))
    assert (loaded.charter is None) == bool(loaded.findings)
    return loaded.findings


@cache
def spots() -> tuple[Spot, ...]:
    """Every scalar of every file."""
    return tuple(spot for name, text in TEXTS.items() for spot in spots_of(Source.of(text, name)))


def spots_of(source: Source) -> Iterator[Spot]:
    """Every scalar of a file that loads."""
    tree, findings = parse(source)
    assert isinstance(tree, Map)
    assert not findings
    kind = next(str(key.value) for key, _ in tree.entries if key.value in vocabulary.KINDS_OF_FILE)
    yield from _level(source, tree, vocabulary.KINDS_OF_FILE[kind])


def _level(source: Source, node: Map, level: Level) -> Iterator[Spot]:
    for key, value in node.entries:
        known = level.key(str(key.value))
        name = name_of(level)
        yield Spot(source, name, known.name, key, None)
        yield from _value(source, name, known.name, value, known.value)


def _value(source: Source, level: str, key: str, node: Node, kind: Kind) -> Iterator[Spot]:
    match kind, node:
        case kinds.Either(options), _:
            mapped = [each for each in options if isinstance(each, kinds.Nested)]
            scalar = next(each for each in options if not isinstance(each, kinds.Nested))
            words = [each for each in options if isinstance(each, kinds.OneOf)]
            listed = [each for each in options if isinstance(each, kinds.ListOf)]
            if isinstance(node, Map) and mapped:
                yield from _value(source, level, key, node, mapped[0])
            elif isinstance(node, Seq) and listed:
                yield from _value(source, level, key, node, listed[0])
            elif isinstance(node, Scalar) and not any(node.value in each.words for each in words):
                yield from _value(source, level, key, node, options[-1])
            else:
                yield from _value(source, level, key, node, scalar)
        case kinds.Effect(), Map():
            yield from _level(source, node, vocabulary.EFFECT)
        case kinds.Nested(name), Map():
            yield from _level(source, node, vocabulary.LEVELS[name])
        case kinds.ListOf(item), Seq(items):
            for each in items:
                yield from _value(source, level, key, each, item)
        case kinds.Tools(), Seq(items):
            for each in items:
                yield from _value(source, level, key, each, kind)
        case kinds.MapOf(of, inner), Map(entries):
            for name_, value in entries:
                yield Spot(source, level, key, name_, of)
                yield from _value(source, level, key, value, inner)
        case kinds.SchemaText(), Map():
            yield from _schema(source, node, named=False)
        case _, Scalar():
            yield Spot(source, level, key, node, kind)
        case _:  # plain data: any shape
            pass


def _schema(source: Source, node: Map, *, named: bool) -> Iterator[Spot]:
    for key, value in node.entries:
        word = str(key.value)
        if not named:
            assert word in KEYWORDS
            yield Spot(source, "SCHEMA", word, key, None)
        below = not named and word in NAMED_BELOW
        if isinstance(value, Map):
            yield from _schema(source, value, named=below)
        elif isinstance(value, Scalar) and not named and word == "type":
            yield Spot(source, "SCHEMA", word, value, kinds.OneOf("a type", ()))


def name_of(level: Level) -> str:
    return next(name for name, each in vocabulary.LEVELS.items() if each is level)


def typos(word: str) -> Iterator[str]:
    """Letters swapped, dropped, doubled; another case; more."""
    yield word[1] + word[0] + word[2:] if word[0] != word[1] else word[1:]
    yield word[:-1]
    yield word + word[-1]
    yield word.upper()
    yield word + "_x"


def refers(spot: Spot) -> bool:
    """Whether a word must be one of those that exist: closed, or a name of something in the file."""
    match spot.kind:
        case kinds.OneOf() | kinds.Effect():
            return True
        case kinds.Name(refers=what):
            return bool(what)
        case _:
            return (spot.level, spot.key) in {
                ("SOURCE", "result_of"), ("ASK", "recheck"), ("TOOL", "credentials"), ("SCENARIO", "given"),
                ("CHARTER", "extends"), ("BASE", "extends"), ("CHARTER", "uses"),
            }  # fmt: skip
