"""`govern audit seal`: what writers and imports left becomes files that the store's log records."""

from __future__ import annotations

from typing import Annotated

import typer

from govern.cli.options import Format, MemoryLimit, ReportFormat, parse_size, store_named
from govern.errors import Exit, UsageError


def seal(
    audit: Annotated[
        str | None, typer.Option("--audit", metavar="DIR", envvar="GOVERN_AUDIT", help="The audit store.")
    ] = None,
    sign: Annotated[
        str | None,
        typer.Option("--sign", metavar="KEY", envvar="GOVERN_AUDIT_KEY", help="The private key that signs the log."),
    ] = None,
    everything: Annotated[
        bool,
        typer.Option("--all", help="Exit 3 also where events stay in the open segment of a writer that lives."),
    ] = False,
    memory_limit: MemoryLimit = None,
    format: Format = ReportFormat.TEXT,
) -> None:
    """Seal the journal and imported parts of a store, and sign for them.

    Segments that nobody writes to any more and parts that `govern import` wrote become Parquet files that are never
    changed again; the log records their roots under a new signed checkpoint. A writer that is gone without a word is
    recorded as crashed, with what its torn tail was. The open segment of a writer that lives is left alone: it ends by
    itself within the hour. Readers see every event once all the while. Run it as often as you like, from one place.

    What does not follow from what its writer signed is left where it is and named: `govern audit verify` says more. So
    is an imported part that has another event under an id that the store knows. What says the same as an event that the
    store has, as `govern import` compares them, is not sealed twice.

    \b
    Example:
      govern audit seal --audit audit --sign log.key
      govern audit checkpoint --audit audit > held-elsewhere.txt

    \b
    Exit codes:
      0  everything that can be sealed is sealed
      1  something does not follow, and was not sealed
      2  the command line is wrong, or --sign is not the log's key
      3  the store has no log, or the log is damaged; with --all: events stay in an open segment
      4  the store cannot be written, or somebody else is sealing it
    """
    from govern.audit.sealing import seal as seal_store
    from govern.report import seal_json, seal_text
    from govern.report.console import console, emit_json
    from govern.report.counting import counting
    from govern.signing.key_files import read_private

    audit = store_named(audit)
    if not sign:
        raise UsageError("no key to sign with", hint="give --sign KEY, or set GOVERN_AUDIT_KEY")
    key = read_private(sign)
    with counting("sealing") as tell:
        done = seal_store(audit, key, watch=tell, memory_limit=parse_size(memory_limit))
    if format is ReportFormat.JSON:
        emit_json(seal_json.document(done))
    else:
        out = console()
        for line in seal_text.lines(done, audit):
            out.print(line, soft_wrap=True)
        if done.doubled:
            out.print(f"{done.doubled:,} imported events were in the store before: not sealed twice", soft_wrap=True)
    if everything and done.open:
        raise typer.Exit(Exit.NOT_JUDGED)
    if done.problems:
        raise typer.Exit(Exit.FOUND)
