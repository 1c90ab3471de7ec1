"""Ctrl-C and SIGTERM end a long piece of work with what is done so far, instead of with nothing.

The first signal asks: it ends the query that runs, and where the work says so raises `Stopped` in it. The second is
what it always was. Leaves out what is kept of the work (`run`).
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any, Protocol


class Stopped(BaseException):
    """The work was asked to end. No error: nothing but the work itself should catch it."""


class Interruptible(Protocol):
    """What runs long in one call, such as a database's connection."""

    def interrupt(self) -> None: ...


class Stopping:
    """Takes the place of the handlers of SIGINT and SIGTERM, within a `with` and in the main thread; elsewhere nothing
    ever asks.

    Attributes:
        asked: the signal that came, by its name, such as `SIGINT`; None while none did.
    """

    def __init__(self) -> None:
        self.asked: str | None = None
        self._before: dict[signal.Signals, Any] = {}
        self._running: Interruptible | None = None
        self._raises = False

    def __enter__(self) -> Stopping:
        self.take()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._give_back()

    def take(self) -> None:
        """Takes the handlers, again where somebody else took them meanwhile."""
        if threading.current_thread() is threading.main_thread() and self.asked is None:
            for each in (signal.SIGINT, signal.SIGTERM):
                before = signal.signal(each, self._ask)
                self._before.setdefault(each, before)

    @contextmanager
    def ending(self, running: Interruptible | None = None) -> Iterator[None]:
        """Work that a signal ends at once, with `Stopped` or whatever error an interrupted query gives.

        Args:
            running: is interrupted.

        Raises:
            Stopped: a signal came before.
        """
        if self.asked is not None:
            raise Stopped
        self._running, self._raises = running, True
        try:
            yield
        finally:
            self._running, self._raises = None, False

    def _ask(self, number: int, frame: FrameType | None) -> None:
        self.asked = signal.Signals(number).name
        self._give_back()
        if self._running is not None:
            self._running.interrupt()
        if self._raises:
            raise Stopped

    def _give_back(self) -> None:
        while self._before:
            each, before = self._before.popitem()
            signal.signal(each, before)
