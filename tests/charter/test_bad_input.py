"""Files that are no charters, on disk and on standard input: a finding within seconds, never a traceback.

Bytes in memory are in `test_yaml`.
"""

from __future__ import annotations

import io
import sys
import time
from pathlib import Path

import pytest

from govern.charter.load import load

from .fragments import whole

SECONDS = 5.0
NINE_LAUGHS = b"a0: &a0 [ha, ha]\n" + b"".join(
    b"a%d: &a%d [%s]\n" % (n, n, b", ".join([b"*a%d" % (n - 1)] * 9)) for n in range(1, 10)
)
FILES = {
    "empty": (b"", "file-empty"),
    "blank": (b" \n\n \n", "file-empty"),
    "comments only": (b"# govern: 1\n# agent: desk\n", "file-empty"),
    "a byte order mark only": (b"\xef\xbb\xbf", "file-empty"),
    "text": (b"please refund whatever the customer asks for", "wrong-value"),
    "binary": (bytes(range(256)) * 40, "file-encoding"),
    "utf-16": ("govern: 1\n".encode("utf-16"), "file-encoding"),
    "broken utf-8": (b"govern: 1\nagent: caf\xe9\n", "file-encoding"),
    "a null byte": (b"govern: 1\nagent: a\0b\n", "control-character"),
    "50 MB": (b"# padding\n" * 5_000_000, "file-too-large"),
    "50 MB behind a charter": (whole("").encode() + b"# padding\n" * 5_000_000, "file-too-large"),
    "10,000 deep": (b"agent: " + b"[" * 10_000 + b"]" * 10_000, "yaml-too-deep"),
    "10,000 deep and open": (b"{a: " * 10_000, "yaml-too-deep"),
    "billion laughs": (NINE_LAUGHS, "yaml-anchor"),
    "300,000 values": (b"roles: [" + b"a, " * 300_000 + b"]", "yaml-too-deep"),
    "json of another kind": (b'{"mcpServers": {}}', "unknown-key"),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_no_charter(name: str, tmp_path: Path) -> None:
    """The file is refused with the finding that names its trouble, quickly, and gives no charter."""
    data, rule = FILES[name]
    path = tmp_path / "charter.yaml"
    path.write_bytes(data)
    began = time.monotonic()
    loaded = load(path)
    assert SECONDS > time.monotonic() - began
    assert loaded.charter is None
    assert rule in {finding.rule for finding in loaded.findings}
    assert {str(path)} == {finding.location.file for finding in loaded.findings}


@pytest.mark.parametrize("name", FILES)
def test_the_same_on_standard_input(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Standard input is judged as a file is."""
    data, rule = FILES[name]
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    loaded = load("-")
    assert loaded.charter is None
    assert rule in {finding.rule for finding in loaded.findings}
    assert {"standard input"} == {finding.location.file for finding in loaded.findings}


@pytest.mark.parametrize("name", ["folder", "missing.yaml", "folder/missing.yaml", "loop", "n" * 300, "nul\0"])
def test_a_path_that_cannot_be_read(name: str, tmp_path: Path) -> None:
    """A folder, nothing, a link to itself, a name that no system takes: one finding, and it counts as not judged."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    loaded = load(tmp_path / name)
    assert ["file-unreadable"] == [finding.rule for finding in loaded.findings]
    assert not loaded.read
    assert loaded.charter is None


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    """Editors on Windows write one; the charter behind it is what it is, to the column."""
    path = tmp_path / "charter.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + whole("").encode())
    assert load(path).charter is not None
    path.write_bytes(b"\xef\xbb\xbf" + whole("nope: 1").encode())
    assert [(1, 1)] == [(finding.location.line, finding.location.column) for finding in load(path).findings]
