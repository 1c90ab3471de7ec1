"""Random conditions on facts, times and history, and what may be given to them: hostile, seeded."""

from __future__ import annotations

import random
from typing import Any

from govern.conditions import FieldType, Scope

from .generate import NUMBERS, STRINGS, Conditions, number_text, quote, some_value, usual_value

SCOPE = Scope(
    facts=(
        (
            "order",
            (
                ("status", FieldType("string", ("paid", "delivered", "returned"))),
                ("total", FieldType("number")),
                ("count", FieldType("integer", (1, 2, 3))),
                ("open", FieldType("boolean")),
                ("created", FieldType("timestamp")),
                ("items", FieldType("list")),
                ("address", FieldType("object")),
                ("note", FieldType("any")),
            ),
        ),
        ("customer", (("id", FieldType("string")), ("since", FieldType("timestamp")), ("0", FieldType("any")))),
    ),
    places=frozenset({"record", "result"}),
    tools=("get_order", "a'b"),
)
ZONES = [
    None, "UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Apia", "Africa/Casablanca",
    "Australia/Lord_Howe", "America/St_Johns", "Pacific/Kiritimati", "Africa/Monrovia", "Antarctica/Troll",
]  # fmt: skip
TIMES = [
    "2026-11-23T09:00:00Z", "2026-11-23t10:00:00.5+01:00", "2026-11-23T09:00:00.000000001Z", "2026-11-24T00:00:00Z",
    "2026-03-29T00:59:59.999999999Z", "2026-03-29T01:00:00Z", "2026-10-25T00:30:00Z", "2026-10-25T01:30:00z",
    "1970-01-01T00:00:00Z", "1969-12-31T23:59:59.999999999Z", "1971-06-01T00:00:00Z", "2099-12-31T23:59:59.9Z",
    "2100-01-01T00:00:00Z", "2011-12-30T09:59:59Z", "2011-12-30T10:00:00Z", "2024-02-29T12:00:00-12:00",
    "2262-04-11T23:47:16.854775807Z", "2262-04-11T23:47:16.854775808Z", "1677-09-21T00:12:43.145224192Z",
    "1677-09-21T00:12:43.145224191Z", "2026-01-01T00:00:00-00:00", "2026-01-01T00:00:00+23:59",
]  # fmt: skip
NO_TIMES = [
    "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-11-23T24:00:00Z", "2026-11-23T09:60:00Z",
    "2026-06-30T23:59:60Z", "2026-11-23T09:00:00", "2026-11-23 09:00:00Z", "2026-11-23T09:00Z", "2026-11-23",
    "0000-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+23:59", "2026-11-23T09:00:00.Z",
    "2026-11-23T09:00:00.1234567890Z", "2026-11-23T09:00:00+24:00", "2026-11-23T09:00:00+01:60",
    "2026-11-23T09:00:00+0100", " 2026-11-23T09:00:00Z", "2026-11-23T09:00:00Z\n", "٢٠٢٦-11-23T09:00:00Z",
    "2026-11-23T09:00:00Zjunk", "+2026-11-23T09:00:00Z", "1795424400", "",
]  # fmt: skip
DURATIONS = ["0", "24h", "1h30m", "-1.5h", "1ns", "250ms", "2562047h47m16.854775807s", "8760h", "+.5s", "30m", "1us1µs"]
NS = 10**9
INSTANTS = [
    0, 1, -1, 1795424400 * NS, 1795424400 * NS + 1, 1774746000 * NS, 1774746000 * NS - 1, 1792890000 * NS,
    1792890000 * NS - 1, 1325239200 * NS, 1325239200 * NS - 1, 4102444800 * NS, 4102444800 * NS - 1, 2**63 - 1,
    -(2**63), 2**62, 82_800 * NS, 1_700_000_000 * NS + 123_456_789, 63_593_070 * NS, 63_593_069 * NS,
]  # fmt: skip
KEYS = ["at", "order", "customer", "record", "result", "calls('get_order')", "succeeded('get_order')",
        "calls('a\\'b')", "origin(args.to)", "origin(args.o.to)", "named_by_user(args.to)"]  # fmt: skip


