"""Text of users inside SQL: literals and JSON pointers that no engine reads as anything else."""

from __future__ import annotations

import re

Steps = tuple[str | int, ...]
"""Keys and indices from a value to a place in it."""

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def text_literal(text: str) -> str:
    """A SQL string literal; NUL and control characters by `chr`, which every reader of the SQL survives."""
    parts = re.split(r"([\x00-\x1f\x7f])", text)
    made = [f"chr({ord(part)})" if re.fullmatch(r"[\x00-\x1f\x7f]", part) else "'" + part.replace("'", "''") + "'"
            for part in parts if part]  # fmt: skip
    return "''" if not made else made[0] if len(made) == 1 else "(" + " || ".join(made) + ")"


def pointer(*keys: str) -> str:
    """The JSON pointer (RFC 6901) of keys, as a SQL literal. DuckDB reads keys in it literally."""
    return text_literal("".join("/" + key.replace("~", "~0").replace("/", "~1") for key in keys))


def json_path(steps: Steps) -> str:
    """The path to a place, as a SQL literal; only for what `one_path` allows."""
    keys = [step for step in steps if isinstance(step, str)]
    if steps and len(keys) == len(steps):
        return pointer(*keys)
    return "'$" + "".join(f".{step}" if isinstance(step, str) else f"[{step}]" for step in steps) + "'"


def one_path(below: Steps, steps: Steps) -> bool:
    """Whether one path finds a place and nothing else: a pointer's digits would also pick an item of a list, so none
    may stand where a list may be (`below`); a path with indices reads other keys than plain ones as patterns."""
    if any(isinstance(step, int) for step in steps):
        return all(isinstance(step, int) or _PLAIN.fullmatch(step) for step in steps)
    return not any(isinstance(step, str) and ambiguous(step) for step in below)


def ambiguous(key: str) -> bool:
    """Whether a pointer with this key would also pick an item of a list."""
    return key.isascii() and (key.isdigit() or key == "-")
