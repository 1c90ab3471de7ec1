"""One tool as charters and libraries write it, with what a person should know above it and behind it.

The one way in which a draft (`sheet`) and a suggestion write a tool. Comments hold other people's words only where
`prose` has made one short line of them. Leaves out what the tool probably does (`tiers`), and where it is written.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from govern.draft.prose import one_line
from govern.draft.yaml_text import entry, flow, scalar
from govern.policy.terms import Tier

COLUMN = 36  # where a comment behind a value begins
ROOM = 120


@dataclass(frozen=True, slots=True)
class Stanza:
    """One tool.

    Args:
        name: its key.
        tier: None writes none: a library's entry says it.
        why: the reasons for the tier.
        external: why its effect leaves the organisation; empty writes nothing.
        gate: who is asked, None for nobody.
        gate_note: what a person must decide about it.
        secret: places to mask, as `args.password`.
        input: the schema of its arguments, None writes none.
        notes: comments above it, a line each.
    """

    name: str
    tier: Tier | None
    why: str = ""
    external: str = ""
    gate: str | None = None
    gate_note: str = ""
    secret: tuple[str, ...] = ()
    input: dict[str, Any] | None = None
    notes: tuple[str, ...] = ()


def lines(stanza: Stanza, indent: int = 2, step: int = 2) -> list[str]:
    """The lines of a block mapping.

    Args:
        indent: spaces before the name.
        step: how much deeper its keys stand.
    """
    below = indent + step
    made = _notes(stanza.notes, indent)
    values = _values(stanza)
    if not values:
        return [*made, f"{' ' * indent}{scalar(stanza.name)}: {{}}"]
    made.append(f"{' ' * indent}{scalar(stanza.name)}:")
    comments = {"tier": stanza.why, "external": stanza.external, "approval": stanza.gate_note}
    for key, value in values.items():
        if key == "input":
            made += entry(key, value, below)
        else:
            made += above(f"{key}: {flow(value)}", comments.get(key, ""), below)
    return made


def inline(stanza: Stanza, indent: int) -> list[str]:
    """The lines of an entry between braces: comments, then the tool on one line."""
    said = [
        f"{key}: {words}"
        for key, words in (("tier", stanza.why), ("external", stanza.external), ("approval", stanza.gate_note))
        if words
    ]
    made = _notes((*stanza.notes, *said), indent)
    return [*made, f"{' ' * indent}{scalar(stanza.name)}: {flow(_values(stanza))}"]


def above(line: str, comment: str, indent: int) -> list[str]:
    """A line with its comment behind it where there is room, else above it."""
    comment = one_line(comment, 400)
    beside = commented(" " * indent + line, comment)
    if len(beside) <= ROOM:
        return [beside]
    return [f"{' ' * indent}# {one_line(comment, ROOM - 2 - indent)}", " " * indent + line]


def commented(line: str, comment: str) -> str:
    """A line with a comment behind it, at the column where all of them begin."""
    return f"{(line + '  ').ljust(COLUMN)}# {comment}" if comment else line


def _notes(notes: tuple[str, ...], indent: int) -> list[str]:
    return [f"{' ' * indent}# {one_line(note, ROOM - 2 - indent)}" for note in notes]


def _values(stanza: Stanza) -> dict[str, Any]:
    """The keys, in the order of the language."""
    made: dict[str, Any] = {}
    if stanza.tier is not None:
        made["tier"] = stanza.tier.value
    if stanza.external:
        made["external"] = True
    if stanza.gate is not None:
        made["approval"] = {"ask": stanza.gate}
    if stanza.secret:
        made["secret"] = list(stanza.secret)
    if stanza.input is not None:
        made["input"] = stanza.input
    return made