def beside(rng: random.Random) -> dict[str, Any]:
    """Some of the inputs, each of the kind that a column can hold; what is left out was not given, what is None
    was looked for and is not known."""
    made: dict[str, Any] = {}
    for key in KEYS:
        if rng.random() < 0.18:
            continue
        if rng.random() < 0.08:
            made[key] = None
            continue
        match key.split("(")[0]:
            case "at":
                made[key] = rng.choice([*INSTANTS, rng.randint(0, 4102444800 * NS)])
            case "order":
                made[key] = rng.choice([order(rng), order(rng), order(rng), order(rng), some_value(rng, 1)])
            case "customer":
                made[key] = {
                    name: value
                    for name, value in (("id", some_text(rng)), ("since", some_text(rng)), ("0", some_value(rng, 2)))
                    if rng.random() < 0.8
                }
            case "record" | "result":
                made[key] = rng.choice([usual_value(rng, "o"), {"to": some_text(rng)}, some_value(rng, 0)])
            case "origin":
                made[key] = rng.choice(["user", "trusted", "none", "untrusted", "nobody"])
            case "named_by_user":
                made[key] = rng.choice([True, False])
            case _:
                made[key] = rng.choice([0, 1, 2, 3, 5, 750])
    return made


def order(rng: random.Random) -> dict[str, Any]:
    usual = {
        "status": rng.choice(["paid", "delivered", "returned", "lost"]),
        "total": rng.choice(NUMBERS),
        "count": rng.choice([1, 2, 4, 1.5]),
        "open": rng.choice([True, False]),
        "created": rng.choice(TIMES),
        "items": usual_value(rng, "xs"),
        "address": usual_value(rng, "o"),
        "note": some_value(rng, 1),
    }
    return {
        key: value if rng.random() < 0.85 else some_value(rng, 2) for key, value in usual.items() if rng.random() < 0.85
    }


def some_text(rng: random.Random) -> str:
    return rng.choice([rng.choice(TIMES), rng.choice(TIMES), rng.choice(NO_TIMES), rng.choice(STRINGS)])


def timed_arguments(rng: random.Random, args: dict[str, Any]) -> dict[str, Any]:
    """The same arguments with text under `to` that is mostly a time."""
    return {**args, "to": some_text(rng)} if rng.random() < 0.8 else args


