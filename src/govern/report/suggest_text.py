"""The text of `govern suggest`: each stanza with what it would have meant, and what is only shown with its reason.

Everything that stood in a log or a charter passes `safe`; a stanza is shown as it would be written.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from govern.draft.stanza import lines as stanza_lines
from govern.ingest import Summary
from govern.replay.shadow_model import ShadowReport
from govern.report.console import safe
from govern.report.import_text import plural, refusals
from govern.suggest.model import STEP_WORDS, Action, Edited, Held, Holder, Suggestion, Suggestions, Would
from govern.suggest.review import ANSWERS, Moved

SHOWN = 40  # of each class; JSON has all
PROMPT = "[a]ccept [t]ighten [w]iden [g]ate [s]kip [q]uit [?] "
HELP = "\n".join(f"  {each.value}  {says}" for each, says in ANSWERS.items())


def text(found: Suggestions, shadow: ShadowReport, summary: Summary, *, charter: str) -> str:
    """The suggestions for a terminal.

    Args:
        charter: as on the command line, for what to do next.
    """
    totals = summary.totals
    inputs = plural(len(summary.files), "input")
    read = f"{plural(totals.calls, 'call')} in {plural(totals.runs, 'run')} of {inputs}"
    lines = [f"{read}; {plural(totals.refused, 'refusal')}; {plural(found.unmapped, 'action')} not mapped"]
    if not found.unmapped and shadow.calls and not shadow.without_charter:
        lines.append("Every tool in the log is mapped.")
    if found.suggested:
        lines += ["", f"Suggested, {len(found.suggested):,}"]
        for each in found.suggested[:SHOWN]:
            lines += ["", *_suggested(each), "", *shown(each)]
        lines += _more(found.suggested)
    lines += _only_shown(found)
    lines += refusals(summary)
    if found.suggested:
        where = f"govern suggest … --charter {safe(charter)}"
        lines += ["", f"Next: {where} --patch | git apply, or --in-place, or --interactive"]
    return "\n".join(lines)


def not_judged(shadow: ShadowReport, summary: Summary) -> str:
    """What was not judged, for standard error."""
    parts = []
    if not shadow.calls:
        parts.append("no call of an agent was read")
    if summary.refused:
        parts.append(plural(summary.refused, "refusal"))
    for row in shadow.without_charter[:5]:
        who = f"agent {safe(row.agent)}" if row.agent is not None else "an agent that the log does not name"
        parts.append(f"{plural(row.calls, 'call')} of {who}, for which no charter is given")
    return f"not everything was judged: {'; '.join(parts)}"


def question(each: Suggestion, place: str) -> str:
    """One suggestion as it is asked about."""
    return "\n".join(["", f"{place}", *_suggested(each), "", *shown(each), ""])


def moved(before: Suggestion, after: Moved) -> str:
    """A suggestion after an answer that changed it, or why nothing changed."""
    said = f"  → {safe(after.said)}"
    return said if after.suggestion == before else "\n".join([said, "", *shown(after.suggestion), ""])


def shown(each: Suggestion) -> list[str]:
    """The stanza as it would be written, indented."""
    return [f"    {safe(line)}" for line in stanza_lines(each.stanza)]


def patch(each: Edited) -> str:
    """What would be written, as a unified diff that `git apply` and `patch -p1` take; empty where nothing would."""
    from govern.lint.mend import Mended
    from govern.lint.run import Linted, LintRun
    from govern.report.lint_diff import unified

    if not each.tools:
        return ""
    before, after = (each.target.mark + text for text in (each.target.text, each.after))
    name = each.target.path or each.target.charter.source.file
    name = "-" if name == "standard input" else _from_here(name)
    return unified(LintRun((Linted(name, (), None, True, mended=Mended(before, after, ())),)))


def _from_here(path: str) -> str:
    """A path as `git apply` takes it: from the current folder, where it lies below that."""
    near = os.path.relpath(path)
    return os.path.normpath(path) if near.startswith("..") else near


def summary(found: Suggestions, done: Sequence[Edited], *, written: bool) -> str:
    """What was written, or stands in the patch, and what to do next; for standard error."""
    lines = []
    for each in done:
        if each.tools:
            what = plural(len(each.tools), "stanza")
            where = safe(each.target.path or each.target.name)
            gate = f", and a gate `{each.gate.name}` to decide about" if each.gate else ""
            lines.append(f"{what} {'written into' if written else 'for'} {where}{gate}")
            if each.target.charter.locked is not None:
                lines.append(f"  the lock does not know them yet: govern lock {where}")
    if not lines:
        lines.append("nothing is suggested" if not found.suggested else "nothing was accepted, and nothing is written")
    elif written:
        lines.append("settle each `# decide:`, then `govern lint` and `govern test`")
    lines += _only_shown(found)
    return "\n".join(lines)


def judged_again(each: Suggestion) -> str:
    """What the charter would have said with one that was changed before it was accepted."""
    said = _would(each.would) if each.would is not None else []
    return "\n".join([safe(each.action.tool), *(f"  {line}" for line in said)])


def denied_again(each: Held) -> str:
    """A suggestion of which rules deny every call that was seen, since it was made stricter."""
    by = [f"  every call that was seen is denied: {_holder(one)}" for one in each.by]
    return "\n".join([_name(each.action), *by])


def not_written(tool: str, reason: str) -> str:
    """Why one that was accepted is not written."""
    return safe(f"{tool} is not written: {reason}")


def _suggested(each: Suggestion) -> list[str]:
    asks = f", asks {each.gate}" if each.gate is not None else ""
    lines = [safe(f"  {each.action.tool}: {each.tier.value}{asks}; {each.stanza.why or each.guess.why}")]
    lines.append(f"    {_seen(each.action)}; input: {STEP_WORDS[each.step]}" if each.stanza.input else
                 f"    {_seen(each.action)}")  # fmt: skip
    if each.would is not None:
        lines += [f"    {line}" for line in _would(each.would)]
    return lines


def _would(would: Would) -> list[str]:
    parts = [(would.allow, "allowed"), (would.approval, "asked"), (would.deny, "denied"),
             (would.undecidable, "not decidable from this log")]  # fmt: skip
    said = ", ".join(f"{number:,} {word}" for number, word in parts if number)
    lines = [f"with it, of {plural(would.calls, 'call')}: {said or 'none judged'}"]
    if would.invalid:
        lines.append(f"{plural(would.invalid, 'call')} would not fit this input")
    return lines + [f"denied all the same: {_holder(each)}" for each in would.held]


def _only_shown(found: Suggestions) -> list[str]:
    lines: list[str] = []
    if found.newer:
        lines += ["", f"Mapped in a newer version already, {len(found.newer):,}"]
        for one in found.newer[:SHOWN]:
            where = safe(f"{one.newer} (version {one.version})")
            lines.append(f"  {_name(one.action)}: {one.tier.value} in {where}; {_seen(one.action)}")
        lines += _more(found.newer)
    if found.held:
        lines += ["", f"Held: something would have to be loosened, so nothing is suggested, {len(found.held):,}"]
        for other in found.held[:SHOWN]:
            lines.append(f"  {_name(other.action)}: {_seen(other.action)}")
            lines += [f"    {_holder(each)}" for each in other.by]
        lines += _more(found.held)
    if found.refused:
        lines += ["", f"Not suggested, with the reason, {len(found.refused):,}"]
        for last in found.refused[:SHOWN]:
            lines.append(f"  {_name(last.action)}: {safe(last.reason, 300)}; {_seen(last.action)}")
        lines += _more(found.refused)
    return lines


def _name(action: Action) -> str:
    return safe(action.tool, 80)


def _seen(action: Action) -> str:
    errors = f", {plural(action.errors, 'error')}" if action.errors else ""
    return f"{plural(action.calls, 'call')} in {plural(action.runs, 'run')}{errors}"


def _holder(each: Holder) -> str:
    because = f": {each.because}" if each.because else ""
    at = f" ({each.at})" if each.at else ""
    return safe(f"{each.id}{at}, {plural(each.calls, 'call')}{because}", 400)


def _more(rows: Sequence[object]) -> list[str]:
    return [f"  … and {len(rows) - SHOWN:,} more (--format json has all)"] if len(rows) > SHOWN else []
