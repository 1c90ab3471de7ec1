"""A condition that reads an argument which the tool's closed input schema does not allow."""

from __future__ import annotations

from collections.abc import Iterator

from govern.charter.model import Charter
from govern.findings import Confidence, Severity, did_you_mean
from govern.lint.hit import Hit, listed
from govern.lint.paths import Nothing, Reading, look_up, readings
from govern.lint.sites import Site, sites

SEVERITY = Severity.WARNING
CONFIDENCE = Confidence.HIGH


def check(charter: Charter) -> Iterator[Hit]:
    for site in sites(charter):
        for reading in readings(site.clause.condition.tree):
            yield from _reading(site, reading)


def _reading(site: Site, reading: Reading) -> Iterator[Hit]:
    judged = [(tool, look_up(tool.input.schema, reading.path)) for tool in site.tools if tool.input]
    missing = [(tool, found) for tool, found in judged if isinstance(found, Nothing)]
    if not missing:
        return
    # A shared rule may well ask which of its tools has the argument.
    if len(missing) < len(judged) and (reading.asked or _is_asked_for(site, reading)):
        return
    names = sorted({name for _, found in missing for name in found.names})
    word = reading.path[len(missing[0][1].parent)]
    where = listed([tool.name for tool, _ in missing])
    outcome = "never there" if reading.asked else "always unknown"
    hint = did_you_mean(str(word), names) if names else "the schema has no such place"
    place = site.clause.place(reading.node.start, reading.node.end)
    yield Hit(f"`{reading.name}` is no argument of {where}: {outcome}", place, hint)


def _is_asked_for(site: Site, reading: Reading) -> bool:
    return any(
        other.asked and other.path == reading.path[: len(other.path)] for other in readings(site.clause.condition.tree)
    )
