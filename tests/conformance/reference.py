"""The reference evaluator of conditions: written from `conditions/table.yaml`, plainly, for no speed.

It shares the parser with the engines and nothing else: numbers are fractions, paths, addresses and URLs are
taken apart by hand, times are `datetime` and local time is `zoneinfo`'s own. It is what the engines are held to.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import re2
import yaml

from govern.conditions.tree import Call, Field, Has, Item, ListLit, Lit, Macro, Name, bind

TABLE: dict[str, dict[str, str]] = yaml.safe_load(
    (Path(__file__).parent / "conditions" / "table.yaml").read_text(encoding="utf-8")
)
TABLE = {name: {str(kinds): outcome for kinds, outcome in rows.items()} for name, rows in TABLE.items()}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
DIGITS = "0123456789"


class Place:
    """What stands somewhere: a kind of the table and, where there is one, the value."""

    def __init__(self, kind: str, value: Any = None) -> None:
        self.kind = kind
        self.value = value


class Sum:
    """The result of arithmetic: an exact fraction, or None where it is unknown."""

    def __init__(self, value: Fraction | None) -> None:
        self.value = value


def place_of(value: Any) -> Place:
    if value is None:
        return Place("null")
    if isinstance(value, bool):
        return Place("bool", value)
    if isinstance(value, int | float):
        return Place("number", value)
    return Place({str: "string", list: "list", dict: "object"}[type(value)], value)


def evaluate(node: Any, args: dict[str, Any], given: dict[str, Any] | None = None, zone: str | None = None) -> str:
    """T, F or U, of arguments, of what else is given by the keys of `Inputs`, in a time zone."""
    scope = {"args": Place("object", args), " zone": Place("zone", zone)}
    for key, found in (given or {}).items():
        name = key.split("(")[0]
        there = place_of(found)
        if name not in ("at", "record", "result", "calls", "succeeded", "origin", "named_by_user"):
            name = "fact"
        if TABLE["given"].get(f"{name} {there.kind}") != "V":
            continue
        if name == "origin" and found not in ("user", "trusted", "none", "untrusted"):
            continue
        if there.kind == "number" and not isinstance(found, int) and name != "record" and name != "result":
            continue
        scope[key] = Place("timestamp", found) if name == "at" else there
    return truth(node, scope)


def truth(node: Any, scope: dict[str, Place]) -> str:
    if isinstance(node, Has):
        return TABLE["has"].get(value(node.target, scope).kind, "U")
    if isinstance(node, Macro) and node.fn in ("all", "exists"):
        fold = "and" if node.fn == "all" else "or"
        outcomes = item_outcomes(node, scope)
        return "U" if outcomes is None else join(fold, [outcome for outcome, _ in outcomes])
    if isinstance(node, Call):
        return call(node, scope)
    found = value(node, scope)
    if TABLE["truth"].get(found.kind) == "V":
        return "T" if found.value else "F"
    return "U"


def call(node: Call, scope: dict[str, Place]) -> str:
    fn, operands = node.fn, node.operands
    if fn == "&&":
        return join("and", [truth(operand, scope) for operand in operands])
    if fn == "||":
        return join("or", [truth(operand, scope) for operand in operands])
    if fn == "!":
        return TABLE["not"][truth(operands[0], scope)]
    if fn == "?:":
        branch = TABLE["choice"][truth(operands[0], scope)]
        return "U" if branch == "U" else truth(operands[1 if branch == "first" else 2], scope)
    if fn in ("==", "!="):
        same = equality(operands[0], operands[1], scope)
        return same if fn == "==" else TABLE["not"][same]
    if fn in ("<", "<=", ">", ">="):
        return order(fn, operands[0], operands[1], scope)
    if fn == "named_by_user":
        asked = value(node, scope)
        return "U" if asked.kind == "missing" else "T" if asked.value else "F"
    if fn == "in":
        return member(operands[0], operands[1], scope)
    texts = [value(operand, scope) for operand in operands]
    if any(TABLE["text"].get(text.kind) != "V" for text in texts):
        return "U"
    return text_test(fn, [text.value for text in texts])


def join(table: str, outcomes: list[str]) -> str:
    result = "T" if table == "and" else "F"
    for outcome in outcomes:
        pair = TABLE[table].get(f"{result} {outcome}") or TABLE[table][f"{outcome} {result}"]
        result = pair
    return result


def equality(left: Any, right: Any, scope: dict[str, Place]) -> str:
    one, two = operand(left, scope), operand(right, scope)
    if isinstance(one, Sum) or isinstance(two, Sum):
        return compare_sums("==", one, two)
    if TABLE["time_order"].get(f"{one.kind} {two.kind}") == "V":
        return "T" if one.value == two.value else "F"
    for written, other in ((left, two), (right, one)):
        if isinstance(written, Lit) and written.value is None:
            return TABLE["null_test"].get(other.kind, "U")
    outcome = TABLE["equality"].get(f"{one.kind} {two.kind}", "U")
    if outcome != "V":
        return outcome
    return "T" if exact(one) == exact(two) else "F"


def order(fn: str, left: Any, right: Any, scope: dict[str, Place]) -> str:
    one, two = operand(left, scope), operand(right, scope)
    if isinstance(one, Sum) or isinstance(two, Sum):
        return compare_sums(fn, one, two)
    if TABLE["time_order"].get(f"{one.kind} {two.kind}") == "V":
        return "T" if holds(fn, one.value, two.value) else "F"
    if TABLE["order"].get(f"{one.kind} {two.kind}", "U") != "V":
        return "U"
    return "T" if holds(fn, exact(one), exact(two)) else "F"


def exact(found: Place) -> Any:
    if found.kind == "number":
        return Fraction(found.value)
    if found.kind == "string":
        return [ord(char) for char in found.value]
    return found.value


def holds(fn: str, one: Any, two: Any) -> bool:
    if fn == "==":
        return bool(one == two)
    return bool({"<": one < two, "<=": one <= two, ">": one > two, ">=": one >= two}[fn])


def compare_sums(fn: str, one: Place | Sum, two: Place | Sum) -> str:
    first, second = as_sum(one), as_sum(two)
    if first is None or second is None:
        return "U"
    return "T" if holds(fn, first, second) else "F"


def as_sum(found: Place | Sum) -> Fraction | None:
    if isinstance(found, Sum):
        return found.value
    if TABLE["arithmetic"].get(found.kind) != "V":
        return None
    written = Decimal(repr(found.value)) if isinstance(found.value, float) else Decimal(found.value)
    return ranged(Fraction(written))


def ranged(number: Fraction | None) -> Fraction | None:
    if number is None or not -(2**63) <= number <= 2**63 - 1:
        return None
    return number if (number * 10**6).denominator == 1 else None


def operand(node: Any, scope: dict[str, Place]) -> Place | Sum:
    if isinstance(node, Call) and node.fn in ("+", "-", "*", "neg"):
        operands = [operand(part, scope) for part in node.operands]
        if any(isinstance(part, Place) and part.kind in ("timestamp", "duration") for part in operands):
            return time_sum(node.fn, operands)
        parts = [as_sum(part) for part in operands]
        if any(part is None for part in parts):
            return Sum(None)
        if node.fn == "neg":
            return Sum(ranged(-parts[0]))
        one, two = parts
        return Sum(ranged(one + two if node.fn == "+" else one - two if node.fn == "-" else one * two))
    return value(node, scope)


def time_sum(fn: str, operands: list[Place | Sum]) -> Place:
    one, two = operands
    if isinstance(one, Sum) or isinstance(two, Sum):
        return Place("wrong")
    kind = TABLE["time_sum"].get(f"{one.kind} {fn} {two.kind}")
    if kind is None:
        return Place("wrong")
    return in_int64(kind, one.value + two.value if fn == "+" else one.value - two.value)


def in_int64(kind: str, nanoseconds: int) -> Place:
    return Place(kind, nanoseconds) if -(2**63) <= nanoseconds < 2**63 else Place("wrong")


def timestamp(text: str) -> Place:
    form = "dddd-dd-ddTdd:dd:dd"
    head, tail = text[: len(form)], text[len(form) :]
    if len(head) != len(form) or not all(fits(char, wanted) for char, wanted in zip(head, form, strict=True)):
        return Place("wrong")
    fraction = ""
    if tail[:1] == ".":
        count = 0
        while tail[1 + count : 2 + count] in DIGITS and tail[1 + count : 2 + count]:
            count += 1
        fraction, tail = tail[1 : 1 + count], tail[1 + count :]
        if not 1 <= count <= 9:
            return Place("wrong")
    if tail in ("Z", "z"):
        offset = 0
    elif len(tail) == 6 and all(fits(char, wanted) for char, wanted in zip(tail, "+dd:dd", strict=True)):
        if int(tail[1:3]) > 23 or int(tail[4:6]) > 59:
            return Place("wrong")
        offset = (int(tail[1:3]) * 60 + int(tail[4:6])) * (-1 if tail[0] == "-" else 1)
    else:
        return Place("wrong")
    try:
        numbers = [int(head[at : at + size]) for at, size in ((0, 4), (5, 2), (8, 2), (11, 2), (14, 2), (17, 2))]
        then = datetime(*numbers, tzinfo=timezone(timedelta(minutes=offset)))  # type: ignore[misc, arg-type]
    except ValueError:
        return Place("wrong")
    since = then - EPOCH
    seconds = since.days * 86400 + since.seconds
    return in_int64("timestamp", seconds * 10**9 + int((fraction + "000000000")[:9]))


def fits(char: str, wanted: str) -> bool:
    return char in {"d": DIGITS, "T": "Tt", "+": "+-"}.get(wanted, wanted)


def duration(text: str) -> Place:
    """Of a duration's text that the checker has accepted."""
    sign, rest = (-1, text[1:]) if text[0] == "-" else (1, text.removeprefix("+"))
    total, number, unit = Fraction(0), "", ""
    for char in rest + " ":
        if unit and not char.isalpha() and char != "µ":
            scale = {"h": 3600 * 10**9, "m": 60 * 10**9, "s": 10**9, "ms": 10**6, "us": 10**3, "µs": 10**3, "ns": 1}
            total += Fraction(Decimal(number)) * scale[unit]
            number, unit = "", ""
        if char in DIGITS + ".":
            number += char
        elif char != " ":
            unit += char
    return in_int64("duration", sign * int(total))


