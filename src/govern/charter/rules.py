"""Reads rules in both forms, and `never`."""

from __future__ import annotations

from govern.charter import vocabulary
from govern.charter.model import Form, Never, Rule, Selector, Word
from govern.charter.reader import Fields, Reader
from govern.charter.select import read_effect, read_selector
from govern.charter.yaml_tree import Node

_PAIRS = {Form.WHEN: "then", Form.ONLY_IF: "otherwise"}


def read_rules(reader: Reader, node: Node, tool: Word | None = None, *, mapped: bool = True) -> tuple[Rule, ...]:
    """The rules of a file, or of one tool.

    Args:
        mapped: exact names of tools must be mapped ones.
    """
    rules = (_rule(reader, item, tool, mapped) for item in reader.items(node, "`rules`"))
    return tuple(rule for rule in rules if rule is not None)


def _rule(reader: Reader, node: Node, tool: Word | None, mapped: bool) -> Rule | None:
    level = vocabulary.RULE if tool is None else vocabulary.OWN_RULE
    fields = reader.fields(node, level)
    if fields is None:
        return None
    id = reader.id(fields, "a rule's id")
    if tool is not None:
        select: Selector | None = Selector((tool,), (), None)
    else:
        select = read_selector(reader, fields, level, mapped=mapped)
    because = reader.text(fields["because"], "`because`") if "because" in fields else ""
    form = _form(reader, fields, node)
    clauses = {each: reader.clause(fields[each], each) for each in Form if each in fields}
    effects = {key: read_effect(reader, fields[key], key) for key in _PAIRS.values() if key in fields}
    if form is None or id is None or select is None or because is None:
        return None
    clause, effect = clauses[form], effects[_PAIRS[form]]
    if clause is None or effect is None:
        return None
    own = tool is not None
    return Rule(id, form, clause, effect, because, select.tools, own, id.at, select.tiers, select.external)


def _form(reader: Reader, fields: Fields, node: Node) -> Form | None:
    """Which form a rule has; a rule has exactly one, whole."""
    written = [form for form in Form if form in fields or _PAIRS[form] in fields]
    if len(written) == 1:
        form = written[0]
        missing = [key for key in (form.value, _PAIRS[form]) if key not in fields]
        if not missing:
            return form
        if not fields.may_be(*missing):
            present = form.value if missing[0] != form.value else _PAIRS[form]
            reader.error("missing-key", fields.key(present), f"`{present}` needs `{missing[0]}` beside it")
    elif written:
        key = next(fields.key(key) for key in ("only_if", "otherwise") if key in fields)
        hint = "one rule is `when … then …` or `only_if … otherwise …`: write two rules"
        reader.error("conflicting-keys", key, f"`{key.value}` beside `when` or `then`", hint)
    elif not fields.may_be(*(key for form in Form for key in (form.value, _PAIRS[form]))):
        at = fields.key("id") if "id" in fields else node
        message = "the rule has no condition"
        reader.error("missing-key", at, message, "write `when` and `then`, or `only_if` and `otherwise`")
    return None


def read_never(reader: Reader, node: Node) -> tuple[Never, ...]:
    return tuple(never for item in reader.items(node, "`never`") if (never := _never(reader, item)) is not None)


def _never(reader: Reader, node: Node) -> Never | None:
    fields = reader.fields(node, vocabulary.NEVER)
    if fields is None or "tools" not in fields:
        return None
    tools = reader.tools(fields["tools"], "`tools` of a `never`", mapped=False)
    because = reader.text(fields["because"], "`because`") if "because" in fields else ""
    if not tools or because is None:
        return None
    return Never(tools, because, reader.at(fields.key("tools")))
