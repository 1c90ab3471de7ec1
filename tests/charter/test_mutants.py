"""Seeded slips in the files that are shipped: each is an error at its line and column, and no mutant loads.

`test_mutations` goes through every key and value of the language once; this goes at random through all that people
copy from.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from tests.shipped import shipped as shipped_files

from govern.charter import kinds
from govern.charter.deployment import read_deployment
from govern.charter.files import beside
from govern.charter.load import load_text
from govern.charter.source import Source
from govern.findings import Finding

from .anatomy import KEYS, OTHERS, Spot, refers, spots_of, typos

ROOT = Path(__file__).parents[2]
SHIPPED = shipped_files("charters/**/*.yaml", "samples/*/charter.yaml")
EACH = 3
Place = tuple[int, int]
# A slip takes a scalar of a file, and gives the file with the slip and its place; None where it cannot be made.
Slip = Callable[[random.Random, Spot], tuple[str, Place] | None]


def findings(path: Path, text: str) -> tuple[Finding, ...]:
    """What loading a text in place of a shipped file finds."""
    if path.name.startswith("deployment"):
        return read_deployment(text.encode(), str(path))[1]
    return load_text(text, str(path), beside(path)).findings


@cache
def shipped(path: Path) -> tuple[Spot, ...]:
    return tuple(spots_of(Source.of(path.read_text("utf-8"), str(path))))


def a_typo_in_a_key(rng: random.Random, spot: Spot) -> tuple[str, Place] | None:
    if not spot.is_key:
        return None
    typo = rng.choice([*typos(spot.written)])
    return (spot.replaced(typo), spot.place) if typo not in KEYS else None


def a_missing_colon(rng: random.Random, spot: Spot) -> tuple[str, Place] | None:
    text, end = spot.source.text, spot.scalar.end
    return (text[:end] + text[end + 1 :], spot.place) if spot.is_key and len(spot.written) > 1 else None


def a_key_twice(rng: random.Random, spot: Spot) -> tuple[str, Place] | None:
    line, column = spot.place
    if not spot.is_key or "{" in spot.source.line(line)[: column - 1]:
        return None
    return spot.replaced(f"{spot.written}: x\n{' ' * (column - 1)}{spot.written}"), (line + 1, column)


def a_name_that_is_not(rng: random.Random, spot: Spot) -> tuple[str, Place] | None:
    return (spot.replaced("nothing-of-the-kind"), spot.place) if not spot.is_key and refers(spot) else None


def another_type(rng: random.Random, spot: Spot) -> tuple[str, Place] | None:
    if spot.is_key or isinstance(spot.kind, kinds.Data):
        return None
    return spot.replaced(rng.choice(OTHERS[2:])), spot.place


def an_anchor(rng: random.Random, spot: Spot) -> tuple[str, Place] | None:
    return (spot.replaced(f"&x {spot.written}"), spot.place) if not spot.is_key else None


def a_direction_change(rng: random.Random, spot: Spot) -> tuple[str, Place]:
    at = rng.randrange(len(spot.written) + 1)
    character = rng.choice("\u202e\u2066\u200b")
    line, column = spot.source.position(spot.scalar.start + at)
    return spot.replaced(spot.written[:at] + character + spot.written[at:]), (line, column)


def an_operator(rng: random.Random, spot: Spot) -> tuple[str, Place] | None:
    found = re.search(r" (==|&&|\|\||<=|>=) ", spot.written)
    if not isinstance(spot.kind, kinds.ConditionText) or found is None or not spot.scalar.exact:
        return None
    at = found.start(1)
    wrong = {"==": "=", "&&": "&", "||": "|"}.get(found[1], "=>")
    text = spot.written[:at] + wrong + spot.written[found.end(1) :]
    return spot.replaced(text), spot.source.position(spot.scalar.start + at)


SLIPS: list[Slip] = [
    a_typo_in_a_key, a_missing_colon, a_key_twice, a_name_that_is_not, another_type, an_anchor, a_direction_change,
    an_operator,
]  # fmt: skip


def mutants(slip: Slip, path: Path) -> list[tuple[str, Place]]:
    rng = random.Random(f"{slip.__name__} {path.relative_to(ROOT)}")
    spots = [*shipped(path)]
    rng.shuffle(spots)
    found: list[tuple[str, Place]] = []
    for spot in spots:
        made = slip(rng, spot)
        if made is not None:
            found.append(made)
        if len(found) == EACH:
            break
    return found


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: f"{path.parent.name}/{path.stem}")
@pytest.mark.parametrize("slip", SLIPS, ids=lambda slip: slip.__name__)
def test_a_slip_in_a_shipped_file(slip: Slip, path: Path) -> None:
    """The mutant does not load, and an error stands at the line and column of the slip."""
    for text, place in mutants(slip, path):
        found = findings(path, text)
        shown = text.split("\n")[place[0] - 1]
        assert place in {(f.location.line, f.location.column) for f in found}, (place, shown, found)


def _inside_a_structure(text: str, at: int) -> bool:
    """Whether the line before an offset leaves a quote, a bracket or a key open."""
    line = text[:at].rpartition("\n")[2]
    if "#" in line or re.match(r" *(?:- )?(?:because|purpose|source|instruction):", line):
        return False  # half a sentence is a sentence
    bare = re.sub(r'"[^"]*"', "", line)
    return (
        '"' in bare
        or sum(map(bare.count, "{[")) > sum(map(bare.count, "}]"))
        or bool(re.fullmatch(" *[a-z_]+:?", line))
    )


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_file_cut_inside_a_structure_does_not_load(path: Path) -> None:
    """Half a rule is never a rule. A cut between two entries leaves a file that is whole in itself, and only its
    digest tells; such cuts are left out.
    """
    rng = random.Random(f"cut {path.relative_to(ROOT)}")
    text = path.read_text("utf-8")
    cuts = [at for at in range(1, len(text)) if _inside_a_structure(text, at)]
    assert len(cuts) > 100
    for at in rng.sample(cuts, 10):
        assert findings(path, text[:at]), text[:at].rpartition("\n")[2]


def test_mutants_are_many() -> None:
    """The slips find their places: hundreds of mutants, every slip in many files."""
    made = {slip.__name__: sum(len(mutants(slip, path)) for path in SHIPPED) for slip in SLIPS}
    assert sum(made.values()) > 300, made
    assert min(made.values()) >= 10, made
