"""`govern audit export`: a case as a package that proves itself."""

from __future__ import annotations

from typing import Annotated

import typer

from govern.cli.options import Format, ReportFormat, bytes_of, store_named
from govern.errors import UsageError


def export(
    output: Annotated[str, typer.Option("--output", "-o", metavar="FILE", help="The package: a new file, a zip.")],
    trace_id: Annotated[
        list[str] | None,
        typer.Option("--trace-id", metavar="ID", help="A trace, or six characters of its beginning; repeatable."),
    ] = None,
    audit: Annotated[
        str | None, typer.Option("--audit", metavar="DIR", envvar="GOVERN_AUDIT", help="The audit store.")
    ] = None,
    sign: Annotated[
        str | None,
        typer.Option(
            "--sign",
            metavar="KEY",
            envvar="GOVERN_AUDIT_KEY",
            help="Signs the manifest: the log's private key, or your own. Without it, only events and log are proven.",
        ),
    ] = None,
    since: Annotated[
        list[str] | None,
        typer.Option(
            "--since",
            metavar="CHECKPOINT",
            help="A file with a checkpoint that somebody kept: the package proves that the log grew out of it. "
            "Repeatable; the newest 64 checkpoints are proven without.",
        ),
    ] = None,
    withhold: Annotated[
        list[str] | None,
        typer.Option(
            "--withhold",
            metavar="PLACE",
            help="Keep back events of a type (`prompt`) or with an id: only their hash goes out. What other "
            "events repeat of it is not found: name them too. Repeatable.",
        ),
    ] = None,
    withhold_content: Annotated[
        bool, typer.Option("--withhold-content", help="The same for every event with a text: prompts, outputs.")
    ] = False,
    reveal: Annotated[
        bool, typer.Option("--reveal", help="Hand out the sensitive values that the events committed to, too.")
    ] = False,
    by: Annotated[str | None, typer.Option("--by", metavar="WHO", help="Who exports it, for the custody log.")] = None,
    format: Format = ReportFormat.TEXT,
) -> None:
    """Make a package of evidence that somebody who does not trust you can verify, without govern.

    A zip with the events' exact bytes, proofs that they are in sealed files and these in the log, its signed
    checkpoint, proofs that the log grew out of checkpoints that others kept, the log's public key, a manifest, a
    custody log, gaps, the chains as JSON and as pages, and a small verifier (Python and the package
    `cryptography`). It is verified before it is handed out. What is not proven stands in its manifest: among it,
    that no event of a trace was left out, and events that are not sealed yet (`govern audit seal` first).

    \b
    Example:
      govern audit export --audit audit --trace-id 4f1c9a -o case.zip --sign log.key --by "internal audit"
      govern audit export --audit audit --trace-id 4f1c9a -o case.zip --since kept.txt --withhold prompt
      python -I verify_evidence.py case.zip --key log.pub --since kept.txt

    \b
    Exit codes:
      0  the package is written
      2  the command line is wrong, or the file is there already
      3  no such trace, no log, or the store is damaged: no package is written
      4  a key cannot be read, or the package cannot be written
    """
    import getpass
    import sys
    import time

    from govern import __version__
    from govern.audit import checkpoint
    from govern.evidence.export import CHAIN, GAPS, PAGE, Custody, assembled, write
    from govern.evidence.gathering import gather
    from govern.reconstruct.store import find_trace
    from govern.reconstruct.summary import gather as gaps_of
    from govern.report import chain_html, chain_json, export_json, export_text, gaps_json
    from govern.report.chain_record import Record
    from govern.report.console import emit_json, json_text
    from govern.signing.key_files import read_private

    if not trace_id:
        raise UsageError("no trace is named", hint="give --trace-id ID; `govern traces` lists the ids")
    audit = store_named(audit)
    key = read_private(sign) if sign else None
    kept = [checkpoint.read(bytes_of(path), path) for path in since or ()]
    case = gather(
        audit,
        list(dict.fromkeys(find_trace(audit, each) for each in trace_id)),
        since=kept,
        withhold=withhold or (),
        withhold_content=withhold_content,
        reveal=reveal,
    )
    documents = {GAPS: json_text(gaps_json.document(gaps_of(trace.made for trace in case.traces))).encode()}
    record = Record(None, "in a package of evidence: its verifier says whether it holds")
    for number, trace in enumerate(case.traces, start=1):
        documents[CHAIN.format(number)] = json_text(chain_json.document(trace.made)).encode()
        documents[PAGE.format(number)] = chain_html.page(trace.made, record=record).encode()
    try:
        login = getpass.getuser()
    except (KeyError, OSError):  # an account without a name
        login = ""
    custody = Custody(time.time_ns(), by, login, __version__, ["govern", *sys.argv[1:]])
    made = assembled(case, documents, custody, key=key, since=kept)
    write(made.raw, output)
    if format is ReportFormat.JSON:
        emit_json(export_json.document(made, case, output))
    else:
        typer.echo(export_text.text(made, case, output))
