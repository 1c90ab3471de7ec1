"""A tool that by its name reads records of a scope and is not among those whose results the scope judges."""

from __future__ import annotations

from collections.abc import Iterator

from govern.charter.model import Charter, Tier
from govern.findings import Confidence, Severity
from govern.lint.hit import Hit
from govern.lint.outside import thing_read
from govern.lint.places import appended

SEVERITY = Severity.WARNING
CONFIDENCE = Confidence.MEDIUM


def check(charter: Charter) -> Iterator[Hit]:
    scoped = {word.name for records in charter.records.values() for word in records.read_by}
    for records in charter.records.values():
        things = {thing_read(f"read_{records.name}"), *(thing_read(word.name) for word in records.read_by)}
        for tool in charter.tools.values():
            if tool.name in scoped or tool.tier is not Tier.READ_ONLY or tool.show_only_if is not None:
                continue
            thing = thing_read(tool.name)
            if thing and thing in things:
                message = f"`{tool.name}` reads `{thing}` too, and the scope `{records.name}` does not judge it"
                hint = f"add it to `read_by` of `{records.name}`, or give it a `show_only_if`"
                last = records.read_by[-1].at
                fix = appended(charter.source, last, tool.name, "judge what it reads as well", safe=False)
                yield Hit(message, tool.at, hint, fix=fix)
