"""The charters that come with `govern`, exported and asked at their boundaries: equal, or stricter by a stated gap."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from govern.charter.load import load
from govern.compile.backends import cedar, rego
from govern.compile.lower import lower
from govern.events.canonical import text_of
from govern.policy.derive import with_history
from govern.policy.engine import Engine
from govern.policy.model import Policy
from govern.policy.probes import Probe, probes

from .comparing import EQUAL, TIGHTER, compared
from .rego_engines import ENGINES, REGOPY
from .rego_engines import Engine as Rego

ROOT = Path(__file__).parents[3]
CHARTERS = [
    "charters/agentdojo/banking.yaml", "charters/agentdojo/slack.yaml", "charters/agentdojo/travel.yaml",
    "charters/agentdojo/workspace.yaml", "charters/taubench/retail.yaml", "charters/taubench/airline.yaml",
    "charters/desk/assistant.yaml", "charters/code-review/reviewer.yaml",
    *sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("samples/*/charter.yaml")),
]  # fmt: skip
MOST = 12  # probes of a tool
ZONE = "Europe/Berlin"


def policy_of(charter: str) -> Policy:
    loaded = load(str(ROOT / charter))
    assert loaded.charter is not None, loaded.findings
    return with_history(lower(loaded.charter))


def calls_of(engine: Engine, most: int) -> list[Probe]:
    return [*(probe for tool in engine.policy.tools for probe in probes(engine, tool, most=most)),
            Probe("no_such_tool", {}, {}, "unmapped")]  # fmt: skip


def concerned(gaps: set[str], tool: str) -> bool:
    return any(gap == tool or gap.startswith(f"{tool}: ") for gap in gaps)


# rego-cpp takes ten seconds for a large charter.
@pytest.mark.parametrize(
    ("target", "charter"),
    [
        pytest.param(engine, charter, id=f"{engine.name}-{charter}")
        for engine in ENGINES
        for charter in (CHARTERS if engine is not REGOPY else CHARTERS[:8:3])
    ],
)
def test_rego(target: Rego, charter: str) -> None:
    """Effect, gates, rules, reasons and tier of every probe."""
    policy = policy_of(charter)
    engine = Engine(policy, ZONE)
    made = rego.export(policy, tighter=True, zone=ZONE)
    (module,) = made.files.values()
    gaps = {gap.where for gap in made.gaps}
    calls = calls_of(engine, MOST if target is not REGOPY else 1)
    documents = [target.input_of(call.tool, call.args, call.given) for call in calls]
    tally: Counter[str] = Counter()
    for call, document, found in zip(
        calls, documents, target.answers(module, f"data.{rego.package(policy)}.verdict", documents), strict=True
    ):
        expected = engine.decide_value(call.tool, call.args, given=call.given)
        outcome = compared(expected, found["effect"], found["gates"])
        tally[outcome] += 1
        if outcome is TIGHTER:
            patterns = not target.re2 and "matches" in module
            left_out = len(json.loads(document).get("given", {})) < len(call.given)
            assert concerned(gaps, call.tool) or "malformed" in document or left_out or patterns, call
        elif target.re2 and not gaps and "malformed" not in document:
            assert (sorted(expected.rules), list(expected.reasons)) == (found["rules"], found["reasons"]), call
            assert expected.tier == found["tier"]
    assert tally[EQUAL] > (tally[TIGHTER] * 3 if target.re2 else 0), tally


@pytest.mark.parametrize("charter", CHARTERS)
def test_cedar(charter: str) -> None:
    """Effect and gates of every probe, and nothing fails in Cedar."""
    cedarpy = pytest.importorskip("cedarpy", reason="the engine is in the extra `dev`")
    policy = policy_of(charter)
    engine = Engine(policy, ZONE)
    made = cedar.export(policy, tighter=True, zone=ZONE)
    policies = cedarpy.PolicySet.from_str(made.files["policy.cedar"])
    gaps = {gap.where for gap in made.gaps}
    tally: Counter[str] = Counter()
    for call in calls_of(engine, MOST):
        contexts: list[Any] = []

        def allowed(approved: Any, call: Probe = call, contexts: list[Any] = contexts) -> bool:
            request = cedar.request_of(engine, call.tool, call.args, call.given, approved)
            contexts.append(request["context"])
            result = cedarpy.is_authorized(request, policies, [])
            assert [] == result.diagnostics.errors
            return bool(result.allowed)

        mapped = policy.tools.get(call.tool)
        effect, gates = cedar.verdict_of(allowed, cedar.gates(mapped) if mapped else ())
        expected = engine.decide_value(call.tool, call.args, given=call.given)
        outcome = compared(expected, effect.label, gates)
        tally[outcome] += 1
        if outcome is TIGHTER:
            untranslatable = not contexts[0]["valid"] or len(contexts[0]["given"]) < len(call.given)
            assert concerned(gaps, call.tool) or untranslatable, f"{call} {text_of(contexts[0])}"
    assert tally[EQUAL] > tally[TIGHTER], tally
