"""Turns the chat messages of one run into events, and pairs results with calls.

Call ids are not keys: they are empty for whole models and come again on later calls of the same run. Calls
and results are paired by their position in the run, and an id or a tool's name can only speak against a
pair. A result that no call explains keeps a span of its own; so does a call that has no result.

Leaves out: what is special to a format (where the messages stand, how an error looks): `adapters`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

from govern.events import canonical
from govern.events.canonical import Json, Malformed
from govern.events.model import ActorKind, Event, EventType, Fidelity
from govern.ingest import verbatim
from govern.ingest.adapter import Row, Unusable
from govern.ingest.arguments import UNCAPTURED, Arguments, from_text, from_value, kind, storable

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


class Run:
    """Builds the events of one run, in order. Ids are made from the row's digest and the position in it."""

    def __init__(self, row: Row, source_format: str, agent: str | None) -> None:
        self.events: list[Event] = []
        self._row = row
        self._escape = row.has_surrogates
        self._spans = 0
        self._now: list[_Open] = []  # calls of the last message that made any
        self._earlier: list[_Open] = []
        self._common: dict[str, Any] = {
            "trace_id": row.digest,
            "writer_id": row.writer,
            "agent": self._text(agent),
            "source_format": source_format,
            "source_ref": row.ref,
        }

    def add(self, kind: EventType, **columns: Any) -> None:
        """Adds an event; columns that the run knows itself (ids, agent, source) are filled in."""
        place = len(self.events)
        self.events.append(
            Event(
                event_id=f"{self._row.digest}-{place:06d}",
                type=kind,
                wseq=self._row.wseq + place,
                **columns,
                **self._common,
            )
        )

    def _text(self, text: str | None) -> str | None:
        return storable(text) if text is not None and self._escape else text

    def start(self, labels: dict[str, Json]) -> None:
        """Opens the run. What the source says of the run as a whole is kept as canonical JSON in `content`."""
        try:
            content, error, fidelity = canonical.text_of(labels), None, Fidelity.RESERIALISED
        except Malformed as problem:
            content, fidelity = None, Fidelity.ABSENT
            error = storable(f"what is said of the run has no single meaning: {problem}")
        self.add(EventType.SESSION_START, content=content, error=error, fidelity=fidelity)

    def prompt(self, role: str, content: Json) -> None:
        """A message to the model."""
        text, fidelity = self._content(content)
        self.add(EventType.PROMPT, actor_kind=PROMPTS[role], actor=role, content=text, fidelity=fidelity)

    def response(self, content: Json) -> None:
        """A message of the model; null beside calls is what was said, and stays null."""
        text, fidelity = self._content(content)
        self.add(EventType.RESPONSE, actor_kind=ActorKind.AGENT, content=text, fidelity=fidelity)

    def calls(self, calls: Json, path: Path) -> None:
        """The calls of one message: `[{id, function: {name, arguments}}]`, null or `[]`.

        Args:
            path: where the list stands in the row, for what is shown of refused arguments.

        Raises:
            Unusable: no such list.
        """
        if calls is None:
            return
        if not isinstance(calls, list):
            raise Unusable(_not(calls, "a list", path))
        if calls:
            self._earlier += self._now
            self._now = []
        for index, call in enumerate(calls):
            at = (*path, index)
            function = plain(plain(call, *at).get("function"), *at, "function")
            name = text(function.get("name"), *at, "function", "name")
            self._call(name, call.get("id"), self._arguments(function, (*at, "function", "arguments")))

    def _call(self, name: str, call_id: Json, arguments: Arguments) -> None:
        opened = _Open(self._span(), call_id if isinstance(call_id, str) else "", name)
        self._now.append(opened)
        self.add(
            EventType.TOOL_CALL,
            actor_kind=ActorKind.AGENT,
            tool=self._text(name),
            call_id=self._text(opened.id) or None,
            span_id=opened.span,
            args=arguments.args,
            args_error=arguments.args_error,
            args_digest=arguments.digest,
            content=self._text(arguments.content),
            fidelity=arguments.fidelity,
        )

    def _arguments(self, function: dict[str, Json], path: Path) -> Arguments:
        if "arguments" not in function:
            return UNCAPTURED
        value = function["arguments"]
        if isinstance(value, str):
            return from_text(value)
        made = from_value(value)
        if made.args_error is None:
            return made
        return replace(made, content=verbatim.text_at(self._row.raw, *path))

    def result(self, call_id: Json, tool: Json, content: Json, error: Json) -> None:
        """A tool's answer.

        Args:
            call_id: what the source calls the answered call, or anything that is no text.
            tool: the tool's name, or None where the source does not say.
            content: the output.
            error: the error's text, or None where it went well.
        """
        said_id = call_id if isinstance(call_id, str) else ""
        said_tool = tool if isinstance(tool, str) else None
        call = self._answered(said_id, said_tool)
        output, fidelity = self._content(content)
        reason = None if error is None else self._content(error)[0]
        self.add(
            EventType.TOOL_RESULT,
            actor_kind=ActorKind.SERVICE,
            tool=self._text(said_tool if call is None else call.tool),
            call_id=self._text(said_id) or None,
            span_id=self._span() if call is None else call.span,
            content=output,
            status="ok" if error is None else "error",
            error=reason,
            fidelity=fidelity,
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

    def _span(self) -> str:
        self._spans += 1
        return f"{self._row.digest[:10]}{self._spans:06x}"

    def _content(self, content: Json) -> tuple[str | None, Fidelity]:
        """Text as it is; a list of blocks as canonical JSON, which is not what was sent."""
        if content is None:
            return None, Fidelity.VERBATIM
        if isinstance(content, str):
            kept = storable(content) if self._escape else content
            return kept, Fidelity.VERBATIM if kept == content else Fidelity.RESERIALISED
        try:
            return canonical.text_of(content), Fidelity.RESERIALISED
        except Malformed as error:
            raise Unusable(storable(f"a message's content has no single meaning: {error}")) from None


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
        raise Unusable(storable(f"{_where(path)}: {error}")) from None
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
    return Unusable(storable(f"{_where(path)} {problem}"))


def _not(value: Json, expected: str, path: Path) -> str:
    return f"no {_where(path)}" if value is None else f"{_where(path)} is {kind(value)}, not {expected}"


def _where(path: Path) -> str:
    """A path for people; made only when something is wrong with what stands there."""
    made = ""
    for step in path:
        made += f"[{step}]" if isinstance(step, int) else f".{step}" if made else step
    return f"`{made}`" if made else "the row"
