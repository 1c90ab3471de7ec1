"""`govern audit init`: begins the log of a store, without which nothing of it can be verified."""

from __future__ import annotations

from typing import Annotated

import typer


def init(
    folder: Annotated[
        str,
        typer.Argument(
            metavar="DIR", envvar="GOVERN_AUDIT", help="The store: a new folder, or one that `govern import` wrote."
        ),
    ],
    sign: Annotated[
        str,
        typer.Option(
            "--sign", metavar="KEY", envvar="GOVERN_AUDIT_KEY", help="The private key that signs the store's log."
        ),
    ],
    origin: Annotated[
        str | None,
        typer.Option(
            "--origin",
            metavar="NAME",
            help="What its checkpoints are called, such as audit.example.org/desk; without it, a name of the store's "
            "own id.",
        ),
    ] = None,
) -> None:
    """Begin the log of an audit store: its first record, and the first signed checkpoint.

    From then on writers whose keys it admits can write the store (`govern audit append`), what they wrote is sealed
    (`govern audit seal`), and all of it can be verified. What a plain store of imports has already stays as it is, and
    the first seal seals it too. A log is begun once and never again.

    Keep the key away from the agents and from where the store is: who has it can write another past. Keep the public
    key and checkpoints where nobody who can write the store can change them: they are what tells.

    \b
    Example:
      govern key new log
      govern audit init audit --sign log.key --origin audit.example.org/desk
      govern audit checkpoint --audit audit > held-elsewhere.txt

    \b
    Exit codes:
      0  it is begun
      2  the command line is wrong, or the store has a log already; nothing is changed
      4  the key cannot be read, or the folder cannot be written
    """
    from govern.audit import note, store_log
    from govern.report.console import safe
    from govern.signing.key_files import pem, read_private

    key = read_private(sign)
    log = store_log.init(folder, key, origin)
    shown = safe(folder)
    typer.echo(f"store   {log.store.id} in {shown}")
    typer.echo(f"origin  {safe(log.origin)}")
    typer.echo(f"key     {key.public.keyid} ({safe(sign)})")
    typer.echo("\nKeep these where nobody who can write the store can change them.")
    typer.echo("\nThe public key (--key of `govern audit verify`):")
    typer.echo(pem("PUBLIC KEY", key.public.der), nl=False)
    typer.echo("\nThe same, for readers of signed notes:")
    typer.echo(safe(note.Verifier(log.origin, key.public).text))
    typer.echo(f"\nThe newest checkpoint, again after each seal (`govern audit checkpoint --audit {shown}`):")
    typer.echo(safe(log.checkpoint, lines=True), nl=False)
