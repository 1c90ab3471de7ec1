"""Bases only make stricter, and each environment at least as strict as the one that it extends."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from govern.charter.deployment import load_deployment
from govern.charter.files import beside
from govern.charter.load import load, load_text
from govern.charter.model import Charter
from govern.compile.lower import lower
from govern.conditions.inputs import history_key
from govern.policy.engine import Engine
from govern.policy.model import Effect, Tier

from .shipped import CHARTERS, ENVIRONMENTS, EXAMPLES, LIBRARIES, advice, canonical, library, serious, shipped

# A base has no tools: which of its globs match is the charters' affair.
_OF_CHARTERS = "rule-matches-nothing"
STEPS = (None, *ENVIRONMENTS)  # the loosest first


def everything(base: str | None, *, minimums: bool = False) -> Charter:
    """A charter that grants every tool of every library and asks nobody, under one base."""
    lines = [
        "govern: 1", "agent: all", "version: 1", "purpose: Every tool there is.", "owner: owner", "roles: [owner]",
        "uses: [" + ", ".join(f"library/{name}.yaml" for name in LIBRARIES) + "]",
    ]  # fmt: skip
    if base and not minimums:
        lines.append(f"extends: [base/{base}.yaml]")
    lines.append("tools:")
    for name in LIBRARIES:
        for tool in library(name).tools.values():
            alone = "" if tool.tier is Tier.READ_ONLY and not tool.rules else "autonomous: {because: A test.}"
            lines.append(f"  {library(name).server}/{tool.name}: {{{alone}}}")
    least = (f"base/{base}.yaml",) if base and minimums else ()
    loaded = load_text("\n".join(lines), str(CHARTERS / "all.yaml"), beside(CHARTERS / "all.yaml"), least)
    assert () == loaded.findings
    assert loaded.charter is not None
    return loaded.charter


@cache
def engine(base: str | None) -> Engine:
    return Engine(lower(everything(base)))


TOOLS = tuple((library(name).server, tool) for name in LIBRARIES for tool in library(name).tools.values())


def argument(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Values of a schema's kind, the ones that rules ask about among them; now and then of another kind."""
    match schema:
        case {"enum": values}:
            return st.sampled_from(values)
        case {"type": "string"}:
            return st.sampled_from(["create", "list", "delete", "agent/x", "main", "a\nb", "dta"])
        case {"type": "boolean"}:
            return st.booleans()
        case {"type": "number" | "integer"}:
            return st.integers(1, 9)
        case {"type": "array", "items": dict() as items}:
            return st.lists(argument(items), min_size=1, max_size=2)
        case {"type": "object", "properties": dict() as properties}:
            required = schema.get("required", [])
            return st.fixed_dictionaries(
                {key: argument(value) for key, value in properties.items() if key in required},
                optional={key: argument(value) for key, value in properties.items() if key not in required},
            )
        case {"type": "object"}:
            return st.just({})
        case _:
            return st.sampled_from(["TRASH", None, 1])


@st.composite
def calls(draw: st.DrawFn) -> tuple[str, dict[str, Any], dict[str, Any]]:
    """A call of any tool with any history: each limit exceeded, not, or nobody knows."""
    server, tool = draw(st.sampled_from(TOOLS))
    assert tool.input is not None
    args = draw(argument({"type": "object", **tool.input.schema}))
    limits = [limit.id.name for limit in everything_limits()]
    keys = [history_key("tainted", "session"), *(history_key("exceeded", id) for id in limits)]
    told = draw(st.fixed_dictionaries({key: st.sampled_from([True, False, None]) for key in keys}))
    return f"{server}/{tool.name}", args, {key: value for key, value in told.items() if value is not None}


@cache
def everything_limits() -> tuple[Any, ...]:
    """The limits of all environments: in one of them an id is its own, in the next behind the base's name."""
    return tuple(limit for base in ENVIRONMENTS for limit in everything(base).limits)


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_a_base_loads_and_lints_clean(name: str) -> None:
    """No error, no warning of its own, canonical form."""
    found = [finding for finding in advice(f"base/{name}.yaml") if finding.rule != _OF_CHARTERS]
    assert [] == serious(found)
    assert canonical(f"base/{name}.yaml")


def test_the_environments_go_one_way() -> None:
    """The loosest is the root, and each one extends the one before it alone."""
    extended = [[word.name for word in shipped(f"base/{name}.yaml").extends] for name in ENVIRONMENTS]
    assert [[], ["organisation.yaml"], ["dev.yaml"], ["staging.yaml"]] == extended


