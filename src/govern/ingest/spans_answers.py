"""Which spans are calls of a model, what it was asked and what it answered: one table of conventions.

Sources: OpenTelemetry's GenAI conventions (the attributes `gen_ai.input.messages`, `gen_ai.output.messages` and
`gen_ai.system_instructions` since 1.37; before, the events `gen_ai.user.message`, `gen_ai.choice` and others; before
1.28, `gen_ai.prompt` and `gen_ai.completion`), OpenInference, ADK, OpenLLMetry, the Vercel AI SDK, Claude Code.

Leaves out: which of the calls that a model proposes ran (`traced`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from govern.events.canonical import Json
from govern.ingest.answers import Proposed, opened, proposed
from govern.ingest.spans import NOTHING, Attributes, Said, Span, nested

MODELS: Final = frozenset({"chat", "generate_content", "text_completion", "completion"})
AGENTS: Final = frozenset({"invoke_agent", "create_agent", "invoke_workflow"})
ROLES: Final = {"user": "user", "human": "user", "system": "system", "developer": "system", "tool": "tool"}
DETAILS: Final = "gen_ai.client.inference.operation.details"
_EVENTS: Final = {
    "gen_ai.system.message": "system",
    "gen_ai.user.message": "user",
    "gen_ai.assistant.message": "assistant",
    "gen_ai.tool.message": "tool",
}
MESSAGES: Final = frozenset({*_EVENTS, "gen_ai.choice"})
_CALLS: Final = ("tool_call", "function_call", "tool_use", "server_tool_call")
_ANSWERS: Final = ("tool_call_response", "function_call_output", "tool_result", "server_tool_call_response")


@dataclass(frozen=True, slots=True)
class Answer:
    """A tool's result, as the model was told it."""

    id: str
    tool: str
    output: Json


@dataclass(frozen=True, slots=True)
class Message:
    """One message, in whatever shape it stood.

    Args:
        role: system, user, assistant or tool.
        content: a text, or what there is beside calls and results; None where it says nothing.
        calls: that it proposes.
        answers: that it carries.
    """

    role: str
    content: Json
    calls: tuple[Proposed, ...] = ()
    answers: tuple[Answer, ...] = ()


@dataclass(frozen=True, slots=True)
class Exchange:
    """One call of a model. `said` is whether anything of it was captured."""

    asked: tuple[Message, ...] = ()
    answered: tuple[Message, ...] = ()

    @property
    def said(self) -> bool:
        return bool(self.asked or self.answered)

    def new(self) -> tuple[Message, ...]:
        """What the model had not been asked before: what follows its own last message."""
        last = max((place for place, each in enumerate(self.asked) if each.role == "assistant"), default=-1)
        return tuple(each for each in self.asked[last + 1 :] if each.role == "user")

    def system(self) -> tuple[Message, ...]:
        return tuple(each for each in self.asked if each.role == "system")


def model(span: Span) -> bool:
    """Whether a span is a call of a model."""
    about = span.attributes
    if span.text("gen_ai.operation.name") in MODELS or about.get("openinference.span.kind") == "LLM":
        return True
    if about.get("llm.request.type") in ("chat", "completion") or span.name == "claude_code.llm_request":
        return True
    if "gen_ai.operation.name" in about:
        return False
    return span.name == "call_llm" or span.name in ("ai.generateText.doGenerate", "ai.streamText.doStream")


def agent(span: Span) -> bool:
    """Whether a span is an agent at work."""
    about = span.attributes
    return (
        span.text("gen_ai.operation.name") in AGENTS
        or about.get("openinference.span.kind") == "AGENT"
        or about.get("traceloop.span.kind") == "agent"
        or span.name == "claude_code.interaction"
    )


def exchange(span: Span, logs: Sequence[Said]) -> Exchange:
    """What a span of a model or an agent was asked and answered, from the first convention that says it.

    Args:
        logs: records that were written in it.
    """
    about = dict(span.attributes)
    said = [*span.events, *logs]
    for each in said:
        if each.name == DETAILS or each.name in ("gen_ai.content.prompt", "gen_ai.content.completion"):
            held = each.body if isinstance(each.body, dict) else {}
            for key, value in [*held.items(), *each.attributes.items()]:
                if key.startswith("gen_ai."):
                    about.setdefault(key, value)
    asked, answered = list(_asked(about)), list(_answered(about))
    if not asked:
        asked = [m for each in said if each.name in _EVENTS for m in [_event(each, _EVENTS[each.name])] if _says(m)]
    if not answered:
        answered = [m for each in said if each.name == "gen_ai.choice" for m in [_choice(each)] if _says(m)]
    return Exchange(tuple(asked), tuple(answered))


