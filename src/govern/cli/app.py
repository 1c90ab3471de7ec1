"""The `govern` command: registers one file a command and turns errors into exit codes.

Command modules import typer only; what they run they import when they run, so that `--help` stays quick.
"""

from __future__ import annotations

import contextlib
import errno
import gc
import os
import sys
from collections.abc import Iterable
from importlib import import_module

import typer
from typer.exceptions import TyperException

from govern import __version__
from govern.errors import Exit, GovernError

# In the order in which a team meets them: module and function of each, imported when it is called.
COMMANDS = {
    "init": ("init", "init"),
    "lint": ("lint", "lint"),
    "fmt": ("fmt", "fmt"),
    "explain": ("explain", "explain"),
    "lsp": ("lsp", "lsp"),
    "lock": ("lock", "lock"),
    "compile": ("compile_", "compile_"),
    "bundle": ("bundle", "bundle"),
    "key": ("key", "key"),
    "decide": ("decide", "decide"),
    "test": ("test_", "charter_tests"),
    "prove": ("prove", "prove"),
    "diff": ("diff", "diff"),
    "hook": ("hook", "hook"),
    "import": ("import_", "import_"),
    "shadow-report": ("shadow_report", "shadow_report"),
    "suggest": ("suggest", "suggest"),
    "sign-off": ("sign_off", "sign_off"),
    "traces": ("traces", "traces"),
    "gaps": ("gaps", "gaps"),
    "reconstruct": ("reconstruct", "reconstruct"),
    "audit": ("audit", "audit"),
    "demo": ("demo", "demo"),
}
_INTERRUPTED = 130  # as shells say it of a program that SIGINT ended
# These do something useful when called alone; the others show their help.
_ALONE = ("demo", "traces", "gaps", "explain", "lsp", "test")


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"govern {__version__}")
        raise typer.Exit


def _root(
    version: bool = typer.Option(False, "--version", callback=_show_version, is_eager=True, help="Print the version."),
) -> None:
    pass


def application(names: Iterable[str] = COMMANDS) -> typer.Typer:
    """The command line with these commands; one that is not asked for need not be imported."""
    app = typer.Typer(
        name="govern",
        help="One charter for an AI agent: draft it, lint it, explain it, compile it, decide with it, replay logs "
        "against it, rebuild what happened, prove it.",
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_root)
    for name in names:
        module, function = COMMANDS[name]
        command = getattr(import_module(f"govern.cli.{module}"), function)
        if isinstance(command, typer.Typer):
            app.add_typer(command, name=name)
        else:
            app.command(name, no_args_is_help=name not in _ALONE)(command)
    return app


def program() -> None:
    """`main` in a process of its own. What a short command allocates stays until it ends: looking through it for
    garbage, now and at the end, would take a quarter of its time."""
    gc.set_threshold(100_000, 50, 50)
    try:
        main()
    finally:
        if "duckdb" not in sys.modules:  # which counts what is left at the end, and says so
            gc.freeze()


def main() -> None:
    """Runs the command line; the exit code says what happened (see `govern.errors.Exit`)."""
    try:
        asked = next((word for word in sys.argv[1:] if not word.startswith("-")), "")
        code = application([asked] if asked in COMMANDS else COMMANDS)(standalone_mode=False) or Exit.OK
        if code == _INTERRUPTED:  # what Typer makes of Ctrl-C
            _say("interrupted")
        sys.stdout.flush()  # here, where a closed pipe can still be told
        sys.exit(code)
    except SystemExit as stop:
        # Typer turns a closed pipe into exit code 1, which means something else here.
        cause = stop.__context__
        if isinstance(cause, OSError) and cause.errno == errno.EPIPE:
            _silence()
            sys.exit(Exit.ENVIRONMENT)
        raise
    except (typer.Abort, KeyboardInterrupt):
        _say("interrupted")
        sys.exit(_INTERRUPTED)
    except TyperException as error:
        # A usage error knows how to show the command's usage line before its message.
        show = getattr(error, "show", None)
        show() if show else _say(f"error: {error}")
        sys.exit(Exit.USAGE)
    except GovernError as error:
        _say(f"error: {error}")
        sys.exit(error.exit_code)
    except BrokenPipeError:
        _silence()
        sys.exit(Exit.ENVIRONMENT)
    except PermissionError as error:
        _say(f"error: no permission for `{error.filename}`")
        sys.exit(Exit.ENVIRONMENT)
    except Exception:
        import traceback  # 8 ms that no other command should wait for

        _say(traceback.format_exc())
        _say("error: this is a bug of govern; please report it with the text above and the command line")
        sys.exit(Exit.BUG)


def _silence() -> None:
    """The reader went away: standard output goes nowhere, so that the interpreter's last flush is quiet."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _say(text: str) -> None:
    from govern.report.console import safe

    typer.echo(safe(text, lines=True), err=True)


if __name__ == "__main__":
    program()
