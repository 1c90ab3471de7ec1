"""Writes data as YAML in any layout that authors find: for tests that no layout changes what is meant.

Every key and item may get comments that name its path, so that a test sees whether they stay with it. Leaves
out anchors, tags and all else that charters refuse.
"""

from __future__ import annotations

from random import Random
from typing import Any

Path = tuple[str | int, ...]


class Messy:
    """A writer whose every choice is a throw.

    Args:
        random: makes the choices.
        comments: whether comments are written.
    """

    def __init__(self, random: Random, *, comments: bool = True) -> None:
        self.random = random
        self.commented = comments
        self.tags: list[str] = []

    def text(self, data: dict[str, Any]) -> str:
        """The data as a file."""
        body = "\n".join(self.mapping(data, 0, ()))
        head = self.random.choice(["", "", "---\n", "# yaml-language-server: $schema=x.json\n", "\n\n# a head\n\n"])
        end = self.random.choice(["", "\n", "\n\n\n", "\n# the end\n", "\n\n  # the end\n\n"])
        return head + body + end

    def chance(self, percent: int) -> bool:
        return self.random.randrange(100) < percent

    def tag(self, path: Path) -> str:
        self.tags.append(f"# @{len(self.tags)} " + "/".join(map(str, path)))
        return self.tags[-1]

    def above(self, indent: int, path: Path) -> list[str]:
        lines = [""] * self.random.choice([0, 0, 0, 1, 3])
        if self.commented and self.chance(20):
            lines.append(" " * indent + self.tag(path))
            if len(self.tags) > 1 or len(path) > 1:  # else it would stand at the head of the file, for all of it
                lines.extend([""] * self.random.choice([0, 0, 0, 1]))
        return lines

    def beside(self, path: Path) -> str:
        if self.commented and self.chance(20):
            return " " * self.random.choice([1, 2, 7]) + self.tag(path) + " " * self.random.choice([0, 0, 2])
        return " " * self.random.choice([0, 0, 2])

    def mapping(self, data: dict[str, Any], indent: int, path: Path) -> list[str]:
        """A mapping as a block."""
        lines: list[str] = []
        for key, value in data.items():
            here = (*path, key)
            lines += self.above(indent, here)
            start = " " * indent + self.word(key, flow=False) + ":"
            lines += self.value(start, value, indent, here, under_key=True)
        return lines

    def items(self, data: list[Any], indent: int, path: Path) -> list[str]:
        """A list as a block."""
        lines: list[str] = []
        for index, value in enumerate(data):
            here = (*path, index)
            lines += self.above(indent, here)
            start = " " * indent + "-"
            if isinstance(value, dict) and value and self.chance(70):
                step = self.random.choice([2, 2, 4])
                # Comments above the first key would stand above the `-`: they are written beside things only.
                first, *rest = value.items()
                block = self.value(" " * (step - 1) + self.word(first[0], flow=False) + ":", first[1],
                                   indent + step, (*here, first[0]), under_key=True)  # fmt: skip
                lines.append(start + block[0])
                lines += block[1:]
                lines += self.mapping(dict(rest), indent + step, here)
            else:
                lines += self.value(start, value, indent, here, under_key=False)
        return lines

    def value(self, start: str, value: Any, indent: int, path: Path, *, under_key: bool) -> list[str]:
        """A value behind its key or `-`."""
        if isinstance(value, dict | list) and value and self.chance(60):
            step = self.random.choice([1, 2, 2, 4])
            if isinstance(value, dict):
                below = self.mapping(value, indent + step, path)
            else:
                below = self.items(value, indent + (0 if under_key and self.chance(30) else step), path)
            return [start + self.beside(path), *below]
        if isinstance(value, str) and _may_be_block(value):
            return self.block_text(start, value, indent)
        space = " " * self.random.choice([1, 1, 1, 3])
        within = self.flow(value, indent + 1, path)
        return [
            *(start + space + within).split("\n")[:-1],
            (start + space + within).split("\n")[-1] + self.beside(path),
        ]

    def block_text(self, start: str, value: str, indent: int) -> list[str]:
        breaks = len(value) - len(value.rstrip("\n"))
        sign = "|" + ("-" if breaks == 0 else "+" if breaks > 1 else "")
        pad = " " * (indent + self.random.choice([1, 2, 4]))
        lines = [pad + line if line else "" for line in value.rstrip("\n").split("\n")]
        return [f"{start} {sign}", *lines, *[""] * (breaks - 1)]

    def flow(self, value: Any, indent: int, path: Path) -> str:
        """A value within brackets, on one line or several; a scalar."""
        if not isinstance(value, dict | list):
            return self.word(value, flow=True)
        pairs = list(value.items()) if isinstance(value, dict) else list(enumerate(value))
        parts: list[str] = []
        spread = self.chance(25)
        for key, item in pairs:
            here = (*path, key)
            name = f"{self.word(key, flow=True)}: " if isinstance(value, dict) else ""
            comment = " " * indent + self.tag(here) + "\n" if spread and self.commented and self.chance(20) else ""
            part = name + self.flow(item, indent, here)
            parts.append(f"\n{comment}{' ' * indent}{part}" if spread else " " * self.random.choice([0, 1]) + part)
        inner = ",".join(parts)
        end = "\n" + " " * indent if spread and self.chance(50) else ""
        return "{" + inner + end + "}" if isinstance(value, dict) else "[" + inner + end + "]"

    def word(self, value: Any, *, flow: bool) -> str:
        if value is None:
            return "null"
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, int):
            return str(value)
        text = str(value)
        if text.isidentifier() and text.isascii() and text.lower() not in _NOT_WORDS and self.chance(70):
            return text
        if "\n" not in text and text.isprintable() and self.chance(40):
            return "'" + text.replace("'", "''") + "'"
        return '"' + "".join(_escaped(char) for char in text) + '"'


_NOT_WORDS = {"true", "false", "null", "yes", "no", "on", "off"}


def _escaped(char: str) -> str:
    if char in '"\\':
        return "\\" + char
    return char if char.isprintable() else f"\\U{ord(char):08x}"


def _may_be_block(text: str) -> bool:
    """Whether a text can be written with `|` and no more said."""
    lines = text.split("\n")
    return (
        len(lines) > 1
        and lines[0].strip() == lines[0] != ""
        and all(line == line.rstrip() and line.isprintable() for line in lines)
    )
