"""`govern compile`: a charter to a bundle."""

from __future__ import annotations

from typing import Annotated

import typer

from govern.cli.options import DeploymentFile


def compile_(
    charter: Annotated[str, typer.Argument(metavar="CHARTER", help="A charter file, or - for standard input.")],
    output: Annotated[
        str, typer.Option("--output", "-o", metavar="FILE", help="Where the bundle goes; `-` prints it.")
    ],
    deployment: DeploymentFile = None,
    valid_from: Annotated[
        str | None,
        typer.Option("--valid-from", metavar="TIME", help="When it begins to be valid, as 2026-11-23T14:00:00Z."),
    ] = None,
    valid_until: Annotated[
        str | None, typer.Option("--valid-until", metavar="TIME", help="When it expires; without one, never.")
    ] = None,
    valid_for: Annotated[
        str | None,
        typer.Option("--valid-for", metavar="SPAN", help="How long it is valid, as 90d: from --valid-from, or now."),
    ] = None,
    sign: Annotated[
        list[str] | None,
        typer.Option("--sign", metavar="KEY", help="Sign it with a private key (`govern key new`); repeatable."),
    ] = None,
) -> None:
    """Compile a charter to a bundle: one deterministic file that decides without the charter.

    The same charter gives the same bytes, signed or not. The bundle holds the policy, the charter as written with
    every file that it extends and uses, the decision SQL, when it is valid, and digests of all of them; a changed
    byte is refused where it is read, and so is a bundle outside its time. With --deployment the bases that the
    deployment asks of every charter are composed too. With --sign the file is a DSSE envelope: who enforces it
    tells with `govern bundle verify` who signed it.

    \b
    Example:
      govern compile charters/agentdojo/banking.yaml -o banking.bundle
      govern compile charters/desk.yaml -o desk.bundle --valid-for 90d --sign release.key

    \b
    Exit codes:
      0  the bundle is written
      2  the command line is wrong
      3  the charter has errors; nothing is written
      4  a key cannot be read, or the bundle cannot be written
    """
    import time

    from govern.charter.deployment import deployment_or_raise, minimums
    from govern.charter.load import charter_or_raise, load
    from govern.compile.bundle import as_written, build, signed
    from govern.compile.key_files import read_private
    from govern.compile.lower import lower
    from govern.compile.validity import window
    from govern.compile.writing import not_over, write
    from govern.events.canonical import digest
    from govern.report import bundle_text
    from govern.report.console import safe

    not_over(output, [(charter, "the charter"), *((key, "the key") for key in sign or ())])
    now = time.time_ns()
    valid = window(valid_from, valid_until, valid_for, now)
    keys = tuple(read_private(key) for key in sign or ())
    deployed = deployment_or_raise(deployment) if deployment is not None else None
    least = minimums(charter, deployed)
    read = charter_or_raise(load(charter, least), charter)
    made = signed(build(lower(read), as_written(read, least, deployed.digest if deployed else None), valid), keys)
    if output == "-":
        typer.echo(made.file_text, nl=False)
        return
    raw = write(made, output)
    typer.echo(bundle_text.compiled(made, keys, now))
    typer.echo(f"{safe(output)}  {len(raw):,} B  {digest(raw)}")
