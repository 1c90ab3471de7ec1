"""The kinds of values as the checker knows them before any call, and how messages name them."""

from __future__ import annotations

from typing import Final

from govern.conditions.tree import LitValue

BOOL: Final = "truth value"
NUMBER: Final = "number"
STRING: Final = "string"
LIST: Final = "list"
OBJECT: Final = "object"
TIMESTAMP: Final = "timestamp"
DURATION: Final = "duration"
NULL: Final = "null"
ANY: Final = "any"  # only a call tells
NEVER: Final = "?"  # a problem was reported
TIMES: Final = (TIMESTAMP, DURATION)

RESULT: Final = {
    "size": NUMBER, "lower": STRING, "domain": STRING, "list": LIST, "keys": LIST, "within": BOOL,
    "startsWith": BOOL, "endsWith": BOOL, "contains": BOOL, "matches": BOOL,
    "url.host": STRING, "url.scheme": STRING, "url.path": STRING,
    "timestamp": TIMESTAMP, "duration": DURATION, "date": STRING, "hour": NUMBER, "weekday": STRING,
    "calls": NUMBER, "succeeded": NUMBER, "origin": STRING, "named_by_user": BOOL,
}  # fmt: skip
OF_FIELD: Final = {
    "string": STRING, "number": NUMBER, "integer": NUMBER, "boolean": BOOL, "timestamp": TIMESTAMP,
    "list": LIST, "object": OBJECT, "any": ANY,
}  # fmt: skip
SUMS: Final = {
    ("+", TIMESTAMP, DURATION): TIMESTAMP, ("+", DURATION, TIMESTAMP): TIMESTAMP,
    ("-", TIMESTAMP, DURATION): TIMESTAMP, ("-", TIMESTAMP, TIMESTAMP): DURATION,
    ("+", DURATION, DURATION): DURATION, ("-", DURATION, DURATION): DURATION,
}  # fmt: skip


def literal_kind(value: LitValue) -> str:
    match value:
        case None:
            return NULL
        case bool():
            return BOOL
        case str():
            return STRING
        case _:
            return NUMBER


def a(kind: str) -> str:
    """A kind with its article."""
    return kind if kind == NULL else f"an {kind}" if kind == OBJECT else f"a {kind}"
