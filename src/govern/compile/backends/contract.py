"""What every export gives: files, and what the other tool cannot express.

A backend turns one policy into another tool's own files. Whatever that tool cannot express is a `Gap`: the export is
refused with all of them, or, asked for `tighter`, does the stricter thing that the gap states. Nothing is dropped.
Leaves out writing the files and the command line.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from govern.errors import AuthorError
from govern.policy.model import Policy, ToolPolicy
from govern.policy.schema_tree import read


@dataclass(frozen=True, slots=True)
class Gap:
    """A part of a policy that the other tool cannot express.

    Args:
        what: the part, in the charter's words: a condition's text, a keyword of a schema, a key.
        where: the tool, and the rule where there is one, as in ``refund: not-more-than-paid``.
        why: what the other tool lacks.
        tighter: what the export does instead where it may be stricter; empty where it cannot be exported at all.
    """

    what: str
    where: str
    why: str
    tighter: str

    def __str__(self) -> str:
        return f"{self.where}: `{self.what}`: {self.why}"


@dataclass(frozen=True, slots=True)
class Export:
    """The files of an export by name, and what they do more strictly than the policy says."""

    files: Mapping[str, str]
    gaps: tuple[Gap, ...] = ()


class Backend(Protocol):
    """A module that exports to one other tool; its page is the Markdown file beside it."""

    name: str

    def export(self, policy: Policy, *, tighter: bool, zone: str | None = None) -> Export:
        """The policy as files of the other tool.

        Args:
            policy: to export.
            tighter: whether what cannot be expressed is exported more strictly instead of refused.
            zone: the deployment's time zone by its IANA name; without one, what asks for local time is unknown.

        Raises:
            AuthorError: it cannot be expressed; the message names every gap.
        """
        ...


def of_results(policy: Policy, tool: ToolPolicy) -> dict[str, Any]:
    """What a policy asks of a tool's results, as data for the host that hands them on: a policy engine that is asked
    whether a call may run never sees them. Empty where nothing is asked."""
    untrusted = policy.untrusted
    found: dict[str, Any] = {
        "show_only_if": tool.show_only_if.text if tool.show_only_if is not None else None,
        "hide": list(tool.hide),
        "output": read(tool.output) if tool.output is not None else None,
        "records": {
            each.name: {"only_if": each.only_if.text, "max": each.max}
            for each in policy.records.values()
            if tool.name in each.read_by
        },
        "on_instructions": untrusted.on_instructions
        if untrusted is not None and untrusted.on_instructions != "flag" and tool.name not in untrusted.trusted
        else None,
    }
    return {key: value for key, value in found.items() if value or (key == "output" and value is not None)}


def settle(target: str, gaps: Iterable[Gap], *, tighter: bool) -> tuple[Gap, ...]:
    """The gaps of an export, each once, in the order they were met.

    Raises:
        AuthorError: there are gaps and no stricter export was asked for, or one has no stricter form.
    """
    found = tuple(dict.fromkeys(gaps))
    refused = [gap for gap in found if not (tighter and gap.tighter)]
    if refused:
        listed = "\n".join(f"  {gap}" for gap in refused)
        many = "part" if len(refused) == 1 else "parts"
        offered = "`--tighter` exports each of them more strictly than the charter says"
        hint = "change the charter" if tighter or any(not gap.tighter for gap in refused) else offered
        raise AuthorError(f"`{target}` cannot express {len(refused)} {many} of the charter:\n{listed}", hint=hint)
    return found
