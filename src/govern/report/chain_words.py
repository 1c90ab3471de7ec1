"""What one event says, in words: its lane, its kind, a line, its texts and everything else that it carries.

The same for every output; nothing here is made harmless yet: an output does that for its own medium. Leaves out where
a step stands in its chain (`chain_told`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, assert_never

from govern.events.canonical import Malformed, digest, parse
from govern.events.model import ActorKind, Event, EventType, Fidelity
from govern.reconstruct.chain import Action, args_digest
from govern.reconstruct.words import span
from govern.report.chain_masks import Opened, brief, mark_of, opened_json, opened_text, short


class Lane(StrEnum):
    """Who acts in a step."""

    MODEL = "model"
    POLICY = "policy"
    HUMAN = "human"
    TOOL = "tool"


class Tone(StrEnum):
    """How a step went; every output says it in words too."""

    PLAIN = "plain"
    GOOD = "good"
    ASKS = "asks"
    BAD = "bad"


LINE: Final = 600
"""Characters of a text that a line may quote."""

_MODEL: Final = frozenset(
    {
        EventType.RESPONSE,
        EventType.TOOL_CALL,
        EventType.RETRY,
        EventType.DELEGATION,
        EventType.MEMORY_READ,
        EventType.MEMORY_WRITE,
        EventType.SESSION_START,
        EventType.SESSION_END,
    }
)
_TOOL: Final = frozenset(
    {EventType.TOOL_START, EventType.TOOL_RESULT, EventType.ERROR, EventType.TOOL_DEFINITION, EventType.CREDENTIAL}
)
_HUMAN: Final = frozenset({EventType.APPROVAL_DECISION, EventType.SIGN_OFF, EventType.BREAK_GLASS, EventType.RELEASE})
_WHAT: Final = {
    EventType.TOOL_CALL: "call",
    EventType.POLICY_CHECK: "check",
    EventType.APPROVAL_REQUEST: "request",
    EventType.APPROVAL_DECISION: "decision",
    EventType.TOOL_START: "start",
    EventType.TOOL_RESULT: "output",
    EventType.ESCALATION: "escalate",
}


@dataclass(frozen=True, slots=True)
class Words:
    """A text as it was recorded, whole.

    Args:
        name: what it is of its event: `prompt`, `input`, `output`, `error`, `reason`, `shown to the approver`.
        text: as recorded, or with its sensitive values where these were opened.
        size: bytes of the recorded text in UTF-8.
        digest: of the recorded text.
        fidelity: how close it is to what was said; None where the record does not say.
        opened: sensitive values stand in it.
    """

    name: str
    text: str
    size: int
    digest: str
    fidelity: Fidelity | None
    opened: bool


def lane(event: Event) -> Lane:
    """Whose step an event is: by who acted, where the record says so, else by its type."""
    match event.actor_kind:
        case ActorKind.HUMAN if event.type in _HUMAN or event.type is EventType.PROMPT:
            return Lane.HUMAN
        case ActorKind.POLICY | ActorKind.SERVICE if event.type is EventType.APPROVAL_DECISION:
            return Lane.POLICY
        case _:
            pass
    if event.type in _HUMAN:
        return Lane.HUMAN
    if event.type in _TOOL:
        return Lane.TOOL
    return Lane.MODEL if event.type in _MODEL or event.type is EventType.PROMPT else Lane.POLICY


def what(event: Event) -> str:
    """The kind of a step in a word or two."""
    return _WHAT.get(event.type, str(event.type).replace("_", " "))


def tone(event: Event) -> Tone:
    """How a step went."""
    match event.type:
        case EventType.POLICY_CHECK:
            return {"allow": Tone.GOOD, "deny": Tone.BAD}.get(event.verdict or "", Tone.ASKS)
        case EventType.APPROVAL_DECISION:
            return Tone.GOOD if event.decision == "approve" else Tone.BAD
        case EventType.TOOL_RESULT:
            return Tone.BAD if failed(event) else Tone.PLAIN
        case EventType.TOOL_CALL:
            return Tone.BAD if event.args_error is not None else Tone.PLAIN
        case EventType.ERROR | EventType.HALT | EventType.BREAK_GLASS:
            return Tone.BAD
        case EventType.RETRY | EventType.ESCALATION | EventType.INSTRUCTIONS_FOUND | EventType.APPROVAL_REQUEST:
            return Tone.ASKS
        case _:
            return Tone.PLAIN


def failed(event: Event) -> bool:
    """Whether a result is a failure."""
    return event.status == "error" or event.error is not None


def line(event: Event, opened: Opened) -> str:
    """What an event says in one line, without its texts' sizes; sensitive marks are short."""
    return brief(_line(event, opened))


