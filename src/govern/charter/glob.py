"""Globs over tool names: `*` is any run of characters (also across `/`), `?` any one. Nothing else is special.

A glob without `/` is tried on the whole name and on the part after the last `/`: `delete_*` also means
`github/delete_repo`, since whether the server is known is the log's doing, not the author's. Case counts.
"""

from __future__ import annotations

import re
from functools import lru_cache


def is_glob(name: str) -> bool:
    return "*" in name or "?" in name


def regex(glob: str) -> str:
    """The glob as an anchored regular expression that Python and RE2 read alike; names hold no line breaks."""
    body = "".join(".*" if char == "*" else "." if char == "?" else re.escape(char) for char in glob)
    server = "" if "/" in glob else "(?:.*/)?"
    return f"^{server}{body}$"


@lru_cache(maxsize=1024)
def _compiled(glob: str) -> re.Pattern[str]:
    return re.compile(regex(glob), re.DOTALL)


def matches(glob: str, tool: str) -> bool:
    """Whether a glob or an exact name of a charter means this tool.

    Args:
        glob: as written, with or without `*` and `?`.
        tool: the tool's name, `server/name` or `name`.
    """
    return _compiled(glob).fullmatch(tool) is not None
