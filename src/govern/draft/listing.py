"""Tools as a list describes them, before anybody judges anything. All of it is untrusted."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from govern.events.canonical import Malformed, check
from govern.policy.terms import Tier


class Dialect(StrEnum):
    """Whose JSON Schema it is, where a schema does not say it."""

    JSON_SCHEMA = "JSON Schema"
    OPENAPI_30 = "OpenAPI 3.0"


@dataclass(frozen=True, slots=True)
class Hints:
    """A server's own words on its tool (MCP tool annotations); None where it says nothing.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#toolannotations
    """

    read_only: bool | None = None
    destructive: bool | None = None
    idempotent: bool | None = None
    open_world: bool | None = None


@dataclass(frozen=True, slots=True)
class Listed:
    """One tool.

    Args:
        name: as the list writes it, checked to be a tool's name.
        description: prose, as written.
        schema: JSON Schema of the arguments as read; None where the list has none.
        no_schema: why the list's own schema cannot be taken; empty where it can, or there is none.
        dialect: of the schema.
        hints: what the server says of it.
        method: the HTTP method in upper case, empty where the tool is no HTTP operation.
        made_up: the name is made of method and path, since the document gives none.
        where: the file, or the server.
        notes: what a person should know of it, a line each, fit for a comment.
        seen: tiers that what was seen of it demands at least, with the reasons.
        secret: places of its arguments to mask, as `args.password`.
        silent: what is said where there is no schema.
    """

    name: str
    description: str = ""
    schema: Any = None
    no_schema: str = ""
    dialect: Dialect = Dialect.JSON_SCHEMA
    hints: Hints = field(default_factory=Hints)
    method: str = ""
    made_up: bool = False
    where: str = ""
    notes: tuple[str, ...] = ()
    seen: tuple[tuple[Tier, str], ...] = ()
    secret: tuple[str, ...] = ()
    silent: str = "the list says nothing of its arguments"


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Something that is not in the draft.

    Args:
        where: the file, or the server.
        what: its name, fit to be shown.
        reason: why.
    """

    where: str
    what: str
    reason: str


@dataclass(frozen=True, slots=True)
class Listing:
    """What one or several lists gave, in their order."""

    tools: tuple[Listed, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    sources: tuple[str, ...] = ()


def doubled(value: Any) -> str:
    """What is ambiguous in an object's own keys (one stands twice, or in two cases); empty where nothing is."""
    try:
        check({} if type(value) is dict else value)  # a plain dict had neither; its parts are looked at apart
    except Malformed as error:
        return error.detail
    return ""
