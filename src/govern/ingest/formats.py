"""The log formats that can be read, and what each can carry."""

from __future__ import annotations

from typing import Final

from govern.errors import UsageError
from govern.events.canonical import Json
from govern.findings import did_you_mean
from govern.ingest.adapter import FIELDS, Adapter, FormatInfo
from govern.ingest.adapters import (
    agentdojo,
    anthropic,
    canonical,
    claude_code,
    claude_hooks,
    cloudtrail,
    jaeger,
    langfuse,
    langgraph,
    langsmith,
    mcp_jsonrpc,
    openai_agents,
    openai_chat,
    openai_responses,
    openinference,
    otlp,
    sweagent,
    tau2,
    taubench,
    tempo,
)

ADAPTERS: Final[dict[str, Adapter]] = {
    adapter.info.id: adapter
    for adapter in (
        canonical.ADAPTER,
        claude_code.ADAPTER,
        claude_hooks.ADAPTER,
        cloudtrail.ADAPTER,
        agentdojo.ADAPTER,
        taubench.ADAPTER,
        tau2.ADAPTER,
        sweagent.ADAPTER,
        langfuse.ADAPTER,
        langsmith.ADAPTER,
        langgraph.ADAPTER,
        otlp.ADAPTER,
        tempo.ADAPTER,
        jaeger.ADAPTER,
        openinference.ADAPTER,
        anthropic.ADAPTER,
        openai_agents.ADAPTER,
        openai_responses.ADAPTER,
        openai_chat.ADAPTER,
        mcp_jsonrpc.ADAPTER,
    )
}
"""By id, in the order in which they are asked to recognise a row: the most specific first."""


def named(format_id: str) -> Adapter:
    """The adapter of a format.

    Raises:
        UsageError: there is none of that name.
    """
    try:
        return ADAPTERS[format_id]
    except KeyError:
        raise UsageError(f"`{format_id}` is not a log format", hint=did_you_mean(format_id, ADAPTERS)) from None


def recognise(value: Json) -> Adapter | None:
    """The adapter that claims a row, or None."""
    return next((adapter for adapter in ADAPTERS.values() if adapter.claims(value)), None)


def info(format_id: str | None) -> FormatInfo | None:
    """What is known of a format, or None; `format_id` is an event's `source_format`."""
    adapter = ADAPTERS.get(format_id or "")
    return adapter.info if adapter is not None else None


def carries(format_id: str | None) -> frozenset[str]:
    """The fields of an audit record that a format can carry (`adapter.FIELDS`).

    Args:
        format_id: an event's `source_format`; None for an event that was recorded live, which carries all.
            A name that is not known carries all, so that nothing missing is excused by it.
    """
    known = info(format_id)
    return FIELDS if known is None else known.carries