def _asked(about: Attributes) -> Iterator[Message]:
    for key in ("gen_ai.input.messages", "gen_ai.prompt", "ai.prompt.messages"):
        found = _messages(about.get(key), "user")
        if found:
            yield from _system(about.get("gen_ai.system_instructions"))
            yield from found
            return
    yield from _system(about.get("gen_ai.system_instructions"))
    request = opened(about.get("gcp.vertex.agent.llm_request"))
    if isinstance(request, dict) and request.get("contents"):
        config = request.get("config")
        yield from _system(config.get("system_instruction") if isinstance(config, dict) else None)
        yield from _messages(request["contents"], "user")
        return
    for key in ("gen_ai.prompt", "llm.input_messages", "gen_ai.input.messages"):
        found = _messages(nested(about, key), "user")
        if found:
            yield from found
            return
    for key in ("user_prompt", "input.value", "traceloop.entity.input"):
        text = about.get(key)
        if isinstance(text, str) and text not in NOTHING:
            found = _messages(_inside(opened(text)), "user") if key != "user_prompt" else []
            yield from found or [Message("user", text)]
            return


def _answered(about: Attributes) -> Iterator[Message]:
    for key in ("gen_ai.output.messages", "gen_ai.completion"):
        found = _messages(about.get(key), "assistant")
        if found:
            yield from found
            return
    response = opened(about.get("gcp.vertex.agent.llm_response"))
    if isinstance(response, dict) and isinstance(response.get("content"), dict):
        yield from _messages([response["content"]], "assistant")
        return
    for key in ("gen_ai.completion", "llm.output_messages", "gen_ai.output.messages"):
        found = _messages(nested(about, key), "assistant")
        if found:
            yield from found
            return
    text, calls = about.get("ai.response.text"), opened(about.get("ai.response.toolCalls"))
    if isinstance(text, str) or isinstance(calls, list):
        listed = calls if isinstance(calls, list) else []
        proposals = [
            _vercel(each) for each in listed if isinstance(each, dict) and isinstance(each.get("toolName"), str)
        ]
        yield Message("assistant", text if isinstance(text, str) and text else None, tuple(proposals))
        return
    keys = ("response.model_output", "output.value", "traceloop.entity.output")
    text = next((about[key] for key in keys if key in about), None)
    if isinstance(text, str) and text not in NOTHING:
        yield Message("assistant", text, tuple(proposed(text)))


def _vercel(value: Attributes) -> Proposed:
    key = "input" if "input" in value else "args"
    given = value.get("toolCallId")
    return Proposed(value["toolName"], given if isinstance(given, str) else "", value.get(key), key in value)


def _inside(value: Json) -> Json:
    return value.get("messages") if isinstance(value, dict) else value if isinstance(value, list) else None


def _system(value: Json) -> Iterator[Message]:
    found = opened(value)
    if isinstance(found, dict):
        found = found.get("parts", found.get("content", found))
    content = _content(found if isinstance(found, list) else [found])[0]
    if content is not None:
        yield Message("system", content)


def _messages(value: Json, role: str) -> list[Message]:
    found = opened(value)
    if isinstance(found, dict):
        found = found.get("messages", [found])
    if isinstance(found, str):
        return [Message(role, found)] if found not in NOTHING else []
    made = [_message(each, role) for each in found if each is not None] if isinstance(found, list) else []
    return [each for each in made if _says(each)]


def _says(message: Message) -> bool:
    return message.content is not None or bool(message.calls or message.answers)


