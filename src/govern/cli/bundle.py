"""`govern bundle`: what a bundle holds, who signed it, whether it may decide."""

from __future__ import annotations

from typing import Annotated

import typer

from govern.cli.options import Format, ReportFormat
from govern.errors import Exit, UsageError

bundle = typer.Typer(
    name="bundle",
    help="Show a bundle, verify who signed it and whether it may decide, sign it.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

File = Annotated[str, typer.Argument(metavar="BUNDLE", help="A bundle, signed or not.")]
At = Annotated[
    str | None,
    typer.Option("--at", metavar="TIME", help="As of this moment, as 2026-11-23T14:00:00Z; without it, now."),
]


@bundle.command("show", no_args_is_help=True)
def show(
    file: File,
    key: Annotated[
        list[str] | None,
        typer.Option("--key", metavar="PUB", help="A public key to check signatures with; repeatable."),
    ] = None,
    at: At = None,
    format: Format = ReportFormat.TEXT,
) -> None:
    """Show what a bundle holds: agent, version, validity, signatures, tools, and the files it was made of.

    Its digests, its SQL and its charter are checked first; a bundle that was changed is not shown. Signatures are
    checked with the keys that --key names, and without one they are not. Whether it may decide says
    `govern bundle verify`.

    \b
    Example:
      govern bundle show desk.bundle
      govern bundle show desk.bundle --key release.pub --format json

    \b
    Exit codes:
      0  it is shown
      1  it is shown, and none of the keys given signed it, or a signature is not good
      2  the command line is wrong
      3  it cannot be read, is no bundle, or was changed
      4  a key cannot be read
    """
    from pathlib import Path

    from govern.compile.reading import read
    from govern.report import bundle_json, bundle_text
    from govern.report.console import emit_json
    from govern.signing import dsse
    from govern.signing.key_files import read_public

    keys = [read_public(path) for path in key or ()]
    now = _moment(at)
    found = read(Path(file))
    checked = dsse.check(found.envelope, keys) if found.envelope is not None else ()
    if format is ReportFormat.JSON:
        emit_json(bundle_json.shown(found, checked, now))
    else:
        typer.echo(bundle_text.shown(found, checked, now))
    states = {each.state for each in checked}
    if keys and (dsse.State.VERIFIED not in states or dsse.State.REFUSED in states):
        raise typer.Exit(Exit.FOUND)


@bundle.command("verify", no_args_is_help=True)
def verify(
    file: File,
    key: Annotated[
        list[str] | None, typer.Option("--key", metavar="PUB", help="A public key that is trusted; repeatable.")
    ] = None,
    threshold: Annotated[
        int, typer.Option("--threshold", metavar="N", help="So many different ones of the keys must have signed.")
    ] = 1,
    seen: Annotated[
        str | None,
        typer.Option(
            "--seen",
            metavar="LEDGER",
            help="The file of versions seen: none may be lower, none may change. The bundle is entered in it once "
            "everything passed.",
        ),
    ] = None,
    begin: Annotated[
        bool, typer.Option("--begin", help="Begin the ledger; without this, one that is not there is an error.")
    ] = False,
    at: At = None,
    format: Format = ReportFormat.TEXT,
) -> None:
    """Verify that a bundle may decide: signed by a key you trust, unchanged, valid now, and no way back.

    Every step is computed again, and nothing that the bundle says of itself is believed: signatures first, then
    its form, digests, policy, SQL, whether its charter means its policy, its time, and with --seen its version.
    An agent's version names one policy for ever, and none lower than the highest seen is admitted: a rollback is
    the old text under a new version.

    \b
    Example:
      govern bundle verify desk.bundle --key release.pub
      govern bundle verify desk.bundle --key release.pub --seen seen.json --begin

    \b
    Exit codes:
      0  every step passed
      1  a step failed: it must not decide
      2  the command line is wrong, or no key is given
      3  the bundle cannot be read
      4  a key or the ledger cannot be read or written
    """
    from contextlib import nullcontext
    from pathlib import Path

    from govern.compile.reading import raw_of
    from govern.compile.seen_file import held
    from govern.compile.verify import verify as run
    from govern.report import bundle_json, bundle_text
    from govern.report.console import emit_json
    from govern.signing import dsse
    from govern.signing.key_files import read_public

    keys = [read_public(path) for path in key or ()]
    dsse.enough(keys, threshold)
    if begin and seen is None:
        raise UsageError("`--begin` is of use with `--seen` only")
    if at is not None and seen is not None:
        raise UsageError("what is entered in a ledger is verified as of now", hint="`--at` or `--seen`")
    now = _moment(at)
    raw = raw_of(Path(file))
    with held(seen, begin) if seen is not None else nullcontext() as ledger:
        done = run(raw, file, keys, threshold, now, ledger.ledger if ledger else None)
        if ledger is not None and done.ledger is not None:
            ledger.keep(done.ledger)
    if format is ReportFormat.JSON:
        emit_json(bundle_json.verified(done, file))
    else:
        typer.echo(bundle_text.verified(done))
    if not done.ok:
        raise typer.Exit(Exit.FOUND)


@bundle.command("sign", no_args_is_help=True)
def sign(
    file: File,
    key: Annotated[list[str], typer.Option("--key", metavar="KEY", help="A private key; repeatable.")],
    output: Annotated[
        str,
        typer.Option(
            "--output", "-o", metavar="FILE", help="Where the signed bundle goes, BUNDLE itself too; `-` prints it."
        ),
    ],
) -> None:
    """Sign a bundle, or add a signature to a signed one: for a key that does not lie where bundles are compiled.

    The bundle is checked first as `govern bundle show` checks it. Look at what you sign: this shows it.

    \b
    Example:
      govern bundle sign desk.bundle --key release.key -o desk.signed.bundle

    \b
    Exit codes:
      0  the signed bundle is written
      2  the command line is wrong, or the key signed it already
      3  the bundle cannot be read, is none, or was changed
      4  a key cannot be read, or the bundle cannot be written
    """
    import time
    from pathlib import Path

    from govern.compile.bundle import signed
    from govern.compile.reading import read
    from govern.compile.writing import not_over, write
    from govern.events.canonical import digest
    from govern.report import bundle_text
    from govern.report.console import safe
    from govern.signing.key_files import read_private

    not_over(output, [(path, "the key") for path in key])
    keys = tuple(read_private(path) for path in key)
    made = signed(read(Path(file)), keys)
    if output == "-":
        typer.echo(made.file_text, nl=False)
        return
    raw = write(made, output)
    typer.echo(bundle_text.compiled(made, keys, time.time_ns()))
    typer.echo(f"{safe(output)}  {len(raw):,} B  {digest(raw)}")


def _moment(at: str | None) -> int:
    """The moment that `--at` names, or now."""
    import time

    from govern.compile.validity import asked

    return time.time_ns() if at is None else asked(at, "--at")
