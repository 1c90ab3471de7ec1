"""A fact looked up by an argument that is not there: no result ever matches, and the fact is unknown."""

from __future__ import annotations

from collections.abc import Iterator

from govern.charter.model import Charter, Fact, Tool, Word
from govern.findings import Confidence, Severity, did_you_mean
from govern.lint.hit import Hit, listed
from govern.lint.places import missing, parsed
from govern.lint.scopes import own
from govern.lint.sites import Site, sites

SEVERITY = Severity.WARNING
CONFIDENCE = Confidence.HIGH


def check(charter: Charter) -> Iterator[Hit]:
    looked_up = [fact for fact in charter.facts.values() if fact.source is not None and fact.source.where]
    places = list(sites(charter)) if looked_up else []
    for fact in looked_up:
        for key, place in fact.source.where if fact.source else ():
            yield from _source(charter, fact, key)
            yield from _call(charter, places, fact, place)


def _source(charter: Charter, fact: Fact, key: Word) -> Iterator[Hit]:
    """The argument of the source's call, or the part of its result."""
    of_result = key.name.startswith("result.")
    path = parsed(key.name)[1] if of_result else (key.name,)
    for word in fact.source.tools if fact.source else ():
        tool = charter.tools.get(word.name)
        nothing = missing(tool.output if of_result else tool.input, path) if tool else None
        if nothing is not None:
            what = "no part of the result" if of_result else "no argument"
            message = f"`{key}` is {what} of `{word}`: no result matches, and `{fact.name}` is unknown for every call"
            yield Hit(message, own(charter, key.at), did_you_mean(str(path[-1]), nothing.names))


def _call(charter: Charter, places: list[Site], fact: Fact, place: Word) -> Iterator[Hit]:
    """The argument of the call that is judged, of each tool whose conditions ask for the fact."""
    root, path = parsed(place.name)
    if root != "args":
        return
    lacking: dict[str, Tool] = {}
    for site in places:
        if fact.name in site.clause.condition.outside:
            lacking.update({tool.name: tool for tool in site.tools if missing(tool.input, path) is not None})
    if lacking:
        one = next(iter(lacking.values()))
        nothing = missing(one.input, path)
        message = f"`{place}` is no argument of {listed(sorted(lacking))}: `{fact.name}` is always unknown there"
        hint = did_you_mean(str(path[-1]), nothing.names if nothing else ())
        yield Hit(message, own(charter, place.at), hint if len(lacking) == 1 else "")
