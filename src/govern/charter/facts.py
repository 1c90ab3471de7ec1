"""Reads `facts`: what conditions may ask about, who says so, and the names that follow from it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from govern.charter import kinds, vocabulary
from govern.charter.model import Fact, FactField, ResultOf, Word
from govern.charter.reader import Fields, Reader
from govern.charter.yaml_tree import Map, Node, Scalar
from govern.conditions.scope import RESERVED, FieldType, Scope

# Names that mean something else: to conditions, or where a source's call is told from the call that is judged.
TAKEN = RESERVED | {"call", "session"}
_KEY = re.compile(rf"{kinds.FACT.pattern}|result(?:\.[A-Za-z_][A-Za-z0-9_-]*)+")
_KEY_WORDS = "an argument of the source's call, as in `order_id`, or `result.field`"


def read_facts(reader: Reader, node: Node) -> dict[str, Fact | None]:
    """Facts by name; None where one is declared but cannot be used, so that it is not called unknown too."""
    facts: dict[str, Fact | None] = {}
    for key, value in reader.mapping(node, "`facts`"):
        name = reader.word(key, "a fact's name", kinds.FACT, kinds.FACT_WORDS)
        if name is not None and name.name in TAKEN:
            reader.error("invalid-name", key, f"`{name.name}` means something else in conditions", "name it otherwise")
            name = None
        fact = _fact(reader, key, value, name)
        if name is not None:
            facts[name.name] = fact
    return facts


def scope_of(facts: Mapping[str, Fact | None]) -> Scope:
    """What conditions may name. A fact that cannot be used has no fields here; the file has its error."""
    return Scope(
        tuple(
            (name, tuple((field.name, FieldType(field.kind, field.values)) for field in fact.fields.values()))
            for name, fact in facts.items()
            if fact is not None
        )
    )


def _fact(reader: Reader, key: Scalar, node: Node, name: Word | None) -> Fact | None:
    fields = reader.fields(node, vocabulary.FACT, key)
    if fields is None:
        return None
    good = True
    source: ResultOf | None = None
    if "from" in fields:
        if isinstance(fields["from"], Map):
            source = _source(reader, fields["from"], fields.key("from"))
            good = source is not None
        else:
            good = reader.choice(fields["from"], "a source of facts", ("session",), "unknown-source") is not None
    take = (
        reader.choice(fields["take"], "`latest` or `first`", ("latest", "first"), "unknown-word")
        if "take" in fields
        else "latest"
    )
    if "take" in fields and "from" in fields and not isinstance(fields["from"], Map):
        message = "`take` chooses among results, this is from the session"
        reader.error("conflicting-keys", fields.key("take"), message, "leave it out")
        good = False
    made = _fields(reader, fields, fields.get("from")) if "fields" in fields else None
    if not good or name is None or take is None or made is None or "from" not in fields:
        return None
    return Fact(name.name, source, take == "first", made, name.at)


def _source(reader: Reader, node: Node, key: Scalar) -> ResultOf | None:
    fields = reader.fields(node, vocabulary.SOURCE, key)
    if fields is None:
        return None
    tools = (
        reader.words(fields["result_of"], "`result_of`", vocabulary.ONE_TOOL, "source") if "result_of" in fields else ()
    )
    where: list[tuple[Word, Word]] = []
    entries = reader.mapping(fields["where"], "`where`") if "where" in fields else ()
    for name, value in entries:
        left = reader.word(name, "a key of `where`", _KEY, _KEY_WORDS)
        right = reader.place(value, f"`{name.value}` of `where`", ("args",), facts=True, below=True)
        if left is not None and right is not None:
            where.append((left, right))
    if not tools or len(where) < len(entries) or ("where" in fields and not entries):
        return None
    return ResultOf(tools, tuple(where))


def _fields(reader: Reader, fields: Fields, source: Node | None) -> dict[str, FactField] | None:
    made: dict[str, FactField] = {}
    entries = reader.mapping(fields["fields"], "`fields` of a fact")
    for key, value in entries:
        name = reader.word(key, "a field's name", kinds.FACT, kinds.FACT_WORDS)
        field = _field(reader, key, value, name, isinstance(source, Map), isinstance(source, Scalar))
        if field is not None:
            made[field.name] = field
    lost = isinstance(fields["fields"], Map) and fields["fields"].lost
    return made if made and len(made) == len(entries) and not lost else None


def _field(
    reader: Reader, key: Scalar, node: Node, name: Word | None, from_result: bool, from_session: bool
) -> FactField | None:
    if not isinstance(node, Map):
        kind = reader.choice(node, "a type of a field", vocabulary.FIELD_TYPES, "unknown-type")
        path = f"result.{name.name}" if name is not None and from_result else ""
        return FactField(name.name, kind, (), path, name.at) if name is not None and kind is not None else None
    fields = reader.fields(node, vocabulary.FIELD, key)
    if fields is None:
        return None
    if not {"type", "enum"} & set(fields):
        if not fields.may_be("type", "enum"):
            reader.error("missing-key", key, "the field has neither `type` nor `enum`", "say what it holds")
        return None
    kind = (
        reader.choice(fields["type"], "a type of a field", vocabulary.FIELD_TYPES, "unknown-type")
        if "type" in fields
        else ""
    )
    values = _values(reader, fields["enum"]) if "enum" in fields else ()
    path = f"result.{name.name}" if name is not None and from_result else ""
    if "path" in fields:
        if from_session:
            message = "`path` is a place in a result, this is from the session"
            reader.error("conflicting-keys", fields.key("path"), message, "leave it out")
            return None
        found = reader.place(fields["path"], "`path`", ("result", "call"))
        if found is None:
            return None
        path = found.name
    if name is None or kind is None or values is None:
        return None
    kind = kind or _kind_of(values)
    if any(
        _kind_of((value,)) != kind and not (kind == "number" and _kind_of((value,)) == "integer") for value in values
    ):
        reader.error("wrong-value", fields["enum"], *_mixed(kind))
        return None
    return FactField(name.name, kind, values, path, name.at)


def _values(reader: Reader, node: Node) -> tuple[Any, ...] | None:
    found: list[Any] = []
    for item in reader.items(node, "`enum`"):
        if not isinstance(item, Scalar) or item.refused or not isinstance(item.value, str | int | float | bool):
            reader.wrong(item, "a value of `enum`", "text, a number, `true` or `false`")
            return None
        if item.value in found:
            reader.error("duplicate-item", item, f"{reader.show(item)} is listed twice", "once is enough")
            return None
        found.append(item.value)
    return tuple(found) if found else None


def _kind_of(values: tuple[Any, ...]) -> str:
    kinds_of = {
        "boolean" if isinstance(value, bool) else "string" if isinstance(value, str) else
        "integer" if isinstance(value, int) else "number" for value in values
    }  # fmt: skip
    if kinds_of == {"integer", "number"}:
        return "number"
    return kinds_of.pop() if len(kinds_of) == 1 else "any"


def _mixed(kind: str) -> tuple[str, str]:
    if kind == "any":
        return "the values of `enum` are of several kinds", "text only, or numbers only"
    return f"a value of `enum` is no {kind}", f"values of type `{kind}` only"


def same(one: Fact, other: Fact) -> bool:
    """Whether two declarations of a fact say the same."""

    def told(fact: Fact) -> tuple[Any, ...]:
        source = fact.source
        where = tuple((left.name, right.name) for left, right in source.where) if source else None
        tools = tuple(sorted(word.name for word in source.tools)) if source else None
        return (
            tools, where, fact.first,
            sorted((field.name, field.kind, field.values, field.path) for field in fact.fields.values()),
        )  # fmt: skip

    return told(one) == told(other)
