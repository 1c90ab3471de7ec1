"""The files of a published suite, out of the archive that the corpus has of it. Leaves out what they mean."""

from __future__ import annotations

import io
import os
import tarfile
from functools import cache
from pathlib import Path

import pytest
import zstandard

ROOT = Path(__file__).resolve().parents[3]
CORPUS = Path(os.environ.get("GOVERN_CORPUS") or ROOT.parent / "shared" / "corpus")

needs_corpus = [
    pytest.mark.corpus,
    pytest.mark.skipif(not (CORPUS / "suites").is_dir(), reason=f"no corpus at {CORPUS} (set GOVERN_CORPUS)"),
]


@cache
def members(name: str) -> dict[str, bytes]:
    """The files of a suite, by path in its archive.

    Args:
        name: the archive's name in `suites/` of the corpus.
    """
    with (CORPUS / "suites" / name).open("rb") as packed:
        raw = zstandard.ZstdDecompressor().stream_reader(packed).read()
    with tarfile.open(fileobj=io.BytesIO(raw)) as archive:
        return {
            member.name: file.read()
            for member in archive.getmembers()
            if (file := archive.extractfile(member)) is not None
        }
