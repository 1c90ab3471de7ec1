"""`govern decide`: one verdict, explained."""

from __future__ import annotations

from typing import Annotated

import typer

from govern.cli.options import Format, ReportFormat
from govern.errors import UsageError


def decide(
    policy: Annotated[
        str, typer.Option("--policy", "--charter", metavar="FILE", help="A charter or a bundle.", show_default=False)
    ],
    tool: Annotated[str, typer.Option("--tool", metavar="NAME", help="The tool that would be called.")],
    args: Annotated[
        str | None, typer.Option("--args", metavar="JSON", help="Its arguments, an object; `-` reads standard input.")
    ] = None,
    agent: Annotated[
        str | None, typer.Option("--agent", metavar="NAME", help="Whose policy, where FILE is a folder of several.")
    ] = None,
    exit_verdict: Annotated[
        bool, typer.Option("--exit-verdict", help="Exit 0 for allow, 10 for approval, 11 for deny.")
    ] = False,
    format: Format = ReportFormat.TEXT,
) -> None:
    """Decide one call, and say why.

    Arguments that have two readings (duplicate keys, NaN, numbers without an exact value) are denied as
    invalid input. A missing argument never loosens a verdict: what a condition could not know is named.

    \b
    Example:
      govern decide --policy charters/agentdojo/banking.yaml --tool send_money --args '{"amount": 50}'

    \b
    Exit codes:
      0   a verdict was given, whatever it says
      10  with --exit-verdict: needs approval
      11  with --exit-verdict: denied
      2   the command line is wrong
      3   the charter or bundle cannot be used
    """
    import sys

    from govern.compile.sources import policies
    from govern.policy.engine import Engine
    from govern.report import decide_text
    from govern.report.console import emit_json

    found = policies(policy)
    if agent is None and len(found) > 1:
        raise UsageError(f"`{policy}` has {len(found)} policies", hint=f"name one with --agent: {', '.join(found)}")
    if agent is not None and agent not in found:
        raise UsageError(f"no policy for agent `{agent}`", where=policy, hint=f"there are: {', '.join(found)}")
    if args is None:
        raise UsageError("no arguments given", hint="`--args '{}'` is a call without any")
    engine = Engine(found[agent] if agent is not None else next(iter(found.values())))
    text = sys.stdin.buffer.read() if args == "-" else args
    verdict = engine.decide_text(tool, text)
    if format is ReportFormat.JSON:
        emit_json(decide_text.document(verdict))
    else:
        typer.echo(decide_text.text(engine, tool, text, verdict))
    if exit_verdict and verdict.effect:
        raise typer.Exit((0, 10, 11)[verdict.effect])
