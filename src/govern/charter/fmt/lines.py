"""Scalars of several lines: kept as their author broke them, with the indentation of their new place.

YAML drops the indentation of such lines, so that moving them changes no value; `text` checks that all the same.
"""

from __future__ import annotations

from govern.charter.fmt.quoting import quoted


def block(value: str, source: str, indent: int) -> list[str]:
    """A literal (`|`) or folded (`>`) text: its head, then its lines.

    Args:
        source: as its author wrote it, from the sign on.
        indent: columns before its lines.
    """
    head, *lines = source.split("\n")
    first = next((line for line in lines if line.strip(" ")), None)
    if first is None or not value.strip():
        return [quoted(value)]
    # What stands before the first line in the file, less what of it is the text's own.
    begins = next(line for line in value.split("\n") if line.strip(" "))
    cut = _spaces(first) - _spaces(begins)
    lines = [line[cut:] if line.strip(" ") or len(line) > cut else "" for line in lines]
    while not lines[-1]:
        lines.pop()
    breaks = len(value) - len(value.rstrip("\n"))
    lines.extend([""] * (breaks - 1))
    # Only a text that begins with a blank has to say how deep it stands.
    until = next(index for index, line in enumerate(lines) if line.strip(" "))
    says_depth = any(line[:1] in (" ", "\t") for line in lines[: until + 1])
    keep = "-" if breaks == 0 else "+" if breaks > 1 else ""
    return [head[0] + ("2" if says_depth else "") + keep, *(" " * indent + line if line else "" for line in lines)]


def _spaces(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def broken(source: str, indent: int, *, condition: bool) -> list[str]:
    """A text, quoted or not, whose author broke it over lines.

    Args:
        source: as its author wrote it, quotes included.
        indent: columns before all lines but the first.
        condition: it gets double quotes if it has none.
    """
    style = source[0]
    lines = [_stripped(line, style) for line in source.split("\n")]
    if condition and style not in ("'", '"'):
        lines = [line.replace("\\", "\\\\").replace('"', '\\"') for line in lines]
        lines[0] = '"' + lines[0]
        lines[-1] += '"'
    return [lines[0], *(" " * indent + line if line else "" for line in lines[1:])]


def _stripped(line: str, style: str) -> str:
    """A line without the blanks that YAML drops; an escaped one at its end is spelt out."""
    bare = line.strip(" \t")
    escapes = len(bare) - len(bare.rstrip("\\"))
    if style == '"' and escapes % 2 and line.rstrip("\r\n") and line.rstrip(" \t") != line:
        blank = line[len(line.rstrip(" \t"))]
        return bare[:-1] + ("\\x20" if blank == " " else "\\t")
    return bare
