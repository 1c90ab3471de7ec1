"""From when and until when a bundle may decide.

Times are RFC 3339, UTC, whole seconds; what is said of `now` is given by whoever asks, no clock is read here. A
bundle is valid from `not_before` on and no longer valid at `expires`. Leaves out where the window is kept
(`bundle`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from govern.charter.kinds import DURATION, DURATION_WORDS, MAX_SECONDS, SECONDS
from govern.conditions.times import NS, in_int64, timestamp_ns
from govern.errors import UsageError

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_WRITTEN: Final = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
_HINT: Final = "RFC 3339 with an offset, whole seconds, as in `2026-11-23T14:00:00Z`"


@dataclass(frozen=True, slots=True)
class Window:
    """When a bundle may decide.

    Args:
        not_before: the first moment, UTC nanoseconds since 1970, whole seconds; None is since ever.
        expires: the first moment at which it no longer may; None is never.
    """

    not_before: int | None = None
    expires: int | None = None

    @property
    def is_empty(self) -> bool:
        """Whether no moment lies in it."""
        return self.not_before is not None and self.expires is not None and self.not_before >= self.expires

    def refusal(self, now: int) -> str | None:
        """Why a bundle does not decide at a moment; None where it does.

        Args:
            now: UTC nanoseconds since 1970.
        """
        if self.not_before is not None and now < self.not_before:
            return f"the bundle is not valid before {written(self.not_before)}, and it is {written(now)}"
        if self.expires is not None and now >= self.expires:
            return f"the bundle expired at {written(self.expires)}, and it is {written(now)}"
        return None


ALWAYS: Final = Window()


def written(at: int) -> str:
    """A moment as it stands in a bundle, to the second: `2026-11-23T14:00:00Z`.

    Args:
        at: UTC nanoseconds since 1970.
    """
    return f"{_EPOCH + timedelta(seconds=at // NS):%Y-%m-%dT%H:%M:%S}Z"


def moment(text: str) -> int | None:
    """The moment of RFC 3339 text with any offset, as UTC nanoseconds; None of anything but whole seconds."""
    at = timestamp_ns(text)
    return at if at is not None and at % NS == 0 else None


def stored(text: object) -> int | None:
    """The moment of a text that is exactly as `written` writes it, else None."""
    at = moment(text) if isinstance(text, str) and _WRITTEN.fullmatch(text) else None
    return at if at is not None and written(at) == text else None


def asked(text: str, option: str) -> int:
    """The moment that an option names.

    Raises:
        UsageError: it is none.
    """
    at = moment(text)
    if at is None:
        raise UsageError(f"`{text[:80]}` is no time", where=option, hint=_HINT)
    return at


def window(since: str | None, until: str | None, span: str | None, now: int) -> Window:
    """The window that options ask for.

    Args:
        since: `--valid-from`, a moment.
        until: `--valid-until`, a moment.
        span: `--valid-for`, a duration as charters write them; from `since` on, or from now.
        now: UTC nanoseconds since 1970.

    Raises:
        UsageError: no such times, both ends of an end, or nothing lies between them.
    """
    if until is not None and span is not None:
        raise UsageError("the end is given twice", hint="`--valid-until` or `--valid-for`")
    start = asked(since, "--valid-from") if since is not None else None
    end = asked(until, "--valid-until") if until is not None else None
    if span is not None:
        match = DURATION.fullmatch(span)
        seconds = int(match[1]) * SECONDS[match[2]] if match else MAX_SECONDS + 1
        if seconds > MAX_SECONDS:
            raise UsageError(f"`{span[:80]}` is no duration", where="--valid-for", hint=DURATION_WORDS)
        end = in_int64((start if start is not None else now // NS * NS) + seconds * NS)
        if end is None:
            raise UsageError(f"`{span}` after {since} is past all times", where="--valid-for", hint=_HINT)
    made = Window(start, end)
    if made.is_empty and start is not None and end is not None:
        raise UsageError(f"valid from {written(start)} until {written(end)}: no moment lies between them")
    return made
