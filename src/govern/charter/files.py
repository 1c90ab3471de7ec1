"""Where the files come from that a charter names: beside it on disk, or out of a bundle.

A path is relative to the folder of the file that names it, with forward slashes, and ends in `.yaml`. It may leave
the charter's folder (`../org/base.yaml` is what an organisation shares), links are followed; an absolute path or an
address is refused. Nothing of a file that is not of the language is used or kept: of what cannot be read as one,
findings show the error alone.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Callable, Mapping
from pathlib import Path

from govern.charter.source import read
from govern.findings import Finding, Location, Severity

# How a test suite is called: it stands among charters, and is none.
SUITE_ENDINGS = (".test.yaml", ".test.yml")
# The bytes of a file and the name that findings show, or why not.
Files = Callable[[str], "tuple[bytes, str] | Finding"]


def is_suite(path: str | Path) -> bool:
    """Whether a file is a test suite, by its name; whether it is a good one, `suite.load_suite` says."""
    return os.path.basename(str(path)).endswith(SUITE_ENDINGS)


def beside(path: str | Path) -> Files:
    """Files beside a charter; of standard input, in the current folder."""
    folder = "" if str(path) == "-" else os.path.dirname(str(path))

    def give(name: str) -> tuple[bytes, str] | Finding:
        place = os.path.normpath(os.path.join(folder, *name.split("/")))
        if os.path.exists(place) and not os.path.isfile(place):  # a pipe would wait for ever
            what = "a folder" if os.path.isdir(place) else "a device or a pipe"
            return Finding("file-unreadable", Severity.ERROR, f"`{name}` is {what}, not a file", Location(place))
        data = read(place)
        return data if isinstance(data, Finding) else (data, place)

    return give


def within(texts: Mapping[str, str]) -> Files:
    """Files whose texts are known, by path."""

    def give(name: str) -> tuple[bytes, str] | Finding:
        if name not in texts:
            return Finding("file-unreadable", Severity.ERROR, f"there is no file `{name}`", Location(name))
        return texts[name].encode("utf-8", "surrogatepass"), name

    return give


def nowhere(name: str) -> tuple[bytes, str] | Finding:
    """No files: a text that stands alone."""
    return Finding(
        "file-unreadable", Severity.ERROR, f"there is no file `{name}`: this is a text alone", Location(name)
    )


def joined(path: str, name: str) -> str:
    """The path of a file that another one names.

    Args:
        path: of the file that names it, from the charter's folder; empty for the charter itself.
        name: as written there.
    """
    return posixpath.normpath(posixpath.join(posixpath.dirname(path), name))
