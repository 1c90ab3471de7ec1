"""Applies fixes to a text, in rounds: edit, lint again, until nothing is left that can be mended.

Fixes are edits of spans, so comments and layout stay. A text that loads is never made one that does not: a fix
that would do so is left out. Leaves out reading and writing files (`run`).
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from govern.findings import Edit, Finding, Fix

MOST_ROUNDS = 10
# Where the text is not what a reader sees, nothing is edited.
_NOT_CLEAN = frozenset({"control-character", "hidden-character", "odd-line-break"})


@dataclass(frozen=True, slots=True)
class State:
    """A text that was judged.

    Args:
        loads: whether it is a charter.
        findings: what may be mended.
    """

    text: str
    loads: bool
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Mended:
    """A text with fixes applied.

    Args:
        fixed: the findings whose fix was applied, in the order of the rounds; places are those of their round.
    """

    before: str
    after: str
    fixed: tuple[Finding, ...]


def mend(state: State, judge: Callable[[str], State], *, unsafe: bool = False) -> Mended | None:
    """Applies the fixes of a text's findings; None if there is nothing to apply.

    Args:
        judge: loads and lints a text.
        unsafe: apply those too that need a human's look.
    """
    before, seen = state.text, {state.text}
    fixed: list[Finding] = []
    refused: set[tuple[str, tuple[Edit, ...]]] = set()
    for _ in range(MOST_ROUNDS):
        if any(finding.rule in _NOT_CLEAN for finding in state.findings):
            break
        wanted = [
            finding
            for finding in state.findings
            if finding.fix is not None
            and (finding.fix.safe or unsafe)
            and (finding.rule, finding.fix.edits) not in refused
        ]
        chosen = apart(wanted, len(state.text))
        if not chosen:
            break
        after = judge(edited(state.text, (finding.fix for finding in chosen if finding.fix)))
        if state.loads and not after.loads:
            # One of them breaks the charter: it is found by trying them alone, and never tried again.
            for finding in chosen:
                if finding.fix is None:
                    continue
                after = judge(edited(state.text, [finding.fix]))
                if after.loads:
                    chosen = [finding]
                    break
                refused.add((finding.rule, finding.fix.edits))
            else:
                continue
        if after.text in seen:
            break
        seen.add(after.text)
        fixed.extend(chosen)
        state = after
    return Mended(before, state.text, tuple(fixed)) if state.text != before else None


def apart(findings: Iterable[Finding], length: int) -> list[Finding]:
    """Those findings whose fixes can be applied together: of fixes that overlap, the first.

    Args:
        length: of the text; a fix with an edit outside it is left out.
    """
    chosen: list[Finding] = []
    taken: list[tuple[int, int]] = []  # spans in order
    fixes: set[tuple[Edit, ...]] = set()
    for finding in findings:
        if finding.fix is None or not finding.fix.edits:
            continue
        edits = finding.fix.edits
        if edits in fixes:  # the same edits mend two findings
            chosen.append(finding)
        elif all(0 <= one.start <= one.end <= length and _free(one, taken) for one in edits):
            chosen.append(finding)
            for one in edits:
                insort(taken, (one.start, one.end))
            fixes.add(edits)
    return chosen


def _free(edit: Edit, taken: list[tuple[int, int]]) -> bool:
    """Whether no taken span has text of this one, or begins where it begins."""
    at = bisect_left(taken, (edit.start, 0))
    ends_before = at == 0 or taken[at - 1][1] <= edit.start
    return ends_before and (at == len(taken) or (taken[at][0] > edit.start and taken[at][0] >= edit.end))


def edited(text: str, fixes: Iterable[Fix]) -> str:
    """The text with fixes applied that do not overlap; equal ones once."""
    parts: list[str] = []
    at = 0
    for edit in sorted({edit for fix in fixes for edit in fix.edits}, key=lambda edit: (edit.start, edit.end)):
        parts += (text[at : edit.start], edit.text)
        at = edit.end
    return "".join([*parts, text[at:]])
