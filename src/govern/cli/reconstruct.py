"""`govern reconstruct`: one decision chain, read back from the audit store."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from govern.cli.options import DeploymentFile, ReportFormat, SessionFactsFile, bytes_of, store_named
from govern.errors import EnvironmentFailed, Exit, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from govern.audit.verifying.contract import Verified
    from govern.reconstruct.judge import Reconstruction
    from govern.report.chain_masks import Opened
    from govern.report.chain_record import Record


class ChainFormat(StrEnum):
    """How a chain is shown."""

    TEXT = "text"
    JSON = "json"
    HTML = "html"
    MD = "md"
    TIMESKETCH = "timesketch"
    OCSF = "ocsf"
    OTLP = "otlp"


_EXPORTS = (ChainFormat.TIMESKETCH, ChainFormat.OCSF, ChainFormat.OTLP)


def reconstruct(
    trace: Annotated[str | None, typer.Argument(metavar="[TRACE]", help="The same as --trace-id.")] = None,
    trace_id: Annotated[
        str | None,
        typer.Option("--trace-id", metavar="ID", help="The trace; six characters or more of its beginning are enough."),
    ] = None,
    audit: Annotated[
        str | None, typer.Option("--audit", metavar="DIR", envvar="GOVERN_AUDIT", help="The audit store.")
    ] = None,
    format: Annotated[ChainFormat, typer.Option("--format", help="How the chain is shown.")] = ChainFormat.TEXT,
    output: Annotated[
        str | None, typer.Option("--output", "-o", metavar="FILE", help="Write the report there instead.")
    ] = None,
    verbatim: Annotated[
        bool,
        typer.Option(
            "--verbatim", help="Show every text in full, with its bytes and digest (JSON and HTML always do)."
        ),
    ] = False,
    reveal: Annotated[
        bool,
        typer.Option("--reveal", help="Show sensitive values, where the store still has them, instead of their marks."),
    ] = False,
    verify: Annotated[
        bool, typer.Option("--verify", help="Verify the whole store too, and say so; unanchored is exit 3.")
    ] = False,
    key: Annotated[
        list[str] | None,
        typer.Option("--key", metavar="PUB", help="With --verify: a public key that the store's log was signed with."),
    ] = None,
    since: Annotated[
        list[str] | None,
        typer.Option("--since", metavar="FILE", help="With --verify: a checkpoint that was kept elsewhere."),
    ] = None,
    allow_unanchored: Annotated[
        bool, typer.Option("--allow-unanchored", help="With --verify: a store without an outside checkpoint will do.")
    ] = False,
    redecide: Annotated[
        bool, typer.Option("--redecide", help="Decide every call again by --charter: same, differs, or inputs missing.")
    ] = False,
    charter: Annotated[
        str | None,
        typer.Option("--charter", metavar="C", help="With --redecide: a charter, a bundle, or `as-recorded`."),
    ] = None,
    bundles: Annotated[
        str | None,
        typer.Option("--bundles", metavar="DIR", help="With `--charter as-recorded`: the bundles that were in force."),
    ] = None,
    deployment: DeploymentFile = None,
    session_facts: SessionFactsFile = None,
    compare: Annotated[
        str | None,
        typer.Option("--compare", metavar="ID", help="Compare with another trace of the store, action by action."),
    ] = None,
) -> None:
    """Say what happened in one trace, who allowed it, and what is missing.

    Shows, action by action: the prompt, the model's response, the tool and its input, the verdict with its
    reasons, who approved it and why, the output, every time, error and retry; and names each hole with its
    likely cause, at the place where the missing event should be. Times are UTC; `+` counts from the start of the
    trace. No time is shown where none was recorded.

    Timesketch, OCSF and OTLP need a time for each event: what has none is left out, counted on standard error,
    and makes the exit code 3.

    \b
    Example:
      govern reconstruct --trace-id 4f1c9a --audit audit
      govern reconstruct 4f1c9a --audit audit --format html -o 4f1c9a.html
      govern reconstruct 4f1c9a --audit audit --verify --since checkpoint.txt
      govern reconstruct 4f1c9a --audit audit --redecide --charter charters/new.yaml
      govern reconstruct 4f1c9a --audit audit --compare 7ab3e1

    \b
    Exit codes:
      0  the chain has no gap (and the store is whole, with --verify)
      1  the chain has gaps, or the store was tampered with; a decision differs (--redecide), the traces (--compare)
      2  the command line is wrong, or several traces begin like this
      3  no such trace, or the store is missing, empty or damaged, cannot be verified or is not anchored; something
         was left out; a decision could not be taken again; an import into the store was not finished
      4  the file cannot be written
    """
    from govern.reconstruct.store import load
    from govern.report.unfinished import told

    if trace is not None and trace_id is not None and trace != trace_id:
        raise UsageError(f"two traces are named: `{trace}` and `{trace_id}`", hint="give one of them")
    wanted = trace_id or trace
    if not wanted:
        raise UsageError("no trace is named", hint="give --trace-id ID; `govern traces` lists the ids")
    audit = store_named(audit)
    if not verify and (key or since or allow_unanchored):
        raise UsageError("--key, --since and --allow-unanchored go with --verify")
    beside = redecide or compare is not None
    if beside:
        _beside_others(redecide, compare, format, output, charter, verify or reveal or verbatim)
    elif charter is not None or bundles is not None or deployment is not None or session_facts is not None:
        raise UsageError("--charter, --bundles, --deployment and --session-facts go with --redecide")
    made = load(audit, wanted)
    if beside:
        from govern.cli import reconstruct_again as again

        shown = ReportFormat(format.value)
        if compare is not None:
            again.compare_with(made, audit, compare, shown)
        else:
            again.redecide(
                made, audit, charter or "", bundles=bundles, deployment=deployment, session_facts=session_facts,
                format=shown,
            )  # fmt: skip
        return
    verified = _verified(audit, key or [], since or []) if verify else None
    opened = _opened(audit, made) if reveal else None
    if format in _EXPORTS:
        left = _export(made, format, output, opened)
    else:
        left = 0
        _report(made, format, output, verbatim, _record(verified), opened)
    code = Exit.NOT_JUDGED if told(audit) else _code(made, verified, allow_unanchored, left)
    if code is not Exit.OK:
        raise typer.Exit(code)


def _beside_others(
    redecide: bool, compare: str | None, format: ChainFormat, output: str | None, charter: str | None, more: bool
) -> None:
    """Refuses what does not go with --redecide and --compare, before anything is read."""
    if redecide and compare is not None:
        raise UsageError("--redecide and --compare are two reports", hint="ask for one of them")
    name = "--redecide" if redecide else "--compare"
    if redecide and charter is None:
        raise UsageError("--redecide needs what to decide by", hint="--charter CHARTER, a bundle, or `as-recorded`")
    if compare is not None and charter is not None:
        raise UsageError("--charter goes with --redecide")
    if format not in (ChainFormat.TEXT, ChainFormat.JSON):
        raise UsageError(f"{name} has no `{format.value}`", hint="--format text or json")
    if output is not None or more:
        raise UsageError(f"-o, --verify, --reveal and --verbatim do not go with {name}")


def _code(made: Reconstruction, verified: Verified | None, allow_unanchored: bool, left: int) -> Exit:
    """What the command ends with: where something could not be judged, that wins."""
    status = verified.status.value if verified is not None else "ok"
    if status in ("unverifiable", "incomplete") or (status == "unanchored" and not allow_unanchored) or left:
        return Exit.NOT_JUDGED
    return Exit.FOUND if made.gaps or status == "tampered" else Exit.OK


def _verified(audit: str, keys: list[str], since: list[str]) -> Verified:
    from govern.audit.verify import verify
    from govern.signing.key_files import read_public

    held = [bytes_of(path).decode("utf-8", "replace") for path in since]
    return verify(audit, keys=[read_public(path) for path in keys], since=held)


def _record(verified: Verified | None) -> Record:
    from govern.report import chain_record

    return chain_record.NOT_VERIFIED if verified is None else chain_record.record_of(verified)


def _opened(audit: str, made: Reconstruction) -> Opened:
    """The sensitive values that the chain's events name, as far as the store still has them."""
    from govern.audit.sensitive import opened

    wanted = {mark for event in made.chain.events for mark in event.commitments}
    return opened(audit, wanted)


