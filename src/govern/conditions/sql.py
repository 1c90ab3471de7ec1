"""The bulk engine: a checked tree becomes one DuckDB SQL expression over canonical JSON text.

A condition is BOOLEAN with NULL for unknown. A place in the arguments is JSON text, NULL where it is absent
(or under something of the wrong kind), the text `null` where it is null. Only canonical text is read: what
has two meanings was refused before (`govern.events.canonical`). Facts, records and results are such columns too,
NULL where nobody gave them; times are BIGINT nanoseconds (`sql_times`).

Kinds are told by the first character of the JSON text; numbers by a cast of the text, which is NULL for
anything else. Comparisons go through DOUBLE only where that is exact (one side a literal below 2^53).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from govern.conditions import sql_times
from govern.conditions.inputs import ORIGINS, operand_key
from govern.conditions.scope import PLACES
from govern.conditions.times import duration_ns, time_kind
from govern.conditions.tree import (
    HISTORY,
    Call,
    Field,
    Has,
    Item,
    ListLit,
    Lit,
    LitValue,
    Macro,
    Name,
    Node,
    bind,
    children,
    walk,
)
from govern.conditions.values import (
    DEVIOUS,
    DOTTED,
    EMAIL,
    MICRO,
    MICRO_MAX,
    MICRO_MIN,
    PLAIN_PATH,
    URL,
    URL_GROUP,
)
from govern.conditions.values import micro as micro_of
from govern.conditions.zones import CLOCK, zoned

_EXACT = 2**53
_LARGEST_BELOW_2_63 = "9223372036854774784.0::DOUBLE"
_ARITHMETIC = ("+", "-", "*", "neg")
_STRINGS = ("lower", "domain", "url.host", "url.scheme", "url.path", "date", "weekday", "origin")
_COUNTS = ("size", "hour", "calls", "succeeded")
_FLIPPED = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_SQL_OP = {"==": "=", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}

_ELEMENT = "gv_item"

_SIMPLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\[[0-9]+\])?")

LOCAL = "local(at)"
"""The key of a column of `sql_times.local` of `at`: hundreds of offsets are better written once a query."""

Root = Callable[[str], str]


def text_literal(text: str) -> str:
    """A SQL string literal; NUL and control characters by `chr`, which every reader of the SQL survives."""
    parts = re.split(r"([\x00-\x1f\x7f])", text)
    made = [f"chr({ord(part)})" if re.fullmatch(r"[\x00-\x1f\x7f]", part) else "'" + part.replace("'", "''") + "'"
            for part in parts if part]  # fmt: skip
    return "''" if not made else made[0] if len(made) == 1 else "(" + " || ".join(made) + ")"


def pointer(key: str) -> str:
    """The JSON pointer (RFC 6901) of one key, as a SQL literal. DuckDB reads keys in it literally."""
    return text_literal("/" + key.replace("~", "~0").replace("/", "~1"))


def json_root(column: str) -> Root:
    """Reads a top-level argument from a column of canonical JSON text."""
    return lambda key: f"json_extract({column}, {pointer(key)})"


@dataclass(frozen=True, slots=True)
class Columns:
    """Where a condition's inputs stand in a row.

    Args:
        root: gives the JSON text of a top-level argument by its key.
        whole: the column of the whole arguments, for `keys(args)` and the like.
        given: SQL by the other keys of `Inputs`; what is not here is unknown in every row. `at`, `calls(…)` and
            `succeeded(…)` are BIGINT, `origin(…)` VARCHAR, `named_by_user(…)` BOOLEAN, all others canonical JSON
            text; NULL where a row has none. LOCAL may be here too, for many conditions on one zone's clock.
    """

    root: Root
    whole: str
    given: Mapping[str, str] = field(default_factory=dict)


def expression(tree: Node, columns: Columns, zone: str | None = None) -> str:
    """The SQL expression of a condition in which `tool` and `agent` are already literals.

    Args:
        tree: a checked tree.
        columns: where its inputs stand.
        zone: the deployment's time zone by its IANA name, for `date`, `hour` and `weekday`: unknown without it.

    Raises:
        AuthorError: no such zone.
    """
    tree = zoned(tree, zone)
    return _Compiler(columns, frozenset(node.var for node in walk(tree) if isinstance(node, Macro))).truth(tree)


class _Compiler:
    def __init__(self, columns: Columns, variables: frozenset[str]) -> None:
        self.root = columns.root
        self.whole = columns.whole
        self.given = columns.given
        self.variables = variables | {_ELEMENT}
        self.names = 0

    def let(self, value: str, body: Callable[[str], str]) -> str:
        """`body` over a value that is written, and computed, once: SQL text must not grow exponentially."""
        if _SIMPLE.fullmatch(value):
            return body(value)
        self.names += 1
        name = f"gv{self.names}_"
        return f"list_transform([{value}], lambda {name}: {body(name)})[1]"

    # -- truth --

    def truth(self, node: Node) -> str:
        match node:
            case Lit(bool() as value):
                return "TRUE" if value else "FALSE"
            case Has(target):
                return self.has(target)
            case Macro("all" | "exists"):
                return self.quantifier(node)
            case Call("&&", operands):
                return "(" + " AND ".join(self.truth(operand) for operand in operands) + ")"
            case Call("||", operands):
                return "(" + " OR ".join(self.truth(operand) for operand in operands) + ")"
            case Call("!", (operand,)):
                return f"(NOT {self.truth(operand)})"
            case Call("?:", (test, then, other)):
                tested, first, second = trit(self.truth(test)), self.truth(then), self.truth(other)
                return f"(CASE {tested} WHEN 2 THEN {first} WHEN 0 THEN {second} END)"
            case Call("==" | "!=" | "<" | "<=" | ">" | ">=" as fn, (left, right)):
                return self.comparison(fn, left, right)
            case Call("in", (item, ListLit(items))):
                tests = [self.comparison("==", item, literal) for literal in items]
                return "(" + " OR ".join(tests) + ")" if tests else "FALSE"
            case Call("in", (item, source)):
                return self.member(item, source)
            case Call("startsWith" | "endsWith" | "contains" as fn, (left, right)):
                name = {"startsWith": "starts_with", "endsWith": "ends_with", "contains": "contains"}[fn]
                return f"{name}({self.text(left)}, {self.text(right)})"
            case Call("matches", (subject, Lit(str() as pattern))):
                return f"regexp_matches({self.text(subject)}, {text_literal(pattern)})"
            case Call("within", (subject, Lit(str() as folder))):
                return self.within(self.text(subject), folder)
            case Call("named_by_user" | "exceeded" | "tainted" as fn, (operand,)):
                return self.given.get(operand_key(fn, operand), "NULL::BOOLEAN")
            case _ if _is_string(node) or _is_count(node) or isinstance(node, Lit):
                return "NULL::BOOLEAN"
            case _:
                return f"(CASE CAST({self.json(node)} AS VARCHAR) WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE END)"

    def has(self, target: Field | Item) -> str:
        place = self.json(target)
        return (
            f"(CASE WHEN CAST({place} AS VARCHAR) <> 'null' THEN TRUE "
            f"WHEN {self.under_wrong_kind(target)} THEN NULL ELSE FALSE END)"
        )

    def under_wrong_kind(self, node: Node) -> str:
        """True where a place above the node is there, is not null, and can have no such field or item."""
        tests: list[str] = []
        while isinstance(node, Field | Item):
            base = node.base
            if not (isinstance(base, Name) and base.name == "args"):
                opening = "{" if isinstance(node, Field) else "["
                text = f"CAST({self.json(base)} AS VARCHAR)"
                if self.is_fact(base):
                    tests.append(f"coalesce({text}[1] <> '{{', TRUE)")
                else:
                    tests.append(f"coalesce({text} <> 'null' AND {text}[1] <> '{opening}', FALSE)")
            node = base
        if isinstance(node, Name) and node.name in PLACES:  # nobody gave it
            tests.append(f"({self.json(node)} IS NULL)")
        return "(" + " OR ".join(tests) + ")" if tests else "FALSE"

    def is_fact(self, node: Node) -> bool:
        return isinstance(node, Name) and node.name not in ("args", *PLACES) and node.name not in self.variables

    def quantifier(self, node: Macro) -> str:
        universal = node.fn == "all"
        if isinstance(node.source, ListLit):
            parts = [self.truth(bind(node.body, {node.var: item.value})) for item in node.source.items]
            if not parts:
                return "TRUE" if universal else "FALSE"
            return "(" + (" AND " if universal else " OR ").join(parts) + ")"
        fold, empty = ("list_min", 2) if universal else ("list_max", 0)
        body = f"lambda {node.var}_: {trit(self.truth(node.body))}"
        return self.let(
            self.items(node.source),
            lambda source: (
                f"(CASE WHEN {source} IS NULL THEN NULL ELSE "
                f"CASE coalesce({fold}(list_transform({source}, {body})), {empty}) "
                "WHEN 2 THEN TRUE WHEN 0 THEN FALSE END END)"
            ),
        )

    # -- comparisons --

    def comparison(self, fn: str, left: Node, right: Node) -> str:
        op = _SQL_OP[fn]
        if time_kind(left) or time_kind(right):
            return f"({self.time(left)} {op} {self.time(right)})"
        if _is_arithmetic(left) or _is_arithmetic(right):
            return f"({self.micro(left)} {op} {self.micro(right)})"
        if isinstance(left, Lit) and not isinstance(right, Lit):
            left, right, fn = right, left, _FLIPPED[fn]
            op = _SQL_OP[fn]
        if isinstance(right, Lit):
            return self.literal_comparison(fn, left, right.value)
        if _is_string(left) or _is_string(right):
            return f"({self.text(left)} {op} {self.text(right)})"
        if _is_truth(left) or _is_truth(right):
            return f"({self.truth(left)} {op} {self.truth(right)})"
        if _is_count(left) and _is_count(right):
            return f"({self.count(left)} {op} {self.count(right)})"
        if _is_count(left) or _is_count(right):
            # Sizes are far below 2^53, so a DOUBLE compares exactly with any number.
            return f"({self.double(left)} {op} {self.double(right)})"
        return self.value_comparison(fn, left, right)

    def literal_comparison(self, fn: str, left: Node, value: LitValue) -> str:
        op = _SQL_OP[fn]
        match value:
            case None:
                return self.null_test(fn, left)
            case bool():
                return f"({self.truth(left)} {op} {str(value).upper()})"
            case str():
                return f"({self.text(left)} {op} {text_literal(value)})"
            case _ if abs(value) < _EXACT:
                return f"({self.double(left)} {op} {float(value)!r}::DOUBLE)"
            case int():
                return self.large_integer_comparison(op, left, value)
            case _:
                return f"({self.double_clamped(left)} {op} {value!r}::DOUBLE)"

    def null_test(self, fn: str, left: Node) -> str:
        """A comparison with a written null: known for whatever is there."""
        if isinstance(left, Lit):
            return "TRUE" if (left.value is None) is (fn == "==") else "FALSE"
        if _is_string(left) or _is_count(left) or _is_truth(left):
            typed = self.text if _is_string(left) else self.count if _is_count(left) else self.truth
            return f"(CASE WHEN {typed(left)} IS NOT NULL THEN {'FALSE' if fn == '==' else 'TRUE'} END)"
        return f"(CAST({self.json(left)} AS VARCHAR) {_SQL_OP[fn]} 'null')"

    def large_integer_comparison(self, op: str, left: Node, value: int) -> str:
        """An integer literal of 2^53 and more: exact against integers, and against doubles (below 2^53, or
        2^63 and more in magnitude, since a whole double of the int64 range is an integer)."""
        whole, real = self.integer(left), self.double(left)
        beyond = f"(CASE WHEN {real} < 0 THEN -1 ELSE 1 END {op} 0)"
        near = f"({real} {op} {float(value)!r}::DOUBLE)"
        return (
            f"(CASE WHEN {whole} IS NOT NULL THEN {whole} {op} {value}::BIGINT "
            f"WHEN abs({real}) >= 9223372036854775808.0::DOUBLE THEN {beyond} ELSE {near} END)"
        )

    def value_comparison(self, fn: str, left: Node, right: Node) -> str:
        op = _SQL_OP[fn]
        one, two = f"CAST({self.json(left)} AS VARCHAR)", f"CAST({self.json(right)} AS VARCHAR)"
        numbers = (
            f"CASE WHEN {self.integer(left)} IS NOT NULL AND {self.integer(right)} IS NOT NULL "
            f"THEN {self.integer(left)} {op} {self.integer(right)} "
            f"ELSE {self.double_clamped(left)} {op} {self.double_clamped(right)} END"
        )
        cases = f"""WHEN {one}[1] = '"' THEN {self.text(left)} {op} {self.text(right)} """
        if fn in ("==", "!="):
            cases += f"WHEN {one} IN ('true', 'false') THEN "
            cases += f"CASE WHEN {two} IN ('true', 'false') THEN {one} {op} {two} END "
            same = "TRUE" if fn == "==" else "FALSE"
            cases += f"WHEN {one} = 'null' THEN CASE WHEN {two} = 'null' THEN {same} END "
        return f"(CASE {cases}ELSE {numbers} END)"

    def member(self, item: Node, source: Node) -> str:
        element = Name(_ELEMENT)
        if isinstance(item, Lit):
            test = self.literal_comparison("==", element, item.value)
        else:
            test = self.comparison("==", item, element)
        body = f"lambda {_ELEMENT}_: {trit(test)}"
        return self.let(
            self.items(source),
            lambda items: (
                f"(CASE WHEN {items} IS NULL THEN NULL ELSE "
                f"CASE coalesce(list_max(list_transform({items}, {body})), 0) "
                "WHEN 2 THEN TRUE WHEN 0 THEN FALSE END END)"
            ),
        )

    def within(self, text: str, folder: str) -> str:
        below = text_literal(folder.rstrip("/") + "/")
        return self.let(
            text,
            lambda path: (
                f"(CASE WHEN regexp_matches({path}, {text_literal(PLAIN_PATH)}) "
                f"AND NOT regexp_matches({path}, {text_literal(DOTTED)}) "
                f"THEN {path} = {text_literal(folder)} OR starts_with({path}, {below}) END)"
            ),
        )

    # -- values --

    def json(self, node: Node) -> str:
        """JSON text of a place, NULL where there is none."""
        match node:
            case Name("args"):
                return self.whole
            case Name(name):
                return f"{name}_" if name in self.variables else self.given.get(name, "NULL::JSON")
            case Field(Name("args"), key):
                return self.root(key)
            case Field(base, key):
                place = self.json(base)
                found = f"json_extract({place}, {pointer(key)})"
                # A pointer's digits (or `-`) would also pick an item of a list.
                if key.isascii() and (key.isdigit() or key == "-"):
                    return f"(CASE WHEN CAST({place} AS VARCHAR)[1] = '{{' THEN {found} END)"
                return found
            case Item(base, index):
                return f"json_extract({self.json(base)}, '$[{index}]')"
            case Lit(value):
                from govern.events.canonical import text_of

                return text_literal(text_of(value)) + "::JSON"
            case _:
                raise AssertionError(f"no JSON text for {node!r}")

    def text(self, node: Node) -> str:
        """VARCHAR of a string, NULL for anything else."""
        match node:
            case Lit(str() as value):
                return text_literal(value)
            case Lit():
                return "NULL::VARCHAR"
            case Call("lower", (operand,)):
                return f"lower({self.text(operand)})"
            case Call("domain", (operand,)):
                # regexp_extract gives '' where nothing matches, and a domain is never empty.
                return f"lower(nullif(regexp_extract({self.text(operand)}, {text_literal(EMAIL)}, 1), ''))"
            case Call("url.host" | "url.scheme" | "url.path" as fn, (operand,)):
                return self.url(fn, self.text(operand))
            case Call("date" | "weekday"):
                return self.clock(node)
            case Call("origin" as fn, (operand,)):
                found = self.given.get(operand_key(fn, operand), "NULL::VARCHAR")
                return f"(CASE WHEN {found} IN ({', '.join(map(text_literal, ORIGINS))}) THEN {found} END)"
            case _ if _is_truth(node) or _is_count(node):
                return "NULL::VARCHAR"
            case _:
                place = self.json(node)
                return f"""(CASE WHEN CAST({place} AS VARCHAR)[1] = '"' THEN {place} ->> '$' END)"""

    def url(self, fn: str, text: str) -> str:
        group = URL_GROUP[fn]
        if fn != "url.path":
            return f"lower(nullif(regexp_extract({text}, {text_literal(URL)}, {group}), ''))"
        return self.let(
            text,
            lambda url: self.let(
                f"(CASE WHEN regexp_matches({url}, {text_literal(URL)}) "
                f"THEN regexp_extract({url}, {text_literal(URL)}, {group}) END)",
                lambda path: (
                    f"(CASE WHEN NOT regexp_matches({path}, {text_literal(DEVIOUS)}) "
                    f"THEN CASE {path} WHEN '' THEN '/' ELSE {path} END END)"
                ),
            ),
        )

    def double(self, node: Node) -> str:
        """DOUBLE of a number (rounded beyond 2^53), NULL for anything else."""
        if _is_count(node):
            return f"CAST({self.count(node)} AS DOUBLE)"
        if _is_truth(node) or _is_string(node):
            return "NULL::DOUBLE"
        return f"TRY_CAST(CAST({self.json(node)} AS VARCHAR) AS DOUBLE)"

    def double_clamped(self, node: Node) -> str:
        """As `double`, with integers kept below 2^63, so that they stay below every larger double."""
        whole, real = self.integer(node), self.double(node)
        return f"(CASE WHEN {whole} IS NOT NULL THEN least({real}, {_LARGEST_BELOW_2_63}) ELSE {real} END)"

    def integer(self, node: Node) -> str:
        """BIGINT of a whole number of the int64 range, NULL for anything else."""
        if _is_count(node):
            return self.count(node)
        if _is_truth(node) or _is_string(node):
            return "NULL::BIGINT"
        text = f"CAST({self.json(node)} AS VARCHAR)"
        return f"(CASE WHEN regexp_full_match({text}, '-?[0-9]+') THEN TRY_CAST({text} AS BIGINT) END)"

    def count(self, node: Node) -> str:
        """BIGINT of `size`, `count`, `hour` and what was counted of the history."""
        if isinstance(node, Macro):
            return f"len({self.kept(node)})"
        if isinstance(node, Call) and node.fn == "hour":
            return self.clock(node)
        if isinstance(node, Call) and node.fn in HISTORY:
            return self.given.get(operand_key(node.fn, node.operands[0]), "NULL::BIGINT")
        operand = children(node)[0]
        if _is_list(operand):
            return f"len({self.items(operand)})"
        if _is_string(operand):
            return f"length({self.text(operand)})"
        place = self.json(operand)
        text = f"CAST({place} AS VARCHAR)"
        return (
            f"""(CASE {text}[1] WHEN '"' THEN length({place} ->> '$') WHEN '[' THEN """
            f"CAST(json_array_length({place}) AS BIGINT) WHEN '{{' THEN len(json_keys({place})) END)"
        )

    def items(self, node: Node) -> str:
        """JSON[] of a list, NULL where it is unknown."""
        match node:
            case Call("list", (operand,)):
                text = f"CAST({self.json(operand)} AS VARCHAR)"
                return (
                    f"(CASE WHEN {text}[1] = '[' THEN CAST(json_extract({self.json(operand)}, '$[*]') AS JSON[]) "
                    f"WHEN {self.under_wrong_kind(operand)} THEN NULL "
                    f"WHEN {text} IS NULL OR {text} = 'null' THEN []::JSON[] END)"
                )
            case Call("keys", (operand,)):
                place = self.json(operand)
                names = f"list_transform(json_keys({place}), lambda gv_key_: to_json(gv_key_))"
                return f"(CASE WHEN CAST({place} AS VARCHAR)[1] = '{{' THEN {names} END)"
            case Macro("filter"):
                return self.kept(node)
            case _:
                place = self.json(node)
                every = f"CAST(json_extract({place}, '$[*]') AS JSON[])"
                return f"(CASE WHEN CAST({place} AS VARCHAR)[1] = '[' THEN {every} END)"

    def kept(self, node: Macro) -> str:
        body = f"lambda {node.var}_: {trit(self.truth(node.body))}"
        return self.let(
            self.items(node.source),
            lambda source: self.let(
                f"list_transform({source}, {body})",
                lambda trits: (
                    f"(CASE WHEN list_contains({trits}, 1) THEN NULL "
                    f"ELSE list_filter({source}, lambda gv_one_, gv_at_: {trits}[gv_at_] = 2) END)"
                ),
            ),
        )

    # -- times --

    def time(self, node: Node) -> str:
        """BIGINT nanoseconds: of a timestamp since 1970, of a duration its length."""
        match node:
            case Name("at"):
                return self.given.get("at", "NULL::BIGINT")
            case Call("timestamp", (operand,)):
                return self.let(self.text(operand), sql_times.timestamp)
            case Call("duration", (Lit(str() as text),)):
                return f"{duration_ns(text)}::BIGINT"
            case Call("+" | "-" as op, (left, right)):
                return sql_times.joined(op, self.time(left), self.time(right))
            case _:
                raise AssertionError(f"{node!r} stands for no time")

    def clock(self, node: Call) -> str:
        if len(node.operands) == 1:  # no zone is known
            return "NULL::BIGINT" if node.fn == "hour" else "NULL::VARCHAR"
        operand, named = node.operands
        if LOCAL in self.given and isinstance(operand, Name):
            return sql_times.clock(node.fn, self.given[LOCAL])
        zone = str(named.value) if isinstance(named, Lit) else ""
        return self.let(
            self.time(operand),
            lambda at: self.let(sql_times.local(at, zone), lambda local: sql_times.clock(node.fn, local)),
        )

    # -- exact arithmetic in millionths --

    def micro(self, node: Node) -> str:
        match node:
            case Call("neg", (operand,)):
                return self.ranged(f"(-{self.micro(operand)})")
            case Call("+" | "-" as fn, (left, right)):
                return self.ranged(f"({self.micro(left)} {fn} {self.micro(right)})")
            case Call("*", (left, right)):
                return self.product(self.micro(left), self.micro(right))
            case Lit(value):
                exact = micro_of(value)
                return "NULL::HUGEINT" if exact is None else f"{exact}::HUGEINT"
            case _ if _is_count(node):
                return f"(CAST({self.count(node)} AS HUGEINT) * {MICRO})"
            case _ if _is_truth(node) or _is_string(node):
                return "NULL::HUGEINT"
            case _:
                return self.micro_of_place(node)

    def micro_of_place(self, node: Node) -> str:
        text = f"CAST({self.json(node)} AS VARCHAR)"
        whole, real = self.integer(node), self.double(node)
        scaled = f"CAST(TRY_CAST({text} AS DECIMAL(38,6)) AS VARCHAR)"
        return (
            f"(CASE WHEN {whole} IS NOT NULL THEN CAST({whole} AS HUGEINT) * {MICRO} "
            f"WHEN abs({real}) < 9223372036854775808.0::DOUBLE AND CAST({scaled} AS DOUBLE) = {real} "
            f"THEN CAST(replace({scaled}, '.', '') AS HUGEINT) END)"
        )

    def product(self, left: str, right: str) -> str:
        return self.let(
            left,
            lambda one: self.let(
                right,
                lambda two: self.let(
                    f"(CASE WHEN abs(CAST({one} AS DOUBLE)) * abs(CAST({two} AS DOUBLE)) < 1e37::DOUBLE "
                    f"THEN {one} * {two} END)",
                    lambda exact: self.ranged(f"(CASE WHEN {exact} % {MICRO} = 0 THEN {exact} // {MICRO} END)"),
                ),
            ),
        )

    def ranged(self, number: str) -> str:
        return self.let(
            number,
            lambda n: f"(CASE WHEN {n} BETWEEN {MICRO_MIN}::HUGEINT AND {MICRO_MAX}::HUGEINT THEN {n} END)",
        )


def reads_clock(tree: Node) -> bool:
    """Whether a condition asks for the local time of `at` itself, which LOCAL would serve."""
    return any(
        isinstance(part, Call) and part.fn in CLOCK and isinstance(part.operands[0], Name) for part in walk(tree)
    )


def trit(truth: str) -> str:
    """False 0, unknown 1, true 2."""
    return f"coalesce(2 * CAST({truth} AS TINYINT), 1)"


def _is_arithmetic(node: Node) -> bool:
    return isinstance(node, Call) and node.fn in _ARITHMETIC


def _is_string(node: Node) -> bool:
    return (isinstance(node, Lit) and isinstance(node.value, str)) or (isinstance(node, Call) and node.fn in _STRINGS)


def _is_count(node: Node) -> bool:
    return (isinstance(node, Macro) and node.fn == "count") or (isinstance(node, Call) and node.fn in _COUNTS)


def _is_list(node: Node) -> bool:
    return (isinstance(node, Macro) and node.fn == "filter") or (isinstance(node, Call) and node.fn in ("list", "keys"))


def _is_truth(node: Node) -> bool:
    match node:
        case Has() | Macro("all" | "exists") | Lit(bool()):
            return True
        case Call(fn):
            return not (_is_arithmetic(node) or _is_string(node) or _is_count(node) or _is_list(node)) and fn != "url"
        case _:
            return False
