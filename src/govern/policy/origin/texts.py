"""Texts that only ever grow, and are searched: as they stand (`Exact`), or in any way of writing (`Folded`).

A search is asked of the first so many texts, so that who knows fewer of them gets the answer of then. What was found
is remembered, and no text is searched twice for the same thing. Safe for threads.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable
from functools import lru_cache
from itertools import islice
from threading import Lock
from typing import Any, Final

from govern.policy.origin import folding, tokens

_REMEMBERED: Final = 4_096


class Exact:
    """Texts in which values are looked for as they stand (`tokens`)."""

    def __init__(self, texts: list[str] | None = None) -> None:
        self._texts = texts or []
        self._lock = Lock()
        # By value: texts searched, tries, and the number of texts with which it was found (True) or given up (None).
        self._seen: dict[str, tuple[int, int, int | None, bool | None]] = {}

    def plus(self, text: str, count: int) -> Exact:
        """The first `count` texts and one more: these very ones where there are no others, else a copy."""
        with self._lock:
            if len(self._texts) == count:
                self._texts.append(text)
                return self
            return Exact([*self._texts[:count], text])

    def has(self, value: str, count: int) -> bool | None:
        """Whether the first `count` texts have a value as a thing of its own; None where it was given up."""
        with self._lock:
            done, tries, settled, found = self._seen.get(value, (0, 0, None, False))
            while settled is None and done < count:
                found, tries = tokens.search(self._texts[done], value, tries)
                done += 1
                settled = None if found is False else done
            _remember(self._seen, value, (done, tries, settled, found))
        return found if settled is not None and settled <= count else False


class Folded:
    """Texts in which values are looked for in any way of writing (`folding`). Folded when first asked."""

    def __init__(self, texts: list[str] | None = None) -> None:
        self._texts = texts or []
        self._lock = Lock()
        self._skeletons = _Form(folding.skeleton)
        self._words = _Form(folding.words)

    def plus(self, text: str, count: int) -> Folded:
        """As of `Exact`."""
        with self._lock:
            if len(self._texts) == count:
                self._texts.append(text)
                return self
            return Folded([*self._texts[:count], text])

    def has(self, text: str, count: int) -> bool:
        """Whether the first `count` texts have a text, written in any way."""
        in_skeletons, in_words = _needles(text)
        with self._lock:
            return any(self._skeletons.has(each, self._texts, count) for each in in_skeletons) or any(
                self._words.has(each, self._texts, count) for each in in_words
            )


class _Form:
    """One folded form of texts, one after the other. No needle has the byte between them."""

    def __init__(self, fold: Callable[[str], bytes]) -> None:
        self._fold = fold
        self._data = bytearray()
        self._ends = [0]
        self._seen: dict[bytes, tuple[int, int | None]] = {}  # by needle: texts searched, and those with which found

    def has(self, needle: bytes, texts: list[str], count: int) -> bool:
        for text in islice(texts, len(self._ends) - 1, count):
            for reading in folding.readings(text):
                self._data += self._fold(reading)
                self._data += b"\xff"
            self._ends.append(len(self._data))
        done, found = self._seen.get(needle, (0, None))
        if found is None and done < count:
            at = self._find(needle, self._ends[done], self._ends[count])
            done, found = count, None if at < 0 else bisect_left(self._ends, at + 1)
            _remember(self._seen, needle, (done, found))
        return found is not None and found <= count

    def _find(self, needle: bytes, start: int, end: int) -> int:
        if needle.count(b" ") < 3:  # a skeleton, or one word with a space on either side
            return self._data.find(needle, start, end)
        match = _spaced(needle).search(self._data, start, end)
        return match.start() if match else -1


_needles = lru_cache(maxsize=1024)(folding.needles)


@lru_cache(maxsize=1024)
def _spaced(needle: bytes) -> re.Pattern[bytes]:
    """Words with any number of spaces between them."""
    return re.compile(b" " + b" +".join(map(re.escape, needle.split())) + b" ")


def _remember(seen: dict[Any, Any], key: object, value: object) -> None:
    if len(seen) >= _REMEMBERED and key not in seen:
        seen.clear()
    seen[key] = value
