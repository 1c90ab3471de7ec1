"""`govern hook`: answers an agent's host before a tool runs."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

if TYPE_CHECKING:
    from govern.compile.backends.claude_code_hook import Answer

hook = typer.Typer(
    name="hook",
    help="Answer an agent's host before a tool runs.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
BLOCK = 2  # of Claude Code: the only exit code that stops a call
_LIMIT_S = 30  # until the hook gives up and blocks the call


@hook.callback()
def _hook() -> None:
    pass


@hook.command("claude-code", no_args_is_help=True)
def claude_code(
    policy: Annotated[
        str, typer.Option("--policy", "--charter", metavar="FILE", help="A bundle or a charter.", show_default=False)
    ],
    digest: Annotated[
        str | None,
        typer.Option("--digest", metavar="SHA256", help="Of the policy that may decide; with any other all is denied."),
    ] = None,
    zone: Annotated[
        str | None, typer.Option("--zone", metavar="NAME", help="The time zone of `hour(at)`, as Europe/Berlin.")
    ] = None,
    ask_person: Annotated[
        bool,
        typer.Option(
            "--ask-person",
            help="Ask the person at the terminal where every gate is `confirm: session.person`, in the permission "
            "mode `default`. The prompt has no deadline.",
        ),
    ] = False,
) -> None:
    """Decide one call of Claude Code: its `PreToolUse` event on standard input, the decision on standard output.

    The bundle's engine decides. The arguments and the time are known, facts and history are not, so what asks for
    them is unknown and asks for its gate, or denies. What needs an approval is denied: nobody at the terminal can
    give one, but with --ask-person the person served. Whatever goes wrong (no bundle, an expired one, input that
    is no JSON or has two readings, more than 16 MiB, no answer within 30 s) blocks the call.

    `govern compile CHARTER --target claude-code -o FOLDER` writes the settings that call it.

    \b
    Example:
      echo '{"hook_event_name": "PreToolUse", "tool_name": "Read", "tool_input": {"file_path": "/srv/x"}}' \\
        | govern hook claude-code --policy policy.bundle

    \b
    Exit codes:
      0  standard output has the decision
      2  the call is blocked; standard error says why
    """
    # Claude Code lets a call run where a hook fails with any other code: nothing may leave here but these two.
    try:
        with _limit():
            answer = _answer(policy, digest, zone, ask_person)
        sys.stdout.write(answer.text + "\n")
        sys.stdout.flush()
    except BaseException as error:
        _say(error)
        try:
            sys.stdout.flush()
        except BaseException:
            os._exit(BLOCK)  # who reads standard output is gone, and would have the last word on the exit code
        raise typer.Exit(BLOCK) from None


def _answer(policy: str, digest: str | None, zone: str | None, ask_person: bool) -> Answer:
    import time
    from pathlib import Path

    from govern.compile.backends.claude_code_hook import MOST_BYTES, answer
    from govern.compile.sources import one_policy
    from govern.errors import AuthorError
    from govern.policy.engine import Engine

    raw = sys.stdin.buffer.read(MOST_BYTES + 1)
    now = time.time_ns()
    found = one_policy(Path(policy), now=now)
    if digest is not None and found.digest != digest:
        message = f"the policy is {found.digest}, not the one that the settings name"
        raise AuthorError(
            message, where=policy, hint="export the settings again: `govern compile --target claude-code`"
        )
    return answer(Engine(found, zone), raw, now_ns=now, ask_person=ask_person)


@contextmanager
def _limit() -> Iterator[None]:
    """Blocks the call where there is no answer in time; Claude Code would let it run."""
    import signal

    def late(signum: int, frame: Any) -> NoReturn:
        _say(TimeoutError(f"no answer within {_LIMIT_S} s"))
        os._exit(BLOCK)  # whatever was being done cannot be waited for

    if not hasattr(signal, "setitimer"):
        yield
        return
    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, _LIMIT_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _say(error: BaseException) -> None:
    """Why, to standard error, if it still takes anything."""
    with suppress(BaseException):
        from govern.report.console import safe

        message = str(error) or type(error).__name__
        sys.stderr.write(f"govern: the call is blocked: {safe(message[:2000], lines=True)}\n")
        sys.stderr.flush()
