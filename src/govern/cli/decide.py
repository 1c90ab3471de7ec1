"""`govern decide`: one verdict, explained."""

from __future__ import annotations

from typing import Annotated

import typer

from govern.cli.options import DeploymentFile, Format, ReportFormat
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
    deployment: DeploymentFile = None,
    facts: Annotated[
        str | None, typer.Option("--facts", metavar="JSON", help="What is known of the charter's facts, by name.")
    ] = None,
    at: Annotated[
        str | None, typer.Option("--at", metavar="TIME", help="When it is called, as 2026-11-23T14:00:00Z.")
    ] = None,
    first: Annotated[
        bool,
        typer.Option("--first", help="It is the first call of its session: nothing was called, counted or read."),
    ] = False,
    history: Annotated[
        str | None,
        typer.Option(
            "--history",
            metavar="JSON",
            help="What happened before, by what conditions ask: calls('x'), succeeded('x'), exceeded('LIMIT'), "
            "tainted('session'), origin(args.x), named_by_user(args.x).",
        ),
    ] = None,
    explain: Annotated[
        bool,
        typer.Option("--explain", help="Show the value of every part of every condition, and what would change it."),
    ] = False,
    format: Format = ReportFormat.TEXT,
) -> None:
    """Decide one call, and say why.

    Arguments that have two readings (duplicate keys, NaN, numbers without an exact value) are denied as
    invalid input. A missing argument never loosens a verdict: what a condition could not know is named. So are
    facts, the time and what happened before, where nobody says them.

    \b
    Example:
      govern decide --policy charters/agentdojo/banking.yaml --tool send_money --args '{"amount": 50}'
      govern decide --policy charters/taubench/retail.yaml --tool cancel_pending_order --first \\
        --args '{"order_id": "#W1", "reason": "no longer needed"}' --facts '{"order": {"status": "pending"}}'
      govern decide --policy charters/desk/assistant.yaml --tool get_events --args '{}' \\
        --history '{"tainted(\\"session\\")": true, "exceeded(\\"production/outside-an-hour\\")": false}'

    `--explain` shows each condition part by part with the values it read, what would have to differ for another
    verdict, and changes that lead there: each was applied and decided again. It prints arguments and facts; of
    what the charter marks `sensitive` or `secret` only whether a condition on it is true.

    \b
    Example:
      govern decide --policy charters/taubench/retail.yaml --tool cancel_pending_order --first --explain \\
        --args '{"order_id": "#W1", "reason": "no longer needed"}' \\
        --facts '{"customer": {"id": "c1"}, "order": {"user_id": "c1", "status": "delivered"}}'

    \b
    Exit codes:
      0   a verdict was given, whatever it says
      10  with --exit-verdict: needs approval
      11  with --exit-verdict: denied
      2   the command line is wrong
      3   the charter or bundle cannot be used
    """
    import sys

    from govern.charter.deployment import deployment_or_raise
    from govern.compile.sources import policies
    from govern.policy.engine import Engine
    from govern.policy.given import given
    from govern.report import decide_text
    from govern.report.console import emit_json

    deployed = deployment_or_raise(deployment) if deployment is not None else None
    found = policies(policy, deployed)
    if agent is None and len(found) > 1:
        raise UsageError(f"`{policy}` has {len(found)} policies", hint=f"name one with --agent: {', '.join(found)}")
    if agent is not None and agent not in found:
        raise UsageError(f"no policy for agent `{agent}`", where=policy, hint=f"there are: {', '.join(found)}")
    if args is None:
        raise UsageError("no arguments given", hint="`--args '{}'` is a call without any")
    chosen = found[agent] if agent is not None else next(iter(found.values()))
    text = sys.stdin.buffer.read() if args == "-" else args
    zone, deployment_digest = (deployed.time_zone, deployed.digest) if deployed else (None, None)
    engine = Engine(chosen, zone, deployment_digest)
    known = given(engine.history, tool, text, facts=facts, at=at, first=first, told=history)
    verdict = engine.decide_text(tool, text, given=known)
    document = decide_text.document(engine, tool, verdict)
    if format is ReportFormat.TEXT:
        typer.echo(decide_text.text(engine, tool, text, verdict))
    if explain:
        from govern.policy.explanation import explanation  # only who asks waits for it
        from govern.report import decide_explain, decide_json
        from govern.report.lines import writer

        made = explanation(engine, tool, text, verdict, given=known, first=first)
        document["explanation"] = decide_json.explained(engine, tool, made)
        if format is ReportFormat.TEXT:
            decide_explain.show(engine, tool, verdict, made, writer())
    if format is ReportFormat.JSON:
        emit_json(document)
    if exit_verdict and verdict.effect:
        raise typer.Exit((0, 10, 11)[verdict.effect])
