"""Finds the tests of files and folders, and runs them: charters with their scenarios, and suites.

Tests of one charter under one deployment are one group, whatever file they stand in: coverage and mutation look at a
group. What cannot be read is kept with its findings. Leaves out words (`report`).
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from govern.charter.cases import Case
from govern.charter.deployment import Deployment, deployment_or_raise, is_deployment, minimums
from govern.charter.files import SUITE_ENDINGS, is_suite
from govern.charter.load import load
from govern.charter.model import Charter, Kind
from govern.charter.source import Source
from govern.charter.suite import load_suite
from govern.compile.lower import lower
from govern.errors import AuthorError, UsageError
from govern.findings import Finding, Location, Severity
from govern.lint.run import charters_below
from govern.policy.engine import Engine
from govern.scenario.outcome import Outcome, State
from govern.scenario.run import run
from govern.scenario.suite import scenarios


@dataclass(frozen=True, slots=True)
class Choice:
    """Which tests are run.

    Args:
        tags: those with any of these; all where empty.
        names: those whose name has one of these texts, or is like one with `*` or `?`; all where empty.
        charter: a file that suites test instead of theirs; no scenarios are run then.
        deployment: a file, for all tests, instead of those that suites name.
    """

    tags: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    charter: str | None = None
    deployment: str | None = None

    def takes(self, case: Case) -> bool:
        return (not self.tags or bool({*self.tags} & {*case.tags})) and (
            not self.names or any(_like(case.name, wanted) for wanted in self.names)
        )


def _like(name: str, wanted: str) -> bool:
    name, wanted = name.casefold(), wanted.casefold()
    return fnmatchcase(name, wanted) if {"*", "?"} & set(wanted) else wanted in name


@dataclass(frozen=True, slots=True)
class Group:
    """Tests of one charter under one deployment.

    Args:
        charter_file: its path.
        cases: those that were chosen.
        outcomes: of each of them.
    """

    charter_file: str
    charter: Charter
    deployment: Deployment | None
    engine: Engine
    cases: tuple[Case, ...]
    outcomes: tuple[Outcome, ...] = ()

    @property
    def judged(self) -> int:
        """How many of its tests were run."""
        return sum(outcome.state is not State.SKIPPED for outcome in self.outcomes)


@dataclass(frozen=True, slots=True)
class Unread:
    """A file whose tests could not be run, and why."""

    file: str
    findings: tuple[Finding, ...]
    source: Source | None


@dataclass(frozen=True, slots=True)
class Tested:
    """What all tests gave.

    Args:
        files: every file that was looked at and has tests, chosen or not.
        without: charters and suites without any test.
        unasked: how many tests were not chosen.
    """

    groups: tuple[Group, ...]
    unread: tuple[Unread, ...]
    files: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    unasked: int = 0

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        return tuple(outcome for group in self.groups for outcome in group.outcomes)

    @property
    def untested(self) -> tuple[str, ...]:
        """Charters of which no test was run: those without any, and those whose tests were all left out."""
        run = {os.path.realpath(group.charter_file) for group in self.groups if group.judged}
        files = (*self.without, *(group.charter_file for group in self.groups))
        return tuple(dict.fromkeys(file for file in files if os.path.realpath(file) not in run))

    def count(self, state: State) -> int:
        return sum(outcome.state is state for outcome in self.outcomes)

    @property
    def judged(self) -> int:
        return self.count(State.PASSED) + self.count(State.FAILED)

    @property
    def failed(self) -> int:
        return self.count(State.FAILED)

    @property
    def not_judged(self) -> int:
        """Files that could not be read, and one more where no test was run at all."""
        return len(self.unread) + (not self.judged and not self.unread)


def collect(paths: Sequence[str], choice: Choice) -> Tested:
    """Finds the tests of paths; none is run.

    Args:
        paths: charters (with the suite beside each that is called like it), suites, folders of both.

    Raises:
        UsageError: a charter among the paths where `choice.charter` says which one is tested.
    """
    found = _Found(choice)
    for path in paths:
        if os.path.isdir(path):
            below = charters_below(path, suites=True)
            if not below:
                found.refused(path, "file-unreadable", "there is no `.yaml` file in this folder")
            for file in below:
                if is_suite(file):
                    found.suite(file)
                elif choice.charter is None:
                    found.charter(file, named=False)
        elif is_suite(path):
            found.suite(path)
        elif choice.charter is not None:
            raise UsageError(f"`{path}` is no suite", hint="--charter says what suites test; name suites or folders")
        else:
            found.charter(path, named=True)
            for beside in suites_beside(path):
                found.suite(beside)
    return found.whole()


def run_tests(found: Tested) -> Tested:
    """Runs all tests that were found."""
    return replace(
        found, groups=tuple(replace(group, outcomes=run(group.engine, group.cases)) for group in found.groups)
    )


def suites_beside(charter: str) -> list[str]:
    """The suite that is called like a charter file: `x.test.yaml` of `x.yaml`."""
    stem, ending = os.path.splitext(charter)
    if ending not in (".yaml", ".yml"):
        return []
    return [f"{stem}{each}" for each in SUITE_ENDINGS if os.path.isfile(f"{stem}{each}")]


class _Found:
    """What was found so far; every file once."""

    def __init__(self, choice: Choice) -> None:
        self.choice = choice
        self.seen: set[str] = set()
        self.unread: list[Unread] = []
        self.groups: dict[tuple[str, str], Group] = {}
        self.files: list[str] = []
        self.without: list[str] = []
        self.unasked = 0
        self.deployment = deployment_or_raise(choice.deployment) if choice.deployment is not None else None

    def whole(self) -> Tested:
        groups = tuple(group for group in self.groups.values() if group.cases)
        return Tested(groups, tuple(self.unread), tuple(self.files), tuple(self.without), self.unasked)

    def new(self, path: str) -> bool:
        real = os.path.realpath(path)
        if real in self.seen:
            return False
        self.seen.add(real)
        return True

    def refused(self, file: str, rule: str, message: str) -> None:
        self.unread.append(Unread(file, (Finding(rule, Severity.ERROR, message, Location(file)),), None))

    def charter(self, path: str, *, named: bool) -> None:
        """The scenarios of a charter.

        Args:
            named: it was named, not found in a folder: a file without any is an error then.
        """
        if not self.new(path):
            return
        loaded = load(path, minimums(path, self.deployment))
        if loaded.charter is None:
            if named or not is_deployment(path):
                self.unread.append(Unread(path, loaded.findings, loaded.source))
        elif loaded.charter.kind is not Kind.CHARTER:
            if named:
                message = f"a {loaded.charter.kind} has no tests: it grants nothing"
                self.refused(path, "wrong-kind-of-file", message)
        else:
            self.add(path, path, loaded.charter, self.deployment, scenarios(loaded.charter))

    def suite(self, path: str) -> None:
        if not self.new(path):
            return
        loaded = load_suite(path, charter=self.choice.charter, deployment=self.choice.deployment)
        suite = loaded.suite
        if suite is None:
            self.unread.append(Unread(path, loaded.findings, loaded.source))
        else:
            self.add(path, suite.charter_file, suite.charter, suite.deployment, suite.cases)

    def add(
        self,
        file: str,
        charter_file: str,
        charter: Charter,
        deployment: Deployment | None,
        every: tuple[Case, ...],
    ) -> None:
        key = (os.path.realpath(charter_file), deployment.digest if deployment else "")
        if key not in self.groups:
            try:
                zone, digest = (deployment.time_zone, deployment.digest) if deployment else (None, None)
                engine = Engine(lower(charter), zone, digest)
            except AuthorError as error:
                self.refused(file, "wrong-value", error.message)
                return
            self.groups[key] = Group(charter_file, charter, deployment, engine, ())
        chosen = tuple(case for case in every if self.choice.takes(case))
        self.unasked += len(every) - len(chosen)
        (self.files if every else self.without).append(file)
        group = self.groups[key]
        self.groups[key] = replace(group, cases=(*group.cases, *chosen))