@settings(max_examples=500, deadline=None)
@given(calls())
def test_each_environment_is_at_least_as_strict(call: tuple[str, dict[str, Any], dict[str, Any]]) -> None:
    """No base, organisation, dev, staging, production: no verdict gets looser, no gate is dropped."""
    tool, args, history = call
    verdicts = [engine(base).decide(tool, args, given=history) for base in STEPS]
    for looser, stricter in pairwise(verdicts):
        assert looser.effect <= stricter.effect
        if looser.effect is stricter.effect is Effect.APPROVAL:
            assert set(looser.gates) <= set(stricter.gates)


def verdict(base: str | None, tool: str, args: dict[str, Any], **history: bool) -> Effect:
    """With a history in which nothing happened but what is said."""
    known = {history_key("exceeded", limit.id.name): False for limit in everything_limits()}
    known |= {history_key("tainted", "session"): history.get("tainted", False)}
    return engine(base).decide(tool, args, given=known).effect


@pytest.mark.parametrize(
    ("first", "tool", "args", "tainted"),
    [
        ("organisation", "stripe/create_refund", {"payment_intent": "pi"}, False),
        ("organisation", "slack/conversations_add_message", {"channel_id": "C", "text": "hello"}, False),
        ("organisation", "slack/usergroups_update", {"usergroup_id": "S"}, False),
        ("organisation", "playwright/browser_cookie_set", {"name": "a", "value": "b"}, False),
        ("organisation", "filesystem/write_file", {"path": "/a", "content": "b"}, True),
        ("staging", "filesystem/write_file", {"path": "/a", "content": "b"}, False),
        ("staging", "github/create_issue", {"owner": "a", "repo": "b", "title": "c"}, True),
        ("production", "stripe/search_stripe_documentation", {"question": "a"}, True),
        (None, "github/create_issue", {"owner": "a", "repo": "b", "title": "c"}, False),
        (None, "filesystem/read_file", {"path": "/a"}, True),
    ],
)  # fmt: skip
def test_where_somebody_is_first_asked(first: str | None, tool: str, args: dict[str, Any], tainted: bool) -> None:
    """Each environment adds what its page says it adds, and not before."""
    asked = [base for base in STEPS if verdict(base, tool, args, tainted=tainted) is not Effect.ALLOW]
    assert list(STEPS[STEPS.index(first) :] if first else []) == asked


def test_which_tools_a_rule_by_names_concerns() -> None:
    """A glob of a name means what it was written for, in every library, and nothing else."""
    charter = everything("organisation")
    acting = [tool for tool in charter.tools.values() if tool.tier is not Tier.READ_ONLY]
    found = {
        rule.id.name.removeprefix("organisation/"): [tool.name for tool in acting if rule.select.concerns(tool)]
        for rule in charter.rules
        if rule.tools
    }
    stripe = (
        "create_coupon create_payment_link create_invoice create_invoice_item finalize_invoice create_refund "
        "update_subscription cancel_subscription update_dispute"
    )
    slack = "usergroups_create usergroups_update usergroups_me usergroups_users_update"
    browser = "cookie_set cookie_delete cookie_clear storage_state set_storage_state"
    expected = {
        "money": [f"stripe/{name}" for name in stripe.split()],
        "access": ["google-workspace/start_google_auth", *(f"slack/{name}" for name in slack.split())],
        "logins": [f"playwright/browser_{name}" for name in browser.split()],
    }
    assert expected == found


def test_what_people_do_is_never_released() -> None:
    """A tool under `never` is denied, granted or not."""
    for tool in ("github/delete_repository", "bank/create_payout", "iam/grant_role", "vault/rotate_key"):
        assert Effect.DENY is engine("organisation").decide(tool, {"owner": "a", "repo": "b"}).effect
    assert Effect.ALLOW is engine(None).decide("github/delete_repository", {"owner": "a", "repo": "b"}).effect


def test_a_minimum_is_as_strict_as_a_base() -> None:
    """The same file named by the deployment instead of the charter: the same policy, but for who named it."""
    extended, least = lower(everything("production")), lower(everything("production", minimums=True))
    assert (extended.tools, extended.never, extended.limits, extended.gates) == (
        least.tools,
        least.never,
        least.limits,
        least.gates,
    )


def test_the_example_deployment_holds_every_role() -> None:
    """It loads, names the strictest base as the minimum, and has enough people for every quorum."""
    deployment, findings = load_deployment(CHARTERS / "base" / "deployment.example.yaml")
    assert () == findings
    assert deployment is not None
    assert ("production.yaml",) == deployment.minimums
    production = shipped("base/production.yaml")
    assert {role.name for role in production.roles} == set(deployment.roles)
    for gate in production.gates.values():
        people = {word.name for role in gate.roles for word in deployment.roles[role.name].people}
        assert gate.quorum < len(people), gate.name
    everybody = [word.name for held in deployment.roles.values() for word in held.people]
    assert [] == [name for name in everybody if not name.endswith("@example.org")]
    for path in EXAMPLES:
        assert load(CHARTERS / path, ("../base/production.yaml",)).charter is not None
