"""`govern audit checkpoint`: the store's newest signed checkpoint, printed or held elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from govern.cli.options import store_named
from govern.errors import EvidenceError, GovernError, UsageError


def checkpoint(
    audit: Annotated[
        str | None, typer.Option("--audit", metavar="DIR", envvar="GOVERN_AUDIT", help="The audit store.")
    ] = None,
    to: Annotated[
        list[str] | None,
        typer.Option(
            "--to",
            metavar="SINK",
            help="Where to hold it: file:PATH, git:REPO, https://…, rfc3161:URL; repeatable. Without one it is "
            "printed.",
        ),
    ] = None,
    check: Annotated[
        str | None,
        typer.Option(
            "--check",
            metavar="RECEIPT",
            help="Check a receipt of DIR/anchors instead: that the log grew out of its checkpoint, and its time stamp.",
        ),
    ] = None,
    ca: Annotated[
        str | None,
        typer.Option(
            "--ca",
            metavar="FILE",
            help="Certificates (PEM) of the authorities whose time stamps are trusted; without it, a time stamp's "
            "signature is not checked, which is said.",
        ),
    ] = None,
    timeout: Annotated[
        float, typer.Option("--timeout", metavar="SECONDS", min=0.1, max=600, help="How long to wait for a sink.")
    ] = 30.0,
) -> None:
    """Print the store's newest checkpoint, or hold it where whoever can write the store cannot change it.

    A checkpoint says how many records the store's log has, and their Merkle root, signed by the log's key: a C2SP
    signed note. Held elsewhere it is what finds a cut end, and a past that was written again with a stolen key:
    `govern audit verify --since FILE` demands that the store grew out of it.

    \b
    Sinks:
      file:PATH      a file, or a folder that gets one for each checkpoint. A file that is there is replaced only if
                     this log grew out of the checkpoint in it.
      git:REPO       an annotated tag `govern-audit/ORIGIN/SIZE`; `git cat-file blob TAG^{}` gives the note back. Push
                     the tag yourself.
      https://…      one POST of the note, no redirects, any 2xx says that it is kept; http only to this machine
      rfc3161:URL    a time stamp of an authority over the note (extra `anchor`); the token stands in the receipt

    The network is used for the last two alone. Receipts are kept in DIR/anchors; where one cannot be, a warning says
    so. They are not trusted: whoever can write the store can write one, but not the token of a time stamp.

    \b
    Example:
      govern audit checkpoint --audit audit > held-elsewhere.txt
      govern audit checkpoint --audit audit --to git:../governance --to rfc3161:https://tsa.example.org --ca tsa.pem
      govern audit checkpoint --audit audit --check audit/anchors/000000000004-rfc3161-1c9e0a2b7d35.json --ca tsa.pem

    \b
    Exit codes:
      0  it is printed, or held by every sink; or the receipt is good
      2  the command line is wrong
      3  the log cannot be read or is not signed by its key; a sink or a receipt has a checkpoint that it did not grow
         out of; a time stamp is not good, or --ca is missing to check it
      4  a sink failed (all others are tried), the receipt of a time stamp cannot be kept, or the store cannot be read
    """
    import sys

    from govern.audit.anchors import sinks
    from govern.report.console import safe

    audit = store_named(audit)
    if check is not None:
        if to:
            raise UsageError("a receipt is checked, or a checkpoint is held: not both", where="--check")
        _check(check, Path(audit), ca)
        return
    for each in to or ():
        sinks.sink(each)
    given = sinks.given(Path(audit), ca=ca, timeout_s=timeout)
    if not to:
        sys.stdout.buffer.write(given.signed.text.encode())  # its very bytes, whatever the terminal
        sys.stdout.buffer.flush()
        return
    failed: list[GovernError] = []
    for each in to:
        try:
            held = sinks.hold(each, given)
        except GovernError as error:
            failed.append(error)
            # The sink is named as it was given; the error names it again where it has nothing narrower to say.
            said = GovernError(error.message, where="" if error.where in each else error.where, hint=error.hint)
            typer.echo(f"✗ {safe(each)}: {safe(str(said), lines=True)}", err=True)
        else:
            typer.echo(f"✓ {safe(held.words)}")
            if held.warning:
                typer.echo(f"warning: {safe(held.warning, lines=True)}", err=True)
    if failed:
        # A sink that holds another past is no failing sink: it found something, and that is worse.
        worst = next((error for error in failed if isinstance(error, EvidenceError)), failed[0])
        raise typer.Exit(worst.exit_code)


def _check(path: str, store: Path, ca: str | None) -> None:
    from govern.audit.anchors import file, receipts
    from govern.cli.options import bytes_of
    from govern.report.console import safe

    receipt = receipts.read(bytes_of(path), path)
    found = receipts.check(receipt, store, ca, path)
    typer.echo(f"the log grew out of it: {file.records(found.size)}, sent to {safe(receipt.to)}")
    if found.time is not None:
        typer.echo(f"stamped at {found.time.isoformat()}, {'by who is trusted' if found.trusted else 'by whom?'}")
    if not found.trusted:
        raise EvidenceError("the stamp's signature was not checked", where=path, hint="--ca FILE names who is trusted")
