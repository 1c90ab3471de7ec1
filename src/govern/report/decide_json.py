"""The `explanation` of the JSON contract `govern/decide/v1`. Leaves out words; what is not shown has no value."""

from __future__ import annotations

from typing import Any

from govern.conditions.inputs import path_text
from govern.conditions.steps import State, Step, Value, moment
from govern.policy.engine import Engine
from govern.policy.explanation import Explanation, Part, Turn, Way
from govern.policy.explanation.candidates import REMOVED, Proposal
from govern.policy.explanation.masking import Masked
from govern.policy.explanation.needs import How, Need
from govern.policy.explanation.trials import Trial
from govern.policy.model import When
from govern.report.decide_words import kind

_TRUTH = {True: "true", False: "false", None: "unknown"}


def explained(engine: Engine, tool: str, made: Explanation) -> dict[str, Any]:
    """The explanation as JSON data."""
    hidden = made.hidden
    gate = mapped.gate if (mapped := engine.policy.tools.get(tool)) else None
    return {
        "conditions": [_part(part, gate, hidden) for part in made.parts],
        "malformed": made.malformed or None,
        "input": [{"path": each.place, "keyword": each.keyword, "asks": each.asks} for each in made.problems],
        "nearest": list(made.nearest),
        "looser": [_way(way, made) for way in made.looser],
        "stricter": {
            "conditions": [_turn(turn, made) for turn in made.turns],
            "changes": [_trial(trial) for trial in made.stricter],
        },
        "tried": made.tried,
    }


def parts_json(engine: Engine, tool: str, made: Explanation) -> list[dict[str, Any]]:
    """The conditions of an explanation alone, each with the value of every part."""
    gate = mapped.gate if (mapped := engine.policy.tools.get(tool)) else None
    return [_part(part, gate, made.hidden) for part in made.parts]


def _part(part: Part, gate: str | None, hidden: Masked) -> dict[str, Any]:
    rule = part.rule
    return {
        "kind": kind(rule),
        "id": rule.id if rule else None,
        "form": (rule.form if rule else When.ONLY_IF).value,
        "effect": rule.effect.label if rule else "approval",
        "gate": rule.gate if rule else gate,
        "tier": rule.tier.value if rule and rule.tier else None,
        "text": part.text,
        "applies": part.applies,
        "decides": part.decides,
        "step": _step(part.root, hidden),
    }


def _step(step: Step, hidden: Masked) -> dict[str, Any]:
    return {
        "text": step.text,
        "start": step.start,
        "end": step.end,
        "truth": _TRUTH[step.truth],
        "values": [_value(value, hidden) for value in step.values],
        "items": step.items,
        "elements": [
            {"index": each.index, "item": _value(each.item, hidden), "step": _step(each.step, hidden)}
            for each in step.elements
        ],
        "parts": [_step(part, hidden) for part in step.parts],
    }


def _value(value: Value, hidden: Masked) -> dict[str, Any]:
    secret = hidden.hides(value.of)
    return {
        "text": value.text,
        "input": path_text(value.path) if value.path is not None else None,
        "state": value.state.value,
        "value": value.value if value.state is State.VALUE and not secret else None,
        "hidden": secret,
    }


def _way(way: Way, made: Explanation) -> dict[str, Any]:
    return {
        "effect": way.effect.label,
        "gates": list(way.gates),
        "out_of_reach": [{"why": why.value, "name": name} for why, name in way.fixed],
        "valid_input": way.valid,
        "needs": [{"condition": index, "need": _need(need, made.hidden)} for index, need in way.needs],
        "changes": [_trial(trial) for trial in way.trials],
    }


def _need(need: Need, hidden: Masked) -> dict[str, Any]:
    if need.how is not How.FACT:
        return {"how": need.how.value, "parts": [_need(part, hidden) for part in need.parts]}
    return {
        "how": "fact",
        "text": need.text,
        "unknown": need.unknown,
        "now": [_value(value, hidden) for value in need.values],
    }


def _turn(turn: Turn, made: Explanation) -> dict[str, Any]:
    return {
        "condition": turn.part,
        "effect": turn.effect.label,
        "gates": list(turn.gates),
        "need": _need(turn.need, made.hidden),
    }


def _trial(trial: Trial) -> dict[str, Any]:
    return {
        "set": [_change(change) for change in trial.changes],
        "effect": trial.verdict.effect.label,
        "gates": list(trial.verdict.gates),
        "rules": list(trial.verdict.rules),
    }


def _change(change: Proposal) -> dict[str, Any]:
    removed = change.value is REMOVED
    value = moment(change.value) if change.path == ("at",) else change.value
    return {
        "input": path_text(change.path),
        "removed": removed,
        "value": None if removed or change.hidden else value,
        "hidden": change.hidden,
    }
