"""Formatting as `govern fmt` does it, as the one change of a text that it takes."""

from __future__ import annotations

from govern.charter.fmt.text import format_bytes
from govern.findings import Edit


def formatting(text: str, file: str) -> Edit | None:
    """What makes a text canonical; None where it is, or where nobody knows what it was meant to be."""
    after = format_bytes(text.encode("utf-8", "surrogatepass"), file).after
    if after is None or after == text:
        return None
    start = 0
    limit = min(len(text), len(after))
    while start < limit and text[start] == after[start]:
        start += 1
    end = 0
    while end < limit - start and text[-1 - end] == after[-1 - end]:
        end += 1
    return Edit(start, len(text) - end, after[start : len(after) - end])
