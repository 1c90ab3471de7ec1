"""The text of `govern sign-off`: what was signed, by whom, over what."""

from __future__ import annotations

from collections.abc import Sequence

from govern.compile.sign_off import Statement
from govern.report.console import safe
from govern.report.layout import columns
from govern.report.shadow_words import day, plural


def text(made: Sequence[Statement], keyid: str, store: str, *, refused: int) -> str:
    """What was signed off.

    Args:
        made: statements of one person, at least one.
        keyid: of the key that signed.
        refused: parts of the logs that could not be read.
    """
    first = made[0]
    who = f"{safe(first.person)} ({safe(first.role)})"
    lines = [
        f"{safe(first.agent)} v{first.version}: {plural(len(made), 'day')} signed off by {who}",
        *columns(
            [["day", "calls", "log"], *([day(each.day), f"{each.calls:,}", each.log[:19]] for each in made)], "<><"
        ),
        f"report {first.report[:19]}  policy {first.policy[:19]}  deployment {first.deployment[:19]}",
        f"key {keyid[:19]}  kept in {safe(store)}",
    ]
    if first.unmapped:
        lines.append(f"The report has {plural(first.unmapped, 'action')} that nobody mapped: still to be decided.")
    if first.not_judged:
        lines.append(f"{plural(first.not_judged, 'call')} of the report could not be judged.")
    if refused:
        lines.append(f"{plural(refused, 'part')} of the logs could not be read, and is not part of what was signed.")
    return "\n".join(lines)
