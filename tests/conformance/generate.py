"""Random conditions and hostile arguments, seeded: the ground that the engines are compared on."""

from __future__ import annotations

import random
from typing import Any

KEYS = ["a", "b", "to", "xs", "o", "", "*", "a.b", 'q"k', "0", "-", "x~y/z", "ключ"]
USUAL = {"a": "number", "b": "number", "to": "string", "xs": "list", "o": "object"}
STRINGS = [
    "", "a", "A", "main", "Main", "MAIN", "ok", "evil", "750", " 5 ", "5_0", "inf", "NaN", "true", "null",
    "a@corp.com", "x\x00@corp.com", "A.B@Corp.COM", "a@b@c", "a@-b", "https://corp.com/a/b?q#f", "HTTP://Corp.com",
    "https://user@corp.com/", "https://corp.com/../x", "https://corp.com/%2e%2e/x", "https://corp.com:8443",
    "/srv/data/x", "/srv/data", "/srv/data/", "/srv//data", "/srv/./x", "/srv/data/../../etc", "/srv/databank",
    "\\srv", "/", "a\nb", "a\n", "\u212a", "\u0663", "\u0130", "ß", "ﬁ", "ΑΣ", "e\u0301", "😀", "\uffff", "\U0001f600",
    "'; DROP TABLE x; --", "it's", '"quoted"', "back\\slash", "2026-11-18T14:02:07Z", "x" * 300, "\x1f", "\x7f",
]  # fmt: skip
NUMBERS: list[int | float] = [
    0, 1, -1, 2, 5, 500, 750, 501, 0.1, 0.2, 0.3, 0.5, -0.5, 1e-7, 1.000001, 1.0000001, 19.99, 0.0825, 1e21, -1e21,
    1e300, -1e300, 5e-324, 2**53 - 1, 2**53, 2**53 + 1, -(2**53) - 1, 2**63 - 1, -(2**63), 2**63 - 2,
    9.223372036854776e18, 1.8446744073709552e19, -9.223372036854778e18, 4503599627370497.5, 9007199254740993,
    10**15, 999999999999.999999, 123456789.123456,
]  # fmt: skip
PATTERNS = [
    "^a.b$", "^a$", "(?i)^k$", r"^\d$", "corp", "^$", "^main|^ok", "[^a]", "^(?:a|b)+$", "\\\\", "x{3}", r"\bok\b", "é",
]  # fmt: skip
FOLDERS = ["/srv/data", "/srv", "/", "/etc"]


def arguments(rng: random.Random) -> dict[str, Any]:
    """An object of canonical JSON data with odd keys, kinds, sizes."""
    keys = [key for key in KEYS if rng.random() < (0.85 if key in USUAL else 0.2)]
    return {key: usual_value(rng, key) if rng.random() < 0.75 else some_value(rng, 0) for key in keys}


def usual_value(rng: random.Random, key: str) -> Any:
    """What one would expect under a key: hostile data alone would leave most conditions unknown."""
    match USUAL.get(key):
        case "number":
            return rng.choice(NUMBERS)
        case "string":
            return rng.choice(STRINGS)
        case "list":
            pool: list[Any] = rng.choice([STRINGS, NUMBERS])
            return [rng.choice(pool) for _ in range(rng.choice([0, 1, 2, 3]))]
        case "object":
            return {inner: usual_value(rng, inner) for inner in ("a", "b", "to") if rng.random() < 0.8}
        case _:
            return some_value(rng, 0)


def some_value(rng: random.Random, depth: int) -> Any:
    roll = rng.random()
    if roll < 0.25:
        return rng.choice(NUMBERS)
    if roll < 0.5:
        return rng.choice(STRINGS)
    if roll < 0.58:
        return rng.choice([True, False])
    if roll < 0.66:
        return None
    if depth >= 3:
        return rng.choice(NUMBERS)
    if roll < 0.86:
        same = rng.random() < 0.4
        length = rng.choice([0, 1, 1, 2, 3, 5])
        if same:
            pool: list[Any] = rng.choice([list(STRINGS), list(NUMBERS)])
            return [rng.choice(pool) for _ in range(length)]
        return [some_value(rng, depth + 1) for _ in range(length)]
    return {key: some_value(rng, depth + 1) for key in rng.sample(KEYS, rng.randint(0, 3))}


