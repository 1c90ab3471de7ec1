"""The terminal: where text goes, colours only there, and untrusted text made harmless.

Everything that came out of a log, a charter or an argument passes `safe` before it is shown.
"""

from __future__ import annotations

import json
import sys
import unicodedata
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # 12 ms that a command which shows none of it does not wait for
    from rich.console import Console
    from rich.text import Text


def console(*, stderr: bool = False) -> Console:
    """A console on standard output (or error): no colour and no wrapping at a fixed width when piped.

    rich honours NO_COLOR, FORCE_COLOR, COLUMNS and TERM by itself.
    """
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else 120
    return Console(stderr=stderr, width=width, highlight=False, markup=False, emoji=False, soft_wrap=True)


def safe(text: str, limit: int | None = None, *, lines: bool = False) -> str:
    """Untrusted text, made visible: control, format, bidirectional and unassigned characters are escaped.

    Args:
        text: what somebody else wrote.
        limit: cut to this many characters, with an ellipsis; None keeps all.
        lines: keep line breaks and tabs.
    """
    if limit is not None and len(text) > limit:
        text = text[: max(limit - 1, 0)] + "…"
    if text.isascii() and text.isprintable():
        return text
    return "".join(_visible(char, lines) for char in text)


def _visible(char: str, lines: bool) -> str:
    if char in "\n\t" and lines:
        return char
    if char.isprintable() or char == " ":
        return char
    if char == "\n":
        return "⏎"
    if unicodedata.category(char) == "Zs":
        return f"\\u{ord(char):04x}"
    return f"\\x{ord(char):02x}" if ord(char) < 256 else f"\\u{{{ord(char):x}}}"


def styled(text: str, style: str = "") -> Text:
    """Text with a style, never parsed for markup."""
    from rich.text import Text

    return Text(text, style=style)


def json_text(document: dict[str, Any]) -> str:
    """One JSON document as a file has it, ASCII only, so that no terminal interprets it."""
    return json.dumps(document, indent=2, ensure_ascii=True, allow_nan=False) + "\n"


def emit_json(document: dict[str, Any]) -> None:
    """Writes one JSON document to standard output, piece by piece: a reader that goes away is noticed."""
    json.dump(document, sys.stdout, indent=2, ensure_ascii=True, allow_nan=False)
    sys.stdout.write("\n")


def working(what: str) -> AbstractContextManager[object]:
    """A sign on standard error that something long is going on; nothing where that is no terminal."""
    on_error = console(stderr=True)
    return on_error.status(what) if on_error.is_terminal else nullcontext()
