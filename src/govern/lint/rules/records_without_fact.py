"""A record scope that nothing of who is served goes into: it is as wide for everyone."""

from __future__ import annotations

from collections.abc import Iterator

from govern.charter.model import Charter
from govern.findings import Confidence, Severity
from govern.lint.hit import Hit

SEVERITY = Severity.WARNING
CONFIDENCE = Confidence.HIGH


def check(charter: Charter) -> Iterator[Hit]:
    for records in charter.records.values():
        condition = records.clause.condition
        if condition.outside & charter.facts.keys():
            continue
        by_call = [read for read in condition.reads if read.path[0] == "args"]
        if by_call:
            read = by_call[0]
            message = f"which `{records.name}` are seen depends on what the model asks for, not on who is served"
            yield Hit(message, records.clause.place(read.start, read.end), _HINT)
        else:
            message = f"`{records.name}` are the same for everyone who is served"
            yield Hit(message, records.clause.at, _HINT, Severity.NOTE)


_HINT = "compare with a fact of the session, as in `record.customer_id == customer.id`"
