"""`govern audit verify`: whether a store is what was written, all of it, in its order."""

from __future__ import annotations

from typing import Annotated

import typer

from govern.cli.options import Format, ReportFormat, store_named
from govern.errors import Exit


def verify(
    audit: Annotated[
        str | None, typer.Option("--audit", metavar="DIR", envvar="GOVERN_AUDIT", help="The audit store.")
    ] = None,
    key: Annotated[
        list[str] | None,
        typer.Option(
            "--key",
            metavar="PUB",
            help="A public key that signed for this store's log at some time, from outside; repeatable. Rotations are "
            "followed from it. Without one the key is taken that the store itself names.",
        ),
    ] = None,
    since: Annotated[
        list[str] | None,
        typer.Option(
            "--since",
            metavar="CHECKPOINT",
            help="A checkpoint that was held elsewhere (`govern audit checkpoint`): the log must have grown out of it; "
            "repeatable.",
        ),
    ] = None,
    sql: Annotated[
        bool, typer.Option("--sql", help="Verify a second time, independently, with nothing but SQL (slower).")
    ] = False,
    allow_unanchored: Annotated[
        bool, typer.Option("--allow-unanchored", help="Exit 0 also where no checkpoint from outside is given.")
    ] = False,
    format: Format = ReportFormat.TEXT,
) -> None:
    """Prove that nothing in a store was changed, added, reordered or left out.

    Every leaf, root and chain is computed again from the stored bytes; nothing stored is believed. What a checkpoint
    from outside covers is anchored. What came later agrees with itself only: a cut tail among it cannot be seen yet.

    \b
    Statuses, from bad to good:
      tampered      something was edited, reordered, cut, added, taken away or signed by nobody entitled, or is damaged;
                    or two events that differ have one id
      unverifiable  no log, no key that fits, or a checkpoint that is another store's or was changed
      incomplete    imported events are not sealed, or a redacted value is still there
      unanchored    it agrees with itself, and nothing from outside was given
      ok            it agrees with itself and with a checkpoint from outside

    \b
    Example:
      govern audit verify --audit audit --key log.pub --since yesterday.checkpoint
      govern audit verify --audit audit --allow-unanchored --format json

    \b
    Exit codes:
      0  ok, or unanchored with --allow-unanchored
      1  tampered
      2  the command line is wrong
      3  unverifiable, incomplete or unanchored; or there is no store, or a checkpoint cannot be read
      4  the store or a key cannot be read, or the machine has not enough memory
    """
    from dataclasses import replace

    from govern.audit.verify import verify as judge
    from govern.audit.verifying.contract import Status
    from govern.cli.options import bytes_of
    from govern.report import verify_json, verify_text
    from govern.report.console import console, emit_json
    from govern.report.counting import counting
    from govern.signing.key_files import read_public

    audit = store_named(audit)
    keys = [read_public(path) for path in key or ()]
    notes = [bytes_of(path).decode("utf-8", "replace") for path in since or ()]
    with counting("verifying every event") as tell:
        found = judge(audit, keys=keys, since=notes, names=since or (), progress=tell)
    if sql:
        from govern.audit import verify_sql

        with counting("verifying again in SQL") as tell:
            found = replace(found, steps=(*found.steps, verify_sql.verify(audit, progress=tell).step))
    if format is ReportFormat.JSON:
        emit_json(verify_json.document(found))
    else:
        out = console()
        for line in verify_text.lines(found, out.width):
            out.print(line, soft_wrap=True)
    match found.status:
        case Status.OK:
            return
        case Status.TAMPERED:
            raise typer.Exit(Exit.FOUND)
        case Status.UNANCHORED if allow_unanchored:
            return
        case _:
            raise typer.Exit(Exit.NOT_JUDGED)
