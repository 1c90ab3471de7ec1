"""Writes tables out: a case with `matrix` or `each` becomes one test for every row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from itertools import product
from math import prod
from typing import Any

from govern.charter import suite_given, vocabulary
from govern.charter.cases import CallStep, Case, ExpectVerdict
from govern.charter.model import Word
from govern.charter.reader import Fields
from govern.charter.suite_expect import verdict
from govern.charter.suite_given import Known
from govern.charter.yaml_tree import Node, Scalar
from govern.events.canonical import text_of
from govern.findings import Location

MOST_ROWS = 1_000
_WIDEST = 40


@dataclass(frozen=True, slots=True)
class Base:
    """What the rows of a table have in common.

    Args:
        case: with no step.
        tool: None where each row has its own call.
        lost: whether the call may be there and could not be read.
    """

    case: Case
    tool: str | None
    key: Scalar | None
    args: Mapping[str, Any]
    facts: Mapping[str, Any] | None
    given: Mapping[str, Any]
    lost: bool = False


def single(base: Base, expect: ExpectVerdict, at: Location) -> Case:
    """The case of one call."""
    step = CallStep(base.tool or "", base.args, expect, at, given=base.given, facts=base.facts)
    return replace(base.case, steps=(step,))


def matrix(known: Known, base: Base, node: Node) -> Iterator[Case]:
    """A case for every row."""
    for number, item in enumerate(known.reader.items(node, "`matrix`"), start=1):
        fields = known.reader.fields(item, vocabulary.ROW)
        made = _row(known, base, fields, item, number) if fields is not None else None
        if made is not None:
            yield made


def _row(known: Known, base: Base, fields: Fields, node: Node, number: int) -> Case | None:
    reader = known.reader
    expect = verdict(known, fields["expect"], fields.key("expect")) if "expect" in fields else None
    name = reader.text(fields["name"], "`name`") if "name" in fields else None
    clock = suite_given.at(reader, fields)
    tool, key, args = base.tool, base.key, dict(base.args)
    said: list[str] = []
    if "call" in fields:
        for other in ("args", "without"):
            if other in fields:
                message = f"`call` is whole: `{other}` does not go with it"
                reader.error("conflicting-keys", fields.key(other), message, "write its arguments there")
        found = suite_given.call(known, fields["call"])
        if found is None:
            return None
        tool, args, key = found
        said.append(f"{tool} {_short(args)}")
    elif tool is None:
        if not (base.lost or fields.may_be("call")):
            reader.error("missing-key", node, "a row has no call", "`call` in the row, or in the case for all rows")
        return None
    for name_of, value in suite_given.named(known, fields["args"], "`args`") if "args" in fields else ():
        args[name_of] = reader.data(value)
        said.append(f"{name_of}={_short(args[name_of])}")
    for word in _without(known, fields, args):
        said.append(f"without {word}")
        args.pop(word.name, None)
    facts = suite_given.facts(known, fields["given"]) if "given" in fields else {}
    given = suite_given.told(known, fields)
    said += [f"{each}={_short(value)}" for each, value in (*facts.items(), *given.items())]
    if expect is None or tool is None or key is None:
        return None
    suite_given.mapped(known, tool, key, expect)
    at = expect.at
    title = name or ", ".join(said) or f"row {number}"
    case = base.case
    case = replace(case, name=f"{case.name}: {title}", at=reader.at(node), clock_ns=clock or case.clock_ns)
    facts = {**(base.facts or {}), **facts}
    return single(Base(case, tool, key, args, facts or None, {**base.given, **given}), expect, at)


def _without(known: Known, fields: Fields, args: Mapping[str, Any]) -> tuple[Word, ...]:
    if "without" not in fields:
        return ()
    words = known.reader.words(fields["without"], "`without`", vocabulary.ARGUMENT)
    for word in words:
        if word.name not in args:
            known.reader.told("undefined-argument", word.at, f"the call has no argument `{word}`", "leave it out here")
    return words


def each(known: Known, base: Base, node: Node, expect: ExpectVerdict, at: Location) -> Iterator[Case]:
    """A case for every combination of values."""
    values: dict[str, list[Any]] = {}
    for name, value in suite_given.named(known, node, "`each`"):
        values[name] = [known.reader.data(item) for item in known.reader.items(value, f"`{name}`")]
    if (count := prod(map(len, values.values()))) > MOST_ROWS:
        hint = f"at most {MOST_ROWS:,}: choose values that differ for a condition"
        known.reader.error("wrong-value", node, f"`each` makes {count:,} tests", hint)
        return
    for combination in product(*values.values()):
        changed = dict(zip(values, combination, strict=True))
        title = ", ".join(f"{name}={_short(value)}" for name, value in changed.items())
        case = replace(base.case, name=f"{base.case.name}: {title}")
        yield single(replace(base, case=case, args={**base.args, **changed}), expect, at)


def _short(value: Any) -> str:
    try:
        text = text_of(value)
    except ValueError:  # no canonical form: it is judged as invalid input
        text = str(value)
    if len(text) <= _WIDEST:
        return text
    # Rows that differ behind the cut are two tests all the same: a few digits of the whole keep their names apart.
    return f"{text[: _WIDEST - 5]}…{sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()[:4]}"
