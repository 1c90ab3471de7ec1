"""A limit counted apart for each value of an argument that one of its tools does not have."""

from __future__ import annotations

from collections.abc import Iterator

from govern.charter.model import Charter
from govern.findings import Confidence, Severity, did_you_mean
from govern.lint.hit import Hit, listed
from govern.lint.places import missing, parsed
from govern.lint.scopes import selected

SEVERITY = Severity.WARNING
CONFIDENCE = Confidence.HIGH


def check(charter: Charter) -> Iterator[Hit]:
    for limit in charter.limits:
        keys = [(word, parsed(word.name)[1]) for word in limit.for_each if word.name.startswith("args")]
        tools = selected(charter, limit.select) if keys else []
        for word, path in keys:
            lacking = {tool.name: nothing for tool in tools if (nothing := missing(tool.input, path))}
            if lacking:
                message = (
                    f"`{word}` is no argument of {listed(list(lacking))}: each such call counts as over `{limit.id}`"
                )
                first = next(iter(lacking.values()))
                hint = did_you_mean(str(path[-1]), first.names) if len(lacking) == len(tools) else ""
                at = word.at if charter.here(word.at) else charter.tools[next(iter(lacking))].at
                yield Hit(message, at, hint or "write a limit of its own for those that have it")
