"""Which spans are calls of a tool, and what they say of the call: one table of conventions.

Sources: OpenTelemetry's GenAI conventions (1.31 to 1.41, and their own repository since) and MCP conventions;
OpenInference; the instrumentations of Google's ADK, Claude Code, OpenLLMetry, the Vercel AI SDK, Pydantic AI, Strands.

Leaves out: what a model was asked and answered (`spans_answers`), spans that stand for one call together
(`spans_events`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from govern.events import canonical
from govern.events.canonical import Json, Malformed
from govern.events.model import Fidelity
from govern.ingest.answers import literal, opened
from govern.ingest.arguments import UNCAPTURED, Arguments, from_text, from_value
from govern.ingest.spans import NOTHING, Attributes, Said, Span, text

MERGED: Final = "(merged tools)"
"""Google's ADK writes a span of this name over the answers of parallel calls, which have spans of their own."""
NAMES: Final = ("gen_ai.tool.name", "mcp.tool.name", "tool.name", "ai.toolCall.name", "traceloop.entity.name")
IDS: Final = ("gen_ai.tool.call.id", "tool_call.id", "tool.id", "ai.toolCall.id", "tool_use_id")
ARGUMENTS: Final = (
    "gen_ai.tool.call.arguments",
    "gcp.vertex.agent.tool_call_args",
    "mcp.tool.call.arguments",
    "tool_arguments",
    "ai.toolCall.args",
    "ai.toolCall.input",
)
"""Attributes that hold arguments as an object or as text of JSON."""
SHOWN: Final = ("input.value", "traceloop.entity.input")
"""Attributes in which a framework shows what a tool was given, in whatever form."""
RESULTS: Final = (
    "gen_ai.tool.call.result",
    "gcp.vertex.agent.tool_response",
    "mcp.tool.call.result",
    "tool_response",
    "ai.toolCall.result",
    "ai.toolCall.output",
    "output.value",
    "traceloop.entity.output",
)
OTHER_OPERATIONS: Final = frozenset(
    {
        "chat",
        "generate_content",
        "text_completion",
        "embeddings",
        "invoke_agent",
        "create_agent",
        "invoke_workflow",
        "retrieval",
        "plan",
    }
)
NO_ARGUMENTS: Final = "calls without arguments"
NO_RESULT: Final = "results without content"
SOME_ARGUMENTS: Final = "calls with only a part of their arguments"
NOT_JSON: Final = "arguments that are no JSON, and not read"
CLAUDE: Final = "claude_code.tool"
WHOLE: Final = 512
"""Characters: in log records, Claude Code cuts longer values of a tool's input."""


@dataclass(frozen=True, slots=True)
class Call:
    """What a span says of a call.

    Args:
        id: "" where it has none.
        output: None where `answered` is false.
        answered: whether the span says what the tool gave.
        error: None where it went well; "" where it did not, and nothing says why.
        done: whether the tool came to an end.
    """

    tool: str
    id: str
    arguments: Arguments
    output: Json
    answered: bool
    error: str | None
    done: bool
    note: str = ""


def tool(span: Span) -> str | None:
    """The tool that a span called; None where it is no call."""
    about = span.attributes
    operation = span.text("gen_ai.operation.name")
    if span.name.startswith(CLAUDE):
        return _claude_name(span) if span.name == CLAUDE else None
    name = span.text(*NAMES)
    if operation == "execute_tool":
        name = span.text("gen_ai.tool.name") or span.name.removeprefix("execute_tool").strip()
        return None if name == MERGED and _given(about.get(ARGUMENTS[1]))[1] else name or "unnamed"
    if about.get("mcp.method.name") == "tools/call":
        return name or span.name.removeprefix("tools/call").strip() or "unnamed"
    if operation in OTHER_OPERATIONS or about.get("mcp.method.name"):
        return None
    if about.get("openinference.span.kind") == "TOOL" or about.get("traceloop.span.kind") == "tool":
        return span.text("tool.name", *NAMES) or span.name or "unnamed"
    if span.text("ai.toolCall.name"):
        return span.text("ai.toolCall.name")
    return span.text("gen_ai.tool.name")


def _claude_name(span: Span) -> str:
    """The tool; one of an MCP server as Claude Code itself names it, also where its log record says only `mcp_tool`."""
    more = opened(span.attributes.get("tool_parameters"))
    if isinstance(more, dict) and span.attributes.get("tool_name") == "mcp_tool":
        server, name = more.get("mcp_server_name"), more.get("mcp_tool_name")
        if isinstance(server, str) and isinstance(name, str):
            return f"mcp__{server}__{name}"
    return span.text("tool_name", *NAMES) or "unnamed"


def call(span: Span, name: str, below: Sequence[Span], logs: Sequence[Said]) -> Call:
    """What a span says of its call.

    Args:
        span: of which `tool` gave the name.
        below: its children.
        logs: records that were written in it.
    """
    said = [*span.events, *logs]
    arguments, note = _arguments(span.attributes, said)
    output, answered = _output(span.attributes, said)
    error = _error(span, output)
    done = span.end is not None or answered or error is not None
    if span.name == CLAUDE:
        arguments, note = _claude_arguments(span.attributes)
        runs = [child for child in below if child.name == f"{CLAUDE}.execution"]
        logged = span.text("govern.log") == "tool_result"
        done = done and (bool(runs) or answered or logged)  # a call that was turned down has none
        bad = [run for run in runs if run.failed or run.attributes.get("success") is False]
        if error is None and bad:
            error = bad[-1].text("error", "error_class") or bad[-1].problem
    return Call(name, span.text(*IDS) or "", arguments, output, answered, error, done, note)


