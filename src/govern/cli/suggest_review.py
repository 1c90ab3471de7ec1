"""The dialog of `govern suggest --interactive`: one suggestion after the other, and what becomes of the answers."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

import typer

from govern.errors import EvidenceError

if TYPE_CHECKING:
    from govern.lint.config import Configuration
    from govern.suggest.build import Judged
    from govern.suggest.model import Edited, Suggestion, Suggestions, Target


def review(
    found: Suggestions, targets: Mapping[str, Target], configuration: Configuration, again: Judged, *, patch: bool
) -> None:
    """One after the other; what was accepted is written at the end, as a whole or not at all."""
    from govern.report import suggest_text
    from govern.suggest.build import edited, judged_with

    accepted: list[Suggestion] = []
    for number, each in enumerate(found.suggested, 1):
        target = targets[each.action.agent]
        taken = _one(target, each, f"{number} of {len(found.suggested)}", patch=patch)
        if taken is None:
            break
        accepted += taken
    done: list[Edited] = []
    tried = {agent: target.policy for agent, target in targets.items()}
    for agent, target in targets.items():
        own = [each for each in accepted if each.action.agent == agent]
        if own:
            made, tried[agent], refused = edited(target, own, configuration)
            done.append(made)
            for tool, reason in refused.items():
                typer.echo(suggest_text.not_written(tool, reason), err=True)
    if moved := [each for each in accepted if each.would is None]:
        judged, denied = judged_with(moved, targets, tried, again)
        for each in judged:
            typer.echo(suggest_text.judged_again(each), err=True)
        for one in denied:
            typer.echo(suggest_text.denied_again(one), err=True)
    give(done, patch=patch)
    typer.echo(suggest_text.summary(found, done, written=not patch), err=True)


def _one(target: Target, each: Suggestion, place: str, *, patch: bool) -> list[Suggestion] | None:
    """What a person made of one suggestion: it, nothing, or None to stop here."""
    from govern.report import suggest_text
    from govern.suggest.review import Answer, Moved, answer, next_gate, tightened, widened

    moves: dict[Answer, Callable[[Target, Suggestion], Moved]] = {
        Answer.TIGHTEN: tightened, Answer.WIDEN: widened, Answer.GATE: next_gate,
    }  # fmt: skip
    show = partial(typer.echo, err=patch)  # with --patch, standard output has the patch alone
    show(suggest_text.question(each, place))
    while True:
        show(suggest_text.PROMPT, nl=False)
        sys.stdout.flush()
        line = sys.stdin.readline()
        if not line:
            show("")
            raise EvidenceError("the answers ended before every suggestion had one: nothing is written")
        said = answer(line)
        match said:
            case Answer.ACCEPT:
                return [each]
            case Answer.SKIP:
                return []
            case Answer.QUIT:
                return None
            case Answer.TIGHTEN | Answer.WIDEN | Answer.GATE:
                moved = moves[said](target, each)
                show(suggest_text.moved(each, moved))
                each = moved.suggestion
            case _:
                show(suggest_text.HELP)


def give(done: list[Edited], *, patch: bool) -> None:
    """Prints the patch of charters with suggestions in them, or writes them."""
    from govern.lint.write import write
    from govern.report import suggest_text

    if patch:
        typer.echo("".join(suggest_text.patch(each) for each in done), nl=False)
        return
    for each in done:
        if each.tools and each.target.path is not None:
            before, after = (each.target.mark + text for text in (each.target.text, each.after))
            write(each.target.path, after.encode(), old=before.encode())