def _line(event: Event, opened: Opened) -> str:
    match event.type:
        case EventType.PROMPT:
            who = f"{event.actor}: " if event.actor else ""
            return who + _said(event, opened)
        case EventType.RESPONSE:
            if event.content is None and event.fidelity is Fidelity.VERBATIM:
                return "nothing beside its calls"
            return _said(event, opened)
        case EventType.TOOL_CALL:
            bad = f"input malformed: {event.args_error}" if event.args_error is not None else ""
            return "  ".join(part for part in (event.call_id or "", bad) if part)
        case EventType.POLICY_CHECK:
            return _checked(event)
        case EventType.APPROVAL_REQUEST:
            return _asked(event, opened)
        case EventType.APPROVAL_DECISION:
            return _decided(event, opened)
        case EventType.TOOL_START:
            return f"attempt {event.attempt}" if event.attempt is not None and event.attempt > 1 else ""
        case EventType.TOOL_RESULT:
            said = [event.status or ("error" if failed(event) else "no status recorded")]
            text = event.error if event.error is not None else event.content
            if text:
                said.append(_text(text, opened) if event.error is not None else quoted(text, opened))
            return "  ".join(said)
        case EventType.ESCALATION:
            to = f"to {event.role}" if event.role else ""
            why = _text(event.reason or event.content or "", opened)
            return f"{to}: {why}" if to and why else to or why
        case _:
            return _told(event, opened)


def texts(event: Event, opened: Opened) -> tuple[Words, ...]:
    """Everything of an event that somebody wrote, in full."""
    return tuple(_texts(event, opened))


def _texts(event: Event, opened: Opened) -> Iterator[Words]:
    if event.args is not None:
        yield _words("input" if event.type is EventType.TOOL_CALL else "arguments", event.args, event.fidelity, opened)
    if event.content is not None:
        yield _words(_content_name(event), event.content, event.fidelity, opened)
    if event.error is not None:
        yield _words("error", event.error, None, opened)
    if event.reason is not None and event.type is not EventType.POLICY_LOADED:
        yield _words("reason", event.reason, None, opened)


def _content_name(event: Event) -> str:
    match event.type:
        case EventType.TOOL_CALL:
            return "input as it was written" if event.args_error is not None else "what is known of the input"
        case EventType.APPROVAL_REQUEST | EventType.APPROVAL_DECISION:
            return "shown to the approver"
        case _:
            return what(event)


def _words(name: str, recorded: str, fidelity: Fidelity | None, opened: Opened) -> Words:
    size = len(recorded.encode("utf-8", "surrogatepass"))
    shown = opened_text(recorded, opened) if not name.startswith(("input", "arguments")) else _opened(recorded, opened)
    return Words(name, shown, size, digest(recorded), fidelity, shown != recorded)


def _opened(args: str, opened: Opened) -> str:
    if not opened:
        return args
    from govern.events.canonical import text_of

    try:
        return text_of(opened_json(parse(args), opened))
    except Malformed:
        return opened_text(args, opened)


def facts(event: Event) -> tuple[tuple[str, str], ...]:
    """All else that an event carries, by name, as it is recorded."""
    given: list[tuple[str, str | None]] = [
        ("event", event.event_id),
        ("writer", f"{event.writer_id}, number {event.wseq:,}"),
        ("span", event.span_id),
        ("parent span", event.parent_span_id),
        ("session", event.session_id),
        ("agent", _versioned(event)),
        ("actor", _by(event)),
        ("role", event.role),
        ("tool", event.tool),
        ("call", event.call_id),
        ("attempt", None if event.attempt is None else str(event.attempt)),
        ("tier", event.tier),
        ("verdict", event.verdict),
        ("reasons", ", ".join(event.reasons) or None),
        ("rules", ", ".join(event.rules) or None),
        ("gates", ", ".join(event.gates) or None),
        ("policy", event.policy_digest),
        ("deployment", event.deployment_digest),
        ("mode", event.mode),
        ("approval", event.approval_id),
        ("decision", event.decision),
        ("arguments", args_digest(event)),
        ("malformed", event.args_error),
        ("result", event.result_digest),
        ("status", event.status),
        ("duration", None if event.duration_ns is None else span(event.duration_ns)),
        ("masked", ", ".join(short(one) for one in event.commitments) or None),
        ("source", _source(event)),
    ]
    return tuple((name, value) for name, value in given if value)


def _versioned(event: Event) -> str | None:
    return f"{event.agent} v{event.agent_version}" if event.agent and event.agent_version else event.agent


def _by(event: Event) -> str | None:
    if event.actor_kind is None:
        return event.actor
    match event.actor_kind:
        case ActorKind.AGENT | ActorKind.HUMAN | ActorKind.POLICY | ActorKind.SERVICE as kind:
            return f"{event.actor} ({kind})" if event.actor else str(kind)
        case _ as never:
            assert_never(never)


