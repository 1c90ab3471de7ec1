"""Globs over tool names: `*` is any run of characters (also across `/`), `?` any one. Nothing else is special.

A glob without `/` is tried on the whole name and on the part after the last `/`: `delete_*` also means
`github/delete_repo`, since whether the server is known is the log's doing, not the author's. Case counts.
Matching is by RE2, in linear time: names come out of logs, and may be long and hostile.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any


def is_glob(name: str) -> bool:
    """Whether a name chooses by pattern."""
    return "*" in name or "?" in name


def regex(glob: str) -> str:
    """The glob as an anchored RE2 pattern."""
    body = "".join(".*" if char == "*" else "." if char == "?" else re.escape(char) for char in glob)
    server = "" if "/" in glob else "(?:.*/)?"
    return f"(?s)^{server}{body}$"


@lru_cache(maxsize=1024)
def _compiled(glob: str) -> Any:
    import re2  # 20 ms: not before a pattern is there

    return re2.compile(regex(glob))


def matches(glob: str, tool: str) -> bool:
    """Whether a glob or an exact name of a charter means this tool.

    Args:
        glob: as written, with or without `*` and `?`.
        tool: the tool's name, `server/name` or `name`.
    """
    if not is_glob(glob):  # most names are exact, and need no pattern
        return tool == glob or ("/" not in glob and tool.rpartition("/")[2] == glob)
    if not tool.isascii():
        tool = tool.encode("utf-8", "replace").decode()  # a lone surrogate is no character of a pattern
    return _compiled(glob).search(tool) is not None
