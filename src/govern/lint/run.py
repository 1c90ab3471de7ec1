"""Lints files and folders: which files there are, what each gave, what was suppressed, known or mended.

Leaves out showing it (`report`).
"""

from __future__ import annotations

import os
import re
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from govern.charter.files import beside, is_suite
from govern.charter.load import UNREAD, Loaded, load, load_bytes
from govern.charter.lock import lock_beside
from govern.charter.model import Charter, Kind
from govern.charter.source import Source
from govern.errors import EnvironmentFailed
from govern.findings import Confidence, Finding, Location, Severity
from govern.lint.config import Configuration
from govern.lint.engine import lint, lint_rules

if TYPE_CHECKING:
    from govern.lint.baseline import Baseline
    from govern.lint.mend import Mended
    from govern.lint.proofs import Proofs
    from govern.lint.suppress import Suppressed

ENDINGS = (".yaml", ".yml")
_BOM = b"\xef\xbb\xbf"
# A text without this has no suppression, and is not looked through for comments.
_DIRECTIVE = re.compile(r"#\s*govern\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class View:
    """Which findings are shown. What is not shown is counted and weighs as much: only the reader does not see it."""

    severity: Severity = Severity.NOTE
    confidence: Confidence = Confidence.LOW

    def shows(self, finding: Finding) -> bool:
        order = list(Confidence)
        return finding.severity.rank >= self.severity.rank and (
            order.index(finding.confidence) >= order.index(self.confidence)
        )


@dataclass(frozen=True, slots=True)
class Mending:
    """What to do with fixes.

    Args:
        write: into the files; if not, only say what would be written.
        unsafe: those too that need a human's look.
        view: findings that are not shown are not mended.
    """

    write: bool
    unsafe: bool = False
    view: View = View()


@dataclass(frozen=True, slots=True)
class Linted:
    """What one file gave.

    Args:
        file: as given, or below a folder that was given.
        findings: what a human should look at.
        source: its text, to show lines of; None if it could not be read.
        judged: whether it could be read at all.
        loads: whether it is a charter.
        suppressed: findings that a comment keeps quiet.
        known: findings that the baseline has.
        off: how many findings belong to rules that are turned off.
        gone: how many of the baseline's findings in this file are no more.
        mended: what fixes made of it; None if there was nothing to mend.
        parts: of the files that it is composed with, those in which findings stand.
        unproven: how many questions to the solver were not decided.
    """

    file: str
    findings: tuple[Finding, ...]
    source: Source | None
    judged: bool
    loads: bool = False
    suppressed: tuple[Suppressed, ...] = ()
    known: tuple[Finding, ...] = ()
    off: int = 0
    gone: int = 0
    mended: Mended | None = None
    parts: tuple[Source, ...] = ()
    unproven: int = 0

    def text_of(self, finding: Finding) -> Source | None:
        """The text that a finding stands in; None if it is not known."""
        known = (self.source, *self.parts) if self.source else self.parts
        return next((source for source in known if source.file == finding.location.file), None)


@dataclass(frozen=True, slots=True)
class LintRun:
    """What all files gave, in the order of the command line, folders by name."""

    files: tuple[Linted, ...]
    configuration: Configuration = field(default_factory=Configuration)
    mending: Mending | None = None

    @property
    def findings(self) -> tuple[Finding, ...]:
        return tuple(finding for file in self.files for finding in file.findings)

    @property
    def judged(self) -> int:
        return sum(file.judged for file in self.files)

    @property
    def not_judged(self) -> int:
        """Files that could not be read, and folders without a charter."""
        return len(self.files) - self.judged

    @property
    def suppressed(self) -> int:
        return sum(len(file.suppressed) for file in self.files)

    @property
    def known(self) -> int:
        return sum(len(file.known) for file in self.files)

    @property
    def off(self) -> int:
        return sum(file.off for file in self.files)

    @property
    def unproven(self) -> int:
        return sum(file.unproven for file in self.files)

    @property
    def gone(self) -> int:
        return sum(file.gone for file in self.files)

    @property
    def fixed(self) -> int:
        return sum(len(file.mended.fixed) for file in self.files if file.mended)

    def fixable(self, view: View, *, safe: bool) -> int:
        """How many of the findings that are shown have a fix: one that needs no human's look, or one that does."""
        fixes = (finding.fix for finding in self.findings if view.shows(finding))
        return sum(fix is not None and fix.safe is safe for fix in fixes)

    def counts(self) -> dict[Severity, int]:
        found = Counter(finding.severity for finding in self.findings)
        return {severity: found[severity] for severity in sorted(Severity, key=lambda each: -each.rank)}

    def found(self, least: Severity) -> bool:
        """Whether there is a finding of at least this severity."""
        return any(finding.severity.rank >= least.rank for finding in self.findings)


def lint_paths(paths: list[str], configuration: Configuration | None = None, mending: Mending | None = None) -> LintRun:
    """Lints files, and every `.yaml` and `.yml` below folders.

    Args:
        paths: files, folders, `-` for standard input. Below a folder, names that begin with `.` are left out.
        configuration: what to go by; None: every rule as it is, every suppression counts, nothing is known.
        mending: apply fixes; None applies none.

    Raises:
        EnvironmentFailed: a mended file cannot be written.
    """
    configuration = configuration or Configuration()
    done: dict[str, Linted] = {}
    for path in paths:
        if path != "-" and Path(path).is_dir():
            files = charters_below(path)
            if not files:
                done.setdefault(path, _nothing(path))
            for file in files:
                if file not in done:
                    done[file] = _lint(file, configuration, mending)
        elif path not in done:
            done[path] = _lint(path, configuration, mending)
    return LintRun(tuple(done.values()), configuration, mending)


def charters_below(folder: str, *, suites: bool = False) -> list[str]:
    """The files of a folder that are linted, by name; links to folders are not followed.

    Args:
        suites: with test suites (`*.test.yaml`), which are no charters.
    """
    found: list[str] = []
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        found.extend(
            os.path.join(place, name)
            for name in sorted(names)
            if name.endswith(ENDINGS) and not name.startswith(".") and (suites or not is_suite(name))
        )
    return found


def _lint(path: str, configuration: Configuration, mending: Mending | None) -> Linted:
    if is_suite(path):
        return _suite(path)
    loaded = load(path, _minimums(path, configuration))
    if loaded.charter is None and any(each.rule == "wrong-kind-of-file" for each in loaded.findings):
        deployed = _deployment(path, loaded)
        if deployed is not None:
            return deployed
    linted = judge(path, loaded, configuration)
    if mending is None or linted.source is None or not linted.judged:
        return linted
    return _mend(path, linted, configuration, mending)


def _minimums(path: str, configuration: Configuration) -> tuple[str, ...]:
    if configuration.deployment is None:
        return ()
    from govern.charter.deployment import minimums

    return minimums(path, configuration.deployment)


def _deployment(path: str, loaded: Loaded) -> Linted | None:
    """What a deployment file gives; None if it is none. There is no advice on one, only errors."""
    from govern.charter.deployment import calls_itself_deployment, read_deployment

    if loaded.source is None or not calls_itself_deployment(loaded.source):
        return None
    found, findings = read_deployment(loaded.source.text.encode("utf-8", "surrogatepass"), loaded.source.file)
    return Linted(path, findings, loaded.source, True, found is not None)


def _suite(path: str) -> Linted:
    """What a test suite gives: like a deployment file, its errors and no advice."""
    from govern.charter.suite import load_suite

    loaded = load_suite(path)
    read = not any(finding.rule in UNREAD for finding in loaded.findings)
    return Linted(path, loaded.findings, loaded.source, read, loaded.suite is not None)


def judge(path: str, loaded: Loaded, configuration: Configuration) -> Linted:
    """What a loaded file gives: the errors of loading as they are, or what is left of the rules' findings.

    Args:
        path: the file as given; `-` is standard input.
    """
    proofs = _proofs(loaded.charter, configuration)
    findings = lint(loaded, configuration.deployment, proofs)
    if loaded.charter is None or loaded.source is None:
        return Linted(path, findings, loaded.source, loaded.read)
    here = tuple(finding for finding in findings if loaded.charter.here(finding.location))
    # What a base or a library is found for may show only in the charters that it is part of.
    whole = loaded.charter.kind is Kind.CHARTER
    kept, suppressed = _sift(loaded.source, here, configuration, path, whole=whole)
    parts = () if len(here) == len(findings) else _parts(path, loaded.charter)
    for part in parts:
        # What is wrong with its suppressions is said where it is linted itself.
        there = tuple(finding for finding in findings if finding.location.file == part.file)
        left, quiet = _sift(part, there, configuration, part.file, whole=False)
        kept, suppressed = (*kept, *(finding for finding in left if finding in there)), (*suppressed, *quiet)
    weighed, off = configuration.weighed(kept)
    unproven = proofs.open if proofs is not None else 0
    linted = Linted(
        path, weighed, loaded.source, loaded.read, True, suppressed, (), off, parts=parts, unproven=unproven
    )
    return linted if configuration.baseline is None else _without_known(linted, configuration.baseline)


def _proofs(charter: Charter | None, configuration: Configuration) -> Proofs | None:
    """What asks the solver about a charter; None where nobody wants that, or the file is no charter."""
    if configuration.lowered is None or charter is None or charter.kind is not Kind.CHARTER:
        return None
    from govern.lint.proofs import Proofs

    deployment = configuration.deployment
    return Proofs(configuration.lowered(charter), deployment.time_zone if deployment is not None else None)


def _sift(
    source: Source, findings: tuple[Finding, ...], configuration: Configuration, path: str, *, whole: bool
) -> tuple[tuple[Finding, ...], tuple[Suppressed, ...]]:
    """The findings of one text that its comments leave, and those that they suppress."""
    if not _DIRECTIVE.search(source.text):
        return findings, ()
    from govern.lint.suppress import sift

    ids = frozenset(rule.id for rule in lint_rules())
    sifted = sift(source, findings, ids, configuration.accepted(path), whole=whole)
    return sifted.findings, sifted.suppressed


def _parts(path: str, charter: Charter) -> tuple[Source, ...]:
    """The texts that a charter is composed with, under the names that findings show."""
    folder = "" if path == "-" else os.path.dirname(path)
    return tuple(
        Source.of(part.text.removeprefix("\ufeff"), os.path.normpath(os.path.join(folder, *part.path.split("/"))))
        for part in charter.parts
    )


def _mend(path: str, linted: Linted, configuration: Configuration, mending: Mending) -> Linted:
    from govern.lint.mend import State, mend

    if linted.source is None or not any(finding.fix for finding in linted.findings):
        return linted
    name = linted.source.file

    # As `load` does, with the text that would be in the file's place.
    files, lock = beside(path), None if path == "-" else lock_beside(path)

    def again(text: str) -> Linted:
        least = _minimums(path, configuration)
        return judge(path, load_bytes(text.encode("utf-8"), name, files, least, lock), configuration)

    def state(text: str, of: Linted) -> State:
        shown = (one for one in of.findings if mending.view.shows(one) and one.location.file == name)
        return State(text, of.loads, tuple(shown))

    mended = mend(state(linted.source.text, linted), lambda text: state(text, again(text)), unsafe=mending.unsafe)
    if mended is None or not mending.write:
        return replace(linted, mended=mended)
    _write(path, mended)
    return replace(again(mended.after), mended=mended)


def _write(path: str, mended: Mended) -> None:
    from govern.lint.write import write

    before, after = mended.before.encode("utf-8"), mended.after.encode("utf-8")
    try:
        with open(path, "rb") as stream:
            mark = _BOM if stream.read(len(_BOM)) == _BOM else b""
    except OSError as error:
        raise EnvironmentFailed(f"cannot be read again: {(error.strerror or str(error)).lower()}", where=path) from None
    write(path, mark + after, old=mark + before)


def _nothing(folder: str) -> Linted:
    message = f"there is no `.yaml` file below `{folder}`"
    return Linted(folder, (Finding("file-unreadable", Severity.ERROR, message, Location(folder)),), None, False)


def baseline_of(run: LintRun, file: str) -> Baseline:
    """The baseline that has every finding of a run but the errors of loading.

    Args:
        file: where it will be: names in it are seen from its folder.
    """
    from govern.lint.baseline import Baseline, entries_of, named

    folder = str(Path(file).absolute().parent)
    entries = (
        entry
        for linted in run.files
        if linted.loads
        for entry in entries_of(named(linted.file, folder), linted.findings, linted.text_of)
    )
    return Baseline(file, folder, frozenset(entries))


def with_baseline(run: LintRun, baseline: Baseline) -> LintRun:
    """The same run, seen after a baseline: what it has is known."""
    files: tuple[Linted, ...] = tuple(
        _without_known(linted, baseline) if linted.loads else linted for linted in run.files
    )
    return replace(run, files=files, configuration=replace(run.configuration, baseline=baseline))


def _without_known(linted: Linted, baseline: Baseline) -> Linted:
    split = baseline.split(linted.file, linted.findings, linted.text_of)
    return replace(linted, findings=split.new, known=split.known, gone=split.gone)
