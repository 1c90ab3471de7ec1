"""Which spans say one call of a tool: the framework's own, those of an MCP client and server inside it.

Leaves out: what one span says (`spans_calls`), calls that stand in a model's answer too (`traced`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from govern.events.canonical import Json
from govern.ingest.answers import meaning
from govern.ingest.spans import Span
from govern.ingest.spans_calls import Call

SAME_CALL: Final = "spans inside a call's span that say the same call"
MARKS: Final = frozenset(
    {"gen_ai.operation.name", "mcp.method.name", "openinference.span.kind", "traceloop.span.kind", "ai.toolCall.name"}
)
"""Each is written by other libraries."""


def once(calls: Mapping[int, tuple[Span, Call]], inner: Sequence[tuple[Span, Span]]) -> list[tuple[Span, Call]]:
    """The calls, each with its outermost span.

    Args:
        calls: every span of a call, by its identity.
        inner: spans of calls that stand in another call's span, with that span; the innermost first.
    """
    made = dict(calls)
    into: dict[int, Span] = {}
    for span, around in inner:
        while id(around) in into:
            around = into[id(around)]
        if around is span:  # spans that are inside of each other
            continue
        outer, said = made[id(around)][1], made[id(span)][1]  # with what spans inside say
        if _again(around, span, outer, said) and _same(outer, said):
            made[id(around)] = (around, _joined(outer, said))
            into[id(span)] = around
            del made[id(span)]
            span.row.notes[SAME_CALL] += 1
    return list(made.values())


def given(made: Call) -> Json:
    """What a call was given, as far as it is known."""
    return made.arguments.args if made.arguments.args is not None else made.arguments.content


def _again(around: Span, inside: Span, outer: Call, inner: Call) -> bool:
    """Whether two spans may have been written for one call: by two libraries, or by the two sides of MCP. One library
    writes one span a call, so a span inside is a call inside, unless both have the same id."""
    sides = [
        span.attributes.get("jsonrpc.request.id") for span in (around, inside) if "mcp.method.name" in span.attributes
    ]
    if len(sides) == 2:
        return None in sides or sides[0] == sides[1]
    return bool(outer.id and outer.id == inner.id) or _library(around) != _library(inside)


def _library(span: Span) -> tuple[str, frozenset[str]]:
    return span.scope, MARKS & set(span.attributes)


def _same(outer: Call, inner: Call) -> bool:
    """Whether an inner span says the call of the outer one again: nothing that both say differs."""
    names = outer.tool == inner.tool or outer.tool.endswith(tuple(mark + inner.tool for mark in "_./:"))
    ids = not outer.id or not inner.id or outer.id == inner.id
    one, other = given(outer), given(inner)
    return names and ids and (one is None or other is None or meaning(one) == meaning(other))


def _joined(outer: Call, inner: Call) -> Call:
    """One call of two spans: what the outer one does not say, the inner one may."""
    missing = outer.arguments.args is None and outer.arguments.args_error is None
    return replace(
        outer,
        id=outer.id or inner.id,
        arguments=inner.arguments if missing else outer.arguments,
        note=inner.note if missing else outer.note,
        output=outer.output if outer.answered else inner.output,
        answered=outer.answered or inner.answered,
        error=inner.error if outer.error is None else outer.error,
    )
