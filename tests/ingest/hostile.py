"""Makes hostile logs out of the good cases of every format: cut, flipped, with bytes and texts that do harm.

The cases are found by themselves, so that a format that is added is attacked without a word here.
"""

from __future__ import annotations

import copy
import json
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from operator import attrgetter
from pathlib import Path
from typing import Any, Final

from govern.events.model import Event
from govern.ingest import Summary, formats, read
from govern.ingest.rows import Layout, layout
from govern.ingest.source import Source, open_sources

_SAID: Final = attrgetter("type", "actor_kind", "tool", "args", "args_error", "content", "status", "ts_ns", "agent")
HERE: Final = Path(__file__).parent
FORMATS: Final = tuple(formats.ADAPTERS)

HARM: Final = (
    "\x1b[2J\x1b]0;x\x07\u202e<img src=x onerror=alert(1)><script>alert(2)</script>]]>"
    "&quot;'\"`\r\n=1+1|*_[x](javascript:a)"
)
"""What takes over a terminal, a page, a table or a sheet, all in one."""


@dataclass(frozen=True, slots=True)
class Case:
    """A small log that is read without a refusal and has a call in it."""

    format: str
    path: Path
    data: bytes
    layout: Layout

    @property
    def name(self) -> str:
        return f"{self.format}/{self.path.parent.name}"


@dataclass(frozen=True, slots=True)
class Read:
    """What reading gave."""

    events: tuple[Event, ...]
    summary: Summary

    @property
    def said(self) -> Counter[Any]:
        """What the events say, without ids and places: a format may make them of the file where rows lack a time."""
        return Counter(_SAID(event) for event in self.events)


def reading(*paths: Path, format: str | None = None) -> Read:
    summary = Summary()
    events = tuple(summary.events(read([str(path) for path in paths], format=format)))
    return Read(events, summary)


@cache
def cases(format_id: str) -> tuple[Case, ...]:
    """The smallest good case of a format, then the smallest of each other layout that it has."""
    found: dict[Layout, Case] = {}
    for path in sorted(HERE.glob(f"{format_id}/*/in.*"), key=lambda path: (path.stat().st_size, path)):
        got = reading(path)
        if got.summary.refused or not got.summary.totals.calls:
            continue
        for source in open_sources(str(path)):
            if isinstance(source, Source):
                with source.file:
                    found.setdefault(layout(source), Case(format_id, path, source.file.read(), layout(source)))
    return tuple(sorted(found.values(), key=lambda case: len(case.data)))


def flips(data: bytes, count: int, seed: int) -> Iterator[tuple[int, bytes]]:
    """A place and the data with one bit turned over there, the same ones each time."""
    chance = random.Random(seed)
    for _ in range(count):
        made = bytearray(data)
        place = chance.randrange(len(made))
        made[place] ^= 1 << chance.randrange(8)
        yield place, bytes(made)


def is_json(data: bytes) -> bool:
    try:
        json.loads(data)
    except (ValueError, RecursionError):
        return False
    return True


def documents(case: Case) -> list[Any]:
    """The values in a case: of its lines, or the one of the whole file."""
    if case.layout is Layout.LINES:
        return [json.loads(line) for line in case.data.split(b"\n") if line.strip()]
    return [json.loads(case.data)]


def written(case: Case, values: list[Any]) -> bytes:
    """A log of values, laid out as the case is."""
    indent = 1 if case.layout is Layout.DOCUMENT else None
    return "".join(json.dumps(value, indent=indent) + "\n" for value in values).encode()


ODD: Final[tuple[Any, ...]] = (
    None,
    True,
    0,
    -1,
    1.5,
    1e308,
    2**63,
    "",
    "x",
    "null",
    "{",
    '{"a": 1}',
    "\ud800",
    [],
    [[]],
    [None],
    [0, {}],
    {},
    {"a": []},
    {"a": {"b": None}},
    {"": ""},
    {"id": {}, "type": [], "name": 1, "role": {}, "content": 7},
)
"""What stands where something else is expected."""


def misplaced(case: Case) -> Iterator[tuple[tuple[Any, ...], Any, list[Any]]]:
    """The values of a case with each value in it replaced by each odd one; the place and the odd value come with it."""
    values = documents(case)
    for path in list(_values(values)):
        for odd in ODD:
            yield path, odd, _with(values, path, odd)


def _with(values: list[Any], path: tuple[Any, ...], new: Any) -> list[Any]:
    """The values with another one at a place; only what lies on the way there is copied."""
    here: Any = copy.copy(values)
    made = here
    for step in path[:-1]:
        here[step] = copy.copy(here[step])
        here = here[step]
    here[path[-1]] = new
    return made  # type: ignore[no-any-return]


def _values(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where anything is, inside of rows."""
    if at:
        yield at
    inner = enumerate(value) if isinstance(value, list) else value.items() if isinstance(value, dict) else ()
    for key, item in inner:
        yield from _values(item, (*at, key))


def harmed(case: Case) -> Iterator[list[Any]]:
    """The values of a case with one text in them harmful; then, once more, with one key of an object harmful."""
    values = documents(case)
    for path in list(_places(values)):
        made = copy.deepcopy(values)
        *way, last = path
        inner = made
        for step in way:
            inner = inner[step]
        if isinstance(inner[last], str):
            inner[last] += HARM
        else:
            inner[last] = {key + HARM: value for key, value in inner[last].items()}
        yield made


def harmed_everywhere(case: Case, file: Path) -> bytes:
    """A case with every text harmful that can be without losing a call or a row."""
    values = documents(case)
    calls = reading(case.path).summary.totals.calls
    for path in list(_places(values)):
        made = copy.deepcopy(values)
        *way, last = path
        inner = made
        for step in way:
            inner = inner[step]
        if not isinstance(inner[last], str):
            continue
        inner[last] += HARM
        file.write_bytes(written(case, made))
        got = reading(file).summary
        if not got.refused and got.totals.calls == calls:
            values = made
    return written(case, values)


def _places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where texts and objects are."""
    match value:
        case str():
            yield at
        case list():
            for place, item in enumerate(value):
                yield from _places(item, (*at, place))
        case dict():
            if at[1:]:
                yield at
            for key, item in value.items():
                yield from _places(item, (*at, key))
        case _:
            pass
