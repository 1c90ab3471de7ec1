"""`govern key`: what signs bundles, and what tells who signed them."""

from __future__ import annotations

from typing import Annotated

import typer

key = typer.Typer(
    name="key",
    help="Make a key that signs bundles, or show which one a file holds.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@key.command("new", no_args_is_help=True)
def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Of the files, without `.key` and `.pub`.")],
) -> None:
    """Make an Ed25519 key pair: NAME.key signs, NAME.pub tells who signed.

    The private one can be read by its owner alone and is not encrypted: keep it where bundles are signed, away from
    the agent. The public one goes to whoever verifies. Neither is ever overwritten.

    \b
    Example:
      govern key new release
      govern compile charters/desk.yaml -o desk.bundle --sign release.key

    \b
    Exit codes:
      0  both files are written
      2  the command line is wrong, or one of the files is there already
      4  they cannot be written
    """
    from govern.report.console import safe
    from govern.signing.key_files import write_new

    made, private, public = write_new(name)
    typer.echo(f"key {made.public.keyid}")
    typer.echo(f"{safe(str(private))}  private, for who signs: keep it secret")
    typer.echo(f"{safe(str(public))}  public, for who verifies")


@key.command("show", no_args_is_help=True)
def show(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A key in PEM, private or public.")],
) -> None:
    """Show the id of a key, as bundles name who signed them, and its public half. Nothing secret is printed.

    \b
    Example:
      govern key show release.pub

    \b
    Exit codes:
      0  it is shown
      4  it cannot be read, or is no Ed25519 key
    """
    from govern.signing.key_files import pem, read_any

    half, public = read_any(file)
    typer.echo(f"{half} key {public.keyid}")
    typer.echo(pem("PUBLIC KEY", public.der), nl=False)
