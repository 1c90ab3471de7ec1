"""Exports of a policy to other tools. A backend is a module with `name` and `export`, and a page beside it."""

from __future__ import annotations

from importlib import import_module
from importlib.resources import files
from typing import Final, cast

from govern.compile.backends.contract import Backend, Export, Gap

BACKENDS: Final = {
    "cedar": "govern.compile.backends.cedar",
    "claude-code": "govern.compile.backends.claude_code",
    "rego": "govern.compile.backends.rego",
}
"""The module of each backend by its name; loaded when it is asked for."""


def backend(name: str) -> Backend:
    """The backend of a name of BACKENDS.

    Raises:
        KeyError: no such backend.
    """
    return cast("Backend", import_module(BACKENDS[name]))


def page(name: str) -> str:
    """What a backend makes, how it is run and what it cannot express, as Markdown.

    Raises:
        KeyError: no such backend.
    """
    module = BACKENDS[name].rpartition(".")[2]
    return (files(__package__) / f"{module}.md").read_text(encoding="utf-8")


__all__ = ["BACKENDS", "Backend", "Export", "Gap", "backend", "page"]
