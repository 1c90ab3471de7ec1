"""`govern explain`: the page of a lint rule or of a loading error."""

from __future__ import annotations

from typing import Annotated

import typer


def explain(
    id: Annotated[str, typer.Argument(metavar="ID", help="As a finding shows it in brackets, such as unknown-key.")],
) -> None:
    """Show what a finding means, what to avoid and what to write instead.

    \b
    Example:
      govern explain guard-loosens

    \b
    Exit codes:
      0  the page was shown
      2  there is no such id
    """
    from govern.errors import UsageError
    from govern.findings import did_you_mean
    from govern.lint.engine import page, page_ids

    text = page(id)
    if text is None:
        raise UsageError(f"`{id[:80]}` is no id that govern prints", hint=did_you_mean(id, page_ids()))
    typer.echo(text.rstrip())
