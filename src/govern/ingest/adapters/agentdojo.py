"""AgentDojo runs, as JSON lines of `{index, messages, metadata, annotations}`. See `agentdojo.md`.

Source of the format: the Invariant export of AgentDojo (github.com/ethz-spylab/agentdojo).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from govern.events.canonical import Json
from govern.events.model import Event
from govern.ingest.adapter import Aside, FormatInfo, Row, Stateless
from govern.ingest.chat import PROMPTS, Run, messages, plain, text, unusable

INFO: Final = FormatInfo(
    id="agentdojo",
    title="AgentDojo runs",
    carries=frozenset({"prompt", "response", "tool", "args", "output", "errors"}),
    lacks="times, policy checks, approvals",
)


class AgentDojo(Stateless):
    info = INFO

    def claims(self, value: Json) -> bool:
        if not isinstance(value, dict) or not isinstance(metadata := value.get("metadata"), dict):
            return False
        if "messages" in value:
            return "suite_name" in metadata
        return set(value) == {"metadata"} and "benchmark" in metadata

    def events(self, row: Row) -> Sequence[Event]:
        run = plain(row.value)
        metadata = plain(run.get("metadata"), "metadata")
        if set(run) == {"metadata"} and "benchmark" in metadata:
            raise Aside("header")
        found = messages(run.get("messages"), "messages")
        suite = metadata.get("suite_name")
        built = Run(row, INFO.id, suite if isinstance(suite, str) else row.agent)
        built.start({key: value for key, value in run.items() if key != "messages"})
        for index, value in enumerate(found):
            message = plain(value, "messages", index)
            role = text(message.get("role"), "messages", index, "role")
            if role in PROMPTS:
                built.prompt(role, message.get("content"))
            elif role == "assistant":
                built.response(message.get("content"))
                built.calls(message.get("tool_calls"), ("messages", index, "tool_calls"))
            elif role == "tool":
                call = message.get("tool_call")
                tool = call.get("function") if isinstance(call, dict) else None
                built.result(message.get("tool_call_id"), tool, message.get("content"), message.get("error"))
            else:
                raise unusable(("messages", index, "role"), f"is `{role}`, which is no role of a message")
        return built.events


ADAPTER: Final = AgentDojo()
