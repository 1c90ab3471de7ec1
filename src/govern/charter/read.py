"""Reads the sections of one file, and joins it with what it extends and uses.

Leaves out values (`reader`), single sections (a module each), and the joining itself (`compose`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar

from govern.charter import kinds, references, vocabulary
from govern.charter.compose import Composition
from govern.charter.describe import described
from govern.charter.facts import read_facts, scope_of
from govern.charter.gates import read_gates
from govern.charter.history import read_limits, read_untrusted
from govern.charter.model import Charter, Effect, Fact, Gate, Kind, Tool, Word
from govern.charter.parts import Parts
from govern.charter.people import read_escalation, read_identity, read_records, read_shadow
from govern.charter.reader import Fields, Reader
from govern.charter.rules import read_never, read_rules
from govern.charter.scenarios import read_scenarios
from govern.charter.tools import by_every_name, read_tools
from govern.charter.yaml_tree import Map
from govern.findings import closest

_T = TypeVar("_T")
_LEVELS = {Kind.CHARTER: vocabulary.CHARTER, Kind.BASE: vocabulary.BASE, Kind.LIBRARY: vocabulary.LIBRARY}
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
    if "deployment" in keys and not written:
        message = "this is a deployment file, not a charter"
        reader.error("wrong-kind-of-file", keys["deployment"], message, "name it with `--deployment`")
        return None
    if len(written) > 1:
        message = f"`{written[1]}` beside `{written[0]}`: a file is a charter, a base or a library"
        reader.error("conflicting-keys", keys[written[1]], message, "keep the one that is meant")
        return None
    if written:
        return _NAMED_BY[written[0]]
    meant = [near for name in keys if name not in vocabulary.CHARTER.known and (near := closest(name, _NAMED_BY))]
    return _NAMED_BY[meant[0]] if len(meant) == 1 else Kind.CHARTER


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
    told = {key: replace(tool, described=described(name.name, tool)) for key, tool in tools.items() if tool}
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
        self.whole = True  # whether every part could be read: if not, a name may be defined there

    def charter(self) -> Charter | None:
        reader, fields = self.reader, self.fields
        extends = self.files("extends")
        uses = self.files("uses")
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
        tools: dict[str, Tool | None] = read_tools(reader, fields["tools"], described) if "tools" in fields else {}
        rules = read_rules(reader, fields["rules"], mapped=mapped) if "rules" in fields else ()
        limits = read_limits(reader, fields["limits"], mapped=mapped) if "limits" in fields else ()
        never = read_never(reader, fields["never"]) if "never" in fields else ()
        records = read_records(reader, fields["records"]) if "records" in fields else {}
        untrusted = None
        if "untrusted" in fields:
            untrusted = read_untrusted(reader, fields["untrusted"], fields.key("untrusted"), mapped=mapped)
        escalation = read_escalation(reader, fields["escalation"]) if "escalation" in fields else ()
        shadow = read_shadow(reader, fields["shadow"], fields.key("shadow")) if "shadow" in fields else None
        scenarios = read_scenarios(reader, fields["scenarios"], self.all_facts(facts)) if "scenarios" in fields else ()
        after = untrusted.after_reading if untrusted else ()
        effects: tuple[Effect, ...] = (
            *(rule.effect for tool in tools.values() if tool for rule in tool.rules),
            *(rule.effect for rule in rules),
            *(limit.effect for limit in limits),
            *(each.effect for each in after),
        )
        identity_known = "identity" not in fields or identity is not None
        reader.findings.extend(
            references.check(
                references.Parts(
                    self.kind,
                    reader.named,
                    self.known_roles(roles),
                    self.known_gates(gates),
                    tools if tools else None,
                    self.all_facts(facts) if self.known("facts") else None,
                    identity,
                    identity_known,
                    self.base_ids(),
                    effects,
                )
            )
        )
        if reader.findings or agent is None or version is None or purpose is None or owner is None:
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
                self.kind, self.reader.named, None, whole.gates, whole.tools or None, None, None, False, (), every
            )
            self.reader.findings.extend(references.of_gates(parts))
        return None if self.reader.findings else whole

    def name(self) -> Word | None:
        if self.kind is Kind.BASE:
            return self.reader.name(self.fields["base"], "`base`") if "base" in self.fields else None
        if "agent" not in self.fields:
            return None
        return self.reader.word(self.fields["agent"], "`agent`", kinds.AGENT, kinds.AGENT_WORDS)

    def files(self, key: str) -> tuple[Word, ...]:
        if key not in self.fields:
            return ()
        return self.reader.words(self.fields[key], f"`{key}`", vocabulary.FILE_PATH)

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
                same = next((known for known in self.bases if known.agent == current.agent), None)
                if same is not None:
                    message = (
                        f"two bases call themselves `{current.agent}`: {same.source.file} and {current.source.file}"
                    )
                    self.reader.told("conflicting-parts", word.at, message, "ids of rules begin with the base's name")
                self.bases.append(current)
            waiting.extend(self.parts.bases_of(current))

    def libraries(self, uses: tuple[Word, ...]) -> dict[str, Tool]:
        found: dict[str, Tool] = {}
        for word in uses:
            library = self.parts.one(self.reader, word, Kind.LIBRARY, self.path)
            if library is None:
                self.whole = False
                continue
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
        self.reader.scope = replace(scope_of(self.all_facts(own)), tools=self.mapped_names())
        return own

    def mapped_names(self) -> tuple[str, ...] | None:
        """The tools that `calls` and `succeeded` may name; in a base any."""
        node = self.fields["tools"] if "tools" in self.fields and self.kind is Kind.CHARTER else None
        return tuple(str(key.value) for key, _ in node.entries) if isinstance(node, Map) else None

    def all_facts(self, own: Mapping[str, Fact | None]) -> dict[str, Fact | None]:
        return {**{name: fact for base in self.bases for name, fact in base.facts.items()}, **own}

    def known(self, key: str) -> bool:
        """Whether what a section defines could be read, here and in every part."""
        return self.whole and not self.fields.misspelt and (key not in self.fields or isinstance(self.fields[key], Map))

    def known_roles(self, own: tuple[Word, ...]) -> tuple[str, ...] | None:
        if not own or not self.whole:
            return None
        return (*(role.name for role in own), *(role.name for base in self.bases for role in base.roles))

    def known_gates(self, own: dict[str, Gate | None]) -> dict[str, Gate | None] | None:
        if not self.known("approvals"):
            return None
        return {**{name: gate for base in self.bases for name, gate in base.gates.items()}, **own}

    def base_ids(self) -> tuple[str, ...]:
        return tuple(
            f"{base.agent}/{id}"
            for base in self.bases
            for id in (
                *(rule.id.name for rule in base.rules),
                *(limit.id.name for limit in base.limits),
                *(each.id.name for each in (base.untrusted.after_reading if base.untrusted else ()) if each.id),
            )
        )


def _made(found: dict[str, _T | None]) -> dict[str, _T]:
    return {name: value for name, value in found.items() if value is not None}
