"""The charters that are shipped, each with seeded edits: what is said of a tool holds for its calls.

What an edit does to calls may be hidden by another rule: then the tool is unchanged, and boundary calls of both
versions must not say otherwise.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.diff.comparing import ZONE, between, changed, told, way
from tests.diff.edits import text_of

from govern.charter.files import beside
from govern.charter.load import load_text
from govern.charter.model import Charter
from govern.compile.lower import lower
from govern.diff.gates import Gates
from govern.diff.model import Change
from govern.diff.verdicts import compared
from govern.policy.engine import Engine
from govern.policy.probes import probes

ROOT = Path(__file__).parent.parent.parent
FILES = sorted(
    path
    for folder in ("charters", "samples")
    for path in (ROOT / folder).rglob("*.yaml")
    if "agent:" in path.read_text(encoding="utf-8").split("\n\n")[0] and not path.name.endswith(".test.yaml")
)
Edit = Callable[[random.Random, dict[str, Any]], None]


def _tools(data: dict[str, Any]) -> list[str]:
    return sorted(data["tools"])


def _rule_gone(rng: random.Random, data: dict[str, Any]) -> None:
    data["rules"].pop(rng.randrange(len(data["rules"])))


def _own_rule_gone(rng: random.Random, data: dict[str, Any]) -> None:
    with_rules = [name for name in _tools(data) if (data["tools"][name] or {}).get("rules")]
    rules = data["tools"][rng.choice(with_rules)]["rules"]
    rules.pop(rng.randrange(len(rules)))


def _denied(rng: random.Random, data: dict[str, Any]) -> None:
    asking = [rule for rule in data["rules"] if rule.get("then", rule.get("otherwise")) != "deny"]
    rule = rng.choice(asking)
    rule["then" if "then" in rule else "otherwise"] = "deny"


def _waived_no_more(rng: random.Random, data: dict[str, Any]) -> None:
    waived = [name for name in _tools(data) if "unless" in (data["tools"][name] or {}).get("approval", {})]
    del data["tools"][rng.choice(waived)]["approval"]["unless"]


def _more_people(rng: random.Random, data: dict[str, Any]) -> None:
    gate = data["approvals"][rng.choice(sorted(name for name, each in data["approvals"].items() if "roles" in each))]
    gate["quorum"] = gate.get("quorum", 1) + 1


def _later(rng: random.Random, data: dict[str, Any]) -> None:
    gate = data["approvals"][rng.choice(sorted(data["approvals"]))]
    gate["if_no_answer"][-1]["after"] = "9d"


def _fewer(rng: random.Random, data: dict[str, Any]) -> None:
    limit = rng.choice(data["limits"])
    limit["max"] -= 1


def _limit_gone(rng: random.Random, data: dict[str, Any]) -> None:
    data["limits"].pop(rng.randrange(len(data["limits"])))


def _tool_gone(rng: random.Random, data: dict[str, Any]) -> None:
    used = text_of([{key: value for key, value in data.items() if key != "tools"}, *data["tools"].values()])
    del data["tools"][rng.choice([name for name in _tools(data) if name not in used])]


def _never(rng: random.Random, data: dict[str, Any]) -> None:
    data.setdefault("never", []).append({"tools": [rng.choice(_tools(data))]})


def _scenario_gone(rng: random.Random, data: dict[str, Any]) -> None:
    data["scenarios"].pop(rng.randrange(len(data["scenarios"])))


def _turned(rng: random.Random, data: dict[str, Any]) -> None:
    for key in ("tools", "approvals", "facts"):
        if key in data:
            data[key] = dict(rng.sample(sorted(data[key].items()), len(data[key])))
    for key in ("rules", "limits", "never", "scenarios", "escalation"):
        if key in data:
            rng.shuffle(data[key])


def _double_negation(rng: random.Random, data: dict[str, Any]) -> None:
    rule = rng.choice(data["rules"])
    key = "when" if "when" in rule else "only_if"
    rule[key] = f"!(!({rule[key]}))"


def _other_form(rng: random.Random, data: dict[str, Any]) -> None:
    rule = rng.choice(data["rules"])
    if "when" in rule:
        rule["only_if"], rule["otherwise"] = f"!({rule.pop('when')})", rule.pop("then")
    else:
        rule["when"], rule["then"] = f"!({rule.pop('only_if')})", rule.pop("otherwise")


KINDS: list[tuple[str, Edit]] = [
    ("widened", _rule_gone), ("widened", _own_rule_gone), ("narrowed", _denied), ("narrowed", _waived_no_more),
    ("narrowed", _more_people), ("widened", _later), ("narrowed", _fewer), ("widened", _limit_gone),
    ("narrowed", _tool_gone), ("narrowed", _never), ("widened", _scenario_gone), ("unchanged", _turned),
    ("unchanged", _double_negation), ("unchanged", _other_form),
]  # fmt: skip


@cache
def _data(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return found


def _loaded(path: Path, data: dict[str, Any]) -> Charter | None:
    return load_text(text_of(data), str(path), beside(path)).charter


def _edits() -> Iterator[tuple[Path, str, Edit]]:
    """Every kind on three of the charters that it fits, chosen by a seed."""
    for expected, edit in KINDS:
        rng = random.Random(f"shipped {edit.__name__}")
        left = 3
        for path in rng.sample(FILES, len(FILES)):
            data = copy.deepcopy(_data(path))
            try:
                edit(random.Random(str(path.name)), data)
            except (KeyError, IndexError):
                continue
            if left and data != _data(path) and _loaded(path, data) is not None:
                left -= 1
                yield path, expected, edit


CASES = list(_edits())


@pytest.mark.parametrize(
    ("path", "expected", "edit"), CASES, ids=[f"{path.relative_to(ROOT)} {edit.__name__}" for path, _, edit in CASES]
)
def test_an_edit_goes_its_way_or_is_hidden(path: Path, expected: str, edit: Edit) -> None:
    """No edit goes the other way; a tool that is called unchanged or narrowed has no call that passes more easily."""
    data = copy.deepcopy(_data(path))
    edit(random.Random(str(path.name)), data)
    old, new = _loaded(path, _data(path)), _loaded(path, data)
    assert old is not None
    assert new is not None
    difference = between(old, new)
    hidden = edit in (_rule_gone, _own_rule_gone, _denied, _waived_no_more, _limit_gone, _fewer)
    assert way(difference) in ({expected, "unchanged"} if hidden else {expected}), told(difference)
    policies = lower(old), lower(new)
    engines = Engine(policies[0], ZONE), Engine(policies[1], ZONE)
    gates = Gates(policies[0].gates, policies[1].gates)
    # Those that changed, and some that did not.
    calm = [tool for tool in difference.tools if tool.change in (Change.UNCHANGED, Change.NARROWED)]
    for tool in sorted(calm, key=lambda tool: tool.change is Change.UNCHANGED)[:3]:
        for engine in engines:
            for probe in probes(engine, tool.tool, most=20):
                one, other = (each.decide_value(tool.tool, probe.args, given=probe.given) for each in engines)
                order = compared(one, other, gates)
                assert not order.wider, (tool, probe)
                assert tool.change is Change.NARROWED or not order.narrower, (tool, probe)


def test_every_kind_of_edit_is_tried() -> None:
    """The shipped charters have something of each."""
    assert {edit for _, edit in KINDS} == {edit for _, _, edit in CASES}


def test_shipped_charters_do_not_differ_from_themselves() -> None:
    """Each is unchanged against its own plain form."""
    assert len(FILES) > 10
    for path in FILES:
        one = _loaded(path, _data(path))
        assert one is not None, path
        difference = between(one, one)
        assert ("unchanged", {}, ()) == (way(difference), changed(difference), difference.sections)
