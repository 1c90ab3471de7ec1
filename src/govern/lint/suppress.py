"""Suppressions: a comment that says which rule is to be quiet at its place, and why.

    tool: {tier: reversible}   # govern: ignore[tier-contradicts-name] archives, and the archive is kept
    # govern: ignore[gate-unused, role-unused] night shift starts in March
    night-desk: …

At the end of a line it is for the findings that begin on that line; on a line of its own for the line below the
block of comments. A value of several lines belongs to the line it begins on. A reason is required; a directive that
is malformed, names no rule or quiets nothing is a finding itself. Errors that keep a file from loading are never
suppressed: nothing here sees them.

Leaves out which findings there are (`engine`) and what else accepts one (`baseline`).
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from govern.charter.comments import Comment, trivia
from govern.charter.source import Source
from govern.findings import Confidence, Edit, Finding, Fix, Location, Severity, did_you_mean

MALFORMED = "suppression-malformed"
NO_REASON = "suppression-without-reason"
UNKNOWN_RULE = "suppression-unknown-rule"
NOT_IN_REVISION = "suppression-not-in-revision"
UNUSED = "unused-suppression"
SEVERITIES = {
    MALFORMED: Severity.WARNING,
    NO_REASON: Severity.WARNING,
    UNKNOWN_RULE: Severity.WARNING,
    NOT_IN_REVISION: Severity.NOTE,
    UNUSED: Severity.WARNING,
}
SYNTAX = "write `# govern: ignore[RULE] REASON`"

# Something that wants to be a directive: `# govern:` and a word (`# govern: 1` is a key that somebody commented out),
# or `govern ignore[…]` without its colon.
_MEANT = re.compile(r"(?:^|(?<=\s))#+\s*govern(?:\s*:\s*(?=[a-z])|\s+(?=ignore\b.*\[))", re.IGNORECASE)
_EXACT = re.compile(r"# ?govern: ?ignore\[(?P<rules>[^\]]*)\](?P<reason>.*)", re.DOTALL)
_RULE = re.compile(r"[a-z]+(?:-[a-z]+)*")
_COMMA = re.compile(r"\s*,\s*")
# A reason says something: punctuation alone does not.
_WORD = re.compile(r"\w\w")


@dataclass(frozen=True, slots=True)
class Directive:
    """One rule id of one suppression.

    Args:
        rule: the id, and `start`, `end` where it stands.
        reason: why; never empty.
        text: the whole directive as written, by which a revision's version of it is known.
        comment: the comment it stands in.
        begins: where the directive begins in the file.
        line: the line whose findings it is for.
        ids: how many ids the directive has.
    """

    rule: str
    start: int
    end: int
    reason: str
    text: str
    comment: Comment
    begins: int
    line: int
    ids: int


@dataclass(frozen=True, slots=True)
class Suppressed:
    """A finding that a directive keeps quiet, and the author's reason."""

    finding: Finding
    reason: str


@dataclass(frozen=True, slots=True)
class Sifted:
    """What is left of a file's findings.

    Args:
        findings: those that nothing suppresses, and what is wrong with the suppressions; in the file's order.
        suppressed: those that a comment suppresses.
    """

    findings: tuple[Finding, ...]
    suppressed: tuple[Suppressed, ...]


@dataclass(frozen=True, slots=True)
class Accepted:
    """The suppressions that count: those of a revision.

    Args:
        revision: its name, as messages show it.
        text: the file's text there; None where it has no such file.
    """

    revision: str
    text: str | None


def sift(
    source: Source,
    findings: Iterable[Finding],
    known: Collection[str],
    accepted: Accepted | None = None,
    *,
    whole: bool = True,
) -> Sifted:
    """Takes the suppressed findings out.

    Args:
        findings: of the rules, on a file that loads; never errors of loading.
        known: the ids that can be suppressed.
        accepted: count only what stands in this revision as well; None counts all.
        whole: whether the findings are all that the text can have; if not, no suppression is said to be unused.
    """
    read = trivia(source)
    directives, wrong = directives_of(source, read.comments, known)
    counting = directives if accepted is None else _counting(directives, accepted, known)
    by_place: defaultdict[tuple[str, int], list[Directive]] = defaultdict(list)
    for one in directives:
        by_place[one.rule, one.line].append(one)
    counts = {one.start for one in counting}
    used: set[int] = set()
    kept: list[Finding] = []
    quiet: list[Suppressed] = []
    for finding in findings:
        lines = _lines(source, finding.location, read.long)
        meant = [one for line in lines for one in by_place.get((finding.rule, line), ())]
        used |= {one.start for one in meant}
        reason = next((one.reason for one in meant if one.start in counts), None)
        if reason is not None:
            quiet.append(Suppressed(finding, reason))
        else:
            kept.append(finding)
    unused = [one for one in directives if one.start not in used]
    if whole:
        mates = Counter(one.begins for one in unused)
        wrong += [_unused(source, one, mates[one.begins]) for one in unused]
    if accepted is not None:
        left = [one for one in directives if one.start not in counts and one.start in used]
        wrong += [_not_there(source, one, accepted.revision) for one in left]
    return Sifted(tuple(sorted([*kept, *wrong], key=lambda finding: finding.sort_key)), tuple(quiet))


