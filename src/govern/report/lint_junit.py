"""The findings of `lint` as JUnit XML: a suite for each file, a case for each finding, and one for the file itself.

A finding at or above the fail level is a failure, one below it passes with its text as output, a suppressed one is
skipped; a file that could not be read is an error. There is no schema that all readers share: these are the elements
and attributes that all of them know.
"""

from __future__ import annotations

from xml.sax.saxutils import escape, quoteattr

from govern.findings import Finding, Severity
from govern.lint.run import Linted, LintRun, View
from govern.report.console import safe


def document(run: LintRun, view: View, fail_on: Severity) -> str:
    """The document; `fail_on` is the least severity that is a failure, shown by `view` or not."""
    suites = [_suite(file, view, fail_on) for file in run.files]
    tests, failures, errors, skipped = (sum(column) for column in zip(*(counts for counts, _ in suites), strict=True))
    totals = f'tests="{tests}" failures="{failures}" errors="{errors}" skipped="{skipped}"'
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<testsuites name="govern lint" {totals}>',
        *(line for _, lines in suites for line in lines),
        "</testsuites>",
    ]
    return "\n".join(lines) + "\n"


Counts = tuple[int, int, int, int]


def _suite(file: Linted, view: View, fail_on: Severity) -> tuple[Counts, list[str]]:
    """The numbers of tests, failures, errors and skipped tests, and the lines of one file."""
    # What fails the run is a case even where it is not to be shown: a red build has its reason in the report.
    told = [one for one in file.findings if view.shows(one) or one.severity.rank >= fail_on.rank]
    failing = [one for one in told if one.severity.rank >= fail_on.rank] if file.judged else []
    cases: list[str] = []
    for finding in told:
        if not file.judged:
            inner = f"<error{_told(finding)}>{_text(finding)}</error>"
        elif finding.severity.rank >= fail_on.rank:
            inner = f"<failure{_told(finding)}>{_text(finding)}</failure>"
        else:
            inner = f"<system-out>{_text(finding)}</system-out>"
        cases.append(_case(finding, file, inner))
    for one in file.suppressed:
        cases.append(_case(one.finding, file, f"<skipped{_attribute('message', f'suppressed: {one.reason}')}/>"))
    if file.judged and not failing:
        whole = "can be read" if any(told) else "has nothing to find"
        cases.insert(0, f"    <testcase{_attribute('name', whole)}{_attribute('classname', file.file)}/>")
    counts = (len(cases), len(failing), 0 if file.judged else len(told), len(file.suppressed))
    totals = f'tests="{counts[0]}" failures="{counts[1]}" errors="{counts[2]}" skipped="{counts[3]}"'
    return counts, [f"  <testsuite{_attribute('name', file.file)} {totals}>", *cases, "  </testsuite>"]


def _case(finding: Finding, file: Linted, inner: str) -> str:
    place = finding.location
    name = f"{finding.rule} at {place.line}:{place.column}" if place.line else finding.rule
    line = f' line="{place.line}"' if place.line else ""
    names = _attribute("name", name) + _attribute("classname", file.file) + _attribute("file", file.file)
    return f"    <testcase{names}{line}>{inner}</testcase>"


def _told(finding: Finding) -> str:
    return _attribute("type", f"{finding.severity.value}:{finding.rule}") + _attribute("message", finding.message)


def _text(finding: Finding) -> str:
    text = f"{finding.location}: {finding.severity.value}[{finding.rule}]: {finding.message}"
    return escape(safe(f"{text}\n{finding.hint}" if finding.hint else text, lines=True))


def _attribute(name: str, value: str) -> str:
    return f" {name}={quoteattr(safe(value))}"
