"""How far reading is, on a terminal; nothing where standard error is none. Leaves out: counting it (`ingest`)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import PurePath

from govern.ingest.progress import Progress, Watch
from govern.report.console import console, safe

_NAME_CELLS = 32


@contextmanager
def reading(what: str) -> Iterator[Watch | None]:
    """A bar with bytes done and the time that is left, on standard error, gone when it is over.

    Args:
        what: is done, such as `importing`.

    Yields:
        What is to be told of the progress; None where nobody would see it.
    """
    on_error = console(stderr=True)
    if not on_error.is_terminal:
        yield None
        return
    from rich import progress as rich

    bar = rich.Progress(
        rich.TextColumn("{task.description}", markup=False),
        rich.BarColumn(bar_width=None),
        rich.DownloadColumn(),
        rich.TimeRemainingColumn(),
        console=on_error,
        transient=True,
        expand=True,
    )
    task = bar.add_task(what, total=None)

    def watch(now: Progress) -> None:
        name = safe(PurePath(now.name).name, _NAME_CELLS)
        bar.update(task, description=f"{what} {name}", completed=now.done, total=now.total)

    with bar:
        yield watch
