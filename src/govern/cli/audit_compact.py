"""`govern audit compact`: many small sealed files become a few, and no proof is lost."""

from __future__ import annotations

from typing import Annotated

import typer

from govern.cli.options import MemoryLimit, parse_size, store_named
from govern.errors import Exit, UsageError


def compact(
    audit: Annotated[
        str | None, typer.Option("--audit", metavar="DIR", envvar="GOVERN_AUDIT", help="The audit store.")
    ] = None,
    sign: Annotated[
        str | None,
        typer.Option("--sign", metavar="KEY", envvar="GOVERN_AUDIT_KEY", help="The private key that signs the log."),
    ] = None,
    rows: Annotated[
        int, typer.Option("--rows", metavar="N", help="A new file has at most so many rows.", min=2, max=1_000_000)
    ] = 1_000_000,
    memory_limit: MemoryLimit = None,
) -> None:
    """Take the small sealed files of each day together.

    Each row keeps which file it stood in and where, so every root that was ever signed is computed again from the new
    file, and proofs that were handed out stay valid. The old files are deleted once the log records the new one.

    \b
    Example:
      govern audit compact --audit audit --sign log.key

    \b
    Exit codes:
      0  done, or nothing to do
      1  files are damaged: those of their day are left as they are
      2  the command line is wrong, or --sign is not the log's key
      3  the store has no log, or is damaged
      4  the store cannot be written, or somebody else is sealing it
    """
    from govern.audit.compaction import compact as compact_store
    from govern.report.chain_words import size
    from govern.report.console import safe
    from govern.report.counting import counting
    from govern.signing.key_files import read_private

    audit = store_named(audit)
    if not sign:
        raise UsageError("no key to sign with", hint="give --sign KEY, or set GOVERN_AUDIT_KEY")
    key = read_private(sign)
    with counting("compacting") as tell:
        done = compact_store(audit, key, rows=rows, watch=tell, memory_limit=parse_size(memory_limit))
    if not done.made and not done.problems:
        typer.echo("nothing to compact: no day has two small files")
    for made in done.made:
        typer.echo(f"{safe(made.path)}  {made.rows:,} events, {size(made.bytes)}")
    if done.made:
        typer.echo(f"{done.replaced:,} files became {len(done.made):,}; every old root stands")
    if done.waiting:
        typer.echo(f"{len(done.waiting):,} old files are being read; the next seal deletes them")
    for problem in done.problems:
        typer.echo(f"not compacted: {safe(problem.where)}: {safe(problem.message)}", err=True)
    if done.problems:
        raise typer.Exit(Exit.FOUND)
