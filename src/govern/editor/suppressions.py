"""Completion and meaning of suppressions: `# govern: ignore[RULE] REASON`."""

from __future__ import annotations

import re
from functools import cache

from govern.editor.suggest import Sign, Suggestion
from govern.lint.engine import lint_rules, page

_IN_BRACKET = re.compile(r"#\s*govern:\s*ignore\[(?P<ids>[^\]]*)\Z")
_BEGUN = re.compile(r"(?:^|\s)(?P<all>#\s*(?:g(?:o(?:v(?:e(?:r(?:n(?:\s*:.*)?)?)?)?)?)?)?)\Z")
_WHOLE = re.compile(r"#\s*govern:\s*ignore\[(?P<ids>[^\]\n]*)\]?")
_ID = re.compile(r"[a-z-]*")


def suppression(text: str, offset: int, before: str) -> tuple[Suggestion, ...] | None:
    """Suggestions in a comment that becomes or is a suppression; None anywhere else.

    Args:
        before: the cursor's line up to it.
    """
    inside = _IN_BRACKET.search(before)
    if inside is not None:
        word = inside["ids"].rpartition(",")[2].lstrip()
        behind = _ID.match(text, offset)
        written = {each.strip() for each in inside["ids"].split(",")[:-1]}
        end = behind.end() if behind else offset
        return tuple(
            Suggestion(rule.id, Sign.RULE, rule.severity.value, summary(rule.id), rule.id, "", offset - len(word), end)
            for rule in lint_rules()
            if rule.id not in written
        )
    begun = _BEGUN.search(before)
    if begun is None or before.count('"') % 2 or before.count("'") % 2:
        return None
    start = offset - len(begun["all"])
    says = "Keeps a finding quiet at this line, or from a line of its own at the line below. A reason is required."
    snippet = "# govern: ignore[$1] $0"
    return (
        Suggestion(
            "# govern: ignore[RULE] REASON", Sign.KEYWORD, "suppress a finding", says,
            "# govern: ignore[", snippet, start, offset,
        ),
    )  # fmt: skip


def rule_at(line: str, column: int) -> tuple[str, int, int] | None:
    """The rule id of a suppression that a column of a line stands in, with its span; None where none does."""
    for whole in _WHOLE.finditer(line):
        for match in re.finditer(r"[a-z][a-z-]*", whole["ids"]):
            start, end = whole.start("ids") + match.start(), whole.start("ids") + match.end()
            if start <= column <= end:
                return match[0], start, end
    return None


@cache
def summary(rule: str) -> str:
    """The first paragraph of a rule's page; empty where it has none."""
    told = page(rule)
    if told is None:
        return ""
    paragraphs = [part.strip() for part in told.split("\n\n") if part.strip() and not part.startswith("#")]
    return paragraphs[0] if paragraphs else ""
