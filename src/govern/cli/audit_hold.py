"""`govern audit hold`: what retention must leave alone."""

from __future__ import annotations

from typing import Annotated

import typer

from govern.cli.options import Format, ReportFormat
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
        list[str] | None, typer.Option("--trace-id", metavar="ID", help="Hold this trace; repeatable.")
    ] = None,
    since: Annotated[
        str | None, typer.Option("--from", metavar="TIME", help="Hold what happened from then on.")
    ] = None,
    until: Annotated[str | None, typer.Option("--to", metavar="TIME", help="Hold what happened before then.")] = None,
    audit: _Audit = None,
) -> None:
    """Put a hold on traces, or on a range of time, or on traces within it.

    A time is a UTC day or an RFC 3339 time. At least one of --trace-id, --from and --to is given; a hold on everything
    is one from 1970 on.

    \b
    Example:
      govern audit hold add case-17 --reason "claim 17/26" --by legal --trace-id 4f1c --audit audit --sign log.key
      govern audit hold add audit-26 --reason audit --by legal --from 2026-01-01 --audit audit --sign log.key

    \b
    Exit codes:
      0  it is in force
      2  the command line is wrong, there was a hold of this name, or --sign is not the log's key
      3  the store has no log, or it is damaged
      4  the store cannot be written, or somebody else just appended to its log
    """
    from govern.audit import holds
    from govern.report.console import safe
    from govern.report.retain_text import hold_words
    from govern.signing.key_files import read_private

    if not trace and since is None and until is None:
        raise UsageError("a hold on what?", hint="--trace-id ID, --from TIME, --to TIME")
    made = holds.add(
        _folder(audit), read_private(sign), id=id, reason=reason, by=by, traces=trace or None,
        from_ns=_time(since, "--from"), to_ns=_time(until, "--to"),
    )  # fmt: skip
    typer.echo(f"hold `{safe(made.id)}` is in force: {hold_words(made)}")


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
    if not audit:
        raise UsageError("no audit store is named", hint="give --audit DIR, or set GOVERN_AUDIT")
    return audit


def _time(text: str | None, option: str) -> int | None:
    """A UTC day or a time, as UTC nanoseconds since 1970."""
    from govern.conditions.times import is_date, timestamp_ns

    if text is None:
        return None
    found = timestamp_ns(f"{text}T00:00:00Z" if is_date(text) else text)
    if found is None:
        raise UsageError(f"`{text[:40]}` is no time for {option}", hint="such as 2026-11-23 or 2026-11-23T14:00:00Z")
    return found
