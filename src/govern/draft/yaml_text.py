"""JSON data as YAML text that the charter's loader reads back as the same data.

Mappings and lists stand on one line where they fit, else on several. Text is quoted wherever any reader might
take it for something else: a truth value, a number, a date, a condition that YAML would cut. Characters that
nobody sees are escaped. Leaves out comments, which `sheet` adds.
"""

from __future__ import annotations

import json
import re
from typing import Any

from govern.charter.scalars import resolve
from govern.events.canonical import text_of

WIDTH = 110

# Words and names without any sign of YAML's own, also inside `{…}` and `[…]`.
_PLAIN = re.compile(r"[A-Za-z_$](?:[A-Za-z0-9_$./+-]| (?=[A-Za-z0-9_$./+-]))*")
# Truth values of YAML 1.1 that the loader itself would take for text.
_ALSO_TRUTHS = frozenset({"y", "n", "t", "f"})
# Letters and marks that show nothing; the loader refuses them as they are.
_SHOWS_NOTHING = re.compile("[\u115f\u1160\u3164\uffa0\U000e0000-\U000e0fff]")


def invisible(char: str) -> bool:
    """Whether a character is a control, changes direction, or shows nothing (other than a space)."""
    return char != " " and (not char.isprintable() or _SHOWS_NOTHING.match(char) is not None)


def scalar(value: str | int | float | bool | None) -> str:
    """A value that is no collection, on one line, safe everywhere in a document.

    Raises:
        Malformed: a number that is not finite or has no exact form, a lone surrogate.
    """
    if not isinstance(value, str):
        return text_of(value)
    if _PLAIN.fullmatch(value) and value.lower() not in _ALSO_TRUTHS and resolve(value) == value:
        return value
    text_of(value)  # refuses a lone surrogate
    return "".join(_escaped(char) for char in json.dumps(value, ensure_ascii=False))


def _escaped(char: str) -> str:
    if not invisible(char):
        return char
    return f"\\u{ord(char):04x}" if ord(char) <= 0xFFFF else f"\\U{ord(char):08x}"


def flow(value: Any) -> str:
    """A value on one line."""
    match value:
        case dict():
            return "{" + ", ".join(f"{scalar(key)}: {flow(item)}" for key, item in value.items()) + "}"
        case list() | tuple():
            return "[" + ", ".join(map(flow, value)) + "]"
        case _:
            return scalar(value)


def entry(key: str, value: Any, indent: int) -> list[str]:
    """The lines of one entry of a mapping: one where it fits the width, else as many as it takes.

    Args:
        indent: spaces before the key.
    """
    head = f"{' ' * indent}{scalar(key)}:"
    return [f"{head} {flow(value)}"] if _fits(value, len(head) + 1) else [head, *_block(value, indent + 2)]


def _block(value: Any, indent: int) -> list[str]:
    """The lines of a collection that is not empty."""
    if isinstance(value, dict):
        return [line for key, item in value.items() for line in entry(key, item, indent)]
    lines: list[str] = []
    for item in value:
        if _fits(item, indent + 2):
            lines.append(f"{' ' * indent}- {flow(item)}")
        else:
            first, *rest = _block(item, indent + 2)
            lines += [f"{' ' * indent}- {first[indent + 2 :]}", *rest]
    return lines


def _fits(value: Any, before: int) -> bool:
    if not isinstance(value, dict | list | tuple) or not value:
        return True
    return before + len(flow(value)) <= WIDTH
