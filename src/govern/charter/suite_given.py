"""Reads what a test gives beside a call's arguments, and the arguments: facts, fixtures, origins, history.

What nothing in the charter asks for is refused: a test of it would say nothing, and looks as if it did.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from govern.charter import vocabulary
from govern.charter.cases import ExpectVerdict
from govern.charter.deployment import Deployment
from govern.charter.model import Charter
from govern.charter.reader import Fields, Reader
from govern.charter.scenarios import fits
from govern.charter.yaml_tree import Map, Node, Scalar, Seq
from govern.conditions import ConditionError
from govern.conditions.inputs import Path, history_key, reads
from govern.conditions.times import timestamp_ns
from govern.findings import did_you_mean
from govern.policy.history.records import path_at
from govern.policy.terms import Reason


@dataclass(frozen=True, slots=True)
class Known:
    """What a suite is read against.

    Args:
        charter: None where it does not load: then names are not judged.
        fixtures: by name, None of one that could not be read; None as a whole where not all names are known.
    """

    reader: Reader
    charter: Charter | None
    deployment: Deployment | None
    fixtures: Mapping[str, Node | None] | None = field(default_factory=dict)

    def merged(self, node: Node, what: str) -> dict[str, tuple[Scalar, Node]] | None:
        """The entries of a mapping, a fixture, or a list of them, later ones in place of earlier."""
        match node:
            case Map():
                return {str(key.value): (key, value) for key, value in node.entries}
            case Seq():
                found: dict[str, tuple[Scalar, Node]] = {}
                for item in self.reader.items(node, what):
                    more = self.merged(item, what)
                    if more is None:
                        return None
                    found |= more
                return found
            case Scalar(value=str(name), refused=False):
                if self.fixtures is None:
                    return None
                if name not in self.fixtures:
                    hint = did_you_mean(name, self.fixtures) or "define it under `fixtures`, or write a mapping"
                    self.reader.error("undefined-fixture", node, f"`{name}` is not among `fixtures`", hint)
                    return None
                fixture = self.fixtures[name]
                return None if fixture is None else self.merged(fixture, what)
            case _:
                self.reader.wrong(node, what, "a mapping, a fixture's name, or a list of them")
                return None

    def data(self, entries: Mapping[str, tuple[Scalar, Node]]) -> dict[str, Any]:
        """Entries as plain data."""
        return {name: self.reader.data(value) for name, (_, value) in entries.items()}


@dataclass(frozen=True)
class Asked:
    """What the conditions of a charter ask for, by key of `conditions.Inputs`."""

    charter: Charter

    @cached_property
    def keys(self) -> frozenset[str]:
        """All keys but those of arguments; a function of the tool that is judged stands with `tool`."""
        return frozenset(
            str(read.path[0]) for clause in self.charter.clauses for read in reads(clause.condition.tree)
        ) - {"args"}


def facts(known: Known, node: Node, *, session: bool = False) -> dict[str, Any]:
    """Facts by name, each checked against its declaration.

    Args:
        session: only those that the host asserts: others come from the results of steps.
    """
    found: dict[str, Any] = {}
    declared = known.charter.facts if known.charter else None
    for key, value in known.reader.mapping(node, "`given`"):
        name = str(key.value)
        fact = declared.get(name) if declared is not None else None
        if declared is not None and fact is None:
            known.reader.error("undefined-fact", key, f"`{name}` is not among `facts`", did_you_mean(name, declared))
            continue
        if session and fact is not None and fact.source is not None:
            message = f"`{name}` comes from results, and a sequence has those of its steps"
            hint = f"call {_or(word.name for word in fact.source.tools)} in a step, with `result`"
            known.reader.error("wrong-value", key, message, hint)
            continue
        if isinstance(value, Scalar) and value.value is None:
            found[name] = None
            continue
        entries = known.merged(value, f"the fact `{name}`")
        if entries is None:
            continue
        for field_key, item in entries.values() if fact is not None else ():
            if fact is not None:
                fits(known.reader, fact, field_key, item)
        found[name] = known.data(entries)
    return found


def call(known: Known, node: Node) -> tuple[str, dict[str, Any], Scalar] | None:
    """The tool of a call, its arguments, and where the tool stands."""
    entries = known.reader.mapping(node, "`call`")
    if len(entries) > 1:
        known.reader.error("wrong-value", entries[1][0], "`call` has two tools", "one call, as in `{refund: {…}}`")
        return None
    for key, value in entries:
        pattern = vocabulary.TOOL_KEY
        name = known.reader.word(key, pattern.what, pattern.pattern, pattern.words)
        args = known.merged(value, "the arguments of a call")
        if name is not None and args is not None:
            return name.name, known.data(args), key
    return None


def named(known: Known, node: Node, what: str) -> Iterator[tuple[str, Node]]:
    """The values of a mapping by the names of arguments."""
    kind = vocabulary.ARGUMENT
    for key, value in known.reader.mapping(node, what):
        word = known.reader.word(key, kind.what, kind.pattern, kind.words)
        if word is not None:
            yield word.name, value


def at(reader: Reader, fields: Fields) -> int | None:
    """The time that a test says, UTC nanoseconds since 1970; None where it says none."""
    if "at" not in fields:
        return None
    node = fields["at"]
    word = reader.word(node, "`at`", vocabulary.A_TIME.pattern, vocabulary.A_TIME.words)
    time = timestamp_ns(word.name) if word is not None else None
    if word is not None and time is None:
        reader.wrong(node, "`at`", "a time from 1677-09-21 to 2262-04-11")
    return time


def told(known: Known, fields: Fields) -> dict[str, Any]:
    """Origins and history that a test says, by key of `conditions.Inputs`; None is unknown."""
    found: dict[str, Any] = {}
    asked = Asked(known.charter).keys if known.charter else None
    if "origins" in fields:
        for path, origin in _of_arguments(known, fields, "origins", asked):
            found[history_key("origin", path)] = origin
            if origin in ("user", "trusted", "none"):  # all of it was typed, or not all
                found[history_key("named_by_user", path)] = origin == "user"
    if "named_by_user" in fields:
        for path, truth in _of_arguments(known, fields, "named_by_user", asked):
            found[history_key("named_by_user", path)] = truth
    if "history" in fields:
        found |= _history(known, fields, asked)
    return found


def _of_arguments(
    known: Known, fields: Fields, key: str, asked: frozenset[str] | None
) -> Iterator[tuple[Path, str | bool | None]]:
    """What is said of places in the arguments; None is unknown."""
    reader, place = known.reader, vocabulary.ARGUMENT_PLACE
    functions = ("origin", "named_by_user") if key == "origins" else ("named_by_user",)
    for name, node in reader.mapping(fields[key], f"`{key}`"):
        word = reader.word(name, place.what, place.pattern, place.words)
        value = _word_or_truth(reader, node, functions[0])
        if word is None or value is None:
            continue
        try:
            path = path_at(word.name)
        except (ConditionError, ValueError):
            reader.error("invalid-path", name, f"{place.what} is {reader.show(name)}", place.words)
            continue
        if asked is not None and not any(history_key(fn, path) in asked for fn in functions):
            message = f"no condition of the charter asks `{history_key(functions[0], path)}`"
            reader.error("not-asked", name, message, _asked_instead(word.name, functions, asked))
            continue
        yield path, (None if value == "unknown" else value)


def _asked_instead(word: str, functions: tuple[str, ...], asked: frozenset[str]) -> str:
    paths = {each.partition("(")[2][:-1] for each in asked if each.partition("(")[0] in functions}
    return did_you_mean(word, paths) or "without it the test says the same"


def _word_or_truth(reader: Reader, node: Node, fn: str) -> str | bool | None:
    if fn == "origin":
        return reader.choice(node, "an origin", vocabulary.ORIGINS, "unknown-word")
    return _or_unknown(reader, node, "`named_by_user`")


def _or_unknown(reader: Reader, node: Node, what: str) -> str | bool | None:
    if isinstance(node, Scalar) and node.value == "unknown":
        return "unknown"
    return reader.boolean(node, what)


def _history(known: Known, fields: Fields, asked: frozenset[str] | None) -> dict[str, Any]:
    reader = known.reader
    inner = reader.fields(fields["history"], vocabulary.TOLD, fields.key("history"))
    found: dict[str, Any] = {}
    if inner is None:
        return found
    if not inner and not inner.misspelt:
        reader.error("empty-collection", fields["history"], "`history` is empty", "leave the key out, or fill it")
    for key, node in reader.mapping(inner["limits"], "`limits`") if "limits" in inner else ():
        state = reader.choice(node, "a state of a limit", vocabulary.LIMIT_STATES, "unknown-word")
        name = str(key.value)
        ids = [limit.id.name for limit in known.charter.limits] if known.charter else [name]
        if name not in ids:
            reader.error("undefined-rule", key, f"`{name}` is not among `limits`", did_you_mean(name, ids))
        elif state is not None:
            found[history_key("exceeded", name)] = None if state == "unknown" else state == "exceeded"
    if "tainted" in inner:
        value = _or_unknown(reader, inner["tainted"], "`tainted`")
        found[history_key("tainted", "session")] = None if value == "unknown" else value
    for fn in ("calls", "succeeded"):
        for key, node in reader.mapping(inner[fn], f"`{fn}`") if fn in inner else ():
            made = history_key(fn, str(key.value))
            if f"{fn}(tool)" in (asked or ()) and known.charter and str(key.value) not in known.charter.tools:
                hint = did_you_mean(str(key.value), known.charter.tools)
                reader.error("undefined-tool", key, f"`{key.value}` is not among the charter's `tools`", hint)
            elif asked is not None and not {made, f"{fn}(tool)"} & asked:
                tools = {each.partition("('")[2][:-2] for each in asked if each.startswith(f"{fn}('")}
                hint = did_you_mean(str(key.value), tools) or "without it the test says the same"
                reader.error("not-asked", key, f"no condition of the charter asks `{made}`", hint)
            elif isinstance(node, Scalar) and node.value == "unknown":
                found[made] = None
            else:
                found[made] = reader.integer(node, f"a number of {fn}", 0)
    return found


def _or(names: Iterable[str]) -> str:
    return " or ".join(f"`{name}`" for name in names)


def mapped(known: Known, tool: str, key: Scalar, expect: ExpectVerdict | None) -> None:
    """Refuses a tool that the charter does not map, unless its denial for that is what is tested: a name with a slip
    is denied too, and would pass for a rule that holds."""
    charter = known.charter
    if charter is None or tool in charter.tools:
        return
    said: tuple[str, ...] = ()
    if expect is not None:
        said = (*expect.causes, *(name for each in (expect.rules, expect.reasons) if each for name in each.names))
    if not any(name in (Reason.UNMAPPED, Reason.NEVER) or name.startswith("never:") for name in said):
        hint = did_you_mean(tool, charter.tools)
        if not hint.startswith("did you mean"):
            hint = "where that is tested: `expect: {deny: unmapped}`"
        known.reader.error("undefined-tool", key, f"`{tool}` is not among the charter's `tools`", hint)
