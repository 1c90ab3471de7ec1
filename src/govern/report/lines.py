"""Lines of styled text, and where they go: a terminal with colours, or a pipe as plain text.

Piped, as in continuous integration, nothing of a terminal library is even imported: it would take longer than
the work. Leaves out making text harmless (`console.safe`): what comes here has passed it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable


class Line:
    """A line of texts, each with a style that says nothing which the text does not."""

    __slots__ = ("parts",)

    def __init__(self, *parts: str | tuple[str, str]) -> None:
        self.parts = [(part, "") if isinstance(part, str) else part for part in parts]

    def append(self, text: str, style: str = "") -> Line:
        self.parts.append((text, style))
        return self

    @property
    def plain(self) -> str:
        return "".join(text for text, _ in self.parts)

    @property
    def columns(self) -> int:
        """How many columns of a terminal it takes."""
        return columns(self.plain)


def columns(text: str) -> int:
    """How many columns of a terminal a text takes: wide characters take two, combining ones none."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len  # only where there is something to look up

    return cell_len(text)


def writer(*, stderr: bool = False) -> Callable[[Line], None]:
    """What writes lines to standard output (or error): with colours on a terminal, plain anywhere else.

    NO_COLOR, FORCE_COLOR and TERM are honoured as `rich` does.
    """
    stream = sys.stderr if stderr else sys.stdout
    if not (stream.isatty() or os.environ.get("FORCE_COLOR")):
        return lambda line: print(line.plain, file=stream)
    from rich.text import Text

    from govern.report.console import console

    out = console(stderr=stderr)
    return lambda line: out.print(Text.assemble(*line.parts))
