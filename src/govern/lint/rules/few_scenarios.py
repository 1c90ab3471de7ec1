"""Too few ambiguous instructions for the tools that can do most harm."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from govern.charter.model import Charter, Kind
from govern.findings import Confidence, Severity
from govern.lint.hit import Hit, listed
from govern.lint.outside import riskiest

SEVERITY = Severity.NOTE
CONFIDENCE = Confidence.HIGH
ENOUGH = 5


def check(charter: Charter) -> Iterator[Hit]:
    if charter.kind is not Kind.CHARTER:
        return
    tools = riskiest(charter)
    if not charter.scenarios and tools:
        names = listed([tool.name for tool in tools])
        message = f"no scenario says what an ambiguous instruction for {names} means"
        hint = f"write at least {ENOUGH} for each, some in the words of somebody who lies"
        yield Hit(message, charter.agent_at, hint)
        return
    # The same words for the same tool are one instruction, however often they are written.
    told = Counter(tool for tool, _ in {(each.tool.name, each.instruction) for each in charter.scenarios})
    for tool in tools:
        if told[tool.name] < ENOUGH:
            count = told[tool.name]
            message = f"{count} scenario{'s' * (count != 1)} for `{tool.name}`, one of the riskiest tools"
            yield Hit(message, tool.at, f"write at least {ENOUGH}: what may somebody say who means something else?")
