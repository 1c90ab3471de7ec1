"""An event that is made quickly is an event."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest

from govern.events.model import Event, EventType, event


def test_quickly_made_event_is_the_same() -> None:
    """Equal, of the same type and hash, and as frozen as any other."""
    columns = {"event_id": "e", "trace_id": "t", "type": EventType.PROMPT, "writer_id": "w", "wseq": 3, "content": "c"}
    made, usual = event(**columns), Event(**columns)
    assert (usual, type(usual), hash(usual), repr(usual)) == (made, type(made), hash(made), repr(made))
    with pytest.raises(FrozenInstanceError):
        made.content = "other"  # type: ignore[misc]


def test_columns_are_asked_for_alike() -> None:
    """A missing or unknown column is the same error."""
    for columns in (
        {},
        {"event_id": "e", "trace_id": "t", "type": EventType.PROMPT, "writer_id": "w", "wseq": 1, "x": 1},
    ):
        with pytest.raises(TypeError):
            event(**columns)
