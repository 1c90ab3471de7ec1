"""How far something long is, on standard error; nothing where that is no terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from govern.report.console import console


@contextmanager
def counting(what: str) -> Iterator[Callable[[int, int], None]]:
    """Shows a line while the body runs, and gives what tells it how far it is: done, and of how much."""
    on_error = console(stderr=True)
    if not on_error.is_terminal:
        yield lambda done, of: None
        return
    with on_error.status(what) as status:
        yield lambda done, of: status.update(f"{what}: {done:,} of {of:,}" if of else what)
