"""Turns the chat messages of one run into events, and pairs results with calls.

Call ids are not keys: they are empty for whole models and come again on later calls of the same run. Calls
and results are paired by their position in the run, and an id or a tool's name can only speak against a
pair. A result that no call explains keeps a span of its own; so does a call that has no result.

Leaves out: what is special to a format (where the messages stand, how an error looks): `adapters`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from govern.events import canonical
from govern.events.canonical import Json, Malformed
from govern.events.model import ActorKind, EventType, Fidelity
from govern.ingest.adapter import Row, Unusable
from govern.ingest.arguments import UNCAPTURED, Arguments, kind, storable
from govern.ingest.making import Maker

Path = tuple[str | int, ...]

PROMPTS: Final = {
    "system": ActorKind.SERVICE,
    "developer": ActorKind.SERVICE,
    "user": ActorKind.HUMAN,
}


@dataclass(slots=True)
class _Open:
    """A call that waits for its result."""

    span: str
    id: str
    tool: str


class Run(Maker):
    """Builds the events of one run, in order. Ids are made from the row's digest and the position in it.

    Args:
        row: the run.
        source_format: the adapter's id.
        agent: its name, where the source says it or the caller did.
        common: columns of every event; `trace_id` is the row's digest where it is not given.
    """

    def __init__(self, row: Row, source_format: str, agent: str | None, **common: Any) -> None:
        super().__init__(row, source_format, **{"trace_id": row.digest, "agent": agent, **common})
        self._spans = 0
        self._now: list[_Open] = []  # calls of the last message that made any
        self._earlier: list[_Open] = []

    def start(self, labels: dict[str, Json]) -> None:
        """Opens the run. What the source says of the run as a whole is kept as canonical JSON in `content`."""
        try:
            content, error, fidelity = canonical.text_of(labels), None, Fidelity.RESERIALISED
        except Malformed as problem:
            content, fidelity = None, Fidelity.ABSENT
            error = storable(f"what is said of the run has no single meaning: {problem}")
        self.add(EventType.SESSION_START, content=content, error=error, fidelity=fidelity)

    def prompt(self, role: str, content: Json, **columns: Any) -> None:
        """A message to the model.

        Args:
            role: of `PROMPTS`.
            content: text, or blocks.
            columns: further ones, such as `ts_ns`.
        """
        text, fidelity = self.content(content)
        columns = {"actor_kind": PROMPTS[role], "actor": role, **columns}
        self.add(EventType.PROMPT, content=text, fidelity=fidelity, **columns)

    def response(self, content: Json, **columns: Any) -> None:
        """A message of the model; null beside calls is what was said, and stays null."""
        text, fidelity = self.content(content)
        self.add(EventType.RESPONSE, **{"actor_kind": ActorKind.AGENT, **columns}, content=text, fidelity=fidelity)

    def calls(self, calls: Json, path: Path, **columns: Any) -> None:
        """The calls of one message: `[{id, function: {name, arguments}}]`, null or `[]`.

        Args:
            path: where the list stands in the row, for what is shown of refused arguments.
            columns: further ones of each, such as `ts_ns`.

        Raises:
            Unusable: no such list.
        """
        if calls is None:
            return
        if not isinstance(calls, list):
            raise Unusable(_not(calls, "a list", path))
        if calls:
            self.next_message()
        for index, call in enumerate(calls):
            at = (*path, index)
            function = plain(plain(call, *at).get("function"), *at, "function")
            name = text(function.get("name"), *at, "function", "name")
            arguments = (
                self.arguments(function["arguments"], *at, "function", "arguments")
                if "arguments" in function
                else UNCAPTURED
            )
            self.propose(name, call.get("id"), arguments, **columns)

    def next_message(self) -> None:
        """A message that makes calls begins: results that follow answer it first."""
        self._earlier += self._now
        self._now = []

    def propose(self, name: str, call_id: Json, arguments: Arguments, **columns: Any) -> None:
        """One call of the message."""
        self._spans += 1
        opened = _Open(self.span(self._spans), call_id if isinstance(call_id, str) else "", name)
        self._now.append(opened)
        columns = {"actor_kind": ActorKind.AGENT, **columns}
        self.call(arguments, tool=name, call_id=opened.id or None, span_id=opened.span, **columns)

    def result(self, call_id: Json, tool: Json, content: Json, error: Json, **columns: Any) -> None:
        """A tool's answer.

        Args:
            call_id: what the source calls the answered call, or anything that is no text.
            tool: the tool's name, or None where the source does not say.
            content: the output.
            error: the error's text, or None where it went well.
            columns: further ones, such as `ts_ns`.
        """
        said_id = call_id if isinstance(call_id, str) else ""
        said_tool = tool if isinstance(tool, str) else None
        call = self._answered(said_id, said_tool)
        output, fidelity = self.content(content)
        reason = None if error is None else self.content(error)[0]
        if call is None:
            self._spans += 1
        columns = {"actor_kind": ActorKind.SERVICE, **columns}
        self.add(
            EventType.TOOL_RESULT,
            tool=said_tool if call is None else call.tool,
            call_id=said_id or None,
            span_id=self.span(self._spans) if call is None else call.span,
            content=output,
            status="ok" if error is None else "error",
            error=reason,
            fidelity=fidelity,
            **columns,
        )

    def _answered(self, call_id: str, tool: str | None) -> _Open | None:
        """The open call that a result answers: the first one of the last message that nothing speaks against,
        one with the very same id before one without; else an earlier one with the same id."""
        if self._now and (first := self._now[0]).id == call_id and tool in (None, first.tool):
            return self._now.pop(0)  # nearly always; the rule below says the same
        likely = [call for call in self._now if tool in (None, call.tool)]
        same = [call for call in likely if call_id and call.id == call_id]
        silent = [call for call in likely if not (call_id and call.id)]
        late = [call for call in self._earlier if call_id and call.id == call_id and tool in (None, call.tool)]
        found = next(iter(same or silent or late), None)
        if found is not None:
            (self._earlier if not (same or silent) else self._now).remove(found)
        return found


def plain(value: Json, *path: str | int) -> dict[str, Json]:
    """The value, which must be an object with one meaning: no duplicate keys.

    Args:
        path: where it stands in the row; empty for the row itself.

    Raises:
        Unusable: it is not.
    """
    if type(value) is dict:
        return value
    if not isinstance(value, dict):
        raise Unusable(_not(value, "an object", path))
    try:
        canonical.check(value)
    except Malformed as error:
        raise Unusable(storable(f"{where(path)}: {error}")) from None
    return value


def text(value: Json, *path: str | int) -> str:
    """The value, which must be a text.

    Raises:
        Unusable: it is not.
    """
    if not isinstance(value, str):
        raise Unusable(_not(value, "a text", path))
    return value


def messages(value: Json, *path: str | int) -> list[Json]:
    """The value, which must be a list.

    Raises:
        Unusable: it is not.
    """
    if not isinstance(value, list):
        raise Unusable(_not(value, "a list", path))
    return value


def unusable(path: Path, problem: str) -> Unusable:
    """The refusal of a row for something that stands at a path in it."""
    return Unusable(storable(f"{where(path)} {problem}"))


def _not(value: Json, expected: str, path: Path) -> str:
    return f"no {where(path)}" if value is None else f"{where(path)} is {kind(value)}, not {expected}"


def where(path: Path) -> str:
    """A path for people; made only when something is wrong with what stands there."""
    made = ""
    for step in path:
        made += f"[{step}]" if isinstance(step, int) else f".{step}" if made else step
    return f"`{made}`" if made else "the row"
