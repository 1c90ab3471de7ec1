"""What became of a charter's mutants as JSON data: the key `mutants` of `govern/test/v1`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from govern.scenario.mutation import Fate, Mutation, Tried, score
from govern.scenario.stanza import stanza


def document(several: Sequence[Mutation]) -> dict[str, Any]:
    """The mutants of charters: how many tests noticed, each that none did."""
    whole = score(several)
    return {
        "killed": whole.seen,
        "score": {"seen": whole.seen, "of": whole.of, "percent": whole.percent},
        "equivalent": [_mutant(tried) for each in several for tried in each.of(Fate.EQUIVALENT)],
        "not_run": [_mutant(tried) for each in several for tried in each.of(Fate.NOT_RUN)],
        "survived": [_survivor(tried) for each in several for tried in each.of(Fate.SURVIVED)],
        "tests": sum(each.cases for each in several),
    }


def _mutant(tried: Tried) -> dict[str, Any]:
    mutant = tried.mutant
    return {
        "id": mutant.id,
        "kind": mutant.kind.value,
        "change": mutant.words,
        "file": mutant.at.file,
        "line": mutant.at.line,
        "column": mutant.at.column,
    }


def _survivor(tried: Tried) -> dict[str, Any]:
    telling = tried.telling
    return {
        **_mutant(tried),
        "was": telling.was if telling else None,
        "becomes": telling.becomes if telling else None,
        "test": stanza(telling.case, "") if telling else None,
        "why": tried.why or None,
    }
