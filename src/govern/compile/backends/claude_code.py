"""`claude-code`: permission settings and a hook for Claude Code. Its page is `claude_code.md`.

The hook (`claude_code_hook`) decides every call by the engine. The settings name it, and hold by themselves where it
does not run: what is not allowed for every call is not allowed there. What neither can keep is a gap, and denied.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterable, Iterator
from typing import Any, Final

from govern.compile.backends.contract import Export, Gap, settle
from govern.conditions.tree import OF_HISTORY
from govern.policy.model import Effect, Policy, ToolPolicy
from govern.policy.verdict import extremes

name = "claude-code"

SETTINGS: Final = "settings.json"
BUNDLE: Final = "policy.bundle"
"""The file that the hook decides with, beside the settings."""
BUILT_IN: Final = (
    "Agent", "Artifact", "AskUserQuestion", "Bash", "BashOutput", "CronCreate", "CronDelete", "CronList", "Edit",
    "EnterPlanMode", "EnterWorktree", "ExitPlanMode", "ExitWorktree", "Glob", "Grep", "KillShell", "LS", "LSP",
    "ListMcpResourcesTool", "Monitor", "MultiEdit", "NotebookEdit", "NotebookRead", "PowerShell", "Read",
    "ReadMcpResourceTool", "SendMessage", "Skill", "SlashCommand", "Task", "TaskCreate", "TaskGet", "TaskList",
    "TaskOutput", "TaskStop", "TaskUpdate", "TeamCreate", "TeamDelete", "TodoRead", "TodoWrite", "ToolSearch",
    "WebFetch", "WebSearch", "Write",
)  # fmt: skip
"""Names of Claude Code's own tools, of this version and of earlier ones: those that a charter does not map are taken
from the model. One that is missing here is denied by the hook all the same."""

_WORD: Final = re.compile("[A-Za-z0-9_-]+")
_TIMEOUT_S: Final = 60  # until Claude Code gives up on the hook, which gives up on itself well before
_DENIED: Final = "denied"
_SHOWN: Final = 3  # tools that a gap names


def export(policy: Policy, *, tighter: bool, zone: str | None = None) -> Export:
    """The settings of Claude Code for a policy; see `contract.Backend`."""
    gaps = settle(name, _together(gaps_of(policy)), tighter=tighter)
    return Export({SETTINGS: json.dumps(_settings(policy, zone), indent=2) + "\n"}, gaps)


def spelled(tool: str) -> str | None:
    """How Claude Code names a tool: `server/name` is `mcp__server__name`, its own tools are as they are.

    None for a name that it cannot have.
    """
    server, slash, rest = tool.partition("/")
    parts = (server, rest) if slash else (server,)
    if not all(_WORD.fullmatch(part) for part in parts):
        return None
    return f"mcp__{server}__{rest}" if slash else server


def named(policy: Policy) -> dict[str, str]:
    """The tools of a policy by the names that Claude Code calls them by; one that stands for two is none."""
    found: dict[str, list[str]] = {}
    for tool in policy.tools:
        if (spelling := spelled(tool)) is not None:
            found.setdefault(spelling, []).append(tool)
    return {spelling: tools[0] for spelling, tools in found.items() if len(tools) == 1}


def beyond_verdicts(policy: Policy, tool: ToolPolicy) -> Iterator[Gap]:
    """What a policy asks of a tool's results, which Claude Code shows the model before anybody can judge them."""
    why = "Claude Code shows a result before a hook could withhold it"
    if tool.show_only_if is not None:
        yield Gap(f"show_only_if: {tool.show_only_if.text}", tool.name, why, _DENIED)
    if tool.hide:
        yield Gap(f"hide: {', '.join(tool.hide)}", tool.name, why, _DENIED)
    if tool.output is not None:
        yield Gap("output", tool.name, why, _DENIED)
    for records in policy.records.values():
        if tool.name in records.read_by:
            yield Gap(f"records: {records.name}", tool.name, why, _DENIED)
    untrusted = policy.untrusted
    if untrusted is not None and untrusted.on_instructions != "flag" and tool.name not in untrusted.trusted:
        yield Gap(f"on_instructions: {untrusted.on_instructions}", tool.name, why, _DENIED)


