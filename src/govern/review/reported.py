"""The shadow report that is signed off, read from the JSON that `govern shadow-report --format json` wrote.

What is signed is the digest of its bytes; what is read here is what must agree with the charter and the log before
anybody may sign: the policies it was made with, and the calls of each day.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from govern.errors import EvidenceError
from govern.events.canonical import Malformed, digest, parse

SCHEMA: Final = "govern/shadow-report/v1"
_HINT: Final = "write it with `govern shadow-report LOGS… --charter C --deployment D --format json`"


@dataclass(frozen=True, slots=True)
class Reported:
    """What a report says of itself.

    Args:
        digest: of its bytes.
        policies: digests of the policies, by agent; several where each call was judged as recorded.
        days: calls by day, by agent, on the wall clock of `zone`.
        unmapped: actions that nobody mapped, by agent.
        not_judged: calls.
        said: all of it, as it was written.
    """

    digest: str
    policies: Mapping[str, frozenset[str]]
    days: Mapping[str, Mapping[date, int]]
    unmapped: Mapping[str, int]
    not_judged: int
    zone: str
    said: Mapping[str, Any]


SIGNED_FOR: Final = (
    "verdicts", "malformed_arguments", "without_charter", "unmapped", "by_tool", "by_rule", "approvals",
    "undecidable", "days", "policies", "as_recorded", "judged", "not_judged",
)  # fmt: skip
"""What a reviewer judges a day by. The rest is the state of sign-offs, forecasts and samples made of the same calls."""
_SHOWN: Final = frozenset({"shapes"})
"""What depends on whether values are shown."""


def differing(said: Mapping[str, Any], again: Mapping[str, Any]) -> str | None:
    """The first part in which a report differs from one that was made again, or None.

    Args:
        said: the report that is signed.
        again: of the same logs and charters.
    """
    return next((key for key in SIGNED_FOR if _bare(said.get(key)) != _bare(again.get(key))), None)


def _bare(value: Any) -> Any:
    match value:
        case Mapping():
            return {key: _bare(inner) for key, inner in value.items() if key not in _SHOWN}
        case list():
            return [_bare(inner) for inner in value]
        case _:
            return value


def reported(raw: bytes, where: str) -> Reported:
    """The report of a file's bytes.

    Args:
        where: how errors call it.

    Raises:
        EvidenceError: it is none, or one that was stopped before it had judged everything.
    """
    try:
        data = parse(raw)
    except Malformed as error:
        raise EvidenceError(f"no JSON: {error}", where=where, hint=_HINT) from None
    if not isinstance(data, dict) or data.get("schema") != SCHEMA:
        raise EvidenceError(f"is no `{SCHEMA}`", where=where, hint=_HINT)
    if data.get("partial") is not None:
        hint = "let `govern shadow-report` run to its end"
        raise EvidenceError("the report was stopped before it had judged everything", where=where, hint=hint)
    try:
        return _reported(data, digest(raw))
    except (KeyError, TypeError, ValueError, AttributeError):
        raise EvidenceError(f"the report does not have what `{SCHEMA}` has", where=where, hint=_HINT) from None


def _reported(data: dict[str, Any], of: str) -> Reported:
    policies: dict[str, set[str]] = {}
    for row in data["policies"]:
        policies.setdefault(row["agent"], set()).add(row["digest"])
    unmapped: dict[str, int] = {}
    for row in data["unmapped"]:
        agent = row["agent"] if row["agent"] is not None or len(policies) != 1 else next(iter(policies))
        unmapped[agent] = unmapped.get(agent, 0) + 1
    return Reported(
        of,
        {agent: frozenset(digests) for agent, digests in policies.items()},
        {
            row["agent"]: {date.fromisoformat(each["day"]): int(each["calls"]) for each in row["days"]}
            for row in data["calendar"]
        },
        unmapped,
        int(data["not_judged"]),
        str(data["time_zone"]),
        data,
    )
