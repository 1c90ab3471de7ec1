"""The text of `govern reconstruct`: the answer, then every action step by step, its gaps where they occur."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from rich.text import Text as Line

from govern.reconstruct.completeness import Count
from govern.reconstruct.gaps.registry import BY_ID
from govern.reconstruct.judge import Reconstruction
from govern.report import chain_steps
from govern.report.chain_masks import Opened
from govern.report.chain_record import NOT_VERIFIED, Record
from govern.report.chain_steps import STYLES, short_digest
from govern.report.chain_times import began
from govern.report.chain_told import Story, told
from govern.report.console import safe
from govern.report.layout import aligned, wrapped


def lines(
    made: Reconstruction,
    width: int,
    *,
    verbatim: bool = False,
    record: Record = NOT_VERIFIED,
    opened: Opened | None = None,
) -> Iterator[Line]:
    """The report for a terminal.

    Args:
        width: cells of the terminal.
        verbatim: every text in full below its step, with its bytes and digest.
        record: whether the store was verified.
        opened: sensitive values that may be shown, by commitment.
    """
    story = told(made, opened)
    yield from _head(story, width, record)
    for one in story.blocks:
        yield Line()
        yield from chain_steps.block(story, one, width, verbatim=verbatim)
    yield Line()
    yield from record_table(made.completeness, len(made.chain.actions), width)
    yield from _not_applicable(made, width)
    yield Line()
    yield from _next(made, width, verbatim)


def plural(count: int, noun: str) -> str:
    """`1 gap`, `2 gaps`."""
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def summary(story: Story) -> str:
    """When, how long, under which policy, how much: one line, harmless."""
    made, when = story.made, story.times
    chain = made.chain
    policies = ", ".join(short_digest(one) for one in chain.policy_digests)
    facts = [began(when)]
    if took := when.took(chain.ended_ns):
        facts.append(took)
    facts.append(f"policy {policies}" if policies else "no policy recorded")
    facts += [plural(len(chain.actions), "action"), plural(len(chain.events), "event"), plural(len(made.gaps), "gap")]
    if when.start is not None and when.note:
        facts.append(when.note)
    return ", ".join(facts)


def agents(story: Story) -> str:
    """Who acted: `code-review v4`; harmless."""
    chain = story.made.chain
    who = " and ".join(safe(agent, 40) for agent in chain.agents) or "no agent recorded"
    if len(chain.agent_versions) == 1:
        return f"{who} v{safe(chain.agent_versions[0], 20)}"
    if chain.agent_versions:
        return f"{who}, versions {safe(', '.join(chain.agent_versions), 60)}"
    return who


def answer(made: Reconstruction) -> tuple[str, str]:
    """The answer in a sentence, with the mark before it."""
    if made.gaps:
        counts = Counter(gap.pattern for gap in made.gaps)
        said = "; ".join(f"{count} {pattern}" if len(counts) > 1 else pattern for pattern, count in counts.items())
        return f"✗ {plural(len(made.gaps), 'gap')}", said
    if not made.chain.actions:
        return "", "No actions: nothing was called in this trace."
    if made.not_applicable:
        return "", "No gap that this source can show; what it cannot show stands below."
    return "✓ whole: no gap found", ""


def _head(story: Story, width: int, record: Record) -> Iterator[Line]:
    chain = story.made.chain
    yield Line.assemble((safe(chain.trace_id), "bold"), "  ", agents(story))
    yield from wrapped(Line(), summary(story), width)
    yield from wrapped(Line(), safe(record.said), width, STYLES[record.tone])
    for finding in record.findings[:8]:
        yield from wrapped(Line("  ✗ ", "red"), safe(finding), width)
    if len(record.findings) > 8:
        yield Line(f"  and {len(record.findings) - 8:,} more: govern audit verify")
    mark, said = answer(story.made)
    if story.made.gaps:
        yield from wrapped(Line.assemble((mark, "bold red"), ": "), said, width)
    elif mark:
        yield Line(mark, "green")
    else:
        yield from wrapped(Line(), said, width, "yellow")


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


def reasons_not_judged(made: Reconstruction) -> dict[str, list[str]]:
    """Gaps that could not show here, by why."""
    reasons: dict[str, list[str]] = {}
    for one in made.not_applicable:
        reasons.setdefault(one.why, []).append(one.id)
    return reasons


def _not_applicable(made: Reconstruction, width: int) -> Iterator[Line]:
    for why, ids in reasons_not_judged(made).items():
        text = f"{', '.join(ids)}: {safe(why)}. Neither a failure nor a pass."
        yield from wrapped(Line("  not judged: "), text, width, "dim")


def _next(made: Reconstruction, width: int, verbatim: bool) -> Iterator[Line]:
    said = []
    if made.gaps:
        worst = min(made.gaps, key=lambda gap: list(BY_ID).index(gap.id))
        said.append(f"What it means and how to close it: govern explain {worst.id}")
    if not verbatim and made.chain.events:
        said.append("Full texts with bytes and digests: --verbatim. As a page: --format html -o FILE")
    for text in said:
        yield from wrapped(Line(), text, width, "dim")