def clock(fn: str, found: Place, zone: str | None) -> Place:
    if TABLE["clock"].get(found.kind) != "V" or zone is None:
        return Place("wrong")
    seconds = found.value // 10**9
    if not 1970 <= (EPOCH + timedelta(seconds=seconds)).year < 2100:
        return Place("wrong")
    local = (EPOCH + timedelta(seconds=seconds)).astimezone(ZoneInfo(zone))
    if fn == "hour":
        return Place("number", local.hour)
    return Place("string", DAYS[local.weekday()] if fn == "weekday" else f"{local:%Y-%m-%d}")


def member(item: Any, source: Any, scope: dict[str, Place]) -> str:
    if isinstance(source, ListLit):
        return join("or", [equality(item, literal, scope) for literal in source.items])
    items = list_value(source, scope)
    if items is None:
        return "U"
    outcomes = []
    for element in items:
        inner = {**scope, " element": place_of(element)}
        outcomes.append(equality(item, Name(" element"), inner))
    return join("or", outcomes)


def item_outcomes(node: Macro, scope: dict[str, Place]) -> list[tuple[str, Any]] | None:
    if isinstance(node.source, ListLit):
        return [(truth(bind(node.body, {node.var: item.value}), scope), item.value) for item in node.source.items]
    items = list_value(node.source, scope)
    if items is None:
        return None
    return [(truth(node.body, {**scope, node.var: place_of(element)}), element) for element in items]


