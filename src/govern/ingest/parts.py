"""Reads a row part by part where it holds several things that stand alone: the records of a file, the runs of a page.

A bad part is refused, is loud, and never stops the others. What must be read whole (a run whose messages answer each
other) is one part.

Leaves out: what the parts of a format are (`adapters`), how they are counted (`reader`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from govern.ingest.adapter import Row, Unusable
from govern.ingest.chat import where


@contextmanager
def part(row: Row, *path: str | int) -> Iterator[None]:
    """One part of a row. `Unusable` inside refuses this part, with its place in the reason; its notes are forgotten.

    Args:
        row: the row, or one made of it by `replace`, which has the same refusals.
        path: where the part stands in it; empty where it is all there is.
    """
    noted = dict(row.notes)
    try:
        yield
    except Unusable as error:
        row.notes.clear()
        row.notes.update(noted)
        place, reason = where(path), str(error)
        row.refused.append(reason if not path or place[1:-1] in reason else f"{place}: {reason}")