def directives_of(
    source: Source, comments: tuple[Comment, ...], known: Collection[str]
) -> tuple[list[Directive], list[Finding]]:
    """The directives of a file, and what is wrong with those that are none."""
    found: list[Directive] = []
    wrong: list[Finding] = []
    targets = _targets(source, comments)
    for comment in comments:
        meant = _MEANT.search(comment.text)
        if meant is None:
            continue
        begins = comment.start + meant.start()
        text = comment.text[meant.start() :].rstrip()
        exact = _EXACT.fullmatch(text)
        if exact is None:
            message = "this comment begins like a suppression and is none"
            wrong.append(_finding(source, MALFORMED, begins, begins + len(text), message, SYNTAX))
            continue
        names = list(re.finditer(r"[^,\s][^,]*", exact["rules"]))
        reason = exact["reason"].strip().lstrip("-–—:").strip()
        target = targets[comment.start]
        ids: list[Directive] = []
        for name in names:
            word = name[0].rstrip()
            start = begins + exact.start("rules") + name.start()
            end = start + len(word)
            if _RULE.fullmatch(word) and word in known:
                ids.append(Directive(word, start, end, reason, text, comment, begins, target, len(names)))
            else:
                wrong.append(_unknown(source, word, start, end, known))
        if not names:
            message = "the suppression names no rule"
            wrong.append(_finding(source, MALFORMED, begins, begins + len(text), message, SYNTAX))
        elif not _WORD.search(reason):
            message = "the suppression gives no reason, so it does not count"
            hint = "say why, behind the bracket: the reviewer reads it instead of the finding"
            wrong.append(_finding(source, NO_REASON, begins, begins + len(text), message, hint))
        else:
            found.extend(ids)
    return found, wrong


def _targets(source: Source, comments: tuple[Comment, ...]) -> dict[int, int]:
    """The line that each comment is for, by its offset: its own, or below the block of comment lines it stands in."""
    found: dict[int, int] = {}
    below: dict[int, int] = {}  # of a comment line, the line that its block stands above
    for comment in reversed(comments):
        line, column = source.position(comment.start)
        if source.line(line)[: column - 1].strip():
            found[comment.start] = line
        else:
            found[comment.start] = below[line] = below.get(line + 1, line + 1)
    return found


def _lines(source: Source, place: Location, long: tuple[tuple[int, int], ...]) -> tuple[int, ...]:
    """The lines whose directives are for a finding: its own, and that on which its value begins."""
    if place.file != source.file or not place.line:
        return ()
    at = source.starts[place.line - 1] + place.column - 1
    index = bisect_right(long, (at, len(source.text))) - 1
    if index < 0 or at >= long[index][1]:
        return (place.line,)
    begins = source.position(long[index][0])[0]
    return (place.line,) if begins == place.line else (place.line, begins)


def _counting(directives: list[Directive], accepted: Accepted, known: Collection[str]) -> list[Directive]:
    """The directives that stand in the revision too, each as often as there."""
    if accepted.text is None:
        return []
    source = Source.of(accepted.text, accepted.revision)
    there = Counter((one.rule, one.text) for one in directives_of(source, trivia(source).comments, known)[0])
    counting = []
    for one in directives:
        if there[one.rule, one.text] > 0:
            there[one.rule, one.text] -= 1
            counting.append(one)
    return counting


def _finding(
    source: Source, rule: str, start: int, end: int, message: str, hint: str = "", fix: Fix | None = None
) -> Finding:
    return Finding(rule, SEVERITIES[rule], message, source.locate(start, end), hint, Confidence.HIGH, fix)


def _unknown(source: Source, word: str, start: int, end: int, known: Collection[str]) -> Finding:
    message = f"`{word}` is no rule that can be suppressed"
    hint = did_you_mean(word, known)
    if not hint.startswith("did"):
        hint = (
            "an error that keeps a charter from loading cannot be suppressed; `govern lint` shows the ids in brackets"
        )
    return _finding(source, UNKNOWN_RULE, start, max(end, start + 1), message, hint)


def _not_there(source: Source, one: Directive, revision: str) -> Finding:
    message = f"this suppression of `{one.rule}` is not in `{revision}`, so it does not count"
    return _finding(source, NOT_IN_REVISION, one.start, one.end, message, "it counts once it is merged there")


def _unused(source: Source, one: Directive, mates: int) -> Finding:
    message = f"nothing here is found by `{one.rule}`: the suppression is not needed"
    return _finding(source, UNUSED, one.start, one.end, message, "delete it", _deletion(source, one, mates))


def _deletion(source: Source, one: Directive, mates: int) -> Fix:
    """Takes one id out of its directive, or all of the directive with its last id.

    Args:
        mates: how many ids of the directive are unused, this one included.
    """
    text = source.text
    if mates < one.ids:  # another id is still needed
        start, end = one.start, one.end
        rest = _COMMA.match(text, end)
        if rest:
            end = rest.end()
        else:
            while text[start - 1] in " \t,":
                start -= 1
        return Fix(f"delete `{one.rule}` from the suppression", (Edit(start, end, ""),))
    line, _ = source.position(one.begins)
    first = source.starts[line - 1]
    before = text[first : one.begins]
    stop = one.comment.end
    if before.strip():
        start = first + len(before.rstrip())
    else:
        start = first
        stop = source.starts[line] if line < len(source.starts) else len(text)
    return Fix("delete the suppression", (Edit(start, stop, ""),))
