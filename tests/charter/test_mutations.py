"""A typo never widens: every single slip, at every key and value of the language, is one error at its place.

The files in `whole/` use every key of every level; each of their scalars is mutated in every way that people
mutate them. No mutant loads, the error stands at the slip's line and column, and nothing else is said.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.shipped import shipped

from govern.charter import kinds, vocabulary
from govern.charter.deployment import load_deployment
from govern.charter.load import load, load_bytes

from .anatomy import KEYS, OTHERS, TEXTS, Spot, errors, refers, spots, typos

ALL = spots()
OF_VOCABULARY = [spot for spot in ALL if spot.is_key]
VALUES = [spot for spot in ALL if not spot.is_key]
ROOT = Path(__file__).parents[2]


def some(of: Sequence[str], spot: Spot, count: int) -> list[str]:
    """A few of many ways, others at each spot: together the spots see all of them."""
    first = spot.scalar.start % len(of)
    return [of[(first + step) % len(of)] for step in range(count)]


def told_once(spot: Spot, text: str, end: int = 0) -> set[str]:
    """One error, and it stands at the spot; its rule.

    Args:
        end: how far behind the spot's beginning the error may stand, in columns.
    """
    found = errors(spot.file, text)
    line, column = spot.place
    assert found, f"{spot} loads"
    places = [(finding.location.line, finding.location.column) for finding in found]
    near = [(line, at) for at in range(column, column + end + 1)]
    assert set(places) & set(near), (str(spot), [f"{f.location} {f.rule}" for f in found])
    assert len(found) == 1, [f"{f.location} {f.rule} {f.message}" for f in found]
    return {finding.rule for finding in found}


def test_the_files_are_good() -> None:
    """What is mutated is itself without error."""
    assert dict.fromkeys(TEXTS, ()) == {name: errors(name, text) for name, text in TEXTS.items()}


def test_the_files_have_every_key() -> None:
    """Every key of every level stands in one of them: a new key that is not mutated fails here."""
    every = {(name, key.name) for name, level in vocabulary.LEVELS.items() for key in level.keys}
    assert set() == every - {(spot.level, spot.key) for spot in OF_VOCABULARY}


@pytest.mark.parametrize("spot", OF_VOCABULARY, ids=str)
def test_a_typo_in_a_key(spot: Spot) -> None:
    """Any key, any typo: one error at the key, which names the typo and suggests the key."""
    for typo in some([*typos(spot.written)], spot, 1):
        if typo in KEYS:
            continue
        text = spot.replaced(typo)
        told_once(spot, text)
        (finding,) = (f for f in errors(spot.file, text) if f"`{typo}`" in f.message)
        assert f"did you mean `{spot.written}`?" == finding.hint


@pytest.mark.parametrize("spot", OF_VOCABULARY, ids=str)
def test_a_key_twice(spot: Spot) -> None:
    """The first of two wins in one reader, the last in another: neither here. The second is underlined."""
    whole = TEXTS[spot.file]
    line, column = spot.place
    before = whole[: spot.scalar.start]
    flow = before.count("{") > before.count("}")
    between = ", " if flow else "\n" + " " * (column - 1)
    text = f"{before}{spot.written}: x{between}{whole[spot.scalar.start :]}"
    second = (line, column + len(spot.written) + 5) if flow else (line + 1, column)
    found = {(f.location.line, f.location.column) for f in errors(spot.file, text) if f.rule == "yaml-duplicate-key"}
    assert {second} == found


@pytest.mark.parametrize("spot", [s for s in ALL if TEXTS[s.file][s.scalar.end :].startswith(":")], ids=str)
def test_a_missing_colon(spot: Spot) -> None:
    """One error at the key that lacks it, in braces or out of them, though YAML breaks somewhere else."""
    whole = TEXTS[spot.file]
    text = whole[: spot.scalar.end] + whole[spot.scalar.end + 1 :]
    assert "yaml-missing-colon" in told_once(spot, text)


@pytest.mark.parametrize("spot", [spot for spot in VALUES if refers(spot)], ids=str)
def test_a_word_that_is_not(spot: Spot) -> None:
    """A tier, a role, a gate, a tool, a fact, a scope, an effect, a file that does not exist: one error at the word."""
    quote = spot.written[0] if spot.written[0] in "\"'" else ""
    word = str(spot.scalar.value)
    for typo in {*some([*typos(word)], spot, 1), "nothing-of-the-kind"} - {word}:
        told_once(spot, spot.replaced(f"{quote}{typo}{quote}"))


@pytest.mark.parametrize("spot", [s for s in VALUES if not isinstance(s.kind, kinds.Data)], ids=str)
def test_a_value_of_another_type(spot: Spot) -> None:
    """A list, a mapping, nothing, an anchor, a tag, `no`, a date, where a word, a number or a name belongs."""
    for other in some(OTHERS, spot, 2):
        text = spot.replaced(other)
        if other == "{x: y}" and any(finding.rule == "missing-key" for finding in errors(spot.file, text)):
            continue  # a mapping may stand there, and misses a key besides; the unknown one has cases of its own
        told_once(spot, text, end=1 if other[0] in "[{" else 0)


@pytest.mark.parametrize("spot", ALL[::4], ids=str)
def test_a_character_that_nobody_sees(spot: Spot) -> None:
    """A bidirectional or invisible character inside any key or value is found at its own column."""
    (character,) = some(["\u202e", "\u2066", "\u200b", "\u00ad", "\ufeff", "\U000e0041"], spot, 1)
    text = spot.replaced(spot.written[:1] + character + spot.written[1:])
    line, column = spot.place
    hidden = [(f.location.line, f.location.column) for f in errors(spot.file, text) if f.rule == "hidden-character"]
    assert [(line, column + 1)] == hidden


@pytest.mark.parametrize("spot", [s for s in OF_VOCABULARY if s.place[1] == 1], ids=str)
def test_a_section_left_out(spot: Spot) -> None:
    """Without one of its sections a file does not load, save those that only make it stricter or say more."""
    following = [s.scalar.start for s in OF_VOCABULARY if s.file == spot.file and s.place[1] == 1]
    after = next((start for start in sorted(following) if start > spot.scalar.start), len(TEXTS[spot.file]))
    text = TEXTS[spot.file][: spot.scalar.start] + TEXTS[spot.file][after:]
    level = vocabulary.LEVELS[spot.level]
    needed = level.key(spot.key).required
    referred = {"extends", "uses", "identity", "approvals", "facts", "notifications", "secrets", "rules", "untrusted",
                "limits", "charter", "fixtures"}  # fmt: skip
    if needed:
        assert errors(spot.file, text)
    elif spot.key not in referred:
        assert () == errors(spot.file, text)


_SLIPS = st.sampled_from(["key", "colon", "twice", "word", "type", "anchor", "hidden"])


@settings(max_examples=250, deadline=None)
@given(st.data())
def test_no_seeded_slip_loads(data: st.DataObject) -> None:
    """The same slips at random places with random letters: an error at the line and column of each."""
    slip = data.draw(_SLIPS)
    letters = st.text("abcdefghijklmnopqrstuvwxyz_", min_size=1, max_size=3)
    if slip in ("key", "colon", "twice"):
        spot = data.draw(st.sampled_from(OF_VOCABULARY))
    elif slip == "word":
        spot = data.draw(st.sampled_from([each for each in VALUES if refers(each)]))
    else:
        spot = data.draw(st.sampled_from([each for each in VALUES if not isinstance(each.kind, kinds.Data)]))
    whole, (line, column) = TEXTS[spot.file], spot.place
    match slip:
        case "key":
            at, put = data.draw(st.integers(0, len(spot.written))), data.draw(letters)
            typo = spot.written[:at] + put + spot.written[at:]
            if typo in KEYS:
                return
            text = spot.replaced(typo)
        case "colon":
            text = whole[: spot.scalar.end] + whole[spot.scalar.end + 1 :]
        case "twice":
            text = (
                whole[: spot.scalar.start] + f"{spot.written}: {{}}\n{' ' * (column - 1)}" + whole[spot.scalar.start :]
            )
            if "{" in whole.split("\n")[line - 1][: column - 1]:
                return
            line += 1
        case "word":
            text = spot.replaced("zz" + data.draw(letters))
        case "type":
            text = spot.replaced(data.draw(st.sampled_from(OTHERS[2:])))
        case "anchor":
            text = spot.replaced(f"&{data.draw(letters)} {spot.written}")
        case _:
            at = data.draw(st.integers(0, len(spot.written)))
            text = spot.replaced(
                spot.written[:at] + data.draw(st.sampled_from("\u202a\u202e\u2069\u200f")) + spot.written[at:]
            )
            column += at
    found = {(finding.location.line, finding.location.column) for finding in errors(spot.file, text)}
    assert (line, column) in found, (slip, str(spot), found)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(TEXTS)), st.integers(0, 10_000), st.integers(0, 6), st.text(max_size=6))
def test_any_edit_gives_a_charter_or_findings(name: str, at: int, cut: int, put: str) -> None:
    """Never a traceback, never both, never neither; every finding stands inside its file."""
    whole = TEXTS[name]
    at %= len(whole) + 1
    text = whole[:at] + put + whole[at + cut :]
    for finding in errors(name, text):
        place = finding.location
        if place.file == name:
            assert 0 <= place.line <= text.count("\n") + 2
        assert (place.line, place.column) <= (place.end_line, place.end_column)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_give_findings(data: bytes) -> None:
    """Bytes that are no charter are refused without a traceback."""
    loaded = load_bytes(data, "x.yaml")
    assert loaded.charter is None
    assert loaded.findings


def test_charters_of_this_repository_load() -> None:
    """Every charter, base and library that is shipped loads."""
    paths = shipped("charters/*/*.yaml", "samples/*/charter.yaml")
    assert len(paths) >= 11
    for path in paths:
        found = load_deployment(path)[1] if path.name.startswith("deployment") else load(path).findings
        assert () == found, path


def test_slips_are_many() -> None:
    """The mutants are counted: several thousand, in files of every kind."""
    assert len(OF_VOCABULARY) * 5 + len(VALUES) * len(OTHERS) > 3000
    assert set(TEXTS) == {spot.file for spot in ALL}