class Outside(Conditions):
    """Writes conditions that read more than arguments; the checker refuses some of them."""

    def truth(self, depth: int, names: tuple[str, ...]) -> str:
        rng = self.rng
        if depth > 0 and rng.random() < 0.5:
            return super().truth(depth, names)
        if rng.random() < 0.15:
            return super().truth(0, names)
        return rng.choice(
            [
                lambda: f"{self.time(2, names)} {self.op()} {self.time(2, names)}",
                lambda: f"{self.time(1, names)} {self.op()} {self.time(1, names)}",
                lambda: f"{self.time(2, names)} - {self.time(1, names)} {self.op()} {self.span(1, names)}",
                lambda: f"{self.span(2, names)} {self.op()} {self.span(1, names)}",
                lambda: f"hour({self.time(1, names)}) {self.op()} {rng.choice([0, 1, 2, 9, 10, 12, 23])}",
                lambda: f"hour({self.time(1, names)}) {self.op()} {rng.choice(['args.a', 'order.total', 'hour(at)'])}",
                lambda: f"hour({self.time(1, names)}) + 1 {self.op()} {self.number(1, names)}",
                lambda: f"weekday({self.time(1, names)}) in ['saturday', 'sunday', 'monday', 'friday']",
                lambda: f"weekday({self.time(1, names)}) {rng.choice(['==', '!='])} 'sunday'",
                lambda: f"date({self.time(1, names)}) {self.op()} {rng.choice(DATES)}",
                lambda: f"date({self.time(1, names)}) {self.op()} date({self.time(1, names)})",
                lambda: f"date({self.time(1, names)}).startsWith({self.text_value(names)})",
                lambda: f"{self.fact()} {self.op()} {self.fact()}",
                lambda: f"{self.fact()} {self.op()} {self.literal()}",
                lambda: f"order.status {rng.choice(['==', '!='])} {rng.choice(STATUSES)}",
                lambda: "order.status in ['paid', 'returned']",
                lambda: f"{self.fact()} {rng.choice(['==', '!='])} null",
                lambda: f"has({self.fact()})",
                lambda: f"has({rng.choice(['record', 'result', 'order.address'])}.{rng.choice(['to', 'a', 'b'])})",
                lambda: f"order.total {self.op()} {number_text(rng.choice(NUMBERS))}",
                lambda: f"order.total + args.a {self.op()} {self.number(1, names)}",
                lambda: "order.open",
                lambda: f"list({rng.choice(LISTS)}).{rng.choice(['all', 'exists'])}(e, e == {self.literal()})",
                lambda: f"{self.value(names)} in {rng.choice(LISTS)}",
                lambda: f"size({rng.choice([*LISTS, 'order.address', 'record'])}) > 1",
                lambda: f"{rng.choice(COUNTS)} {self.op()} {rng.choice(AMOUNTS)}",
                lambda: f"{rng.choice(COUNTS)} + {rng.choice(COUNTS)} {self.op()} 3",
                lambda: f"origin({rng.choice(['args.to', 'args.o.to', 'args.b'])}) {rng.choice(['==', '!='])} 'user'",
                lambda: "origin(args.to) in ['user', 'trusted']",
                lambda: f"named_by_user({rng.choice(['args.to', 'args.a'])})",
                lambda: f"named_by_user(args.to) == {rng.choice(['true', 'args.a', 'order.open'])}",
            ]
        )()  # fmt: skip

    def fact(self) -> str:
        field = self.rng.choice(["status", "total", "count", "open", "created", "items", "address", "note"])
        deep = ["customer.id", "customer['0']", "order.address.to", "order.items[0]", "record.to", "result.a", "record"]
        return f"order.{field}" if self.rng.random() < 0.6 else self.rng.choice(deep)

    def place(self, names: tuple[str, ...], *, field: bool = False) -> str:
        if self.rng.random() < 0.25:
            return self.rng.choice(["order.note.a", "customer.id", "record.to", "result.o.a", "order.address['b']"])
        return super().place(names, field=field)

    def time(self, depth: int, names: tuple[str, ...]) -> str:
        rng = self.rng
        if depth and rng.random() < 0.45:
            return f"({self.time(depth - 1, names)} {rng.choice('+-')} {self.span(depth - 1, names)})"
        return rng.choice(
            [
                "at", "at", "at", "order.created", "customer.since", "timestamp(args.to)", "timestamp(args.to)",
                f"timestamp({quote(rng.choice(TIMES))})", f"timestamp({self.place(names)})", "timestamp(order.created)",
            ]
        )  # fmt: skip

    def span(self, depth: int, names: tuple[str, ...]) -> str:
        rng = self.rng
        if depth and rng.random() < 0.3:
            return f"({self.time(0, names)} - {self.time(0, names)})"
        if depth and rng.random() < 0.3:
            return f"({self.span(0, names)} {rng.choice('+-')} {self.span(0, names)})"
        return f"duration({quote(rng.choice(DURATIONS))})"


DATES = ["'2026-11-23'", "'2011-12-31'", "'1970-01-01'", "'2099-12-31'", "args.to"]
STATUSES = ["'paid'", "'returned'", "args.to", "customer.id"]
LISTS = ["order.items", "record", "result.xs", "customer['0']", "args.xs"]
AMOUNTS = ["0", "1", "2", "2.5", "args.a", "size(args.xs)"]
COUNTS = ["calls('get_order')", "succeeded('get_order')", "calls('a\\'b')", "succeeded('a\\'b')"]
