"""`govern suggest`: stanzas for what an agent did and nobody mapped, for a person to accept."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from govern.cli.options import (
    AllowBad,
    AsOf,
    DeploymentFile,
    EngineName,
    LogAgent,
    LogFormat,
    MemoryLimit,
    SessionFactsFile,
    bytes_of,
    parse_allowance,
    parse_size,
)
from govern.errors import Exit, UsageError

if TYPE_CHECKING:
    from govern.charter.deployment import Deployment
    from govern.ingest import Summary
    from govern.lint.config import Configuration
    from govern.policy.model import Policy
    from govern.replay.groups import Policies, Replayed
    from govern.replay.means import Step
    from govern.suggest.build import Newer
    from govern.suggest.model import Suggestions, Target


class SuggestFormat(StrEnum):
    """How suggestions are shown."""

    TEXT = "text"
    JSON = "json"


def suggest(
    logs: Annotated[
        list[str], typer.Argument(metavar="LOGS…", help="Files, folders, globs, stores, or - for standard input.")
    ],
    charter: Annotated[
        str,
        typer.Option("--charter", metavar="C", help="A charter, or a folder of them: each agent has its own."),
    ],
    patch: Annotated[
        bool, typer.Option("--patch", help="Print a unified diff, as `git apply` and `patch -p1` take it.")
    ] = False,
    in_place: Annotated[
        bool, typer.Option("--in-place", help="Write the stanzas into the charters; comments and layout stay.")
    ] = False,
    interactive: Annotated[
        bool,
        typer.Option(
            "--interactive",
            help="Ask about one after the other, and write what was accepted; with --patch, print it as a diff.",
        ),
    ] = False,
    gate: Annotated[
        str | None,
        typer.Option(
            "--gate", metavar="GATE", help="The charter's gate that what cannot be undone asks.  [most used there]"
        ),
    ] = None,
    newer: Annotated[
        str | None,
        typer.Option(
            "--newer",
            metavar="FILE",
            help="A newer version, as a file, a folder, a bundle or REV:PATH of git: what it maps is not suggested.",
        ),
    ] = None,
    show_values: Annotated[
        bool,
        typer.Option("--show-values", help="Write closed sets where few values were seen, each again and again."),
    ] = False,
    deployment: DeploymentFile = None,
    log_format: LogFormat = None,
    agent: LogAgent = None,
    format: Annotated[SuggestFormat, typer.Option("--format", help="How suggestions are shown.")] = SuggestFormat.TEXT,
    allow_bad: AllowBad = None,
    session_facts: SessionFactsFile = None,
    as_of: AsOf = None,
    memory_limit: MemoryLimit = None,
    engine: Annotated[EngineName, typer.Option("--engine", help="One call at a time, or SQL.")] = EngineName.AUTO,
) -> None:
    """Write the stanzas that a charter lacks for what is in a log, for people to read, correct and accept.

    For every action that nobody mapped: a tier, guessed from its name, its arguments and the charter's libraries,
    the strictest of them; who is asked where a call cannot be undone; the input that fits what was seen, closed.
    Each is judged on the same log again: what the charter would have said with it. What must be decided is marked
    `# decide:`. Nothing is written without --in-place or --interactive, and only what loads, passes lint without
    errors, and changes nothing about other tools. The charter's version grows by one.

    Never suggested, only shown: what a newer version maps already; what `never`, a rule or a scenario denies, since
    something would have to be loosened, with the rule and its place; names that no charter takes.
    Values of arguments are not written unless --show-values asks for it.

    \b
    Example:
      govern suggest logs/ --charter charters/desk.yaml
      govern suggest logs/ --charter charters/desk.yaml --patch | git apply
      govern suggest logs/ --charter charters/desk.yaml --newer origin/main:charters/desk.yaml --interactive

    \b
    Exit codes:
      0  everything was read, and nothing is unmapped
      1  something is unmapped: suggestions were made, or it is shown why not
      2  the command line is wrong
      3  not everything was judged: rows refused, calls of an agent without a charter, no calls at all; the charter
         has errors; or the answers to --interactive ended early, and nothing is written
      4  the charter cannot be written
    """
    _together(logs, patch, in_place, interactive, format)
    size, bad = parse_size(memory_limit), parse_allowance(allow_bad)

    from govern.charter.deployment import deployment_or_raise
    from govern.compile.validity import asked
    from govern.lint.config import Configuration
    from govern.replay.groups import Policies
    from govern.replay.run import EngineChoice, run
    from govern.replay.shadow import report
    from govern.report.console import working
    from govern.suggest.build import Asked, suggestions
    from govern.suggest.twice import as_given, readable_twice

    deployed = deployment_or_raise(deployment) if deployment is not None else None
    moment = asked(as_of, "--as-of") if as_of is not None else None
    targets = _targets(charter, deployed, moment)
    if gate is not None:
        _gate(gate, targets)
    if in_place or (interactive and not patch):
        _editable(targets)
    later = _newer(newer, targets, deployed, moment) if newer is not None else {}
    zone = deployed.time_zone if deployed else None
    told = None
    if session_facts is not None:
        from govern.policy.given import session_facts as read_session_facts

        policies = [target.policy for target in targets.values()]
        told = read_session_facts(policies, bytes_of(session_facts), session_facts)
    configuration = Configuration(deployment=deployed)
    with readable_twice(logs) as paths:

        def judged(by: Mapping[str, Policy], what: str) -> tuple[Policies, Replayed, Summary]:
            judges = Policies(by, zone)
            with working(what) as status:
                done = run(
                    paths,
                    judges,
                    format=log_format,
                    agent=agent,
                    engine=EngineChoice(engine.value),
                    session_facts=told,
                    memory_limit=size,
                    progress=partial(_progress, status, what),
                )
            return judges, done.replayed, as_given(done.summary, logs, paths)

        def again(by: Mapping[str, Policy]) -> tuple[Policies, Replayed]:
            return judged(by, "judging the suggestions")[:2]

        judges, replayed, summary = judged({name: target.policy for name, target in targets.items()}, "reading")
        # What may be written of values is decided where it is written: a tier is guessed from all of them.
        shadow = report(replayed, judges, values=True)
        found = suggestions(shadow, judges, targets, later, Asked(gate, show_values), configuration, again)
        if interactive and found.suggested:
            from govern.cli.suggest_review import review

            review(found, targets, configuration, again, patch=patch)
        elif patch or in_place:
            _all(found, targets, configuration, patch=patch)
        elif format is SuggestFormat.JSON:
            from govern.report import suggest_json
            from govern.report.console import emit_json

            emit_json(suggest_json.document(found, shadow, summary))
        else:
            from govern.report import suggest_text

            typer.echo(suggest_text.text(found, shadow, summary, charter=charter))
    whole = bool(shadow.calls) and not shadow.without_charter
    if not (whole and bad.admits(summary.totals.refused, summary.totals.rows, summary.whole)):
        from govern.report import suggest_text

        typer.echo(suggest_text.not_judged(shadow, summary), err=True)
        raise typer.Exit(Exit.NOT_JUDGED)
    if found.unmapped:
        raise typer.Exit(Exit.FOUND)


def _progress(status: object, what: str, step: Step) -> None:
    """Says how far a replay is, where somebody looks."""
    from rich.status import Status

    if isinstance(status, Status):
        status.update(f"{what}: {step.events:,} of {step.of_events:,} events")


def _together(logs: list[str], patch: bool, in_place: bool, interactive: bool, format: SuggestFormat) -> None:
    """Options that do not go together are an error, before anything is read."""
    if patch and in_place:
        raise UsageError("--patch prints and --in-place writes", hint="leave one of them out")
    if format is SuggestFormat.JSON and (patch or in_place or interactive):
        raise UsageError("--format json goes with no --patch, --in-place or --interactive")
    if interactive and "-" in logs:
        raise UsageError("the answers to --interactive come from standard input, and so would the log")


def _targets(charter: str, deployed: Deployment | None, moment: int | None) -> dict[str, Target]:
    from govern.diff.revisions import side
    from govern.suggest.targets import target

    found = side(charter, deployed, now=moment)
    return {given.policy.agent: target(given.name, given.charter, given.policy, deployed) for given in found.charters}


def _gate(gate: str, targets: Mapping[str, Target]) -> None:
    from govern.findings import did_you_mean
    from govern.suggest.gates import fits

    known = {name for target in targets.values() for name, each in target.charter.gates.items() if fits(each)}
    if gate not in known:
        hint = did_you_mean(gate, known) or "the charter has none that may release what cannot be undone"
        raise UsageError(f"`{gate}` is no gate for --gate", hint=hint)


def _editable(targets: Mapping[str, Target]) -> None:
    for target in targets.values():
        if target.path is None:
            raise UsageError(f"`{target.name}` cannot be edited", hint="name the charter's file, or use --patch")


def _newer(
    name: str, targets: Mapping[str, Target], deployed: Deployment | None, moment: int | None
) -> dict[str, Newer]:
    from govern.diff.revisions import side
    from govern.suggest.build import Newer

    found = side(name, deployed, now=moment)
    for given in found.charters:
        old = targets.get(given.policy.agent)
        if old is not None and given.policy.version < old.policy.version:
            message = f"`{given.name}` is version {given.policy.version}, and `{old.name}` {old.policy.version}"
            raise UsageError(f"--newer names an older one: {message}")
    if not found.folder and found.charters[0].policy.agent not in targets:
        agent = found.charters[0].policy.agent
        raise UsageError(f"--newer names a charter of another agent, `{agent}`")
    return {given.policy.agent: Newer(given.name, given.policy) for given in found.charters}


def _all(found: Suggestions, targets: Mapping[str, Target], configuration: Configuration, *, patch: bool) -> None:
    """Every suggestion, as a patch or into the files."""
    from govern.cli.suggest_review import give
    from govern.suggest.build import edited

    done = []
    for agent, target in targets.items():
        own = [each for each in found.suggested if each.action.agent == agent]
        if own:
            done.append(edited(target, own, configuration)[0])
    give(done, patch=patch)
    from govern.report import suggest_text

    typer.echo(suggest_text.summary(found, done, written=not patch), err=True)
