"""`govern lock`: pins what a charter is composed with, and how its tools are described."""

from __future__ import annotations

from typing import Annotated

import typer

from govern.errors import EnvironmentFailed, EvidenceError, Exit


def lock(
    charters: Annotated[
        list[str], typer.Argument(metavar="CHARTER…", help="Charter files; each is pinned in its own folder's lock.")
    ],
    from_tools: Annotated[
        list[str] | None,
        typer.Option(
            "--from-tools",
            metavar="FILE",
            help="What servers say of their tools (`tools/list` and its kin); repeatable.",
        ),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit with 1 if something differs from the lock.")
    ] = False,
) -> None:
    """Pin a charter's bases and libraries, and the descriptions of its tools, by digest.

    They stand in govern.lock beside the charter. From then on a charter whose base or library changed does not
    load until somebody has looked and locked it again. A tool is pinned where --from-tools says how its server
    describes it; the pins of the others are kept.

    \b
    Example:
      govern lock charters/taubench/retail.yaml --check
      govern lock charters/desk.yaml --from-tools tools.json

    \b
    Exit codes:
      0  locked; with --check, nothing differs
      1  with --check: something differs
      2  the command line is wrong
      3  a charter, a list of tools or the lock cannot be read; nothing is written
      4  the lock cannot be written
    """
    import os
    from pathlib import Path

    from govern.charter.files import beside
    from govern.charter.load import charter_or_raise, load_bytes
    from govern.charter.lock import NAME, changes, pins_beside, pins_of, text
    from govern.charter.model import Pins
    from govern.charter.source import read
    from govern.draft.definitions import definitions
    from govern.draft.files import read as read_tools
    from govern.findings import Finding
    from govern.report.console import safe

    told = definitions(read_tools(from_tools)) if from_tools else {}
    locks: dict[Path, dict[str, Pins]] = {}
    differs = False
    for path in charters:
        data = read(path)
        if isinstance(data, Finding):
            raise EvidenceError(data.message, where=path)
        charter = charter_or_raise(load_bytes(data, path, beside(path)), path)  # as it is now, whatever is pinned
        place = Path(path).parent / NAME
        pins = locks.setdefault(place, dict(pins_beside(path)))
        name = Path(path).name
        after = pins_of(charter, told, pins.get(name))
        found = changes(pins.get(name), after)
        differs = differs or bool(found)
        for line in found or [f"{len(after.parts)} files and {len(after.tools)} tools, as locked"]:
            typer.echo(f"{safe(path)}: {safe(line)}")
        pins[name] = after
    if check:
        raise typer.Exit(Exit.FOUND if differs else Exit.OK)
    for place, pins in locks.items():
        try:
            draft = place.with_name(f".{place.name}.{os.getpid()}")
            draft.write_text(text(pins), "utf-8")
            draft.replace(place)  # whole or not at all
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise EnvironmentFailed(f"cannot be written: {reason}", where=str(place)) from None
        typer.echo(f"{safe(str(place))} written")
