"""Completion in half-typed files: the cases of completion.yaml, and texts that nobody thought of."""

from __future__ import annotations

import glob
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from govern.charter.load import load_text
from govern.charter.yaml_tree import Map
from govern.editor.completion import complete
from govern.editor.hover import hover
from govern.editor.nearby import nearby
from govern.editor.outline import outline
from govern.editor.parsed import parsed
from govern.editor.place import spot_at
from govern.editor.suggest import Suggestion
from govern.editor.tolerant import tree

from .texts import HEAD, cursor, files, folder

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
CASES: list[dict[str, Any]] = yaml.safe_load((HERE / "completion.yaml").read_text("utf-8"))
CHARTERS = [
    Path(path).read_text("utf-8")
    for pattern in ("samples/*/charter.yaml", "tests/charter/whole/*.yaml")
    for path in sorted(glob.glob(str(ROOT / pattern)))
]
SLIPS = [
    "",
    " ",
    "\n",
    '"',
    "'",
    "{",
    "}",
    "[",
    "]",
    ":",
    ": ",
    "- ",
    "#",
    " #",
    "\t",
    "|",
    "&a ",
    "!",
    "\r",
    "😀",
    "\u2028",
]


def suggestions(text: str) -> tuple[str, int, tuple[Suggestion, ...]]:
    plain, offset = cursor(text)
    return plain, offset, complete(plain, offset, "charter.yaml", files(), folder)


def taken(text: str, one: Suggestion) -> str:
    return f"{text[: one.start]}{one.insert}{text[one.end :]}"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_case(case: dict[str, Any]) -> None:
    """What is offered at the cursor, in which order, and what a text becomes."""
    head = "" if "text" in case else HEAD
    text, _, found = suggestions(head + case.get("text", case.get("after")))
    labels = [one.label for one in found]
    assert len(labels) == len(set(labels))
    assert [] == [each for each in case.get("offers", ()) if each not in labels], labels
    assert [] == [each for each in case.get("lacks", ()) if each in labels]
    if "only" in case:
        assert case["only"] == labels
    if "first" in case:
        assert case["first"] == labels[0]
    if "becomes" in case:
        pick = next(one for one in found if one.label == case["pick"])
        assert head + case["becomes"] == taken(text, pick)


def test_every_case_checks_something() -> None:
    """A case without an expectation would pass whatever completion does."""
    assert [] == [each["name"] for each in CASES if not {"offers", "lacks", "only", "first", "becomes"} & set(each)]
    assert len(CASES) == len({each["name"] for each in CASES})


def test_a_charter_written_by_completion_alone_loads() -> None:
    """Every key and word of a small charter is offered where it is due, and what comes out is a charter."""
    text = "‸"
    for wanted, more in (
        ("govern", "1\n‸"), ("agent", "desk\n‸"), ("version", "1\n‸"), ("purpose", "Answers.\n‸"), ("owner", "‸"),
    ):  # fmt: skip
        text, _, found = suggestions(text)
        one = next(each for each in found if each.label == wanted)
        text = taken(text, one) + more
    text = text.replace("‸", "lead\n‸")
    for wanted, more in (("roles", "[lead]\n‸"), ("tools", "\n  look:\n    ‸"), ("tier", "‸"), ("read_only", "\n")):
        text, _, found = suggestions(text)
        one = next(each for each in found if each.label == wanted)
        text = taken(text, one).rstrip("\n") + more
    assert () == load_text(text).findings


def test_snippets_say_the_same_as_plain_text() -> None:
    """Where an editor takes snippets, the first thing written is what others get."""
    _, _, found = suggestions(HEAD + "rules:\n  - ‸")
    by_label = {one.label: one for one in found}
    assert ("tools: ", "tools: [$1]") == (by_label["tools"].insert, by_label["tools"].snippet)
    assert ("when: ", 'when: "$1"') == (by_label["when"].insert, by_label["when"].snippet)
    _, _, found = suggestions(HEAD + 'rules:\n  - {id: a, tools: [refund], when: "wi‸"}')
    within = next(one for one in found if one.label == "within")
    assert "within(${1:path}, ${2:'/dir'})" == within.snippet


def test_a_name_is_told_with_its_definition() -> None:
    """What a gate is, and how it is written, stands beside its name."""
    _, _, found = suggestions(HEAD + "  other: {approval: {ask: ‸}}")
    security = next(one for one in found if one.label == "security")
    assert "gate" == security.detail
    assert "any of `chief`" in security.says
    assert "security: {roles: [chief]" in security.says


