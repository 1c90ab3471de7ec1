"""Says which imports into a store were not finished: its events may be a part of the logs. Leaves out the mark itself
(`audit.import_mark`)."""

from __future__ import annotations

from pathlib import Path

from govern.audit.import_mark import unfinished
from govern.report.console import console, safe, styled


def told(folder: str | Path) -> bool:
    """Says it on standard error; whether there was anything to say. What is judged then is not all there should be."""
    found = unfinished(folder)
    out = console(stderr=True)
    for mark in found:
        out.print(styled(f"{safe(str(folder))}: {safe(mark.told)}", "yellow"))
    return bool(found)
