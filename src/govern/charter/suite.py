"""A suite file, `NAME.test.yaml`: tests of a charter that stands beside it, read by the closed vocabulary.

All errors of a file in one run, at their places; a file with any gives no test. Leaves out running them (`scenario`)
and the charter's own scenarios.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from govern.charter import suite_given, suite_table, vocabulary
from govern.charter.cases import Case, ExpectVerdict, Session
from govern.charter.deployment import Deployment, minimums, read_deployment
from govern.charter.files import SUITE_ENDINGS, Files, joined
from govern.charter.load import Loaded, load, load_bytes, other_language, tree_of
from govern.charter.model import Charter, Kind
from govern.charter.reader import Fields, Reader
from govern.charter.source import Source, read
from govern.charter.suite_expect import verdict
from govern.charter.suite_given import Known
from govern.charter.suite_steps import SERVED, steps
from govern.charter.yaml_tree import Map, Node, Scalar
from govern.conditions.inputs import reads
from govern.findings import Finding

MOST_CASES = 10_000


@dataclass(frozen=True, slots=True)
class Suite:
    """A suite as loaded.

    Args:
        charter: that is tested, composed with the deployment's minimums.
        charter_file: its path.
        deployment: None without one.
        cases: tables written out, in the order of the file.
    """

    name: str
    charter: Charter
    charter_file: str
    deployment: Deployment | None
    cases: tuple[Case, ...]
    source: Source


@dataclass(frozen=True, slots=True)
class LoadedSuite:
    """What a file gave: `suite` is None if there is any finding; `source` if it could not be read."""

    suite: Suite | None
    findings: tuple[Finding, ...]
    source: Source | None


def load_suite(path: str | Path, *, charter: str | None = None, deployment: str | None = None) -> LoadedSuite:
    """Loads a suite file with the charter and the deployment that it names.

    Args:
        charter, deployment: files that take the place of those that it names.
    """
    data = read(path)
    if isinstance(data, Finding):
        return LoadedSuite(None, (data,), None)
    return read_suite(data, str(path), charter=charter, deployment=deployment)


def read_suite(
    data: bytes, file: str, *, charter: str | None = None, deployment: str | None = None, files: Files | None = None
) -> LoadedSuite:
    """A suite of a file's bytes.

    Args:
        file: the name that findings show; what the suite names is read beside it.
        charter, deployment: as for `load_suite`.
        files: gives the files that it names, instead of those on disk.
    """
    source, node, findings = tree_of(data, file)
    if source is None or node is None:
        return LoadedSuite(None, tuple(sorted(findings, key=lambda each: each.sort_key)), source)
    reader = Reader(source, flawed=bool(findings))
    made: Suite | None = None
    if not isinstance(node, Map):
        reader.wrong(node, "a test suite", "a mapping that begins with `govern: 1`")
    elif not other_language(reader, node):
        fields = reader.fields(node, vocabulary.SUITE)
        if fields is not None:
            made = _suite(reader, fields, _Named(reader, fields, charter, deployment, files))
    found = tuple(sorted({*findings, *reader.findings}, key=lambda each: each.sort_key))
    return LoadedSuite(None if found else made, found, source)


def _suite(reader: Reader, fields: Fields, named: _Named) -> Suite | None:
    name = reader.name(fields["tests"], "`tests`") if "tests" in fields else None
    deployed = named.deployed()
    file, tested = named.tested(deployed)
    fixtures = _fixtures(reader, fields)
    known = Known(reader, tested, deployed, fixtures)
    clock = suite_given.at(reader, fields)
    shared = suite_given.facts(known, fields["given"]) if "given" in fields else {}
    cases = _Cases(known, clock, shared)
    made = cases.read(fields["cases"]) if "cases" in fields else ()
    if reader.findings or name is None or tested is None:
        return None
    return Suite(name.name, tested, file, deployed, made, reader.source)


def _fixtures(reader: Reader, fields: Fields) -> dict[str, Node | None] | None:
    """Fixtures by name, None of one that is no mapping; None as a whole where not all names could be read."""
    found: dict[str, Node | None] = {}
    node = fields.get("fixtures")
    whole = not fields.may_be("fixtures") and (node is None or (isinstance(node, Map) and not node.lost))
    for key, value in reader.mapping(node, "`fixtures`") if node is not None else ():
        word = reader.name(key, "a fixture's name")
        if not isinstance(value, Map):
            reader.wrong(value, f"the fixture `{key.value}`", "a mapping")
        if word is None:
            whole = False
        else:
            found[word.name] = value if isinstance(value, Map) else None
    return found if whole else None


@dataclass(frozen=True, slots=True)
class _Named:
    """The charter and the deployment that a suite names, or that somebody named in their place."""

    reader: Reader
    fields: Fields
    charter: str | None
    deployment: str | None
    files: Files | None

    def deployed(self) -> Deployment | None:
        if self.deployment is None and "deployment" not in self.fields:
            return None
        path, at = self.path("deployment", self.deployment)
        if path is None:
            return None
        found = self.bytes_of(path) if self.deployment is None else read(path)
        if isinstance(found, Finding):
            self.broken(at, path, (found,), "deployment")
            return None
        deployment, findings = read_deployment(found, path)
        if findings:
            self.broken(at, path, findings, "deployment")
        return deployment

    def tested(self, deployed: Deployment | None) -> tuple[str, Charter | None]:
        """The path of the charter, and the charter where it loads."""
        path, at = self.path("charter", self.charter)
        if path is None:
            return "", None
        least = minimums(path, deployed)
        if self.files is None or self.charter is not None:
            loaded = load(path, least)
        else:
            found = self.bytes_of(path)
            within = self.files
            loaded = (
                Loaded(None, (found,), None)
                if isinstance(found, Finding)
                else load_bytes(found, path, lambda name: within(joined(path, name)), least)
            )
        if loaded.charter is None:
            self.broken(at, path, loaded.findings, "charter")
        elif loaded.charter.kind is not Kind.CHARTER:
            message = f"`{path}` is a {loaded.charter.kind}: it grants nothing"
            self.reader.error("wrong-kind-of-file", at, message, "name a charter that it is part of")
            return path, None
        return path, loaded.charter

    def path(self, key: str, given: str | None) -> tuple[str | None, Scalar | Node]:
        """The path of a file, and where it is named."""
        if given is not None:
            return given, self.fields.at
        if key in self.fields:
            node = self.fields[key]
            word = self.reader.word(node, f"`{key}`", vocabulary.FILE_PATH.pattern, vocabulary.FILE_PATH.words)
            if word is None:
                return None, node
            return (word.name if self.files is not None else _beside(self.reader.source.file, word.name)), node
        at = self.fields.key("tests") if "tests" in self.fields else self.fields.at
        path = charter_of(self.reader.source.file) if self.files is None else None
        if path is None and not self.fields.may_be(key):
            message = "the suite does not say which charter it tests"
            hint = "`charter: FILE`, or call the suite like the charter beside it"
            self.reader.error("missing-key", at, message, hint)
        return path, at

    def bytes_of(self, path: str) -> bytes | Finding:
        if self.files is None:
            return read(path)
        found = self.files(path)
        return found if isinstance(found, Finding) else found[0]

    def broken(self, at: Scalar | Node, path: str, findings: tuple[Finding, ...], what: str) -> None:
        first = findings[0]
        more = f" (and {len(findings) - 1} more)" if len(findings) > 1 else ""
        message = f"the {what} `{path}` does not load: {first.location}: {first.message}{more}"
        self.reader.error("broken-part", at, message, f"`govern lint {path}` shows each at its line")


def charter_of(suite: str) -> str | None:
    """The charter beside a suite that is called like it: `x.yaml` of `x.test.yaml`; None where there is none."""
    stem = next((suite.removesuffix(ending) for ending in SUITE_ENDINGS if suite.endswith(ending)), None)
    if stem is None:
        return None
    return next((f"{stem}{ending}" for ending in (".yaml", ".yml") if os.path.isfile(f"{stem}{ending}")), None)


def _beside(file: str, name: str) -> str:
    return os.path.normpath(os.path.join(os.path.dirname(file), *name.split("/")))


class _Cases:
    """Reads the cases of a suite."""

    def __init__(self, known: Known, clock_ns: int | None, shared: dict[str, Any]) -> None:
        self.known = known
        self.reader = known.reader
        self.clock_ns = clock_ns
        self.shared = shared
        self.names: dict[str, Case] = {}

    def read(self, node: Node) -> tuple[Case, ...]:
        made: list[Case] = []
        for item in self.reader.items(node, "`cases`"):
            fields = self.reader.fields(item, vocabulary.CASE)
            if fields is None:
                continue
            for case in self.case(fields, item):
                if len(made) >= MOST_CASES:
                    self.reader.error("wrong-value", item, f"more than {MOST_CASES:,} tests", "make two suites of it")
                    return tuple(made)
                made.append(self.named(case))
        return tuple(made)

    def named(self, case: Case) -> Case:
        """A case under a name of its own; one that stands twice is reported."""
        first = self.names.setdefault(case.name, case)
        if first is not case:
            message = f"two tests are called `{case.name}`"
            self.reader.told("duplicate-item", case.at, message, f"first on line {first.at.line}")
        return replace(case, id=f"{self.reader.source.file}#{case.name}")

    def case(self, fields: Fields, node: Node) -> Iterator[Case]:
        reader = self.reader
        name = reader.text(fields["name"], "`name`") if "name" in fields else None
        tags = reader.names(fields["tags"], "`tags`", "a tag") if "tags" in fields else ()
        skip = reader.text(fields["skip"], "`skip`") if "skip" in fields else ""
        clock = suite_given.at(reader, fields)
        place = reader.at(fields.get("name", node))
        case = Case(
            "", name or "", place, (), tuple(tag.name for tag in tags), skip or "",
            clock_ns=clock if clock is not None else self.clock_ns,
        )  # fmt: skip
        if "steps" in fields:
            yield from self.sequence(fields, case)
        else:
            yield from self.calls(fields, case, node)

    # -- single calls and tables --

    def calls(self, fields: Fields, case: Case, node: Node) -> Iterator[Case]:
        reader = self.reader
        if "session" in fields and not fields.may_be("steps"):
            message = "whose session it is matters where people answer"
            reader.error("conflicting-keys", fields.key("session"), message, "it goes with `steps`")
        tables = [key for key in ("matrix", "each") if key in fields]
        if len(tables) > 1:
            message = "`matrix` and `each` are two tables"
            reader.error("conflicting-keys", fields.key("each"), message, "make two cases of it")
            return
        found = suite_given.call(self.known, fields["call"]) if "call" in fields else None
        if "call" not in fields and tables != ["matrix"]:
            if not fields.may_be("call", "steps", "matrix"):
                reader.error("missing-key", node, "a case has no call", "`call` with `expect`, `matrix`, or `steps`")
            return
        expect = self.expect(fields, tables, node)
        given = suite_given.told(self.known, fields)
        facts = self.facts(fields)
        if "call" in fields and found is None:
            return
        tool, args, key = found if found is not None else (None, {}, None)
        base = suite_table.Base(case, tool, key, args, facts, given, fields.may_be("call"))
        if tables == ["matrix"]:
            yield from suite_table.matrix(self.known, base, fields["matrix"])
            return
        if expect is None or tool is None or key is None:
            return
        suite_given.mapped(self.known, tool, key, expect)
        if tables:
            yield from suite_table.each(self.known, base, fields["each"], expect, reader.at(fields.key("each")))
        else:
            yield suite_table.single(base, expect, reader.at(key))

    def expect(self, fields: Fields, tables: list[str], node: Node) -> ExpectVerdict | None:
        reader = self.reader
        if tables == ["matrix"]:
            if "expect" in fields:
                message = "the rows of `matrix` say what is expected"
                reader.error("conflicting-keys", fields.key("expect"), message, "write it in each row")
            return None
        if "expect" not in fields:
            if not fields.may_be("expect", "matrix", "steps"):
                at = fields.key("name") if "name" in fields else node
                reader.error("missing-key", at, "a case expects nothing", "`expect:` the verdict that is meant")
            return None
        return verdict(self.known, fields["expect"], fields.key("expect"))

    def facts(self, fields: Fields, *, session: bool = False) -> dict[str, Any] | None:
        """Those of the suite and of the case.

        Args:
            session: only those that the host asserts: what the suite says of others is not of a sequence.
        """
        declared = self.known.charter.facts if self.known.charter else {}
        shared = {
            name: value
            for name, value in self.shared.items()
            if not session or (name in declared and declared[name].source is None)
        }
        own = suite_given.facts(self.known, fields["given"], session=session) if "given" in fields else {}
        return {**shared, **own} or None

    # -- sequences --

    def sequence(self, fields: Fields, case: Case) -> Iterator[Case]:
        reader = self.reader
        for key in ("call", "expect", "matrix", "each", "origins", "named_by_user", "history"):
            if key in fields:
                message = f"`steps` say what happens: `{key}` does not go with them"
                hint = (
                    "it is worked out of the steps"
                    if key in ("origins", "named_by_user", "history")
                    else "write it in a step"
                )
                reader.error("conflicting-keys", fields.key(key), message, hint)
        session = self.session(fields)
        facts = self.facts(fields, session=True)
        found = steps(self.known, fields["steps"])
        charter = self.known.charter
        if (
            case.clock_ns is None
            and charter is not None
            and any(read.path[0] == "at" for clause in charter.clauses for read in reads(clause.condition.tree))
        ):
            message = "conditions of the charter ask for the time, and the sequence does not say when it begins"
            reader.error("missing-key", fields.key("steps"), message, "`at:` of the case or of the suite")
        if found:
            yield replace(case, steps=found, sequence=True, facts=facts, session=session)

    def session(self, fields: Fields) -> Session:
        if "session" not in fields:
            return Session()
        inner = self.reader.fields(fields["session"], vocabulary.SESSION, fields.key("session"))
        if inner is None:
            return Session()
        kind = vocabulary.IDENTITY_NAME
        user = self.reader.word(inner["user"], "`user`", kind.pattern, kind.words) if "user" in inner else None
        chain = self.reader.words(inner["chain"], "`chain`", kind) if "chain" in inner else ()
        person = SERVED if user is None else None if user.name == "none" else user.name
        return Session(person, tuple(word.name for word in chain))
