"""An origin as a part of a file's or a git tag's name: each origin has its own."""

from __future__ import annotations

import re

_PLAIN = re.compile(r"[A-Za-z0-9_-]")


def of_origin(origin: str) -> str:
    """Letters, digits, `_`, `-` and inner single dots stay; every other byte becomes `%XX`, `/` too."""
    dots = not re.search(r"^\.|\.\.|\.$|\.lock$", origin)  # what git and shells give a meaning
    kept = (char if _PLAIN.match(char) or (char == "." and dots) else _escaped(char) for char in origin)
    return "".join(kept)


def _escaped(char: str) -> str:
    return "".join(f"%{byte:02X}" for byte in char.encode())
