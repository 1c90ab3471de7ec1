"""What the tests of `govern diff` share: loading texts, the way of a whole difference, what a witness must show."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from govern.charter.files import within
from govern.charter.load import load_text
from govern.charter.model import Charter
from govern.compile.lower import lower
from govern.diff.compare import compare
from govern.diff.model import Change, Difference, ToolChange, Witness
from govern.events.canonical import text_of
from govern.policy.engine import Engine
from govern.policy.given import given
from govern.policy.model import Policy
from govern.policy.verdict import Verdict

ZONE = "Europe/Berlin"


def loaded(texts: Mapping[str, str], file: str = "desk.yaml") -> Charter:
    """The charter of a file, with the files beside it."""
    found = load_text(texts[file], file, within(texts))
    assert () == found.findings
    assert found.charter is not None
    return found.charter


def way(difference: Difference) -> str:
    """The whole difference in one word."""
    words = {
        (True, True): "shifted", (True, False): "widened", (False, True): "narrowed", (False, False): "unchanged",
    }  # fmt: skip
    return words[difference.widened, difference.narrowed]


def changed(difference: Difference) -> dict[str, str]:
    """The tools that changed, by name."""
    return {tool.tool: str(tool.change) for tool in difference.tools if tool.change is not Change.UNCHANGED}


def told(difference: Difference) -> str:
    """For messages of failed tests."""
    tools = [f"{tool.tool} {tool.change} {tool.proven} {tool.why}" for tool in difference.tools if tool.why]
    sections = [f"{each.path} {each.direction} {each.old} {each.new}" for each in difference.sections]
    return "\n".join(["", *tools, *sections])


def between(old: Charter, new: Charter) -> Difference:
    """Their difference; every witness in it shows what it says."""
    difference = compare(old, new, zone=ZONE)
    policies = lower(old), lower(new)
    for tool in difference.tools:
        for witness in tool.witnesses:
            shows(policies, tool, witness)
    return difference


def shows(policies: tuple[Policy, Policy], tool: ToolChange, witness: Witness) -> None:
    """The call, given to the per-call engine as `govern decide` gives it, differs under both as it says."""
    pasts = witness.given_old, witness.given_new
    old, new = (_decided(policy, tool.tool, witness.args, past) for policy, past in zip(policies, pasts, strict=True))
    assert (old, new) == (witness.old, witness.new)
    looser = witness.way is Change.WIDENED
    if old.effect is not new.effect:
        assert looser == (new.effect < old.effect)
        return
    gates = {name for name in {*old.gates, *new.gates} if policies[0].gates.get(name) != policies[1].gates.get(name)}
    steps = {step.ask for policy in policies for name in old.gates if name in policy.gates
             for step in policy.gates[name].if_no_answer}  # fmt: skip
    behind = {name for name in steps if name and policies[0].gates.get(name) != policies[1].gates.get(name)}
    released = "deny" != new.effect.label and tool.tool in policies[0].tools and tool.tool in policies[1].tools
    after = released and _after(policies[0], tool.tool) != _after(policies[1], tool.tool)
    assert set(old.gates) != set(new.gates) or old.tier is not new.tier or gates or behind or after


def _decided(policy: Policy, tool: str, args: Mapping[str, Any], past: Mapping[str, Any]) -> Verdict:
    engine = Engine(policy, ZONE)
    facts = {name: value for name, value in past.items() if name in policy.facts}
    said = given(engine.history, tool, text_of(dict(args)), facts=text_of(facts), at=None, first=False)
    return engine.decide_text(tool, text_of(dict(args)), given={**past, **said})


def _after(policy: Policy, name: str) -> tuple[object, ...]:
    tool = policy.tools[name]
    return (
        tool.tier, tool.external, tool.recheck, tool.credentials, tool.sensitive, tool.secret, tool.output,
        tool.show_only_if, tool.hide, tool.schema,
        tool.show_only_if and [policy.facts[name] for name in sorted(tool.show_only_if.outside & policy.facts.keys())],
    )  # fmt: skip
