"""`govern audit append`: the journal for programs in any language."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, cast

import typer

from govern.errors import EvidenceError, Exit

if TYPE_CHECKING:
    from io import BufferedIOBase


def append(
    audit: Annotated[str, typer.Option("--audit", metavar="DIR", envvar="GOVERN_AUDIT", help="The audit store.")],
    sign: Annotated[
        str,
        typer.Option(
            "--sign",
            metavar="KEY",
            envvar="GOVERN_AUDIT_KEY",
            help="The writer's private key, which the store admits. It signs the writer's start and end.",
        ),
    ],
    name: Annotated[
        str, typer.Option("--name", metavar="NAME", help="What the writer is called over all of its lives.")
    ],
    charter: Annotated[
        str | None,
        typer.Option(
            "--charter",
            metavar="FILE",
            help="A charter or bundle: what it calls `sensitive` is kept apart, what it calls `secret` not at all.",
        ),
    ] = None,
    commit_key: Annotated[
        str | None,
        typer.Option(
            "--commit-key",
            metavar="FILE",
            help="The store's 32 secret bytes that sensitive values are committed to with; outside the store.",
        ),
    ] = None,
) -> None:
    """Append events to the journal: JSON lines in, an acknowledgement out for each.

    A line is an object of an event's columns; `type` and `trace_id` are needed, `args` is an object or its text.
    `span_id` joins the events of one action: give its call, check, start and result the same one. The journal makes
    `event_id`.

    With `"mask": [VALUE…]` these values are sensitive in the line: texts of at least 4 characters, numbers, and whole
    objects and lists in `args`. A value that the line does not have is refused.

    Say `"fidelity": "verbatim"` of prompts, responses and outputs that are whole, and give `args` itself on every
    check, request, decision and start too: what a record does not say is a gap. Of a tool with sensitive arguments an
    `args_digest` without `args` is dropped, because values are guessed from it.

    The answer is `{"event_id", "writer_id", "wseq"}` once the event is on the disk, or `{"error", "line"}` where the
    line was refused; a bad line never stops the rest. Lines that arrive together share one flush to the disk, so a
    program may send many before it reads an answer, or run this beside it all day and wait for each.

    \b
    Example:
      echo '{"type": "tool_call", "trace_id": "t1", "span_id": "s1", "tool": "refund", "args": {"order_id": "7"}}' \\
        | govern audit append --audit audit --sign desk.key --name refund-desk

    \b
    Exit codes:
      0  every line is on the disk
      2  the command line is wrong
      3  a line was refused, or there was none; or the store is damaged
      4  there is no store, it does not admit the key, or the disk does not take what is written
    """
    import sys

    from govern.audit.appending import append_lines
    from govern.audit.audit_log import AuditLog
    from govern.audit.masking import Sensitive
    from govern.audit.sensitive import read_key
    from govern.errors import UsageError
    from govern.signing.key_files import read_private

    places: dict[str, Sensitive] = {}
    if charter is not None:
        from govern.compile.sources import policies

        for policy in policies(charter, None).values():
            for tool, said in policy.tools.items():
                known = places.get(tool, Sensitive())
                places[tool] = Sensitive((*known.sensitive, *said.sensitive), (*known.secret, *said.secret))
    secret = read_key(commit_key) if commit_key is not None else None
    if secret is None and any(said.sensitive for said in places.values()):
        hint = "give --commit-key FILE: the store's 32 secret bytes, kept outside the store"
        raise UsageError("the charter has sensitive values and there is no secret to commit to them with", hint=hint)
    with AuditLog(audit, name, read_private(sign), sensitive=places, commit_key=secret) as log:
        done = append_lines(log, cast("BufferedIOBase", sys.stdin.buffer), sys.stdout.buffer)
    if not done.events and not done.refused:
        raise EvidenceError("no event was given", hint="JSON lines on standard input")
    if done.refused:
        raise typer.Exit(Exit.NOT_JUDGED)