def _message(value: Json, role: str) -> Message:
    """A message of any of the shapes: with `parts`, with `content` and `tool_calls`, or wrapped in `message`."""
    if not isinstance(value, dict):
        return Message(role, value)
    wrapped = value.get("message")
    if isinstance(wrapped, dict):
        value = {**wrapped, **{key: each for key, each in value.items() if key in ("role", "tool_calls")}}
    given = value.get("role")
    named = ROLES.get(given, "assistant") if isinstance(given, str) else role
    inner = opened(value.get("content")) if isinstance(value.get("content"), str) else value.get("content")
    if isinstance(inner, dict) and "parts" in inner:  # Gemini's content in an event
        parts: Json = inner["parts"]
        named = ROLES.get(inner["role"], "assistant") if isinstance(inner.get("role"), str) else named
    elif "parts" in value:
        parts = value["parts"]
    else:
        parts = value.get("contents", value.get("content"))
        if isinstance(parts, str) and named == "tool":
            parts = [
                {"type": "tool_call_response", "id": value.get("tool_call_id", value.get("id")), "response": parts}
            ]
    content, calls, answers = _content(parts if isinstance(parts, list) else [parts])
    listed = value.get("tool_calls")
    unwrapped = [
        each["tool_call"] if isinstance(each, dict) and isinstance(each.get("tool_call"), dict) else each
        for each in (listed if isinstance(listed, list) else [])
    ]
    calls += tuple(proposed({"tool_calls": unwrapped, "function_call": value.get("function_call")}))
    if answers and named == "user" and content is None:
        named = "tool"
    return Message(named, content, calls, answers)


def _content(parts: list[Json]) -> tuple[Json, tuple[Proposed, ...], tuple[Answer, ...]]:
    """What parts say, propose and answer."""
    kept: list[Json] = []
    calls: list[Proposed] = []
    answers: list[Answer] = []
    for part in parts:
        if isinstance(part, dict) and isinstance(part.get("message_content"), dict):  # OpenInference
            part = part["message_content"]
        if not isinstance(part, dict):
            if part is not None and not (isinstance(part, str) and part in NOTHING):
                kept.append(part)
            continue
        kind = part.get("type")
        called = part.get("function_call", part.get("functionCall"))
        answer = part.get("function_response", part.get("functionResponse"))
        if isinstance(called, dict) and isinstance(called.get("name"), str):
            given = called.get("args")
            calls.append(Proposed(called["name"], _text(called, "id"), {} if given is None else given, True))
        elif isinstance(answer, dict):
            answers.append(Answer(_text(answer, "id"), _text(answer, "name"), answer.get("response")))
        elif kind in _CALLS:
            calls += _part_call(part, kind)
        elif kind in _ANSWERS:
            output = next((part[key] for key in ("response", "result", "output", "content") if key in part), None)
            answers.append(Answer(_text(part, "id", "call_id", "tool_use_id"), _text(part, "name"), output))
        else:
            held = {key: each for key, each in part.items() if each is not None}
            words = held.get("content", held.get("text"))
            alone = set(held) <= {"type", "content", "text"} and kind in (None, "text")
            if not (alone and (words is None or (isinstance(words, str) and words in NOTHING))):
                kept.append(words if alone else held)
    content = None if not kept else kept[0] if len(kept) == 1 else kept
    return content, tuple(calls), tuple(answers)


def _part_call(part: Attributes, kind: str) -> list[Proposed]:
    if kind == "server_tool_call" and isinstance(part.get("name"), str):
        return [Proposed(part["name"], _text(part, "id"), part.get("server_tool_call"), "server_tool_call" in part)]
    return proposed(part)


def _event(said: Said, role: str) -> Message:
    """A message that is an event, or a log record."""
    held = said.body if isinstance(said.body, dict) else {}
    value = {**{key: said.attributes[key] for key in ("content", "role", "tool_calls", "id") if key in said.attributes}}
    value |= held
    if isinstance(said.body, str):
        value["content"] = said.body
    if role in ("tool", "system") or "role" not in value:
        value["role"] = role
    return _message(value, role)


def _choice(said: Said) -> Message:
    value = {**said.attributes, **(said.body if isinstance(said.body, dict) else {})}
    if isinstance(value.get("message"), str):
        value = {"content": opened(value["message"]), "role": "assistant"}
    value.pop("role", None) if not isinstance(value.get("message"), dict) else None
    return _message(value, "assistant")


def _text(value: Attributes, *keys: str) -> str:
    return next((value[key] for key in keys if isinstance(value.get(key), str)), "")
