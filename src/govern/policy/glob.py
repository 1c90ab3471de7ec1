"""Names chosen by pattern: `*` is any characters, `?` is one; everything else is itself, case included."""

from __future__ import annotations

import re
from functools import lru_cache


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> re.Pattern[str]:
    # Only `.*` and `.` are special here, and runs of `*` are one, so that no pattern can be slow.
    parts = re.split(r"(\*+|\?)", pattern)
    made = [".*" if part.startswith("*") else "." if part == "?" else re.escape(part) for part in parts if part]
    return re.compile("".join(made), re.DOTALL)


def is_glob(pattern: str) -> bool:
    return "*" in pattern or "?" in pattern


def matches(pattern: str, name: str) -> bool:
    """Whether a tool's name is meant by a pattern."""
    if not is_glob(pattern):
        return pattern == name
    return _compiled(pattern).fullmatch(name) is not None
