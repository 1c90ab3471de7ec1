"""The bulk form of a policy: SQL that answers which conditions are false, unknown or true, and nothing else.

The answer is a code of two bits a condition; effects, reasons, gates and rule ids come from the same
`policy.verdict.outcome` as for a single call. So the SQL has no maximum and no reasons to get wrong. A condition
that is unknown and reads an input which the row does not have is uncaptured: the log does not tell.
Leaves out running it (`replay`) and input schemas, which one validator judges everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from govern.conditions import bound
from govern.conditions.inputs import outside
from govern.conditions.sql import LOCAL, Columns, expression, reads_clock, text_literal, trit
from govern.conditions.sql.literals import Steps, json_path
from govern.conditions.sql_times import local
from govern.conditions.tree import Node
from govern.policy.model import Policy, ToolPolicy
from govern.policy.verdict import UNCAPTURED, UNKNOWN

PER_CODE = 31  # conditions in one BIGINT, two bits each
UNSORTED = 8  # forms of tools up to which rows are judged in the order they come
_LINEAR = 4  # forms that are compared one after the other


def code_columns(policy: Policy) -> int:
    """How many code columns the policy needs; at least one."""
    longest = max((len(tool.conditions) for tool in policy.tools.values()), default=0)
    return max(1, -(-longest // PER_CODE))


def truths_of(codes: tuple[int, ...], tool: ToolPolicy) -> tuple[int, ...]:
    """The truth values of a tool's conditions from the codes of a row."""
    return tuple((codes[index // PER_CODE] >> (2 * (index % PER_CODE))) & 3 for index in range(len(tool.conditions)))


GIVEN: Mapping[str, str] = {"at": "ts_ns"}
"""What a log has beside arguments, by key of `conditions.Inputs`: its column."""


def decision_sql(
    policy: Policy,
    source: str = "calls",
    keep: tuple[str, ...] = ("event_id",),
    *,
    given: Mapping[str, str] = GIVEN,
    zone: str | None = None,
    by_tool: bool = False,
) -> str:
    """A query over rows of calls that gives each row its codes.

    Args:
        policy: to decide by.
        source: a table or view with the columns `tool` and `args` (canonical JSON text of an object, not
            NULL), those of `keep`, and those of `given` that some condition reads.
        keep: columns to hand through.
        given: the columns of other inputs by key of `conditions.Inputs`, of the types of `Columns.given`.
        zone: the deployment's time zone by its IANA name; without one, what asks for local time is unknown.
        by_tool: whether the rows of a tool already stand together, so that sorting them would only cost.

    Returns:
        SQL for DuckDB, giving `keep`, `tool`, and `code0`, `code1`, … (BIGINT).

    Raises:
        AuthorError: no such zone.
    """
    # By name: the text must not depend on the order in which a charter or a bundle lists its tools.
    tools = [tool for _, tool in sorted(policy.tools.items()) if tool.conditions]
    kept = "".join(f"{column}, " for column in keep)
    columns = range(code_columns(policy))
    if not tools:
        zeros = ", ".join(f"0::BIGINT AS code{index}" for index in columns)
        return f"SELECT {kept}tool, {zeros} FROM {source}"
    asked = frozenset().union(*(outside(node) for tool in tools for node in _tree_nodes(policy, tool)))
    named = {key: f"gv_in{index}" for index, key in enumerate(sorted(asked & given.keys()))}
    carried = "".join(f", {given[key]} AS {name}" for key, name in named.items())
    if zone is not None and any(reads_clock(node) for tool in tools for node in _tree_nodes(policy, tool)):
        carried += f", {local(given['at'], zone) if 'at' in given else 'NULL::BIGINT'} AS gv_local"
        named[LOCAL] = "gv_local"
    forms: dict[_Form, list[str]] = {}
    for tool in tools:
        forms.setdefault(_form(_tree_nodes(policy, tool), len(columns), named, zone), []).append(tool.name)
    # A tool's form is looked up once: comparing its name in every branch costs more than most conditions do.
    rows = ", ".join(
        f"({text_literal(name)}, {number})" for number, names in enumerate(forms.values(), start=1) for name in names
    )
    listed = list(forms)
    codes = ",\n".join(f"  {_choice([form.codes[index] for form in listed])} AS code{index}" for index in columns)
    # Rows of one form together: the vectors that a branch works on are full, and a lambda is set up once for each.
    order = " ORDER BY gv_form LIMIT 9223372036854775807" if len(forms) > UNSORTED and not by_tool else ""
    # Two projections: arguments are taken out of the text once, conditions read the list of them.
    return (
        f"SELECT {kept}tool,\n{codes}\nFROM (\n  SELECT {kept}tool, args{_names(named)}, gv_form,\n"
        f"  {_choice([form.places for form in listed], otherwise='NULL')} AS gv_places\n"
        f"  FROM (SELECT {kept}tool, args{carried}, gv_form FROM {source} LEFT JOIN (VALUES {rows}) "
        f"gv_forms(gv_tool, gv_form) ON tool = gv_tool{order}))"
    )


def _names(named: Mapping[str, str]) -> str:
    return "".join(f", {name}" for name in named.values())


def _tree_nodes(policy: Policy, tool: ToolPolicy) -> list[Node]:
    return [bound(condition, tool=tool.name, agent=policy.agent) for condition in tool.conditions]


@dataclass(frozen=True, slots=True)
class _Form:
    """What tools have in common: the places that are taken out of their arguments, and a sum of truth codes for
    each code column."""

    places: str
    codes: tuple[str, ...]


def _form(nodes: list[Node], count: int, given: Mapping[str, str], zone: str | None) -> _Form:
    slots: dict[Steps, int] = {}

    def root(path: Steps) -> str:
        return f"gv_places[{slots.setdefault(path, len(slots) + 1)}]"

    codes = packed(nodes, Columns(root, "args", given), count, zone)
    pointers = ", ".join(map(json_path, slots))
    return _Form(f"json_extract(args, [{pointers}])" if slots else "[]::JSON[]", codes)


def packed(nodes: list[Node], columns: Columns, count: int, zone: str | None) -> tuple[str, ...]:
    """The code columns of conditions, BIGINT each; the first condition in the lowest bits of the first."""
    terms = [truth_code(node, expression(node, columns, zone), columns.given) for node in nodes]
    made = []
    for start in range(0, count * PER_CODE, PER_CODE):
        parts = [f"{4**index}::BIGINT * {term}" for index, term in enumerate(terms[start : start + PER_CODE])]
        made.append(" + ".join(parts) or "0::BIGINT")
    return tuple(made)


def _choice(values: list[str], start: int = 1, *, otherwise: str = "0::BIGINT") -> str:
    """The value of a row's form, by halves: few comparisons a row however many forms there are."""
    if not values or (len(set(values)) == 1 and values[0] == otherwise):
        return otherwise
    if len(values) == 1:
        return f"CASE WHEN gv_form = {start} THEN {values[0]} ELSE {otherwise} END"
    middle = len(values) // 2
    if len(values) <= _LINEAR:
        cases = "\n".join(f"    WHEN {number} THEN {value}" for number, value in enumerate(values, start))
        return f"CASE gv_form\n{cases}\n    ELSE {otherwise} END"
    low = _choice(values[:middle], start, otherwise=otherwise)
    high = _choice(values[middle:], start + middle, otherwise=otherwise)
    return f"CASE WHEN gv_form < {start + middle} THEN {low}\n    ELSE {high} END"


def truth_code(node: Node, truth: str, given: Mapping[str, str]) -> str:
    asked = outside(node)
    if not asked:
        return trit(truth)
    missing = " OR ".join(f"{given[key]} IS NULL" for key in sorted(asked & given.keys()))
    unknown = str(UNCAPTURED) if asked - given.keys() else f"CASE WHEN {missing} THEN {UNCAPTURED} ELSE {UNKNOWN} END"
    return f"coalesce(2 * CAST({truth} AS TINYINT), {unknown})"
