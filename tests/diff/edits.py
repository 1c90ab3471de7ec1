"""Edits of a charter over every key of the language, each with the way it goes by construction.

A row of `edits.yaml` names a key, a place in one of the files of `rich/`, the tools whose change it shows in, and
values by way. `EDITS` are all of them; `made` gives the texts of the files with some of them done.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

RICH = Path(__file__).parent / "rich"
TEXTS = {path.name: path.read_text(encoding="utf-8") for path in sorted(RICH.glob("*.yaml"))}

DROP = object()
"""The key or entry goes."""
Value = Any


@dataclass(frozen=True)
class Edit:
    """One edit.

    Args:
        key: `LEVEL.key` of the vocabulary, or what it is where it is no key.
        path: steps to a value: keys, and entries of lists by `id`, `event` or number.
        way: narrowed, widened, shifted, unchanged.
        tools: whose change it shows in; none where no verdict and nothing after release does.
    """

    key: str
    file: str
    path: tuple[str | int, ...]
    value: Value
    way: str
    tools: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        said = "gone" if self.value is DROP else getattr(self.value, "__name__", "") or str(self.value)
        return f"{self.way}: {self.file} {'.'.join(map(str, self.path))} = {said[:60]}"


def with_(*more: Any) -> Callable[[Any], Any]:
    """Entries more: of a list at its end, of a mapping by name."""

    def change(value: Any) -> Any:
        if isinstance(value, dict):
            return value | more[0]
        return [*(value or []), *more]

    change.__name__ = f"with {more}"
    return change


def without(*names: Any) -> Callable[[Any], Any]:
    """Entries less: of a list by value, of a mapping by name."""

    def change(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: each for key, each in value.items() if key not in names}
        return [each for each in value if each not in names]

    change.__name__ = f"without {names}"
    return change


def turned(value: Any) -> Any:
    """The same entries in another order."""
    return dict(reversed(value.items())) if isinstance(value, dict) else list(reversed(value))


TABLE: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "edits.yaml").read_text(encoding="utf-8"))
WAYS = ("narrowed", "widened", "shifted", "unchanged")


def _value(written: Any) -> Value:
    """A value of the table, or what it does to the one that is there."""
    match written:
        case "$gone":
            return DROP
        case "$turned":
            return turned
        case {"$with": dict(more)}:
            return with_(more)
        case {"$with": [*more]}:
            return with_(*more)
        case {"$without": [*names]}:
            return without(*names)
        case _:
            return written


def _steps(path: str) -> tuple[str | int, ...]:
    return tuple(int(step) if step.isdigit() else step for step in path.split(" > "))


EDITS = [
    Edit(row["key"], f"{row['file']}.yaml", _steps(row["at"]), _value(value), way, tuple(row.get("tools", "").split()))
    for row in TABLE
    for way in WAYS
    for value in row.get(way, ())
]


def at(data: Any, step: str | int) -> Any:
    """The key or index of a step: an entry of a list by its number, its id or its event."""
    if isinstance(data, list) and isinstance(step, str):
        return next(index for index, each in enumerate(data) if step in (each.get("id"), each.get("event")))
    return step


def changed(data: Any, path: tuple[str | int, ...], value: Value) -> Any:
    """Data with one value changed."""
    data = copy.deepcopy(data)
    place = data
    for step in path[:-1]:
        place = place[at(place, step)]
    last = at(place, path[-1])
    if value is DROP:
        del place[last]
    elif callable(value):
        place[last] = value(copy.deepcopy(place.get(last) if isinstance(place, dict) else place[last]))
    else:
        place[last] = copy.deepcopy(value)
    return data


class _Plain(yaml.SafeDumper):
    """Without anchors: the language has none."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _quoted(dumper: _Plain, text: str) -> yaml.ScalarNode:
    """Text in quotes: without them some of it would be a date to somebody."""
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"')


_Plain.add_representer(str, _quoted)


def text_of(data: Any) -> str:
    """Data as a charter's text."""
    return yaml.dump(data, Dumper=_Plain, sort_keys=False, allow_unicode=True, width=1000)


def made(*edits: Edit, texts: Mapping[str, str] = TEXTS) -> dict[str, str]:
    """The files with edits done, in the same plain form with none."""
    data = {name: yaml.safe_load(text) for name, text in texts.items()}
    for edit in edits:
        data[edit.file] = changed(data[edit.file], edit.path, edit.value)
    return {name: text_of(each) for name, each in data.items()}
