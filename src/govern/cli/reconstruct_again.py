"""`govern reconstruct --redecide` and `--compare`: a chain beside another charter, or beside another chain."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from govern.cli.options import ReportFormat
from govern.errors import Exit, UsageError

if TYPE_CHECKING:
    from govern.reconstruct.judge import Reconstruction


def redecide(
    made: Reconstruction,
    audit: str,
    charter: str,
    *,
    bundles: str | None,
    deployment: str | None,
    session_facts: str | None,
    format: ReportFormat,
) -> None:
    """Decides every action of a chain again and prints what is the same and what is not.

    Raises:
        Exit: 1 where a decision differs, 3 where one could not be taken or compared.
    """
    from govern.charter.deployment import deployment_or_raise
    from govern.cli.options import bytes_of
    from govern.compile.recorded import AS_RECORDED, recorded
    from govern.compile.sources import policies
    from govern.policy.given import session_facts as read_session_facts
    from govern.redecide import past
    from govern.redecide.decisions import Outcome
    from govern.redecide.decisions import redecide as decide
    from govern.replay.groups import Policies, Recorded
    from govern.report import redecide_json, redecide_text
    from govern.report.console import console, emit_json

    deployed = deployment_or_raise(deployment) if deployment is not None else None
    zone = deployed.time_zone if deployed else None
    if charter == AS_RECORDED:
        if bundles is None:
            raise UsageError("`--charter as-recorded` needs the policies that calls name", hint="--bundles DIR")
        judges: Policies = Recorded(recorded(bundles), zone)
    elif bundles is not None:
        raise UsageError("--bundles goes with `--charter as-recorded`")
    else:
        judges = Policies(policies(charter, deployed), zone)
    told = None
    if session_facts is not None:
        told = read_session_facts(judges.by_agent.values(), bytes_of(session_facts), session_facts)
    found = decide(made.chain, past.events(audit, made.chain, judges), judges, told)
    if format is ReportFormat.JSON:
        emit_json(redecide_json.document(made.chain, found, charter))
    else:
        out = console()
        for line in redecide_text.lines(made.chain, found, charter, out.width):
            out.print(line, soft_wrap=True)
    outcomes = {each.outcome for each in found}
    if not found or outcomes & {Outcome.MISSING, Outcome.UNRECORDED, Outcome.NO_CALL}:
        raise typer.Exit(Exit.NOT_JUDGED)
    if Outcome.DIFFERS in outcomes:
        raise typer.Exit(Exit.FOUND)


def compare_with(made: Reconstruction, audit: str, other: str, format: ReportFormat) -> None:
    """Prints what two chains have in common, and where they part.

    Raises:
        Exit: 1 where they differ.
    """
    from govern.reconstruct.compare import compare
    from govern.reconstruct.store import find_trace, load
    from govern.report import compare_json, compare_text
    from govern.report.console import console, emit_json

    full = find_trace(audit, other)
    if full == made.chain.trace_id:
        raise UsageError("a trace is compared with itself", where="--compare")
    found = compare(made, load(audit, full))
    if format is ReportFormat.JSON:
        emit_json(compare_json.document(found))
    else:
        out = console()
        for line in compare_text.lines(found, out.width):
            out.print(line, soft_wrap=True)
    if not found.same:
        raise typer.Exit(Exit.FOUND)
