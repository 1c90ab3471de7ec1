"""An approval of a call that only names what it acts on: the thing may change between the look and the call."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True)
class _Reader:
    """A tool that shows something: the arguments it requires, and what its name says that it shows."""

    name: str
    required: frozenset[str]
    shows: frozenset[str]


def check(charter: Charter) -> Iterator[Hit]:
    shown = [reader for tool in charter.tools.values() if (reader := _reader(tool)) is not None]
    for tool in charter.tools.values():
        if tool.tier is not Tier.IRREVERSIBLE or tool.approval is None or tool.approval.recheck is not None:
            continue
        named = _named(tool)
        if not named or not _ACTS & set(words(own_name(tool.name))[:2]):
            continue
        readers = _best(tool, shown, named)
        if readers:
            message = f"what {listed([f'args.{name}' for name in named])} names may change after the approver looked"
            hint = f"add {' or '.join(f'`recheck: {name}`' for name in readers[:3])}: a changed result asks again"
            at, fix = tool.approval.gate.at, None
            if len(readers) == 1:
                text = f"recheck: {readers[0]}"
                fix = beside(charter.source, at, "ask", text, "read it again before the call", safe=False)
            yield Hit(message, at, hint, fix=fix)


def _reader(tool: Tool) -> _Reader | None:
    said = words(own_name(tool.name))
    if tool.tier is not Tier.READ_ONLY or tool.input is None or not said or said[0] not in _SHOWS:
        return None
    return _Reader(tool.name, frozenset(tool.input.schema.get("required", ())), frozenset(said[1:]))


def _named(tool: Tool) -> list[str]:
    """The required arguments that only name something."""
    required = tool.input.schema.get("required", []) if tool.input is not None else []
    return [name for name in required if next(reversed(words(name)), "") in _NAMES]


def _best(tool: Tool, shown: list[_Reader], named: list[str]) -> list[str]:
    """The tools that show the same thing given the same arguments; of several those that share most, or its name."""
    arguments = set(tool.input.schema.get("properties", {})) if tool.input is not None else set()
    able = [reader for reader in shown if reader.required & set(named) and reader.required <= arguments]
    most = max((len(reader.required & set(named)) for reader in able), default=0)
    best = [reader for reader in able if len(reader.required & set(named)) == most]
    thing = set(words(own_name(tool.name))[1:])
    return [reader.name for reader in best if reader.shows == thing] or [reader.name for reader in best]