class Conditions:
    """Writes random conditions of the language; most are well formed, the checker refuses the rest."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng

    def text(self) -> str:
        return self.truth(self.rng.choice([1, 2, 2, 3]), ())

    def truth(self, depth: int, names: tuple[str, ...]) -> str:
        rng = self.rng
        if depth > 0 and rng.random() < 0.55:
            return rng.choice(
                [
                    lambda: f"({self.truth(depth - 1, names)} && {self.truth(depth - 1, names)})",
                    lambda: f"({self.truth(depth - 1, names)} || {self.truth(depth - 1, names)})",
                    lambda: f"!({self.truth(depth - 1, names)})",
                    lambda: f"({self.truth(0, names)} ? {self.truth(depth - 1, names)} : {self.truth(0, names)})",
                    lambda: self.quantifier(depth, names),
                    lambda: self.quantifier(depth, names),
                ]
            )()
        return rng.choice(
            [
                lambda: (
                    f"{rng.choice(['args.a', 'args.b', 'args.o.a'])} {self.op()} {number_text(rng.choice(NUMBERS))}"
                ),
                lambda: f"{rng.choice(['args.to', 'args.o.to'])} {self.op()} {self.string()}",
                lambda: f"args.a {self.op()} {rng.choice(['args.b', 'args.o.a', 'size(args.xs)'])}",
                lambda: f"{self.value(names)} {self.op()} {self.literal()}",
                lambda: f"{self.literal()} {self.op()} {self.value(names)}",
                lambda: f"{self.value(names)} {self.op()} {self.value(names)}",
                lambda: f"{self.value(names)} {rng.choice(['==', '!='])} null",
                lambda: f"{self.value(names)} == {rng.choice(['true', 'false'])}",
                lambda: f"has({self.place(names, field=True)})",
                lambda: (
                    f"{self.text_value(names)}.{rng.choice(['startsWith', 'endsWith', 'contains'])}({self.string()})"
                ),
                lambda: f"{self.text_value(names)}.contains({self.text_value(names)})",
                lambda: f"{self.text_value(names)}.matches({quote(rng.choice(PATTERNS))})",
                lambda: f"within({self.text_value(names)}, {quote(rng.choice(FOLDERS))})",
                lambda: f"{self.value(names)} in [{', '.join(self.literal() for _ in range(rng.randint(0, 3)))}]",
                lambda: f"{self.value(names)} in {self.items(names)}",
                lambda: f"{self.literal()} in {self.items(names)}",
                lambda: f"{self.number(2, names)} {self.op()} {self.number(2, names)}",
                lambda: f"{self.text_function(names)} {self.op()} {self.string()}",
                lambda: f"{self.size(names)} {self.op()} {rng.choice(['0', '1', '2', '3', '9007199254740993'])}",
                lambda: f"{self.size(names)} {self.op()} {self.value(names)}",
                lambda: self.place(names),
                lambda: rng.choice(["true", "false"]),
            ]
        )()

    def quantifier(self, depth: int, names: tuple[str, ...]) -> str:
        if len(names) >= 3:
            return self.truth(0, names)
        var = "xyz"[len(names)]
        if self.rng.random() < 0.15:
            source = "[" + ", ".join(self.literal() for _ in range(self.rng.randint(0, 3))) + "]"
        else:
            source = self.items(names)
        return f"{source}.{self.rng.choice(['all', 'exists'])}({var}, {self.truth(depth - 1, (*names, var))})"

    def op(self) -> str:
        return self.rng.choice(["==", "!=", "<", "<=", ">", ">="])

    def place(self, names: tuple[str, ...], *, field: bool = False) -> str:
        rng = self.rng
        if names and rng.random() < 0.7:
            base = rng.choice(names)
            if rng.random() < 0.6 and not field:
                return base
            return self.step(base)
        base = self.step("args")
        while rng.random() < 0.25:
            base = f"{base}[{rng.choice([0, 0, 1, 4])}]" if rng.random() < 0.4 and not field else self.step(base)
        return self.step(base) if field and not base.endswith(("]",)) and rng.random() < 0.2 else base

    def step(self, base: str) -> str:
        key = self.rng.choice(KEYS if self.rng.random() < 0.3 else KEYS[:5])
        return f"{base}.{key}" if key.isascii() and key.isalpha() else f"{base}[{quote(key)}]"

    def value(self, names: tuple[str, ...]) -> str:
        return self.place(names) if self.rng.random() < 0.8 else self.text_function(names)

    def text_value(self, names: tuple[str, ...]) -> str:
        if self.rng.random() < 0.5:
            return "args.to"
        return self.place(names) if self.rng.random() < 0.8 else self.text_function(names)

    def text_function(self, names: tuple[str, ...]) -> str:
        place = self.place(names)
        fn = self.rng.choice(["lower({})", "domain({})", "url({}).host", "url({}).scheme", "url({}).path"])
        return fn.format(place if self.rng.random() < 0.85 else f"lower({place})")

    def size(self, names: tuple[str, ...]) -> str:
        if self.rng.random() < 0.3 and len(names) < 3:
            var = "xyz"[len(names)]
            return f"count({self.items(names)}, {var}, {self.truth(0, (*names, var))})"
        return f"size({self.items(names)})"

    def items(self, names: tuple[str, ...]) -> str:
        rng = self.rng
        roll = rng.random()
        if roll < 0.3:
            return "args.xs"
        if roll < 0.5:
            return self.place(names)
        if roll < 0.7:
            return f"list({self.place(names)})"
        if roll < 0.8:
            return f"keys({self.place(names) if rng.random() < 0.7 else 'args'})"
        if len(names) < 3:
            var = "xyz"[len(names)]
            return f"{rng.choice(['args.xs', self.place(names)])}.filter({var}, {self.truth(0, (*names, var))})"
        return self.place(names)

    def number(self, depth: int, names: tuple[str, ...]) -> str:
        rng = self.rng
        if depth and rng.random() < 0.6:
            return f"({self.number(depth - 1, names)} {rng.choice('+-*')} {self.number(depth - 1, names)})"
        if rng.random() < 0.15:
            return f"-({self.place(names)} + 1)"
        place = rng.choice(["args.a", "args.b", self.place(names)])
        return place if rng.random() < 0.6 else number_text(rng.choice(NUMBERS))

    def literal(self) -> str:
        rng = self.rng
        roll = rng.random()
        if roll < 0.45:
            return number_text(rng.choice(NUMBERS))
        return self.string() if roll < 0.9 else rng.choice(["true", "false", "null"])

    def string(self) -> str:
        return quote(self.rng.choice(STRINGS))


def number_text(value: int | float) -> str:
    return repr(value).replace("e+", "e")


def quote(text: str) -> str:
    """A condition's string literal."""
    made = "".join(
        f"\\u{ord(char):04x}" if ord(char) < 32 or ord(char) == 127 else "\\" + char if char in "\\'" else char
        for char in text
    )
    return f"'{made}'"
