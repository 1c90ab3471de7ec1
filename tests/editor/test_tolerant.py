"""The tolerant tree: the loader's where a text is sound, and what was meant where it is not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from govern.charter.source import Source
from govern.charter.yaml_tree import Map, Node, Scalar, Seq, parse
from govern.editor.tolerant import tree

ROOT = Path(__file__).parents[2]
SOUND = sorted(
    path
    for pattern in ("charters/**/*.yaml", "samples/**/*.yaml", "src/govern/charter/examples/*.yaml",
                    "tests/charter/**/*.yaml", "tests/lint/rules/*.yaml", "tests/conformance/**/*.yaml")
    for path in ROOT.glob(pattern)
)  # fmt: skip


def flat(node: Node, text: str, path: str = "") -> Iterator[tuple[Any, ...]]:
    """Every value with its path and span. Of a block of text and an empty value, only the beginning is compared."""
    match node:
        case Map(entries):
            yield path, "mapping", len(entries)
            for key, value in entries:
                yield from flat(key, text, f"{path}/key")
                yield from flat(value, text, f"{path}/{key.value}")
        case Seq(items):
            yield path, "list", len(items)
            for index, item in enumerate(items):
                yield from flat(item, text, f"{path}[{index}]")
        case Scalar(value=value, start=start, end=end):
            if text[start : start + 1] in ("|", ">") and "\n" in text[start:end]:
                yield path, " ".join(str(value).split()), start
            else:
                yield path, value, (start, end) if end > start else None


def data(node: Node) -> Any:
    match node:
        case Map(entries):
            return {str(key.value): data(value) for key, value in entries}
        case Seq(items):
            return [data(item) for item in items]
        case Scalar(value=value):
            return value


def test_it_is_the_loaders_tree_wherever_that_has_one() -> None:
    """Every sound file here has the same values at the same places in both."""
    compared = 0
    for path in SOUND:
        text = path.read_bytes().decode("utf-8").removeprefix("\ufeff")
        root, findings = parse(Source.of(text, path.name))
        if root is None or findings:
            continue
        compared += 1
        assert list(flat(root, text)) == list(flat(tree(text), text)), path
    assert compared > 100


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("", {}),
        ("# only this\n", {}),
        ("word", "word"),
        ("a:\n", {"a": ""}),
        ("a: 1\nb\nc: 2\n", {"a": 1, "b": "", "c": 2}),
        ("b\nc: 2\n", {"b": "", "c": 2}),
        ("a:\n  b\nc: 2\n", {"a": "b", "c": 2}),
        ("a:\n  b\n  d: 1\nc: 2\n", {"a": {"b": "", "d": 1}, "c": 2}),
        ("a: [x, y\nc: 2\n", {"a": ["x", "y"], "c": 2}),
        ("a: {x: 1, y: {z: 2\nc: 2\n", {"a": {"x": 1, "y": {"z": 2}}, "c": 2}),
        ("a: {x: [1, 2}\nc: 2\n", {"a": {"x": [1, 2]}, "c": 2}),
        ("a: {x 1}\nc: 2\n", {"a": {"x 1": ""}, "c": 2}),
        ("a: x]\nc: 2\n", {"a": "x]", "c": 2}),
        ('a: "open\nc: "shut"\n', {"a": "open", "c": "shut"}),
        ("a: {x: 'open}\nc: 'it''s'\n", {"a": {"x": "open}"}, "c": "it's"}),
        ('l:\n  - "open\n  - b\nc: 2\n', {"l": ["open", "b"], "c": 2}),
        ("l:\n  - x\n  y\nc: 2\n", {"l": ["x", "y"], "c": 2}),
        ("l:\n- x: 1\n- y\nc: 2\n", {"l": [{"x": 1}, "y"], "c": 2}),
        ("a: b: c\nd: 1\n", {"a": "b: c", "d": 1}),
        ("when: !args.x\nd: 1\n", {"when": "!args.x", "d": 1}),
        ("{when: a[0] > 1 && x in ['a', 'b'], then: deny}", {"when": "a[0] > 1 && x in ['a', 'b']", "then": "deny"}),
        ("a: &x 1\nb: *x\n", {"a": "&x 1", "b": "*x"}),
        ("a:\n\tb: 1\nc: 2\n", {"a": {"b": 1}, "c": 2}),
        ("a: |\n  text: x\n  - y\nc: 2\n", {"a": "text: x\n- y", "c": 2}),
        ("a: long\n  more\nc: 2\n", {"a": "long more", "c": 2}),
        ("a: x\n    b: 1\nc: 2\n", {"a": "x", "b": 1, "c": 2}),
        ("--- # begins\na: 1\n...\n", {"a": 1}),
        ("a: 1\r\nb:\r\n  c: 2\r\n", {"a": 1, "b": {"c": 2}}),
    ],
)
def test_a_broken_text_is_read_as_it_was_meant(text: str, meant: Any) -> None:
    """What breaks ends with its line; what stands below is there."""
    assert meant == data(tree(text))


def test_a_key_that_stands_twice_is_there_twice() -> None:
    """Nothing of a text is lost: judging it is the loader's."""
    root = tree("a: 1\na: 2\n")
    assert isinstance(root, Map)
    assert [1, 2] == [data(value) for _, value in root.entries]