def _source(event: Event) -> str | None:
    return " ".join(part for part in (event.source_format, event.source_ref) if part) or None


def quoted(text: str, opened: Opened) -> str:
    """The beginning of a text in quotation marks."""
    return f'"{_text(text, opened)}"'


def _text(text: str, opened: Opened) -> str:
    # Marks are opened before the cut: half a mark would stay unopened.
    shown = brief(opened_text(text[: 4 * LINE], opened))
    return shown if len(shown) <= LINE and len(text) <= 4 * LINE else shown[: LINE - 1] + "…"


def _said(event: Event, opened: Opened) -> str:
    if event.content is not None:
        return quoted(event.content, opened)
    return "not recorded" if event.result_digest is None else f"not kept, digest {event.result_digest}"


def _checked(event: Event) -> str:
    head = event.verdict or "no verdict"
    parts = [f"{head}: {', '.join(event.reasons)}" if event.reasons else head]
    if event.rules:
        parts.append(f"rule {', '.join(event.rules)}")
    if event.gates:
        parts.append(f"asks {', '.join(event.gates)}")
    if event.tier:
        parts.append(event.tier)
    if event.mode == "shadow":
        parts.append("shadow mode")
    return "; ".join(parts)


def _asked(event: Event, opened: Opened) -> str:
    gates = f"gate {', '.join(event.gates)}" if event.gates else "no gate named"
    role = f", role {event.role}" if event.role else ""
    shown = f"  shown: {quoted(event.content, opened)}" if event.content else ""
    return f"{gates}{role}  {event.approval_id or ''}".rstrip() + shown


def _decided(event: Event, opened: Opened) -> str:
    words = {"approve": "approved", "deny": "denied", "expired": "expired"}
    decision = words.get(event.decision or "", event.decision or "no decision recorded")
    by = f" by {event.actor}" if event.actor else " by nobody named"
    role = f" as {event.role}" if event.role else ""
    why = f": {quoted(event.reason, opened)}" if event.reason else ""
    own = f"  {event.approval_id}" if event.approval_id else ""
    return f"{decision}{by}{role}{why}{own}"


def _told(event: Event, opened: Opened) -> str:
    attempt = f"attempt {event.attempt}" if event.attempt is not None else ""
    who = f"by {event.actor}" if event.actor and event.type in _HUMAN else ""
    role = f"as {event.role}" if event.role else ""
    why = _text(event.error or event.reason or event.content or "", opened)
    policy = event.policy_digest if event.type in (EventType.POLICY_LOADED, EventType.MODE_CHANGE) else None
    named = f"policy {policy.removeprefix('sha256:')[:8]}…" if policy else ""
    mode = f"{event.mode} mode" if event.mode and event.type is EventType.MODE_CHANGE else ""
    took = span(event.duration_ns) if event.duration_ns is not None else ""
    status = event.status or ""
    return "  ".join(part for part in (attempt, who, role, named, mode, status, why, took) if part)


def call(action: Action, opened: Opened) -> str:
    """The call in one line: `merge_pull_request(number: 812)`."""
    return brief(f"{action.tool or '(no tool recorded)'}({arguments(action.input, opened)})")


def arguments(given: Event | None, opened: Opened) -> str:
    """An input in one line: `number: 812, base: "main"`; values that are marks are named so."""
    if given is None:
        return "input not recorded"
    if given.args is None:
        return f"input malformed: {given.args_error or 'no reason recorded'}"
    try:
        value = opened_json(parse(given.args), opened)
    except Malformed:
        return given.args
    if not isinstance(value, dict):
        return given.args
    return ", ".join(f"{key}: {_compact(item)}" for key, item in value.items())


def _compact(value: Any) -> str:
    if (mark := mark_of(value)) is not None:
        return mark
    match value:
        case str():
            return '"' + value + '"'
        case bool():
            return "true" if value else "false"
        case None:
            return "null"
        case list():
            return "[" + ", ".join(map(_compact, value)) + "]"
        case dict():
            return "{" + ", ".join(f"{key}: {_compact(item)}" for key, item in value.items()) + "}"
        case _:
            return str(value)


def verdict(action: Action) -> tuple[str, Tone]:
    """What the deciding check said, in a few words, and how it went."""
    check = action.check
    if check is None:
        return "no check recorded", Tone.ASKS
    effect = check.verdict or "no verdict"
    why = f"gate {', '.join(check.gates)}" if check.gates else ", ".join(check.reasons)
    return (f"{effect}: {why}" if why else effect), tone(check)


def size(count: int) -> str:
    """Bytes, short: `412 B`, `1.2 kB`."""
    if count < 1000:
        return f"{count} B"
    return f"{count / 1e3:.1f} kB" if count < 1_000_000 else f"{count / 1e6:.1f} MB"