def _arguments(about: Attributes, said: Sequence[Said]) -> tuple[Arguments, str]:
    for key in ARGUMENTS:
        if key in about:
            return _given(about[key])
    for key in SHOWN:
        if key in about:
            return _shown(about[key])
    for each in said:  # Strands: what the tool was given is an event of its span
        if each.name == "gen_ai.tool.message":
            given = each.attributes.get("content", each.body.get("content") if isinstance(each.body, dict) else None)
            if given is not None:
                return _given(given)
    return UNCAPTURED, NO_ARGUMENTS


def _given(value: Json) -> tuple[Arguments, str]:
    if value is None or (isinstance(value, str) and value in NOTHING):
        return UNCAPTURED, NO_ARGUMENTS
    return (from_text(value) if isinstance(value, str) else from_value(value)), ""


def _shown(value: Json) -> tuple[Arguments, str]:
    """Frameworks write JSON here, or what Python shows of an object; a text alone is not the arguments' names."""
    if value is None or (isinstance(value, str) and value in NOTHING):
        return UNCAPTURED, NO_ARGUMENTS
    found = opened(value)
    if isinstance(found, str):
        read = literal(found)
        if read is None:
            return replace(UNCAPTURED, content=found), NOT_JSON
        found = read
    if not isinstance(found, dict):
        return replace(UNCAPTURED, content=value if isinstance(value, str) else None), NOT_JSON
    inner = found.get("inputs") or found.get("input") if "input_str" in found or "inputs" in found else None
    if isinstance(inner, dict):  # OpenLLMetry, over LangChain
        return from_value(inner), ""
    if set(found) == {"args", "kwargs"} and isinstance(found["kwargs"], dict):  # OpenLLMetry, over a function
        if found["args"]:
            return replace(UNCAPTURED, content=value if isinstance(value, str) else None), NOT_JSON
        return from_value(found["kwargs"]), ""
    return (from_text(value) if isinstance(value, str) and found == opened(value) else from_value(found)), ""


def _claude_arguments(about: Attributes) -> tuple[Arguments, str]:
    """Claude Code writes a tool's whole input only where it is told to, else single attributes of it, or none."""
    given = about.get("tool_input")
    if isinstance(given, str) and given not in NOTHING:
        head, _, rest = given.partition("\n")
        given = rest if head.startswith("[TOOL INPUT: ") else given
        if about.get("tool_input_truncated") is True or ("govern.log" in about and len(given) > WHOLE):
            return replace(UNCAPTURED, content=given, fidelity=Fidelity.TRUNCATED), SOME_ARGUMENTS
        return _given(given)
    more = text(about, "tool_parameters")
    if more is not None:
        return replace(UNCAPTURED, content=more, fidelity=Fidelity.TRUNCATED), SOME_ARGUMENTS
    some = {
        key: about[key]
        for key in ("full_command", "file_path", "url", "skill_name", "subagent_type")
        if isinstance(about.get(key), str)
    }
    if not some:
        return UNCAPTURED, NO_ARGUMENTS
    return replace(UNCAPTURED, content=_written(some), fidelity=Fidelity.TRUNCATED), SOME_ARGUMENTS


def _output(about: Attributes, said: Sequence[Said]) -> tuple[Json, bool]:
    for key in RESULTS:
        if key in about and not _unsaid(about[key]):
            return about[key], True
    told = about.get("new_context")
    if isinstance(told, str) and told.startswith("[TOOL RESULT: "):  # Claude Code
        return told.partition("\n")[2], True
    for each in said:
        if each.name == "tool.output" and "output" in each.attributes:  # Claude Code
            return each.attributes["output"], True
        if each.name == "gen_ai.choice":  # Strands
            given = each.attributes.get("message", each.attributes.get("content"))
            if not _unsaid(given):
                return given, True
    return None, False


def _unsaid(value: Json) -> bool:
    if isinstance(value, str):
        return value in NOTHING or value == '{"result": "<not specified>"}'  # of ADK, where the tool failed
    return value is None


def _error(span: Span, output: Json) -> str | None:
    """Why a call failed: by the span's status, an exception, an attribute, or what the tool answered."""
    bad = answered_badly(output)
    exception, kind = span.exception(), span.text("error.type")
    told = span.attributes.get("success") is False or text(span.attributes, "gen_ai.tool.status") == "error"
    if not (span.failed or exception is not None or kind or bad is not None or told):
        return None
    words = (span.problem if span.problem != kind else None, exception, bad, span.text("error"), kind)
    return next((said for said in words if said), "")


def answered_badly(output: Json) -> str | None:
    """What an answer of a tool says of its failure: MCP's `isError`, or an `error` that says something; else None."""
    answer = opened(output)
    if not isinstance(answer, dict):
        return None
    inside = answer.get("error")
    words = inside.get("message") if isinstance(inside, dict) else inside
    if isinstance(words, str) and words:
        return words
    if inside or answer.get("isError") is True or answer.get("is_error") is True:
        return output if isinstance(output, str) else _written(answer)
    return None


def _written(value: Json) -> str:
    try:
        return canonical.text_of(value)
    except Malformed:
        return ""
