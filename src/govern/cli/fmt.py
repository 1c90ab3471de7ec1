"""`govern fmt`: charters in their canonical order and layout."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from govern.errors import Exit, UsageError

if TYPE_CHECKING:
    from govern.charter.fmt.files import File


def fmt(
    files: Annotated[
        list[str],
        typer.Argument(metavar="FILE…", help="Charters, folders of them (*.yaml, *.yml), or - for standard input."),
    ],
    check: Annotated[bool, typer.Option("--check", help="Write nothing; name the files that would change.")] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Write nothing; show what would change.")] = False,
) -> None:
    """Put charters into their canonical order and layout; every comment stays with what it explains.

    Keys come in the order of the language; tools, gates, lists and schemas keep yours. Conditions are put in
    quotes. What you wrote on one line stays on one line if it fits. Nothing that a charter means changes, and
    formatting twice changes nothing more.

    Files are written in place, and only if something changes; standard input goes to standard output. A file
    that is no YAML, or has something that charters do not allow in it, is left as it is: see `govern lint`.

    \b
    Example:
      govern fmt charters/
      govern fmt --check --diff charters/code-review.yaml
      govern fmt - < draft.yaml

    \b
    Exit codes:
      0  every file is in canonical form, or is now
      1  with --check, a file would change
      2  the command line is wrong
      3  a file could not be read, or is no YAML charter: it is left as it is
      4  a file could not be written
    """
    from govern.charter.fmt.files import format_file, write_file
    from govern.report.console import safe

    if "-" in files and len(files) > 1:
        raise UsageError("`-` stands alone", hint="format files and standard input apart")
    done: list[File] = []
    for path in _paths(files):
        file = format_file(path)
        done.append(file)
        if diff:
            typer.echo(safe(file.diff(), lines=True), nl=False)
        if check or diff:
            if file.changes and not diff:
                typer.echo("standard input" if path == "-" else safe(path))
        elif path == "-":
            typer.echo(file.canonical or b"", nl=False)
        elif file.changes:
            write_file(file)
            typer.echo(f"formatted {safe(path)}")
        for finding in file.findings:
            hint = f"; {finding.hint}" if finding.hint else ""
            typer.echo(safe(f"{finding.location}: {finding.message} [{finding.rule}]{hint}"), err=True)
    _summary(done, written=not (check or diff))
    if any(file.findings for file in done):
        raise typer.Exit(Exit.NOT_JUDGED)
    if check and any(file.changes for file in done):
        raise typer.Exit(Exit.FOUND)


def _paths(files: list[str]) -> list[str]:
    """Every file once, folders by name; a folder without a charter stays, and is told as unreadable."""
    from pathlib import Path

    from govern.lint.run import charters_below

    found: dict[str, None] = {}
    for path in files:
        below = charters_below(path, suites=True) if path != "-" and Path(path).is_dir() else []
        found |= dict.fromkeys(below or [path])
    return list(found)


def _summary(done: list[File], *, written: bool) -> None:
    """One line on standard error, where it is in nobody's way."""
    changed = sum(file.changes for file in done)
    left = sum(bool(file.findings) for file in done)
    same = len(done) - changed - left
    parts = [
        f"{changed} {'formatted' if written else 'would change'}" if changed else "",
        f"{same} in canonical form" if same else "",
        f"{left} left as {'it is' if left == 1 else 'they are'}" if left else "",
    ]
    typer.echo(", ".join(part for part in parts if part) + ".", err=True)
