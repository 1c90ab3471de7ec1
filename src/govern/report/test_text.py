"""The text of `govern test`: what failed with the values of the conditions that decided, then what was run.

What stands in a charter, a suite or an argument is made harmless; of what the charter marks `sensitive` or `secret`
only whether a condition on it is true. Nothing is said by colour alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from govern.report import decide_explain, lint_text
from govern.report.console import safe
from govern.report.import_text import plural
from govern.report.lines import Line
from govern.scenario.because import because
from govern.scenario.collect import Group, Tested
from govern.scenario.outcome import Decision, Outcome, State

_SKIPPED_SHOWN = 20
_STYLES = {State.PASSED: "green", State.FAILED: "bold red", State.SKIPPED: "yellow"}


def show(run: Tested, write: Callable[[Line], None], *, every: bool = False) -> None:
    """Writes what came of tests.

    Args:
        every: a line for each test, not only for those that failed or were skipped.
    """
    for unread in run.unread:
        for finding in unread.findings:
            lint_text.show_finding(finding, unread.source, write)
    for group in run.groups:
        for outcome in group.outcomes:
            if outcome.state is State.FAILED:
                _failed(group, outcome, write)
    if every:
        for outcome in run.outcomes:
            write(Line((f"{outcome.state.value:<8}", _STYLES[outcome.state]), f"{safe(outcome.case.id)}"))
        write(Line())
    for line in _skipped(run):
        write(line)
    for line in _files(run):
        write(line)
    write(_summary(run))


def _failed(group: Group, outcome: Outcome, write: Callable[[Line], None]) -> None:
    case = outcome.case
    write(Line(("failed", "bold red"), (f": {safe(case.name)}", "bold")))
    shown: Decision | None = None
    for failure in outcome.failures:
        of = f", step {failure.step + 1}" if case.sequence else ""
        tool = failure.decision.tool if failure.decision is not None else ""
        what = f"{safe(tool)}: {failure.what}" if tool else failure.what
        write(Line((f"  {safe(str(failure.at))}{of}", "dim")))
        write(Line(f"  {what}"))
        write(Line("    expected  ", (safe(failure.expected), "bold")))
        write(Line("    got       ", (safe(failure.got), "bold")))
        if failure.decision is not None and failure.decision is not shown:
            _because(group, failure.decision, outcome, write)
        shown = failure.decision
    write(Line())


def _because(group: Group, decision: Decision, outcome: Outcome, write: Callable[[Line], None]) -> None:
    step = outcome.case.steps[decision.step]
    made = because(group.engine, decision, getattr(step, "expect", None))
    if made.malformed:
        write(Line(f"    the arguments have no one reading: {safe(made.malformed)}"))
    for problem in made.problems:
        write(Line(f"    the input schema asks: {safe(problem.asked)}"))
    if decision.tool not in group.engine.policy.tools:
        write(Line("    no line of the charter is about this tool"))
    if made.parts:

        def deeper(line: Line) -> None:
            write(Line("  ", *line.parts) if line.parts else line)

        decide_explain.show(group.engine, decision.tool, decision.verdict, made, deeper, options=False)


def _skipped(run: Tested) -> Iterator[Line]:
    skipped = [outcome for outcome in run.outcomes if outcome.state is State.SKIPPED]
    for outcome in skipped[:_SKIPPED_SHOWN]:
        yield Line(("skipped", "yellow"), f": {safe(outcome.case.name)} ({safe(outcome.case.skip)})")
    if len(skipped) > _SKIPPED_SHOWN:
        yield Line(f"  and {len(skipped) - _SKIPPED_SHOWN:,} more")
    if skipped:
        yield Line()


def _files(run: Tested) -> Iterator[Line]:
    rows = []
    for file in run.files:
        states = [outcome.state for outcome in run.outcomes if outcome.case.at.file == file]
        counts = [(states.count(state), state.value) for state in State if states.count(state)]
        rows.append((safe(file), ", ".join(f"{count:,} {word}" for count, word in counts) or "none chosen"))
    width = max((len(name) for name, _ in rows), default=0)
    for name, told in rows:
        yield Line(f"{name:<{width}}  {told}")
    for file in run.without:
        yield Line(f"{safe(file)}  ", ("no tests", "yellow"))


def _summary(run: Tested) -> Line:
    total = len(run.outcomes)
    parts = [f"{run.count(state):,} {state.value}" for state in State if run.count(state)]
    line = Line((f"{plural(total, 'test')}", "bold"), f": {', '.join(parts)}" if parts else " run")
    if run.unasked:
        line.append(f"; {run.unasked:,} not chosen")
    if run.unread:
        line.append(f"; {plural(len(run.unread), 'file')} could not be read", "bold red")
    if not run.judged:
        line.append("; nothing was tested", "bold red")
    return line.append(".")
