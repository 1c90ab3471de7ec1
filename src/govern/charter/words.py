"""The closed words of the language that are no keys: reasons of verdicts, tiers, effects, events, functions, names.

Each with what it means, in `words.yaml`; `govern explain` and editors show them, and the tests hold the table to
the code that knows the words. Leaves out keys (`vocabulary`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import yaml


@dataclass(frozen=True, slots=True)
class Word:
    """A word with its meaning.

    Args:
        kind: what it is: `a reason`, `a tier`, …
        says: what it means.
        more: what follows from it, or what to do; may be empty.
        form: how a function is written; empty otherwise.
        example: a condition that uses it; of functions and names only.
    """

    name: str
    kind: str
    says: str
    more: str = ""
    form: str = ""
    example: str = ""


@cache
def groups() -> dict[str, tuple[Word, ...]]:
    """Every word, by what the group is called: `reasons`, `tiers`, `functions`, …"""
    table = yaml.safe_load(files("govern.charter").joinpath("words.yaml").read_text("utf-8"))
    return {
        group: tuple(
            Word(
                row["word"], row["kind"], row["says"], row.get("more", ""), row.get("form", ""), row.get("example", "")
            )
            for row in rows
        )
        for group, rows in table.items()
    }


def words(name: str) -> tuple[Word, ...]:
    """Every meaning of a word; empty where it has none. `url.host` is `url`."""
    asked = "url" if name.startswith("url.") else name
    return tuple(word for group in groups().values() for word in group if word.name == asked)
