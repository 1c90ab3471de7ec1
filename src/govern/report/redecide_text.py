"""The text of `govern reconstruct --redecide`: each decision then and now, those that differ first told in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from rich.text import Text as Line

from govern.reconstruct.chain import Chain
from govern.redecide.decisions import Again, Outcome, Said
from govern.report.console import safe
from govern.report.layout import columns, wrapped

WORDS = {
    Outcome.SAME: "same",
    Outcome.DIFFERS: "DIFFERS",
    Outcome.MISSING: "inputs missing",
    Outcome.UNRECORDED: "no check then",
    Outcome.NO_CALL: "no call",
}


def lines(chain: Chain, found: Sequence[Again], charter: str, width: int) -> Iterator[Line]:
    """The report for a terminal.

    Args:
        found: one for each action of the chain.
        charter: what was decided by, as it was named.
        width: cells of the terminal.
    """
    yield Line(f"{safe(chain.trace_id, 40)}  decided again by {safe(charter, 80)}", "bold")
    yield Line(summary(found))
    if not found:
        return
    yield Line()
    rows = [["action", "tool", "then", "now", ""]]
    for each in found:
        rows.append([str(each.index), safe(each.tool or "?", 40), _effect(each.then), _now(each), WORDS[each.outcome]])
    for line in columns(rows, "><<<<", width=width):
        yield Line(line)
    for each in found:
        if each.outcome is Outcome.SAME:
            continue
        yield Line()
        yield from _told(each, width)


def summary(found: Sequence[Again]) -> str:
    """How many decisions are the same, differ, or could not be taken."""
    counts = Counter(each.outcome for each in found)
    parts = [f"{counts[Outcome.SAME]} the same", f"{counts[Outcome.DIFFERS]} differ"]
    if counts[Outcome.MISSING]:
        parts.append(f"{counts[Outcome.MISSING]} cannot be decided: inputs missing")
    if counts[Outcome.UNRECORDED]:
        parts.append(f"{counts[Outcome.UNRECORDED]} without a recorded check")
    if counts[Outcome.NO_CALL]:
        parts.append(f"{counts[Outcome.NO_CALL]} without a call")
    return f"{len(found)} action{'' if len(found) == 1 else 's'}: {', '.join(parts)}"


def _effect(said: Said | None) -> str:
    return "-" if said is None else safe(said.effect, 20)


def _now(each: Again) -> str:
    if each.range is not None:
        return f"{each.range[0]} to {each.range[1]}"
    return _effect(each.now)


def _told(each: Again, width: int) -> Iterator[Line]:
    head = Line(f"{each.index} {safe(each.tool or '?', 60)}  ", "bold")
    match each.outcome:
        case Outcome.DIFFERS:
            what = "; ".join(each.how)
        case Outcome.MISSING:
            what = f"the record does not tell {', '.join(each.missing)}"
        case Outcome.UNRECORDED:
            what = f"no check is recorded; it would have been {_effect(each.now)}"
        case _:
            what = "no proposal of the agent is recorded, so there is nothing to decide"
    yield from wrapped(head, safe(what), width)
    for name, said in (("then", each.then), ("now", each.now)):
        if said is not None and said.effect != "undecidable":
            yield from wrapped(Line(f"  {name:>4}  "), safe(_said(said)), width)


def _said(said: Said) -> str:
    parts = [said.effect + (f": {', '.join(said.reasons)}" if said.reasons else "")]
    if said.rules:
        parts.append(f"rules {', '.join(said.rules)}")
    if said.gates:
        parts.append(f"gates {', '.join(said.gates)}")
    if said.policy_digest:
        parts.append(f"policy {said.policy_digest.removeprefix('sha256:')[:8]}…")
    return "; ".join(parts)