def test_a_large_text_is_completed_from_its_latest_reading() -> None:
    """In a file of 5,000 lines completion answers at once, and knows what is written at the cursor."""
    body = "".join(
        f"  tool_{number}:\n    tier: read_only\n    input:\n      type: object\n      properties:\n"
        f"        a{number}: {{type: string}}\n"
        for number in range(830)
    )
    before = HEAD + body
    reading = parsed(before, "charter.yaml")
    text, offset = cursor(before.replace("a400: {type: string}", "a400: {type: string}\n    approval: {ask: ‸}"))
    started = time.perf_counter()
    found = complete(text, offset, "charter.yaml", files(), folder, reading)
    took_s = time.perf_counter() - started
    assert ["lead", "security"] == [one.label for one in found]
    assert took_s < 0.5  # 5 ms where nothing else runs
    text, offset = cursor(before + "  ‸")
    found = complete(text, offset, "charter.yaml", files(), folder, reading)
    assert ["send_email"] == [one.label for one in found]
    text, offset = cursor(before + 'rules:\n  - {id: a, tools: [tool_7], when: "args.‸"}')
    assert ["a7"] == [one.label for one in complete(text, offset, "charter.yaml", files(), folder, reading)]


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_what_is_far_from_the_cursor_changes_nothing_at_it(data: st.DataObject) -> None:
    """With everything far away blank, the cursor stands in the same place, among the same keys, at the same offset."""
    text = data.draw(st.sampled_from([each for each in CHARTERS if "\r" not in each]))
    offset = data.draw(st.integers(0, len(text)))
    near = nearby(text, offset)
    assert len(text) == len(near)
    expected, found = spot_at(tree(text), offset), spot_at(tree(near), offset)
    if expected is None:
        return
    assert found is not None
    assert (expected.node, expected.is_key, expected.path[:1]) == (found.node, found.is_key, found.path[:1])
    if not any(isinstance(part, int) for part in expected.path[:2]):
        assert expected.path == found.path
    if isinstance(expected.around, Map) and isinstance(found.around, Map):
        assert [key.value for key, _ in expected.around.entries] == [key.value for key, _ in found.around.entries]


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_nothing_that_is_half_typed_breaks_it(data: st.DataObject) -> None:
    """Whatever is cut out of a charter, put in and left open: completion, hover and outline answer."""
    text = data.draw(st.sampled_from(CHARTERS))
    for _ in range(data.draw(st.integers(0, 3))):
        at = data.draw(st.integers(0, len(text)))
        gone = data.draw(st.sampled_from([0, 0, 1, 4, 40]))
        text = text[:at] + data.draw(st.sampled_from(SLIPS)) + text[at + gone :]
    if data.draw(st.booleans()):
        text = text[: data.draw(st.integers(0, len(text)))]
    offset = data.draw(st.integers(0, len(text)))
    for one in complete(text, offset, "charter.yaml", files(), folder):
        assert 0 <= one.start <= offset <= one.end <= len(text)
        assert "\n" not in text[one.start : one.end]
    hover(text, offset, "charter.yaml", files())
    outline(text, "charter.yaml")


@pytest.mark.parametrize(
    "text",
    [
        "a: " + "[" * 20_000, "".join(" " * depth + "a:\n" for depth in range(1_300)), "a: [" + "x, " * 300_000 + "]",
        'a: "\n' * 80_000, "a:" * 400_000, "a: {" + "when: x, " * 80_000, "- " * 400_000,
        "a: x\n" + "  y y\n" * 100_000,
        "{a: " * 200_000, "\ufdd0" * 10, "#" * 900_000,
    ],
    ids=["deep", "nested", "long list", "quotes", "colons", "conditions", "dashes", "long text", "braces", "marks",
         "hashes"],
)  # fmt: skip
def test_a_hostile_text_is_read_in_bounded_time(text: str) -> None:
    """Depth, width and open quotes of a text that wants to stop the editor have a bound."""
    started = time.process_time()
    tree(text)
    complete(text, len(text) // 2, "charter.yaml", files(), folder)
    assert time.process_time() - started < 6.0


def test_a_text_over_the_cap_is_not_read() -> None:
    """What the loader refuses for its size, the editor does not try to understand."""
    text = HEAD + "# " + "x" * 1_100_000
    assert () == complete(text, 0, "charter.yaml", files(), folder)
    assert hover(text, 0, "charter.yaml", files()) is None
    assert () == outline(text, "charter.yaml")
