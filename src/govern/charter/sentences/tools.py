"""What the agent may do: every tool by tier, who is asked, what its arguments must be, what its result may show."""

from __future__ import annotations

from govern.charter.model import Charter, Input, Kind, Tier, Tool
from govern.charter.sentences.conditions import in_words
from govern.charter.sentences.document import Item, Section, because, code, counted, names, origin, span
from govern.charter.sentences.rules import about, possible_tiers, rule_sentence
from govern.charter.sentences.schemas import arguments
from govern.policy.glob import matches

_TITLES = {
    Tier.READ_ONLY: ("Reads (`read_only`)", "These change nothing."),
    Tier.REVERSIBLE: ("Can be undone (`reversible`)", "These change something; each call is marked for review."),
    Tier.IRREVERSIBLE: ("Cannot be undone (`irreversible`)", "What these do stays done."),
}  # fmt: skip


def tools(charter: Charter) -> list[Section]:
    """One section that says what is granted, then one a tier."""
    many = counted(len(charter.tools), "tool")
    if charter.kind is Kind.LIBRARY:
        says = f"It describes {many}. It grants none: a charter that uses it names those that its agent may call."
    elif charter.kind is Kind.BASE:
        says = "It grants no tool. It only makes the charters that extend it stricter."
    else:
        says = f"It may call {many}. Any other call is denied, and so is one with arguments other than those listed."
    found = [Section("What the agent may do" if charter.kind is Kind.CHARTER else "Tools", (says,))]
    for tier in Tier:
        those = [tool for tool in charter.tools.values() if tool.tier == tier]
        if those:
            title, intro = _TITLES[tier]
            if any(possible_tiers(charter, tool) - {tier} for tool in those):
                intro += " But a rule may count a call of one as more, and it then says so."
            found.append(Section(title, (intro,), tuple(_tool(charter, tool) for tool in those), level=3))
    return found


def _tool(charter: Charter, tool: Tool) -> Item:
    below: list[Item] = []
    if tool.approval is not None and tool.approval.recheck is not None:
        seen = code(tool.approval.recheck.name)
        below.append(Item(f"An approval holds only while the result of {seen} is what the approver saw."))
    below.extend(_schemas(tool))
    below.extend(
        Item(rule_sentence(rule, "a call") + origin(charter, rule.at))
        for rule in tool.rules
    )  # fmt: skip
    shared = about(charter, tool) if charter.kind is Kind.CHARTER else []
    if shared:
        below.append(Item(f"See also {names(shared)} below."))
    if tool.credentials:
        below.append(Item(f"A released call is given {names(tool.credentials)}{_lives(charter, tool)}."))
    if tool.sensitive:
        below.append(Item(f"Masked in reports and notifications: {names(tool.sensitive)}."))
    if tool.secret:
        below.append(Item(f"Masked, and kept in the record as a commitment only: {names(tool.secret)}."))
    if tool.show_only_if is not None:
        below.append(Item(f"The agent sees a result only if it is known that {in_words(tool.show_only_if.condition)}."))
    if tool.hide:
        below.append(Item(f"The agent never sees {names(tool.hide)}."))
    if tool.described is not None:
        below.append(
            Item(f"Described by the library {code(tool.described.library)}{origin(charter, tool.described.at)}.")
        )
    return Item(f"{code(tool.name)} {_answer(charter, tool, ruled=bool(tool.rules or shared))}", tuple(below))


def _answer(charter: Charter, tool: Tool, *, ruled: bool) -> str:
    """Who is asked, and whether it leaves the organisation.

    Args:
        ruled: whether a rule, a limit or the like may ask for more.
    """
    leaves = " Its effect leaves the organisation." if tool.external else ""
    if charter.kind is Kind.LIBRARY:
        return f"is described.{leaves}"
    if any(matches(word.name, tool.name) for each in charter.never for word in each.tools):
        leaves += " It stands under Never too: no call of it is ever released, whatever is said here."
    if tool.approval is not None:
        unless = f", unless it is known that {in_words(tool.approval.unless.condition)}" if tool.approval.unless else ""
        return f"needs the approval of {code(tool.approval.gate.name)}{unless}.{leaves}"
    if tool.autonomous is not None:
        return f"runs without asking anybody.{leaves}{because(tool.autonomous.because)}"
    return f"runs without asking{', unless what follows says otherwise' if ruled else ''}.{leaves}"


def _lives(charter: Charter, tool: Tool) -> str:
    ttl = {each.scope.name: each.ttl_s for each in charter.identity.elevated} if charter.identity else {}
    spans = dict.fromkeys(span(ttl[word.name]) for word in tool.credentials if word.name in ttl)
    return f", for {' or '.join(spans)}" if spans else ""


def _schemas(tool: Tool) -> list[Item]:
    found = [
        *_schema(tool.input, "arguments"),
        *_schema(tool.output, "fields"),
    ]
    if tool.input is None:
        found.insert(0, Item("Arguments: anything, since there is no schema."))
    return found


def _schema(schema: Input | None, what: str, by: str = "") -> list[Item]:
    """A schema and, below it, the library's of the same tool: a value must satisfy both."""
    if schema is None:
        return []
    of_input = what == "arguments"
    lines = arguments(schema.schema, what)
    if not of_input and "type" not in schema.schema:  # arguments are always an object
        lines.append("or a value that is no object")
    found = [Item(f"{'Arguments' if of_input else 'Result'}{by}:", tuple(Item(line + ".") for line in lines))]
    if schema.also is not None:
        found += _schema(schema.also, what, ", as the library asks too")
    return found
