"""What must be written out, and how: each function says what is wrong with a literal, or None."""

from __future__ import annotations

from govern.conditions.problems import Problem
from govern.conditions.times import duration_ns, is_date, timestamp_ns
from govern.conditions.tree import Lit, Node
from govern.conditions.values import lexical_path

SPAN = "a span of time is written `duration('24h')`"


def _text(node: Node) -> str | None:
    return node.value if isinstance(node, Lit) and isinstance(node.value, str) else None


def pattern(node: Node) -> Problem | None:
    """Of `matches`."""
    text = _text(node)
    if text is None:
        hint = "it must be known before any call"
        return Problem(node.start, node.end, "a pattern is a written string", hint, "wrong-kind")
    problem = pattern_problem(text)
    return (
        Problem(node.start, node.end, f"the pattern is not RE2: {problem}", "", "condition-pattern")
        if problem
        else None
    )


def folder(node: Node) -> Problem | None:
    """Of `within`."""
    text = _text(node)
    if text is not None and text.startswith("/") and (text == "/" or lexical_path(text) is not None):
        return None
    message = (
        "`within` needs a written absolute folder without `.`, `..`, an empty segment, a backslash or a trailing `/`"
    )
    return Problem(node.start, node.end, message, "as in `within(args.path, '/srv/reports')`", "wrong-kind")


def duration(node: Node) -> Problem | None:
    """Of `duration`."""
    text = _text(node)
    if text is None:
        hint = "as in `duration('24h')`"
        return Problem(node.start, node.end, "a duration is a written string", hint, "wrong-kind")
    if duration_ns(text) is not None:
        return None
    hint = "numbers with `h`, `m`, `s`, `ms`, `us`, `ns`, as in `24h`, `1h30m`; at most 292 years"
    days = text.removesuffix("d")
    if days != text and days.isascii() and days.isdecimal() and len(days) < 6:
        hint = f"hours are the largest unit: write `{int(days) * 24}h`"
    return Problem(node.start, node.end, f"`{text}` is no duration", hint, "invalid-duration")


def moment(node: Node) -> Problem | None:
    """Of `timestamp`, which also reads text that only a call knows."""
    text = _text(node)
    if text is None or timestamp_ns(text) is not None:
        return None
    hint = "RFC 3339 with an offset, as in `2026-11-23T09:00:00Z`; the year from 1678 to 2261"
    return Problem(node.start, node.end, f"`{text}` is no point in time", hint, "invalid-time")


def day(node: Node) -> Problem | None:
    """What `date` is compared with, where it is text."""
    text = _text(node)
    if text is None or is_date(text):
        return None
    return Problem(node.start, node.end, f"`{text}` is no date", "as in `2026-11-23`", "invalid-time")


def pattern_problem(pattern: str) -> str:
    """Why RE2 refuses a pattern, or an empty string."""
    import re2  # only what has a pattern waits for it

    options = re2.Options()
    options.log_errors = False
    try:
        re2.compile(pattern, options)
    except re2.error as error:
        detail = error.args[0]
        return detail.decode() if isinstance(detail, bytes) else str(detail)
    return ""
