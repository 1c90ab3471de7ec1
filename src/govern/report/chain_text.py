"""The text of `govern reconstruct`: the answer, then every action step by step, its gaps where they occur."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from rich.cells import cell_len
from rich.text import Text as Line

from govern.reconstruct.chain import Action
from govern.reconstruct.completeness import Count
from govern.reconstruct.gaps.registry import BY_ID
from govern.reconstruct.judge import Gap, Reconstruction
from govern.reconstruct.words import clock, moment, span
from govern.report.chain_steps import Steps, short_digest, title, title_room, verdict
from govern.report.console import safe
from govern.report.layout import aligned, cut, wrapped


def lines(made: Reconstruction, width: int, *, verbatim: bool = False) -> Iterator[Line]:
    """The report for a terminal.

    Args:
        width: cells of the terminal.
        verbatim: every text in full below its step, with its bytes and digest.
    """
    chain = made.chain
    yield from _head(made, width)
    steps = Steps(chain, width, verbatim)
    for action in chain.actions:
        yield Line()
        yield _title(action, width)
        yield from steps.of(action)
        for gap in made.gaps:
            if gap.action == action.index:
                yield from _gap(gap, width)
    outside = [gap for gap in made.gaps if gap.action is None]
    if chain.loose:
        yield Line()
        yield Line("Part of no action", "bold")
        yield from steps.loose(chain.loose)
        for gap in outside:
            yield from _gap(gap, width)
    yield Line()
    yield from record_table(made.completeness, len(chain.actions), width)
    yield from _not_applicable(made, width)
    yield Line()
    yield from _next(made, width, verbatim)


def plural(count: int, noun: str) -> str:
    """`1 gap`, `2 gaps`."""
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def _head(made: Reconstruction, width: int) -> Iterator[Line]:
    chain = made.chain
    who = " and ".join(safe(agent, 40) for agent in chain.agents) or "no agent recorded"
    if len(chain.agent_versions) == 1:
        who += f" v{safe(chain.agent_versions[0], 20)}"
    policies = ", ".join(short_digest(one) for one in chain.policy_digests)
    facts = [f"policy {policies}" if policies else "no policy recorded"]
    yield Line.assemble((safe(chain.trace_id), "bold"), "  ", who)
    if chain.started_ns is not None and chain.ended_ns is not None:
        facts = [moment(chain.started_ns), span(chain.ended_ns - chain.started_ns), *facts]
    else:
        facts = ["no times recorded", *facts]
    facts += [plural(len(chain.actions), "action"), plural(len(chain.events), "event")]
    yield from wrapped(Line(), ", ".join(facts), width)
    if made.gaps:
        counts = Counter(gap.pattern for gap in made.gaps)
        said = "; ".join(f"{count} {pattern}" if len(counts) > 1 else pattern for pattern, count in counts.items())
        yield from wrapped(Line.assemble((f"✗ {plural(len(made.gaps), 'gap')}", "bold red"), ": "), said, width)
    elif not chain.actions:
        yield Line("No actions: nothing was called in this trace.", "yellow")
    elif made.not_applicable:
        what = "No gap that this source can show; what it cannot show stands below."
        yield from wrapped(Line(), what, width, "yellow")
    else:
        yield Line("✓ whole: no gap found", "green")


def _title(action: Action, width: int) -> Line:
    """`3 merge_pull_request(number: 812)      approval: gate`; the verdict always fits, the input is cut."""
    said, style = verdict(action)
    call = cut(title(action), title_room(action, width))
    head = Line.assemble((f"{action.index} ", "bold"), (call, "bold"))
    # Beyond 100 cells the verdict stands near its call, not at the far edge.
    space = max(min(width, 100) - head.cell_len - cell_len(said), 2)
    return Line.assemble(head, " " * space, (said, style))


def _gap(gap: Gap, width: int) -> Iterator[Line]:
    when = f" at {clock(gap.at_ns)}" if gap.at_ns is not None else ""
    yield Line.assemble("  ", (f"✗ {gap.id}", "bold red"), (f"  {gap.pattern}{when}", "red"))
    yield from wrapped(Line("    "), safe(gap.cause), width)


def record_table(counts: dict[str, Count], actions: int, width: int) -> Iterator[Line]:
    """Per field of the audit record: how many actions have it, lack it, have no use for it."""
    yield Line(f"What is recorded of {plural(actions, 'action')}", "bold")
    names = list(counts)
    rows = [
        ["", *names],
        ["present", *(f"{counts[name].present:,}" for name in names)],
        ["missing", *(f"{counts[name].missing:,}" if counts[name].missing else "·" for name in names)],
        ["n/a", *(f"{counts[name].na:,}" if counts[name].na else "·" for name in names)],
    ]
    for place, text in enumerate(aligned(rows, gap=" ")):
        style = "dim" if place == 0 else "yellow" if place == 2 and any(one.missing for one in counts.values()) else ""
        yield Line(f"  {text}", style)


def _not_applicable(made: Reconstruction, width: int) -> Iterator[Line]:
    reasons: dict[str, list[str]] = {}
    for one in made.not_applicable:
        reasons.setdefault(one.why, []).append(one.id)
    for why, ids in reasons.items():
        text = f"{', '.join(ids)}: {safe(why)}. Neither a failure nor a pass."
        yield from wrapped(Line("  not judged: "), text, width, "dim")


def _next(made: Reconstruction, width: int, verbatim: bool) -> Iterator[Line]:
    said = []
    if made.gaps:
        worst = min(made.gaps, key=lambda gap: list(BY_ID).index(gap.id))
        said.append(f"What it means and how to close it: govern explain {worst.id}")
    if not verbatim and made.chain.events:
        said.append("Full texts with bytes and digests: --verbatim")
    for text in said:
        yield from wrapped(Line(), text, width, "dim")
