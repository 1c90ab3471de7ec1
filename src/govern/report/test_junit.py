"""What came of tests as JUnit XML: a suite for each file, a case for each test.

A test that is not as expected is a failure with everything that differs, a skipped one has its reason, a file that
could not be read is a case with an error. There is no schema that all readers share: these are the elements and
attributes that all of them know. Control characters, which XML has no way to write, are made visible.
"""

from __future__ import annotations

from xml.sax.saxutils import escape, quoteattr

from govern.report.console import safe
from govern.scenario.collect import Tested, Unread
from govern.scenario.outcome import Outcome, State

Counts = tuple[int, int, int, int]


def document(run: Tested) -> str:
    """The document."""
    files = dict.fromkeys((*run.files, *run.without))
    suites = [_suite(file, [each for each in run.outcomes if each.case.at.file == file]) for file in files]
    suites += [_unread(each) for each in run.unread]
    if not run.judged and not run.unread:
        suites.append(_nothing())
    tests, failures, errors, skipped = (sum(column) for column in zip(*(counts for counts, _ in suites), strict=True))
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<testsuites name="govern test" {_counts((tests, failures, errors, skipped))}>',
        *(line for _, lines in suites for line in lines),
        "</testsuites>",
    ]
    return "\n".join(lines) + "\n"


def _counts(counts: Counts) -> str:
    tests, failures, errors, skipped = counts
    return f'tests="{tests}" failures="{failures}" errors="{errors}" skipped="{skipped}"'


def _suite(file: str, outcomes: list[Outcome]) -> tuple[Counts, list[str]]:
    states = [outcome.state for outcome in outcomes]
    counts = (len(states), states.count(State.FAILED), 0, states.count(State.SKIPPED))
    cases = [_case(outcome, file) for outcome in outcomes]
    return counts, [f"  <testsuite{_attribute('name', file)} {_counts(counts)}>", *cases, "  </testsuite>"]


def _case(outcome: Outcome, file: str) -> str:
    case = outcome.case
    inner = ""
    if outcome.state is State.SKIPPED:
        inner = f"<skipped{_attribute('message', case.skip)}/>"
    elif outcome.state is State.FAILED:
        first = outcome.failures[0]
        said = _attribute("type", first.what) + _attribute("message", f"expected {first.expected}, got {first.got}")
        text = "\n".join(
            f"{each.at}: {each.what}: expected {each.expected}, got {each.got}" for each in outcome.failures
        )
        inner = f"<failure{said}>{escape(safe(text, lines=True))}</failure>"
    names = _attribute("name", case.name) + _attribute("classname", file) + _attribute("file", file)
    line = f' line="{case.at.line}"' if case.at.line else ""
    return f"    <testcase{names}{line}>{inner}</testcase>"


def _unread(unread: Unread) -> tuple[Counts, list[str]]:
    counts = (1, 0, 1, 0)
    first = unread.findings[0]
    text = "\n".join(f"{each.location}: {each.message}" for each in unread.findings)
    said = _attribute("type", first.rule) + _attribute("message", first.message)
    names = _attribute("name", "can be read") + _attribute("classname", unread.file) + _attribute("file", unread.file)
    case = f"    <testcase{names}><error{said}>{escape(safe(text, lines=True))}</error></testcase>"
    return counts, [f"  <testsuite{_attribute('name', unread.file)} {_counts(counts)}>", case, "  </testsuite>"]


def _nothing() -> tuple[Counts, list[str]]:
    """No test was run: a reader that only counts failures would call that green."""
    counts = (1, 0, 1, 0)
    case = '    <testcase name="tests are run" classname="govern test"><error message="nothing was tested"/></testcase>'
    return counts, [f'  <testsuite name="govern test" {_counts(counts)}>', case, "  </testsuite>"]


def _attribute(name: str, value: str) -> str:
    return f" {name}={quoteattr(safe(value))}"
