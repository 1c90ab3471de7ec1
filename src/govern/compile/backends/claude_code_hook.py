"""What the hook answers Claude Code before a tool runs: allow, ask or deny, by the engine; deny for all that is odd.

Pure: the bytes of standard input in, an answer out. Leaves out reading, time limits and exit codes, which the command
has. The forms are those of Claude Code's hooks reference (https://code.claude.com/docs/en/hooks), `PreToolUse`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from govern.compile.backends.claude_code import beyond_verdicts, named
from govern.events.canonical import Malformed, parse
from govern.policy.engine import Engine
from govern.policy.model import Effect, Policy
from govern.policy.verdict import Verdict

EVENT: Final = "PreToolUse"
MOST_BYTES: Final = 16 * 1024 * 1024
"""Of the hook's input; a call that is larger is denied."""
_ASKING: Final = ("default",)  # other modes answer a prompt themselves, or not at all
_LONGEST: Final = 1_000  # characters of a reason


class Decision(StrEnum):
    ALLOW = "allow"
    ASK = "ask"
    DENY = "deny"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the hook says.

    Args:
        reason: shown to the model where it denies, to the person where it asks; never a value of the call.
        tool: of the policy; None where it has none of that name.
        verdict: of the engine; None where there was nothing to judge.
    """

    decision: Decision
    reason: str
    tool: str | None = None
    verdict: Verdict | None = None

    @property
    def text(self) -> str:
        """As Claude Code reads it, one line of JSON."""
        said = {
            "hookEventName": EVENT,
            "permissionDecision": self.decision.value,
            "permissionDecisionReason": self.reason,
        }
        return json.dumps({"hookSpecificOutput": said})


def answer(engine: Engine, raw: bytes, *, now_ns: int, ask_person: bool = False) -> Answer:
    """The answer to a call.

    Args:
        raw: what Claude Code gave on standard input.
        now_ns: the time of the call, UTC nanoseconds since 1970.
        ask_person: whether the person at the terminal is asked where a gate is `confirm: session.person`.
    """
    if len(raw) > MOST_BYTES:
        return _deny(f"the call is larger than {MOST_BYTES:,} bytes")
    try:
        found = parse(raw)
    except Malformed as error:
        return _deny(f"the hook's input has no one reading: {error.code}")
    if not isinstance(found, dict) or found.get("hook_event_name") != EVENT:
        return _deny(f"the hook's input is no `{EVENT}` event")
    spelling, args = found.get("tool_name"), found.get("tool_input")
    if not isinstance(spelling, str) or not isinstance(args, dict):
        return _deny("the hook's input names no tool, or has no arguments")
    tool = named(engine.policy).get(spelling)
    if tool is None:
        return _deny("the charter does not map this tool: it is denied")
    unseen = [gap.what for gap in beyond_verdicts(engine.policy, engine.policy.tools[tool])]
    verdict = engine.decide(tool, args, given={"at": now_ns})
    if unseen and verdict.effect is not Effect.DENY:
        return Answer(Decision.DENY, _cut(f"denied: nothing here can keep `{'`, `'.join(unseen)}`"), tool, verdict)
    mode = found.get("permission_mode")
    match verdict.effect:
        case Effect.ALLOW:
            return Answer(Decision.ALLOW, _why(engine.policy, tool, verdict), tool, verdict)
        case Effect.DENY:
            return Answer(Decision.DENY, _why(engine.policy, tool, verdict), tool, verdict)
        case Effect.APPROVAL:
            return _approval(engine.policy, tool, verdict, asks=ask_person and mode in _ASKING)


def _approval(policy: Policy, tool: str, verdict: Verdict, *, asks: bool) -> Answer:
    """Only who is served can answer here, and only for gates that want nobody else."""
    why = _why(policy, tool, verdict)
    if asks and verdict.gates and all(_is_served(policy, gate) for gate in verdict.gates):
        return Answer(Decision.ASK, why, tool, verdict)
    return Answer(Decision.DENY, _cut(f"{why}. Nobody here can give it, so it is denied"), tool, verdict)


def _is_served(policy: Policy, gate: str) -> bool:
    found = policy.gates.get(gate)
    return (
        found is not None
        and found.confirm
        and not found.roles
        and found.quorum == 1
        and not found.needs_session_user
        and found.fatigue is None
    )


def _deny(reason: str) -> Answer:
    return Answer(Decision.DENY, _cut(reason))


def _why(policy: Policy, tool: str, verdict: Verdict) -> str:
    """The verdict in a sentence: what decided and why, which inputs were unknown."""
    word = {Effect.ALLOW: "allowed", Effect.APPROVAL: "needs approval", Effect.DENY: "denied"}[verdict.effect]
    told: list[str] = []
    if verdict.gates:
        told.append(f"by {', '.join(f'`{gate}`' for gate in verdict.gates)}")
    because = {rule.id: rule.because for rule in policy.tools[tool].rules}
    because |= {f"never:{pattern}": never.because for never in policy.never for pattern in never.patterns}
    for rule in verdict.rules:
        told.append(f"`{rule}`: {because[rule]}" if because.get(rule) else f"`{rule}`")
    if not verdict.rules:
        told.append(", ".join(verdict.reasons))
    if verdict.unknown:
        told.append(f"unknown: {', '.join(verdict.unknown)}")
    return _cut(f"{word} ({'; '.join(told)})")


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
