"""An approval of a call that only names what it acts on: the thing may change between the look and the call."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from govern.charter.model import Charter, Tier, Tool
from govern.findings import Confidence, Severity
from govern.lint.hit import Hit, listed
from govern.lint.outside import own_name, word_set
from govern.lint.places import beside
from govern.policy.verbs import words

SEVERITY = Severity.NOTE
CONFIDENCE = Confidence.LOW

# What is done to something that is there already; sending and making need no second look at it.
_ACTS = word_set("""
    accept approve cancel close deploy delete destroy exchange merge pay promote publish purge refund release remove
    return sign
    """)
_NAMES = word_set("id identifier key number path ref sha table uuid")
_SHOWS = word_set("check describe fetch get inspect lookup read retrieve show view")


def check(charter: Charter) -> Iterator[Hit]:
    for tool in charter.tools.values():
        if tool.tier is not Tier.IRREVERSIBLE or tool.approval is None or tool.approval.recheck is not None:
            continue
        named = _named(tool)
        if not named or not _ACTS & set(words(own_name(tool.name))[:2]):
            continue
        readers = _readers(charter, tool, named)
        if readers:
            message = f"what {listed([f'args.{name}' for name in named])} names may change after the approver looked"
            shown = " or ".join(f"`recheck: {name}`" for name in readers[:3])
            source, text = charter.source, f"recheck: {readers[0]}"
            fix = None
            if len(readers) == 1 and charter.here(tool.approval.gate.at):
                fix = beside(source, tool.approval.gate.at, "ask", text, "read it again before the call", safe=False)
            yield Hit(message, tool.approval.gate.at, f"add {shown}: a changed result asks again", fix=fix)


def _properties(tool: Tool) -> dict[str, Any]:
    return tool.input.schema.get("properties", {}) if tool.input is not None else {}


def _named(tool: Tool) -> list[str]:
    """The required arguments that only name something."""
    required = tool.input.schema.get("required", []) if tool.input is not None else []
    return [name for name in required if name in _properties(tool) and next(reversed(words(name)), "") in _NAMES]


def _readers(charter: Charter, tool: Tool, named: list[str]) -> list[str]:
    """The tools that show the same thing, given the same arguments; those that share most come alone."""
    found: dict[str, int] = {}
    for other in charter.tools.values():
        verb = next(iter(words(own_name(other.name))), "")
        required = set(other.input.schema.get("required", [])) if other.input is not None else set()
        shared = required & set(named)
        if other.tier is Tier.READ_ONLY and verb in _SHOWS and shared and required <= _properties(tool).keys():
            found[other.name] = len(shared)
    most = max(found.values(), default=0)
    best = [name for name, count in found.items() if count == most]
    object_ = set(words(own_name(tool.name))[1:])
    same = [name for name in best if set(words(own_name(name))[1:]) == object_]
    return same or best
