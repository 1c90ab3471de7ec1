"""`govern audit hold`: what retention must leave alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from govern.cli.options import Format, ReportFormat, store_named
from govern.errors import UsageError

hold = typer.Typer(
    name="hold",
    help="Legal holds: what `govern audit retain` must leave alone, until the hold is removed.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

_Audit = Annotated[str | None, typer.Option("--audit", metavar="DIR", envvar="GOVERN_AUDIT", help="The audit store.")]
_Sign = Annotated[
    str, typer.Option("--sign", metavar="KEY", envvar="GOVERN_AUDIT_KEY", help="The private key that signs the log.")
]
_Id = Annotated[str, typer.Argument(metavar="ID", help="What the hold is called.")]
_Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why: it stays in the log.")]
_By = Annotated[str, typer.Option("--by", metavar="WHO", help="Who: it stays in the log.")]


@hold.command("add", no_args_is_help=True)
def add(
    id: _Id,
    reason: _Reason,
    by: _By,
    sign: _Sign,
    trace: Annotated[
        list[str] | None,
        typer.Option(
            "--trace-id", metavar="ID", help="Hold this trace: its id, or at least 6 characters of it; repeatable."
        ),
    ] = None,
    not_yet_there: Annotated[
        bool,
        typer.Option("--not-yet-there", help="Hold traces that the store does not have yet too, by their full ids."),
    ] = False,
    since: Annotated[
        str | None, typer.Option("--from", metavar="TIME", help="Hold what happened from then on.")
    ] = None,
    until: Annotated[str | None, typer.Option("--to", metavar="TIME", help="Hold what happened before then.")] = None,
    audit: _Audit = None,
) -> None:
    """Put a hold on traces, or on a range of time, or on traces within it.

    A time is a UTC day or an RFC 3339 time. At least one of --trace-id, --from and --to is given; a hold on everything
    is one from 1970 on. A trace that the store does not have is refused, unless --not-yet-there is given: then each
    --trace-id is held as it is written.

    \b
    Example:
      govern audit hold add case-17 --reason "claim 17/26" --by legal --trace-id 4f1c9a2e --audit audit --sign log.key
      govern audit hold add audit-26 --reason audit --by legal --from 2026-01-01 --audit audit --sign log.key

    \b
    Exit codes:
      0  it is in force
      2  the command line is wrong, a beginning is that of several traces, there was a hold of this name, or --sign is
         not the log's key
      3  there is no such trace, the store has no log, or it is damaged
      4  the store cannot be written, or somebody else just appended to its log
    """
    from govern.audit import holds
    from govern.report.console import safe
    from govern.report.import_text import plural
    from govern.report.retain_text import hold_words
    from govern.signing.key_files import read_private

    if not trace and since is None and until is None:
        raise UsageError("a hold on what?", hint="--trace-id ID, --from TIME, --to TIME")
    if not_yet_there and not trace:
        raise UsageError("which traces are not there yet?", where="--not-yet-there", hint="--trace-id ID")
    from_ns, to_ns = _time(since, "--from"), _time(until, "--to")
    folder, key = _folder(audit), read_private(sign)
    full = list(trace or ()) if not_yet_there else _full(folder, trace or ())
    made = holds.add(
        folder, key, id=id, reason=reason, by=by, traces=full or None, from_ns=from_ns, to_ns=to_ns
    )  # fmt: skip
    typer.echo(f"hold `{safe(made.id)}` is in force: {hold_words(made)}")
    now = holds.covered(folder, made)
    rest = f", {now.journal:,} of them in no file yet" if now.journal else ""
    typer.echo(f"it covers {plural(now.events, 'event')} and {plural(now.files, 'file')} now{rest}")


@hold.command("remove", no_args_is_help=True)
def remove(id: _Id, reason: _Reason, by: _By, sign: _Sign, audit: _Audit = None) -> None:
    """Take a hold away: from now on retention may delete what it covered.

    \b
    Example:
      govern audit hold remove case-17 --reason "claim settled" --by legal --audit audit --sign log.key

    \b
    Exit codes:
      0  it is gone
      2  the command line is wrong, no such hold is in force, or --sign is not the log's key
      3  the store has no log, or it is damaged
      4  the store cannot be written, or somebody else just appended to its log
    """
    from govern.audit import holds
    from govern.report.console import safe
    from govern.signing.key_files import read_private

    made = holds.remove(_folder(audit), read_private(sign), id=id, reason=reason, by=by)
    typer.echo(f"hold `{safe(made.id)}` is removed")


@hold.command("list")
def list_(audit: _Audit = None, format: Format = ReportFormat.TEXT) -> None:
    """List the holds in force.

    \b
    Example:
      govern audit hold list --audit audit

    \b
    Exit codes:
      0  listed, if there is any
      2  no store is named
      3  the store has no log, or it is damaged
      4  the store cannot be read
    """
    from govern.audit import holds, store_log
    from govern.report.console import emit_json, safe
    from govern.report.retain_json import hold_document
    from govern.report.retain_text import hold_words

    log = store_log.read(_folder(audit))
    log.store  # noqa: B018 - a store without a log is named
    found = holds.in_force(log)
    if format is ReportFormat.JSON:
        emit_json({"schema": "govern/audit-holds/v1", "holds": [hold_document(each) for each in found]})
        return
    for each in found:
        typer.echo(f"{safe(each.id)}  {hold_words(each)}")
    if not found:
        typer.echo("no hold is in force")


def _folder(audit: str | None) -> str:
    audit = store_named(audit)
    return audit


def _full(folder: str, traces: Sequence[str]) -> list[str]:
    """The full ids of traces that the store has."""
    from govern.audit import store_log
    from govern.errors import EvidenceError
    from govern.reconstruct.store import find_trace

    store_log.read(folder).store  # noqa: B018 - a store without a log is named first
    try:
        return list(dict.fromkeys(find_trace(folder, each) for each in traces))
    except EvidenceError as error:
        hint = f"{error.hint}; " if error.hint else ""
        hint += "--not-yet-there holds a trace that is still to come, by its full id"
        raise EvidenceError(error.message, where=error.where, hint=hint) from None


def _time(text: str | None, option: str) -> int | None:
    """A UTC day or a time, as UTC nanoseconds since 1970."""
    from govern.conditions.times import is_date, timestamp_ns

    if text is None:
        return None
    found = timestamp_ns(f"{text}T00:00:00Z" if is_date(text) else text)
    if found is None:
        raise UsageError(f"`{text[:40]}` is no time for {option}", hint="such as 2026-11-23 or 2026-11-23T14:00:00Z")
    return found
