"""mini-swe-agent's trajectories: the messages of one run, each with what was done about it in `extra`.

Sources of the format: github.com/SWE-agent/mini-swe-agent (`docs/usage/output_files.md`,
`docs/advanced/v2_migration.md`, `src/minisweagent/models/utils`), and the trajectories published there.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from govern.events.canonical import Json
from govern.events.model import ActorKind, Event, EventType
from govern.ingest import openai
from govern.ingest.adapter import Row
from govern.ingest.arguments import Arguments
from govern.ingest.chat import PROMPTS, Path, Run, messages, plain, text, unusable
from govern.ingest.noted import instant
from govern.ingest.times import unix

FORMAT: Final = "mini-swe-agent-"
SHELL: Final = "bash"
COMMANDS: Final = "commands of which no call is logged, read as calls of `bash`"
UNTOLD: Final = "answers whose commands the log does not tell"
FENCE: Final = "```"
REGEX: Final = r"```bash\s*\n(.*?)\n```"
"""How version 1 finds the command in an answer, where its configuration names no other way."""


def claims(value: dict[str, Json]) -> bool:
    named = value.get("trajectory_format")
    return isinstance(named, str) and named.startswith(FORMAT)


def events(row: Row, value: dict[str, Json], source_format: str) -> list[Event]:
    """The events of a run.

    Raises:
        Unusable: a message has a shape that is not known.
    """
    built = _Mini(row, source_format, row.agent, fenced=_fenced(value))
    built.start({key: item for key, item in value.items() if key != "messages"})
    for index, item in enumerate(messages(value.get("messages"), "messages")):
        built.message(plain(item, "messages", index), ("messages", index))
    return built.events


class _Mini(Run):
    """A run, as long as it is known how its commands were found.

    Args:
        fenced: whether an answer's only fenced block is the command that was run (version 1).
    """

    def __init__(self, row: Row, source_format: str, agent: str | None, *, fenced: bool) -> None:
        super().__init__(row, source_format, agent)
        self._fenced = fenced
        self._waits = False  # a command was run, and the next message brings its output
        self._known = True

    def add(self, kind: EventType, **columns: Any) -> None:
        if kind is EventType.TOOL_RESULT and not self._known:
            columns["status"] = None
        super().add(kind, **columns)

    def message(self, said: dict[str, Json], path: Path) -> None:
        extra = plain(said["extra"], *path, "extra") if said.get("extra") is not None else {}
        when = extra.get("timestamp", said.get("timestamp"))
        at = {} if when is None else {"ts_ns": instant(self.row, lambda: unix(when, "s"))}
        role = _role(said)
        content = said.get("output", said.get("content"))
        if "returncode" in extra or role == "tool" or (role == "user" and self._waits and "actions" not in extra):
            self._waits = False
            self._output(said, extra, at)
        elif role in PROMPTS and "actions" not in extra:
            self.prompt(role, content, **at)
        elif role == "assistant" and said.get("tool_calls"):
            openai.write(self, {**said, "role": role}, path, **at)
        elif role in ("assistant", "user"):
            self._acts(role, content, extra, path, at)
        elif role == "exit":
            status, fidelity = self.content(extra.get("exit_status", content))
            self.add(EventType.SESSION_END, content=status, fidelity=fidelity, **at)
        else:
            raise unusable((*path, "role"), f"is `{role}`, which is no role of a message")

    def _acts(self, role: str, content: Json, extra: dict[str, Json], path: Path, at: dict[str, Any]) -> None:
        """An answer of the model with the commands that were found in it, or the commands of the human at the keys."""
        if role == "assistant":
            self.response(content, **at)
        who = ActorKind.AGENT if role == "assistant" else ActorKind.HUMAN
        if "actions" in extra:
            commands = [
                plain(each, *path, "extra", "actions") for each in messages(extra["actions"], *path, "extra", "actions")
            ]
        elif self._fenced:
            commands = [{"command": found[0]}] if len(found := fenced(content)) == 1 else []
            self._waits = bool(commands)
        else:
            self.row.notes[UNTOLD] += 1
            commands = []
        if commands:
            self.next_message()
        for command in commands:
            self.row.notes[COMMANDS] += 1
            line = text(command.get("command"), *path, "extra", "actions", "command")
            self.propose(SHELL, command.get("tool_call_id"), given(self, line), actor_kind=who, **at)

    def _output(self, said: dict[str, Json], extra: dict[str, Json], at: dict[str, Any]) -> None:
        """A command's output as it was printed, where the log has it; else as the model saw it."""
        code, problem = extra.get("returncode"), extra.get("exception_info")
        error = problem or (f"return code {code}" if isinstance(code, int) and code else None)
        shown = said.get("output", said.get("content"))
        self._known = error is not None or isinstance(code, int)
        self.result(said.get("tool_call_id", said.get("call_id")), None, extra.get("raw_output", shown), error, **at)
        self._known = True


def given(built: Run, command: str) -> Arguments:
    """The arguments of a command of the shell; where they cannot be, its text is kept as `content`."""
    made = built.arguments({"command": command})
    return made if made.args_error is None else replace(made, content=command)


def _role(said: dict[str, Json]) -> str:
    """Who speaks. Messages of the Responses API have a type instead."""
    if said.get("object") == "response":
        return "assistant"
    if said.get("type") == "function_call_output":
        return "tool"
    role = said.get("role")
    return role if isinstance(role, str) else "nobody"


def _fenced(value: dict[str, Json]) -> bool:
    """Whether commands stand in the answers' fenced blocks: in version 1, unless its configuration says otherwise."""
    if value.get("trajectory_format") != FORMAT + "1":
        return False
    at: Json = value
    for step in ("info", "config", "agent"):
        at = at.get(step) if isinstance(at, dict) else None
    return not isinstance(at, dict) or at.get("action_regex", REGEX) == REGEX


def fenced(content: Json) -> list[str]:
    """The blocks of a text that `REGEX` finds, empty ones aside, in time that grows no faster than the text."""
    found: list[str] = []
    at = 0
    while isinstance(content, str) and (start := content.find(FENCE + SHELL, at)) >= 0:
        at = start + len(FENCE + SHELL)
        inner = at
        while content[inner : inner + 1].isspace():
            inner += 1
        if "\n" not in content[at:inner]:
            continue
        end = content.find(f"\n{FENCE}", inner)
        if end < 0:
            break
        found.append(content[inner:end].strip())
        at = end + len(FENCE) + 1
    return found
