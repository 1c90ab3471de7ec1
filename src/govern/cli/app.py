"""The `govern` command: registers one file a command and turns errors into exit codes.

Command modules import typer only; what they run they import when they run, so that `--help` stays quick.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys

import typer
from typer.exceptions import TyperException

from govern import __version__
from govern.cli.compile_ import compile_
from govern.cli.decide import decide
from govern.cli.demo import demo
from govern.cli.explain import explain
from govern.cli.fmt import fmt
from govern.cli.gaps import gaps
from govern.cli.import_ import import_
from govern.cli.init import init
from govern.cli.lint import lint
from govern.cli.lock import lock
from govern.cli.reconstruct import reconstruct
from govern.cli.shadow_report import shadow_report
from govern.cli.traces import traces
from govern.errors import Exit, GovernError

app = typer.Typer(
    name="govern",
    help="One charter for an AI agent: lint it, compile it, decide with it, replay logs against it, "
    "rebuild what happened.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"govern {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: bool = typer.Option(False, "--version", callback=_show_version, is_eager=True, help="Print the version."),
) -> None:
    pass


# In the order in which a team meets them.
for _name, _command in (
    ("init", init),
    ("lint", lint),
    ("fmt", fmt),
    ("explain", explain),
    ("lock", lock),
    ("compile", compile_),
    ("decide", decide),
    ("import", import_),
    ("shadow-report", shadow_report),
    ("traces", traces),
    ("gaps", gaps),
    ("reconstruct", reconstruct),
    ("demo", demo),
):
    app.command(_name, no_args_is_help=_name not in ("demo", "traces", "gaps", "explain"))(_command)


def main() -> None:
    """Runs the command line; the exit code says what happened (see `govern.errors.Exit`)."""
    try:
        code = app(standalone_mode=False) or Exit.OK
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
        sys.exit(130)
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
    main()
