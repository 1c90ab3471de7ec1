"""The published cases of CEL, the Common Expression Language: expressions, values, bindings, as they stand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from govern.events.canonical import Malformed, parse, text_of

from .textproto import Message, read


class Outside(Exception):
    """A case that has no form as a condition, and why, before any parser is asked."""


@dataclass(frozen=True, slots=True)
class Case:
    """One case of the suite.

    Args:
        id: file, section and name.
        expression: as published.
        value: what it gives, as a field of the message `Value`; None where it must fail.
        bindings: the values of its free names, as messages.
    """

    id: str
    expression: str
    value: tuple[str, Any] | None
    bindings: tuple[tuple[str, Message], ...]


def cases(files: dict[str, bytes]) -> Iterator[Case]:
    """Every case of the suite's files, by path."""
    for path, raw in sorted(files.items()):
        if not path.endswith(".textproto"):
            continue
        file = read(raw.decode())
        for section in file.messages("section"):
            for test in section.messages("test"):
                value: tuple[str, Any] | None = ("bool_value", "true")
                if test.has("eval_error"):
                    value = None
                elif found := test.messages("value"):
                    value = found[0].fields[0]
                yield Case(
                    f"{file.text('name')}/{section.text('name')}/{test.text('name')}",
                    test.text("expr"),
                    value,
                    tuple((each.text("key"), each.messages("value")[0]) for each in test.messages("bindings")),
                )


# -- values --------------------------------------------------------------------------------------------


def plain(kind: str, value: Any) -> Any:
    """JSON data of a field of the message `Value`.

    Raises:
        Outside: no JSON value is the same.
    """
    match kind:
        case "null_value":
            return None
        case "bool_value":
            return value == "true"
        case "int64_value" | "uint64_value":
            return int(value, 0)
        case "double_value":
            return float(value)
        case "string_value":
            return value.decode()
        case "list_value":
            return [plain(*item.fields[0]) for item in value.messages("values")]
        case "map_value":
            made = {}
            for entry in value.messages("entries"):
                key = plain(*entry.messages("key")[0].fields[0])
                if not isinstance(key, str):
                    raise Outside("keys that are no strings")
                made[key] = plain(*entry.messages("value")[0].fields[0])
            return made
        case "object_value":
            raise Outside("messages")
        case _:
            raise Outside({"bytes_value": "bytes", "type_value": "types as values"}[kind])


def canonical(value: Any) -> Any:
    try:
        return parse(text_of(value))
    except Malformed as error:
        raise Outside("numbers that no call can bring") from error
