"""What every format of traces is read into: spans, and what is said in them, or beside them in log records.

Leaves out: how a format writes them (`spans_otlp`, `adapters`), what they mean (`spans_calls`, `spans_answers`), and
which events a trace gives (`spans_traces`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

from govern.events.canonical import Json
from govern.ingest.adapter import Row

Attributes = dict[str, Json]

NOTHING: Final = frozenset({"", "N/A", "<elided>", "<not specified>", "<not serializable>", "REDACTED", "<REDACTED>"})
"""Texts that instrumentations write where they leave a content out."""


@dataclass(frozen=True, slots=True)
class Said:
    """An event of a span, or a log record.

    Args:
        at: UTC nanoseconds since 1970.
        body: of a log record.
    """

    name: str
    at: int | None
    attributes: Attributes
    body: Json = None


@dataclass(frozen=True, slots=True)
class Span:
    """One span.

    Args:
        trace, id, parent: as the format writes them, hexadecimal digits in lower case; no parent is None.
        start, end: UTC nanoseconds since 1970.
        failed: by its status.
        problem: what its status says beside that.
        scope: the library that made it.
        resource: what its resource says of the session and the agent.
        row: where it stands, without its value.
    """

    trace: str
    id: str
    parent: str | None
    name: str
    start: int | None
    end: int | None
    attributes: Attributes
    row: Row = field(compare=False)
    events: tuple[Said, ...] = ()
    failed: bool = False
    problem: str = ""
    scope: str = ""
    resource: Attributes = field(default_factory=dict)

    def text(self, *keys: str) -> str | None:
        """The first of these attributes that is a text and says something."""
        return text(self.attributes, *keys)

    def whole(self) -> str:
        """All that it says, for telling it from another of the same id."""
        return repr((self.id, self.parent, self.name, self.start, self.end, self.failed, self.attributes, self.events))

    def exception(self) -> str | None:
        """The message, else the type, of the last exception event."""
        for event in reversed(self.events):
            if event.name == "exception":
                return text(event.attributes, "exception.message", "exception.type") or ""
        return None


@dataclass(frozen=True, slots=True)
class Log:
    """One log record.

    Args:
        trace, span: in which it was written, where it says so.
    """

    trace: str | None
    span: str | None
    said: Said
    row: Row = field(compare=False)


@dataclass(slots=True)
class Trace:
    """The spans of one trace, as far as they came.

    Args:
        spans: by id; the first that came.
        again: others with the id of one before, by all that they say.
        logs: log records by the span in which they were written.
        weight: bytes of source text.
    """

    spans: dict[str, Span] = field(default_factory=dict)
    again: dict[str, Span] = field(default_factory=dict)
    logs: dict[str, list[Log]] = field(default_factory=dict)
    weight: int = 0


Part = Span | Log
Parts = Callable[[Row], list[Part]]


def text(attributes: Attributes, *keys: str) -> str | None:
    """The first of these attributes that is a text and says something."""
    for key in keys:
        found = attributes.get(key)
        if isinstance(found, str) and found not in NOTHING:
            return found
    return None


def light(row: Row) -> Row:
    """The row without what was read from it."""
    return replace(row, value=None, raw=b"\\ud" if row.has_surrogates else b"")


def nested(attributes: Attributes, prefix: str) -> Json:
    """What attributes such as `llm.output_messages.0.message.role` hold together: objects, and lists where all keys
    are numbers; None where there are none.

    Args:
        prefix: without its last dot.
    """
    tree: Attributes = {}
    for key, value in attributes.items():
        if not key.startswith(prefix + "."):
            continue
        place = tree
        *steps, last = key[len(prefix) + 1 :].split(".")
        for step in steps:
            inner = place.setdefault(step, {})
            if not isinstance(inner, dict):
                break
            place = inner
        else:
            place.setdefault(last, value)
    return _lists(tree, 0) if tree else None


def _lists(value: Json, depth: int) -> Json:
    if not isinstance(value, dict) or depth > 40:
        return value
    made = {key: _lists(inner, depth + 1) for key, inner in value.items()}
    if made and all(key.isascii() and key.isdigit() for key in made):
        return [made[key] for key in sorted(made, key=lambda key: (len(key), key))]
    return made
