"""`govern test --new`: writes the skeleton of a suite. Leaves out what stands in it (`scenario.skeletons`)."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import typer

from govern.errors import Exit, UsageError

if TYPE_CHECKING:
    from govern.policy.engine import Engine
    from govern.scenario.skeletons import Head, Skeleton


def write(
    charter: str,
    logs: list[str],
    deployment: str | None,
    log_format: str | None,
    agent: str | None,
    output: str | None,
) -> Exit:
    """Writes a suite of a charter, or of a log, and says what was left out."""
    from govern.charter.deployment import deployment_or_raise, minimums
    from govern.charter.load import charter_or_raise, load
    from govern.compile.lower import lower
    from govern.policy.engine import Engine
    from govern.report.console import safe

    if output is not None and output != "-" and os.path.lexists(output):
        raise UsageError(f"`{output}` exists", hint="name another file, or delete it first")
    deployed = deployment_or_raise(deployment) if deployment is not None else None
    tested = charter_or_raise(load(charter, minimums(charter, deployed)), charter)
    engine = Engine(lower(tested), deployed.time_zone if deployed else None, deployed.digest if deployed else None)
    head = _head(tested.agent, charter, deployment, output)
    refused = 0
    if logs:
        made, refused = _of_logs(engine, logs, head, charter, deployment, log_format, agent)
    else:
        from govern.scenario.skeletons import of_charter

        made = of_charter(engine, head, charter=charter, deployment=deployment)
    if output is None or output == "-":
        typer.echo(made.text, nl=False)
    else:
        from govern.lint.write import write as into

        into(output, made.text.encode())
    where = f" in {safe(output)}" if output not in (None, "-") else ""
    told = [f"{made.cases:,} case{'s' * (made.cases != 1)} to confirm{where}: delete `skip` where `expect` is meant."]
    told += [f"left out, {safe(why)}: {count:,}" for why, count in made.left_out.items()]
    told += [f"{refused:,} rows of the logs could not be read"] if refused else []
    for line in told:
        typer.echo(line, err=True)
    return Exit.NOT_JUDGED if refused else Exit.OK


def _of_logs(
    engine: Engine,
    logs: list[str],
    head: Head,
    charter: str,
    deployment: str | None,
    log_format: str | None,
    agent: str | None,
) -> tuple[Skeleton, int]:
    from govern.ingest import Summary, read
    from govern.scenario.skeletons_log import of_log

    summary = Summary()
    events = summary.events(read(logs, format=log_format, agent=agent))
    made = of_log(engine, events, head, charter=charter, deployment=deployment)
    return made, summary.refused


def _head(agent: str, charter: str, deployment: str | None, output: str | None) -> Head:
    """What the suite names, seen from where it will stand."""
    from govern.charter.files import SUITE_ENDINGS
    from govern.charter.kinds import NAME
    from govern.scenario.skeletons import Head

    folder = os.path.dirname(output) if output not in (None, "-") and output is not None else os.path.dirname(charter)
    name = agent.lower().replace(".", "-")
    seen = _from(folder, charter)
    stem = os.path.splitext(seen)[0]
    alike = output is None or os.path.basename(output) in {f"{stem}{ending}" for ending in SUITE_ENDINGS}
    return Head(
        name if NAME.fullmatch(name) else "tests",
        "" if alike else seen,
        _from(folder, deployment) if deployment is not None else "",
    )


def _from(folder: str, file: str) -> str:
    return os.path.relpath(file, folder or ".").replace(os.sep, "/")
