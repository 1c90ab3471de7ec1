"""What stands in a record instead of a sensitive value, as people read it: short, or opened where that was asked for.

The marks are those of `govern.audit.sensitive`: `{"$sensitive": "hmac-sha256:…"}` in arguments, `[sensitive
hmac-sha256:…]` in texts, `{"$secret": true}` and `[secret]` for what was never kept. Leaves out opening them from the
side table.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from govern.events.canonical import text_of

Opened = Mapping[str, Any]
"""Values by their commitment."""

_MARK: Final = re.compile(r"\[sensitive (hmac-sha256:[0-9a-f]{64})\]")


def short(commitment: str) -> str:
    """Enough of a commitment to compare by eye."""
    return commitment.removeprefix("hmac-sha256:")[:8] + "…"


def brief(text: str) -> str:
    """A text with its marks shortened, for a line."""
    return _MARK.sub(lambda found: f"[sensitive {short(found[1])}]", text)


def opened_text(text: str, opened: Opened) -> str:
    """A text with what is opened of it in its place; other marks stay whole."""
    return _MARK.sub(lambda found: _plain(opened[found[1]]) if found[1] in opened else found[0], text)


def opened_json(value: Any, opened: Opened) -> Any:
    """A JSON value with what is opened of it in its place."""
    match value:
        case {"$sensitive": str(mark)} if len(value) == 1 and mark in opened:
            return opened[mark]
        case dict():
            return {key: opened_json(inner, opened) for key, inner in value.items()}
        case list():
            return [opened_json(inner, opened) for inner in value]
        case str():
            return opened_text(value, opened)
        case _:
            return value


def mark_of(value: Any) -> str | None:
    """The words for a value that is a mark; None where it is none."""
    match value:
        case {"$sensitive": str(mark)} if len(value) == 1:
            return f"[sensitive {short(mark)}]"
        case {"$secret": True} if len(value) == 1:
            return "[secret]"
        case _:
            return None


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else text_of(value)
