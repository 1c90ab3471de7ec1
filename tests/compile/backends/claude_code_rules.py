"""Claude Code's permission rules as its documentation states them, read apart from the export.

Deny, then ask, then allow: the first list with a match decides, however narrow a match of another is. What matches
nothing is as the mode has it; `dontAsk` denies whatever would be asked for, and some of Claude Code's own tools never
are. A hook's `deny` holds in every mode, its `allow` and `ask` leave deny and ask rules in force, exit code 2 blocks,
and a hook that fails otherwise changes nothing. Source: https://code.claude.com/docs/en/permissions and /hooks.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

RUN, ASK, DENY = "run", "ask", "deny"
UNASKED = frozenset({"Agent", "Glob", "Grep", "LS", "NotebookRead", "Read", "TodoWrite"})
STRICTNESS = {RUN: 0, ASK: 1, DENY: 2}


@dataclass(frozen=True)
class Hooked:
    """What came of a hook's process."""

    exit_code: int
    out: str = ""

    @property
    def decision(self) -> str | None:
        if self.exit_code == 2:
            return DENY
        if self.exit_code != 0 or not self.out.strip():
            return None
        said = json.loads(self.out)["hookSpecificOutput"]
        assert "PreToolUse" == said["hookEventName"]
        assert isinstance(said["permissionDecisionReason"], str)
        assert said["permissionDecision"] in ("allow", "ask", "deny")
        return str(said["permissionDecision"])


def settled(settings: dict[str, Any], tool: str, hooked: Hooked | None) -> str:
    """What becomes of a call: RUN, ASK or DENY.

    Args:
        hooked: None where the hook did not run.
    """
    rules = settings["permissions"]
    decision = hooked.decision if hooked is not None else None
    if decision == DENY or any(_matches(rule, tool) for rule in rules.get("deny", [])):
        return DENY
    if decision == ASK or any(_matches(rule, tool) for rule in rules.get("ask", [])):
        return DENY if rules["defaultMode"] == "dontAsk" else ASK
    if decision == "allow" or any(_matches(rule, tool) for rule in rules.get("allow", [])) or tool in UNASKED:
        return RUN
    return DENY if rules["defaultMode"] == "dontAsk" else ASK


def _matches(rule: str, tool: str) -> bool:
    assert "(" not in rule  # patterns of arguments are not exported
    if rule.startswith("mcp__") and rule.count("__") == 1:
        return tool.startswith(f"{rule}__")
    if rule.endswith("*"):
        return tool.startswith(rule[:-1])
    return rule == tool