def list_value(node: Any, scope: dict[str, Place]) -> list[Any] | None:
    if isinstance(node, Macro) and node.fn == "filter":
        outcomes = item_outcomes(node, scope)
        if outcomes is None or any(outcome == "U" for outcome, _ in outcomes):
            return None
        return [element for outcome, element in outcomes if outcome == "T"]
    if isinstance(node, Call) and node.fn == "list":
        found = value(node.operands[0], scope)
        rule = TABLE["list"].get(found.kind, "U")
        return None if rule == "U" else [] if rule == "empty" else found.value
    if isinstance(node, Call) and node.fn == "keys":
        found = value(node.operands[0], scope)
        return list(found.value) if TABLE["keys"].get(found.kind) == "V" else None
    found = value(node, scope)
    return found.value if TABLE["source"].get(found.kind) == "V" else None


def value(node: Any, scope: dict[str, Place]) -> Place:
    if isinstance(node, Lit):
        return place_of(node.value)
    if isinstance(node, Name):
        return scope.get(node.name, Place("missing"))
    if isinstance(node, Call) and node.fn in ("calls", "succeeded", "origin", "named_by_user"):
        return scope.get(f"{node.fn}({written(node.operands[0])})", Place("missing"))
    if isinstance(node, Call) and node.fn == "timestamp":
        found = value(node.operands[0], scope)
        return timestamp(found.value) if TABLE["timestamp"].get(found.kind) == "V" else Place("wrong")
    if isinstance(node, Call) and node.fn == "duration":
        return duration(node.operands[0].value)
    if isinstance(node, Call) and node.fn in ("date", "hour", "weekday"):
        at = operand(node.operands[0], scope)
        return clock(node.fn, at if isinstance(at, Place) else Place("wrong"), scope[" zone"].value)
    if isinstance(node, Field):
        return below(value(node.base, scope), "object", node.key)
    if isinstance(node, Item):
        return below(value(node.base, scope), "list", node.index)
    if isinstance(node, Macro) and node.fn == "count":
        outcomes = item_outcomes(node, scope)
        if outcomes is None or any(outcome == "U" for outcome, _ in outcomes):
            return Place("wrong")
        return Place("number", sum(outcome == "T" for outcome, _ in outcomes))
    if isinstance(node, Call) and node.fn == "size":
        return size(node.operands[0], scope)
    if isinstance(node, Call) and node.fn in ("lower", "domain", "url.host", "url.scheme", "url.path"):
        found = value(node.operands[0], scope)
        if TABLE["text"].get(found.kind) != "V":
            return Place("wrong")
        made = text_function(node.fn, found.value)
        return Place("wrong") if made is None else Place("string", made)
    outcome = truth(node, scope)
    return Place("wrong") if outcome == "U" else Place("bool", outcome == "T")


