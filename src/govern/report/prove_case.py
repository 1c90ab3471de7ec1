"""Calls that `govern prove` found, as a suite that `govern test` runs.

A test expects what the charter says of the call now, as a statement refutes it: whoever keeps it writes the verdict
that is meant. What a call does not say is said to be unknown, since a test begins with an empty history.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import Any, Final

from govern.conditions.steps import moment
from govern.draft.yaml_text import flow, scalar
from govern.policy.engine import Engine
from govern.policy.model import Effect
from govern.proof.ask import Broken, Holds, Shown
from govern.report.prove_text import Answers, Command, parts

_KEY: Final = re.compile(r"([a-z_]+)\((?:'((?:[^'\\]|\\.)*)'|(args.*))\)")
_MARK: Final = re.compile("[^ -~]")


def suite(engine: Engine, answers: Answers, command: Command, path: str) -> str:
    """The YAML of a suite with a case for every call that was found; empty where there is none.

    Args:
        path: of the file that it is written to: the charter is named from its folder.
    """
    found: list[tuple[str, bool, Shown]] = []
    for statement, answer in answers:
        match answer:
            case Broken(Shown() as shown):
                found.append((statement.text, True, shown))
            case Holds(witness=Shown() as shown):
                found.append((statement.text, False, shown))
    if not found:
        return ""
    folder = os.path.dirname(os.path.abspath(path))
    lines = ["govern: 1", "tests: counterexamples"]
    for key, name in (("charter", command.charter), ("deployment", command.deployment)):
        if name is not None:
            lines.append(f"{key}: {scalar(os.path.relpath(name, folder))}")
    lines.append("cases:")
    names: dict[str, int] = {}
    for text, broken, shown in found:
        names[text] = names.get(text, 0) + 1
        name = text if names[text] == 1 else f"{text} ({names[text]})"
        lines += ["", *_case(engine, name, broken, shown)]
    return "\n".join(lines) + "\n"


def _case(engine: Engine, name: str, broken: bool, shown: Shown) -> Iterator[str]:
    facts, at, history = parts(engine, shown)
    yield f"  - name: {scalar(_MARK.sub('?', name))}"
    if at is not None:
        yield f"    at: {scalar(moment(at))}"
    if facts:
        yield f"    given: {flow(facts)}"
    yield from _told(engine, shown.tool, history)
    yield f"    call: {flow({shown.tool: shown.args})}"
    if broken:
        yield "    # What the charter says now, against the statement. Write the verdict that is meant."
    yield f"    expect: {_expected(shown)}"


def _expected(shown: Shown) -> str:
    verdict = shown.verdict
    if verdict.effect is Effect.ALLOW:
        return "allow"
    if verdict.effect is Effect.APPROVAL:
        return flow({"approval": list(verdict.gates)})
    return flow({"deny": list(verdict.rules or verdict.reasons)})


def _told(engine: Engine, tool: str, history: dict[str, Any]) -> Iterator[str]:
    """The history, whole: what the tool's conditions ask for and nobody says is unknown."""
    every = {key: None for key in sorted(engine.history.asked(tool)) if _KEY.fullmatch(key)} | history
    told: dict[str, dict[str, Any]] = {}
    for key, value in every.items():
        match = _KEY.fullmatch(key)
        if match is None:
            continue
        name = re.sub(r"\\(.)", r"\1", match[2]) if match[2] is not None else match[3]
        told.setdefault(match[1], {})[name] = "unknown" if value is None else value
    places = {"origin": "origins", "named_by_user": "named_by_user"}
    for fn, key in places.items():
        if known := {path: value for path, value in told.get(fn, {}).items() if value != "unknown"}:
            yield f"    {key}: {flow(known)}"
    inner: dict[str, Any] = {}
    if "exceeded" in told:
        states = {True: "exceeded", False: "free", "unknown": "unknown"}
        inner["limits"] = {limit: states[value] for limit, value in told["exceeded"].items()}
    if "tainted" in told:
        inner["tainted"] = told["tainted"]["session"]
    inner |= {fn: told[fn] for fn in ("calls", "succeeded") if fn in told}
    if inner:
        yield f"    history: {flow(inner)}"
