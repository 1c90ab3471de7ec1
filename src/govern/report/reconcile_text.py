"""The text of `govern audit reconcile`: the answer, what differs, what was compared and what was not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import median

from govern.evidence.executions import Ran
from govern.evidence.reconcile import Kind, Pair
from govern.evidence.sources import Compared
from govern.reconstruct.words import iso, moment, span
from govern.report.chain_text import plural
from govern.report.console import safe
from govern.report.import_text import refusals

SHOWN = 20
TITLES = {
    Kind.NEVER_WRITTEN: "executed by the second source's account, and never written to the store",
    Kind.ONLY_IN_STORE: "written to the store, and not seen by the second source",
    Kind.ARGUMENTS: "executed with other arguments than the store says",
    Kind.OUTCOME: "ended otherwise than the store says",
}


def text(done: Compared) -> str:
    """The report for a terminal; what stood in a log is made harmless."""
    result = done.result
    if result.findings:
        answer = f"✗ {plural(result.findings, 'difference')} in {plural(result.compared, 'execution')} compared"
    elif not result.compared:
        answer = "Nothing was compared: the second source has no execution in this time"
    else:
        answer = f"✓ {plural(result.compared, 'execution')} compared, all of them in both"
    lines = [answer, *_span(done)]
    for kind in Kind:
        lines += _kind(done, kind)
    lines += ["", *_not_judged(done), *refusals(done.summary)]
    return "\n".join(lines).rstrip()


def _span(done: Compared) -> Iterator[str]:
    result = done.result
    if result.span.from_ns is None and result.span.to_ns is None:
        yield "Compared without regard to time: one of the sources has none"
    else:
        first = "the beginning" if result.span.from_ns is None else moment(result.span.from_ns)
        last = "the end" if result.span.to_ns is None else moment(result.span.to_ns)
        yield f"Compared: {first} to {last}, {'as asked' if done.asked else 'the time that both sources cover'}"
    offs = [off for pair in result.pairs if (off := pair.off_ns) is not None]
    if offs:
        most = max(offs, key=abs)
        admitted = f"--window admits {span(done.window_ns)}"
        yield f"Times differ by {span(int(median(offs)))} in the median, {span(most)} at most; {admitted}"
    bases: dict[str, int] = {}
    for pair in result.pairs:
        bases[pair.basis] = bases.get(pair.basis, 0) + 1
    if bases:
        yield "Paired by " + ", ".join(f"{basis}: {count:,}" for basis, count in bases.items())
    if result.ambiguous:
        yield f"{plural(result.ambiguous, 'pair')} could as well be another: which of several like ones cannot be told"


def _kind(done: Compared, kind: Kind) -> Iterator[str]:
    rows: Sequence[tuple[Ran | None, Ran | None, Pair | None]]
    match kind:
        case Kind.NEVER_WRITTEN:
            rows = [(None, each, None) for each in done.result.never_written]
        case Kind.ONLY_IN_STORE:
            rows = [(each, None, None) for each in done.result.only_in_store]
        case _:
            rows = [(pair.ours, pair.theirs, pair) for pair in done.result.pairs if kind in pair.differs]
    if not rows:
        return
    yield ""
    yield f"{kind}: {len(rows):,} {TITLES[kind]}"
    for ours, theirs, pair in rows[:SHOWN]:
        one = theirs or ours
        if one is None:
            continue
        at = iso(one.at_ns)[:23] + "Z" if one.at_ns is not None else "no time"
        yield f"  {at}  {safe(one.tool, 60)}{_call(one)}  {safe(one.where, 70)}"
        if pair is not None and kind is Kind.ARGUMENTS:
            yield f"    store   {safe(pair.ours.args or pair.ours.args_digest or 'none', 110)}"
            yield f"    second  {safe(pair.theirs.args or pair.theirs.args_digest or 'none', 110)}"
        elif pair is not None:
            yield f"    store {pair.ours.outcome}, second {pair.theirs.outcome}"
        elif one.args is not None:
            yield f"    {safe(one.args, 110)}"
        if ours is not None:
            yield f"    trace {safe(ours.trace_id, 60)}"
        if pair is not None and pair.ambiguous:
            yield "    which of several like ones is meant cannot be told"
    if len(rows) > SHOWN:
        yield f"  … and {len(rows) - SHOWN:,} more (--format json lists all)"


def _call(one: Ran) -> str:
    return f" ({safe(one.call_id, 40)})" if one.call_id else ""


def _not_judged(done: Compared) -> Iterator[str]:
    result = done.result
    ours, theirs = result.outside
    if done.unjudged:
        yield (
            f"NOT JUDGED: {plural(theirs, 'execution')} of the second source, where the store has no events: it was "
            "cut, or not written then. --from and --to judge them, or leave them out."
        )
    elif theirs:
        yield f"Left out: {plural(theirs, 'execution')} of the second source outside that time"
    if ours:
        yield f"Left out: {plural(ours, 'execution')} of the store outside that time"
    if result.uncovered:
        named = ", ".join(f"{safe(tool, 40)} {count:,}" for tool, count in list(result.uncovered.items())[:8])
        yield f"Not covered: tools that the second source never names: {named}"
    for name, source in (("store", done.ours), ("second source", done.theirs)):
        if source.proposals:
            yield f"Not compared: {plural(source.proposals, 'call')} of the {name} that nothing shows to have run"
        if source.timeless:
            yield f"{plural(source.timeless, 'execution')} of the {name} have no time, and were paired without"
