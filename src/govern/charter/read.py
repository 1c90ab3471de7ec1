"""Reads the sections of one file, and joins it with what it extends and uses.

Leaves out values (`reader`), single sections (a module each), and the joining itself (`compose`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import islice
from typing import TypeVar

from govern.charter import kinds, references, vocabulary
from govern.charter.compose import Composition
from govern.charter.facts import read_facts, scope_of
from govern.charter.gates import read_gates
from govern.charter.history import read_limits, read_untrusted
from govern.charter.model import Charter, Described, Effect, Fact, Gate, Kind, Tool, Word
from govern.charter.parts import Parts
from govern.charter.people import read_escalation, read_identity, read_records, read_shadow
from govern.charter.reader import Fields, Reader, meant
from govern.charter.rules import read_never, read_rules
from govern.charter.scenarios import read_scenarios
from govern.charter.tools import by_every_name, read_tools
from govern.charter.yaml_tree import MOST_FINDINGS, Map, Scalar, Seq

_T = TypeVar("_T")
_LEVELS = {Kind.CHARTER: vocabulary.CHARTER, Kind.BASE: vocabulary.BASE, Kind.LIBRARY: vocabulary.LIBRARY}
_WITH_IDS = ("tools", "rules", "limits", "untrusted")
_NAMED_BY = {"agent": Kind.CHARTER, "base": Kind.BASE, "library": Kind.LIBRARY}


def own_sections(reader: Reader, node: Map, parts: Parts, path: str, minimums: tuple[Word, ...]) -> Charter | None:
    """The file as a charter, base or library; None if anything in it is wrong (`reader.findings` says what).

    Args:
        path: of the file, from the charter's folder; empty for the charter itself.
        minimums: bases that it is composed with beside its own.
    """
    kind = _kind(reader, node)
    if kind is None:
        return None
    level = _LEVELS[kind]
    fields = reader.fields(node, level)
    if fields is None:
        return None
    if kind is Kind.LIBRARY:
        return _library(reader, fields)
    return _File(reader, fields, kind, parts, path, minimums).charter()


def _kind(reader: Reader, node: Map) -> Kind | None:
    keys = {str(key.value): key for key, _ in node.entries}
    written = [name for name in _NAMED_BY if name in keys]
    if "deployment" in keys and "tests" not in keys and not written:
        message = "this is a deployment file, not a charter"
        reader.error("wrong-kind-of-file", keys["deployment"], message, "name it with `--deployment`")
        return None
    if "tests" in keys and not written:
        message = "this is a test suite, not a charter"
        reader.error("wrong-kind-of-file", keys["tests"], message, "`govern test` runs it")
        return None
    if len(written) > 1:
        message = f"`{written[1]}` beside `{written[0]}`: a file is a charter, a base or a library"
        reader.error("conflicting-keys", keys[written[1]], message, "keep the one that is meant")
        return None
    if written:
        return _NAMED_BY[written[0]]
    nears = [near for name in keys if name not in vocabulary.CHARTER.known and (near := meant(name, _NAMED_BY))]
    return _NAMED_BY[nears[0]] if len(nears) == 1 else Kind.CHARTER


def _library(reader: Reader, fields: Fields) -> Charter | None:
    name = reader.name(fields["library"], "`library`") if "library" in fields else None
    version = reader.integer(fields["version"], "`version`", 1) if "version" in fields else None
    purpose = reader.text(fields["purpose"], "`purpose`") if "purpose" in fields else None
    server = ""
    if "server" in fields:
        word = reader.word(fields["server"], "`server`", kinds.AGENT, kinds.AGENT_WORDS)
        server = word.name if word else ""
    if "source" in fields:
        reader.text(fields["source"], "`source`")
    tools: dict[str, Tool | None] = {}
    if "tools" in fields:
        tools = read_tools(reader, fields["tools"], {}, vocabulary.LIBRARY_TOOL)
    reader.findings.extend(references.duplicate_ids(reader.named["rule"]))
    if name is None or version is None or purpose is None or None in tools.values() or reader.findings:
        return None
    told = {key: replace(tool, described=Described(name.name, tool.at)) for key, tool in tools.items() if tool}
    nobody = Word("", name.at)
    return Charter(
        source=reader.source, agent=name.name, agent_at=name.at, version=version, purpose=purpose, owner=nobody,
        roles=(), gates={}, tools=told, rules=(), never=(), kind=Kind.LIBRARY, server=server,
    )  # fmt: skip


class _File:
    """One charter or base while it is read."""

    def __init__(
        self, reader: Reader, fields: Fields, kind: Kind, parts: Parts, path: str, minimums: tuple[Word, ...]
    ) -> None:
        self.reader = reader
        self.fields = fields
        self.kind = kind
        self.parts = parts
        self.path = path
        self.minimums = minimums
        self.bases: list[Charter] = []
        self.named: dict[str, Charter] = {}  # parts by what they call themselves
        # Whether every base, and every library, could be read: if not, a name may be defined there.
        self.whole = self.all_described = True

    def charter(self) -> Charter | None:
        reader, fields = self.reader, self.fields
        extends, self.whole = self.files("extends")
        uses, self.all_described = self.files("uses")
        for word in (*extends, *self.minimums):
            self.extend(word)
        described = self.libraries(uses)
        facts = self.facts()
        mapped = self.kind is Kind.CHARTER
        agent = self.name()
        version = reader.integer(fields["version"], "`version`", 1) if "version" in fields else None
        purpose = reader.text(fields["purpose"], "`purpose`") if "purpose" in fields else None
        owner = reader.name(fields["owner"], "`owner`", "role") if "owner" in fields else None
        roles = reader.names(fields["roles"], "`roles`", "a role") if "roles" in fields else ()
        identity = read_identity(reader, fields["identity"], fields.key("identity")) if "identity" in fields else None
        gates: dict[str, Gate | None] = read_gates(reader, fields["approvals"]) if "approvals" in fields else {}
        tools: dict[str, Tool | None] = {}
        if "tools" in fields:
            tools = read_tools(reader, fields["tools"], described, complete=self.all_described)
        rules = read_rules(reader, fields["rules"], mapped=mapped) if "rules" in fields else ()
        limits = read_limits(reader, fields["limits"], mapped=mapped) if "limits" in fields else ()
        never = read_never(reader, fields["never"]) if "never" in fields else ()
        records = read_records(reader, fields["records"]) if "records" in fields else {}
        untrusted = None
        if "untrusted" in fields:
            untrusted = read_untrusted(reader, fields["untrusted"], fields.key("untrusted"), mapped=mapped)
        escalation = read_escalation(reader, fields["escalation"]) if "escalation" in fields else ()
        shadow = read_shadow(reader, fields["shadow"], fields.key("shadow")) if "shadow" in fields else None
        known_facts = self.all_facts(facts) if self.known("facts", facts) else None
        scenarios = read_scenarios(reader, fields["scenarios"], known_facts) if "scenarios" in fields else ()
        after = untrusted.after_reading if untrusted else ()
        effects: tuple[Effect, ...] = (
            *(rule.effect for tool in tools.values() if tool for rule in tool.rules),
            *(rule.effect for rule in rules),
            *(limit.effect for limit in limits),
            *(each.effect for each in after),
        )
        names = references.Parts(
            self.kind,
            reader.named,
            self.known_roles(roles),
            self.known_gates(gates),
            tools if self.known("tools", tools) and tools else None,
            known_facts,
            identity,
            (identity is not None) if "identity" in fields else not fields.may_be("identity"),
            self.ids_of_parts(tools) if self.ids_known() else None,
            effects,
        )
        reader.findings.extend(islice(references.check(names), max(0, MOST_FINDINGS - len(reader.findings))))
        if reader.findings or reader.flawed or agent is None or version is None or purpose is None or owner is None:
            return None
        own = Charter(
            source=reader.source, agent=agent.name, agent_at=agent.at, version=version, purpose=purpose, owner=owner,
            roles=roles, gates=_made(gates), tools=_made(tools), rules=rules, never=never, kind=self.kind,
            identity=identity, facts=_made(facts), limits=limits, records=_made(records), untrusted=untrusted,
            escalation=escalation, shadow=shadow, scenarios=scenarios, extends=extends, uses=uses, scope=reader.scope,
        )  # fmt: skip
        return self.composed(own)

    def composed(self, own: Charter) -> Charter | None:
        if self.path:  # a part: the charter that it is a part of joins all files at once
            return own
        composition = Composition(own, self.bases, tuple(self.parts.parts.values()))
        whole = composition.charter()
        self.reader.findings.extend(composition.findings)
        if not composition.findings:
            every = tuple(whole.effects)
            parts = references.Parts(
                self.kind, self.reader.named, None, whole.gates, whole.tools or None, None, None, False, None, every
            )
            self.reader.findings.extend(references.of_gates(parts))
        return None if self.reader.findings else whole

    def name(self) -> Word | None:
        if self.kind is Kind.BASE:
            return self.reader.name(self.fields["base"], "`base`") if "base" in self.fields else None
        if "agent" not in self.fields:
            return None
        return self.reader.word(self.fields["agent"], "`agent`", kinds.AGENT, kinds.AGENT_WORDS)

    def files(self, key: str) -> tuple[tuple[Word, ...], bool]:
        """The files that a key names, and whether all that it means to name could be read."""
        if key not in self.fields:
            return (), not self.fields.may_be(key)
        node = self.fields[key]
        words = self.reader.words(node, f"`{key}`", vocabulary.FILE_PATH)
        names = {word.name for word in words}
        return words, isinstance(node, Seq) and all(
            isinstance(item, Scalar) and item.value in names for item in node.items
        )

    def extend(self, word: Word) -> None:
        """A base, and behind it every base that it extends; each once."""
        base = self.parts.one(self.reader, word, Kind.BASE, self.path)
        if base is None:
            self.whole = False
            return
        waiting = [base]
        while waiting:
            current = waiting.pop(0)
            if all(known.source.file != current.source.file for known in self.bases):
                self.introduce(word, current)
                self.bases.append(current)
            waiting.extend(self.parts.bases_of(current))

    def introduce(self, word: Word, part: Charter) -> None:
        """Parts have different names: ids of their rules begin with them."""
        other = self.named.setdefault(part.agent, part)
        if other.source.file != part.source.file:
            message = f"two files call themselves `{part.agent}`: {other.source.file} and {part.source.file}"
            self.reader.told("conflicting-parts", word.at, message, "ids of rules begin with the name: change one")

    def libraries(self, uses: tuple[Word, ...]) -> dict[str, Tool]:
        found: dict[str, Tool] = {}
        for word in uses:
            library = self.parts.one(self.reader, word, Kind.LIBRARY, self.path)
            if library is None:
                self.all_described = False
                continue
            self.introduce(word, library)
            for name, tool in by_every_name(library.server, library.tools).items():
                if name in found and "/" not in name:
                    other = found[name].described
                    message = (
                        f"two libraries describe `{name}`: `{other.library if other else ''}` and `{library.agent}`"
                    )
                    self.reader.told("conflicting-parts", word.at, message, "use the one that is meant")
                found[name] = tool
        return found

    def facts(self) -> dict[str, Fact | None]:
        own = read_facts(self.reader, self.fields["facts"]) if "facts" in self.fields else {}
        every = self.all_facts(own)
        self.reader.scope = replace(scope_of(every), tools=self.mapped_names())
        lost = frozenset(name for name, fact in every.items() if fact is None)
        self.reader.lost_facts = lost if self.known("facts", own) else None
        return own

    def mapped_names(self) -> tuple[str, ...] | None:
        """The tools that `calls` and `succeeded` may name; in a base any."""
        node = self.fields["tools"] if "tools" in self.fields and self.kind is Kind.CHARTER else None
        return tuple(str(key.value) for key, _ in node.entries) if isinstance(node, Map) else None

    def all_facts(self, own: Mapping[str, Fact | None]) -> dict[str, Fact | None]:
        return {**{name: fact for base in self.bases for name, fact in base.facts.items()}, **own}

    def known(self, key: str, read: Mapping[str, object]) -> bool:
        """Whether every name that a section defines could be read, here and in every part."""
        if key not in self.fields:
            return self.whole and not self.fields.may_be(key)
        node = self.fields[key]
        return self.whole and isinstance(node, Map) and not node.lost and len(read) == len(node.entries)

    def known_roles(self, own: tuple[Word, ...]) -> tuple[str, ...] | None:
        node = self.fields.get("roles")
        names = {role.name for role in own}
        if not self.whole or not isinstance(node, Seq):
            return None
        if not all(isinstance(item, Scalar) and item.value in names for item in node.items):
            return None
        return (*(role.name for role in own), *(role.name for base in self.bases for role in base.roles))

    def known_gates(self, own: dict[str, Gate | None]) -> dict[str, Gate | None] | None:
        if not self.known("approvals", own):
            return None
        return {**{name: gate for base in self.bases for name, gate in base.gates.items()}, **own}

    def ids_known(self) -> bool:
        """Whether every id of a rule, a limit and the like could be read, here and in every part."""
        sections = [self.fields.get(key) for key in _WITH_IDS]
        if any(isinstance(section, Scalar) for section in sections) or self.fields.may_be(*_WITH_IDS):
            return False
        return self.whole and self.all_described and not self.reader.lost_id

    def ids_of_parts(self, tools: Mapping[str, Tool | None]) -> tuple[str, ...]:
        of_bases = (
            f"{base.agent}/{id}"
            for base in self.bases
            for id in (
                *(rule.id.name for rule in base.rules),
                *(limit.id.name for limit in base.limits),
                *(each.id.name for each in (base.untrusted.after_reading if base.untrusted else ()) if each.id),
            )
        )
        described = (rule.id.name for tool in tools.values() if tool and tool.described for rule in tool.rules)
        return (*of_bases, *described)


def _made(found: dict[str, _T | None]) -> dict[str, _T]:
    return {name: value for name, value in found.items() if value is not None}
