"""The bulk form of a policy: SQL that answers which conditions are false, unknown or true, and nothing else.

The answer is a code of two bits a condition; effects, reasons, gates and rule ids come from the same
`policy.verdict.outcome` as for a single call. So the SQL has no maximum and no reasons to get wrong. A condition
that is unknown and reads an input which the row does not have is uncaptured: the log does not tell.
Leaves out running it (`replay`) and input schemas, which one validator judges everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping

from govern.conditions import bound
from govern.conditions.inputs import outside
from govern.conditions.sql import LOCAL, Columns, expression, pointer, reads_clock, text_literal, trit
from govern.conditions.sql_times import local
from govern.conditions.tree import Field, Name, Node, children
from govern.policy.model import Policy, ToolPolicy
from govern.policy.verdict import UNCAPTURED, UNKNOWN

PER_CODE = 31  # conditions in one BIGINT, two bits each


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
) -> str:
    """A query over rows of calls that gives each row its codes.

    Args:
        policy: to decide by.
        source: a table or view with the columns `tool` and `args` (canonical JSON text of an object, not
            NULL), those of `keep`, and those of `given` that some condition reads.
        keep: columns to hand through.
        given: the columns of other inputs by key of `conditions.Inputs`, of the types of `Columns.given`.
        zone: the deployment's time zone by its IANA name; without one, what asks for local time is unknown.

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
    # Two projections: arguments are taken out of the text once, conditions read the list of them.
    places = "\n".join(_extraction(policy, tool) for tool in tools)
    codes = ",\n".join(
        "  CASE tool\n"
        + "\n".join(_code(policy, tool, index, named, zone) for tool in tools)
        + f"\n    ELSE 0 END::BIGINT AS code{index}"
        for index in columns
    )
    return (
        f"SELECT {kept}tool,\n{codes}\nFROM (\n  SELECT {kept}tool, args{carried},\n  CASE tool\n{places}\n"
        f"    END AS gv_places\n  FROM {source})"
    )


def _tree_nodes(policy: Policy, tool: ToolPolicy) -> list[Node]:
    return [bound(condition, tool=tool.name, agent=policy.agent) for condition in tool.conditions]


def _keys(nodes: list[Node]) -> list[str]:
    """The top-level arguments that conditions read, in order of appearance."""
    found: dict[str, None] = {}

    def visit(node: Node) -> None:
        if isinstance(node, Field) and isinstance(node.base, Name) and node.base.name == "args":
            found[node.key] = None
        for child in children(node):
            visit(child)

    for node in nodes:
        visit(node)
    return list(found)


def _extraction(policy: Policy, tool: ToolPolicy) -> str:
    pointers = ", ".join(pointer(key) for key in _keys(_tree_nodes(policy, tool)))
    places = f"json_extract(args, [{pointers}])" if pointers else "[]::JSON[]"
    return f"    WHEN {text_literal(tool.name)} THEN {places}"


def _code(policy: Policy, tool: ToolPolicy, column: int, given: Mapping[str, str], zone: str | None) -> str:
    nodes = _tree_nodes(policy, tool)
    slots = {key: index for index, key in enumerate(_keys(nodes), start=1)}

    def root(key: str) -> str:
        return f"gv_places[{slots[key]}]"

    columns = Columns(root, "args", given)
    chunk = nodes[column * PER_CODE : (column + 1) * PER_CODE]
    terms = [
        f"{4**index}::BIGINT * {_truth_code(node, expression(node, columns, zone), given)}"
        for index, node in enumerate(chunk)
    ]
    return f"    WHEN {text_literal(tool.name)} THEN " + (" + ".join(terms) if terms else "0")


def _truth_code(node: Node, truth: str, given: Mapping[str, str]) -> str:
    asked = outside(node)
    if not asked:
        return trit(truth)
    missing = " OR ".join(f"{given[key]} IS NULL" for key in sorted(asked & given.keys()))
    unknown = str(UNCAPTURED) if asked - given.keys() else f"CASE WHEN {missing} THEN {UNCAPTURED} ELSE {UNKNOWN} END"
    return f"coalesce(2 * CAST({truth} AS TINYINT), {unknown})"
