"""A charter that writes again the very schema that its library has: two texts to keep in step."""

from __future__ import annotations

from collections.abc import Iterator

from govern.charter.model import Charter
from govern.findings import Confidence, Severity
from govern.lint.hit import Hit

SEVERITY = Severity.NOTE
CONFIDENCE = Confidence.HIGH


def check(charter: Charter) -> Iterator[Hit]:
    for tool in charter.tools.values():
        if tool.described is None:
            continue
        for key, written in (("input", tool.input), ("output", tool.output)):
            if written is not None and written.also is not None and written.schema == written.also.schema:
                message = f"this is the `{key}` that the library `{tool.described.library}` has of `{tool.name}`"
                yield Hit(message, written.at, f"leave it out; write only what is stricter here: {written.also.at}")
