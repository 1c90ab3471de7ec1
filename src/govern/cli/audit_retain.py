"""`govern audit retain`: old events are deleted by a rule, and a signed tombstone says so."""

from __future__ import annotations

from typing import Annotated

import typer

from govern.cli.options import Format, ReportFormat, store_named
from govern.errors import Exit, UsageError


def retain(
    rule: Annotated[str, typer.Option("--rule", metavar="TEXT", help="Why, in words: it stays in the log.")],
    by: Annotated[str, typer.Option("--by", metavar="WHO", help="Who deletes: it stays in the log.")],
    older_than: Annotated[
        str | None, typer.Option("--older-than", metavar="DAYS", help="Delete what is older, as in 400d.")
    ] = None,
    before: Annotated[
        str | None, typer.Option("--before", metavar="DATE", help="Delete what happened before this UTC day.")
    ] = None,
    audit: Annotated[
        str | None, typer.Option("--audit", metavar="DIR", envvar="GOVERN_AUDIT", help="The audit store.")
    ] = None,
    sign: Annotated[
        str | None,
        typer.Option("--sign", metavar="KEY", envvar="GOVERN_AUDIT_KEY", help="The private key that signs the log."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be deleted.")] = False,
    format: Format = ReportFormat.TEXT,
) -> None:
    """Delete sealed files of which every event is old enough, with their sensitive values.

    A signed tombstone stands in the log before the first file is gone: which files, how many events, from when to
    when, by which rule and by whom. `govern audit verify` knows the difference between this and a file that somebody
    took away. What a hold covers is kept and named (`govern audit hold`), and the rest is deleted. A file with one
    younger event is kept whole; so is one of which nobody knows when its events happened.

    \b
    Example:
      govern audit retain --older-than 400d --rule "400 days, GDPR art. 5" --by dpo --audit audit --sign log.key
      govern audit retain --before 2025-01-01 --rule "2024 is over" --by dpo --audit audit --dry-run

    \b
    Exit codes:
      0  done, or nothing is that old
      1  a hold kept something that is old enough
      2  the command line is wrong, or --sign is not the log's key; nothing is deleted
      3  the store has no log, or is damaged; or of something nobody knows how old it is
      4  the store cannot be written, or somebody else just appended to its log
    """
    import time

    from govern.audit.retention import retain as retain_store
    from govern.report import retain_json, retain_text
    from govern.report.console import console, emit_json, working
    from govern.signing.key_files import read_private

    audit = store_named(audit)
    if not sign and not dry_run:
        raise UsageError("no key to sign the tombstone with", hint="give --sign KEY, or --dry-run")
    before_ns = _before(older_than, before, time.time_ns())
    key = read_private(sign) if sign else None
    with working("looking at what is old enough"):
        done = retain_store(audit, key, before_ns=before_ns, rule=rule, by=by, dry_run=dry_run)
    if format is ReportFormat.JSON:
        emit_json(retain_json.document(done, before_ns, dry_run))
    else:
        out = console()
        for line in retain_text.lines(done, before_ns, dry_run):
            out.print(line, soft_wrap=True)
    if any(not each.holds for each in done.kept):
        raise typer.Exit(Exit.NOT_JUDGED)
    if done.kept:
        raise typer.Exit(Exit.FOUND)


def _before(older_than: str | None, before: str | None, now_ns: int) -> int:
    """The time that the options name, UTC nanoseconds since 1970."""
    import re
    from datetime import UTC, date, datetime

    if (older_than is None) == (before is None):
        raise UsageError("how old must events be?", hint="one of --older-than 400d and --before 2025-01-01")
    if older_than is not None:
        match = re.fullmatch(r"([1-9][0-9]{0,5})d", older_than)
        if match is None:
            raise UsageError(f"`{older_than[:40]}` is no number of days for --older-than", hint="such as `400d`")
        return now_ns - int(match[1]) * 86_400 * 10**9
    try:
        day = date.fromisoformat(before or "")
        if day.isoformat() != before:
            raise ValueError
    except ValueError:
        raise UsageError(f"`{str(before)[:40]}` is no day for --before", hint="such as `2025-01-01`") from None
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * 10**9
