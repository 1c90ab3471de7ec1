"""`govern explain`: the page of a lint rule, of a loading error, or of a gap in a record."""

from __future__ import annotations

from typing import Annotated

import typer

# Packages whose pages lint does not know; read as data, since importing them would load a database.
_GAP_PAGES = ("reconstruct", "gaps")


def explain(
    id: Annotated[
        str,
        typer.Argument(
            metavar="ID", help="As a finding shows it in brackets, such as unknown-key, or as a gap's name."
        ),
    ],
) -> None:
    """Show what a finding or a gap means, where it comes from and what to do about it.

    \b
    Example:
      govern explain guard-loosens
      govern explain gate-did-not-hold

    \b
    Exit codes:
      0  the page was shown
      2  there is no such id
    """
    from importlib.resources import files

    from govern.errors import UsageError
    from govern.findings import did_you_mean
    from govern.lint.engine import page, page_ids

    gaps = {
        entry.name.removesuffix(".md"): entry
        for entry in files("govern").joinpath(*_GAP_PAGES).iterdir()
        if entry.name.endswith(".md")
    }
    text = gaps[id].read_text("utf-8") if id in gaps else page(id)
    if text is None:
        raise UsageError(f"`{id[:80]}` is no id that govern prints", hint=did_you_mean(id, {*page_ids(), *gaps}))
    typer.echo(text.rstrip())
