"""Seeded slips in the charters that are shipped: each is a finding, and those with a place are found at their line.

`test_mutations` goes through every key of one charter; this goes at random through all that people copy from.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from govern.charter import vocabulary
from govern.charter.input_schema import KEYWORDS
from govern.charter.load import load_text

ROOT = Path(__file__).parents[2]
CHARTERS = sorted([*ROOT.glob("samples/*/charter.yaml"), *ROOT.glob("charters/**/*.yaml")])
EACH = 5
LEVELS = [level for level in vars(vocabulary).values() if isinstance(level, vocabulary.Level)]
KEYS = {key for level in LEVELS for key in level.known} | KEYWORDS
_LETTERS = "abcdefghijklmnopqrstuvwxyz"

# A slip takes a text and gives the mutant and the offset at which it stands; None where the text has no place for it.
Slip = Callable[[random.Random, str], tuple[str, int] | None]


def pick(rng: random.Random, pattern: str, text: str) -> re.Match[str] | None:
    found = list(re.finditer(pattern, text, re.MULTILINE))
    return rng.choice(found) if found else None


def swapped(text: str, match: re.Match[str], group: str, by: str) -> tuple[str, int]:
    return text[: match.start(group)] + by + text[match.end(group) :], match.start(group)


def rename_a_key(rng: random.Random, text: str) -> tuple[str, int] | None:
    """One letter of a key of the language, at the beginning of a line."""
    match = pick(rng, rf"^ *(?:- )?\{{?(?P<key>{'|'.join(sorted(KEYS))}):(?=\s)", text)
    if match is None or _names_an_argument(text, match.start("key")):
        return None
    key = match["key"]
    at = rng.randrange(len(key))
    typo = key[:at] + rng.choice(_LETTERS) + key[at + 1 :]
    return None if typo in KEYS or typo == key else swapped(text, match, "key", typo)


def _names_an_argument(text: str, at: int) -> bool:
    """Whether the line lies right below `properties:`, where any name is a new argument and no typo."""
    lines = text[:at].split("\n")
    indent = len(lines[-1])
    above = next(
        (line for line in reversed(lines[:-1]) if line.strip() and len(line) - len(line.lstrip()) < indent), ""
    )
    return above.strip() in ("properties:", "tools:", "approvals:")


def drop_a_colon(rng: random.Random, text: str) -> tuple[str, int] | None:
    match = pick(rng, r"^ *[a-z_]+(?P<colon>:)(?=\s)", text)
    return swapped(text, match, "colon", "") if match else None


def another_type(rng: random.Random, text: str) -> tuple[str, int] | None:
    match = pick(rng, r"\b(?:tier|after|then|otherwise|version|owner): (?P<value>[a-z0-9_-]+)(?=[\s,}])", text)
    return swapped(text, match, "value", rng.choice(["[7]", "{x: 7}", "1.5", "true"])) if match else None


def a_role_that_is_not(rng: random.Random, text: str) -> tuple[str, int] | None:
    match = pick(rng, r"^(?:owner: | {4}roles: \[)(?P<role>[a-z-]+)", text)
    return swapped(text, match, "role", "nobody-at-all") if match else None


def a_gate_that_is_not(rng: random.Random, text: str) -> tuple[str, int] | None:
    match = pick(rng, r"\b(?:ask|then: \{approval|otherwise: \{approval): (?P<gate>[a-z-]+)", text)
    return swapped(text, match, "gate", "no-such-gate") if match else None


def a_tool_that_is_not(rng: random.Random, text: str) -> tuple[str, int] | None:
    rules = text.find("\nrules:")
    match = re.search(r"tools: \[(?P<tool>[a-z_/A-Z]+)[\],]", text[rules:]) if rules >= 0 else None
    if match is None or "\nnever:" in text[rules : rules + match.start()]:
        return None
    at = rules + match.start("tool")
    return text[:at] + "no_such_tool" + text[rules + match.end("tool") :], at


def a_key_twice(rng: random.Random, text: str) -> tuple[str, int] | None:
    """A line of one key and its whole value, copied behind itself."""
    match = pick(rng, r"^(?P<line> *[a-z_]+: (?=\S)(?![|>]).*\n)", text)
    if match is None or text[match.end() :].startswith(" " * (len(match[0]) - len(match[0].lstrip()) + 1)):
        return None
    return text[: match.end()] + match["line"] + text[match.end() :], match.end()


def an_anchor(rng: random.Random, text: str) -> tuple[str, int] | None:
    match = pick(rng, r"^ *[a-z_]+:(?P<place> )(?=\S)", text)
    return swapped(text, match, "place", " &x ") if match else None


def a_direction_change(rng: random.Random, text: str) -> tuple[str, int]:
    at = rng.randrange(len(text))
    return text[:at] + rng.choice("\u202e\u2066\u200b") + text[at:], at


def an_operator(rng: random.Random, text: str) -> tuple[str, int] | None:
    match = pick(rng, r"\b(?:when|only_if|unless): .*? (?P<op>==|&&|\|\||<=|>=|!=) ", text)
    return swapped(text, match, "op", {"==": "=", "&&": "&", "||": "|"}.get(match["op"], "=>")) if match else None


SLIPS: list[Slip] = [
    rename_a_key, drop_a_colon, another_type, a_role_that_is_not, a_gate_that_is_not, a_tool_that_is_not,
    a_key_twice, an_anchor, a_direction_change, an_operator,
]  # fmt: skip
# A lost colon joins a line to the next, and the parser sees it there at the earliest.
LINE_UNKNOWN = {drop_a_colon}


def mutants(slip: Slip, path: Path) -> list[tuple[str, int]]:
    rng = random.Random(f"{slip.__name__} {path.relative_to(ROOT)}")
    text = path.read_text("utf-8")
    made = [slip(rng, text) for _ in range(EACH * 4)]
    return list(dict.fromkeys(mutant for mutant in made if mutant is not None))[:EACH]


@pytest.mark.parametrize("path", CHARTERS, ids=lambda path: f"{path.parent.name}/{path.stem}")
@pytest.mark.parametrize("slip", SLIPS, ids=lambda slip: slip.__name__)
def test_a_slip_in_a_shipped_charter(slip: Slip, path: Path) -> None:
    """The mutant does not load, and a finding stands on the line of the slip."""
    for text, at in mutants(slip, path):
        line = text.count("\n", 0, at) + 1
        loaded = load_text(text)
        shown = text.split("\n")[line - 1]
        assert loaded.charter is None, (line, shown)
        if slip not in LINE_UNKNOWN:
            assert line in {f.location.line for f in loaded.findings}, (line, shown, loaded.findings)


def _inside_a_structure(text: str, at: int) -> bool:
    """Whether the line before an offset leaves a quote, a bracket or a key open."""
    line = text[:at].rpartition("\n")[2]
    if "#" in line or re.match(r" *(?:- )?(?:because|purpose):", line):
        return False  # half a sentence is a sentence
    bare = re.sub(r'"[^"]*"', "", line)
    return (
        '"' in bare
        or sum(map(bare.count, "{[")) > sum(map(bare.count, "}]"))
        or bool(re.fullmatch(" *[a-z_]+:?", line))
    )


@pytest.mark.parametrize("path", CHARTERS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_file_cut_inside_a_structure_does_not_load(path: Path) -> None:
    """Half a rule is never a rule. A cut between two entries leaves a charter that is whole in itself, and only its
    digest tells; such cuts are left out.
    """
    rng = random.Random(f"cut {path.relative_to(ROOT)}")
    text = path.read_text("utf-8")
    cuts = [at for at in range(1, len(text)) if _inside_a_structure(text, at)]
    assert len(cuts) > 500
    for at in rng.sample(cuts, 15):
        loaded = load_text(text[:at])
        assert loaded.charter is None, text[:at].rpartition("\n")[2]
        assert loaded.findings


def test_mutants_are_many() -> None:
    """The slips find their places: hundreds of mutants, every slip in several charters."""
    made = {slip.__name__: sum(len(mutants(slip, path)) for path in CHARTERS) for slip in SLIPS}
    assert sum(made.values()) > 300, made
    assert min(made.values()) >= 3, made
