"""`govern reconstruct`: one decision chain, read back from the audit store."""

from __future__ import annotations

from typing import Annotated

import typer

from govern.cli.options import Format, ReportFormat
from govern.errors import Exit, UsageError


def reconstruct(
    trace: Annotated[str | None, typer.Argument(metavar="[TRACE]", help="The same as --trace-id.")] = None,
    trace_id: Annotated[
        str | None,
        typer.Option("--trace-id", metavar="ID", help="The trace; six characters or more of its beginning are enough."),
    ] = None,
    audit: Annotated[
        str | None, typer.Option("--audit", metavar="DIR", envvar="GOVERN_AUDIT", help="The audit store.")
    ] = None,
    format: Format = ReportFormat.TEXT,
    verbatim: Annotated[
        bool, typer.Option("--verbatim", help="Show every text in full, with its bytes and digest (JSON always does).")
    ] = False,
) -> None:
    """Say what happened in one trace, who allowed it, and what is missing.

    Shows, action by action: the prompt, the model's response, the tool and its input, the verdict with its
    reasons, who approved it and why, the output, every time, error and retry; and names each hole with its
    likely cause. Times are UTC; `+` counts from the start of the trace. No time is shown where none was recorded.

    \b
    Example:
      govern reconstruct --trace-id 4f1c9a --audit audit
      govern reconstruct 4f1c9a --audit audit --verbatim
      govern reconstruct 4f1c9a --audit audit --format json

    \b
    Exit codes:
      0  the chain has no gap
      1  the chain has gaps
      2  the command line is wrong, or several traces begin like this
      3  no such trace, or the store is missing, empty or damaged
    """
    from govern.reconstruct.store import find_trace, load
    from govern.report import chain_json, chain_text
    from govern.report.console import console, emit_json

    if trace is not None and trace_id is not None and trace != trace_id:
        raise UsageError(f"two traces are named: `{trace}` and `{trace_id}`", hint="give one of them")
    wanted = trace_id or trace
    if not wanted:
        raise UsageError("no trace is named", hint="give --trace-id ID; `govern traces` lists the ids")
    if not audit:
        raise UsageError("no audit store is named", hint="give --audit DIR, or set GOVERN_AUDIT")
    made = load(audit, find_trace(audit, wanted))
    if format is ReportFormat.JSON:
        emit_json(chain_json.document(made))
    else:
        out = console()
        for line in chain_text.lines(made, out.width, verbatim=verbatim):
            out.print(line, soft_wrap=True)
    if made.gaps:
        raise typer.Exit(Exit.FOUND)
