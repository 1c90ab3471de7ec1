"""The steps of one action as lines: when, what, how many bytes, and the beginning of what was said."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rich.cells import cell_len
from rich.text import Text as Line

from govern.events.canonical import Malformed, parse
from govern.events.model import Event, EventType
from govern.reconstruct.chain import Action, Chain, Text
from govern.reconstruct.words import clock, span
from govern.report.console import safe
from govern.report.layout import cut, wrapped

_STYLES = {"allow": "green", "approval": "yellow", "deny": "red"}
_WHEN, _WHAT, _SIZE = 13, 9, 7
INPUT_CELLS = 600
"""Of an input that the title had to cut, so much is shown without `--verbatim`."""


def short_digest(digest: str) -> str:
    """Enough of a digest to compare by eye."""
    return safe(digest.removeprefix("sha256:")[:8]) + "…"


def arguments(action: Action) -> str:
    """The input in one line: `number: 812, base: "main"`."""
    given = action.input
    if given is None:
        return "input not recorded"
    if given.args is None:
        return f"input malformed: {safe(given.args_error or 'no reason recorded', 60)}"
    try:
        value = parse(given.args)
    except Malformed:
        return safe(given.args)
    if not isinstance(value, dict):
        return safe(given.args)
    return safe(", ".join(f"{key}: {_compact(item)}" for key, item in value.items()))


def _compact(value: object) -> str:
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


def verdict(action: Action) -> tuple[str, str]:
    """What the deciding check said, in a few words, and its style."""
    check = action.check
    if check is None:
        return "no check recorded", "yellow"
    effect = safe(check.verdict or "no verdict", 20)
    why = ", ".join(check.reasons)
    if check.gates:
        why = f"gate {', '.join(check.gates)}"
    return (f"{effect}: {safe(why, 40)}" if why else effect), _STYLES.get(effect, "yellow")


def title(action: Action) -> str:
    """The call in one line: `merge_pull_request(number: 812)`."""
    return f"{safe(action.tool or '(no tool recorded)', 80)}({arguments(action)})"


def title_room(action: Action, width: int) -> int:
    """Cells that the call has beside its number and its verdict."""
    return max(width - len(f"{action.index} ") - cell_len(verdict(action)[0]) - 2, 20)


class Steps:
    """Says the steps of a chain, remembering what stood there already: a prompt is not repeated."""

    def __init__(self, chain: Chain, width: int, verbatim: bool) -> None:
        self._start = chain.started_ns
        self._width = width
        self._verbatim = verbatim
        self._policies = chain.policy_digests
        self._said: dict[str, int] = {}
        self._clock = True  # the first time of an action is shown in full

    def of(self, action: Action) -> Iterator[Line]:
        """All steps of one action, from the prompt on."""
        self._clock = True
        for name, words in (("prompt", action.prompt), ("response", action.response)):
            if words is None:
                continue
            earlier = self._said.setdefault(words.event.event_id, action.index)
            if earlier == action.index:
                yield from self._words(name, words)
            elif name == "response":
                yield self._row(words.event, name, "", f"the one of action {earlier}")
        for event in action.events:
            yield from self._event(action, event)

    def loose(self, events: Iterable[Event]) -> Iterator[Line]:
        """Steps that belong to no action."""
        self._clock = True
        for event in events:
            yield from self._event(None, event)

    def _event(self, action: Action | None, event: Event) -> Iterator[Line]:
        match event.type:
            case EventType.TOOL_CALL:
                yield self._row(event, "call", "", safe(event.call_id or "", 60))
                yield from self._input(action, event)
            case EventType.POLICY_CHECK:
                yield self._row(event, "check", "", self._checked(event), _STYLES.get(event.verdict or "", "yellow"))
            case EventType.APPROVAL_REQUEST:
                yield self._row(event, "request", "", _asked(event))
            case EventType.APPROVAL_DECISION:
                said, style = _decided(event)
                yield self._row(event, "decision", "", said, style)
            case EventType.TOOL_START:
                again = f"attempt {event.attempt}" if event.attempt is not None and event.attempt > 1 else ""
                yield self._row(event, "start", "", again)
            case EventType.TOOL_RESULT:
                yield from self._result(event)
            case EventType.RETRY:
                yield self._row(event, "retry", "", _told(event), "yellow")
            case EventType.ERROR:
                yield self._row(event, "error", "", _told(event), "red")
            case EventType.ESCALATION:
                to = f"to {safe(event.role, 40)}" if event.role else ""
                why = safe(event.reason or event.content or "", 120)
                yield self._row(event, "escalate", "", f"{to}: {why}" if to and why else to or why, "yellow")
            case _:
                yield self._row(event, str(event.type).replace("_", " "), "", _told(event))

    def _input(self, action: Action | None, event: Event) -> Iterator[Line]:
        """The full input where the title may have cut it, or where it could not be understood."""
        if event.args_error is not None:
            text = Text(event, event.content)
            yield self._row(None, "input", size(text), f"malformed: {safe(event.args_error, 200)}", "red")
            yield from self._block(text, force=True)
        elif event.args is not None and self._verbatim:
            text = Text(event, event.args)
            yield self._row(None, "input", size(text), "canonical JSON")
            yield from self._block(text)
        elif (
            event.args is not None and action is not None and cell_len(title(action)) > title_room(action, self._width)
        ):
            text = Text(event, event.args)
            head = self._row(None, "input", size(text), "")
            shown = arguments(action)
            yield from wrapped(head, cut(shown, INPUT_CELLS), self._width)
            if cell_len(shown) > INPUT_CELLS:
                yield Line(" " * head.cell_len + "--verbatim shows all of it", "dim")

    def _was_cut(self, action: Action) -> bool:
        return cell_len(title(action)) > title_room(action, self._width)

    def _result(self, event: Event) -> Iterator[Line]:
        text = Text(event, event.content)
        failed = event.status == "error" or event.error is not None
        said = [safe(event.status or ("error" if failed else "no status recorded"), 20)]
        if event.error is not None:
            said.append(safe(event.error))
        elif event.content:
            said.append(_quoted(event.content))
        yield self._row(event, "output", size(text), "  ".join(said), "red" if failed else "")
        yield from self._block(text)

    def _words(self, name: str, words: Text) -> Iterator[Line]:
        if words.text is None:
            said = "nothing beside its calls" if words.recorded and name == "response" else "not recorded"
            yield self._row(words.event, name, "", said, "dim")
            return
        who = f"{safe(words.event.actor, 30)}: " if name == "prompt" and words.event.actor else ""
        yield self._row(words.event, name, size(words), who + _quoted(words.text))
        yield from self._block(words)

    def _block(self, words: Text, *, force: bool = False) -> Iterator[Line]:
        """The text in full, where it was asked for."""
        if words.text is None or not (self._verbatim or force):
            return
        kept = words.event.fidelity or "fidelity not stated"
        if self._verbatim:
            yield Line(f"    ┌ {words.size:,} bytes, {words.digest}, {kept}", "dim")
        # Python's splitlines would also break at separators that a terminal may act on; `safe` shows those.
        for line in words.text.split("\n"):
            yield Line.assemble(("    │ ", "dim"), safe(line.removesuffix("\r"), lines=True))

    def _row(self, event: Event | None, what: str, size_of: str, said: str, style: str = "") -> Line:
        when = self._when(event)
        if not size_of and not said:
            return Line.assemble((when, "dim"), what)
        head = Line.assemble((when, "dim"), f"{what:<{_WHAT}} ", (f"{size_of:>{_SIZE}}  " if size_of else "", "dim"))
        return Line.assemble(head, (cut(said, max(self._width - head.cell_len, 20)), style))

    def _when(self, event: Event | None) -> str:
        """Clock time at the first step of an action, then what has passed since the trace began."""
        if self._start is None:
            return "  "
        if event is None or event.ts_ns is None:
            return " " * (_WHEN + 2)
        if self._clock:
            self._clock = False
            return f"  {clock(event.ts_ns):>{_WHEN - 2}}  "
        return f"  {'+' + offset(event.ts_ns - self._start):>{_WHEN - 2}}  "

    def _checked(self, event: Event) -> str:
        parts = [safe(event.verdict or "no verdict", 20)]
        because = ", ".join(event.reasons)
        if because:
            parts[0] += f": {safe(because, 80)}"
        if event.rules:
            parts.append(f"rule {safe(', '.join(event.rules), 80)}")
        if event.gates:
            parts.append(f"asks {safe(', '.join(event.gates), 60)}")
        if event.tier:
            parts.append(safe(event.tier, 20))
        if event.policy_digest and len(self._policies) > 1:
            parts.append(f"policy {short_digest(event.policy_digest)}")
        if event.mode == "shadow":
            parts.append("shadow mode")
        return "; ".join(parts)


def size(text: Text) -> str:
    """Bytes, short: `412 B`, `1.2 kB`."""
    if text.text is None:
        return ""
    if text.size < 1000:
        return f"{text.size} B"
    if text.size < 1_000_000:
        return f"{text.size / 1e3:.1f} kB"
    return f"{text.size / 1e6:.1f} MB"


def offset(ns: int) -> str:
    """Time since the trace began, in one narrow word: `0.81s`, `2m03s`, `1h02m`, `2d04h`."""
    if ns < 60_000_000_000:
        return f"{ns / 1e9:.2f}s"
    seconds = ns // 1_000_000_000
    if seconds < 3600:
        return f"{seconds // 60}m{seconds % 60:02}s"
    if seconds < 86_400:
        return f"{seconds // 3600}h{seconds % 3600 // 60:02}m"
    return f"{seconds // 86_400}d{seconds % 86_400 // 3600:02}h"


def _quoted(text: str) -> str:
    return f'"{safe(text, 400)}"'


def _asked(event: Event) -> str:
    gates = f"gate {safe(', '.join(event.gates), 40)}" if event.gates else "no gate named"
    role = f", role {safe(event.role, 40)}" if event.role else ""
    return f"{gates}{role}  {safe(event.approval_id or '', 60)}".rstrip()


def _decided(event: Event) -> tuple[str, str]:
    words = {"approve": "approved", "deny": "denied", "expired": "expired"}
    decision = words.get(event.decision or "", safe(event.decision or "no decision recorded", 30))
    by = f" by {safe(event.actor, 40)}" if event.actor else " by nobody named"
    role = f" as {safe(event.role, 40)}" if event.role else ""
    why = f": {_quoted(event.reason)}" if event.reason else ""
    own = f"  {safe(event.approval_id, 60)}" if event.approval_id else ""
    return f"{decision}{by}{role}{why}{own}", "green" if event.decision == "approve" else "red"


def _told(event: Event) -> str:
    attempt = f"attempt {event.attempt}" if event.attempt is not None else ""
    why = safe(event.error or event.reason or event.content or "", 200)
    took = span(event.duration_ns) if event.duration_ns is not None else ""
    return "  ".join(part for part in (attempt, why, took) if part)
