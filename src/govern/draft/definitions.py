"""What servers say of their tools, as the plain data that a lock takes digests of."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from govern.draft.listing import Listing
from govern.errors import EvidenceError
from govern.events.canonical import Malformed, check


def definitions(listing: Listing) -> dict[str, dict[str, Any]]:
    """Name, description, input schema and hints of every tool of a list, by name.

    Raises:
        EvidenceError: a tool of the list could not be read, so that nobody knows what it would pin.
    """
    if listing.left_out:
        first = listing.left_out[0]
        message = f"{len(listing.left_out)} of the listed tools cannot be read; {first.what}: {first.reason}"
        raise EvidenceError(message, where=first.where)
    for tool in listing.tools:
        try:
            check(tool.schema)
        except Malformed as error:
            message = f"the input schema of `{tool.name}` has two readings: {error}"
            raise EvidenceError(message, where=tool.where) from None
    return {
        tool.name: {
            "name": tool.name,
            "description": tool.description,
            "inputSchema": tool.schema,
            "annotations": {key: value for key, value in asdict(tool.hints).items() if value is not None},
        }
        for tool in listing.tools
    }
