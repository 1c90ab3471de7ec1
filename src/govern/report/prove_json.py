"""The JSON contract `govern/prove/v1`: every statement with its answer and the call that shows it."""

from __future__ import annotations

from typing import Any

from govern.conditions.steps import moment
from govern.policy.engine import Engine
from govern.proof.ask import Answer, Broken, Holds, Prover, Shown, Unknown, Vacuous
from govern.proof.statement import Statement
from govern.report.prove_text import Answers, Command, parts

_WORDS = ("holds", "counterexample", "refuted", "vacuous", "unknown")


def document(prover: Prover, answers: Answers, command: Command) -> dict[str, Any]:
    """The report. `refuted` is a statement that asks for a call which does not exist."""
    policy = prover.policy
    made = [_statement(prover.engine, statement, answer, command) for statement, answer in answers]
    counts = {word: sum(each["answer"] == word for each in made) for word in _WORDS}
    return {
        "schema": "govern/prove/v1",
        "agent": policy.agent,
        "policy_digest": policy.digest,
        "deployment_digest": prover.engine.deployment_digest,
        "no_solver": prover.no_solver or None,
        "statements": made,
        "counts": counts,
        "judged": counts["holds"] + counts["counterexample"] + counts["refuted"],
        "not_judged": counts["vacuous"] + counts["unknown"],
    }


def _statement(engine: Engine, statement: Statement, answer: Answer, command: Command) -> dict[str, Any]:
    made: dict[str, Any] = {
        "statement": statement.text,
        "answer": "",
        "tools": [],
        "about_no_call_of": [],
        "invalid_input_of": [],
        "bounds": [],
        "why": [],
        "tried": 0,
        "call": None,
    }
    match answer:
        case Holds(tools, idle, invalid, bounds, witness):
            made |= {
                "answer": "holds",
                "tools": list(tools),
                "about_no_call_of": list(idle),
                "invalid_input_of": list(invalid),
                "bounds": list(bounds),
                "call": _call(engine, witness, command) if witness is not None else None,
            }
        case Broken(None, bounds):
            made |= {"answer": "refuted", "bounds": list(bounds)}
        case Broken(Shown() as shown):
            made |= {"answer": "counterexample", "tools": [shown.tool], "call": _call(engine, shown, command)}
        case Vacuous(tools):
            made |= {"answer": "vacuous", "about_no_call_of": list(tools)}
        case Unknown(why, tried):
            told = [{"tool": tool, "reason": reason} for tool, reason in why]
            made |= {"answer": "unknown", "why": told, "tried": tried}
    return made


def _call(engine: Engine, shown: Shown, command: Command) -> dict[str, Any]:
    facts, at, history = parts(engine, shown)
    verdict = shown.verdict
    return {
        "tool": shown.tool,
        "args": shown.args,
        "facts": facts,
        "at": moment(at) if at is not None else None,
        "history": history,
        "found_by": "search" if shown.searched else "solver",
        "verdict": {
            "effect": verdict.effect.label,
            "reasons": list(verdict.reasons),
            "rules": list(verdict.rules),
            "gates": list(verdict.gates),
            "unknown": list(verdict.unknown),
            "tier": verdict.tier.value if verdict.tier else None,
        },
        "command": command.decide(engine, shown),
    }
