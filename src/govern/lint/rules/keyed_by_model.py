"""A limit counted apart for each value of an argument that the model may write as it likes."""

from __future__ import annotations

from collections.abc import Iterator

from govern.charter.model import Charter, Limit, Tool
from govern.findings import Confidence, Severity
from govern.lint.hit import Hit
from govern.lint.outside import word_set
from govern.lint.paths import Nothing, Path, look_up
from govern.lint.places import parsed
from govern.lint.scopes import selected
from govern.policy.verbs import words

SEVERITY = Severity.NOTE
CONFIDENCE = Confidence.LOW

# A key that names what the call acts on cannot be split: another value acts on another thing.
_NAMES = word_set("""
    account address author branch bucket card channel contact customer database email event folder host iban id
    identifier invoice key name number order owner path phone recipient recipients repo repository room sku symbol
    table tenant thread ticket to url user username users uuid
    """)


def check(charter: Charter) -> Iterator[Hit]:
    for limit in charter.limits:
        if (
            not charter.here(limit.at)
            or not limit.for_each
            or not all(word.name.startswith("args.") for word in limit.for_each)
        ):
            continue
        tools = selected(charter, limit.select)
        if _bounded_otherwise(charter, limit, tools):
            continue
        for word in limit.for_each:
            path = parsed(word.name)[1]
            said = words(str(path[-1]))
            if said and said[-1] not in _NAMES and not _closed(tools, path):
                message = f"`{limit.id}` is counted apart for each `{word}`, which the model may vary at will"
                hint = "count for each `agent`, `session` or what the call acts on, or add a limit that does"
                yield Hit(message, word.at, hint)
                break


def _bounded_otherwise(charter: Charter, limit: Limit, tools: list[Tool]) -> bool:
    """Whether another limit of the same kind bounds the same tools whatever the arguments say."""
    return any(
        other is not limit
        and (other.sum is None) == (limit.sum is None)
        and not any(word.name.startswith("args.") for word in other.for_each)
        and {tool.name for tool in tools} <= {tool.name for tool in selected(charter, other.select)}
        for other in charter.limits
    )


def _closed(tools: list[Tool], path: Path) -> bool:
    """Whether every tool's schema lists the values."""
    found = [look_up(tool.input.schema, path) for tool in tools if tool.input is not None]
    return bool(found) and all(
        not isinstance(each, Nothing) and any("enum" in schema or "const" in schema for schema in each)
        for each in found
    )
