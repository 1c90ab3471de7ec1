"""`govern.lock`: what a charter is composed with, and how its tools were described, pinned by digest.

    {"charters": {"desk.yaml": {"parts": {"org/base.yaml": "sha256:…"}, "tools": {"send":
                              {"digest": "sha256:…", "read_only": false, "destructive": null}}}},
     "schema": "govern/lock/v1"}

One file in a charter's folder pins every charter of the folder. A part that differs from its pin is an error
when the charter loads; a tool that its server describes otherwise is told by `govern lock --check`, and blocked
at the boundary.
Leaves out asking a server for its tools (`draft`).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from govern.charter.model import Charter, Kind, Part, PinnedTool, Pins
from govern.charter.source import read as read_file
from govern.errors import AuthorError
from govern.events.canonical import Malformed, digest, parse, text_of
from govern.findings import Finding, Location, Severity

SCHEMA = "govern/lock/v1"
NAME = "govern.lock"


def pins_of(charter: Charter, definitions: Mapping[str, Any], before: Pins | None) -> Pins:
    """What a lock says of a charter as it is now.

    Args:
        definitions: what servers say of tools (`tools/list`), by their own names; a charter's `server/name` takes
            that of `name`.
        before: the pins until now: a tool that no definition is given of keeps its pin.
    """
    tools: dict[str, PinnedTool] = {}
    for name in charter.tools:
        definition = definitions.get(name, definitions.get(name.rpartition("/")[2]))
        if definition is not None:
            tools[name] = pinned(definition)
        elif before is not None and name in before.tools:
            tools[name] = before.tools[name]
    return Pins({part.path: part.digest for part in charter.parts}, tools)


def changes(before: Pins | None, after: Pins) -> list[str]:
    """What a new lock would change, for people; empty where nothing differs."""
    found: list[str] = []
    old = before or Pins({}, {})
    every: tuple[tuple[str, Mapping[str, object], Mapping[str, object]], ...] = (
        ("", old.parts, after.parts),
        ("tool ", old.tools, after.tools),
    )
    for what, was, now in every:
        for name in sorted({**was, **now}):
            if name not in was:
                found.append(f"{what}`{name}` is not locked yet")
            elif name not in now:
                found.append(f"{what}`{name}` is locked, and no longer there")
            elif was[name] != now[name]:
                found.append(f"{what}`{name}` changed since it was locked")
    return found


def pinned(definition: Mapping[str, Any]) -> PinnedTool:
    """A server's description of a tool: a digest over name, description, schemas and annotations, and its hints.

    Raises:
        AuthorError: it has no canonical form.
    """
    told = {key: definition.get(key) for key in ("name", "description", "inputSchema", "outputSchema", "annotations")}
    try:
        made = digest(text_of(told))
    except Malformed as error:
        raise AuthorError(f"the description of `{definition.get('name')}` has no canonical form: {error}") from None
    hints = definition.get("annotations") or {}
    return PinnedTool(made, *(_truth(hints.get(key)) for key in ("read_only", "destructive")))


def _truth(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def text(pins: Mapping[str, Pins]) -> str:
    """The lock file of a folder: sorted, indented, the same text for the same pins."""
    import json

    charters = {
        name: {"parts": dict(each.parts), "tools": {tool: asdict(pin) for tool, pin in each.tools.items()}}
        for name, each in pins.items()
    }
    return json.dumps({"schema": SCHEMA, "charters": charters}, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def read(data: bytes, where: str) -> dict[str, Pins]:
    """The pins of a lock file, by the charter's file name.

    Raises:
        AuthorError: it is no lock of this version; nothing of it is believed.
    """
    hint = "delete it and run `govern lock`"
    try:
        document = parse(data)
    except Malformed as error:
        raise AuthorError(f"no lock: {error}", where=where, hint=hint) from None
    if not isinstance(document, dict) or document.get("schema") != SCHEMA or set(document) != {"schema", "charters"}:
        raise AuthorError(f"no lock of schema `{SCHEMA}`", where=where, hint=hint)
    found: dict[str, Pins] = {}
    charters = document["charters"]
    for name, pins in charters.items() if isinstance(charters, dict) else ():
        good = isinstance(pins, dict) and set(pins) == {"parts", "tools"}
        parts, tools = (pins["parts"], pins["tools"]) if good else (None, None)
        if not isinstance(parts, dict) or not isinstance(tools, dict):
            raise AuthorError(f"the pins of `{name}` cannot be read", where=where, hint=hint)
        made = {tool: _pin(pin) for tool, pin in tools.items()}
        if not all(isinstance(value, str) for value in parts.values()) or None in made.values():
            raise AuthorError(f"the pins of `{name}` cannot be read", where=where, hint=hint)
        found[name] = Pins(parts, {tool: pin for tool, pin in made.items() if pin is not None})
    if not isinstance(charters, dict):
        raise AuthorError("`charters` is no object", where=where, hint=hint)
    return found


def _pin(data: object) -> PinnedTool | None:
    """A tool's pin, None where it is none."""
    if not isinstance(data, dict) or set(data) != {"digest", "read_only", "destructive"}:
        return None
    hints = (data["read_only"], data["destructive"])
    if not isinstance(data["digest"], str) or not all(hint is None or isinstance(hint, bool) for hint in hints):
        return None
    return PinnedTool(data["digest"], *hints)


def lock_beside(path: str | Path) -> bytes | Finding | None:
    """The bytes of the lock in a file's folder; None where there is none, a finding where it cannot be read."""
    place = os.path.join(os.path.dirname(str(path)), NAME)
    return read_file(place) if os.path.lexists(place) else None


def pins_beside(path: str | Path) -> dict[str, Pins]:
    """The pins of the lock in a file's folder; none where there is no lock.

    Raises:
        AuthorError: it cannot be read.
    """
    data = lock_beside(path)
    where = os.path.join(os.path.dirname(str(path)), NAME)
    if isinstance(data, Finding):
        raise AuthorError(data.message, where=where)
    return read(data, where) if data is not None else {}


def locked(charter: Charter, lock: bytes | Finding, parts: tuple[Part, ...]) -> tuple[Charter, tuple[Finding, ...]]:
    """The charter with what its lock pins, and what differs.

    Args:
        lock: the bytes of the lock file, or why it could not be read.
        parts: those that the charter itself names, directly or not.
    """
    if isinstance(lock, Finding):
        return charter, (lock,)
    file = charter.source.file
    try:
        pins = read(lock, NAME).get(os.path.basename(file))
    except AuthorError as error:
        hint = error.hint or ""
        return charter, (Finding("lock-unreadable", Severity.ERROR, error.message, Location(file), hint),)
    if pins is None:
        return charter, ()
    return replace(charter, locked=pins), tuple(differences(pins, parts, file))


def differences(pins: Pins, parts: tuple[Part, ...], file: str) -> list[Finding]:
    """The parts that are not what was locked; each is an error where the file is named."""
    found: list[Finding] = []

    def say(at: Location, message: str) -> None:
        place = at if at.file == file else Location(file)
        hint = "look at the change, then run `govern lock`"
        found.append(Finding("lock-mismatch", Severity.ERROR, message, place, hint))

    for part in parts:
        if part.path not in pins.parts:
            say(part.at, f"`{part.path}` is not in {NAME}")
        elif pins.parts[part.path] != part.digest:
            what = "base" if part.kind is Kind.BASE else "library"
            say(part.at, f"the {what} `{part.path}` changed since it was locked")
    known = {part.path for part in parts}
    for path in pins.parts:
        if path not in known:
            say(Location(file), f"`{path}` is in {NAME}, and no longer a part of this file")
    return found
