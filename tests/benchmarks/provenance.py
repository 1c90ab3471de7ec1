"""Provenance alone, for the runs of AgentDojo: nothing is asked but where a call's destination came from.

A destination is an argument whose name says that something goes there: an address, an account, a member, a page. A
call needs approval if it has one that the user did not name and that a tool returned. No tier, no other rule.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from govern.charter.load import load_text
from govern.compile.lower import lower
from govern.policy.model import Policy

DESTINATIONS: Final = ("recipient", "recipients", "cc", "bcc", "participants", "email", "user_email", "url")


def policy(suite: str, tools: Sequence[Mapping[str, Any]]) -> Policy:
    """The policy of a suite's agent.

    Args:
        tools: of the suite, with `name` and the JSON Schema of their `parameters`.
    """
    listed = {tool["name"]: _tool(tool) for tool in tools}
    charter = {
        "govern": 1, "agent": suite, "version": 1, "purpose": "Where did it come from?", "owner": "o", "roles": ["o"],
        "approvals": {"ask": {"roles": ["o"], "if_no_answer": [{"after": "1h", "then": "deny"}]}},
        "tools": listed,
    }  # fmt: skip
    found = load_text(json.dumps(charter), f"{suite}.yaml")
    if found.charter is None:
        raise AssertionError([finding.message for finding in found.findings])
    return lower(found.charter)


def _tool(tool: Mapping[str, Any]) -> dict[str, Any]:
    places = tool["parameters"].get("properties", {})
    rules = [
        {
            "id": f"{tool['name']}-{name}",
            "when": f"{_there(name, places[name])} && origin(args.{name}) == 'untrusted' "
            f"&& !named_by_user(args.{name})",
            "then": {"approval": "ask"},
            "because": "A tool said where, and not the user.",
        }
        for name in DESTINATIONS
        if name in places
    ]
    return {"tier": "reversible", "rules": rules} if rules else {"tier": "reversible"}


def _there(name: str, place: Mapping[str, Any]) -> str:
    """A condition: whether the argument has a destination at all."""
    lists = place.get("type") == "array" or any(each.get("type") == "array" for each in place.get("anyOf", ()))
    return f"size(list(args.{name})) > 0" if lists else f"has(args.{name})"
