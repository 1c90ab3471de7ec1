"""Places as sections write them (`args.amount`, `result.items[*].id`) against schemas, and where to write beside them.

Leaves out conditions; `paths` reads those.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from govern.charter.model import Input
from govern.charter.source import Source
from govern.findings import Edit, Fix, Location
from govern.lint.paths import ANY_ITEM, Nothing, Path, kinds_at, look_up
from govern.lint.sites import offset

_STEP = re.compile(r"\.([A-Za-z_][A-Za-z0-9_-]*)|\[(\d+)\]|\[(\*)\]")


def parsed(text: str) -> tuple[str, Path]:
    """The root of a place and the path below it; `[*]` is ANY_ITEM."""
    root = re.split(r"[.\[]", text, maxsplit=1)[0]
    return root, tuple(
        name if name else ANY_ITEM if every else int(index) for name, index, every in _STEP.findall(text[len(root) :])
    )


def schemas(written: Input | None) -> Iterator[Input]:
    """A tool's schema and that of its library's entry: a value satisfies both."""
    while written is not None:
        yield written
        written = written.also


def missing(written: Input | None, path: Path) -> Nothing | None:
    """What a closed schema knows instead of a path; None where the place may be there."""
    for each in schemas(written):
        found = look_up(each.schema, path)
        if isinstance(found, Nothing):
            return found
    return None


def always_there(schema: dict[str, Any], path: Path) -> bool:
    """Whether a valid value has something at a path: each step is required by the object above it."""
    for depth, part in enumerate(path):
        above = look_up(schema, path[:depth])
        if not isinstance(part, str) or isinstance(above, Nothing):
            return False
        is_object = depth == 0 or kinds_at(schema, path[:depth]) == frozenset({"object"})
        if not is_object or not any(part in each.get("required", ()) for each in above):
            return False
    return True


def pointer(path: Path) -> str:
    """The JSON pointer of the subschema of a path where every step is written out: no reference, no alternative."""
    return "".join(
        f"/properties/{part.replace('~', '~0').replace('/', '~1')}" if isinstance(part, str) else "/items"
        for part in path
    )


def key_of(source: Source, value: Location) -> Location:
    """The key that a value stands behind; the value itself where the text does not show it."""
    end = offset(source, value)
    found = re.search(r"([A-Za-z0-9_.$-]+)[\"']?\s*:\s*$", source.text[max(0, end - 300) : end])
    if found is None:
        return value
    start = max(0, end - 300) + found.start(1)
    return source.locate(start, start + len(found[1]))


def beside(source: Source, value: Location, key: str, text: str, message: str, *, safe: bool = True) -> Fix | None:
    """A fix that writes another key beside one whose value stands on its line, in the mapping's own style.

    Args:
        value: of the key that is there.
        key: that key.
        text: the new key and its value.
    """
    end = offset(source, value) + value.end_column - value.column
    before = source.line(value.line)[: value.column - 1]
    found = re.search(rf"(?P<indent>^[ ]*(?:- )?|[{{,]\s*)[\"']?{re.escape(key)}[\"']?\s*:\s*$", before)
    if found is None or value.end_line != value.line:
        return None
    if found["indent"].strip(" -"):
        return Fix(message, (Edit(end, end, f", {text}"),), safe)
    indent = found["indent"].replace("-", " ")
    return Fix(message, (_line_after(source, end, f"{indent}{text}"),), safe)


def appended(source: Source, last: Location, text: str, message: str, *, safe: bool = True) -> Fix | None:
    """A fix that writes another item behind the last one of a list in brackets, or of one with a dash a line."""
    end = offset(source, last) + last.end_column - last.column
    if re.match(r"\s*\]", source.text[end : end + 200]):
        return Fix(message, (Edit(end, end, f", {text}"),), safe)
    dash = re.fullmatch(r"( *- )[\"']?", source.line(last.line)[: last.column - 1])
    if dash is None:
        return None
    return Fix(message, (_line_after(source, end, f"{dash[1]}{text}"),), safe)


def _line_after(source: Source, offset: int, line: str) -> Edit:
    """A line of its own behind the one that an offset is on, which keeps its comment."""
    ending = "\r\n" if "\r\n" in source.text else "\n"
    stop = source.text.find(ending, offset)
    stop = len(source.text) if stop < 0 else stop
    return Edit(stop, stop, f"{ending}{line}")