def written(node: Any) -> str:
    """What a function of the history is asked of: a tool, or a plain path."""
    if isinstance(node, Lit):
        return "'" + "".join("\\" + char if char in "\\'" else char for char in node.value) + "'"
    if isinstance(node, Field):
        return f"{written(node.base)}.{node.key}"
    return f"{written(node.base)}[{node.index}]" if isinstance(node, Item) else str(node.name)


def below(base: Place, kind: str, key: Any) -> Place:
    if base.kind in ("absent", "null"):
        return Place("absent")
    if base.kind == "missing":
        return base
    if base.kind != kind:
        return Place("wrong")
    there = key in base.value if kind == "object" else key < len(base.value)
    return place_of(base.value[key]) if there else Place("absent")


def size(node: Any, scope: dict[str, Place]) -> Place:
    if isinstance(node, Macro) or (isinstance(node, Call) and node.fn in ("list", "keys")):
        items = list_value(node, scope)
        return Place("wrong") if items is None else Place("number", len(items))
    found = value(node, scope)
    return Place("number", len(found.value)) if TABLE["size"].get(found.kind) == "V" else Place("wrong")


def text_test(fn: str, texts: list[str]) -> str:
    subject, other = texts
    if fn == "matches":
        return "T" if re2.search(other, subject) else "F"
    if fn == "within":
        return within(subject, other)
    found = {
        "startsWith": subject[: len(other)] == other,
        "endsWith": other == "" or subject[-len(other) :] == other,
        "contains": any(subject[at : at + len(other)] == other for at in range(len(subject) + 1)),
    }[fn]
    return "T" if found else "F"


def within(path: str, folder: str) -> str:
    parts = path.split("/")
    if parts[0] != "" or len(parts) < 2 or any(part in ("", ".", "..") for part in parts[1:]):
        return "U"
    if any(ord(char) < 32 or ord(char) == 127 or char == "\\" for char in path):
        return "U"
    above = [part for part in folder.split("/") if part]
    return "T" if parts[1 : 1 + len(above)] == above else "F"


def text_function(fn: str, text: str) -> str | None:
    if fn == "lower":
        return "".join("i" if char == "\u0130" else char.lower() for char in text)
    if fn == "domain":
        local, at, host = text.rpartition("@")
        allowed = LETTERS + DIGITS + ".!#$%&'*+/=?^_`{|}~-"
        if not at or not 1 <= len(local) <= 64 or any(char not in allowed for char in local):
            return None
        return host.lower() if is_host(host) else None
    return url_function(fn, text)


def is_host(host: str) -> bool:
    for label in host.split("."):
        if not 1 <= len(label) <= 63 or label[0] == "-" or label[-1] == "-":
            return False
        if any(char not in LETTERS + DIGITS + "-" for char in label):
            return False
    return True


def url_function(fn: str, text: str) -> str | None:
    scheme, mark, rest = text.partition("://")
    if not mark or not scheme or scheme[0] not in LETTERS:
        return None
    if any(char not in LETTERS + DIGITS + "+.-" for char in scheme):
        return None
    if any(ord(char) <= 32 or ord(char) == 127 or char == "\\" for char in rest):
        return None
    end = min([at for at in (rest.find(mark) for mark in "/?#") if at >= 0], default=len(rest))
    authority, tail = rest[:end], rest[end:]
    host, colon, port = authority.partition(":")
    if not is_host(host) or (colon and not (1 <= len(port) <= 5 and all(char in DIGITS for char in port))):
        return None
    if fn == "url.scheme":
        return scheme.lower()
    if fn == "url.host":
        return host.lower()
    path = tail[: min([at for at in (tail.find(mark) for mark in "?#") if at >= 0], default=len(tail))]
    if any(part in (".", "..") for part in path.split("/")):
        return None
    if any(code in path.lower() for code in ("%2e", "%2f", "%5c")):
        return None
    return path or "/"
