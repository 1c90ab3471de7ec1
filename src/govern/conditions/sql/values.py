"""Values in SQL: strings, numbers, counts, lists and times of a condition, each NULL where it is unknown."""

from __future__ import annotations

from collections.abc import Callable

from govern.conditions import sql_times
from govern.conditions.inputs import ORIGINS, operand_key
from govern.conditions.sql.cells import NUMBERS, Cell, Kind
from govern.conditions.sql.columns import LOCAL
from govern.conditions.sql.literals import text_literal
from govern.conditions.sql.places import Places, Untyped, is_place
from govern.conditions.sql.sorts import is_count, is_list, is_string, is_truth
from govern.conditions.times import duration_ns
from govern.conditions.tree import HISTORY, Call, Lit, Macro, Name, Node, children
from govern.conditions.values import DEVIOUS, EMAIL, URL, URL_GROUP

_LARGEST_BELOW_2_63 = "9223372036854774784.0::DOUBLE"

Items = tuple[str, Callable[[str], Cell] | None]
"""SQL of a list, NULL where it is unknown, and what its items are; None of JSON text."""


class Values(Places):
    """The part of the compiler that reads values of one kind."""

    def truth(self, node: Node) -> str:
        """BOOLEAN of a condition; `truths` has it, and no place in a call is one."""
        raise AssertionError(f"{node!r} is no value")

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
                # What matches has one `@`; a match alone is several times faster than a group of it.
                return self.let(
                    self.text(operand),
                    lambda mail: (
                        f"(CASE WHEN regexp_matches({mail}, {text_literal(EMAIL)}) "
                        f"THEN lower(regexp_extract({mail}, '@(.*)', 1)) END)"
                    ),
                )
            case Call("url.host" | "url.scheme" | "url.path" as fn, (operand,)):
                return self.let(self.text(operand), lambda url: self.url(fn, url))
            case Call("date" | "weekday"):
                return self.clock(node)
            case Call("origin" as fn, (operand,)):
                found = f"CAST({self.given.get(operand_key(fn, operand), 'NULL')} AS VARCHAR)"
                return f"(CASE WHEN {found} IN ({', '.join(map(text_literal, ORIGINS))}) THEN {found} END)"
            case _ if is_truth(node) or is_count(node):
                return "NULL::VARCHAR"
            case _:
                cell = self.cell(node)
                if cell is not None:
                    return cell.text if Kind.STRING in cell.kinds else "NULL::VARCHAR"
                place = self.json(node)
                return f"""(CASE WHEN starts_with(CAST({place} AS VARCHAR), '"') THEN {place} ->> '$' END)"""

    def url(self, fn: str, url: str) -> str:
        matched = f"regexp_matches({url}, {text_literal(URL)})"
        # What matches has a scheme without `:` and `/`, then `://` and a host without `:`, `/`, `?` and `#`. A short
        # pattern finds them much faster than the groups of the long one.
        if fn != "url.path":
            part = "^([^:]*)" if fn == "url.scheme" else "://([^:/?#]*)"
            return f"(CASE WHEN {matched} THEN lower(regexp_extract({url}, '{part}', 1)) END)"
        return self.let(
            f"(CASE WHEN {matched} THEN regexp_extract({url}, {text_literal(URL)}, {URL_GROUP[fn]}) END)",
            lambda path: (
                f"(CASE WHEN NOT regexp_matches({path}, {text_literal(DEVIOUS)}) "
                f"THEN CASE {path} WHEN '' THEN '/' ELSE {path} END END)"
            ),
        )

    def double(self, node: Node) -> str:
        """DOUBLE of a number (rounded beyond 2^53), NULL for anything else."""
        if is_count(node):
            return f"CAST({self.count(node)} AS DOUBLE)"
        if is_truth(node) or is_string(node):
            return "NULL::DOUBLE"
        cell = self.cell(node)
        if cell is not None:
            return cell.double if cell.kinds & NUMBERS else "NULL::DOUBLE"
        return f"TRY_CAST(CAST({self.json(node)} AS VARCHAR) AS DOUBLE)"

    def double_clamped(self, node: Node) -> str:
        """As `double`, with integers kept below 2^63, so that they stay below every larger double."""
        whole, real = self.integer(node), self.double(node)
        return f"(CASE WHEN {whole} IS NOT NULL THEN least({real}, {_LARGEST_BELOW_2_63}) ELSE {real} END)"

    def integer(self, node: Node) -> str:
        """BIGINT of a whole number of the int64 range, NULL for anything else."""
        if is_count(node):
            return self.count(node)
        if is_truth(node) or is_string(node):
            return "NULL::BIGINT"
        cell = self.cell(node)
        if cell is not None:
            return cell.integer if Kind.INTEGER in cell.kinds else "NULL::BIGINT"
        text = f"CAST({self.json(node)} AS VARCHAR)"
        return f"(CASE WHEN regexp_full_match({text}, '-?[0-9]+') THEN TRY_CAST({text} AS BIGINT) END)"

    def count(self, node: Node) -> str:
        """BIGINT of `size`, `count`, `hour` and what was counted of the history."""
        if isinstance(node, Macro):
            return self.length(node)
        if isinstance(node, Call) and node.fn == "hour":
            return self.clock(node)
        if isinstance(node, Call) and node.fn in HISTORY:
            return self.given.get(operand_key(node.fn, node.operands[0]), "NULL::BIGINT")
        operand = children(node)[0]
        if is_list(operand):
            return self.length(operand)
        if is_string(operand):
            return f"length({self.text(operand)})"
        cell = self.cell(operand)
        if cell is not None:
            return self.size(operand, cell)
        place = self.json(operand)
        text = f"CAST({place} AS VARCHAR)"
        return (
            f"""(CASE {text}[1] WHEN '"' THEN length({place} ->> '$') WHEN '[' THEN """
            f"CAST(json_array_length({place}) AS BIGINT) WHEN '{{' THEN len(json_keys({place})) END)"
        )

    def size(self, operand: Node, cell: Cell) -> str:
        """`size` of typed columns; what has no column is counted in the text."""
        cases = ""
        if Kind.STRING in cell.kinds:
            cases += f"WHEN {cell.of(Kind.STRING)} THEN length({cell.text}) "
        if Kind.LIST in cell.kinds:
            of_text = None if cell.items is not None else f"CAST(json_array_length({self.json(operand)}) AS BIGINT)"
            cases += f"WHEN {cell.of(Kind.LIST)} THEN {of_text or f'len({cell.items})'} "
        if Kind.OBJECT in cell.kinds:
            cases += f"WHEN {cell.of(Kind.OBJECT)} THEN len(json_keys({self.json(operand)})) "
        return f"(CASE {cases}END)" if cases else "NULL::BIGINT"

    # -- lists --

    def length(self, node: Node) -> str:
        """BIGINT of how many items a made list has."""
        typed = self.typed_items(node)
        return f"len({self.items(node) if typed is None else typed[0]})"

    def typed_items(self, node: Node) -> Items | None:
        """A list in typed columns; None where only the text has it."""
        match node:
            case Macro("filter" | "count"):
                source = self.typed_items(node.source)
                if source is None:
                    return None
                try:
                    return self.kept(node, source), source[1]
                except Untyped:
                    return None
            case Call("list", (operand,)):
                cell = self.cell(operand)
                if cell is None or (Kind.LIST in cell.kinds and cell.items is None):
                    return None
                empty = cell.of(Kind.ABSENT, Kind.NULL)
                if Kind.LIST not in cell.kinds:
                    return f"(CASE WHEN {empty} THEN []::JSON[] END)", None
                return f"(CASE WHEN {cell.of(Kind.LIST)} THEN {cell.items} WHEN {empty} THEN [] END)", cell.item
            case _ if is_place(node):
                cell = self.cell(node)
                if cell is None or (Kind.LIST in cell.kinds and cell.items is None):
                    return None
                return ("NULL::JSON[]", None) if cell.items is None else (cell.items, cell.item)
            case _:
                return None

    def items(self, node: Node) -> str:
        """JSON[] of a list out of the text, NULL where it is unknown."""
        match node:
            case Call("list" | "keys") | Macro("filter" | "count"):
                guard, listed = self.listed(node)
                return listed if guard is None else f"(CASE WHEN {guard} THEN {listed} END)"
            case _:
                guard, listed = self.listed(node)
                return f"(CASE WHEN {guard} THEN {listed} END)"

    def listed(self, node: Node) -> tuple[str | None, str]:
        """A test that a list is known, and the list, which means something only where the test is true; None for
        the test where the list itself is NULL where it is unknown."""
        match node:
            case Call("list", (operand,)):
                place = self.json(operand)
                text = f"CAST({place} AS VARCHAR)"
                empty = f"({text} IS NULL OR {text} = 'null')"
                wrong = self.under_wrong_kind(operand)
                return (
                    f"CASE WHEN {text}[1] = '[' THEN TRUE WHEN {wrong} THEN FALSE ELSE {empty} END",
                    f"(CASE WHEN {text}[1] = '[' THEN {every(place)} ELSE []::JSON[] END)",
                )
            case Call("keys", (operand,)):
                place = self.json(operand)
                return (
                    f"CAST({place} AS VARCHAR)[1] = '{{'",
                    f"list_transform(json_keys({place}), lambda gv_key_: to_json(gv_key_))",
                )
            case Macro("filter" | "count"):
                return None, self.kept(node, (self.items(node.source), None))
            case _:
                place = self.json(node)
                return f"CAST({place} AS VARCHAR)[1] = '['", every(place)

    def kept(self, node: Macro, source: Items) -> str:
        """The items for which the body is true, NULL where it is unknown for any of them."""
        listed, item = source
        cell = None if item is None else item(f"{node.var}_")
        tested = self.each(node.var, cell, lambda: trit(self.truth(node.body)))
        return self.let(
            listed,
            lambda found: self.let(
                tested(found),
                lambda trits: (
                    f"(CASE WHEN list_contains({trits}, 1) THEN NULL "
                    f"ELSE list_filter({found}, lambda gv_one_, gv_at_: {trits}[gv_at_] = 2) END)"
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


def every(place: str) -> str:
    """JSON[] of a place that is known to be a list."""
    return f"CAST(json_extract({place}, '$[*]') AS JSON[])"


def trit(truth: str) -> str:
    """False 0, unknown 1, true 2."""
    return f"coalesce(2 * CAST({truth} AS TINYINT), 1)"