def _together(gaps: Iterable[Gap]) -> list[Gap]:
    """Gaps that are the same for several tools, as a rule for all of them is, said once."""
    found: dict[tuple[str, str, str, str], list[str]] = {}
    for gap in gaps:
        tool, _, rule = gap.where.partition(": ")
        found.setdefault((gap.what, rule, gap.why, gap.tighter), []).append(tool)
    made = []
    for (what, rule, why, tighter), tools in found.items():
        where = ", ".join(tools[:_SHOWN]) + (f" and {len(tools) - _SHOWN} more" if len(tools) > _SHOWN else "")
        made.append(Gap(what, f"{where}: {rule}" if rule else where, why, tighter))
    return made


def gaps_of(policy: Policy) -> Iterator[Gap]:
    """Every part that is not kept, tool by tool."""
    known = named(policy).values()
    for tool in policy.tools.values():
        if tool.name not in known:
            why = "its name is not one that Claude Code can tell from every other"
            yield Gap(tool.name, tool.name, why, _DENIED)
            continue
        if extremes(policy, tool.name)[0].effect is Effect.DENY:
            continue  # denied whatever it is called with: nothing is left to be expressed
        unseen = list(beyond_verdicts(policy, tool))
        if unseen:
            yield from unseen  # denied for that alone
            continue
        yield from _approvals(policy, tool)
        yield from _inputs(tool)


def _approvals(policy: Policy, tool: ToolPolicy) -> Iterator[Gap]:
    asked = [(tool.gate, tool.name)] if tool.gate is not None else []
    asked += [(rule.gate, f"{tool.name}: {rule.id}") for rule in tool.rules if rule.gate is not None]
    for gate, where in asked:
        confirmed = gate in policy.gates and policy.gates[gate].confirm
        why = (
            "a prompt waits without a deadline, and some permission modes answer it themselves"
            if confirmed
            else "nobody but the person at the terminal can answer, for whom the agent works"
        )
        more = "; with `--ask-person` the hook asks the person at the terminal" if confirmed else ""
        yield Gap(f"approval: {gate}", where, why, f"{_DENIED}{more}")


def _inputs(tool: ToolPolicy) -> Iterator[Gap]:
    """Conditions that ask for what a hook is not told; it is told the arguments, and knows what time it is."""
    own = [(tool.unless, tool.name)] if tool.unless is not None else []
    for condition, where in [*own, *((rule.condition, f"{tool.name}: {rule.id}") for rule in tool.rules)]:
        asked = sorted(condition.outside - {"at"})
        if asked:
            past = all(each in OF_HISTORY for each in asked)
            why = "a hook is not told what happened before" if past else "a hook is told no facts"
            then = "unknown, so the gate is asked" if condition is tool.unless else "unknown, so the rule applies"
            yield Gap(condition.text, where, why, then)


def _settings(policy: Policy, zone: str | None) -> dict[str, Any]:
    tools = named(policy)
    denied = {*BUILT_IN} - set(tools)
    allowed: list[str] = []
    for spelling, tool in tools.items():
        loosest, strictest = extremes(policy, tool)
        unseen = any(True for _ in beyond_verdicts(policy, policy.tools[tool]))
        if loosest.effect is Effect.DENY or unseen:
            denied.add(spelling)
        elif strictest.effect is Effect.ALLOW:
            allowed.append(spelling)
    hook = {"type": "command", "command": command(policy, zone), "timeout": _TIMEOUT_S}
    return {
        "permissions": {
            # What nobody allowed is not asked for but denied, also where the hook could not run.
            "defaultMode": "dontAsk",
            "disableBypassPermissionsMode": "disable",
            "allow": sorted(allowed),
            "deny": sorted(denied),
        },
        "hooks": {"PreToolUse": [{"matcher": "*", "hooks": [hook]}]},
    }


def command(policy: Policy, zone: str | None) -> str:
    """The hook's command line: any failure of it, even that there is no `govern`, blocks the call."""
    place = f'"$CLAUDE_PROJECT_DIR"/.claude/{BUNDLE}'
    local = f" --zone {shlex.quote(zone)}" if zone is not None else ""
    return f"govern hook claude-code --policy {place} --digest {policy.digest}{local} || exit 2"
