"""Which events say something, and who says it; and what a call's conditions ask of it (`origin`).

| event | counts as |
|---|---|
| prompt of a human | typed |
| prompt of a service whose actor is `system` or `developer` | trusted: the operator's |
| prompt of anybody else: an agent, another service | untrusted |
| result, error, memory read of a tool that the charter trusts | trusted |
| of any other, or of none; a delegation | untrusted |

A prompt of which the log does not say whose it is may be anybody's: what depends on it is uncaptured. So is what
depends on content that the log does not have, or has in part. Leaves out order: who hears is told in order.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, Final, Protocol

from govern.conditions.inputs import Path, operand_key, path_of
from govern.conditions.python import place
from govern.conditions.tree import Call, walk
from govern.events.canonical import Malformed, parse
from govern.events.model import ActorKind, EventType, Fidelity
from govern.policy.model import Policy
from govern.policy.origin import NAMED, ORIGIN, By, Missing, Said

SAYING: Final = (
    EventType.PROMPT, EventType.TOOL_RESULT, EventType.ERROR, EventType.MEMORY_READ, EventType.DELEGATION,
)  # fmt: skip
"""The events whose content was said to the agent."""

OPERATOR: Final = ("system", "developer")
_WHOLE: Final = (Fidelity.VERBATIM, Fidelity.RESERIALISED)
_TEXT_BLOCKS: Final = ("text", "input_text", "output_text")

Fill = Callable[[str, dict[str, Any]], dict[str, Any]]
Asked = Mapping[str, tuple[str, Path]]
"""By key of `conditions.Inputs`: ORIGIN or NAMED, and the path that begins with `args`."""


class Saying(Protocol):
    """What is read of an event; each as in `events.model.Event`."""

    @property
    def type(self) -> EventType: ...
    @property
    def actor_kind(self) -> ActorKind | None: ...
    @property
    def actor(self) -> str | None: ...
    @property
    def tool(self) -> str | None: ...
    @property
    def content(self) -> str | None: ...
    @property
    def error(self) -> str | None: ...
    @property
    def fidelity(self) -> Fidelity | None: ...


def trusted_tools(policy: Policy) -> frozenset[str]:
    """The tools whose output is believed: none where the charter does not say."""
    return frozenset(policy.untrusted.trusted) if policy.untrusted else frozenset()


def by(event: Saying, trusted: Collection[str]) -> By | None:
    """Who says something with an event of SAYING; None where the log does not say whose prompt it is.

    Args:
        trusted: the tools whose output is believed.
    """
    if event.type is EventType.PROMPT:
        match event.actor_kind:
            case ActorKind.HUMAN:
                return By.TYPED
            case None:
                return None
            case ActorKind.SERVICE if event.actor in OPERATOR:
                return By.TRUSTED
            case _:
                return By.UNTRUSTED
    if event.type is EventType.DELEGATION:
        return By.UNTRUSTED
    return By.TRUSTED if event.tool is not None and event.tool in trusted else By.UNTRUSTED


def hear(said: Said, event: Saying, trusted: Collection[str]) -> Said:
    """What was said, after one more event.

    Args:
        event: one of SAYING.
        trusted: the tools whose output is believed.
    """
    whose = by(event, trusted)
    if whose is None:
        return said.lacking(By.TYPED, By.UNTRUSTED, size=size(event))
    said = said.plus(whose, texts(event, whose), size(event))
    return said if is_whole(event) else said.lacking(whose)


def size(event: Saying) -> int:
    """How many characters an event says, as recorded."""
    return len(event.content or "") + len(event.error or "")


def is_whole(event: Saying) -> bool:
    """Whether the log has all that an event said."""
    if event.content is None and event.error is None:
        return event.fidelity in _WHOLE
    return event.fidelity is None or event.fidelity in _WHOLE


def texts(event: Saying, whose: By) -> list[str]:
    """What an event says: its content and its error. Of a list of blocks the text of each, as it was typed; of what
    is untrusted the list itself too, whatever stands in it."""
    found = [text for text in (event.content, event.error) if text]
    blocks = _blocks(event)
    if blocks is None:
        return found
    return [*found, *blocks] if whose is By.UNTRUSTED else [*blocks, *found[1:]]


def _blocks(event: Saying) -> list[str] | None:
    """The texts of a content that was a list of blocks and is kept as canonical JSON."""
    if event.fidelity is not Fidelity.RESERIALISED or event.content is None or not event.content.startswith("[{"):
        return None
    try:
        value = parse(event.content)
    except Malformed:
        return None
    return [
        block["text"]
        for block in value
        if isinstance(block, dict) and block.get("type") in _TEXT_BLOCKS and isinstance(block.get("text"), str)
    ]


# -- what is asked ---------------------------------------------------------------------------------------


def asked(policy: Policy) -> dict[str, Asked]:
    """What the conditions of each tool ask of what was said; without the tools that ask nothing."""
    found: dict[str, Asked] = {}
    for name, tool in policy.tools.items():
        keys = {
            operand_key(node.fn, node.operands[0]): (node.fn, path)
            for condition in tool.conditions
            for node in walk(condition.tree)
            if isinstance(node, Call) and node.fn in (ORIGIN, NAMED)
            if (path := path_of(node.operands[0])) is not None
        }
        if keys:
            found[name] = keys
    return found


def answers(said: Said, keys: Asked, args: dict[str, Any]) -> dict[str, str | bool | None]:
    """What was asked, by key of `conditions.Inputs`: None is unknown, and what the log does not have is not there.

    Args:
        said: before the call.
        args: normalised, with defaults.
    """
    found: dict[str, str | bool | None] = {}
    for key, (fn, path) in keys.items():
        answer = said.answer(fn, place({"args": args}, path))
        if not isinstance(answer, Missing):
            found[key] = answer
    return found
