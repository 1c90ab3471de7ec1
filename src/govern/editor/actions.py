"""Code actions: the fixes of findings, a suppression that waits for its reason, and all safe fixes at once."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from govern.charter.comments import trivia
from govern.charter.source import Source
from govern.editor.diagnose import Diagnosed, Diagnostic
from govern.findings import Edit
from govern.lint.engine import lint_rules
from govern.lint.mend import State, mend


@dataclass(frozen=True, slots=True)
class Action:
    """A change that is offered.

    Args:
        title: what it does.
        edits: offsets into the client's text.
        of: the finding that it is for; None where it is for all.
        preferred: whether it may be applied without a human's look.
    """

    title: str
    edits: tuple[Edit, ...]
    of: Diagnostic | None
    preferred: bool


def actions(diagnosed: Diagnosed, start: int, end: int) -> Iterator[Action]:
    """What can be done about the findings of a span."""
    source = diagnosed.source
    known = {rule.id for rule in lint_rules()} if diagnosed.loads else set()
    for one in diagnosed.diagnostics:
        if one.end < start or end < one.start:
            continue
        finding = one.finding
        if finding.location.file != source.file:
            continue
        if finding.fix is not None:
            title = finding.fix.message if finding.fix.safe else f"{finding.fix.message} (have a look)"
            yield Action(title, finding.fix.edits, one, finding.fix.safe)
        if finding.rule in known and finding.location.line:
            edit = _comment(source, one.start, finding.rule)
            title = f"suppress `{finding.rule}` here: write the reason behind the bracket"
            yield Action(title, (edit,), one, False)


def every_safe_fix(diagnosed: Diagnosed, judge: Callable[[str], Diagnosed]) -> Action | None:
    """All safe fixes, as `govern lint --fix` applies them; None where there is none.

    Args:
        judge: lints a text.
    """
    source = diagnosed.source

    def state(of: Diagnosed, text: str) -> State:
        own = (one.finding for one in of.diagnostics if one.finding.location.file == source.file)
        return State(text, of.loads, tuple(own))

    mended = mend(state(diagnosed, source.text), lambda text: state(judge(text), text))
    if mended is None:
        return None
    edit = Edit(0, len(source.text), mended.after)
    title = f"apply {len(mended.fixed)} safe fix{'es' * (len(mended.fixed) != 1)}"
    return Action(title, (edit,), None, True)


def _comment(source: Source, at: int, rule: str) -> Edit:
    """A line above the finding's with a suppression that has no reason yet, so that it does not count yet."""
    long = trivia(source).long
    index = bisect_right(long, (at, len(source.text))) - 1
    if index >= 0 and at < long[index][1]:
        at = long[index][0]  # a value of several lines belongs to the line it begins on
    line, _ = source.position(at)
    start = source.starts[line - 1]
    written = source.line(line)
    indent = written[: len(written) - len(written.lstrip())]
    end = "\r\n" if source.text[start : start + len(written) + 1].endswith("\r") else "\n"
    return Edit(start, start, f"{indent}# govern: ignore[{rule}] {end}")
