"""A limit that the first call is over."""

from __future__ import annotations

from collections.abc import Iterator

from govern.charter.model import Charter, Deny
from govern.findings import Confidence, Severity
from govern.lint.hit import Hit

SEVERITY = Severity.WARNING
CONFIDENCE = Confidence.HIGH


def check(charter: Charter) -> Iterator[Hit]:
    for limit in charter.limits:
        if charter.here(limit.at) and (limit.max == 0 if limit.sum is not None else limit.max < 1):
            every = f"whose `{limit.sum}` is not 0 " if limit.sum is not None else ""
            message = f"`{limit.id}` has no room for a single call: every call {every}is over it"
            if isinstance(limit.effect, Deny):
                hint = "to refuse the tools, leave them out of `tools`, or name them under `never`"
            else:
                hint = "to ask each time, name the gate in the tool's `approval`"
            yield Hit(message, limit.id.at, hint)
