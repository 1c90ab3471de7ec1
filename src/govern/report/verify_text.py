"""The text of `govern audit verify`: every step with its number, what is wrong under it, and the answer last."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from rich.text import Text as Line

from govern.audit.verifying.contract import Finding, Kind, Status, Step, Verified
from govern.audit.verifying.steps import counted, no_end
from govern.reconstruct.words import moment
from govern.report.console import safe
from govern.report.layout import wrapped

SHOWN = 10
SHOWN_WAITING = 3
_MARGIN = 16


def lines(found: Verified, width: int) -> Iterator[Line]:
    """The report for a terminal.

    Args:
        width: cells of the terminal.
    """
    for number, step in enumerate(found.steps, 1):
        yield from _step(number, step, width)
    yield Line()
    yield from wrapped(Line("signed by   "), _key(found), width, "dim")
    for note in found.notes:
        yield from wrapped(Line("note        "), safe(note), width, "dim")
    for kind in dict.fromkeys(each.kind for each in found.findings):
        yield from wrapped(Line(f"  {kind:<12}", "dim"), kind.meaning, width, "dim")
    head, said = _answer(found)
    style = "bold red" if found.status in (Status.TAMPERED, Status.UNVERIFIABLE) else "bold"
    yield from wrapped(head, ". ".join((said, *_besides(found))), width, style)


def _step(number: int, step: Step, width: int) -> Iterator[Line]:
    wrong = [each for each in step.findings if each.kind is not Kind.UNSEALED]
    waiting = [each for each in step.findings if each.kind is Kind.UNSEALED]
    first = Line(f"{number:>2} {step.name:<11} {'✗ ' if wrong else ''}")
    style = "red" if wrong else "" if step.ran else "dim"
    yield from wrapped(first, safe(step.said if step.ran or step.findings else _idle(step)), width, style)
    for found, most, color in ((wrong, SHOWN, "red"), (waiting, SHOWN_WAITING, "dim")):
        for each in found[:most]:
            yield from wrapped(Line(f"     {each.kind:<10} ", color), _said(each), width)
        if (more := len(found) - most) > 0:
            yield Line(f"     and {more:,} more: --format json")


def _idle(step: Step) -> str:
    return step.said if step.name == "anchor" else "nothing to check"


def _said(found: Finding) -> str:
    row = "" if found.row is None else f" row {found.row:,}"
    event = "" if found.event_id is None else f" (event {safe(found.event_id, 60)})"
    where = f"{safe(found.file, 200)}{row}{event}" if found.file else ""
    return f"{where}: {safe(found.detail)}" if where else safe(found.detail)


def _key(found: Verified) -> str:
    if found.keyid is None:
        return "nobody: the store has no log, or its first record is not there"
    if found.trusted:
        return f"{found.keyid}; trusted by --key: {', '.join(found.trusted)}"
    return f"{found.keyid}, as the store itself says: --key PUB tells whether that is the right one"


def _answer(found: Verified) -> tuple[Line, str]:
    match found.status:
        case Status.OK:
            until = found.anchor.until_ns if found.anchor is not None else None
            up_to = "" if until is None else f"up to {moment(until)}: "
            return Line("ok "), f"{up_to}{_events(found.anchored)} anchored{_later(found)}"
        case Status.UNANCHORED:
            return Line("unanchored: "), (
                f"{_events(found.events)} agree with all that the store says of them, and with nothing outside. A cut "
                "tail, or a past written again with the store's key, cannot be seen. --since CHECKPOINT compares with "
                "one that was held elsewhere (`govern audit checkpoint`)"
            )
        case Status.INCOMPLETE:
            said = [_counts(found)] if any(each.kind is not Kind.UNSEALED for each in found.findings) else []
            if found.parts:
                parts = counted(found.parts, "part")
                said.insert(0, f"{parts} ({_events(found.plain)}) imported and not sealed yet: `govern audit seal`")
            return Line("incomplete: "), f"{'. '.join(said)}; {_anchored(found)}"
        case Status.UNVERIFIABLE:
            first = next(each for each in found.findings if each.kind.status is Status.UNVERIFIABLE)
            return Line("unverifiable: "), _said(first)
        case Status.TAMPERED:
            first = next(each for each in found.findings if each.kind.status is Status.TAMPERED)
            return Line("TAMPERED: "), f"{_counts(found)}. First: {first.kind}, {_said(first)}"


def _besides(found: Verified) -> Iterator[str]:
    """What is gone by right, and what may be gone without anybody being able to tell."""
    if found.retired:
        yield f"{_events(found.retired)} deleted by retention"
    if found.redacted:
        yield f"{counted(found.redacted, 'sensitive value')} redacted"
    if found.unended:
        yield no_end(found.unended)


def _anchored(found: Verified) -> str:
    return f"{_events(found.anchored)} anchored, {found.self_consistent:,} only self-consistent"


def _later(found: Verified) -> str:
    if not found.self_consistent:
        return ""
    return f"; {found.self_consistent:,} later ones only self-consistent (a cut tail among them cannot be seen yet)"


def _events(number: int) -> str:
    return f"{number:,} event" + ("" if number == 1 else "s")


def _counts(found: Verified) -> str:
    kinds: Counter[Kind] = Counter(each.kind for each in found.findings if each.kind is not Kind.UNSEALED)
    total = sum(kinds.values())
    each = ", ".join(f"{kinds[kind]:,} {kind}" for kind in Kind if kind in kinds)
    return f"{total:,} finding{'' if total == 1 else 's'} ({each})"
