"""The bulk form of a policy: SQL that answers which conditions are false, unknown or true, and nothing else.

The answer is a code of two bits a condition; effects, reasons, gates and rule ids come from the same
`policy.verdict.outcome` as for a single call. So the SQL has no maximum and no reasons to get wrong.
Leaves out running it (`replay`) and input schemas, which one validator judges everywhere.
"""

from __future__ import annotations

from govern.conditions import bound
from govern.conditions.sql import expression, pointer, text_literal, trit
from govern.conditions.tree import Field, Name, Node, children
from govern.policy.model import Policy, ToolPolicy

PER_CODE = 31  # conditions in one BIGINT, two bits each


def code_columns(policy: Policy) -> int:
    """How many code columns the policy needs; at least one."""
    longest = max((len(tool.conditions) for tool in policy.tools.values()), default=0)
    return max(1, -(-longest // PER_CODE))


def truths_of(codes: tuple[int, ...], tool: ToolPolicy) -> tuple[int, ...]:
    """The truth values of a tool's conditions from the codes of a row."""
    return tuple((codes[index // PER_CODE] >> (2 * (index % PER_CODE))) & 3 for index in range(len(tool.conditions)))


def decision_sql(policy: Policy, source: str = "calls", keep: tuple[str, ...] = ("event_id",)) -> str:
    """A query over rows of calls that gives each row its codes.

    Args:
        policy: to decide by.
        source: a table or view with the columns `tool` and `args` (canonical JSON text of an object, not
            NULL) and those of `keep`.
        keep: columns to hand through.

    Returns:
        SQL for DuckDB, giving `keep`, `tool`, and `code0`, `code1`, … (BIGINT).
    """
    # By name: the text must not depend on the order in which a charter or a bundle lists its tools.
    tools = [tool for _, tool in sorted(policy.tools.items()) if tool.conditions]
    kept = "".join(f"{column}, " for column in keep)
    columns = range(code_columns(policy))
    if not tools:
        zeros = ", ".join(f"0::BIGINT AS code{index}" for index in columns)
        return f"SELECT {kept}tool, {zeros} FROM {source}"
    # Two projections: arguments are taken out of the text once, conditions read the list of them.
    places = "\n".join(_extraction(policy, tool) for tool in tools)
    codes = ",\n".join(
        "  CASE tool\n"
        + "\n".join(_code(policy, tool, index) for tool in tools)
        + f"\n    ELSE 0 END::BIGINT AS code{index}"
        for index in columns
    )
    return (
        f"SELECT {kept}tool,\n{codes}\nFROM (\n  SELECT {kept}tool, args,\n  CASE tool\n{places}\n"
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


def _code(policy: Policy, tool: ToolPolicy, column: int) -> str:
    nodes = _tree_nodes(policy, tool)
    slots = {key: index for index, key in enumerate(_keys(nodes), start=1)}

    def root(key: str) -> str:
        return f"gv_places[{slots[key]}]"

    chunk = nodes[column * PER_CODE : (column + 1) * PER_CODE]
    terms = [f"{4**index}::BIGINT * {trit(expression(node, root, whole='args'))}" for index, node in enumerate(chunk)]
    return f"    WHEN {text_literal(tool.name)} THEN " + (" + ".join(terms) if terms else "0")
