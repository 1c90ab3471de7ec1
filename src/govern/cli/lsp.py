"""`govern lsp`: the language server, for editors."""

from __future__ import annotations

from typing import Annotated

import typer

from govern.errors import EnvironmentFailed


def lsp(
    stdio: Annotated[
        bool, typer.Option("--stdio", help="Taken and of no effect: some editors add it, and it is always so.")
    ] = False,
) -> None:
    """Serve an editor over standard input and output, as a language server (LSP 3.17).

    An editor starts it and talks to it. While somebody writes, it shows what `govern lint` would say of the text,
    saved or not; completes keys, names and arguments, explains what stands under the pointer, goes to where a name
    is defined, outlines, mends and formats. It reads files beside the open ones and writes none. Needs the extra
    `lsp`. How to set up an editor stands in README.md of the package's folder `editor`.

    \b
    Example:
      pip install 'govern[lsp]'
      govern lsp

    \b
    Exit codes:
      0  the editor ended it
      2  the command line is wrong
      4  the extra `lsp` is not installed
    """
    try:
        from govern.editor.server import serve
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("pygls", "lsprotocol", "cattrs", "attrs", "attr"):
            raise
        message = f"the language server needs `{error.name}`, which is not installed"
        raise EnvironmentFailed(message, hint="pip install 'govern[lsp]'") from None
    serve()
