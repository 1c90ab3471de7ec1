"""The text of `govern prove`: each statement with its answer first, then the call that shows it and how to repeat it.

Leaves out JSON (`prove_json`) and tests (`prove_case`).
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from govern.conditions.steps import moment
from govern.errors import EvidenceError, Exit, UsageError
from govern.events.canonical import text_of
from govern.policy.engine import Engine
from govern.proof.ask import Answer, Broken, Holds, Shown, Unknown, Vacuous
from govern.proof.statement import Statement
from govern.proof.statement_text import Line as Written
from govern.proof.statement_text import StatementError
from govern.report.console import safe
from govern.report.lines import Line

Answers = Sequence[tuple[Statement, Answer]]

_MARGIN = 16
_STYLES = {"holds": "green", "counterexample": "bold red", "does not hold": "bold red"}
_ORDER = ("holds", "counterexample", "does not hold", "vacuous", "not proven")
_NAMED = 4


@dataclass(frozen=True, slots=True)
class Command:
    """What of the command line says which policy judges.

    Args:
        charter, agent, deployment: as written.
    """

    charter: str
    agent: str | None = None
    deployment: str | None = None

    def decide(self, engine: Engine, shown: Shown) -> str:
        """The command line of `govern decide` that gives the same verdict, quoted for a POSIX shell."""
        facts, at, history = parts(engine, shown)
        words = ["govern", "decide", "--policy", self.charter]
        for option, value in (("--agent", self.agent), ("--deployment", self.deployment)):
            words += [option, value] if value is not None else []
        words += ["--tool", shown.tool, "--args", one_line(shown.args)]
        words += ["--facts", one_line(facts)] if facts else []
        words += ["--at", moment(at)] if at is not None else []
        words += ["--history", one_line({_quoted(key): value for key, value in history.items()})] if history else []
        # `--tool=-x`: a value that begins with a hyphen would be taken for an option.
        joined = [words[0], words[1]]
        for option, value in zip(words[2::2], words[3::2], strict=True):
            joined.append(
                f"{option}={shlex.quote(value)}" if value.startswith("-") else f"{option} {shlex.quote(value)}"
            )
        return " ".join(joined)


def right(lines: Sequence[Written], file: str | None) -> list[Statement]:
    """The statements, where each can be read.

    Args:
        file: as written, for the places.

    Raises:
        UsageError: some are wrong, all of which are told; or there is none.
        EvidenceError: the file has none.
    """
    if not lines and file is not None:
        raise EvidenceError("no statement in this file", where=file, hint="one a line, as in `never allow delete_*`")
    if not lines:
        raise UsageError("no statement given", hint='as in `govern prove CHARTER "never allow delete_*"`, or --file')
    wrong = [line for line in lines if isinstance(line.read, StatementError)]
    if wrong:
        told = "\n".join(shown for line in wrong for shown in _wrong(line, file))
        count = f"{len(wrong)} of {len(lines)} statements cannot be read" if len(lines) > 1 else "this is no statement"
        raise UsageError(f"{count}; nothing was judged\n{told}", hint="`govern explain statements` has the language")
    return [line.read for line in lines if isinstance(line.read, Statement)]


def _wrong(line: Written, file: str | None) -> Iterator[str]:
    """The place, the text, and what is wrong under the characters that are."""
    if not isinstance(line.read, StatementError):
        return
    text = line.read.text
    for problem in line.read.problems:
        start = max(0, problem.start - 60)
        lead = "…" if start else ""
        before = lead + safe(text[start : problem.start])
        marked = safe(text[problem.start : problem.end], 60)
        after = safe(text[problem.end : problem.end + 40], 40)
        place = f"{file}:{line.number}:{problem.start + 1}: " if line.number else ""
        yield f"  {safe(place)}{problem.message}" + (f"; {problem.hint}" if problem.hint else "")
        yield f"    {before}{marked}{after}"
        yield f"    {' ' * len(before)}{'^' * max(len(marked), 1)}"


def show(engine: Engine, answers: Answers, command: Command, write: Callable[[Line], None], saved: str = "") -> None:
    """Every answer, then how many there are of each.

    Args:
        saved: the file that the calls were written to; empty where none was.
    """
    for statement, answer in answers:
        word = said(answer)
        write(Line((f"{word:<{_MARGIN}}", _STYLES.get(word, "bold yellow")), safe(statement.text)))
        for line in _why(engine, statement, answer, command):
            write(Line(" " * _MARGIN, line) if line else Line())
    policy = engine.policy
    counts = {word: sum(said(answer) == word for _, answer in answers) for word in _ORDER}
    told = ", ".join(f"{count} {_PLURALS[word]}" for word, count in counts.items() if count)
    write(Line())
    write(Line(f"{safe(policy.agent)} v{policy.version}: {told}"))
    if saved:
        write(Line(f"{safe(saved)}: the calls that were found, as tests"))


_PLURALS = {
    "holds": "proven to hold",
    "counterexample": "with a counterexample",
    "does not hold": "that does not hold",
    "vacuous": "about no call",
    "not proven": "not decided",
}


def said(answer: Answer) -> str:
    """The answer in a word or two."""
    match answer:
        case Holds():
            return "holds"
        case Broken(None):
            return "does not hold"
        case Broken():
            return "counterexample"
        case Vacuous():
            return "vacuous"
        case Unknown():
            return "not proven"


def exit_code(answers: Answers) -> Exit:
    """What was not decided may be worse than what was."""
    found = [answer for _, answer in answers]
    if any(isinstance(answer, Vacuous | Unknown) for answer in found):
        return Exit.NOT_JUDGED
    return Exit.FOUND if any(isinstance(answer, Broken) for answer in found) else Exit.OK


def _why(engine: Engine, statement: Statement, answer: Answer, command: Command) -> Iterator[str]:
    match answer:
        case Holds(witness=Shown() as shown):
            yield from _call(engine, shown, command)
        case Holds(tools, idle, invalid, bounds):
            every = "every valid call" if statement.valid else "every call"
            yield f"of {every} of {_named(tools)}" + (f", with {'; '.join(map(safe, bounds))}" if bounds else "")
            if invalid:
                yield f"what it is about is invalid input of {_named(invalid)}"
            if idle and len(statement.tools) > 0:
                yield f"about no call of {_named(idle)}"
        case Broken(None, bounds):
            within = f" among calls with {'; '.join(map(safe, bounds))}" if bounds else ""
            yield f"there is no such call{within}"
        case Broken(Shown() as shown):
            yield from _call(engine, shown, command)
        case Vacuous(tools):
            yield (
                f"no call of {_named(tools)} is what it is about"
                if tools
                else ("it is about no tool of the charter, and what no line maps is denied")
            )
        case Unknown(why, tried):
            for tool, reason in why[:_NAMED]:
                yield f"{safe(tool)}: {safe(reason)}"
            if len(why) > _NAMED:
                yield f"and {_more(len(why) - _NAMED)}"
            what = "such call" if statement.exists else "counterexample"
            if tried:
                yield f"no {what} among {tried:,} calls that were tried, which proves nothing"


def _call(engine: Engine, shown: Shown, command: Command) -> Iterator[str]:
    verdict = shown.verdict
    causes = [f"gate {gate}" for gate in verdict.gates] or list(verdict.rules)
    why = ", ".join(safe(each) for each in (*verdict.reasons, *causes))
    yield f"{verdict.effect.label}: {safe(shown.tool)} ({why})" + (", found by trying calls" if shown.searched else "")
    facts, at, history = parts(engine, shown)
    rows = [("args", one_line(shown.args))]
    rows += [("facts", one_line(facts))] if facts else []
    rows += [("at", moment(at))] if at is not None else []
    for place, (key, value) in enumerate(sorted(history.items())):
        rows.append(("" if place else "history", f"{key} = {text_of(value)}"))
    if verdict.unknown:
        rows.append(("unknown", ", ".join(verdict.unknown)))
    for name, text in rows:
        yield f"  {name:<9}{safe(text)}"
    yield f"  {safe(command.decide(engine, shown))}"


def parts(engine: Engine, shown: Shown) -> tuple[dict[str, Any], int | None, dict[str, Any]]:
    """What is given beside the arguments: facts by name, the time, the history by key."""
    facts = {key: value for key, value in shown.given.items() if key in engine.policy.facts}
    history = {key: value for key, value in shown.given.items() if key not in facts and key != "at"}
    return facts, shown.given.get("at"), history


def one_line(value: Any) -> str:
    """JSON that any shell and terminal takes as it is: canonical, ASCII, without control characters."""
    return "".join(
        char if char.isascii() and char != "\x7f" else json.dumps(char)[1:-1] if char != "\x7f" else "\\u007f"
        for char in text_of(value)
    )


def _quoted(key: str) -> str:
    """A key of the history with `"` in place of `'`, where that says the same: a shell's quotes are `'`."""
    plain = re.fullmatch(r"([a-z_]+)\('([^'\"\\]*)'\)", key)
    return f'{plain[1]}("{plain[2]}")' if plain else key


def _named(tools: Sequence[str]) -> str:
    shown = ", ".join(safe(tool) for tool in tools[:_NAMED])
    return f"{shown} and {_more(len(tools) - _NAMED)}" if len(tools) > _NAMED else shown


def _more(count: int) -> str:
    return f"{count} more tool{'s' if count != 1 else ''}"
