"""How far reading and judging are, on a terminal; nothing where standard error is none. Leaves out: counting it
(`ingest`, `replay`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import PurePath

from govern.ingest.progress import Progress, Watch
from govern.replay.means import Step
from govern.report.console import console, safe

_NAME_CELLS = 32


@dataclass(frozen=True, slots=True)
class Bar:
    """What is to be told of the progress; both None where nobody would see it.

    Args:
        read: of bytes that were read.
        judged: of parts that were judged.
    """

    read: Watch | None = None
    judged: Callable[[Step], None] | None = None


@contextmanager
def reading(what: str) -> Iterator[Bar]:
    """A bar with what is done and the time that is left, on standard error, gone when it is over.

    Args:
        what: is done, such as `importing`.
    """
    on_error = console(stderr=True)
    if not on_error.is_terminal:
        yield Bar()
        return
    from rich import progress as rich
    from rich.filesize import decimal

    bar = rich.Progress(
        rich.TextColumn("{task.description}", markup=False),
        rich.BarColumn(bar_width=None),
        rich.TextColumn("{task.fields[done]}", markup=False),
        rich.TimeRemainingColumn(),
        console=on_error,
        transient=True,
        expand=True,
    )
    task = bar.add_task(what, total=None, done="")

    def read(now: Progress) -> None:
        name = safe(PurePath(now.name).name, _NAME_CELLS)
        total = "" if now.total is None else f" of {decimal(now.total)}"
        done = f"{decimal(now.done)}{total}"
        bar.update(task, description=f"{what} {name}", completed=now.done, total=now.total, done=done)

    def judged(now: Step) -> None:
        done = f"{now.events:,} of {now.of_events:,} events"
        bar.update(task, description=what, completed=now.events, total=now.of_events, done=done)

    with bar:
        yield Bar(read, judged)
