"""Reads what depends on what happened before: `limits` and `untrusted`."""

from __future__ import annotations

from govern.charter import vocabulary
from govern.charter.model import AfterReading, Limit, Untrusted, Word
from govern.charter.reader import Reader
from govern.charter.select import read_effect, read_selector
from govern.charter.yaml_tree import Node, Scalar


def read_limits(reader: Reader, node: Node, *, mapped: bool) -> tuple[Limit, ...]:
    """The limits of a file. `mapped` as for rules."""
    found = (_limit(reader, item, mapped) for item in reader.items(node, "`limits`"))
    return tuple(limit for limit in found if limit is not None)


def _limit(reader: Reader, node: Node, mapped: bool) -> Limit | None:
    fields = reader.fields(node, vocabulary.LIMIT)
    if fields is None:
        return None
    id = reader.id(fields, "a limit's id")
    select = read_selector(reader, fields, vocabulary.LIMIT, mapped=mapped)
    total = reader.place(fields["sum"], "`sum`", ("args",), below=True) if "sum" in fields else None
    most = reader.number(fields["max"], "`max`") if "max" in fields else None
    span, seconds = _within(reader, fields["within"]) if "within" in fields else (None, None)
    each = _for_each(reader, fields["for_each"]) if "for_each" in fields else ()
    if "counts" in fields:
        counts = reader.choice(fields["counts"], "what a limit counts", vocabulary.COUNTS, "unknown-word")
    else:
        counts = "executed" if "sum" in fields else "proposed"
    effect = read_effect(reader, fields["otherwise"], "otherwise") if "otherwise" in fields else None
    because = reader.text(fields["because"], "`because`") if "because" in fields else ""
    if id is None or select is None or most is None or (span is None and seconds is None) or effect is None:
        return None
    if each is None or counts is None or because is None or ("sum" in fields and total is None):
        return None
    return Limit(id, select, total, most, seconds, span, each, counts, effect, because, id.at)


def _within(reader: Reader, node: Node) -> tuple[str | None, int | None]:
    if isinstance(node, Scalar) and isinstance(node.value, str) and node.value in vocabulary.SPANS:
        return node.value, None
    if isinstance(node, Scalar) and isinstance(node.value, str) and node.value.isalpha():
        reader.choice(node, "a span or a duration", (*vocabulary.SPANS, "24h"), "invalid-duration")
        return None, None
    return None, reader.duration(node, "`within`")


def _for_each(reader: Reader, node: Node) -> tuple[Word, ...] | None:
    found: list[Word | None] = []
    for item in reader.items(node, "`for_each`"):
        if isinstance(item, Scalar) and item.value in vocabulary.KEYED_BY:
            found.append(Word(str(item.value), reader.at(item)))
        else:
            found.append(_key(reader, item))
    words = reader.distinct(tuple(found), "a key")
    return words if words and None not in found else None


def _key(reader: Reader, node: Node) -> Word | None:
    """A place below `args`, or a fact's field."""
    if isinstance(node, Scalar) and isinstance(node.value, str) and not ("." in node.value or "[" in node.value):
        reader.choice(node, "a key of `for_each`", (*vocabulary.KEYED_BY, "args.…"), "invalid-path")
        return None
    return reader.place(node, "a key of `for_each`", ("args",), facts=True, below=True)


def read_untrusted(reader: Reader, node: Node, key: Scalar, *, mapped: bool) -> Untrusted | None:
    """`untrusted`. In a base (`mapped` false) nothing may be trusted: that would loosen a charter."""
    fields = reader.fields(node, vocabulary.UNTRUSTED, key)
    if fields is None:
        return None
    trusted: tuple[Word, ...] = ()
    if "trusted" in fields:
        trusted = reader.words(fields["trusted"], "`trusted`", vocabulary.ONE_TOOL, "tool")
        if not mapped:
            hint = "a base only makes stricter: the charter says whom it trusts"
            reader.error("base-grants", fields.key("trusted"), "a base trusts a tool's output", hint)
    on = "flag"
    if "on_instructions" in fields:
        what = "what is done with instructions"
        on = reader.choice(fields["on_instructions"], what, vocabulary.ON_INSTRUCTIONS, "unknown-word") or ""
    reader.lost_id |= fields.may_be("after_reading")
    after: tuple[AfterReading | None, ...] = ()
    if "after_reading" in fields:
        items = reader.items(fields["after_reading"], "`after_reading`")
        after = tuple(_after(reader, item, mapped) for item in items)
    if not on or None in after:
        return None
    return Untrusted(trusted, on, tuple(each for each in after if each is not None), reader.at(key))


def _after(reader: Reader, node: Node, mapped: bool) -> AfterReading | None:
    fields = reader.fields(node, vocabulary.AFTER_READING)
    if fields is None:
        return None
    id = reader.id(fields, "an id") if "id" in fields or fields.may_be("id") else None
    select = read_selector(reader, fields, vocabulary.AFTER_READING, mapped=mapped)
    unless = reader.clause(fields["unless"], "unless") if "unless" in fields else None
    effect = read_effect(reader, fields["then"], "then") if "then" in fields else None
    because = reader.text(fields["because"], "`because`") if "because" in fields else ""
    if select is None or effect is None or because is None or ("unless" in fields and unless is None):
        return None
    if "id" in fields and id is None:
        return None
    return AfterReading(id, select, unless, effect, because, reader.at(node))
