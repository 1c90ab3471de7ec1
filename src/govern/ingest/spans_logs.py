"""Spans for log records whose own spans are not in the source, so that calls and messages in them are not lost.

Claude Code writes its events as log records, outside of any trace where its traces are off; and the log records of an
instrumentation may be kept elsewhere than its spans.

Sources: code.claude.com/docs (monitoring: events), OpenTelemetry's GenAI conventions (events).

Leaves out: log records whose spans are here (`spans_calls`, `spans_answers`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from govern.ingest.spans import Attributes, Log, Said, Span, text
from govern.ingest.spans_answers import DETAILS, MESSAGES
from govern.ingest.spans_calls import CLAUDE
from govern.ingest.traced import digest

NO_SPAN: Final = "log records whose span is not in the source"
OTHERS: Final = "log records that are no call and no message"
CALLS: Final = ("tool_result", "tool_decision")
_MILLISECOND: Final = 1_000_000
_WORDS: Final = {"true": True, "false": False}


def claude(said: Said) -> str:
    """Which event of Claude Code a log record is, without its prefix; empty where it is none."""
    for name in (said.name, said.body):
        if isinstance(name, str) and name.startswith("claude_code."):
            return name.removeprefix("claude_code.")
    if "session.id" in said.attributes and ("event.sequence" in said.attributes or "prompt.id" in said.attributes):
        return said.name
    return ""


def session(log: Log) -> str | None:
    """The session of an event of Claude Code that stands in no trace: its trace."""
    return text(log.said.attributes, "session.id") if claude(log.said) else None


def spans(trace: str, known: Mapping[str, Span], logs: Mapping[str, Sequence[Log]], met: set[str]) -> Iterator[Span]:
    """The spans that log records stand for.

    Args:
        trace: its id.
        known: its spans, by id.
        logs: its log records, by the id of their span; "" where they have none.
        met: ids of Claude Code's calls that have spans.
    """
    ran = {_call_id(log.said) for held in logs.values() for log in held if claude(log.said) == "tool_result"}
    for own, held in logs.items():
        said: list[Log] = []
        for log in held:
            kind = claude(log.said)
            if kind in CALLS:
                name = _call_id(log.said)
                decided = kind == "tool_decision"
                if name and (name in met or (decided and name in ran)):
                    continue
                if decided and not name and text(log.said.attributes, "decision") != "reject":
                    continue  # without an id, what was accepted is known by its result only
                yield _call(trace, log, ended=not decided)
            elif kind == "user_prompt":
                if not any(span.name == "claude_code.interaction" for span in known.values()):
                    yield _prompt(trace, log)
            elif kind:
                log.row.notes[OTHERS] += 1
            elif own not in known:
                said.append(log)
        if said:
            said[0].row.notes[NO_SPAN] += len(said)
            if own and any(log.said.name in MESSAGES or log.said.name == DETAILS for log in said):
                yield _model(trace, own, said)


def _call(trace: str, log: Log, *, ended: bool) -> Span:
    about = dict(log.said.attributes)
    took = _number(about.get("duration_ms")) if ended else None
    at = log.said.at
    about["success"] = _WORDS.get(str(about.get("success")).lower(), True)
    return Span(
        trace=trace,
        id=digest("claude_code", trace, _call_id(log.said) or _unnamed(log))[:16],
        parent=None,
        name=CLAUDE,
        start=None if at is None else at if not ended else at - took * _MILLISECOND if took is not None else None,
        end=at if ended else None,
        attributes={**about, "govern.log": "tool_result" if ended else "tool_decision"},
        row=log.row,
    )


def _prompt(trace: str, log: Log) -> Span:
    about: Attributes = {**log.said.attributes, "user_prompt": log.said.attributes.get("prompt")}
    name = digest("claude_code", trace, "prompt", text(about, "prompt.id") or _unnamed(log))[:16]
    at = log.said.at
    return Span(trace, name, None, "claude_code.interaction", at, at, about, log.row)


def _model(trace: str, own: str, held: Sequence[Log]) -> Span:
    times = [log.said.at for log in held if log.said.at is not None]
    start, end = (min(times), max(times)) if times else (None, None)
    about: Attributes = {"gen_ai.operation.name": "chat", "govern.log": "messages"}
    for log in held:
        about |= {key: each for key, each in log.said.attributes.items() if key.startswith("gen_ai.agent.")}
        about |= {key: each for key, each in log.said.attributes.items() if key == "gen_ai.conversation.id"}
    return Span(trace, own, None, "", start, end, about, held[0].row)


def _call_id(said: Said) -> str:
    return text(said.attributes, "tool_use_id") or ""


def _unnamed(log: Log) -> str:
    return repr((log.said.at, log.said.attributes))


def _number(value: object) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 12:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**11 else None
