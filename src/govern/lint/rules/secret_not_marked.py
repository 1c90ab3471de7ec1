"""An argument or a part of a result whose name says that it is a secret, and that is not marked as one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from govern.charter.model import Charter, Input, Tool
from govern.findings import Confidence, Fix, Location, Severity
from govern.lint.hit import Hit
from govern.lint.paths import types
from govern.lint.places import appended, beside, key_of

SEVERITY = Severity.WARNING
CONFIDENCE = Confidence.MEDIUM

_SECRET = re.compile(
    r"(?:.*_)?(?:password|passwd|passphrase|pwd|secret|api_?key|access_?key|private_?key|secret_?key|signing_?key|"
    r"authori[sz]ation_header|bearer|credential|cvv|cvc|otp|pin_code|cookie|token)s?|authorization|authorisation"
)
_NO_SECRET = re.compile(r"(?:.*_)?(?:next|page|continuation|sync|cursor|max|cancel|delta)_tokens?|tokens")


def check(charter: Charter) -> Iterator[Hit]:
    for tool in charter.tools.values():
        unmarked = [
            (place, at)
            for root, written in (("args", tool.input), ("result", tool.output))
            if written is not None and charter.here(written.at)
            for place, at in _secrets(written, written.schema, root, "")
            if not _marked(tool, place)
        ]
        for place, at in unmarked:
            message = f"`{place}` of `{tool.name}` looks like a secret, and is written into logs and pages as it is"
            fix = _fix(charter, tool, [name for name, _ in unmarked])
            yield Hit(message, key_of(charter.source, at), f"add `secret: [{place}]`", fix=fix)


def _secrets(written: Input, schema: Any, place: str, pointer: str) -> Iterator[tuple[str, Location]]:
    """Places of properties with a secret's name, those of objects in lists too."""
    properties = schema.get("properties", {}) if isinstance(schema, dict) else {}
    for name, inner in properties.items():
        below = f"{pointer}/properties/{name}"
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_-]*", name):
            continue  # no path names it
        kinds = types(inner) if isinstance(inner, dict) else None
        snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).replace("-", "_").lower()
        plain = (kinds is None or "string" in kinds) and not (isinstance(inner, dict) and "enum" in inner)
        if plain and _SECRET.fullmatch(snake) and not _NO_SECRET.fullmatch(snake):
            yield f"{place}.{name}", written.places[below]
        else:
            yield from _secrets(written, inner, f"{place}.{name}", below)
            if isinstance(inner, dict) and isinstance(inner.get("items"), dict):
                yield from _secrets(written, inner["items"], f"{place}.{name}[*]", f"{below}/items")


def _marked(tool: Tool, place: str) -> bool:
    """Whether it, or what it is a part of, is `secret` or at least `sensitive`, or the agent never sees it."""
    return any(
        place == word.name or place.startswith((f"{word.name}.", f"{word.name}["))
        for word in (*tool.secret, *tool.sensitive)
    )


def _fix(charter: Charter, tool: Tool, places: list[str]) -> Fix | None:
    """Marks all of a tool's at once: into its list, or a new one beside the tier."""
    own = [word for word in tool.secret if charter.here(word.at)]
    quoted = [f'"{place}"' if "[" in place else place for place in places]
    message = "mark it as secret"
    if own:
        return appended(charter.source, own[-1].at, ", ".join(quoted), message) if len(places) == 1 else None
    if not charter.here(tool.tier_at):
        return None
    return beside(charter.source, tool.tier_at, "tier", f"secret: [{', '.join(quoted)}]", message)
