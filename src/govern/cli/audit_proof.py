"""`govern audit proof`: proofs that anybody can check, without the store and without trust in who hands them out."""

from __future__ import annotations

from typing import Annotated

import typer

from govern.errors import Exit, UsageError


def proof(
    audit: Annotated[
        str | None, typer.Option("--audit", metavar="DIR", envvar="GOVERN_AUDIT", help="The audit store.")
    ] = None,
    trace_id: Annotated[
        list[str] | None,
        typer.Option(
            "--trace-id",
            metavar="ID",
            help="Prove that this trace's events are in the log: its id, or at least 6 characters of it; repeatable.",
        ),
    ] = None,
    event_id: Annotated[
        list[str] | None, typer.Option("--event-id", metavar="ID", help="Prove that this event is; repeatable.")
    ] = None,
    consistency: Annotated[
        list[str] | None,
        typer.Option(
            "--consistency",
            metavar="CHECKPOINT",
            help="Prove that the log grew out of the checkpoint in this file; repeatable.",
        ),
    ] = None,
) -> None:
    """Print proofs, as JSON: these events are in the store's log, and the log grew out of that older checkpoint.

    They hold against a checkpoint that whoever checks them has from elsewhere, or against the log's public key. What is
    printed was checked once, as its reader would. Events that are not sealed yet have no proof: their ids stand under
    `unsealed`.

    \b
    The document, and how to check it:
      checkpoint   a signed note: origin, size and root of the log, by the log's key
      records      {index, text, path}. A leaf is SHA-256(0x00 ‖ text); with index and path it leads to the checkpoint's
                   root (RFC 9162, 2.1.3.2). The first record says the log's first key, each one of kind `key` a change.
      events       {file, row, canon, path}. A leaf is SHA-256(0x00 ‖ canon); with row and path it leads to `root`, of
                   `rows` leaves, of the record with index `file`
      consistency  {checkpoint, path}. The older checkpoint's root and the newer one follow from path (2.1.4.2)
      unsealed     ids of events that were asked for and have no proof
    Hashes of a path are hexadecimal, from below; a node is SHA-256(0x01 ‖ left ‖ right).

    \b
    Example:
      govern audit proof --audit audit --trace-id 4f1c9a2e > proof.json
      govern audit proof --audit audit --consistency held-elsewhere.txt

    \b
    Exit codes:
      0  all that was asked for is proven
      2  the command line is wrong, or the beginning of a trace's id is that of several
      3  there is no such trace or event, some are not sealed yet, the log did not grow out of that checkpoint, or a
         file cannot be read
      4  the store cannot be read, or there is no memory for it
    """
    from pathlib import Path

    from govern.audit import checkpoint, proofs, proving, store_log
    from govern.cli.options import bytes_of, store_named
    from govern.reconstruct.store import find_trace
    from govern.report.console import emit_json

    audit = store_named(audit)
    if not trace_id and not event_id and not consistency:
        raise UsageError("what is to be proven?", hint="--trace-id ID, --event-id ID or --consistency CHECKPOINT")
    older = [checkpoint.read(bytes_of(path), path) for path in consistency or ()]
    log = store_log.read(audit)
    log.store  # noqa: B018 - says what is wrong where there is no log
    found = proving.Located((), {}, ())
    if trace_id or event_id:
        traces = list(dict.fromkeys(find_trace(audit, each) for each in trace_id or ()))
        found = proving.locate(Path(audit), log, trace_ids=traces, event_ids=event_id or ())
    document = proofs.document(log, rows=found.rows, trees=found.trees, older=older)
    emit_json({**document, "unsealed": list(found.unsealed)})
    if found.unsealed:
        typer.echo(f"{len(found.unsealed):,} events are not sealed yet: `govern audit seal` seals them", err=True)
        raise typer.Exit(Exit.NOT_JUDGED)
