"""`govern init`: a first charter, or library, from a list of tools, or a charter from logs."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from govern.cli.options import LogFormat
from govern.errors import EnvironmentFailed, Exit, UsageError

if TYPE_CHECKING:
    from govern.draft.listing import Listing
    from govern.suggest.first import Seen


class ToolsFormat(StrEnum):
    """Formats of a list of tools."""

    MCP = "mcp"
    OPENAI = "openai"
    ANTHROPIC = "anthropic"
    OPENAPI = "openapi"


def init(
    from_tools: Annotated[
        list[str] | None,
        typer.Option(
            "--from-tools",
            metavar="FILE",
            help="A list of tools, a folder of lists, or - for standard input; repeatable.",
        ),
    ] = None,
    from_mcp: Annotated[
        str | None,
        typer.Option("--from-mcp", metavar="COMMAND", help="Start this MCP server (stdio), ask it, stop it."),
    ] = None,
    url: Annotated[str | None, typer.Option("--url", metavar="URL", help="Ask an MCP server over HTTP.")] = None,
    from_logs: Annotated[
        list[str] | None,
        typer.Option(
            "--from-logs", metavar="LOGS", help="Logs of what the agent did: a file, folder, glob, or -; repeatable."
        ),
    ] = None,
    log_format: LogFormat = None,
    tools_format: Annotated[
        ToolsFormat | None, typer.Option("--tools-format", help="Name the format instead of recognising it by content.")
    ] = None,
    output: Annotated[
        str, typer.Option("--output", "-o", metavar="FILE", help="Where the draft goes; `-` prints it.")
    ] = "-",
    force: Annotated[bool, typer.Option("--force", help="Replace FILE where it exists.")] = False,
    agent: Annotated[str | None, typer.Option("--agent", metavar="NAME", help="The agent's name.")] = None,
    owner: Annotated[str | None, typer.Option("--owner", metavar="ROLE", help="The role that answers for it.")] = None,
    server: Annotated[
        str | None, typer.Option("--server", metavar="NAME", help="The tools' server: they are called NAME/tool.")
    ] = None,
    library: Annotated[
        str | None,
        typer.Option("--library", metavar="NAME", help="Draft a library instead: it describes tools, and grants none."),
    ] = None,
    timeout: Annotated[
        float, typer.Option("--timeout", metavar="SECONDS", min=0.1, max=3600, help="For a server to answer.")
    ] = 60.0,
) -> None:
    """Draft a charter from a list of tools, or from logs, for people to read, correct and own.

    Reads MCP `tools/list` answers, OpenAI and Anthropic tool definitions and OpenAPI 3 documents, recognised by
    content, or asks a running MCP server. Every tool gets a tier, guessed from its name, its HTTP method, its
    arguments and the server's hints, with the reason beside it; irreversible tools ask somebody first. A hint of
    a server can make a guess stricter, never looser: `readOnlyHint` is not believed against a verb that changes
    something. What people must decide is marked `# decide:`. Nothing is taken from the network but a server that
    is named here; asking one needs `pip install 'govern[mcp]'`.

    From logs, the tools are those that the agent called: the input of each is inferred from the arguments seen,
    closed, without any value of them, and says how often it was called and in which runs.

    \b
    Example:
      govern init --from-logs logs/ --agent helpdesk -o charter.yaml
      govern init --from-tools tools.json --agent helpdesk --owner head-of-support -o charter.yaml
      govern init --from-mcp 'npx -y @modelcontextprotocol/server-filesystem /data' --server files
      govern init --from-tools openapi.json --library billing -o library/billing.yaml

    \b
    Exit codes:
      0  everything that the list says is in the draft
      2  the command line is wrong, or the file exists already
      3  a tool, an input schema, a file or a row was left out and the rest is drafted; or there was nothing to draft
      4  the server or the package `mcp` is missing, the server did not answer, or the file cannot be written
    """
    from govern.draft.sheet import Head, draft
    from govern.report import init_text
    from govern.report.console import working

    _options(from_tools, from_mcp, url, from_logs, log_format)
    head = Head(agent, owner, server, library)
    _names(head.agent, head.owner, head.server, head.library)
    _free(output, force)
    others: tuple[tuple[str, int], ...] = ()
    if from_logs is not None:
        if server is not None or library is not None:
            raise UsageError("logs name the tools as they are called", hint="leave out --server and --library")
        with working("reading the logs"):
            seen = _seen(from_logs, agent, log_format)
        head = Head(seen.agent, owner)
        made, others = draft(seen.listing, head), seen.others
    else:
        with working("reading the tools"):
            made = draft(_listing(from_tools, from_mcp, url, tools_format, timeout), head)
    if output == "-":
        typer.echo(made.text, nl=False)
    else:
        _write(output, made.text, force)
    typer.echo(init_text.text(made, output, others), err=True)
    if not made.whole:
        raise typer.Exit(Exit.NOT_JUDGED)


def _seen(logs: list[str], agent: str | None, log_format: str | None) -> Seen:
    from functools import partial

    from govern.ingest import Summary
    from govern.replay.groups import Policies, Replayed
    from govern.replay.run import run
    from govern.replay.shadow import report
    from govern.suggest.first import tools
    from govern.suggest.twice import as_given, readable_twice

    with readable_twice(logs) as paths:

        def judged(policies: Policies) -> tuple[Replayed, Summary]:
            done = run(paths, policies, format=log_format, agent=agent)
            return done.replayed, as_given(done.summary, logs, paths)

        return tools(logs, agent, judged, partial(report, values=True))


def _options(
    from_tools: list[str] | None,
    from_mcp: str | None,
    url: str | None,
    from_logs: list[str] | None,
    log_format: str | None,
) -> None:
    ways = {"--from-tools": from_tools, "--from-mcp": from_mcp, "--url": url, "--from-logs": from_logs}
    given = [name for name, value in ways.items() if value is not None]
    if len(given) != 1:
        what = " and ".join(given) if given else "no tools to draft from"
        raise UsageError(what, hint=f"give one of {', '.join(ways)}")
    if log_format is not None and from_logs is None:
        raise UsageError("--log-format goes with --from-logs", hint="the format of a list of tools is --tools-format")


def _names(agent: str | None, owner: str | None, server: str | None, library: str | None) -> None:
    from govern.charter.kinds import AGENT, AGENT_WORDS, NAME, NAME_WORDS

    for option, value, pattern, words in (
        ("--agent", agent, AGENT, AGENT_WORDS),
        ("--owner", owner, NAME, NAME_WORDS),
        ("--server", server, AGENT, AGENT_WORDS),
        ("--library", library, NAME, NAME_WORDS),
    ):
        if value is not None and not pattern.fullmatch(value):
            raise UsageError(f"`{value}` is no name for {option}", hint=words)
    if library is not None and (agent is not None or owner is not None):
        raise UsageError("a library has no agent and no owner", hint="leave out --agent and --owner")


def _listing(
    from_tools: list[str] | None, from_mcp: str | None, url: str | None, form: ToolsFormat | None, timeout: float
) -> Listing:
    from govern.draft import files, formats, running

    if from_mcp is not None:
        return running.ask_command(from_mcp, timeout)
    if url is not None:
        return running.ask_url(url, timeout)
    return files.read(from_tools or [], formats.ToolsFormat(form.value) if form else None)


def _free(output: str, force: bool) -> None:
    from pathlib import Path

    if output != "-" and not force and Path(output).exists():
        raise UsageError(f"`{output}` exists", hint="give the draft another name, or --force")


def _write(output: str, text: str, force: bool) -> None:
    import os
    from pathlib import Path

    beside = Path(output).with_name(f".{Path(output).name}.{os.getpid()}")
    try:
        beside.write_bytes(text.encode())
        if force:
            beside.replace(output)  # whole or not at all
        else:
            os.link(beside, output)  # fails where something came to be there meanwhile
    except FileExistsError:
        raise UsageError(f"`{output}` exists", hint="give the draft another name, or --force") from None
    except OSError as error:
        raise EnvironmentFailed(f"cannot be written: {(error.strerror or str(error)).lower()}", where=output) from None
    finally:
        beside.unlink(missing_ok=True)
