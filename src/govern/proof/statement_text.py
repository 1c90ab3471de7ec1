"""Text to statements: a recursive-descent parser whose errors say where, what, and what was probably meant.

The grammar stands in `statements.md`. Words of the language are words that stand alone: inside brackets, strings and
paths (`args.when`) they mean nothing. A condition runs as far as the next of them, and is parsed by
`conditions.parse_condition` with the policy's facts; its errors keep their places. Names are checked against the
policy: a slip in a tool, gate, rule, limit, tier or argument would make a statement about nothing. Leaves out what a
statement means (`statement`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from govern.conditions import ConditionError, Problem, parse_condition
from govern.findings import closest
from govern.policy.document import scope_of
from govern.policy.model import Effect, Policy
from govern.proof.statement import (
    TRUE,
    All,
    Any,
    Applies,
    Asks,
    Choice,
    Decides,
    Formula,
    Gets,
    Meets,
    Not,
    Statement,
    conditions,
    of_history,
)
from govern.proof.statement_arguments import unknown_argument
from govern.proof.statement_names import Names
from govern.proof.statement_words import STOPS, fail

MAX_LENGTH: Final = 8192
MAX_PARTS: Final = 64
_EFFECTS: Final = {"allow": Effect.ALLOW, "approval": Effect.APPROVAL, "deny": Effect.DENY}
_GETS: Final = {"allowed": Effect.ALLOW, "denied": Effect.DENY}
_FIRST: Final = ("never", "always", "no", "every", "unreachable", "reachable", "rule")


class StatementError(ValueError):
    """The text is no statement, or one about what the policy does not have.

    Args:
        text: as written.
        problems: all that is wrong with it, with their places; at least one.
    """

    def __init__(self, text: str, problems: tuple[Problem, ...]) -> None:
        super().__init__("; ".join(problem.message for problem in problems))
        self.text = text
        self.problems = problems


def parse_statement(text: str, policy: Policy) -> Statement:
    """One statement.

    Args:
        text: one line.
        policy: whose tools, rules, gates, limits and facts it may name.

    Raises:
        StatementError: it is none, or names what is not there.
    """
    if len(text) > MAX_LENGTH:
        raise StatementError(text[:200], (Problem(0, 1, f"{len(text):,} characters, at most {MAX_LENGTH:,} are read"),))
    odd = next((place for place, char in enumerate(text) if not (char.isprintable() or char == "\t")), None)
    if odd is not None:
        message = f"a control character or one that cannot be seen (U+{ord(text[odd]):04X})"
        raise StatementError(text, (Problem(odd, odd + 1, message, "a statement is one line of plain text"),))
    parser = _Parser(text, policy)
    try:
        return parser.statement()
    except ConditionError as error:
        raise StatementError(text, error.problems) from None


@dataclass(frozen=True, slots=True)
class Line:
    """A statement where it was written.

    Args:
        number: the line of its file, from 1; 0 on the command line.
        read: the statement, or why it is none.
    """

    number: int
    read: Statement | StatementError


def read_statements(given: Sequence[str], file: str | None, policy: Policy) -> tuple[Line, ...]:
    """Statements of a command line, then those of a file, as many as there are wrong ones too.

    Args:
        given: each one statement.
        file: the text of a file: one a line; empty lines and those that begin with `#` say nothing.
    """
    lines = [(0, text.strip(" \t")) for text in given]
    for number, line in enumerate((file or "").split("\n"), 1):
        bare = line.strip(" \t\r")
        if bare and not bare.startswith("#"):
            lines.append((number, bare))
    return tuple(Line(number, _tried(text, policy)) for number, text in lines)


def _tried(text: str, policy: Policy) -> Statement | StatementError:
    try:
        return parse_statement(text, policy)
    except StatementError as error:
        return error


class _Parser(Names):
    def __init__(self, text: str, policy: Policy) -> None:
        super().__init__(text, policy)
        self.scope = scope_of(dict(policy.facts))
        self.parts = 0

    def statement(self) -> Statement:
        if not self.words:
            fail(0, 1, "an empty statement", "as in `never allow delete_account`")
        if any(word.says("implies") for word in self.words):
            made = self.implication()
        elif self.word.says("rule"):
            made = self.covers()
        elif first := self.take(*_FIRST):
            match first.text:
                case "never" | "always":
                    made = self.claim(first.text == "never")
                case "no" | "every":
                    made = self.sweeping(first.text == "no")
                case _:
                    made = self.reach(first.text == "reachable")
        else:
            near = closest(self.word.text, _FIRST)
            hint = (
                f"did you mean `{near}`?"
                if near
                else ("a statement begins with " + ", ".join(f"`{word}`" for word in _FIRST) + ", or is `A implies B`")
            )
            fail(self.word.start, self.word.end, f"no statement begins with `{self.word.text[:60]}`", hint)
        if self.at < len(self.words):
            near = closest(self.word.text, STOPS)
            hint = f"did you mean `{near}`?" if near and near != self.word.text else ""
            if self.at == self.after_tools:
                hint = "several tools are separated by commas"
            fail(self.word.start, self.word.end, f"`{self.word.text[:60]}` is not expected here", hint)
        self.known_arguments(made)
        return made

    def claim(self, never: bool) -> Statement:
        """`never allow T …`, `always ask G for T …`"""
        if self.take("ask"):
            wanted: Formula = Asks(self.gate())
            self.expect("for")
        else:
            wanted = Gets(_EFFECTS[self.expect("allow", "deny", *(() if never else ("ask",))).text])
        tools = self.tools()
        premise = self.tail()
        self.named_once()
        if never:
            return self.made(tools, premise, Not(wanted), valid=wanted != Gets(Effect.ALLOW))
        if isinstance(wanted, Asks):
            return self.made(tools, premise, Any((wanted, Gets(Effect.DENY))))
        return self.made(tools, premise, wanted, valid=wanted == Gets(Effect.ALLOW))

    def sweeping(self, no: bool) -> Statement:
        """`no irreversible tool is allowed …`, `every external tool asks a gate …`"""
        choice = self.kind("tool", "tools")
        if no:
            self.expect("is", "are")
            wanted: Formula = Gets(_GETS[self.expect("allowed", "denied").text])
            made = self.made((choice,), self.tail(), Not(wanted), valid=wanted == Gets(Effect.DENY))
        elif self.take("asks", "ask"):
            wanted = Any((Asks(self.gate()), Gets(Effect.DENY)))
            made = self.made((choice,), self.tail(), wanted)
        else:
            self.expect("is", "asks")
            wanted = Gets(_GETS[self.expect("allowed", "denied").text])
            made = self.made((choice,), self.tail(), wanted, valid=wanted == Gets(Effect.ALLOW))
        self.named_once()
        return made

    def reach(self, reachable: bool) -> Statement:
        rule = self.rule()
        tools = self.tools() if self.take("for") else self.with_rule(rule)
        if reachable:
            return self.made(tools, TRUE, Applies(rule), valid=True, exists=True)
        return self.made(tools, TRUE, Not(Applies(rule)), valid=True)

    def covers(self) -> Statement:
        self.expect("rule")
        one = self.rule()
        self.expect("covers")
        self.expect("rule")
        other = self.rule()
        tools = self.tools() if self.take("for") else self.with_rule(other)
        return self.made(tools, Applies(other), Applies(one), valid=True)

    def implication(self) -> Statement:
        premise = self.formula()
        self.expect("implies")
        conclusion = self.formula()
        if again := self.take("implies"):
            fail(again.start, again.end, "a second `implies`", "write two statements")
        if self.take("for"):
            at = self.word
            self.named.append((self.tools(), at))
        if self.word.says("when", "unless"):
            fail(
                self.word.start,
                self.word.end,
                f"`{self.word.text}` does not go with `implies`",
                "join it to what comes before `implies` with `and`",
            )
        tools = self.named[0][0] if self.named else ()
        for others, word in self.named[1:]:
            if others != tools:
                fail(
                    word.start,
                    word.end,
                    "other tools than before",
                    "a statement is about one call: name the tools once, or behind `for`",
                )
        return self.made(tools, premise, conclusion, valid=True)

    def made(
        self, tools: tuple[Choice, ...], premise: Formula, conclusion: Formula, *, valid: bool = False,
        exists: bool = False,
    ) -> Statement:  # fmt: skip
        return Statement(self.text, tools, premise, conclusion, valid, exists)

    def tail(self) -> Formula:
        """Circumstances behind the tools: `after untrusted content`, `over limit L`, `when F`, `unless F`."""
        parts: list[Formula] = []
        while True:
            if self.word.says("after", "over"):
                parts.append(self.circumstance())
            elif self.take("when"):
                parts.append(self.formula())
            elif self.take("unless"):
                parts.append(Not(self.formula()))
            else:
                return parts[0] if len(parts) == 1 else All(tuple(parts))

    def circumstance(self) -> Formula:
        # What is not known counts: the charter's own rules on it apply then too.
        if self.take("after"):
            self.expect("untrusted")
            self.expect("content")
            return Meets(of_history("tainted", "session"), unknown=True)
        self.expect("over")
        self.expect("limit")
        limits = [limit.id for limit in self.policy.limits]
        return Meets(of_history("exceeded", self.name("a limit", limits, "limit")), unknown=True)

    # -- formulas --

    def formula(self) -> Formula:
        parts = [self.conjunction()]
        while self.take("or"):
            parts.append(self.conjunction())
        return parts[0] if len(parts) == 1 else Any(tuple(parts))

    def conjunction(self) -> Formula:
        parts = [self.unit()]
        while self.take("and"):
            parts.append(self.unit())
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def unit(self) -> Formula:
        self.parts += 1
        if self.parts > MAX_PARTS:
            fail(self.word.start, self.word.end, f"more than {MAX_PARTS} parts", "write several statements")
        negated = False
        while self.take("not"):
            negated = not negated
        return Not(self.atom()) if negated else self.atom()

    def atom(self) -> Formula:
        if self.word.says("after", "over"):
            return self.circumstance()
        if found := self.take(*_EFFECTS):
            if not self.ends():
                at = self.word
                self.named.append((self.tools(), at))
            return Gets(_EFFECTS[found.text])
        if found := self.take("ask"):
            gate = self.gate()
            if self.take("for"):
                at = self.word
                self.named.append((self.tools(), at))
            return Asks(gate)
        if self.take("rule"):
            rule = self.rule()
            return Applies(rule) if self.expect("applies", "decides").text == "applies" else Decides(rule)
        return self.condition()

    def condition(self) -> Formula:
        start, last = self.word.start, self.at
        while not self.ends():
            self.at += 1
        if last == self.at:
            fail(
                self.word.start,
                self.word.end,
                f"expected a condition or a verdict, got {self.got()}",
                "as in `args.amount > 50`, `allow`, `ask GATE`",
            )
        text = self.text[start : self.words[self.at - 1].end]
        try:
            found = parse_condition(text, self.scope)
        except ConditionError as error:
            raise ConditionError(tuple(_moved(problem, start) for problem in error.problems)) from None
        return Meets(found, unknown=self.phrase("or", "unknown"))

    # -- what is named in conditions --

    def known_arguments(self, statement: Statement) -> None:
        """An argument that none of the tools has makes a condition about nothing."""
        tools = [tool for tool, _ in statement.chosen(self.policy)]
        for formula in (statement.premise, statement.conclusion):
            for condition in conditions(formula):
                found = unknown_argument(condition, tools)
                if found is not None:
                    path, hint = found
                    start = max(self.text.find(path), 0)
                    fail(start, start + len(path), f"`{path}` is no argument of {_listed(t.name for t in tools)}", hint)


def _moved(problem: Problem, by: int) -> Problem:
    return Problem(problem.start + by, problem.end + by, problem.message, problem.hint, problem.code)


def _listed(names: Iterable[str]) -> str:
    every = list(names)
    shown = ", ".join(f"`{name}`" for name in every[:3])
    return shown + (f" and {len(every) - 3} more" if len(every) > 3 else "")
