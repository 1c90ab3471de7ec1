"""Other people's words, made fit for a comment: one short line that can be taken for nothing else."""

from __future__ import annotations

from govern.draft.yaml_text import invisible


def one_line(text: str, limit: int = 100) -> str:
    """The beginning of a text on one line: visible characters only, white space as single spaces.

    A `#` that begins a word is left out, so that none begins a comment, or a directive to the linter, of its own.

    Args:
        limit: most characters, an ellipsis included.
    """
    visible = "".join(" " if char.isspace() else "" if invisible(char) else char for char in text[:4000])
    line = " ".join(filter(None, (word.lstrip("#") for word in visible.split())))
    if len(line) <= limit:
        return line
    cut = line[: limit - 1].rpartition(" ")[0] if " " in line[: limit - 1] else ""
    return (cut if len(cut) > limit // 2 else line[: limit - 1]) + "…"


def quoted(text: str, limit: int = 100) -> str:
    """`one_line` between double quotes, those inside made single; empty where nothing is left of it."""
    line = one_line(text.replace('"', "'"), limit)
    return f'"{line}"' if line else ""


def shown(name: object, limit: int = 60) -> str:
    """A name, or whatever stood in its place, as a message can show it: what is not visible is escaped."""
    if not isinstance(name, str):
        return f"`{type(name).__name__}`" if name is not None else "no name"
    text = name if len(name) <= limit else name[: limit - 1] + "…"
    return "`" + "".join(char if not invisible(char) else f"\\u{{{ord(char):x}}}" for char in text) + "`"
