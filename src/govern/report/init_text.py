"""What `govern init` drafted, in a few lines for standard error."""

from __future__ import annotations

from collections.abc import Sequence

from govern.draft.sheet import Draft
from govern.policy.model import Tier
from govern.report.console import safe

_MANY = 20


def text(made: Draft, output: str, others: Sequence[tuple[str, int]] = ()) -> str:
    """The summary: how many tools of each tier, what is left out and why, what to do next.

    Args:
        output: where the draft went; `-` is standard output.
        others: calls of other agents in the same logs, which are no part of it, by agent.
    """
    counts = ", ".join(
        f"{len(made.of_tier(tier)):,} {tier.value.replace('_', '-')}"
        for tier in (Tier.IRREVERSIBLE, Tier.REVERSIBLE, Tier.READ_ONLY)
    )
    lines = [f"drafted {len(made.rows):,} tool{'s' * (len(made.rows) != 1)}: {counts}"]
    doubtful = sum(1 for row in made.rows if row.guess.doubt)
    if doubtful:
        lines.append(f"{doubtful:,} of them with a tier about which nothing is sure")
    if others:
        calls = sum(count for _, count in others)
        names = ", ".join(agent or "no name" for agent, _ in others[:6])
        lines.append(safe(f"{calls:,} call{'s' * (calls != 1)} of other agents are no part of it: {names}", 300))
    gone = [(f"{one.where}: {one.what}", one.reason) for one in made.left_out]
    gone += [(f"{row.tool.where}: input of `{row.tool.name}`", row.no_input) for row in made.rows if row.no_input]
    if gone:
        lines.append(f"left out, {len(gone):,}:")
        lines += [safe(f"  {what}: {reason}", 300) for what, reason in gone[:_MANY]]
        if len(gone) > _MANY:
            lines.append(f"  and {len(gone) - _MANY:,} more")
    if output != "-":
        lines.append(safe(f"{output} is a draft: settle each `# decide:`, then `govern lint {output}`"))
    return "\n".join(lines)
