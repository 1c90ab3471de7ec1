"""The shapes of arguments: what stood at every place of them, of the calls that are looked at.

Values are kept as they were; what may be shown of them is a matter of the report (`redaction`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from govern.events.canonical import Malformed, parse, text_of
from govern.replay.details import Place, Shapes
from govern.replay.looked import Lacking, Look

PLACES: Final = 200
VALUES: Final = 12
DISTINCT: Final = 50
_LONGEST_VALUE: Final = 200
_DEEPEST: Final = 8
_SIGNS: Final = re.compile(r"[.\[\]]")  # what a path is written with cannot stand in a name
_FORMS: Final = {
    "date": re.compile(r"[0-9]{4}-[01][0-9]-[0-3][0-9]"),
    "date-time": re.compile(
        r"[0-9]{4}-[01][0-9]-[0-3][0-9][T ][0-2][0-9]:[0-5][0-9](:[0-6][0-9](\.[0-9]+)?)?(Z|[+-][0-9]{2}:?[0-9]{2})?"
    ),
    "time": re.compile(r"[0-2][0-9]:[0-5][0-9](:[0-6][0-9](\.[0-9]+)?)?"),
    "uuid": re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"),
    "email": re.compile(r"[^\s@<>]+@[^\s@<>]+\.[^\s@<>.]+"),
    "url": re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s]+"),
    "ipv4": re.compile(r"[0-9]{1,3}(\.[0-9]{1,3}){3}"),
}


@dataclass(slots=True)
class _Seen:
    kinds: Counter[str] = field(default_factory=Counter)
    numbers: list[int | float] = field(default_factory=list)
    lengths: list[int] = field(default_factory=list)
    values: Counter[str] = field(default_factory=Counter)
    forms: set[str] | None = None

    def add(self, value: Any) -> None:
        kind = kind_of(value)
        self.kinds[kind] += 1
        match value:
            case bool() | None:
                pass
            case int() | float():
                self.numbers.append(value)
            case str() | list():
                self.lengths.append(len(value))
        if isinstance(value, str):
            fits = {name for name, form in _FORMS.items() if form.fullmatch(value[:_LONGEST_VALUE])}
            self.forms = fits if self.forms is None else self.forms & fits
        if not isinstance(value, (dict, list)):
            self.values[text_of(value)] += 1


def kind_of(value: Any) -> str:
    """What JSON calls a value; whole numbers are `integer`."""
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "number"
        case str():
            return "string"
        case list():
            return "array"
        case _:
            return "object"


def shapes(looks: Iterable[Look], calls: int) -> Shapes:
    """The shapes of a tool's arguments.

    Args:
        looks: its calls that are looked at.
        calls: how many there are of it.
    """
    lacking: Counter[Lacking] = Counter()
    found: dict[str, _Seen] = {}
    for look in looks:
        args, why = _read(look)
        lacking[why] += 1
        if args is not None:
            _walk(args, "", found, 0)
    places = sorted(found.items(), key=lambda each: (-sum(each[1].kinds.values()), each[0]))
    return Shapes(
        looked_at=lacking[Lacking.NOTHING],
        calls=calls,
        places=tuple(sorted((_place(path, seen) for path, seen in places[:PLACES]), key=lambda place: place.path)),
        malformed=lacking[Lacking.MALFORMED],
        uncaptured=lacking[Lacking.UNCAPTURED],
        long=lacking[Lacking.LONG],
        more_places=max(len(places) - PLACES, 0),
    )


def kinds_by_place(looks: Iterable[Look]) -> tuple[int, Mapping[str, Counter[str]]]:
    """How many calls have arguments that could be looked at, and what kinds stood where, once a call."""
    count, found = 0, dict[str, Counter[str]]()
    for look in looks:
        args, _ = _read(look)
        if args is None:
            continue
        count += 1
        own: dict[str, _Seen] = {}
        _walk(args, "", own, 0)
        for path, seen in own.items():
            found.setdefault(path, Counter()).update(dict.fromkeys(seen.kinds, 1))
            found[path][""] += 1
    return count, found


def _read(look: Look) -> tuple[dict[str, Any] | None, Lacking]:
    if look.args is None:
        return None, look.lacking
    try:
        args = parse(look.args)  # a store may come from anywhere
    except Malformed:
        return None, Lacking.MALFORMED
    return (args, Lacking.NOTHING) if isinstance(args, dict) else (None, Lacking.MALFORMED)


def _walk(value: Any, path: str, found: dict[str, _Seen], depth: int) -> None:
    if path:
        found.setdefault(path, _Seen()).add(value)
    if depth == _DEEPEST:
        return
    match value:
        case dict():
            for name, each in value.items():
                own = _SIGNS.sub("?", name) or "?"
                _walk(each, f"{path}.{own}" if path else own, found, depth + 1)
        case list():
            for each in value:
                _walk(each, f"{path}[]", found, depth + 1)
        case _:
            pass


def _place(path: str, seen: _Seen) -> Place:
    forms = [name for name in _FORMS if seen.forms and name in seen.forms]
    few = len(seen.values) <= DISTINCT
    short = [each for each in seen.values.items() if len(each[0]) <= _LONGEST_VALUE]
    return Place(
        path=path,
        kinds=tuple(sorted(seen.kinds.items(), key=lambda each: (-each[1], each[0]))),
        present=sum(seen.kinds.values()),
        low=min(seen.numbers, default=None),
        high=max(seen.numbers, default=None),
        shortest=min(seen.lengths, default=None),
        longest=max(seen.lengths, default=None),
        values=tuple(sorted(short, key=lambda each: (-each[1], each[0]))[:VALUES]),
        distinct=len(seen.values) if few else None,
        form=forms[0] if forms else "",
    )
