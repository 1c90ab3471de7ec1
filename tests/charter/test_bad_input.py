"""Files that are no charters, on disk, on standard input and under `extends`: a finding, never a traceback.

Bytes in memory are in `test_yaml`.
"""

from __future__ import annotations

import io
import os
import sys
import time
from pathlib import Path

import pytest

from govern.charter.load import load, load_text
from govern.charter.parts import DEEPEST, MOST_FILES

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


def extends(folder: Path, name: str) -> tuple[str, str]:
    """The rule and the message of the only finding of a charter that extends a file of its folder."""
    path = folder / "charter.yaml"
    path.write_text(whole(f"extends: [{name}]"), encoding="utf-8")
    loaded = load(path)
    assert loaded.charter is None
    (finding,) = loaded.findings
    assert (str(path), 1, 11) == (finding.location.file, finding.location.line, finding.location.column)
    return finding.rule, finding.message


def base(folder: Path, name: str, *bases: str) -> None:
    named = f"extends: [{', '.join(bases)}]" if bases else ""
    (folder / f"{name}.yaml").write_text(whole(f"base: {name}\n{named}"), encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("pipe.yaml", "a device or a pipe"),
        ("zero.yaml", "a device or a pipe"),
        ("folder.yaml", "is a folder"),
        ("loop.yaml", "cannot be read"),
        ("missing.yaml", "there is no file"),
        ("../missing.yaml", "there is no file"),
        ("../../../../../../../../etc/none.yaml", "there is no file"),
    ],
)
def test_a_part_that_cannot_be_read(name: str, what: str, tmp_path: Path) -> None:
    """A pipe that nobody writes to, a device without end, a folder, a link to itself, nothing: told at its name."""
    os.mkfifo(tmp_path / "pipe.yaml")
    (tmp_path / "zero.yaml").symlink_to("/dev/zero")
    (tmp_path / "folder.yaml").mkdir()
    (tmp_path / "loop.yaml").symlink_to(tmp_path / "loop.yaml")
    rule, message = extends(tmp_path, name)
    assert "file-unreadable" == rule
    assert what in message


@pytest.mark.parametrize(
    "name",
    ["/etc/passwd", "../../../../etc/passwd", "/dev/zero", "/dev/stdin", "~/org.yaml", "file:///etc/org.yaml",
     "C:/org.yaml", "https://example.com/org.yaml", "org.yaml?x", "org.json", "a\\b.yaml", "$HOME/org.yaml", "x/.yaml"],
)  # fmt: skip
def test_a_part_with_a_name_that_is_none(name: str) -> None:
    """What is no relative path to a `.yaml` file is refused by its name: nothing is opened."""
    opened: list[str] = []

    def files(path: str) -> tuple[bytes, str]:
        opened.append(path)
        return b"", path

    loaded = load_text(whole(f"extends: ['{name}']"), files=files)
    assert ["invalid-name"] == [finding.rule for finding in loaded.findings]
    assert [] == opened


def test_a_link_to_a_file_of_another_kind_shows_nothing_of_it(tmp_path: Path) -> None:
    """A `.yaml` link to a file that is none: an error at the link, in a line, with no more than its beginning."""
    (tmp_path / "secret").write_text("root:x:0:0 " + "very-secret " * 20, encoding="utf-8")
    (tmp_path / "link.yaml").symlink_to(tmp_path / "secret")
    rule, message = extends(tmp_path, "link.yaml")
    assert "broken-part" == rule
    assert 2 >= message.count("very-secret")


def test_files_that_extend_each_other(tmp_path: Path) -> None:
    """A hundred bases, each of which extends all others: one error, and the shortest way around is told."""
    names = [f"b{number}" for number in range(100)]
    for name in names:
        base(tmp_path, name, *(f"{other}.yaml" for other in names if other != name))
    rule, message = extends(tmp_path, "b0.yaml")
    assert "broken-part" == rule
    assert "b0.yaml → b1.yaml → b0.yaml" in message


def test_a_chain_of_bases_has_an_end(tmp_path: Path) -> None:
    """Three hundred bases one behind the other are refused before anything recurses that far."""
    for number in range(300):
        base(tmp_path, f"b{number}", f"b{number + 1}.yaml")
    rule, message = extends(tmp_path, "b0.yaml")
    assert "broken-part" == rule
    assert f"more than {DEEPEST} files" in message


def test_a_folder_that_links_to_itself(tmp_path: Path) -> None:
    """A base that extends itself over a link has another path each time: the chain ends all the same."""
    (tmp_path / "again").symlink_to(tmp_path)
    base(tmp_path, "loop", "again/loop.yaml")
    rule, message = extends(tmp_path, "loop.yaml")
    assert "broken-part" == rule
    assert f"more than {DEEPEST} files" in message


def test_more_files_than_a_charter_may_have() -> None:
    """The first file over the bound is told; the bound itself is fine."""
    names = [f"b{number}.yaml" for number in range(MOST_FILES)]

    def files(path: str) -> tuple[bytes, str]:
        return whole(f"base: {path.removesuffix('.yaml')}").encode(), path

    assert () == load_text(whole(f"extends: [{', '.join(names[:-1])}]"), files=files).findings
    (finding,) = load_text(whole(f"extends: [{', '.join(names)}]"), files=files).findings
    assert "one file too many" in finding.message


@pytest.mark.parametrize("count", [500, 5_000])
def test_findings_have_an_end(count: int) -> None:
    """However many slips a file has, no more are listed than anybody reads, and the file is refused."""
    rules = "".join(f"  - {{id: r{n}, tools: [refnud{n}], when: args.x, then: deny}}\n" for n in range(count))
    loaded = load_text(whole(f"rules:\n{rules}"))
    assert (None, 500) == (loaded.charter, len(loaded.findings))


def test_long_chains_load() -> None:
    """Two thousand gates, and two thousand facts, each asking the next: no recursion, no error."""
    step = "  g{0}: {{roles: [lead], if_no_answer: [{{after: 1h, ask: g{1}}}, {{after: 2h, then: deny}}]}}\n"
    gates = "".join(step.format(number, number + 1) for number in range(2000))
    last = "  g2000: {roles: [lead], if_no_answer: [{after: 1h, then: deny}]}\n"
    lead = "  lead: {roles: [lead], if_no_answer: [{after: 1h, ask: g0}, {after: 8h, then: deny}]}\n"
    assert () == load_text(whole(f"approvals:\n{gates}{last}{lead}")).findings
    fact = "  f{0}: {{from: {{result_of: [get_order], where: {{id: f{1}.id}}}}, fields: {{id: string}}}}\n"
    facts = "".join(fact.format(number, number + 1) for number in range(2000))
    assert () == load_text(whole(f"facts:\n{facts}  f2000: {{from: session, fields: {{id: string}}}}\n")).findings
    circle = facts + fact.format(2000, 0)
    assert ["fact-cycle"] == [finding.rule for finding in load_text(whole(f"facts:\n{circle}")).findings]
