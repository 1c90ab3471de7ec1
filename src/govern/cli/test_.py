"""`govern test`: what a charter means, tested; how far, and what no test would notice; skeletons of tests."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from govern.cli.options import DeploymentFile, LogAgent, LogFormat
from govern.errors import Exit, UsageError

if TYPE_CHECKING:
    from govern.scenario.collect import Tested
    from govern.scenario.coverage import Coverage
    from govern.scenario.mutation import Mutation


class ResultFormat(StrEnum):
    """How results are shown."""

    TEXT = "text"
    JSON = "json"
    JUNIT = "junit"


class CoverageFormat(StrEnum):
    """How coverage is shown, or written."""

    TEXT = "text"
    LCOV = "lcov"
    HTML = "html"


def charter_tests(
    paths: Annotated[
        list[str] | None,
        typer.Argument(metavar="PATH…", help="Charters, suites (*.test.yaml), folders of both; this folder if none."),
    ] = None,
    tag: Annotated[
        list[str] | None, typer.Option("--tag", metavar="TAG", help="Only tests with this tag; several: with any.")
    ] = None,
    filter: Annotated[
        list[str] | None,
        typer.Option("--filter", metavar="TEXT", help="Only tests with this in their name, or like it with * and ?."),
    ] = None,
    charter: Annotated[
        str | None, typer.Option("--charter", metavar="C", help="The charter that suites test, instead of theirs.")
    ] = None,
    deployment: DeploymentFile = None,
    format: Annotated[ResultFormat, typer.Option("--format", help="How results are shown.")] = ResultFormat.TEXT,
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write the report, or the new suite, into a file."),
    ] = None,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Name every test, not only those that fail.")
    ] = False,
    coverage: Annotated[
        bool, typer.Option("--coverage", help="Show which rules, outcomes, gates and tools were tested.")
    ] = False,
    fail_under: Annotated[
        str | None,
        typer.Option("--fail-under", metavar="N", help="Exit with 1 where less than N percent is covered."),
    ] = None,
    coverage_format: Annotated[
        CoverageFormat, typer.Option("--coverage-format", help="How coverage is written.")
    ] = CoverageFormat.TEXT,
    coverage_output: Annotated[
        str | None, typer.Option("--coverage-output", metavar="FILE", help="Write coverage into a file.")
    ] = None,
    mutate: Annotated[
        bool, typer.Option("--mutate", help="Change the charter in small ways, and list what no test notices.")
    ] = False,
    min_score: Annotated[
        str | None,
        typer.Option("--min-score", metavar="N", help="Exit with 1 where tests notice less than N percent of changes."),
    ] = None,
    new: Annotated[
        str | None,
        typer.Option("--new", metavar="CHARTER", help="Write a suite to be confirmed: calls at every boundary."),
    ] = None,
    from_logs: Annotated[
        list[str] | None,
        typer.Option("--from-logs", metavar="LOGS", help="With --new: real calls with their verdicts of today."),
    ] = None,
    log_format: LogFormat = None,
    agent: LogAgent = None,
) -> None:
    """Run the tests of charters: their scenarios, and the suites beside them (NAME.test.yaml).

    With a charter, the suite that is called like it is run too: refund.test.yaml of refund.yaml. Every call goes
    through the engine that decides at the boundary; facts, history, approvals and time come from the test alone.
    A failed test shows the value of every part of the conditions that decided.

    A suite has single calls, tables of calls, and sequences of steps with results, answers and time: `govern explain
    cases` and `govern explain steps` show the keys. A misspelt fact, gate, rule or tool in it is an error, never a
    test that passes.

    --coverage counts outcomes of every condition (true, false, unknown), gates, tools and input schemas, rounded
    down. --mutate runs the tests against changed charters: a flipped comparison, a limit one higher, a rule left
    out; each change that no test notices is listed with a call that would. What the boundary does with results and
    records (`output`, `show_only_if`, `hide`, `records`, `recheck`) no test sees, and neither figure counts it.

    \b
    Example:
      govern test charters/desk/assistant.yaml
      govern test charters/ --coverage --fail-under 90 --format junit -o results.xml
      govern test charters/desk/assistant.yaml --mutate
      govern test --new charters/desk/assistant.yaml -o assistant.test.yaml

    \b
    Exit codes:
      0  every test that was run passed; skipped ones are shown
      1  a test failed, or --fail-under or --min-score is not reached
      2  the command line is wrong
      3  no test was run (there are none, none was chosen, all are skipped), a file could not be read, or changes
         could not be tried; with --fail-under or --min-score, a charter has no test that was run; with --new, there
         was nothing to write, or rows of the log were refused
      4  a file could not be written
    """
    if new is not None:
        _together(paths, tag, filter, charter, coverage, fail_under, mutate, min_score)
        from govern.cli import test_new

        raise typer.Exit(test_new.write(new, from_logs or [], deployment, log_format, agent, output))
    if from_logs is not None:
        raise UsageError("--from-logs needs --new", hint="--new CHARTER --from-logs LOGS")
    if coverage_format is not CoverageFormat.TEXT and coverage_output is None:
        raise UsageError(f"{coverage_format.value} is written into a file", hint="name it with --coverage-output")
    least, score = _percent(fail_under, "--fail-under"), _percent(min_score, "--min-score")
    from govern.scenario.collect import Choice, collect, run_tests

    run = run_tests(collect(paths or ["."], Choice(tuple(tag or ()), tuple(filter or ()), charter, deployment)))
    covered = _covered(run) if coverage or least is not None or coverage_output is not None else None
    mutated = _mutated(run) if mutate or score is not None else None
    if covered is not None and coverage_output is not None:
        _write_coverage(covered, coverage_format, coverage_output)
    shown = covered if coverage_output is None or format is ResultFormat.JSON else None
    _show(run, format, verbose, shown, mutated, mutate or score is not None, output)
    code = _code(run, covered, least, mutated, score)
    if code:
        raise typer.Exit(code)


def _together(*given: object) -> None:
    """A new suite is written, or tests are run, not both."""
    if any(given):
        raise UsageError("--new writes a suite, and runs no test", hint="run it afterwards: govern test FILE")


def _percent(text: str | None, option: str) -> str | None:
    """A percentage as it was written: it is compared exactly.

    Raises:
        UsageError: it is none from 0 to 100.
    """
    import re

    if text is None:
        return None
    if not re.fullmatch(r"(?:100(?:\.0{1,9})?|[0-9]{1,2}(?:\.[0-9]{1,9})?)%?", text):
        raise UsageError(f"`{text[:40]}` is no percentage for {option}", hint="a number from 0 to 100, as in `90`")
    return text.removesuffix("%")


def _covered(run: Tested) -> tuple[Coverage, ...]:
    from govern.scenario.coverage import measured

    return tuple(measured(group.charter, group.engine.policy, group.outcomes) for group in run.groups)


def _mutated(run: Tested) -> tuple[Mutation, ...] | None:
    """What tests notice; None where they do not pass as it is: then nothing they notice says anything."""
    if run.not_judged or run.failed:
        return None
    from govern.report.console import working
    from govern.scenario.mutation import joined, mutate

    with working("trying changes of the charters"):
        groups = [group for group in run.groups if group.judged]
        return joined([mutate(group.charter, group.cases, group.engine.zone) for group in groups])


def _code(
    run: Tested,
    covered: tuple[Coverage, ...] | None,
    least: str | None,
    mutated: tuple[Mutation, ...] | None,
    score: str | None,
) -> Exit:
    if run.not_judged or (mutated is not None and _unfinished(mutated)):
        return Exit.NOT_JUDGED
    if (least is not None or score is not None) and run.untested:
        return Exit.NOT_JUDGED  # a share of the others says nothing of these
    if run.failed:
        return Exit.FOUND
    if covered is not None and least is not None:
        from govern.scenario.coverage import reaches, total

        if not total(covered).of:
            return Exit.NOT_JUDGED
        if not reaches(covered, least):
            return Exit.FOUND
    if mutated is not None and score is not None:
        from fractions import Fraction

        from govern.scenario.mutation import score as killed

        whole = killed(mutated)
        if not whole.of:
            return Exit.NOT_JUDGED
        if Fraction(whole.seen * 100, whole.of) < Fraction(score):
            return Exit.FOUND
    return Exit.OK


def _unfinished(mutated: tuple[Mutation, ...]) -> bool:
    from govern.scenario.mutation import Fate

    return any(each.of(Fate.NOT_RUN) for each in mutated)


def _show(
    run: Tested,
    format: ResultFormat,
    verbose: bool,
    covered: tuple[Coverage, ...] | None,
    mutated: tuple[Mutation, ...] | None,
    asked_mutants: bool,
    output: str | None,
) -> None:
    """Shows what came of it, or writes it into a file."""
    match format:
        case ResultFormat.TEXT:
            from govern.report.lines import Line, writer

            kept: list[str] = []
            write = writer() if output is None else lambda line: kept.append(line.plain)
            from govern.report import test_text

            test_text.show(run, write, every=verbose)
            if covered is not None:
                from govern.report import coverage_text

                write(Line())
                coverage_text.show(covered, write)
            if mutated is not None:
                from govern.report import mutation_text

                write(Line())
                mutation_text.show(mutated, write)
            elif asked_mutants:
                write(Line("No change was tried: a test that fails, or a file that cannot be read, comes first."))
            if output is not None:
                _into(output, "\n".join((*kept, "")))
        case ResultFormat.JSON:
            import json

            from govern.report import test_json

            document = test_json.document(run, covered, mutated)
            _into(output, json.dumps(document, indent=2, ensure_ascii=True, allow_nan=False) + "\n")
        case ResultFormat.JUNIT:
            from govern.report import test_junit

            _into(output, test_junit.document(run))


def _write_coverage(covered: tuple[Coverage, ...], format: CoverageFormat, output: str) -> None:
    match format:
        case CoverageFormat.TEXT:
            from govern.report import coverage_text
            from govern.report.lines import Line

            kept: list[Line] = []
            coverage_text.show(covered, kept.append)
            _into(output, "\n".join((*(line.plain for line in kept), "")))
        case CoverageFormat.LCOV:
            from govern.report import coverage_lcov

            _into(output, coverage_lcov.text(covered))
        case CoverageFormat.HTML:
            from govern.report import coverage_html

            _into(output, coverage_html.text(covered))


def _into(output: str | None, text: str) -> None:
    """A text into a file, whole or not at all, or onto standard output."""
    if output is None or output == "-":
        typer.echo(text, nl=False)
        return
    from govern.lint.write import write

    write(output, text.encode("utf-8", "surrogatepass"))
