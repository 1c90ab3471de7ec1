"""`govern prove`: whether a statement holds of every call, or a call of which it does not."""

from __future__ import annotations

from typing import Annotated

import typer

from govern.cli.options import DeploymentFile, Format, ReportFormat
from govern.errors import UsageError


def prove(
    charter: Annotated[str, typer.Argument(metavar="CHARTER", help="A charter, a bundle, or a folder of them.")],
    statements: Annotated[
        list[str] | None,
        typer.Argument(metavar="STATEMENT…", help="What is claimed, each in quotes.", show_default=False),
    ] = None,
    file: Annotated[
        str | None,
        typer.Option(
            "--file", metavar="FILE", help="Statements, one a line; a line with `#` is a comment. `-`: standard input."
        ),
    ] = None,
    agent: Annotated[
        str | None, typer.Option("--agent", metavar="NAME", help="Whose policy, where CHARTER is a folder of several.")
    ] = None,
    deployment: DeploymentFile = None,
    timeout: Annotated[
        float,
        typer.Option("--timeout", metavar="SECONDS", help="For each statement; what takes longer is not decided."),
    ] = 5.0,
    save: Annotated[
        str | None,
        typer.Option("--save", metavar="FILE", help="Write the calls that were found as a test, NAME.test.yaml."),
    ] = None,
    format: Format = ReportFormat.TEXT,
) -> None:
    """Prove statements about every call that an agent may make, or show a call of which they do not hold.

    Meant are all arguments, facts and histories, missing and unknown ones too. A condition counts where it is true;
    `or unknown` behind it adds where it is not known. Every call that is shown was decided by the engine: the
    `govern decide` line below it gives the same verdict. A statement that is about no call at all is vacuous, which
    is not "holds". Where the solver (`pip install govern[prove]`) is not there, or cannot read a condition, calls at
    the boundaries of all conditions are tried instead: that finds counterexamples, and proves nothing.
    `govern explain statements` has the whole language.

    \b
    Statements:
      never allow TOOLS [when C | unless C]        always deny TOOLS [when C]
      always ask GATE for TOOLS [when C]           always allow TOOLS [when C]
      A implies B [for TOOLS]                      reachable RULE, unreachable RULE
      no irreversible tool is allowed after untrusted content
      every external tool asks a gate              rule ID covers rule ID

    \b
    Example:
      govern prove samples/support/charter.yaml "never allow refund" "always deny refund when args.amount > 1000"
      govern prove charters/desk/assistant.yaml "no irreversible tool is allowed after untrusted content"
      govern prove charters/code-review.yaml --file code-review.statements --save found.test.yaml

    \b
    Exit codes:
      0  every statement holds
      1  one does not: a call shows it, or the call that it asks for does not exist
      2  the command line or a statement is wrong; nothing was judged
      3  one is vacuous or not decided, whatever the others are; or the charter cannot be used
      4  the test cannot be written
    """
    from govern.charter.deployment import deployment_or_raise
    from govern.compile.sources import policies
    from govern.errors import Exit
    from govern.proof.ask import Prover
    from govern.proof.statement_text import read_statements
    from govern.report import prove_case, prove_json, prove_text
    from govern.report.console import emit_json, working
    from govern.report.lines import writer

    if not 0 < timeout <= 3600:
        raise UsageError(f"`{timeout:g}` is no time for --timeout", hint="seconds, more than 0 and at most 3600")
    if save is not None:
        _saves(save, charter)
    deployed = deployment_or_raise(deployment) if deployment is not None else None
    found = policies(charter, deployed)
    if agent is None and len(found) > 1:
        raise UsageError(f"`{charter}` has {len(found)} policies", hint=f"name one with --agent: {', '.join(found)}")
    if agent is not None and agent not in found:
        raise UsageError(f"no policy for agent `{agent}`", where=charter, hint=f"there are: {', '.join(found)}")
    policy = found[agent] if agent is not None else next(iter(found.values()))
    asked = prove_text.right(read_statements(statements or [], _lines(file), policy), file)
    zone, digest = (deployed.time_zone, deployed.digest) if deployed else (None, None)
    prover = Prover(policy, zone=zone, timeout_ms=round(timeout * 1000), deployment_digest=digest)
    with working("asking the solver"):
        answers = [(statement, prover.ask(statement)) for statement in asked]
    command = prove_text.Command(charter, agent, deployment)
    saved = _saved(save, prove_case.suite(prover.engine, answers, command, save)) if save is not None else ""
    if format is ReportFormat.JSON:
        emit_json(prove_json.document(prover, answers, command))
    else:
        prove_text.show(prover.engine, answers, command, writer(), saved)
    code = prove_text.exit_code(answers)
    if code is not Exit.OK:
        raise typer.Exit(code)


def _lines(file: str | None) -> str | None:
    """The text of a file of statements; None without one."""
    if file is None:
        return None
    import sys
    from pathlib import Path

    from govern.errors import EvidenceError

    most = 1024 * 1024
    try:
        if file == "-":
            data = sys.stdin.buffer.read(most + 1)
        else:
            with Path(file).open("rb") as stream:
                data = stream.read(most + 1)
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        raise EvidenceError(f"the statements cannot be read: {reason}", where=file) from None
    if len(data) > most:
        raise EvidenceError(f"the statements are more than {most:,} bytes", where=file)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise EvidenceError(f"not UTF-8 at byte {error.start}", where=file) from None


def _saves(path: str, charter: str) -> None:
    """Only a new file that is called like a test is written, and only for a charter that it can name."""
    import os

    if not (os.path.isfile(charter) and charter.endswith((".yaml", ".yml"))):
        raise UsageError(f"a test names a charter file, `{charter}` is none", hint="leave --save out")
    if not path.endswith(".test.yaml"):
        raise UsageError(f"`{path}` is no name of a test", hint="end it in `.test.yaml`")
    if os.path.lexists(path):
        raise UsageError(f"`{path}` exists", hint="name another file, or delete it first")


def _saved(path: str, text: str) -> str:
    """Writes a test, where there is anything to test; the path where it was written."""
    from govern.lint.write import write

    if text:
        write(path, text.encode())
    return path if text else ""
