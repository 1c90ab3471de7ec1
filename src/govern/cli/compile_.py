"""`govern compile`: a charter to a bundle."""

from __future__ import annotations

from typing import Annotated

import typer

from govern.cli.options import DeploymentFile
from govern.errors import EnvironmentFailed, UsageError


def compile_(
    charter: Annotated[str, typer.Argument(metavar="CHARTER", help="A charter file, or - for standard input.")],
    output: Annotated[
        str, typer.Option("--output", "-o", metavar="FILE", help="Where the bundle goes; `-` prints it.")
    ],
    deployment: DeploymentFile = None,
) -> None:
    """Compile a charter to a bundle: one deterministic file that decides without the charter.

    The same charter gives the same bytes. The bundle holds the policy, the charter as written with every file
    that it extends and uses, the decision SQL, and digests of all of them; a changed byte is refused where it is
    read. With --deployment the bases that the deployment asks of every charter are composed too.

    \b
    Example:
      govern compile charters/agentdojo/banking.yaml -o banking.bundle

    \b
    Exit codes:
      0  the bundle is written
      2  the command line is wrong
      3  the charter has errors; nothing is written
      4  the bundle cannot be written
    """
    import os
    from pathlib import Path

    from govern.charter.deployment import deployment_or_raise, minimums
    from govern.charter.load import charter_or_raise, load
    from govern.compile.bundle import as_written, build
    from govern.compile.lower import lower

    if Path(output).exists() and Path(charter).exists() and Path(output).samefile(charter):
        raise UsageError(f"`{output}` is the charter itself", hint="give the bundle another name")
    deployed = deployment_or_raise(deployment) if deployment is not None else None
    least = minimums(charter, deployed)
    read = charter_or_raise(load(charter, least), charter)
    made = build(lower(read), as_written(read, least, deployed.digest if deployed else None))
    if output == "-":
        typer.echo(made.text, nl=False)
        return
    try:
        beside = Path(output).with_name(f".{Path(output).name}.{os.getpid()}")
        beside.write_bytes(made.text.encode())
        beside.replace(output)  # whole or not at all
    except OSError as error:
        raise EnvironmentFailed(f"cannot be written: {(error.strerror or str(error)).lower()}", where=output) from None
    policy = made.policy
    typer.echo(f"{policy.agent} v{policy.version}: {len(policy.tools)} tools, policy {policy.digest}")
    typer.echo(f"{output}  {len(made.text.encode()):,} B  {made.digest}")
