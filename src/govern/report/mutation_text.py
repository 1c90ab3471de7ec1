"""What became of a charter's mutants, for a terminal: the score, every change that no test noticed on its line, tests
that would."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from govern.charter.source import Source
from govern.findings import Location
from govern.policy.terms import EFFECTS
from govern.report.console import safe
from govern.report.lines import Line
from govern.report.marks import margin, marked
from govern.scenario.mutants import Kind
from govern.scenario.mutants.places import sources
from govern.scenario.mutation import Fate, Mutation, Tried, score
from govern.scenario.stanza import stanza

MOST_STANZAS = 10
_LONGEST = 1_000  # characters of a stanza; a longer one is in the JSON


def show(several: Sequence[Mutation], write: Callable[[Line], None], *, most: int = MOST_STANZAS) -> None:
    """Writes the score and the survivors.

    Args:
        most: how many tests that would notice are written out; all are in the JSON.
    """
    whole = score(several)
    line = Line(("mutants ", "bold"), (f"{whole.percent}%" if whole.of else "none", "bold"))
    line.append(f"  {whole.seen:,} of {whole.of:,} killed by {sum(each.cases for each in several):,} tests")
    for fate, words in ((Fate.EQUIVALENT, "equivalent"), (Fate.NOT_RUN, "not run: out of time")):
        count = sum(len(each.of(fate)) for each in several)
        if count:
            line.append(f"; {count:,} {words}", "" if fate is Fate.EQUIVALENT else "bold red")
    write(line)
    for each in several:
        _survivors(each, write)
    told = [tried for each in several for tried in each.of(Fate.SURVIVED) if tried.telling is not None]
    _tests(told, write, most)
    untold = sum(tried.telling is None for each in several for tried in each.of(Fate.SURVIVED))
    if untold:
        write(Line((f"{untold:,} without a test that was found to show them: perhaps none can.", "dim")))


def _survivors(mutation: Mutation, write: Callable[[Line], None]) -> None:
    texts = sources(mutation.charter)
    survived = mutation.of(Fate.SURVIVED)
    for file in dict.fromkeys(tried.mutant.at.file for tried in survived):
        write(Line())
        write(Line((f"  {safe(file)}: not noticed", "dim")))
        lines: dict[int, list[Tried]] = {}
        for tried in survived:
            if tried.mutant.at.file == file:
                lines.setdefault(tried.mutant.at.line, []).append(tried)
        for number in sorted(lines):
            for line in _line(texts.get(file), number, lines[number], margin(max(lines))):
                write(line)


def _line(source: Source | None, number: int, tried: list[Tried], wide: int) -> list[Line]:
    words: dict[Location, list[str]] = {}
    for each in tried:
        words.setdefault(each.mutant.at, []).append(each.mutant.words)
    marks = [(at, "\n".join(said)) for at, said in words.items()]
    if source is None:
        return [Line(f"{number:>{wide}} | {safe(each)}") for _, said in marks for each in said.split("\n")]
    return marked(source, number, marks, wide)


def _tests(told: Sequence[Tried], write: Callable[[Line], None], most: int) -> None:
    """Tests that would notice, those of changes that loosen a verdict first."""
    texts = [(tried, stanza(tried.telling.case)) for tried in sorted(told, key=_weight) if tried.telling is not None]
    shown = [(tried, text) for tried, text in texts if len(text) <= _LONGEST][:most]
    if shown:
        write(Line())
        write(Line("Tests that would notice, to be judged by you and kept under `cases` of a suite:"))
    for tried, text in shown:
        telling = tried.telling
        if telling is None:
            continue
        change = f"{telling.was} becomes {telling.becomes}"
        write(Line((f"  # {safe(tried.mutant.words)}: {safe(change)}", "dim")))
        for line in text.rstrip("\n").split("\n"):
            write(Line((safe(line), "green")))
    if len(told) > len(shown):
        write(Line((f"{len(told) - len(shown):,} more with --format json.", "dim")))


def _weight(tried: Tried) -> tuple[int, bool]:
    """0 where the change lets more through, 1 where it holds more back, 2 where only its causes or answers differ; of
    each, schemas last."""
    telling, schema = tried.telling, tried.mutant.kind is Kind.INPUT
    was, becomes = (
        next((effect for label, effect in EFFECTS.items() if words.startswith(label)), None)
        for words in ((telling.was, telling.becomes) if telling else ("", ""))
    )
    if was is None or becomes is None or was is becomes:
        return 2, schema
    return (0 if becomes < was else 1), schema
