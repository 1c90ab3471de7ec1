"""tau-bench runs: a JSON array of `{task_id, reward, info, traj, trial}`. See `taubench.md`.

Source of the format: github.com/sierra-research/tau-bench, `historical_trajectories`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from govern.events.canonical import Json
from govern.events.model import Event
from govern.ingest.adapter import FormatInfo, Row, Stateless
from govern.ingest.chat import PROMPTS, Run, messages, plain, text, unusable

INFO: Final = FormatInfo(
    id="taubench",
    title="tau-bench runs",
    carries=frozenset({"prompt", "response", "tool", "args", "output", "errors"}),
    lacks="times, policy checks, approvals, the agent's name",
)
ERROR: Final = "Error"
"""There is no field for errors: an output that starts with this word is one."""


class TauBench(Stateless):
    info = INFO

    def claims(self, value: Json) -> bool:
        return isinstance(value, dict) and {"task_id", "traj"} <= set(value)

    def events(self, row: Row) -> Sequence[Event]:
        run = plain(row.value)
        found = messages(run.get("traj"), "traj")
        built = Run(row, INFO.id, row.agent)
        built.start({key: value for key, value in run.items() if key != "traj"})
        for index, value in enumerate(found):
            message = plain(value, "traj", index)
            role = text(message.get("role"), "traj", index, "role")
            content = message.get("content")
            if role in PROMPTS:
                built.prompt(role, content)
            elif role == "assistant":
                if message.get("function_call") is not None:
                    raise unusable(("traj", index, "function_call"), "is the old form of a call, which is not read")
                built.response(content)
                built.calls(message.get("tool_calls"), ("traj", index, "tool_calls"))
            elif role == "tool":
                failed = isinstance(content, str) and content.startswith(ERROR)
                built.result(message.get("tool_call_id"), message.get("name"), content, content if failed else None)
            else:
                raise unusable(("traj", index, "role"), f"is `{role}`, which is no role of a message")
        return built.events


ADAPTER: Final = TauBench()
