"""Changes of what a tool is granted by itself: its tier, `external`, its gate and what waives it, its input schema."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from govern.charter.model import Ask, Autonomous, Charter, Clause, Input, RaisesTier, Tier, Tool, Word
from govern.conditions import parse_condition
from govern.findings import Location
from govern.scenario.mutants.change import Change, Kind
from govern.scenario.mutants.conditions import changed
from govern.scenario.mutants.places import Places
from govern.scenario.mutants.schemas import schemas

_TIERS = list(Tier)


def of_tools(charter: Charter, places: Places) -> Iterator[Change]:
    """Every change of every tool but of its rules."""
    for tool in charter.tools.values():
        of = f"tool/{tool.name}"
        yield from _tiers(charter, tool, of)
        to = not tool.external
        at, words = places.value(tool.at, "external"), f"`external` of `{tool.name}` became `{str(to).lower()}`"
        yield Change(Kind.EXTERNAL, of, at, words, _with(charter, replace(tool, external=to)))
        if tool.approval is not None:
            yield from _approval(charter, tool, tool.approval, of)
        for at, words, made in _inputs(tool.input):
            yield Change(Kind.INPUT, of, at, f"{words} in `input` of `{tool.name}`",
                         _with(charter, replace(tool, input=made)))  # fmt: skip


def _with(charter: Charter, tool: Tool) -> Charter:
    return replace(charter, tools={**charter.tools, tool.name: tool})


def _autonomous(tool: Tool) -> Autonomous:
    """What an irreversible tool without a gate has to say."""
    return tool.autonomous or Autonomous("changed", tool.at)


def _tiers(charter: Charter, tool: Tool, of: str) -> Iterator[Change]:
    """The next tier up and down. What no rule asks for the tier of is only made reversible: a tier that decides nothing
    still says how carefully a call is handled, but not every tool needs a test of it."""
    here = _TIERS.index(tool.tier)
    keyed = _keyed(charter)
    for to in _TIERS[max(here - 1, 0) : here] + _TIERS[here + 1 : here + 2]:
        if not keyed and tool.tier is not Tier.IRREVERSIBLE:
            continue
        made = replace(tool, tier=to)
        if to is Tier.IRREVERSIBLE and tool.approval is None:
            made = replace(made, autonomous=_autonomous(tool))
        words = f"`{tool.tier}` of `{tool.name}` became `{to}`"
        yield Change(Kind.TIER, of, tool.tier_at, words, _with(charter, made))


def _keyed(charter: Charter) -> bool:
    """Whether any decision depends on a tier."""
    after = charter.untrusted.after_reading if charter.untrusted else ()
    selects = [rule.select for rule in charter.rules] + [each.select for each in charter.limits]
    return any(each.tiers for each in (*selects, *(each.select for each in after))) or any(
        isinstance(each, RaisesTier) for each in charter.effects
    )


def _approval(charter: Charter, tool: Tool, ask: Ask, of: str) -> Iterator[Change]:
    def asking(made: Ask | None) -> Charter:
        free = made is None and tool.tier is Tier.IRREVERSIBLE
        return _with(charter, replace(tool, approval=made, autonomous=_autonomous(tool) if free else tool.autonomous))

    gate, unless = ask.gate, ask.unless
    if unless is None:
        yield Change(Kind.APPROVAL, of, gate.at, f"`approval` of `{tool.name}` was dropped", asking(None))
    else:
        always = Clause(parse_condition("true", charter.scope), unless.at, unless.source, None)
        words = f"`unless` of `{tool.name}`"
        yield Change(Kind.WAIVER, of, unless.at, f"{words} was dropped", asking(replace(ask, unless=None)))
        yield Change(Kind.WAIVER, of, unless.at, f"{words} became always true", asking(replace(ask, unless=always)))
        for edit, clause in changed(unless, charter.scope):
            at = unless.place(*edit.shown)
            yield Change(edit.kind, of, at, f"{edit.words} in {words}", asking(replace(ask, unless=clause)))
    other = next((name for name in charter.gates if name != gate.name), None)
    if other is not None:
        words = f"`ask: {gate}` of `{tool.name}` became `ask: {other}`"
        yield Change(Kind.APPROVAL, of, gate.at, words, asking(replace(ask, gate=Word(other, gate.at))))


def _inputs(written: Input | None) -> Iterator[tuple[Location, str, Input]]:
    """Changes of a tool's schema, and of a library's that its input must satisfy too."""
    if written is None:
        return
    for pointer, words, schema in schemas(written.schema):
        yield written.places.get(pointer, written.at), words, replace(written, schema=schema)
    for at, words, also in _inputs(written.also):
        yield at, words, replace(written, also=also)
