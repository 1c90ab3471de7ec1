"""Makes the events of one row: ids, writer, sequence and source are filled in, texts are made storable.

Leaves out: what the row means (`adapters`), pairing messages of a chat (`chat`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from govern.events import canonical
from govern.events.canonical import Json, Malformed
from govern.events.model import Event, EventType, Fidelity, event
from govern.ingest import verbatim
from govern.ingest.adapter import Row, Unusable
from govern.ingest.arguments import UNCAPTURED, Arguments, from_text, from_value, storable

_MISSING: Any = object()


class Maker:
    """Builds events of a row, in order.

    Args:
        row: where they come from. Their ids are its digest and the place among its events.
        source_format: the adapter's id.
        common: columns of every event, such as `trace_id`, `session_id`, `agent`.
    """

    def __init__(self, row: Row, source_format: str, **common: Any) -> None:
        self.events: list[Event] = []
        self.row = row
        self._escape = row.has_surrogates
        self._common: dict[str, Any] = {
            "writer_id": row.writer,
            "source_format": source_format,
            "source_ref": row.ref,
            **{name: self._stored(value) for name, value in common.items()},
        }

    def add(self, kind: EventType, **columns: Any) -> None:
        """Adds an event.

        Args:
            kind: its type.
            columns: of the event model; they win over the common ones. Texts may hold lone surrogates. An `event_id`
                is given where the source has an id of its own for it, so that it is one event in whatever file.
        """
        place = len(self.events)
        made: dict[str, Any] = {
            "event_id": f"{self.row.digest}-{place:06d}",
            "wseq": self.row.wseq + place,
            **self._common,
            **columns,
        }
        if self._escape:
            made = {name: self._stored(value) for name, value in made.items()}
        self.events.append(event(type=kind, **made))

    def span(self, number: int) -> str:
        """An id for the row's n-th call, where the source has none: 16 hex digits."""
        return f"{self.row.digest[:10]}{number:06x}"

    def text(self, text: str | None) -> str | None:
        """A text as it can be stored: lone surrogates are written as their escapes."""
        return storable(text) if text is not None and self._escape else text

    def content(self, content: Json) -> tuple[str | None, Fidelity]:
        """What was said: text as it is; anything else as canonical JSON, which is not what was sent.

        Raises:
            Unusable: it has no single meaning.
        """
        if content is None:
            return None, Fidelity.VERBATIM
        if isinstance(content, str):
            kept = storable(content) if self._escape else content
            return kept, Fidelity.VERBATIM if kept == content else Fidelity.RESERIALISED
        try:
            return canonical.text_of(content), Fidelity.RESERIALISED
        except Malformed as error:
            raise Unusable(storable(f"a message's content has no single meaning: {error}")) from None

    def arguments(self, value: Json = _MISSING, *path: str | int) -> Arguments:
        """The arguments of a call: an object, or a text of JSON; left out where the source does not say.

        Args:
            value: as `canonical.load` read it.
            path: where it stands in the row, so that refused arguments are kept as they stood there.
        """
        if value is _MISSING:
            return UNCAPTURED
        if isinstance(value, str):
            return from_text(value)
        made = from_value(value)
        if made.args_error is None or not path:
            return made
        return replace(made, content=verbatim.text_at(self.row.raw, *path))

    def call(self, arguments: Arguments, **columns: Any) -> None:
        """Adds a proposal.

        Args:
            arguments: of `arguments`.
            columns: the rest (`tool`, `span_id`, `actor_kind`, …).
        """
        self.add(
            EventType.TOOL_CALL,
            **{
                "args": arguments.args,
                "args_error": arguments.args_error,
                "args_digest": arguments.digest,
                "content": self.text(arguments.content),
                "fidelity": arguments.fidelity,
                **columns,
            },
        )

    def _stored(self, value: Any) -> Any:
        return storable(value) if type(value) is str and self._escape else value
