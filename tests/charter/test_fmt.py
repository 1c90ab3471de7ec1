"""The canonical form: fixed points, meaning and comments kept, whatever the layout was. Cases stand in `fmt/`."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.shipped import shipped

from govern.charter import vocabulary
from govern.charter.comments import comments, trivia
from govern.charter.deployment import is_deployment, read_deployment
from govern.charter.files import beside
from govern.charter.fmt.attach import Part, attach
from govern.charter.fmt.quoting import plain
from govern.charter.fmt.text import format_bytes
from govern.charter.fmt.write import WIDEST
from govern.charter.kinds import Effect, Either, Kind, ListOf, MapOf, Nested
from govern.charter.load import load_text
from govern.charter.source import Source
from govern.charter.yaml_tree import Map, Node, Scalar, Seq, parse
from govern.compile.lower import lower

from .messy import Messy

ROOT = Path(__file__).parents[2]
CASES = sorted(Path(__file__).with_name("fmt").glob("*.in.yaml"))
SHIPPED = shipped("charters/**/*.yaml", "samples/*/charter.yaml")


def formatted(text: str | bytes) -> str:
    """The canonical text; every result is checked for what is true of all."""
    data = text if isinstance(text, bytes) else text.encode("utf-8")
    done = format_bytes(data, "x.yaml")
    assert () == done.findings, data.decode("utf-8")
    assert done.after is not None
    assert done.after == format_bytes(done.after.encode("utf-8"), "x.yaml").after, data.decode("utf-8")
    assert done.after.endswith("\n")
    return done.after


def refused(text: str | bytes) -> set[str]:
    """The rules of the findings of a file that is left as it is."""
    done = format_bytes(text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass"), "x.yaml")
    assert done.after is None
    return {finding.rule for finding in done.findings}


def data_of(node: Node | None) -> Any:
    """Plain data, lists and mappings in their order."""
    match node:
        case Scalar():
            return node.value
        case Seq(items):
            return [data_of(item) for item in items]
        case Map(entries):
            return {key.value: data_of(value) for key, value in entries}
    raise AssertionError(node)


def read(text: str) -> Any:
    return data_of(parse(Source.of(text.replace("\r\n", "\n"), "x.yaml"))[0])


def digest(text: str, path: Path) -> str:
    """What a file means: of a charter, base or library the digest of its policy."""
    if is_deployment(path):
        deployment, findings = read_deployment(text.encode("utf-8"), "x.yaml")
        assert () == findings
        assert deployment is not None
        return repr(replace(deployment, source=Source.of("", "x.yaml"), digest="", roles={}, notifications={}))
    loaded = load_text(text, str(path), beside(path))
    assert () == loaded.findings
    assert loaded.charter is not None
    return lower(loaded.charter).digest


def shuffled(data: Any, random: Random) -> Any:
    """The data with the keys of every mapping in another order."""
    match data:
        case dict():
            keys = list(data)
            random.shuffle(keys)
            return {key: shuffled(data[key], random) for key in keys}
        case list():
            return [shuffled(item, random) for item in data]
    return data


# Cases that people read


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.name.removesuffix(".in.yaml"))
def test_case(path: Path) -> None:
    """A file as somebody wrote it becomes the file beside it, byte for byte."""
    expected = path.with_name(path.name.replace(".in.", ".out.")).read_bytes()
    assert expected.decode("utf-8") == formatted(path.read_bytes())


def test_there_are_cases() -> None:
    """Each case has both files."""
    outs = {path.name.replace(".out.", ".in.") for path in Path(__file__).with_name("fmt").glob("*.out.yaml")}
    assert {path.name for path in CASES} == outs
    assert len(outs) >= 8


# What is shipped


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_shipped_charters_mean_the_same(path: Path) -> None:
    """A charter in canonical form gives the same policy digest."""
    text = path.read_text("utf-8")
    assert digest(text, path) == digest(formatted(text), path)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_any_order_and_layout_mean_the_same(path: Path) -> None:
    """Keys in any order, in any layout, with comments anywhere: the policy digest stays, all comments stay."""
    data = read(path.read_text("utf-8"))
    expected = digest(path.read_text("utf-8"), path)
    for seed in range(4):
        random = Random(seed)
        messy = Messy(random)
        done = formatted(messy.text(shuffled(data, random)))
        assert expected == digest(done, path)
        assert list(data) == list(read(done))
        assert_tags_stay(messy.tags, done)


# Any tree

KEYS = sorted(
    {key for level in vocabulary.LEVELS.values() for key in level.known} | {"x-y", "no", "7", "a b", "a: b", "ключ"}
)
TEXTS = st.one_of(
    st.sampled_from(
        ["deny", "", " ", "no", "7", "*", "a, b", "a: b", "a # b", "it's", 'say "x"', "\\d", "y", "—", "- x"]
    ),
    st.text(max_size=12),
    st.text(alphabet="ab \n", max_size=12),
    st.text(alphabet="abc,[]{}:#'\"\\ -?|>&*!%@`~.=<", max_size=10),
)
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-1000, 1000), TEXTS.filter(lambda text: text.isprintable() or "\n" in text)
)
TREES = st.recursive(
    SCALARS,
    lambda below: st.one_of(st.lists(below, max_size=4), st.dictionaries(st.sampled_from(KEYS), below, max_size=4)),
    max_leaves=20,
)
FILES = st.dictionaries(st.sampled_from([key for key in KEYS if key != "govern"]), TREES, max_size=6)


@settings(max_examples=400, deadline=None)
@given(FILES, st.integers(0, 2**32))
def test_any_tree_in_any_layout(data: dict[str, Any], seed: int) -> None:
    """Whatever stands in a file and however: formatting is idempotent, keeps every value and every comment once."""
    random = Random(seed)
    places = list(data.items())
    places.insert(random.randint(0, len(places)), ("govern", 1))
    whole = dict(places)
    messy = Messy(random)
    text = messy.text(whole)
    if random.random() < 0.2:
        text = text.replace("\n", "\r\n")
    done = format_bytes(text.encode("utf-8"), "x.yaml")
    if done.findings:
        # Only where a condition belongs may a generated value be refused: it is no text there.
        assert {"quote-condition"} == {finding.rule for finding in done.findings}, (done.findings, text)
        return
    after = formatted(text)
    assert read(text) == read(after), text
    assert_layout(after)
    assert_tags_stay(messy.tags, after)


def assert_layout(text: str) -> None:
    """No carriage return, no two empty lines outside of texts, none at the beginning, two columns a level."""
    assert "\r" not in text
    assert not text.startswith("\n")
    within = {n for start, end in long_texts(text) for n in range(text.count("\n", 0, start), text.count("\n", 0, end))}
    lines = text.split("\n")[:-1]
    for number, line in enumerate(lines):
        if number in within:
            continue
        assert line == line.rstrip() or number + 1 in within, repr(line)
        assert not (line == "" and number + 1 < len(lines) and lines[number + 1] == ""), text
        assert (len(line) - len(line.lstrip(" "))) % 2 == 0 or not lines[number - 1].lstrip().startswith(("-", "?"))


def long_texts(text: str) -> tuple[tuple[int, int], ...]:
    return trivia(Source.of(text, "x.yaml")).long


def assert_tags_stay(tags: list[str], text: str) -> None:
    """Every comment stands once, and with the key or item whose path it names."""
    source = Source.of(text, "x.yaml")
    found = sorted(comment.text for comment in comments(source) if comment.text.startswith("# @"))
    assert sorted(tags) == found
    node, _ = parse(source)
    assert isinstance(node, Map)
    head, whole = attach(source, node, comments(source))
    assert [] == [line for line in (*head, *whole.tail) if line and line.startswith("# @")], text
    for path, part in parts(whole, ()):
        for comment in [*part.above, *(each.text for each in part.beside), *part.tail]:
            if comment is not None and comment.startswith("# @"):
                assert comment.split(" ", 2)[2] in names(path, part), text


def parts(part: Part, path: tuple[str, ...]) -> Any:
    for index, below in enumerate(part.parts):
        here = (*path, str(below.key.value) if below.key is not None else str(index))
        yield here, below
        yield from parts(below, here)


def names(path: tuple[str, ...], part: Part) -> set[str]:
    """The path of a part; of an item, that of its first key too, which has no line of its own."""
    found = {"/".join(path)}
    if part.key is None and part.parts and not part.flow:
        first = part.parts[0]
        found |= names((*path, str(first.key.value) if first.key is not None else "0"), first)
    return found


# Small things


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(
            "# yaml-language-server: x\n# the agent\nagent: a\ngovern: 1\n",
            "# yaml-language-server: x\ngovern: 1\n# the agent\nagent: a\n",
            id="a line for editors stays at the top without an empty line behind it",
        ),
        pytest.param(
            "govern: 1\nagent:   abc  # one\nversion: 1  # other\nowner: bb  # far\nroles: [a]  # close\n",
            "govern: 1\nagent: abc  # one\nversion: 1  # other\nowner: bb  # far\nroles: [a]  # close\n",
            id="comments in different columns follow closely",
        ),
        pytest.param(
            "govern: 1\nagent:   a    # one\nversion: 1    # other\nowner:   bbb  # third\n",
            "govern: 1\nagent: a      # one\nversion: 1    # other\nowner: bbb    # third\n",
            id="comments in one column stay in it",
        ),
        pytest.param(
            "govern: 1\nroles: [" + "a" * 70 + ", " + "b" * 70 + "]   # wide\n",
            "govern: 1\nroles:  # wide\n  - " + "a" * 70 + "\n  - " + "b" * 70 + "\n",
            id="a list with one word a row is a block, its comment behind the key",
        ),
        pytest.param(
            "govern: 1\nscenarios: [{given: {a: {when: 'its', x: 'its'}}}]\n",
            'govern: 1\nscenarios: [{given: {a: {when: "its", x: its}}}]\n',
            id="what stands at a key of conditions keeps quotes, in data too",
        ),
        pytest.param(
            "govern: 1\npurpose: |+\n   kept\n\n\nroles:\n  - a\n",
            "govern: 1\npurpose: |+\n  kept\n\n\nroles:\n  - a\n",
            id="no empty line is put behind a text that would keep it",
        ),
        pytest.param(
            "govern: 1\napprovals:\n  a:\n    roles: [a]\n\n    quorum: 1\n    confirm: |+\n      kept\n",
            "govern: 1\napprovals:\n  a:\n    roles: [a]\n    confirm: |\n      kept\n\n    quorum: 1\n",
            id="a text with one line break needs no sign to keep it",
        ),
        pytest.param(
            "govern: 1\napprovals:\n  a:\n    roles: [a]\n\n    quorum: 1\n    confirm: |+\n      kept\n\n",
            "govern: 1\napprovals:\n  a:\n    roles: [a]\n    confirm: |+\n      kept\n\n    quorum: 1\n",
            id="an empty line that moves behind a text that would keep it is dropped",
        ),
        pytest.param(
            "govern: 1\napprovals:\n  a:\n    roles: [a]\n    if_no_answer: |+\n      kept\n\n    quorum: 1\n",
            "govern: 1\napprovals:\n  a:\n    roles: [a]\n    quorum: 1\n    if_no_answer: |+\n      kept\n\n",
            id="an empty line that is a text's own does not move",
        ),
        pytest.param(
            'govern: 1\npurpose: "a\\ \n   b"\n',
            'govern: 1\npurpose: "a\\x20\n  b"\n',
            id="an escaped blank at the end of a line is spelt out",
        ),
        pytest.param(
            "---  # first\ngovern: 1\nagent: a\n...\n# last\n",
            "# first\ngovern: 1\nagent: a\n# last\n",
            id="marks of a document go, their comments stay",
        ),
        pytest.param(
            "govern: 1\nroles:\n- a\n# above b\n- b\n\n\n\n# above agent\nagent: a\n",
            "govern: 1\n\n# above agent\nagent: a\nroles:\n  - a\n  # above b\n  - b\n",
            id="a list below its key, one empty line, a comment that moves with its key",
        ),
    ],
)
def test_layout(before: str, after: str) -> None:
    """One thing at a time."""
    assert after == formatted(before)


@settings(max_examples=500, deadline=None)
@given(st.text(alphabet="ab17 ,[]{}:#'\"\\-?|>&*!%@`~.=<\u00e9\n\t", max_size=8), st.booleans())
def test_what_is_called_plain_is_read_as_it_is(text: str, flow: bool) -> None:
    """A text that needs no quotes is given back by YAML as it is: within brackets as a key too."""
    if plain(text, flow=flow):
        written = f"govern: 1\nx: [{text}]\n{text}: 1\n" if flow else f"govern: 1\nx:\n  - {text}\ny: {text}\n"
        expected = {text: 1} if flow else {"y": text}
        assert {"govern": 1, "x": [text], **expected} == read(written)


@pytest.mark.parametrize(
    "text", ["", " a", "a ", "a: b", "a:", "a #b", "#a", "- a", "-", "no", "7", "~", "a\tb", "a\nb"]
)
def test_what_needs_quotes(text: str) -> None:
    """Signs of YAML, words of other meanings, blanks at an end."""
    assert not plain(text, flow=False)


# Conditions


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("args.x == 1", '"args.x == 1"'),
        ("'args.x == 1'", '"args.x == 1"'),
        ("args.x == 'a'", "\"args.x == 'a'\""),
        ("'args.x == ''a'''", "\"args.x == 'a'\""),
        ('"args.x == \\"a\\""', "'args.x == \"a\"'"),
        ('"args.x == \\"a\\" || args.y == \'b\'"', '"args.x == \\"a\\" || args.y == \'b\'"'),
        ("args.x.matches('^\\d+$')", "\"args.x.matches('^\\\\d+$')\""),
        ("args.x.matches('^\\d\\d\\d$')", "\"args.x.matches('^\\\\d\\\\d\\\\d$')\""),
        ("args.x\n          && args.y", '"args.x\n          && args.y"'),
        ("true", "true"),
        (">-\n          args.x &&\n          args.y", ">-\n          args.x &&\n          args.y"),
    ],
)
def test_conditions_get_quotes(before: str, after: str) -> None:
    """A condition stands in double quotes, in single ones if those need fewer escapes; blocks stay."""
    text = "govern: 1\nagent: a\ntools:\n  t:\n    tier: reversible\n    rules:\n      - id: r\n        when: {}\n"
    done = formatted(text.replace("{}", before))
    assert text.replace("{}", after) == done


@pytest.mark.parametrize(
    "condition",
    ["args.x == # y", "!args.x", "[args.x]", "{args: x}", "args.x ? a : b", "'a' == args.x"],
)
def test_a_broken_condition_is_not_hidden(condition: str) -> None:
    """What YAML reads as something else is refused: quotes around the rest of it would be another condition."""
    text = f"govern: 1\nagent: a\nrules:\n  - id: r\n    tools: [t]\n    when: {condition}\n    then: deny\n"
    assert refused(text)


# Files that are left as they are


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("", "file-empty"),
        ("# only this\n", "file-empty"),
        ("[1, 2]\n", "wrong-value"),
        ("a: 1\n", "missing-key"),
        ("govern: 2\n", "unsupported-language"),
        ("govern: 1\ngovern: 1\n", "yaml-duplicate-key"),
        ("govern: 1\nagent: &a x\n", "yaml-anchor"),
        ("govern: 1\nagent: no\n", "yaml-implicit-boolean"),
        ("govern: 1\nagent:\n", "yaml-empty-value"),
        ("govern: 1\nagent: [a\n", "yaml-syntax"),
        ("govern: 1\n\tagent: a\n", "yaml-tab"),
        ("govern: 1\n---\ngovern: 1\n", "yaml-several-documents"),
        ("govern: 1\nagent: \u202ex\n", "hidden-character"),
        ("govern: 1\ragent: a\n", "odd-line-break"),
        ("govern: 1\nagent: " + "[" * 70 + "]" * 70, "yaml-too-deep"),
        (b"govern: 1\nagent: \xff\n", "file-encoding"),
    ],
)
def test_what_is_refused_is_left(text: str | bytes, rule: str) -> None:
    """A file that nobody may read as a charter has no canonical form, and the finding says why."""
    assert rule in refused(text)


# Sizes


def test_deep_nesting_up_to_the_cap() -> None:
    """As deep as YAML is read, in brackets and in blocks."""
    deep = "govern: 1\nx: " + "[" * 50 + "a" + "]" * 50 + "\n"
    assert deep == formatted(deep)
    wide = "govern: 1\nx: " + "{k: " * 62 + "a" * 100 + "}" * 62 + "\n"
    assert read(wide) == read(formatted(wide))


def test_a_line_of_half_a_megabyte() -> None:
    """Long lists are filled, long texts stay."""
    text = (
        "govern: 1\nroles: ["
        + ", ".join(f"role-{n}" for n in range(40_000))
        + "]\npurpose: "
        + "long " * 20_000
        + "x\n"
    )
    done = formatted(text)
    assert read(text) == read(done)
    assert max(len(line) for line in done.split("\n") if not line.startswith("purpose")) <= WIDEST


def test_five_thousand_lines() -> None:
    """A charter of that size is formatted whole: nothing is cut."""
    charter = (ROOT / "charters/agentdojo/workspace.yaml").read_text("utf-8")
    head, tools, never = re.split("^tools:\n|^never:\n", charter, flags=re.MULTILINE)
    many = "".join(re.sub("^  ([a-z_]+):", rf"  \1_{n}:", tools, flags=re.MULTILINE) for n in range(38))
    text = f"never:\n{never}tools:\n{many}{head}"
    assert text.count("\n") >= 5000
    done = formatted(text)
    assert read(text) == read(done)


def test_a_long_key() -> None:
    """A key that YAML finds no `:` for on its line is written as a key of its own."""
    key = "k" * 3000
    done = formatted(
        f"govern: 1\ntools:\n  t:\n    input:\n      properties:\n        ? {key}\n        : {{type: string}}  # c\n"
    )
    assert key in read(done)["tools"]["t"]["input"]["properties"]


def written_backwards(kind: Kind) -> Any:
    """A value of a kind that has every key it can have, each level from its last key to its first."""
    match kind:
        case Nested(name):
            return {key.name: written_backwards(key.value) for key in reversed(vocabulary.LEVELS[name].keys)}
        case Effect():
            return written_backwards(Nested("EFFECT"))
        case MapOf(_, value):
            return {"b": written_backwards(value), "a": written_backwards(value)}
        case ListOf(item):
            return [written_backwards(item)]
        case Either(kinds):
            return written_backwards(kinds[-1])
    return "x"


def assert_in_order(kind: Kind, data: Any) -> None:
    match kind:
        case Nested(name):
            level = vocabulary.LEVELS[name]
            assert list(level.known) == list(data)
            for key in level.keys:
                assert_in_order(key.value, data[key.name])
        case Effect():
            assert_in_order(Nested("EFFECT"), data)
        case MapOf(_, value):
            assert ["b", "a"] == list(data)
            for below in data.values():
                assert_in_order(value, below)
        case ListOf(item):
            assert_in_order(item, data[0])
        case Either(kinds):
            assert_in_order(kinds[-1], data)


@pytest.mark.parametrize("name", ["CHARTER", "BASE", "LIBRARY", "DEPLOYMENT"])
def test_every_level_is_put_in_order(name: str) -> None:
    """Every key of every kind of file, written backwards, comes out in the language's order; names keep theirs."""
    whole = {**written_backwards(Nested(name)), "govern": 1}
    assert_in_order(Nested(name), read(formatted(Messy(Random(1), comments=False).text(whole))))


def test_an_unknown_key_stays_behind_the_one_it_follows() -> None:
    """A typo is not carried to another end of the file, where nobody looks for it."""
    text = "govern: 1\ntools: {}\ntols: {}\nagent: a\nagnet: b\n"
    assert "govern: 1\nagent: a\nagnet: b\ntools: {}\ntols: {}\n" == formatted(text)