def _report(
    made: Reconstruction, format: ChainFormat, output: str | None, verbatim: bool, record: Record, opened: Opened | None
) -> None:
    from govern.report.console import console, emit_json, json_text

    match format:
        case ChainFormat.JSON:
            from govern.report import chain_json

            document = chain_json.document(made, record=record, opened=opened)
            if output is None:
                emit_json(document)
            else:
                _write([json_text(document)], output)
        case ChainFormat.HTML:
            from govern.report import chain_html

            _write([chain_html.page(made, record=record, opened=opened)], output)
        case ChainFormat.MD:
            from govern.report import chain_markdown

            _write([chain_markdown.markdown(made, verbatim=verbatim, record=record, opened=opened)], output)
        case _:
            from govern.report import chain_text

            out = console()
            width = out.width if output is None else 120
            lines = chain_text.lines(made, width, verbatim=verbatim, record=record, opened=opened)
            if output is not None:
                _write((line.plain + "\n" for line in lines), output)
                return
            for line in lines:
                out.print(line, soft_wrap=True)


def _export(made: Reconstruction, format: ChainFormat, output: str | None, opened: Opened | None) -> int:
    """Writes a chain for another program; how many events it had to leave out."""
    if opened is not None:
        raise UsageError(f"--reveal does not go with --format {format.value}", hint="values stay masked in it")
    match format:
        case ChainFormat.TIMESKETCH:
            from govern.report.chain_timesketch import export
        case ChainFormat.OCSF:
            from govern.report.chain_ocsf import export
        case _:
            from govern.report.chain_otlp import export
    given = export(made)
    _write((line + "\n" for line in given.lines), output)
    if given.left_out:
        typer.echo(f"{given.left_out:,} of {given.of:,} events left out: {given.why}", err=True)
    return given.left_out


def _write(said: Iterable[str], output: str | None) -> None:
    if output is None:
        for part in said:
            typer.echo(part, nl=False)
        return
    try:
        with open(output, "w", encoding="utf-8", errors="backslashreplace", newline="\n") as file:
            file.writelines(said)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        raise EnvironmentFailed(f"cannot be written: {reason}", where=output) from None
    typer.echo(f"written to {output}", err=True)
