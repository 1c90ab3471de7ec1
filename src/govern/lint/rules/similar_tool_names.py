"""Two mapped tools that a reader takes for one another: the same name but for a sign, or a letter and another tier."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator

from govern.charter.model import Charter, Tool
from govern.findings import Confidence, Severity
from govern.lint.hit import Hit

SEVERITY = Severity.WARNING
CONFIDENCE = Confidence.MEDIUM

_SHORTEST = 5  # shorter names are words of their own: `get`, `set`
_LOOKALIKE = str.maketrans("I10", "llo")


def check(charter: Charter) -> Iterator[Hit]:
    tools = list(charter.tools.values())
    reported: set[tuple[str, str]] = set()
    for one, other in _pairs(tools, lambda tool: [f"{_server(tool)}/{skeleton(_own(tool))}"]):
        reported.add((one.name, other.name))
        message = f"`{other.name}` and `{one.name}` (line {one.at.line}) differ by a sign that the eye skips"
        yield Hit(message, other.at, "if both exist, rename one at its server; else delete the wrong one")
    for one, other in _pairs(tools, _with_one_letter_less):
        if (one.name, other.name) in reported or one.tier is other.tier or not one_letter_apart(_own(one), _own(other)):
            continue
        reported.add((one.name, other.name))
        message = (
            f"`{other.name}` is {other.tier}, and `{one.name}` (line {one.at.line}), one letter away, is {one.tier}"
        )
        yield Hit(message, other.at, "check that each tier stands with the tool that it is meant for")


def _pairs(tools: list[Tool], keys: Callable[[Tool], list[str]]) -> Iterator[tuple[Tool, Tool]]:
    """Pairs that share a key, in the file's order."""
    groups: dict[str, list[Tool]] = defaultdict(list)
    for tool in tools:
        for key in keys(tool):
            groups[key].append(tool)
    seen: set[tuple[str, str]] = set()
    for group in groups.values():
        for at, other in enumerate(group):
            for one in group[:at]:
                if one is not other and (one.name, other.name) not in seen:
                    seen.add((one.name, other.name))
                    yield one, other


def _server(tool: Tool) -> str:
    return tool.name.rpartition("/")[0]


def _own(tool: Tool) -> str:
    return tool.name.rpartition("/")[2]


def skeleton(name: str) -> str:
    """A name without what the eye skips: case, `_`, `-`, `.`, and the digits that look like letters."""
    return re.sub(r"[_.-]", "", name.translate(_LOOKALIKE)).lower()


def _with_one_letter_less(tool: Tool) -> list[str]:
    """The name, and the name with each letter left out: names one letter apart share one of them."""
    own, server = _own(tool).lower(), _server(tool)
    if len(own) < _SHORTEST:
        return []
    return list(dict.fromkeys(f"{server}/{own[:at]}{own[at + 1 :]}" for at in range(len(own) + 1)))


def one_letter_apart(one: str, other: str) -> bool:
    """Whether one letter was added, left out or exchanged; not a digit, which numbers what belongs together."""
    short, long = sorted((one.lower(), other.lower()), key=len)
    at = next((at for at, char in enumerate(short) if char != long[at]), len(short))
    if len(short) == len(long):
        return short[at + 1 :] == long[at + 1 :] and short[at : at + 1].isalpha() and long[at : at + 1].isalpha()
    return len(long) == len(short) + 1 and short[at:] == long[at + 1 :] and long[at].isalpha()
