"""`govern explain`: what a finding, a key, a reason or any other word means; or a whole charter as sentences."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

# Folders of pages that lint does not know; read as data, since importing them would load a database or a solver.
_PAGE_FOLDERS = (("reconstruct", "gaps"), ("proof",), ("compile", "backends"))
_FORMATS = ("ingest", "adapters")  # whose ids are written as `--log-format` takes them
_SUFFIXES = (".yaml", ".yml")
_WIDEST = 100


class StatementFormat(StrEnum):
    """How a charter in sentences is shown."""

    TEXT = "text"
    MD = "md"


def explain(
    what: Annotated[
        str | None,
        typer.Argument(
            metavar="WORD|CHARTER",
            help="An id that a finding shows in brackets, a gap, a reason of a verdict, a key of the language by name "
            "or path, a tier, a function, a log format; or a charter file, `-` for standard input. Without it: all "
            "that is known.",
            show_default=False,
        ),
    ] = None,
    format: Annotated[
        StatementFormat, typer.Option("--format", help="How a charter is shown; of no other use.")
    ] = StatementFormat.TEXT,
) -> None:
    """Explain a word that govern prints or reads, or a whole charter as sentences that a reviewer can sign.

    Of a key it says what it means, how it is written, what enforces it, and gives an example. A word with several
    meanings gets them all.

    A charter is shown with everything that it extends and uses, by what it does: what the agent may do alone,
    what needs whose approval, what it must never do. At the end stand the digests and a place to sign.

    \b
    Example:
      govern explain guard-loosens
      govern explain if_no_answer
      govern explain 'tools.*.approval.unless'
      govern explain unmapped
      govern explain charters/code-review.yaml

    \b
    Exit codes:
      0  it was explained
      2  nothing is called so
      3  the charter does not load; `govern lint` shows why
    """
    from govern.errors import UsageError
    from govern.findings import did_you_mean
    from govern.report import explain_text

    if what is None:
        typer.echo(explain_text.list_text(_groups(), _width()))
        return
    told = _told(what)
    if not told and _is_file(what):
        typer.echo(_charter(what, format))
        return
    if not told:
        known = {name for names in _groups().values() for name in names}
        hint = did_you_mean(what, known) if len(what) < 200 else ""
        if hint.startswith("one of"):
            hint = "`govern explain` alone lists what there is"
        raise UsageError(f"`{what[:80]}` is no word that govern prints or reads, and no charter", hint=hint)
    typer.echo("\n\n".join(text.rstrip() for text in told))


def _told(what: str) -> list[str]:
    """Everything that a word means: pages of findings and gaps, reasons and other words, keys, levels."""
    from govern.charter.places import entries
    from govern.charter.words import words
    from govern.report import explain_text

    width = _width()
    pages, formats = _pages(), _pages_of(_FORMATS)
    found = [page for known in (pages, formats) if (page := known.get(what)) is not None]
    found += [explain_text.word_text(word, width) for word in words(what)]
    keys = entries(what)
    found += [explain_text.key_text(entry, explain_text.related(entry.key.name, pages), width) for entry in keys]
    level = explain_text.level_named(what)
    if level is not None and not keys:
        found.append(explain_text.level_text(level, width))
    return found


def _pages() -> dict[str, str]:
    """Every page by id: lint rules, loading errors, gaps, the language of statements, export targets."""
    from govern.lint.engine import page, page_ids

    others = {id.replace("_", "-"): text for folder in _PAGE_FOLDERS for id, text in _pages_of(folder).items()}
    return {**{id: page(id) or "" for id in page_ids()}, **others}


def _pages_of(folder: tuple[str, ...]) -> dict[str, str]:
    from importlib.resources import files

    return {
        entry.name.removesuffix(".md"): entry.read_text("utf-8")
        for entry in files("govern").joinpath(*folder).iterdir()
        if entry.name.endswith(".md")
    }


def _groups() -> dict[str, list[str]]:
    from govern.charter.places import places
    from govern.charter.words import groups

    made = {
        "keys": list(dict.fromkeys(place.key.name for place in places())),
        **{group: [word.name for word in several] for group, several in groups().items()},
    }
    made["log formats"] = sorted(_pages_of(_FORMATS))
    made["findings and gaps"] = sorted(_pages())
    return made


def _is_file(what: str) -> bool:
    """Whether a word can only mean a file: it is there, or is called like a charter."""
    import os

    return what == "-" or what.endswith(_SUFFIXES) or ("\0" not in what and os.path.isfile(what))


def _charter(path: str, format: StatementFormat) -> str:
    from hashlib import sha256

    from govern.charter.files import beside
    from govern.charter.load import Loaded, charter_or_raise, load_bytes
    from govern.charter.model import Kind
    from govern.charter.sentences import statement
    from govern.charter.source import read
    from govern.compile.lower import lower
    from govern.findings import Finding
    from govern.report import explain_text

    name = "standard input" if path == "-" else path
    data = read(path)
    loaded = Loaded(None, (data,), None) if isinstance(data, Finding) else load_bytes(data, name, beside(path))
    charter = loaded.charter or charter_or_raise(loaded, name)
    own = "" if isinstance(data, Finding) else f"sha256:{sha256(data).hexdigest()}"
    digests = [(name, own), *((part.path, part.digest) for part in charter.parts)]
    policy = lower(charter).digest if charter.kind is Kind.CHARTER else None
    end = explain_text.signature(policy, digests)
    told = statement(charter)
    if format is StatementFormat.MD:
        return explain_text.statement_markdown(told, end)
    return explain_text.statement_text(told, end, _width())


def _width() -> int:
    """Of the terminal, but never so wide that lines are hard to read; 80 where there is none."""
    import shutil

    return min(shutil.get_terminal_size((80, 24)).columns, _WIDEST)
