"""`govern audit redact`: sensitive values are erased, and the record says so."""

from __future__ import annotations

from typing import Annotated

import typer

from govern.cli.options import Format, ReportFormat
from govern.errors import UsageError


def redact(
    audit: Annotated[str, typer.Option("--audit", metavar="DIR", envvar="GOVERN_AUDIT", help="The audit store.")],
    sign: Annotated[
        str,
        typer.Option(
            "--sign", metavar="KEY", envvar="GOVERN_AUDIT_KEY", help="A private key that the store admits: it signs."
        ),
    ],
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; it stays in the record.")],
    by: Annotated[str, typer.Option("--by", metavar="NAME", help="Who asked for it; it stays in the record.")],
    commitment: Annotated[
        list[str] | None,
        typer.Option("--commitment", metavar="HMAC", help="Erase the value of this commitment; repeatable."),
    ] = None,
    trace_id: Annotated[
        str | None, typer.Option("--trace-id", metavar="ID", help="Erase the sensitive values of this trace.")
    ] = None,
    place: Annotated[
        str | None,
        typer.Option("--place", metavar="PLACE", help="Of the trace, only what stood there, as in `args.email`."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show what would be erased: places and commitments, no values.")
    ] = False,
    format: Format = ReportFormat.TEXT,
) -> None:
    """Erase sensitive values for good, and leave proof of who did it and why.

    Values that the charter called `sensitive` stand in a side table; the events have commitments. A signed `redaction`
    event that names them is on the disk before anything is erased, so every digest stays valid and the event says
    "redacted". A value that is gone without one is tampering. A legal hold stops it.

    Copies of the store, and packages that were handed out, keep what they have.

    \b
    Example:
      govern audit redact --audit audit --sign desk.key --trace-id t1 --place args.email \\
        --reason "request for erasure of 2026-11-20" --by "data protection officer"

    \b
    Exit codes:
      0  the values are erased; or, with --dry-run, shown
      2  the command line is wrong, or the reason repeats a value
      3  there is no such value, a legal hold keeps it, or the store is damaged; nothing is erased
      4  the store cannot be read or written, or does not admit the key
    """
    from govern.audit.redaction import by_commitment, of_trace
    from govern.audit.redaction import redact as erase
    from govern.report.console import emit_json, safe
    from govern.signing.key_files import read_private

    if bool(commitment) == (trace_id is not None):
        raise UsageError("what is to be erased?", hint="--commitment, or --trace-id with or without --place")
    if place is not None and trace_id is None:
        raise UsageError("`--place` is of a trace", hint="give --trace-id")
    key = read_private(sign)
    values = of_trace(audit, trace_id, place) if trace_id is not None else by_commitment(audit, commitment or ())
    events = [] if dry_run else erase(audit, key, values, reason=reason, by=by)
    if format is ReportFormat.JSON:
        emit_json(
            {
                "schema": "govern/audit-redact/v1",
                "erased": not dry_run,
                "values": [
                    {
                        "commitment": value.commitment, "places": list(value.places), "traces": list(value.traces),
                        "rows": len(value.rows),
                    }
                    for value in values
                ],
                "events": [event.event_id for event in events],
            }
        )  # fmt: skip
        return
    rows = sum(len(value.rows) for value in values)
    said = "would be erased" if dry_run else "erased"
    typer.echo(
        f"{len(values)} value{'s' if len(values) > 1 else ''} {said}, kept {rows:,} time{'s' if rows > 1 else ''}"
    )
    for value in values:
        where = ", ".join(value.places)
        typer.echo(f"  {value.commitment}  {safe(where, 60)}  trace {safe(', '.join(value.traces) or 'unknown', 80)}")
    for event in events:
        typer.echo(f"redaction event {event.event_id} in trace {safe(event.trace_id, 80)}")
