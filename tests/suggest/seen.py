"""Actions and charters for the tests of suggestions, made of a few calls."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from govern.charter.load import load_text
from govern.compile.lower import lower
from govern.replay.details import Shapes
from govern.replay.looked import Look, arguments
from govern.replay.shapes import shapes
from govern.suggest.model import Action, Target

CHARTER = """\
govern: 1
agent: desk
version: 3   # grows
purpose: Answers people.
owner: lead
roles: [lead, finance]

approvals:
  lead: {roles: [lead], if_no_answer: [{after: 4h, then: deny}]}
  finance: {roles: [finance], if_no_answer: [{after: 4h, then: deny}]}
  person: {confirm: session.person, if_no_answer: [{after: 15m, then: deny}]}

# What it may use.
tools:
  get_order: {tier: read_only, input: {type: object, required: [id], properties: {id: {type: string}}}}

  refund:   # money
    tier: irreversible
    approval: {ask: finance}
    input: {type: object, required: [id], properties: {id: {type: string}}}
  # the last of them

never:
  - {tools: ["delete_*"], because: Nothing is deleted.}
"""


def of(*calls: Any) -> Shapes:
    """The shapes of arguments: of JSON data, text of arguments as a log has it, or None where it has none."""
    looks = []
    for place, args in enumerate(calls):
        text, lacking = arguments(args if isinstance(args, str) or args is None else json.dumps(args), None)
        looks.append(Look(place, str(place), text, lacking))
    return shapes(looks, len(calls))


def action(tool: str, calls: Sequence[Any] = ({"id": "1"},), **other: Any) -> Action:
    """A tool that was seen."""
    told = {
        "agent": "desk", "calls": len(calls), "runs": len(calls), "errors": 0, "first_ns": None, "last_ns": None,
        "samples": ("t-1",), "shapes": of(*calls),
    }  # fmt: skip
    return Action(tool, **{**told, **other})


def target(text: str = CHARTER) -> Target:
    """A charter that stands alone."""
    charter = load_text(text).charter
    assert charter is not None
    return Target("charter.yaml", "charter.yaml", text, "", charter, lower(charter), load_text)
